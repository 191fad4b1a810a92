"""Workbooks every desk can use: frozen headers, filters, number formats, equal bytes.

Belongs here: how any sheet is written. Does not belong here: which rows a workbook has
(``office.management_workbook``, ``pipelines.reporting.finance``). No cell is taken for a formula,
also not after the sheet is saved as CSV, and no clock is in the file: the as-of stands where one
would.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

import xlsxwriter

from dashboards.language import Text, hours_minutes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: How a cell is shown. ``percent`` takes a rate from 0 to 1; ``seconds`` shows hours as h:mm.
Kind = Literal[
    "text", "wide", "number", "decimal", "money", "percent", "points", "seconds", "date", "month",
    "instant",
]  # fmt: skip
_FORMATS: Final[Mapping[Kind, str]] = {
    "number": "#,##0",
    "decimal": "#,##0.0",
    "money": "#,##0.00;[Red]-#,##0.00",
    "percent": "0.0%",
    "points": "+0.0;-0.0;±0.0",
    "seconds": "[h]:mm",
    "date": "yyyy-mm-dd",
    "month": "yyyy-mm",
    "instant": "yyyy-mm-dd hh:mm",
}
_WIDTHS: Final[Mapping[Kind, float]] = {
    "wide": 44,
    "number": 11,
    "decimal": 11,
    "money": 14,
    "percent": 11,
    "points": 11,
    "seconds": 11,
    "date": 12,
    "month": 10,
    "instant": 17,
}
_SECONDS_A_DAY: Final = 86_400
_FIRST_YEAR: Final = 1900
_MOST_CHARACTERS: Final = 32_767
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_LINE_HEIGHT: Final = 13
#: Between these a column of text is as wide as its longest cell; what is longer wraps.
_NARROWEST, _WIDEST = 12, 44
#: Wider sheets would be too small to read on one page's width.
_PAGE_WIDTH: Final = 240


@dataclass(frozen=True)
class Column:
    """One column: its header in both languages, how its cells are shown, words for its codes."""

    header: Text | str
    kind: Kind = "text"
    labels: Mapping[str, Text | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A sheet of nothing but a table: its name, columns and rows, as ``Book.add`` takes them."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    notes: Sequence[Text] = ()


@dataclass(frozen=True)
class Placed:
    """A sheet with its rows, for charts: ``column(place)`` is a chart's reference to one."""

    sheet: Worksheet
    name: str
    rows: int
    first_row: int

    def column(self, place: int) -> list[str | int]:
        """The cells of a column, as xlsxwriter's charts take them."""
        return [self.name, self.first_row, place, self.first_row + max(self.rows, 1) - 1, place]


