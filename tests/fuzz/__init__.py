"""Readers fed with bytes that a fuzzer makes up."""
