"""Tests: the suites catch what they are for."""
