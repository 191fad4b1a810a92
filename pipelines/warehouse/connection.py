"""The warehouse: one DuckDB file, opened here and nowhere else.

Belongs here: how the connection is set up. Does not belong here: what its tables mean
(``models``) or who may hold it (``run`` owns the one writer).
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import duckdb

from pipelines import publish
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMAS = ("meta", "terms", "clocks", "staging", "steps", "facts", "marts")

SCRATCH = "scratch"
"""The catalog in memory for tables that only other models read (``materialized: scratch``).

The file of the warehouse holds what somebody reads after the run: compressing and writing a
table there takes several times as long as computing it.
"""

TOO_SLOW = "fsst,zstd"
"""Two ways of packing text that take more time than all others together and save hardly a byte."""

_HOME = "warehouse"
"""What a warehouse is called on its own connection: the name its file has."""

# A row group of the engine's own size is filled from several pieces of a CSV file, each copied once
# more; one of this size is mostly filled by a piece, which is written as it is.
_ROW_GROUP_ROWS = 40_960


def open_warehouse(
    path: Path | None = None,
    memory_limit: str | None = None,
    temp_directory: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open (or create) a warehouse for writing, with the product's schemas in it.

    Args:
        path: the database file; None keeps it in memory.
        memory_limit: as DuckDB writes it, such as ``4GB``.
        temp_directory: where DuckDB may spill what does not fit.

    Raises:
        UsageError: the memory limit cannot be read.
    """
    con = duckdb.connect()
    place = _quoted(path) if path else "':memory:'"
    con.execute(f"attach {place} as {_HOME} (row_group_size {_ROW_GROUP_ROWS})")
    con.execute(f"use {_HOME}")
    # Local times are kept as written: the session's zone must never shift one.
    con.execute("set timezone = 'UTC'")
    con.execute("set autoinstall_known_extensions = false")
    # The run has a progress display of its own.
    con.execute("set enable_progress_bar = false")
    # Nobody reads a warehouse half built: one checkpoint, when it is closed, is enough.
    con.execute("set checkpoint_threshold = '1TB'")
    if memory_limit:
        message = (
            f"--memory-limit {memory_limit!r} is not a size DuckDB can read. "
            "Write a number and a unit, such as 4GB or 800MB."
        )
        if memory_limit.strip().startswith("-"):  # the engine takes that for no limit
            raise UsageError(message)
        try:
            con.execute("set memory_limit = $1", [memory_limit])
        except duckdb.Error as error:
            raise UsageError(message) from error
    if temp_directory:
        con.execute("set temp_directory = $1", [str(temp_directory)])
    con.execute("set disabled_compression_methods = $1", [TOO_SLOW])
    con.execute(f"attach ':memory:' as {SCRATCH}")
    for schema in SCHEMAS:
        con.execute(f"create schema if not exists {schema}")
        con.execute(f"create schema {SCRATCH}.{schema}")
    return con


def open_reader(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the warehouse of a result for reading, after what a killed run left to be moved.

    Raises:
        UsageError: there is none.
    """
    publish.settle(path.parent)
    if not path.is_file():
        message = (
            f"There is no warehouse at {path}. Build it first: "
            f"sla run --exports DIR --out {shlex.quote(str(path.parent))}"
        )
        raise UsageError(message)
    con = duckdb.connect(path.absolute(), read_only=True)
    con.execute("set timezone = 'UTC'")
    return con


def open_beside(
    path: Path, memory_limit: str | None = None, temp_directory: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a warehouse for reading, with room in memory for other databases beside it."""
    con = open_warehouse(None, memory_limit, temp_directory)
    con.execute(f"attach {_quoted(path)} as run (read_only)")
    con.execute("use run")
    return con


def open_cursor(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A second connection to what ``con`` reads and writes; close it when done."""
    ((home,),) = con.execute("select current_catalog()").fetchall()
    cursor = con.cursor()
    cursor.execute(f'use "{home}"')
    return cursor


def _quoted(path: Path) -> str:
    # Absolute: what stands before a colon would be taken for a kind of database.
    place = str(path.absolute()).replace("'", "''")
    return f"'{place}'"
