"""Parquet files as a table of text.

Belongs here: the text of typed columns. Does not belong here: what the text means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import DataError
from pipelines.exports.quoting import identifier, one_file, parquet_rows
from pipelines.exports.source import Source

if TYPE_CHECKING:
    from pipelines.exports.finding import ExportFile

MAX_ROWS_PER_BYTE = 20
"""A file of more, and of more than a few million rows, is refused as a bomb."""
_RATIO_APPLIES_FROM_ROWS = 5_000_000
_WHOLE_BELOW = 2**53
"""Whole floats below are what was written; above, some are not."""
_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL")


def read_parquet_file(con: duckdb.DuckDBPyConnection, file: ExportFile) -> Source:
    """The rows of a Parquet file; a row's "line" is its number plus one, as under a header.

    Raises:
        DataError: it is not a whole Parquet file.
    """
    scan = parquet_rows(file.path)
    try:
        described = con.execute(f"describe select * from {scan}").fetchall()  # noqa: S608 - quoted
        rows = con.execute(f"select count(*) from {scan}").fetchall()[0][0]  # noqa: S608 - quoted
    except duckdb.Error as error:
        message = (
            f"{file.path.name} is not a whole Parquet file: {str(error).splitlines()[0]}"
            " Export it again."
        )
        raise DataError(message) from error
    if rows > max(_RATIO_APPLIES_FROM_ROWS, MAX_ROWS_PER_BYTE * file.path.stat().st_size):
        message = (
            f"{file.path.name} holds {rows:,} rows, more than {MAX_ROWS_PER_BYTE} for each of its"
            f" bytes, so they are all alike (limit: that, or {_RATIO_APPLIES_FROM_ROWS:,} rows)."
            " Export it again, as CSV in UTF-8 if in doubt."
        )
        raise DataError(message)
    headers = _names(con, file, len(described)) or [row[0] for row in described]
    columns = ", ".join(
        f"{_as_text(identifier(row[0]), row[1])} as c{position}"
        for position, row in enumerate(described)
    )
    return Source(
        export=file.export,
        source_file=file.path.name,
        headers=headers,
        relation=f"(select {columns} from {scan})",  # noqa: S608 - quoted
        format="parquet",
        first_line=2,
        expected_rows=rows,
        numbers=frozenset(
            position for position, row in enumerate(described) if row[1].startswith(_NUMBERS)
        ),
    )


def _names(con: duckdb.DuckDBPyConnection, file: ExportFile, count: int) -> list[str]:
    """The columns' names as they stand in the file; the engine renames one that is there twice."""
    parts = con.execute(
        f"select name, coalesce(num_children, 0) from parquet_schema({one_file(file.path)})"  # noqa: S608 - quoted
    ).fetchall()
    names, within = [], 0
    for name, children in parts[1:]:  # the first is the table itself
        if within:
            within -= 1
        else:
            names.append(name)
        within += children
    return names if len(names) == count else []


def _as_text(column: str, sql_type: str) -> str:
    """SQL of a column's text: instants with zone in UTC and saying so, whole floats bare."""
    if sql_type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS"):
        utc = f"cast(timezone('UTC', cast({column} as timestamptz)) as varchar)"
        return f"({utc} || 'Z')"
    if sql_type in ("TIMESTAMP_MS", "TIMESTAMP_S"):
        return f"cast(cast({column} as timestamp) as varchar)"
    if sql_type in ("DOUBLE", "FLOAT"):
        return (
            f"(case when {column} = trunc({column}) and abs({column}) < {_WHOLE_BELOW}"
            # tried, as the engine asks the file's least and greatest, which leave NaN out
            f" then cast(try_cast({column} as bigint) as varchar)"
            f" else cast({column} as varchar) end)"
        )
    return f"cast({column} as varchar)"
