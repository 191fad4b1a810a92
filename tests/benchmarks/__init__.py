"""Tests: what a run takes, as ratios."""
