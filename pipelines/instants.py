"""Instants as people type them on the command line.

Belongs here: reading one instant or month. Does not belong here: the columns of an export
(``exports.values``).
"""

from __future__ import annotations

import contextlib
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipelines.errors import UsageError


def read_instant(text: str, option: str) -> datetime | None:
    """An ISO instant, with or without offset; a day alone is its first instant; "" is None.

    Raises:
        UsageError: the text is none; ``option`` says whose.
    """
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError as error:
        message = (
            f"{option} {text!r} is no instant. Write it as 2025-06-30 17:00 (local time), "
            "2025-06-30T17:00+08:00, or 2025-06-30 for the first instant of that day."
        )
        raise UsageError(message) from error


def read_month(text: str, option: str) -> date | None:
    """The first day of a month written YYYY-MM; "" is None.

    Raises:
        UsageError: the text is none; ``option`` says whose.
    """
    if not text:
        return None
    with contextlib.suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d{2}", text.strip()):
            return date.fromisoformat(f"{text.strip()}-01")
    message = f"{option} {text!r} is no month. Write it as 2025-06."
    raise UsageError(message)


def local_time(instant: datetime, timezone: str) -> datetime:
    """The instant as local time without offset; one without offset is local already.

    Raises:
        UsageError: there it lies before the year 1 or after 9999.
    """
    if instant.tzinfo is None:
        return instant
    try:
        return instant.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    except OverflowError as error:
        message = (
            f"{instant} is no instant of the years 1 to 9999 in {timezone}. "
            "Write one of this time, such as 2025-06-30 17:00."
        )
        raise UsageError(message) from error
