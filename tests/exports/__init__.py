"""Tests: reading the exports."""
