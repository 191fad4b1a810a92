"""Rows given back to be mended: the column that tells such a file, the mark on its formulas.

A spreadsheet would run a cell that begins like a formula, so in a text file an apostrophe is put
before it; read again, the cell is what it was.

Belongs here: what the writer of those files (``reporting.mending``) and their reader must agree
on. Does not belong here: which rows they hold (``wrong_rows``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipelines.exports.quoting import literal

if TYPE_CHECKING:
    from pipelines.exports.source import Source

WRONG: Final = "为何在此 what is wrong"
"""The header of the last column. No export has a column of that name."""

WRONG_IN_ENGLISH: Final = "what is wrong"
"""The same, where the encoding of the source has no words in Chinese."""

#: What a spreadsheet would run; a number with its sign is none.
_FORMULA: Final = r"([=@\t\r]|[+-]([^0-9.,¥￥]|$))"


def marked(cell: str) -> str:
    """A cell as a text file holds it."""
    return f"'{cell}" if re.match(_FORMULA, cell) else cell


def without_marks(source: Source) -> Source:
    """A source as its rows were before the mark; itself, where it is not of rows to mend."""
    if not {WRONG, WRONG_IN_ENGLISH}.intersection(source.headers):
        return source
    mark = literal(f"^'({_FORMULA})")
    cells = ", ".join(
        rf"regexp_replace(c{place}, {mark}, '\1') as c{place}"
        for place in range(len(source.headers))
    )

    def unmarked(relation: str) -> str:
        return f"(select * replace ({cells}) from {relation})"  # noqa: S608 - quoted

    exact, pick = source.exact, source.pick
    return replace(
        source,
        relation=unmarked(source.relation),
        exact=exact and (lambda: without_marks(exact())),
        pick=pick and (lambda lines: unmarked(pick(lines))),
    )
