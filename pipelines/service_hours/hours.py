"""Service hours: open time between two instants, and the instant at which it is used up.

Belongs here: how opening hours are written and checked, and whole columns of instants in and out.
Does not belong here: the arithmetic (``open_time``), which days are holidays (``holidays_cn``)
and the tables that bring the same clock to SQL (``clocks``).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from pipelines.errors import UsageError
from pipelines.service_hours.open_time import (
    DAY,
    SECOND,
    Micros,
    WallHours,
    ZonedHours,
    ZoneOffsets,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Interval = tuple[str, str]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_EPOCH = date(1970, 1, 1)
# Wall times from here on have no datetime: the first instant of the year 10000.
_TOO_LATE = (date.max - _EPOCH).days * DAY + DAY
# More open seconds than all years a date can have; anything above is never reached.
_MOST_SECONDS = 10_000 * 366 * 86_400


class ServiceHoursError(UsageError, ValueError):
    """Opening hours, or instants measured with them, that cannot be understood."""


class ServiceHours:
    """A clock that runs while service is open (clause AS-7; readings 1 and 2 choose the hours).

    Time counts where the wall clock of ``timezone`` stands inside an open interval. Intervals are
    half-open, and what counts is absolute time: a day of 23 or 25 hours counts what it has. Both
    methods work on whole columns at once, and their cost does not depend on how long a span is.
    """

    def __init__(
        self,
        timezone: str,
        weekly: Mapping[str, Sequence[Interval]],
        holidays: Collection[date] = (),
        special_days: Mapping[date, Sequence[Interval]] | None = None,
    ) -> None:
        """Check the hours and prepare the clock.

        Args:
            timezone: name in the time zone database, such as ``Asia/Shanghai``.
            weekly: open intervals by weekday (``mon`` to ``sun``), each a pair of local times
                such as ``("08:00", "18:00")``; ``"24:00"`` ends a day. Weekdays left out are
                closed. Intervals that touch are one; intervals that overlap are refused.
            holidays: dates closed all day.
            special_days: open intervals that replace those of a date, a holiday's too; an empty
                list closes it.

        Raises:
            ServiceHoursError: with every problem found and what to write instead.
        """
        problems: list[str] = []
        zone = _zone(timezone, problems)
        unknown = [name for name in weekly if name not in WEEKDAYS]
        problems += [
            f"weekly: {name!r} is no weekday; write one of {', '.join(WEEKDAYS)}"
            for name in unknown
        ]
        week = [_open(weekly.get(name, ()), f"weekly, {name}", problems) for name in WEEKDAYS]
        special: dict[int, list[tuple[int, int]]] = {}
        for day in holidays:
            special[_day_number(day, "holidays", problems)] = []
        for day, intervals in (special_days or {}).items():
            where = f"special_days, {day}"
            special[_day_number(day, "special_days", problems)] = _open(intervals, where, problems)
        if zone is None or problems:
            raise ServiceHoursError("The service hours cannot be used.\n" + "\n".join(problems))
        self.timezone = timezone
        self._clock = ZonedHours(WallHours(week, special), zone)

    def __repr__(self) -> str:
        """Name the time zone; the hours themselves would fill pages."""
        return f"ServiceHours(timezone={self.timezone!r}, …)"

    def elapsed_seconds(self, starts: pl.Series, ends: pl.Series) -> pl.Series:
        """Return the open time between instants, in whole seconds, rounded down.

        Args:
            starts: aware instants of any zone and time unit (finer than microseconds is cut off).
            ends: as many aware instants.

        Returns:
            Int64 seconds; null where the end is before the start, or either is null.

        Raises:
            ServiceHoursError: instants without a time zone, or columns of different length.
        """
        _same_length(starts, ends, "elapsed_seconds", "ends")
        start, no_start = _instants(starts, "elapsed_seconds, starts")
        end, no_end = _instants(ends, "elapsed_seconds, ends")
        elapsed = self._clock.elapsed_seconds(start, end)
        return _series("elapsed_seconds", elapsed, end < start, no_start, no_end)

    def due_at(self, starts: pl.Series, seconds: pl.Series | int) -> pl.Series:
        """Return the first instant by which that much open time has passed since each start.

        Args:
            starts: aware instants of any zone and time unit (finer than microseconds is cut off).
            seconds: whole seconds of open time, one number for all or a Series of as many.

        Returns:
            Instants (microseconds) in the time zone of the hours. Zero seconds are due at the
            start, open or not. Null where the start or the seconds are null, the seconds are
            negative, or that much time does not pass before the year 10000.

        Raises:
            ServiceHoursError: instants without a time zone, seconds that are not whole numbers,
                or columns of different length.
        """
        wanted = seconds
        if isinstance(wanted, int) and not isinstance(wanted, bool):
            fitting = max(-1, min(wanted, _MOST_SECONDS))
            wanted = pl.repeat(fitting, len(starts), dtype=pl.Int64, eager=True)
        elif not isinstance(wanted, pl.Series):
            message = (
                f"due_at, seconds: {wanted!r} is no whole number of seconds; "
                "give an int, or a Series of whole seconds."
            )
            raise ServiceHoursError(message)
        if not (wanted.dtype.is_integer() or wanted.dtype == pl.Null):
            message = (
                f"due_at, seconds: {wanted.dtype} are not whole seconds; "
                "round them first and write .cast(pl.Int64)."
            )
            raise ServiceHoursError(message)
        _same_length(starts, wanted, "due_at", "seconds")
        start, no_start = _instants(starts, "due_at, starts")
        # What does not fit Int64 is null after the cast: too many seconds, as any above the most.
        counts = wanted.cast(pl.Int64, strict=False)
        count = counts.fill_null(-1).to_numpy()
        open_time = np.clip(count, 0, _MOST_SECONDS) * SECOND
        reached = self._clock.reached_at(self._clock.open_before(start) + open_time)
        due = np.where(count == 0, start, reached)
        never = self._clock.zone.wall_at(due) >= _TOO_LATE
        utc = _series("due_at", due, never, no_start, count < 0)
        return utc.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(self.timezone)

    def pieces(self, first: date, last: date) -> pl.DataFrame:
        """Cut local days into pieces on which the clock either runs or stands.

        Cuts are made at midnight, where the clock starts or stops, and where the offset of the
        time zone changes, so that every instant of the days lies in exactly one piece. A wall
        time that comes twice lies in two, one that is skipped in none.

        Args:
            first: first local day.
            last: last local day, included.

        Returns:
            One row per piece, in order of time: ``starts_at`` and ``ends_at`` (wall times, the
            end excluded), ``starts_at_utc_micros`` (since 1970), ``open_micros`` (open time from
            the first piece to this one) and ``is_open``.
        """
        first_day, last_day = (first - _EPOCH).days, (last - _EPOCH).days
        clock = self._clock
        cuts = clock.boundaries(first_day - 2, last_day + 2)
        starts, lengths = cuts[:-1], np.diff(cuts)
        walls = clock.zone.wall_at(starts)
        positions = clock.open_before(cuts)
        is_open = np.diff(positions) == lengths
        # Special days leave cuts of their weekday where nothing changes.
        is_cut = np.ones(starts.shape, dtype=bool)
        is_cut[1:] = (
            (walls[1:] % DAY == 0)
            | (walls[1:] != walls[:-1] + lengths[:-1])
            | (is_open[1:] != is_open[:-1])
        )
        kept = np.flatnonzero(is_cut)
        lengths = np.add.reduceat(lengths, kept)
        starts, walls, is_open, positions = (
            starts[kept],
            walls[kept],
            is_open[kept],
            positions[kept],
        )
        is_inside = (walls >= first_day * DAY) & (walls < (last_day + 1) * DAY)
        inside = np.flatnonzero(is_inside)
        walls, positions = walls[inside], positions[inside]
        return pl.DataFrame(
            {
                "starts_at": pl.Series(walls).cast(pl.Datetime("us")),
                "ends_at": pl.Series(walls + lengths[inside]).cast(pl.Datetime("us")),
                "starts_at_utc_micros": starts[inside],
                "open_micros": positions - positions[:1],
                "is_open": is_open[inside],
            },
        )


def _zone(timezone: str, problems: list[str]) -> ZoneOffsets | None:
    try:
        # Polars takes offsets and an empty name too, whose instants Python could not show.
        ZoneInfo(timezone)
        return ZoneOffsets.of(timezone)
    except (KeyError, ValueError, OSError, TypeError, AttributeError, pl.exceptions.ComputeError):
        problems.append(
            f"timezone: {timezone!r} is not known; write a name of the time zone database, "
            "such as Asia/Shanghai",
        )
        return None


def _day_number(day: date, where: str, problems: list[str]) -> int:
    """Count the days since 1970-01-01."""
    if not isinstance(day, date) or isinstance(day, datetime):
        problems.append(f"{where}: {day!r} is no date; write one such as date(2025, 1, 28)")
        return 0
    return (day - _EPOCH).days


def _open(intervals: Sequence[Interval], where: str, problems: list[str]) -> list[tuple[int, int]]:
    """Read the intervals of one day as microseconds since midnight; merge those that touch."""
    read = []
    for interval in intervals:
        try:
            read.append(_interval(interval))
        except ValueError as error:
            problems.append(f"{where}: {error}")
    merged: list[tuple[int, int]] = []
    read.sort()
    problems += [
        f"{where}: two intervals overlap from {_clock_time(start)} to {_clock_time(min(ends))}; "
        "write them as one, or end the first where the second begins"
        for (_, first_end), (start, second_end) in pairwise(read)
        if start < min(ends := (first_end, second_end))
    ]
    for start, end in read:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _interval(interval: Interval) -> tuple[int, int]:
    if not isinstance(interval, list | tuple) or len(interval) != len(("start", "end")):
        message = f'{interval!r} is no interval; write a pair of times such as ("08:00", "18:00")'
        raise ValueError(message)
    start, end = (_since_midnight(time) for time in interval)
    if start >= end:
        message = (
            f"{interval[0]} is not before {interval[1]}; an interval past midnight is two, "
            f'("{interval[0]}", "24:00") and on the next day ("00:00", "{interval[1]}")'
        )
        raise ValueError(message)
    return start, end


def _since_midnight(time: str) -> int:
    match = _CLOCK_TIME.fullmatch(time) if isinstance(time, str) else None
    if match:
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        micros = ((hours * 60 + minutes) * 60 + seconds) * SECOND
        if minutes < 60 and seconds < 60 and micros <= DAY:  # noqa: PLR2004 - minutes and seconds
            return micros
    message = f'{time!r} is no time of day; write it in quotes, from "00:00" to "24:00"'
    raise ValueError(message)


def _clock_time(micros: int) -> str:
    minutes, seconds = divmod(micros // SECOND, 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text


def _same_length(starts: pl.Series, others: pl.Series, method: str, name: str) -> None:
    if len(starts) != len(others):
        message = (
            f"{method}: {len(starts)} starts and {len(others)} {name}; "
            "give as many of one as of the other."
        )
        raise ServiceHoursError(message)


def _instants(instants: pl.Series, where: str) -> tuple[Micros, np.ndarray | None]:
    """Return UTC microseconds, 0 for nulls, and where the nulls are; None when there are none."""
    dtype = instants.dtype
    if dtype == pl.Null:
        instants = instants.cast(pl.Datetime("us", "UTC"))
    elif not isinstance(dtype, pl.Datetime):
        message = f"{where}: {dtype} are no instants; give a Series of aware datetimes."
        raise ServiceHoursError(message)
    elif dtype.time_zone is None:
        message = (
            f"{where}: these times carry no time zone. Say which one they are in, "
            'such as series.dt.replace_time_zone("Asia/Shanghai").'
        )
        raise ServiceHoursError(message)
    micros = instants.dt.cast_time_unit("us").to_physical()
    if not micros.null_count():
        return micros.to_numpy(), None
    return micros.fill_null(0).to_numpy(), micros.is_null().to_numpy()


def _series(
    name: str, values: Micros, null: np.ndarray, *further_nulls: np.ndarray | None
) -> pl.Series:
    """The values as a Series, null wherever any of the masks says so."""
    for mask in further_nulls:
        if mask is not None:
            null = null | mask
    series = pl.Series(name, values)
    return series.set(pl.Series(null), None) if null.any() else series
