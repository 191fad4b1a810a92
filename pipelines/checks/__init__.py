"""The checks of a run: judging the suites, what hangs on a failed one, and quality over runs.

Belongs here: what becomes of the results. Does not belong here: the checks themselves
(``expectations``).
"""
