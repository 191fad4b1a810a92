"""Tests of the Spark engine, each on one session of two workers."""
