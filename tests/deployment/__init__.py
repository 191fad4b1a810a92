"""Tests of ``pipelines.deployment``."""
