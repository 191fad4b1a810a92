"""The quality page's workbook: its tables as sheets, with a native chart of the months.

Belongs here: which table goes on which sheet. Does not belong here: how a sheet is written
(``dashboards.workbook``) or what a number means (``dashboards.pages.quality``).
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dashboards import words
from dashboards.language import Text
from dashboards.pages import quality
from dashboards.pages import quality_charts as charts
from dashboards.tables import DataTable
from dashboards.workbook import Book, Column, Kind, new_book

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.report import Report

#: The page's tables, by the sheet each goes to.
_SHEETS: Final = {
    "代理商 Agents": "agents",
    "将到期 Due": "due",
    "待补交 Outstanding": "outstanding",
    "提示 Flags": "flags",
    "提示明细 Flag rows": "flag_rows",
    "例外 Exceptions": "exceptions",
}
#: How the page's kinds of column are shown in a workbook, where they differ.
_KINDS: Final[Mapping[str, Kind]] = {"code": "text", "ticket": "text"}
#: The page's columns of text that hold days or months.
_DATES: Final[Mapping[str, Kind]] = {"active_to": "date", "due_on": "date", "due_month": "month"}


def quality_workbook(report: Report) -> bytes | None:
    """The workbook's bytes; None where no record is owed, so that there is nothing to show."""
    months = report.frame("filing_months").to_dicts() if report.has("filing_months") else []
    if not months or not report.has("agent_standing"):
        return None
    page = quality.build(report)
    content = io.BytesIO()
    with new_book(quality.PAGE.title, report.as_of, content) as book:
        _months(book, months, report.standing)
        for name, key in _SHEETS.items():
            table = page[key]
            if isinstance(table, DataTable):
                _sheet(book, name, table, report.standing)
    return content.getvalue()


def _months(book: Book, rows: list[dict[str, Any]], standing: Text) -> None:
    columns = [
        Column(words.WORDS["month"], "month"),
        Column(Text("应交", "Owed"), "number"),
        *(Column(charts.finding_word(name), "number") for name in charts.FINDINGS),
    ]
    placed = book.add(
        "月份 Months",
        columns,
        [
            (
                row["month"] or charts.month_of(row),
                row["due"],
                *(row[name] for name in charts.FINDINGS),
            )
            for row in rows
        ],
        title=quality.PAGE.title,
        notes=[standing],
    )
    chart = book.book.add_chart({"type": "column", "subtype": "stacked"})
    for place, (name, colour) in enumerate(charts.FINDINGS.items(), start=2):
        chart.add_series(
            {
                "name": str(charts.finding_word(name).en),
                "categories": placed.column(0),
                "values": placed.column(place),
                "fill": {"color": colour},
            }
        )
    chart.set_size({"width": 720, "height": 320})
    chart.set_legend({"position": "bottom"})
    placed.sheet.insert_chart(placed.first_row + placed.rows + 1, 0, chart)


def _sheet(book: Book, name: str, table: DataTable, standing: Text) -> None:
    """A data table of the page as a sheet; links have no use there."""
    places = [place for place, column in enumerate(table.columns) if column.kind != "link"]
    columns = [
        Column(c.label, _DATES.get(c.key) or _KINDS.get(c.kind, c.kind), c.labels)  # type: ignore[arg-type]  # the kinds both know
        for c in (table.columns[place] for place in places)
    ]
    rows = [
        tuple(
            _value(column.kind, row[place]) for column, place in zip(columns, places, strict=True)
        )
        for row in table.rows
    ]
    total = table.total or len(rows)
    notes = [standing]
    if total > len(rows):
        notes.append(
            Text(
                f"这里是前 {len(rows):,} 行，共 {total:,} 行。",
                f"The first {len(rows):,} of {total:,} rows.",
            )
        )
    book.add(name, columns, rows, title=table.caption, notes=notes, is_first_frozen=True)


def _value(kind: Kind, value: object) -> object:
    """A cell of the page for a workbook: what it wrote as text of a time is a time again."""
    if not isinstance(value, str) or kind not in ("instant", "date", "month"):
        return value
    return datetime.fromisoformat(f"{value}-01" if kind == "month" else value)
