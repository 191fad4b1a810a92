"""Tests: pages and figures."""
