"""The clocks as tables: ``clocks.segments`` and ``clocks.due_segments``, for joins in SQL.

Belongs here: laying service hours out over the days of the data, so that a model finds a clock's
position at an instant, and the instant of a position, by an equality join. Does not belong here:
what is open when (``hours``) and which target or verdict follows (``models``).

Positions are microseconds. On the calendar clock they count from 1970-01-01 UTC, on the clock of
the service hours they count open time since the first day laid out. Days whose holidays nobody
knows yet have no service position: nothing is guessed, and what touches them is unmeasurable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.service_hours import holidays_cn
from pipelines.service_hours.hours import Interval, ServiceHours
from pipelines.service_hours.open_time import DAY, SECOND, Micros, sorted_distinct

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import duckdb

_MONDAY_TO_FRIDAY = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True)
class ServiceCalendar:
    """Service hours and the days they are known for (first and last day; None: every day)."""

    hours: ServiceHours
    covered: tuple[date, date] | None = None


def service_calendar(
    timezone: str,
    weekly: Mapping[str, Sequence[Interval]],
    closed_days: Collection[date] = (),
    special_days: Mapping[date, Sequence[Interval]] | None = None,
    *,
    has_statutory_holidays: bool,
) -> ServiceCalendar:
    """Join the vendor's own days with the statutory ones (reading 2).

    Statutory holidays are closed. A make-up working day has the hours of the first weekday from
    Monday to Friday that has any. Where the vendor's own days say otherwise, they win.

    Raises:
        ServiceHoursError: the hours cannot be used; see ``ServiceHours``.
    """
    own_days = dict.fromkeys(closed_days, ()) | dict(special_days or {})
    if not has_statutory_holidays:
        return ServiceCalendar(ServiceHours(timezone, weekly, special_days=own_days))
    covered = holidays_cn.covered_days()
    holidays, makeup_days = holidays_cn.statutory_days(*covered)
    working_hours = next((weekly[day] for day in _MONDAY_TO_FRIDAY if weekly.get(day)), ())
    hours = ServiceHours(
        timezone,
        weekly,
        holidays=holidays,
        special_days=dict.fromkeys(makeup_days, working_hours) | own_days,
    )
    return ServiceCalendar(hours, covered)


def build_clocks(
    con: duckdb.DuckDBPyConnection,
    calendars: Mapping[int, ServiceCalendar],
    first: date,
    last: date,
    longest_seconds: int,
) -> None:
    """Write ``clocks.segments`` and ``clocks.due_segments``.

    ``clocks.segments``: one row per calendar and piece of local time ``[starts_at, ends_at)``
    within one ``day``, with both positions at ``starts_at``. At a local instant ``t`` the
    calendar clock is at ``calendar_position + (t - starts_at)``, and the clock of the service
    hours at ``service_position``, plus the same difference if ``is_open``. ``is_open`` and
    ``service_position`` are null on days the calendar does not cover. A local time that came
    twice is read as its first occurrence; one that the zone skipped lies in no segment, as it
    never was.

    ``clocks.due_segments``: the inverse. The first local instant at position ``x`` of a ``clock``
    is ``starts_at + (x - position_from)`` in the one row with ``bucket = (x - 1) // 86400000000``
    and ``position_from < x <= position_to``.

    Args:
        con: the warehouse.
        calendars: service calendars by ``calendar_id``.
        first: first local day of the data.
        last: last local day of the data, included; the tables reach as far beyond it as the
            longest target needs.
        longest_seconds: the longest target, in seconds of either clock.
    """
    segments, due_segments = [], []
    for calendar_id, calendar in calendars.items():
        horizon = _horizon(calendar.hours, first, last, longest_seconds)
        pieces = _pieces(calendar, first, horizon)
        this = pl.lit(calendar_id, pl.Int32).alias("calendar_id")
        segments.append(_segments(pieces).select(this, pl.all()))
        for clock, position, running in (
            ("calendar", "calendar_position", pieces),
            ("service_hours", "service_position", pieces.filter("is_open")),
        ):
            rows = _due_segments(running, position)
            due_segments.append(rows.with_columns(this, pl.lit(clock).alias("clock")))
    con.execute("create schema if not exists clocks")
    _write(con, "clocks.segments", _SEGMENTS, segments)
    _write(con, "clocks.due_segments", _DUE_SEGMENTS, due_segments)


_SEGMENTS = pl.Schema(
    {
        "calendar_id": pl.Int32(),
        "day": pl.Date(),
        "starts_at": pl.Datetime("us"),
        "ends_at": pl.Datetime("us"),
        "is_open": pl.Boolean(),
        "calendar_position": pl.Int64(),
        "service_position": pl.Int64(),
    },
)
_DUE_SEGMENTS = pl.Schema(
    {
        "calendar_id": pl.Int32(),
        "clock": pl.String(),
        "bucket": pl.Int64(),
        "position_from": pl.Int64(),
        "position_to": pl.Int64(),
        "starts_at": pl.Datetime("us"),
    },
)


def _horizon(hours: ServiceHours, first: date, last: date, longest_seconds: int) -> date:
    """Return the last day at which anything that began by ``last`` can be due.

    Pauses put a due time off, by no more than the length of the data. That matters for due times
    agreed for one ticket, which need not lie within a target of its opening.
    """
    # Two days on, the local day is over in every time zone.
    after_last = pl.Series([last]).cast(pl.Datetime("us", "UTC")) + timedelta(days=2)
    service_due_at = hours.due_at(after_last, longest_seconds).dt.date().item()
    calendar_days = (last - first).days + longest_seconds * SECOND // DAY + 3
    return max(
        service_due_at or last,
        date.fromordinal(min(last.toordinal() + calendar_days, date.max.toordinal())),
    )


def _pieces(calendar: ServiceCalendar, first: date, last: date) -> pl.DataFrame:
    """Lay out the days: the columns of ``clocks.segments``, every instant in one row.

    ``next_starts_at`` is the wall time that follows; it differs from ``ends_at`` where the offset
    of the zone changes.
    """
    pieces = calendar.hours.pieces(first, last)
    covered_from, covered_to = calendar.covered or (date.min, date.max)
    is_covered = pl.col("day").is_between(covered_from, covered_to)
    return pieces.with_columns(day=pl.col("starts_at").dt.date()).select(
        "day",
        "starts_at",
        "ends_at",
        next_starts_at=pl.col("starts_at").shift(-1).fill_null(pl.col("ends_at")),
        is_open=pl.when(is_covered).then("is_open"),
        calendar_position="starts_at_utc_micros",
        service_position=pl.when(is_covered).then("open_micros"),
    )


def _segments(pieces: pl.DataFrame) -> pl.DataFrame:
    """Leave out wall times that were shown before: each local time lies in one row at most."""
    shown_until = pl.col("ends_at").cum_max().shift(1)
    repeated = (pl.col("read_from") - pl.col("starts_at")).dt.total_microseconds()
    return (
        pieces.with_columns(read_from=pl.max_horizontal("starts_at", shown_until))
        .filter(pl.col("read_from") < pl.col("ends_at"))
        .select(
            "day",
            "ends_at",
            "is_open",
            starts_at="read_from",
            calendar_position=pl.col("calendar_position") + repeated,
            service_position=pl.col("service_position") + repeated * pl.col("is_open"),
        )
    )


def _due_segments(pieces: pl.DataFrame, position: str) -> pl.DataFrame:
    """Return the columns of ``clocks.due_segments`` for one clock.

    Args:
        pieces: those on which the clock runs, with ``next_starts_at``.
        position: the column of the clock's position.
    """
    if pieces.is_empty():
        return _DUE_SEGMENTS.to_frame()
    position_from: Micros = pieces[position].to_numpy()
    shown_from: Micros = pieces["starts_at"].to_physical().to_numpy()
    shown_to: Micros = pieces["ends_at"].to_physical().to_numpy()
    shown_next: Micros = pieces["next_starts_at"].to_physical().to_numpy()
    position_to = position_from + (shown_to - shown_from)
    # What is due just when the zone's offset changes shows the new wall time: the new offset
    # begins a microsecond early, since a row begins after its position_from.
    is_change = shown_next != shown_to
    position_from = np.concatenate((position_from, position_to[is_change] - 1))
    shown_from = np.concatenate((shown_from, shown_next[is_change] - 1))
    order = np.argsort(position_from)
    return _split_at_buckets(position_from[order], shown_from[order], int(position_to[-1]))


def _split_at_buckets(position_from: Micros, shown_from: Micros, end: int) -> pl.DataFrame:
    """Cut stretches, each reaching to the next, so that each row lies in one bucket.

    SQL divides towards zero: bucket 0 holds the positions of two days, from -86399999999 on.
    """
    numbers = np.arange(position_from[0] // DAY, end // DAY + 1)
    edges = (numbers * DAY + (numbers < 0))[numbers != 0]
    edges = edges[(edges > position_from[0]) & (edges < end)]
    cuts = sorted_distinct(np.concatenate((position_from, edges)))
    stretch = np.searchsorted(position_from, cuts, side="right") - 1
    shown = shown_from[stretch] + (cuts - position_from[stretch])
    bucket = np.sign(cuts) * (np.abs(cuts) // DAY)
    # Where local time and position just go on within a bucket, one row does for both.
    is_kept = np.ones(cuts.shape, dtype=bool)
    is_kept[1:] = (np.diff(shown - cuts) != 0) | (np.diff(bucket) != 0)
    cuts = cuts[is_kept]
    return pl.DataFrame(
        {
            "bucket": bucket[is_kept],
            "position_from": cuts,
            "position_to": np.append(cuts[1:], end),
            "starts_at": pl.Series(shown[is_kept]).cast(pl.Datetime("us")),
        },
    )


def _write(
    con: duckdb.DuckDBPyConnection,
    table: str,
    schema: pl.Schema,
    parts: list[pl.DataFrame],
) -> None:
    """Write the parts as one table; without any, an empty one of the same columns."""
    rows = pl.concat([schema.to_frame(), *(part.select(schema.names()) for part in parts)])
    con.register("clock_rows", rows.to_arrow())
    statement = f"create or replace table {table} as select * from clock_rows"  # noqa: S608 - a name of ours
    con.execute(statement)
    con.unregister("clock_rows")
