"""The same exports under other terms: alternative readings, and drafts somebody tries.

Belongs here: the second run and what it would change. Does not belong here: the terms in force
(``terms``) and what changed from month to month (``months``).
"""
