"""Other ways to count service hours, on the same instants as ours: Monday to Friday, 8 to 18.

Belongs here: for each peer, instants in the form it takes, and whole seconds out of it. Does not
belong here: measuring them (``bench_peers``). All take local times of a zone without daylight
saving, the only thing the peers can do.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import businesstimedelta
import numpy as np
import pandas as pd
import polars as pl
from business_duration import businessDuration

from pipelines.service_hours import ServiceHours

if TYPE_CHECKING:
    from collections.abc import Callable


OPENS, CLOSES = 8 * 3600, 18 * 3600
A_DAY = CLOSES - OPENS


def spans(rows: int, seed: int = 7) -> tuple[Any, Any]:
    """Starts over two years and ends up to thirty days later, whole seconds, at any hour."""
    random = np.random.default_rng(seed)
    first = np.datetime64("2024-01-01", "s")
    starts = first + random.integers(0, 730 * 86_400, rows).astype("timedelta64[s]")
    return starts, starts + random.integers(0, 30 * 86_400, rows).astype("timedelta64[s]")


def aware(times: Any) -> pl.Series:  # noqa: ANN401 - an array of numpy, as all below
    """Instants as ``ServiceHours`` takes them."""
    return pl.Series(times.astype("datetime64[us]")).dt.replace_time_zone("Asia/Shanghai")


def ours(starts: pl.Series, ends: pl.Series) -> Any:  # noqa: ANN401
    """``ServiceHours``, columns in and out."""
    weekly = {day: [("08:00", "18:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
    return ServiceHours("Asia/Shanghai", weekly).elapsed_seconds(starts, ends).to_numpy()


def datetimes(times: Any) -> list[datetime]:  # noqa: ANN401
    """Instants as the libraries take them that go span by span."""
    found: list[datetime] = times.astype(datetime).tolist()
    return found


def with_businesstimedelta(starts: Any, ends: Any) -> Any:  # noqa: ANN401
    """The library ``businesstimedelta``, span by span."""
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(
                start_time=time(8), end_time=time(18), working_days=[0, 1, 2, 3, 4]
            )
        ]
    )
    found = (rules.difference(start, end) for start, end in zip(starts, ends, strict=True))
    return np.array([delta.hours * 3600 + delta.seconds for delta in found], dtype=np.int64)


def with_business_duration(starts: Any, ends: Any) -> Any:  # noqa: ANN401
    """The library ``business-duration``, span by span."""
    found = [
        businessDuration(start, end, time(8), time(18), weekendlist=[5, 6], unit="sec")
        for start, end in zip(starts, ends, strict=True)
    ]
    return np.array(found).round().astype(np.int64)


def with_pandas(starts: Any, ends: Any) -> Any:  # noqa: ANN401
    """Pandas: open seconds up to each day looked up in a calendar, the rest of the day clipped."""
    days = pd.date_range(starts.min().normalize(), ends.max().normalize())
    is_open = np.is_busday(days.to_numpy().astype("datetime64[D]"))
    open_days = pd.Series(is_open.astype(np.int64), index=days)
    before = (open_days.cumsum() - open_days) * A_DAY

    def position(times: Any) -> Any:  # noqa: ANN401
        day = times.dt.normalize()
        clipped = (times - day).dt.total_seconds().clip(OPENS, CLOSES) - OPENS
        return day.map(before) + day.map(open_days) * clipped

    return (position(ends) - position(starts)).to_numpy().astype(np.int64)


def with_busday_count(starts: Any, ends: Any) -> Any:  # noqa: ANN401
    """NumPy's ``busday_count`` for whole days, the rest of the first and last day by hand."""

    def rest(times: Any, days: Any) -> Any:  # noqa: ANN401
        seconds = (times - days).astype(np.int64)
        return (np.clip(seconds, OPENS, CLOSES) - OPENS) * np.is_busday(days)

    first, last = starts.astype("datetime64[D]"), ends.astype("datetime64[D]")
    whole = np.busday_count(first, last).astype(np.int64) * A_DAY
    return whole + rest(ends, last) - rest(starts, first)


def as_they_are(times: Any) -> Any:  # noqa: ANN401
    """Instants as NumPy takes them."""
    return times


OURS = (aware, ours)
PEERS: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
    "businesstimedelta": (datetimes, with_businesstimedelta),
    "business-duration": (datetimes, with_business_duration),
    "pandas, a calendar looked up": (pd.Series, with_pandas),
    "NumPy busday_count": (as_they_are, with_busday_count),
}
"""How each takes its instants, which is not measured, and counts."""
