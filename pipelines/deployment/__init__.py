"""What keeps the report going month after month: watching, scheduling, telling, serving.

Belongs here: everything around a run that nobody starts by hand, as Dagster sensors, schedules
and partitions over plain functions. Does not belong here: the run itself (``session``,
``assets``); ``sla run`` imports
nothing of this but names.
"""

from __future__ import annotations

from typing import Final

MONTHS: Final = "months"
"""The group of the assets that are made month by month, and their folder in OUT."""

QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's log goes to the history alone; people get the progress and one message."""
