"""What every reader hands on: one table of text, and how it came about.

Belongs here: the shape that text files, workbooks and Parquet files are brought into. Does
not belong here: how they are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.exports.values import DAY_ZERO

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.exports.conventions import Convention


@dataclass(frozen=True)
class Finding:
    """Something wrong with a cell that the reader saw; ``position`` None is the whole row."""

    line: int
    position: int | None
    value: str
    reason: str


@dataclass
class Source:
    """The rows of one file (or sheet) as text, ready for SQL.

    ``relation`` stands after FROM and gives VARCHAR columns ``c0``, ``c1`` … in the order of
    ``headers``. Where ``first_line`` is set the rows come in file order, the first one on that
    line and each next one on the next; otherwise a BIGINT column ``line`` says it.

    ``pick``, where it is set, gives such a relation of the named lines alone, with ``line``: it
    saves a second reading of the whole file for a few rows.

    ``expected_rows`` is what the file must give by its lines; when it gives another number, or
    cannot be read strictly at all, ``exact`` reads it again row by row. ``registered`` names a
    frame to be unregistered from the connection when the rows are staged.

    ``has_texts_as_formulas``: cells may be written ``="0012"``.

    ``has_serials`` and ``day_zero`` are for its cells as ``values.Reading`` has them.
    ``plain`` are the positions of columns whose text is plain (as ``values.Reading`` says),
    ``numbers`` of those that are numbers by their type; ``conventions`` says how the columns go
    that could be read in two ways: None where a look at them told nothing.
    """

    export: str
    source_file: str
    headers: list[str]
    relation: str
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sha256: str = ""
    first_line: int | None = None
    expected_rows: int | None = None
    exact: Callable[[], Source] | None = None
    pick: Callable[[list[int]], str] | None = None
    plain: frozenset[int] = frozenset()
    has_serials: bool = False
    has_texts_as_formulas: bool = False
    day_zero: str = DAY_ZERO
    blank_is_null: bool = True
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    registered: str | None = None
    numbers: frozenset[int] = frozenset()
    conventions: dict[str, Convention | None] = field(default_factory=dict)
