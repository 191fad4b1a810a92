"""The population behind a rate: every promise is met, breached, pending or unmeasurable.

Belongs here: counts that add up, the rates from them, and how they are said. Does not belong
here: any one page's frames beyond these five counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards.language import Text
from dashboards.statistics import FEW, rate, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Population:
    """Counts of promises; ``open_late`` are those of ``breached`` that are still open."""

    met: int = 0
    breached: int = 0
    open_late: int = 0
    pending: int = 0
    unmeasurable: int = 0

    def __add__(self, other: Population) -> Population:
        """Both populations together."""
        return Population(
            self.met + other.met,
            self.breached + other.breached,
            self.open_late + other.open_late,
            self.pending + other.pending,
            self.unmeasurable + other.unmeasurable,
        )

    @property
    def total(self) -> int:
        """All of them."""
        return self.met + self.breached + self.pending + self.unmeasurable

    @property
    def decided(self) -> int:
        """Those a rate is of: met or breached."""
        return self.met + self.breached

    @property
    def is_few(self) -> bool:
        """Whether a rate of the decided says too little to act on."""
        return self.decided < FEW

    @property
    def rate(self) -> float | None:
        """Compliance: met / (met + breached), 0 to 1; None when nothing is decided."""
        return rate(self.met, self.decided)

    @property
    def strict_rate(self) -> float | None:
        """Compliance with the unmeasurable counted as misses."""
        return rate(self.met, self.decided + self.unmeasurable)

    @property
    def generous_rate(self) -> float | None:
        """Compliance with the unmeasurable counted as met."""
        return rate(self.met + self.unmeasurable, self.decided + self.unmeasurable)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of ``rate``."""
        return wilson_interval(self.met, self.decided)

    @property
    def shares(self) -> list[tuple[str, float]]:
        """The parts as (verdict, share of all), for a bar."""
        if not self.total:
            return []
        return [
            ("met", self.met / self.total),
            ("breached", self.breached / self.total),
            ("pending", self.pending / self.total),
            ("unmeasurable", self.unmeasurable / self.total),
        ]


def population(rows: Iterable[Mapping[str, Any]]) -> Population:
    """The sum of rows with the five counts (``open_late`` may be missing)."""
    total = Population()
    for row in rows:
        total += Population(
            row["met"],
            row["breached"],
            row.get("open_late", 0),
            row["pending"],
            row["unmeasurable"],
        )
    return total


def interval_text(people: Population) -> Text:
    """The 95 % interval in words, to the digits of the rate so that it holds it."""
    interval = people.interval
    if interval is None:
        return Text("没有已判定的工单", "nothing decided yet")
    # Joined: a line would break after the dash.
    bounds = "\N{WORD JOINER}–\N{WORD JOINER}".join(lang.percent(bound) for bound in interval)
    return Text(f"95% 置信区间 {bounds}", f"95% interval {bounds}")
