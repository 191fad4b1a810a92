"""Who gets which part of the report: the folders of management, finance, quality and the agents.

An audience is a row of ``AUDIENCES``: its pages, what it is not shown of the frames behind them,
and the files beside them. A frame that none of its pages needs is not given at all, and a ticket
only where one of its pages names it. Agents get their own sheet and nothing else
(``pipelines.reporting.audiences``).

Belongs here: that table, and a report cut down to an audience. Does not belong here: files and
folders.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from dashboards.language import Text
from dashboards.pages import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dashboards.report import Page, Report

_MONEY_EXPORT: Final = "invoices"
_MONEY_TABLES: Final = r"invoice|charge|billing"
#: Frames that make up a report whatever its pages are.
_ALWAYS: Final = ("run", "files", "response_cells", "privacy")
#: What belongs to single tickets; they come with the pages that name those tickets.
_OF_TICKETS: Final = "ticket_"


def blank(*columns: str, where: str | None = None) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Leaves the columns empty; ``where``: in rows whose ``table_name`` matches."""
    return partial(_blank, columns=columns, where=where)


def _blank(frame: pl.DataFrame, columns: tuple[str, ...], where: str | None) -> pl.DataFrame:
    there = [name for name in columns if name in frame.columns]
    matches = pl.lit(value=True) if where is None else pl.col("table_name").str.contains(where)
    return frame.with_columns(pl.when(~matches).then(pl.col(name)).alias(name) for name in there)


def drop_rows(column: str, value: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Leaves out the rows that have this value."""
    return partial(_drop_rows, column=column, value=value)


def _drop_rows(frame: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    return frame.filter(pl.col(column).ne_missing(pl.lit(value)))


@dataclass(frozen=True)
class Audience:
    """A folder of the report.

    ``pages`` by name, the first is the way in. ``without``: frames it does not get. ``changed``:
    frames it gets with something left out. ``files``: patterns of files beside the pages, from
    the report's folder. ``told`` stands on each of its pages.
    """

    name: str
    pages: tuple[str, ...]
    told: Text
    without: frozenset[str] = frozenset()
    changed: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def pages_of(self, pages: Iterable[Page] = PAGES) -> list[Page]:
        """Its pages, in its own order."""
        known = {page.name: page for page in pages}
        return [known[name] for name in self.pages]


AUDIENCES: Final = (
    Audience(
        name="management",
        pages=("management", "promises", "closed", "terms", "ticket"),
        told=Text(
            "管理层版：不含单个客户或工单的金额、自由文字与工程师姓名。",
            "Edition for management: without amounts of single customers or tickets, free texts "
            "and engineers.",
        ),
        without=frozenset({"ticket_charges"}),
        changed={
            "restatements": drop_rows("kind", "charge"),
            "ticket_rows": blank("description"),
            "ticket_pauses": blank("reason"),
            "ticket_records": blank("engineer"),
        },
        files=("management.xlsx", "management-mail.*.html", "management.pdf", "charts/*"),
    ),
    Audience(
        name="finance",
        pages=("finance", "closed", "terms", "ticket"),
        told=Text(
            "财务版：不含代理商的服务记录与自由文字。",
            "Edition for finance: without agents' service records and free texts.",
        ),
        without=frozenset({"ticket_records"}),
        changed={"ticket_rows": blank("description"), "ticket_pauses": blank("reason")},
        files=("finance.xlsx", "finance.*.pdf"),
    ),
    Audience(
        name="quality",
        pages=("quality", "promises", "data", "data-docs", "terms", "ticket"),
        told=Text("质量版：不含任何金额。", "Edition for quality: without any amounts."),
        without=frozenset({"ticket_charges", "reading_money"}),
        changed={
            "checks": blank("sample", where=_MONEY_TABLES),
            "problems": drop_rows("export", _MONEY_EXPORT),
            "problem_rows": drop_rows("export", _MONEY_EXPORT),
            "rejects": drop_rows("export", _MONEY_EXPORT),
            "rows_to_mend": drop_rows("export", _MONEY_EXPORT),
        },
        files=("quality.xlsx", "quality.*.pdf", "agents/*"),
    ),
)


def report_for(report: Report, audience: Audience) -> Report:
    """The report as this audience may see it."""
    wanted = {*_ALWAYS}
    for page in audience.pages_of():
        wanted.update(page.needs, page.uses)
    frames = {
        name: audience.changed[name](frame) if name in audience.changed else frame
        for name, frame in report.frames.items()
        if name in wanted - audience.without
    }
    kept = _tickets_named(frames)
    for name in [name for name in frames if name.startswith(_OF_TICKETS)]:
        frames[name] = frames[name].filter(pl.col("ticket_id").is_in(kept))
    return replace(report, frames=frames, edition=audience.told)


def _tickets_named(frames: Mapping[str, pl.DataFrame]) -> list[str]:
    """The tickets that the frames of the pages speak of."""
    named: set[str] = set()
    for name, frame in frames.items():
        if name.startswith(_OF_TICKETS):
            continue
        if "ticket_id" in frame.columns:
            named.update(frame["ticket_id"].drop_nulls())
        if name == "reading_changes":
            named.update(subject.split("|")[0] for subject in frame["subject"].drop_nulls())
    return sorted(named)
