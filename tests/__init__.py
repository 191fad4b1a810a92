"""Tests: what the product promises, held against it."""
