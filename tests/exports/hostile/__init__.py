"""Tests of hostile input, and the small files they keep."""
