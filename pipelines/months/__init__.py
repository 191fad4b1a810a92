"""Closed months: keeping them as they were published, and what has changed since and why.

Belongs here: the store, closing, verifying, restatements and their causes. Does not belong here:
other terms for the same exports (``other_terms``).
"""
