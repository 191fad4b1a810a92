"""What a page is given and what it is: the report's frames, its months, and the page's parts.

Belongs here: the types pages are written against. Does not belong here: writing files
(``site``), or any one page.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards import privacy
from dashboards.language import NO_TEXT, Text, instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime

#: Months that get a section of their own, the latest ones; charts and downloads have them all.
MONTHS_SHOWN = 24
_LONGEST_MONTH = 31
#: Rows a page carries of a table; the rest is in the table's download.
ROWS_SHOWN = 500


def is_over(month: date, as_of: datetime) -> bool:
    """Whether ``month`` counts as over: ``as_of`` is on its last day or later.

    By default the as-of is the latest instant in the exports, so exports drawn at the end of a
    month have one shortly before midnight.
    """
    last_day = monthrange(month.year, month.month)[1]
    return as_of.date() >= month.replace(day=last_day)


def months_from(first: date, last: date) -> list[date]:
    """The first days of all months from ``first`` to ``last``, both included."""
    month, found = first.replace(day=1), []
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=_LONGEST_MONTH)).replace(day=1)
    return found


@dataclass(frozen=True)
class Report:
    """Everything a page may read.

    ``frames`` by name (a frame is absent when its tables are), ``as_of`` in the terms'
    ``timezone``, ``months`` with tickets in order, ``month`` the one shown first, ``exports``
    the exports that were given, ``version`` of the product. ``edition``
    says what a part of the report leaves out that is made for one audience.
    """

    frames: Mapping[str, pl.DataFrame]
    as_of: datetime
    timezone: str
    months: tuple[date, ...]
    month: date | None
    exports: frozenset[str]
    version: str
    edition: Text | None = None

    def frame(self, name: str) -> pl.DataFrame:
        """The frame ``name``; an empty one when its tables are not there."""
        return self.frames.get(name, pl.DataFrame())

    def has(self, *names: str) -> bool:
        """Whether all the frames ``names`` are there."""
        return all(name in self.frames for name in names)

    @property
    def standing(self) -> Text:
        """As of when it judges, and which version did, for a file that leaves the report."""
        return Text(
            f"截至 {instant(self.as_of)}（{self.timezone}）· 版本 {self.version}",
            f"As of {instant(self.as_of)} ({self.timezone}) · version {self.version}",
        )

    @property
    def hidden(self) -> Text | None:
        """What the report does not show by its privacy settings; None where it shows all."""
        return privacy.sentence(self.frame("privacy"))

    def can_show(self, page: Page) -> bool:
        """Whether all that ``page`` needs is there."""
        return self.exports.issuperset(page.exports) and self.has(*page.needs)

    @property
    def shown_months(self) -> tuple[date, ...]:
        """The months with a section of their own, in order."""
        return self.months[-MONTHS_SHOWN:]

    def is_closed(self, month: date) -> bool:
        """Whether ``month`` counts as over (``is_over``); others are month to date."""
        return is_over(month, self.as_of)


@dataclass(frozen=True)
class Sheet:
    """A further file of a page: one agent's sheet, say. ``path`` is within the language folder."""

    path: str
    title: Text
    context: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One page of the report, in both languages.

    ``build(report)`` returns what ``template`` prints; texts are ``Text`` values, and the page's
    own words come in as ``t``. The page is built when all the frames in ``needs`` are there and
    all ``exports`` were given; otherwise it says ``promise`` (what would be there). ``uses`` are
    the frames it shows when they are there.
    Where ``only_with`` names frames, the page is left out unless one of them has rows.
    ``sheets(report)``, printed by ``sheet_template``, are files of their own; ``downloads(report)``
    are files by path (such as ``data/breached.csv``) that its tables offer whole.
    """

    name: str
    title: Text
    template: str
    build: Callable[[Report], Mapping[str, Any]]
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    promise: Text = NO_TEXT
    words: Mapping[str, Text] = field(default_factory=dict)
    has_months: bool = False
    in_navigation: bool = True
    sheets: Callable[[Report], Iterable[Sheet]] | None = None
    sheet_template: str | None = None
    downloads: Callable[[Report], Mapping[str, str]] | None = None

    def is_in(self, report: Report) -> bool:
        """Whether the report has this page at all."""
        return not self.only_with or any(not report.frame(one).is_empty() for one in self.only_with)
