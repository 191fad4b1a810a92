"""Tests: the report in a real browser."""
