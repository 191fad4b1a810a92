"""``sla due``: until when a fault must be answered.

Belongs here: the one question asked on the telephone, answered from the terms alone. Does not
belong here: tickets that are in a warehouse (``explain``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from rapidfuzz import fuzz, process

from pipelines.errors import UsageError
from pipelines.exports.values import CITIES
from pipelines.instants import local_time, read_instant
from pipelines.service_hours.clocks import service_calendar
from pipelines.terms import load_terms, schema
from pipelines.terms.cities import city_name
from pipelines.terms.tables import SECONDS_PER_HOUR, in_force, periods, service_weeks

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from pipelines.terms import Terms

_EVERY_HOUR = {
    day: [("00:00", "24:00")] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}

_TIERS = {"tier1": "tier1", "other": "other: not in the list of tier-1 cities"}
#: How like a city of the first tier a spelling nobody knows must be, of 100, to be asked about.
_LIKE = 85


def due_text(
    level: schema.FaultLevel, city: str, opened: str, terms_dir: Path | None = None
) -> str:
    """When a fault opened then must be answered, with target, clock and clause (T4, AS-7).

    Args:
        level: fault level, 1 to 4.
        city: the customer's city; Beijing and 北京市 are 北京.
        opened: an ISO instant; without offset it is local time of the terms' zone.
        terms_dir: terms that replace the built-in ones.

    Raises:
        UsageError: the city is blank, the instant cannot be read or lies before the terms, or the
            terms are wrong.
    """
    if not city.strip():
        message = "--city is empty. Write the customer's city, such as 成都 or Chengdu."
        raise UsageError(message)
    terms = load_terms(terms_dir)
    instant = read_instant(opened, "--opened")
    if instant is None:
        message = "--opened is empty. Write when the ticket was opened, such as 2025-03-07 17:00."
        raise UsageError(message)
    at = local_time(instant, terms.timezone)
    period = next((p for p in reversed(periods(terms)) if p.valid_from <= at.date()), None)
    if period is None:
        message = (
            f"No terms were in force on {at.date()}: the first start on {terms.starts()[0]}. "
            "Give a later day, or terms that reach back that far."
        )
        raise UsageError(message)
    day = period.valid_from
    cities = in_force(terms.file(schema.Cities).values, day)
    tier = "tier1" if city_name(city) in {city_name(name) for name in cities.tier1} else "other"
    hours = getattr(in_force(terms.file(schema.ResponseTargets).values, day).targets[level], tier)
    choice = in_force(terms.file(schema.Readings).values, day)
    fault = in_force(terms.file(schema.FaultLevels).values, day).levels[level]
    on_hours = fault.clock == choice.response_clock == "service_hours"
    due = _due(terms, period.period_id, at, hours, on_hours=on_hours)
    strictly = "before" if choice.strictness == "<" else "at the latest at"
    clock = "service hours" if on_hours else "calendar, every hour counts"
    holidays = f", holidays {choice.holidays}" if on_hours else ""
    when = f"{due:%Y-%m-%d %H:%M:%S} ({due:%A})" if due else "not known: no calendar for those days"
    return "\n".join(
        [
            f"Answer {strictly}  {when}",
            f"  opened  {at:%Y-%m-%d %H:%M:%S} ({at:%A}), {terms.timezone}",
            f"  target  {hours} h · level {level} {fault.zh}, {city} ({_TIERS[tier]}) · clause T4",
            f"  clock   {clock}{holidays} · clause AS-7",
            f"  terms   in force from {day}",
        ]
    )


def city_hint(city: str, terms_dir: Path | None = None) -> str | None:
    """A question, where a city nobody knows is spelled nearly like one of the first tier."""
    name = city_name(city)
    if name in CITIES.values():
        return None
    values = load_terms(terms_dir).file(schema.Cities).values
    tier1 = {city_name(given) for cities in values for given in cities.tier1}
    if name in tier1:
        return None
    for known in sorted(tier1):
        if known in name:
            return f"{city} is taken for a city of the other tier. Did you mean {known}?"
    spellings = {spelling: known for spelling, known in CITIES.items() if known in tier1}
    spellings |= {known.lower(): known for known in tier1}
    found = process.extractOne(
        name.lower(), spellings.keys(), scorer=fuzz.ratio, score_cutoff=_LIKE
    )
    if found is None:
        return None
    spelling, known = found[0].title(), spellings[found[0]]
    shown = known if known.lower() == found[0] else f"{known} ({spelling})"
    return f"{city} is taken for a city of the other tier. Did you mean {shown}?"


def _due(
    terms: Terms, period_id: int, at: datetime, hours: int, *, on_hours: bool
) -> datetime | None:
    week = service_weeks(terms)[period_id]
    calendar = service_calendar(
        terms.timezone,
        {str(day): open_ for day, open_ in week.hours.weekly.items()} if on_hours else _EVERY_HOUR,
        closed_days=week.hours.closed_days if on_hours else (),
        special_days=week.hours.special_days if on_hours else None,
        has_statutory_holidays=on_hours and week.has_statutory_holidays,
    )
    start = pl.Series([at]).dt.replace_time_zone(
        terms.timezone, ambiguous="earliest", non_existent="null"
    )
    due: datetime | None = calendar.hours.due_at(start, hours * SECONDS_PER_HOUR).item()
    if due is None:
        return None
    first, last = calendar.covered or (at.date(), due.date())
    if at.date() < first or last < due.date():
        return None
    return due.replace(tzinfo=None)
