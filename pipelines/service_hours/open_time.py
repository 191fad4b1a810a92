"""Open time as arithmetic: how much of it has passed by an instant, and when an amount is reached.

Belongs here: whole arrays of microseconds in, whole arrays of microseconds out, on a wall clock
(``WallHours``) and in a time zone (``ZoneOffsets``). Does not belong here: how opening hours are
written and checked, and Polars columns (``hours``).

Nothing here walks over days. Open time up to an instant is a sum of three closed forms: the weekly
pattern as if no day were special, plus the hours of the special days, minus what the weekly
pattern had there. The cost depends on the number of special days (by its logarithm) and never on
the length of a span. Where millions of instants lie within a few years, the same answers come out
of a table (``OpenGrid``), in a tenth of the time.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Micros = NDArray[np.int64]

SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY
# Stands for "never"; leaves room to subtract a UTC offset without overflow.
NEVER = 2**62
# A table is worth making from so many spans on, and up to so many cells.
WORTH_A_GRID = 50_000
_MOST_CELLS = 4_000_000
# Spans counted at a time: few enough that what they need in between stays in the processor's
# cache, and so many that threads seldom wait for each other.
_BLOCK = 65_536
# Wall clocks are counted from 1970-01-01, a Thursday: the first Monday is day 4.
_FIRST_MONDAY = 4 * DAY


def sorted_distinct(values: Micros) -> Micros:
    """Sort and drop repeats; numpy's own ``unique`` hashes and takes a hundred times as long."""
    ordered = np.sort(values, kind="stable")
    is_new: NDArray[np.bool_] = np.diff(ordered, prepend=ordered[:1] - 1) > 0
    return ordered[is_new]


@dataclass(frozen=True)
class OpenIntervals:
    """Half-open intervals ``[starts, ends)``, sorted and disjoint."""

    starts: Micros
    ends: Micros

    @classmethod
    def of(cls, intervals: Iterable[tuple[int, int]]) -> Self:
        """Take (start, end) pairs in microseconds, in any order."""
        pairs = np.array(sorted(intervals), dtype=np.int64).reshape(-1, 2)
        return cls(pairs[:, 0], pairs[:, 1])

    @cached_property
    def open_by_end(self) -> Micros:
        """Open time up to the end of each interval."""
        return np.cumsum(self.ends - self.starts)

    @property
    def total(self) -> int:
        """All open time."""
        return int(self.open_by_end[-1]) if self.open_by_end.size else 0

    def open_before(self, at: Micros) -> Micros:
        """Return the open time before each instant."""
        begun = np.searchsorted(self.starts, at, side="right")
        open_by_end = np.concatenate(([0], self.open_by_end))[begun]
        end = np.concatenate(([-NEVER], self.ends))[begun]
        return open_by_end - (np.maximum(end, at) - at)

    def reached_at(self, open_time: Micros) -> Micros:
        """Return the first instant with that much open time before it; 0 < open_time <= total."""
        nth = np.searchsorted(self.open_by_end, open_time, side="left")
        return self.ends[nth] - (self.open_by_end[nth] - open_time)


