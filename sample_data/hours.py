"""The terms' clocks, counted day by day: a second opinion, written apart from the product's own.

Belongs here: the vendor's terms as the sample company lives by them (T4, AS-7, readings 1 to 4
at their defaults). The product is never imported.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sample_data.world import Pause, Ticket

TIER1 = ("北京", "上海", "广州", "深圳")
TARGET_HOURS = {1: (12, 48), 2: (24, 72), 3: (48, 120), 4: (120, 168)}
OPENS = time(8)
CLOSES = time(18)
SATURDAY = 5
LAST_ROUND_THE_CLOCK_LEVEL = 2


def target(level: int, city: str) -> timedelta:
    """The response target of a fault level in a city (T4)."""
    return timedelta(hours=TARGET_HOURS[level][city not in TIER1])


def _open_part(day: date) -> tuple[datetime, datetime]:
    return datetime.combine(day, OPENS), datetime.combine(day, CLOSES)


def service_time(start: datetime, end: datetime) -> timedelta:
    """The time from start to end inside Monday to Friday 8:00-18:00 (AS-7)."""
    total = timedelta()
    for number in range((end.date() - start.date()).days + 1):
        day = start.date() + timedelta(days=number)
        if day.weekday() < SATURDAY:
            opens, closes = _open_part(day)
            total += max(min(end, closes) - max(start, opens), timedelta())
    return total


def add_service_time(start: datetime, span: timedelta) -> datetime:
    """The first instant by which ``span`` of service time has passed since ``start``."""
    day = start.date()
    while True:
        if day.weekday() < SATURDAY:
            opens, closes = _open_part(day)
            begins = max(start, opens)
            if begins < closes:
                if span <= closes - begins:
                    return begins + span
                span -= closes - begins
        day += timedelta(days=1)


def elapsed(level: int, start: datetime, end: datetime) -> timedelta:
    """The time from start to end on the clock of a fault level."""
    return end - start if level <= LAST_ROUND_THE_CLOCK_LEVEL else service_time(start, end)


def later(level: int, start: datetime, span: timedelta) -> datetime:
    """The instant at which ``span`` has passed on the clock of a fault level."""
    if level <= LAST_ROUND_THE_CLOCK_LEVEL:
        return start + span
    return add_service_time(start, span)


def paused(level: int, pauses: list[Pause], start: datetime, end: datetime) -> timedelta:
    """What the pauses take out between start and end; they must not overlap each other."""
    total = timedelta()
    for pause in pauses:
        begins, ends = max(pause.paused_at, start), min(pause.resumed_at, end)
        if begins < ends:
            total += elapsed(level, begins, ends)
    return total


def verdict(ticket: Ticket, pauses: list[Pause], as_of: datetime) -> str:
    """met, breached, pending or unmeasurable: the promise of T4 for one ticket with a fault."""
    level, city = ticket.fault_level, ticket.city
    end = ticket.responded_at or as_of
    if ticket.agreed_due_at is not None:
        in_time = end < ticket.agreed_due_at
    elif level is None or not city or end < ticket.opened_at:
        return "unmeasurable"
    else:
        used = elapsed(level, ticket.opened_at, end) - paused(level, pauses, ticket.opened_at, end)
        in_time = used < target(level, city)
    if not in_time:
        return "breached"
    return "met" if ticket.responded_at else "pending"
