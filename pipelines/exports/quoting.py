"""Text as SQL literals and identifiers.

Belongs here: the only ways a name or a value that a person wrote gets into a statement.
Does not belong here: statements.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def literal(value: str | int | None) -> str:
    """``value`` as an SQL literal: text quoted, whole numbers bare, None as null."""
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def one_file(path: Path) -> str:
    """``path`` as a literal that a reader of the engine takes for that file, and no other.

    It would take ``tickets[1].csv`` for a pattern, and read the ``tickets1.csv`` beside it.
    """
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path)))


def parquet_rows(path: Path) -> str:
    """A relation of the rows of one Parquet file, and of nothing its folder's name may say.

    The engine would put the value of a folder ``city=Paris`` in place of the column.
    """
    return f"read_parquet({one_file(path)}, hive_partitioning = false)"


def identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def is_among(text: str, values: Iterable[str]) -> str:
    """SQL that is true where the expression ``text`` is one of ``values``, else false.

    Neither ``in (…)`` nor ``list_contains``: the engine turns a long list into a join, and rows
    leave a join in another order than they came, while loading depends on their order.
    """
    whens = " ".join(f"when {literal(value)} then true" for value in values)
    return f"(case {text} {whens} else false end)"
