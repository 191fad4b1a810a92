"""What is put around a cell so that a spreadsheet takes it for text, put on and taken off.

A spreadsheet runs a cell that begins like a formula, and drops the zeros a number begins with.
So rows that are given back to be mended have an apostrophe before what looks like a formula, and
the exports of some systems write ``="0012"``. Read, a cell is what it was without either.

Belongs here: those guards, and the column that tells a file of mended rows. Does not belong here:
which rows are given back (``wrong_rows``) and the file they stand in (``reporting.mending``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipelines.exports.quoting import literal

if TYPE_CHECKING:
    from pipelines.exports.source import Source

WRONG: Final = "为何在此 what is wrong"
"""The header of the last column of rows to mend. No export has a column of that name."""

WRONG_IN_ENGLISH: Final = "what is wrong"
"""The same, where the encoding of the source has no words in Chinese."""

TEXT_AS_FORMULA: Final = '="'
"""How a cell begins that a system guarded: a formula that gives a text."""

#: What a spreadsheet would run; a number with its sign is none.
_FORMULA: Final = r"([=@\t\r]|[+-]([^0-9.,¥￥]|$))"


def guarded(cell: str) -> str:
    """A cell as a text file for a spreadsheet holds it."""
    return f"'{cell}" if re.match(f"'*{_FORMULA}", cell) else cell


def without_guards(source: Source) -> Source:
    """A source with its cells as they were; itself, where none can be guarded."""
    guards = [rf'(?s)^\s*{TEXT_AS_FORMULA}(.*)"\s*$'] if source.has_texts_as_formulas else []
    if {WRONG, WRONG_IN_ENGLISH}.intersection(source.headers):
        guards.append(f"^'('*{_FORMULA})")
    if not guards:
        return source

    def bare(place: int) -> str:
        cell = f"c{place}"
        for guard in guards:
            cell = rf"regexp_replace({cell}, {literal(guard)}, '\1')"
        return f"{cell} as c{place}"

    cells = ", ".join(bare(place) for place in range(len(source.headers)))

    def unguarded(relation: str) -> str:
        return f"(select * replace ({cells}) from {relation})"  # noqa: S608 - quoted

    exact, pick = source.exact, source.pick
    return replace(
        source,
        relation=unguarded(source.relation),
        exact=exact and (lambda: without_guards(exact())),
        pick=pick and (lambda lines: unguarded(pick(lines))),
    )
