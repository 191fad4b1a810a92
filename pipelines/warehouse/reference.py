"""What a run measures with: its as-of, the terms in force day by day, and the clocks.

Belongs here: writing ``meta.run``, ``terms.*``, ``clocks.*`` and ``steps.record_copies`` once the
exports are staged: what the models read and SQL does not make. Does not belong here: the files
of the terms (``terms``), how a clock counts (``clocks``), or which texts are equal
(``record_copies``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract import EXPORTS, Kind
from pipelines.service_hours.clocks import ServiceCalendar, build_clocks, service_calendar
from pipelines.terms import longest_target_seconds, service_weeks, write_terms
from pipelines.warehouse.record_copies import write_record_copies
from pipelines.warehouse.version import models_sha256, product_version

if TYPE_CHECKING:
    from datetime import date, datetime

    import duckdb

    from pipelines.terms import Terms
    from pipelines.terms.tables import ServiceWeek


def prepare(con: duckdb.DuckDBPyConnection, terms: Terms, as_of: datetime) -> None:
    """Write ``meta.run``, ``terms.*``, ``clocks.*``, ``steps.record_copies`` for what is staged.

    Args:
        con: a warehouse with ``staging.*``.
        terms: the checked terms.
        as_of: local time that decides what is open, late or not yet due.
    """
    first, last = days_of(con, as_of)
    con.execute(
        """
        create or replace table meta.run as
        select
            cast($as_of as timestamp) as as_of,
            cast($timezone as varchar) as timezone,
            cast(min(opened_at) as date) as first_ticket_on,
            cast($version as varchar) as product_version,
            cast($models as varchar) as models_sha256
        from staging.tickets
        """,
        {
            "as_of": as_of,
            "timezone": terms.timezone,
            "version": product_version(),
            "models": models_sha256(),
        },
    )
    write_terms(con, terms, first, last)
    write_clocks(con, terms, first, last)
    write_record_copies(con)


def write_clocks(con: duckdb.DuckDBPyConnection, terms: Terms, first: date, last: date) -> None:
    """Write ``clocks.*`` for the days from ``first`` to ``last`` and what is due after them."""
    calendars = {
        week.calendar_id: _calendar(week, terms.timezone) for week in service_weeks(terms).values()
    }
    build_clocks(con, calendars, first, last, longest_target_seconds(terms))


def days_of(con: duckdb.DuckDBPyConnection, as_of: datetime) -> tuple[date, date]:
    """The first and the last day that anything staged, or the as-of, falls on."""
    found = [as_of.date()]
    for export in EXPORTS.values():
        columns = [c.name for c in export.columns if c.kind in {Kind.INSTANT, Kind.DATE}]
        if not columns:
            continue
        ends = ", ".join(f"min({name})::date, max({name})::date" for name in columns)
        rows = con.execute(f"select {ends} from staging.{export.name}").fetchall()  # noqa: S608 - our names
        found += [day for day in rows[0] if day is not None]
    return min(found), max(found)


def _calendar(week: ServiceWeek, timezone: str) -> ServiceCalendar:
    """The service hours of a week with its closed, special and (reading 2) statutory days."""
    return service_calendar(
        timezone,
        {str(day): hours for day, hours in week.hours.weekly.items()},
        closed_days=week.hours.closed_days,
        special_days=week.hours.special_days,
        has_statutory_holidays=week.has_statutory_holidays,
    )
