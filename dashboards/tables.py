"""Tables: a short one printed as it is, a long one sorted, filtered and searched in the page.

Belongs here: the two kinds of table and their columns. Does not belong here: the script that
runs the long one (``static/report.js``) or the rows of any page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dashboards.language import Language, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

#: How a cell is shown and sorted. ``wide`` is text that needs room; ``decimal`` shows one digit,
#: ``seconds`` h:mm; ``ticket`` links to the ticket's page; ``code`` is a value shown by its label;
#: ``link`` is a pair [text, address within the language's folder].
Kind = Literal[
    "text", "wide", "number", "decimal", "percent", "money", "seconds", "instant", "code",
    "ticket", "link",
]  # fmt: skip
NO_ROWS = Text("没有符合条件的行。", "No rows match.")
_RIGHT: frozenset[str] = frozenset({"number", "decimal", "percent", "money", "seconds"})


@dataclass(frozen=True)
class StaticTable:
    """A short table as it stands; ``numeric`` are the places of columns set to the right.

    Without ``numeric`` all columns but the first are numbers.
    """

    header: tuple[Text, ...]
    rows: tuple[tuple[Text | str, ...], ...]
    caption: Text | None = None
    numeric: frozenset[int] | None = None

    def is_numeric(self, place: int) -> bool:
        """Whether the column at ``place`` is set to the right."""
        return place > 0 if self.numeric is None else place in self.numeric


@dataclass(frozen=True)
class Column:
    """One column of a data table.

    ``labels`` gives the words for coded values; ``is_filter`` offers a choice of them, kept in
    the page's link under ``key``, so every table with that key follows it. ``is_hidden`` keeps
    a column for filters and the CSV only, ``is_for_screen`` off the paper.
    """

    key: str
    label: Text
    kind: Kind = "text"
    labels: Mapping[str, Text] = field(default_factory=dict)
    is_filter: bool = False
    is_hidden: bool = False
    is_for_screen: bool = False


@dataclass(frozen=True)
class DataTable:
    """A table of up to some thousand rows, run by the page's script.

    ``rows`` hold one value per column: numbers for numeric kinds, codes for ``code``, a
    ``Text`` where the words differ by language. ``month_column`` names the column the month
    picker filters. ``total`` says how many rows there are beyond those given, ``month_totals`` how
    many of each month (as the month column writes it); ``file`` names the download (beside the
    pages) that has them all.
    """

    key: str
    caption: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    sort: tuple[str, Literal["asc", "desc"]] | None = None
    month_column: str | None = None
    empty: Text = NO_ROWS
    total: int | None = None
    month_totals: Mapping[str, int] | None = None
    file: str | None = None

    def data(self, language: Language) -> dict[str, Any]:
        """What the page's script needs, in ``language``."""
        return {
            "caption": self.caption.in_language(language),
            "columns": [
                {
                    "key": column.key,
                    "label": column.label.in_language(language),
                    "kind": column.kind,
                    "right": column.kind in _RIGHT,
                    "filter": column.is_filter,
                    "hidden": column.is_hidden,
                    **({"screen": True} if column.is_for_screen else {}),
                    "labels": {
                        code: label.in_language(language) for code, label in column.labels.items()
                    },
                }
                for column in self.columns
            ],
            "rows": [
                [value.in_language(language) if isinstance(value, Text) else value for value in row]
                for row in self.rows
            ],
            "sort": list(self.sort) if self.sort else None,
            "month": self.month_column,
            "months": dict(self.month_totals or {}),
            "empty": self.empty.in_language(language),
            "total": self.total if self.total is not None else len(self.rows),
        }


def rows_of(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[tuple[object, ...], ...]:
    """The rows of ``frame`` in the order of ``columns``."""
    return tuple(frame.select(columns).iter_rows())
