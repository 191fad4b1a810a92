"""Statutory holidays and make-up working days of mainland China (reading 2, choice ``CN``).

Belongs here: which days the State Council closed or opened, as the maintained package
``chinesecalendar`` lists them, and for which days it can tell. Does not belong here: any date of
our own, or what a clock makes of the days (``hours``, ``clocks``).

The holidays of a year are announced late in the year before. Days outside the covered years are
unknown, not working days: whoever asks must treat them as unmeasurable.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import chinese_calendar  # type: ignore[import-untyped]  # it ships no types


class StatutoryDays(NamedTuple):
    """The days on which the week does not decide."""

    holidays: frozenset[date]
    """Closed, whatever the weekday."""
    makeup_days: frozenset[date]
    """Saturdays and Sundays worked in exchange (调休)."""


def covered_days() -> tuple[date, date]:
    """Return the first and the last day the package knows, both included; whole years."""
    return (
        date(min(chinese_calendar.holidays).year, 1, 1),
        date(max(chinese_calendar.holidays).year, 12, 31),
    )


def statutory_days(first: date, last: date) -> StatutoryDays:
    """Return the holidays and make-up working days from ``first`` to ``last``, both included.

    Days outside ``covered_days()`` are never among them; see there before reading an absence as
    a normal day.
    """
    return StatutoryDays(
        holidays=frozenset(day for day in chinese_calendar.holidays if first <= day <= last),
        makeup_days=frozenset(day for day in chinese_calendar.workdays if first <= day <= last),
    )
