"""The statistics the report states: rates, intervals, control limits and their signals.

Belongs here: plain functions on counts, each with its source. Does not belong here: frames,
words or colours. Rates are between 0 and 1; a rate of nothing is None, never 0 or 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Below this many decided tickets a rate is shown, but marked as too few to say.
FEW = 10
#: Points in a row on one side of the centre line that count as a signal.
RUN_LENGTH = 8
#: Points of ``WINDOW`` in a row that are nearer to the same limit than to the centre line.
NEAR_LIMIT = 3
WINDOW = 4
_Z95 = 1.959963984540054


def rate(part: int, whole: int) -> float | None:
    """``part`` of ``whole``; None when there is no whole."""
    return part / whole if whole else None


def wilson_interval(part: int, whole: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a rate (Wilson 1927); None when there is no whole.

    Of none it begins at 0 and of all it ends at 1, exactly: the last digit of the arithmetic would
    be shown as a hundredth.
    """
    if not whole:
        return None
    share = part / whole
    centre = share + _Z95**2 / (2 * whole)
    spread = _Z95 * sqrt(share * (1 - share) / whole + _Z95**2 / (4 * whole**2))
    scale = 1 + _Z95**2 / whole
    low = (centre - spread) / scale if part else 0.0
    high = (centre + spread) / scale if part < whole else 1.0
    return max(0.0, low), min(1.0, high)


def funnel_limits(centre: float, whole: int, deviations: float) -> tuple[float, float]:
    """Where a rate of ``whole`` lies by chance alone when the true rate is ``centre``.

    The centre and that many standard errors to both sides (Spiegelhalter 2005), kept within 0
    and 1.
    """
    reach = deviations * sqrt(centre * (1 - centre) / whole)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def difference_p_value(part: int, whole: int, other_part: int, other_whole: int) -> float | None:
    """Two-sided p value that two rates are the same (pooled z test); None without a whole."""
    if not whole or not other_whole:
        return None
    pooled = (part + other_part) / (whole + other_whole)
    error = sqrt(pooled * (1 - pooled) * (1 / whole + 1 / other_whole))
    if not error:
        return 1.0
    return erfc(abs(part / whole - other_part / other_whole) / error / sqrt(2))


@dataclass(frozen=True)
class ControlLimits:
    """A p-chart: the centre line and each point's limits (None where a month is empty)."""

    centre: float
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    signals: tuple[bool, ...]

    def last(self, points: int) -> ControlLimits:
        """The same for the last so many points alone."""
        start = len(self.signals) - points
        return ControlLimits(
            self.centre, self.lower[start:], self.upper[start:], self.signals[start:]
        )


def p_chart(parts: Sequence[int], wholes: Sequence[int]) -> ControlLimits | None:
    """Shewhart's p-chart: centre ± 3 standard errors, limits kept within 0 and 1.

    Signals by Wheeler's rules (Wheeler, Understanding Variation): a point outside its limits; the
    last of ``RUN_LENGTH`` or more in a row on one side of the centre; a point nearer to a limit
    than to the centre with ``NEAR_LIMIT`` such points, itself included, among the last ``WINDOW``.
    Empty months are passed over. None when all are empty.
    """
    total = sum(wholes)
    if not total:
        return None
    centre = sum(parts) / total
    lower: list[float | None] = []
    upper: list[float | None] = []
    signals: list[bool] = []
    side, run = 0, 0
    near: list[int] = []
    for part, whole in zip(parts, wholes, strict=True):
        if not whole:
            lower.append(None)
            upper.append(None)
            signals.append(False)
            continue
        reach = 3 * sqrt(centre * (1 - centre) / whole)
        low, high = max(0.0, centre - reach), min(1.0, centre + reach)
        share = part / whole
        now = (share > centre) - (share < centre)
        run = run + 1 if now and now == side else int(now != 0)
        side = now
        near.append(now if abs(share - centre) > reach / 2 else 0)
        is_near = bool(near[-1]) and near[-WINDOW:].count(near[-1]) >= NEAR_LIMIT
        lower.append(low)
        upper.append(high)
        signals.append(share < low or share > high or run >= RUN_LENGTH or is_near)
    return ControlLimits(centre, tuple(lower), tuple(upper), tuple(signals))