@dataclass(frozen=True)
class WeeklyHours:
    """Intervals of one week, counted from Monday 00:00, repeated for ever."""

    week: OpenIntervals

    def open_before(self, at: Micros) -> Micros:
        """Return the open time before each instant, relative to the first Monday of 1970."""
        weeks, in_week = np.divmod(at - _FIRST_MONDAY, WEEK)
        return weeks * self.week.total + self.week.open_before(in_week)

    def reached_at(self, open_time: Micros) -> Micros:
        """Return the first instant with that much open time before it; NEVER without hours."""
        if self.week.total == 0:
            return np.full_like(open_time, NEVER)
        # One microsecond less, so that a full week ends in its own week, not at the next opening.
        weeks, in_week = np.divmod(open_time - 1, self.week.total)
        weeks = np.minimum(weeks, NEVER // WEEK - 1)
        return _FIRST_MONDAY + weeks * WEEK + self.week.reached_at(in_week + 1)


class WallHours:
    """Opening hours on a wall clock that knows no time zone: a weekly pattern and special days."""

    def __init__(
        self,
        weekly: Sequence[Sequence[tuple[int, int]]],
        special: Mapping[int, Sequence[tuple[int, int]]],
    ) -> None:
        """Take the intervals of each day, in microseconds since its midnight.

        Args:
            weekly: seven lists of intervals, Monday first.
            special: intervals by day (days since 1970-01-01); they replace that day's own.
        """
        self._weekly = WeeklyHours(
            OpenIntervals.of(_shifted(weekly, range(len(weekly)))),
        )
        days = sorted(special)
        self._added = OpenIntervals.of(_shifted([special[day] for day in days], days))
        self._replaced = OpenIntervals.of(_shifted([weekly[(day + 3) % 7] for day in days], days))

        # The inverse needs to know where special days begin and end. A stretch lies between two
        # such edges and follows either the special hours or the weekly ones throughout.
        special_starts = np.array(days, dtype=np.int64) * DAY
        edges = np.union1d(special_starts, special_starts + DAY)
        self._open_by_edge = self.open_before(edges)
        self._is_special = np.concatenate(([False], np.isin(edges, special_starts)))
        self._beyond_weekly = np.concatenate(
            ([0], self._open_by_edge - self._weekly.open_before(edges)),
        )
        self._beyond_added = np.concatenate(
            ([0], self._open_by_edge - self._added.open_before(edges)),
        )

    def open_before(self, at: Micros) -> Micros:
        """Return the open time before each wall-clock instant, relative to a fixed one."""
        return (
            self._weekly.open_before(at)
            + self._added.open_before(at)
            - self._replaced.open_before(at)
        )

    def reached_at(self, open_time: Micros) -> Micros:
        """Return the first instant with that much open time before it, or NEVER."""
        stretch = np.searchsorted(self._open_by_edge, open_time, side="left")
        is_special = self._is_special[stretch]
        in_added = open_time - self._beyond_added[stretch]
        in_weekly = open_time - self._beyond_weekly[stretch]
        reached = np.empty_like(open_time)
        reached[is_special] = self._added.reached_at(in_added[is_special])
        reached[~is_special] = self._weekly.reached_at(in_weekly[~is_special])
        return reached

    def boundaries(self, first_day: int, last_day: int) -> Micros:
        """Return every midnight, opening and closing from first_day to last_day, unsorted.

        Those of the weekly pattern are given on special days as well.
        """
        week_starts = np.arange(
            (first_day * DAY - _FIRST_MONDAY) // WEEK,
            (last_day * DAY - _FIRST_MONDAY) // WEEK + 1,
        )
        in_week = np.concatenate(
            (np.arange(7) * DAY, self._weekly.week.starts, self._weekly.week.ends),
        )
        weekly = _FIRST_MONDAY + week_starts[:, None] * WEEK + in_week[None, :]
        boundaries = np.concatenate((weekly.ravel(), self._added.starts, self._added.ends))
        in_range = (boundaries >= first_day * DAY) & (boundaries < (last_day + 1) * DAY)
        return boundaries[in_range]


def _shifted(
    intervals_of_days: Sequence[Sequence[tuple[int, int]]],
    days: Iterable[int],
) -> list[tuple[int, int]]:
    """Move the intervals of each day from its midnight to its place on the wall clock."""
    return [
        (day * DAY + start, day * DAY + end)
        for day, intervals in zip(days, intervals_of_days, strict=True)
        for start, end in intervals
    ]


@dataclass(frozen=True)
class ZoneOffsets:
    """A time zone as stretches of constant UTC offset.

    ``changes_at`` are the UTC instants at which the offset changes; ``offsets`` has one entry
    more, the first being the offset before any change.
    """

    changes_at: Micros
    offsets: Micros

    @staticmethod
    @cache
    def of(timezone: str) -> ZoneOffsets:
        """Read the zone from Polars, so that wall times here are the ones Polars shows.

        The years 1800 to 2200 are looked at day by day (the time zone database begins in the
        1840s, Polars stops changing clocks in 2100), then each change is narrowed to its second.
        No zone ever changed its offset twice within a day.

        Raises:
            polars.exceptions.ComputeError: the zone is unknown.
        """
        days = np.arange(-62_091, 84_006, dtype=np.int64) * DAY
        offsets = _offset_at(timezone, days)
        last_days = np.flatnonzero(np.diff(offsets))
        before, after = days[last_days], days[last_days + 1]
        new_offsets = offsets[last_days + 1]
        while np.any(after - before > SECOND):
            middle = before + (after - before) // SECOND // 2 * SECOND
            is_after = _offset_at(timezone, middle) == new_offsets
            before, after = np.where(is_after, before, middle), np.where(is_after, middle, after)
        return ZoneOffsets(after, np.concatenate((offsets[:1], new_offsets)))

    def stretch_at(self, at: Micros) -> NDArray[np.intp]:
        """Return the number of the stretch each UTC instant lies in."""
        return np.searchsorted(self.changes_at, at, side="right")

    def wall_at(self, at: Micros) -> Micros:
        """Return what the wall clock shows at each UTC instant."""
        return at + self.offsets[self.stretch_at(at)]


def _offset_at(timezone: str, at: Micros) -> Micros:
    utc = pl.Series(at).cast(pl.Datetime("us", "UTC"))
    wall = utc.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    return wall.to_physical().to_numpy() - at


@dataclass(frozen=True)
class OpenGrid:
    """Open time as a table: time in equal cells, each open or closed from end to end.

    Open time before an instant is ``base`` of its cell, plus the instant itself where the cell is
    open: ``mask`` has all bits set there and none elsewhere.
    """

    first: int
    width: int
    base: Micros
    mask: Micros

    def elapsed_seconds(self, starts: Micros, ends: Micros) -> Micros:
        """Return the open time between instants within the table, in whole seconds."""
        seconds = np.empty_like(starts)
        firsts = range(0, starts.size, _BLOCK)
        threads = os.cpu_count() or 1

        def count(thread: int) -> None:
            # Memory of its own, used again for each block: asking for it anew takes longer than
            # the count itself.
            before, elapsed, cell = np.empty((3, min(_BLOCK, starts.size)), dtype=np.int64)
            for first in firsts[thread::threads]:
                block = slice(first, first + _BLOCK)
                here = slice(seconds[block].size)
                self._open_before(starts[block], cell[here], before[here])
                self._open_before(ends[block], cell[here], elapsed[here])
                elapsed[here] -= before[here]
                np.floor_divide(elapsed[here], SECOND, out=seconds[block])

        # NumPy lets other threads run while it counts.
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(count, range(threads)):
                pass
        return seconds

    def _open_before(self, at: Micros, cell: Micros, before: Micros) -> None:
        """Write into ``before`` the open time before each instant; ``cell`` is scratch."""
        np.subtract(at, self.first, out=cell)
        # What is missing was written as 1970 and may lie outside: its answer is not asked for.
        # Without a sign the division takes half as long, and such a cell is merely a far one.
        np.floor_divide(cell.view(np.uint64), np.uint64(self.width), out=cell.view(np.uint64))
        self.mask.take(cell, mode="clip", out=before)
        before &= at
        self.base.take(cell, mode="clip", out=cell)
        before += cell


class ZonedHours:
    """Wall hours in a time zone: open time is absolute time while the wall clock is open.

    A wall time that is skipped counts nothing, one that comes twice counts twice.
    """

    def __init__(self, wall: WallHours, zone: ZoneOffsets) -> None:
        """Join the two; costs one look at each change of the zone's offset."""
        self.wall = wall
        self.zone = zone
        # At a change the wall clock jumps; what it jumps over is taken back, and the reverse.
        changes_at, offsets = zone.changes_at, zone.offsets
        jumped = wall.open_before(changes_at + offsets[1:]) - wall.open_before(
            changes_at + offsets[:-1],
        )
        self._jumped = np.concatenate(([0], np.cumsum(jumped)))
        self._open_by_change = self.open_before(changes_at)

    def open_before(self, at: Micros) -> Micros:
        """Return the open time before each UTC instant, relative to a fixed one."""
        stretch = self.zone.stretch_at(at)
        return self.wall.open_before(at + self.zone.offsets[stretch]) - self._jumped[stretch]

    def reached_at(self, open_time: Micros) -> Micros:
        """Return the first UTC instant with that much open time before it, or about NEVER."""
        stretch = np.searchsorted(self._open_by_change, open_time, side="left")
        reached = self.wall.reached_at(open_time + self._jumped[stretch])
        return reached - self.zone.offsets[stretch]

    def elapsed_seconds(self, starts: Micros, ends: Micros) -> Micros:
        """Return the open time between UTC instants in whole seconds, rounded down.

        Where an end is before its start the number means nothing.
        """
        grid = self.grid(starts, ends) if starts.size >= WORTH_A_GRID else None
        if grid is None:
            return (self.open_before(ends) - self.open_before(starts)) // SECOND
        return grid.elapsed_seconds(starts, ends)

    def grid(self, starts: Micros, ends: Micros) -> OpenGrid | None:
        """Return the table for these instants; None when it would be too large."""
        if not starts.size:
            return None
        # An end before its start may lie outside: what comes of it means nothing.
        first = int(starts.min()) // DAY - 2
        last = max(int(ends.max()), int(starts[0])) // DAY + 2
        if last - first > _MOST_CELLS:
            return None
        cuts = self.boundaries(first - 2, last + 2)
        width = int(np.gcd.reduce(np.diff(cuts)))
        count = int(cuts[-1] - cuts[0]) // width
        if count > _MOST_CELLS:
            return None
        cells = cuts[0] + np.arange(count) * width
        before = self.open_before(np.append(cells, cuts[-1]))
        is_open = np.diff(before) > 0
        base, mask = before[:-1] - cells * is_open, -is_open.astype(np.int64)
        return OpenGrid(int(cuts[0]), width, base, mask)

    def boundaries(self, first_day: int, last_day: int) -> Micros:
        """Return, sorted, the UTC instants that cut local days into pieces.

        Cuts are midnights, openings, closings and changes of the offset; the days are counted
        from 1970-01-01, both included.
        """
        walls = self.wall.boundaries(first_day, last_day)
        changes_at = self.zone.changes_at
        is_inside = (changes_at > walls.min() - 2 * DAY) & (changes_at < walls.max() + 2 * DAY)
        cuts = [changes_at[is_inside]]
        for offset in np.unique(self.zone.offsets):
            at = walls - offset
            cuts.append(at[self.zone.wall_at(at) == walls])
        return sorted_distinct(np.concatenate(cuts))
