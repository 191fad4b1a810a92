"""Tests: print and office editions."""