class Book:
    """A workbook being written."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        """Write into ``book``, in the house's formats."""
        self.book = book
        base = {"valign": "top", "font_size": 10}
        self._header: Format = book.add_format(
            {**base, "bold": True, "text_wrap": True, "bg_color": "#E8EDF2", "bottom": 1}
        )
        self._title: Format = book.add_format({"bold": True, "font_size": 14})
        self._note: Format = book.add_format({**base, "font_color": "#56616E"})
        self._kinds: dict[Kind, Format] = {
            "text": book.add_format({**base, "text_wrap": True}),
            "wide": book.add_format({**base, "text_wrap": True}),
            **{
                kind: book.add_format({**base, "num_format": shown})
                for kind, shown in _FORMATS.items()
            },
        }

    def add(  # noqa: PLR0913 - a table and what stands around it
        self,
        name: str,
        columns: Sequence[Column],
        rows: Sequence[Sequence[object]],
        *,
        title: Text | None = None,
        notes: Sequence[Text] = (),
        is_first_frozen: bool = False,
    ) -> Placed:
        """A sheet with a table: frozen header, filter, widths, A4 landscape.

        ``title`` and ``notes`` (one line each) stand above the table. ``rows`` hold seconds and
        rates as they are; None leaves a cell empty. ``is_first_frozen`` keeps the first column
        in sight, too.
        """
        sheet = self.book.add_worksheet(name)
        top = self._head(sheet, title, notes)
        widths = [
            _WIDTHS[column.kind]
            if column.kind in _WIDTHS
            else fitted_width(_shown(column, row[place]) for row in rows)
            for place, column in enumerate(columns)
        ]
        lines = 2
        for place, (column, width) in enumerate(zip(columns, widths, strict=True)):
            header = bilingual(column.header)
            sheet.set_column(place, place, width)
            sheet.write_string(top, place, header, self._header)
            lines = max(lines, -(-_length(header) // int(width)))
        sheet.set_row(top, _LINE_HEIGHT * lines + 6)
        for number, row in enumerate(rows, start=top + 1):
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                self._cell(sheet, (number, place), column, value)
        sheet.freeze_panes(top + 1, int(is_first_frozen))
        sheet.autofilter(top, 0, top + max(len(rows), 1), len(columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        if sum(widths) <= _PAGE_WIDTH:
            sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(top)
        return Placed(sheet, name, len(rows), top + 1)

    def _head(self, sheet: Worksheet, title: Text | None, notes: Sequence[Text]) -> int:
        """Write title and notes; the row the header goes to."""
        row = 0
        if title is not None:
            sheet.write_string(row, 0, bilingual(title), self._title)
            row += 1
        for note in notes:
            for line in dict.fromkeys((note.zh, note.en)):
                sheet.write_string(row, 0, cell_text(line), self._note)
                row += 1
        return row + 1 if row else 0

    def _cell(
        self, sheet: Worksheet, place: tuple[int, int], column: Column, value: object
    ) -> None:
        style = self._kinds[column.kind]
        if value is None:
            sheet.write_blank(*place, None, style)
        elif isinstance(value, (Text, bool)):
            sheet.write_string(*place, cell_text(_shown(column, value)), style)
        elif isinstance(value, (int, float)) and column.kind == "seconds" and value < 0:
            # Spreadsheets have no duration below nothing: they would show ####.
            sheet.write_string(*place, hours_minutes(value), style)
        elif isinstance(value, (int, float, Decimal)) and not column.labels:
            number = float(value)
            sheet.write_number(
                *place, number / _SECONDS_A_DAY if column.kind == "seconds" else number, style
            )
        elif isinstance(value, (date, datetime)) and value.year >= _FIRST_YEAR:
            sheet.write_datetime(*place, value, style)
        else:
            sheet.write_string(*place, cell_text(_shown(column, value)), style)


def _shown(column: Column, value: object) -> str:
    """What a cell of text says."""
    if value is None:
        return ""
    if isinstance(value, Text):
        return bilingual(value)
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    return bilingual(column.labels.get(str(value), str(value)))


def fitted_width(texts: Iterable[str]) -> int:
    """The width of a column that shows these texts, within the bounds of a column."""
    longest = max(map(_length, texts), default=0)
    return min(max(longest + 2, _NARROWEST), _WIDEST)


def _length(text: str) -> int:
    """The room a text takes: a Chinese character, three bytes, is as wide as two letters."""
    return (len(text) + len(text.encode(errors="replace"))) // 2


@contextmanager
def new_book(title: Text, as_of: datetime, content: io.BytesIO) -> Iterator[Book]:
    """A workbook that is in ``content`` when the block ends; the same input, the same bytes."""
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": bilingual(title), "created": as_of})
        yield Book(book)


def book_of(title: Text, as_of: datetime, tables: Sequence[Table]) -> bytes:
    """The bytes of a workbook with a sheet for each table."""
    content = io.BytesIO()
    with new_book(title, as_of, content) as book:
        for table in tables:
            book.add(table.name, table.columns, table.rows, notes=table.notes)
    return content.getvalue()


def bilingual(text: Text | str) -> str:
    """Both languages in one cell: ``月份 Month``; once where they are the same."""
    if isinstance(text, str):
        return text
    return text.zh if text.zh == text.en else f"{text.zh} {text.en}"


def cell_text(text: str) -> str:
    """Text no spreadsheet takes for a formula, also after it is saved as CSV; cut to a cell."""
    safe = f"'{text}" if text.startswith(_FORMULA) else text
    return safe[:_MOST_CHARACTERS]
