"""The curtain: a finished warehouse as its readers may see it.

Belongs here: the veiled views, and that what was hidden once stays hidden. Does not belong here:
what stands in place of a value (``veil``).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from pipelines.errors import UsageError
from pipelines.privacy.columns import NAME_COLUMNS, text_columns
from pipelines.privacy.key import VARIABLE
from pipelines.privacy.veil import Veil
from pipelines.warehouse import SCHEMAS, open_beside, open_cursor, open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from pipelines.privacy.key import Discretion

CURTAIN: Final = "curtain"
REMEMBERED: Final = "meta.privacy"


def remember(con: duckdb.DuckDBPyConnection, hidden: Discretion | None) -> None:
    """Write ``meta.privacy``, what the report of this run hides; no such table where nothing is."""
    con.execute(f"drop table if exists {REMEMBERED}")
    if hidden is None:
        return
    told = {**hidden.privacy.treatments, "ids": hidden.privacy.ids, "key_code": key_code(hidden)}
    columns = ", ".join(f"${name}::varchar as {name}" for name in told)
    con.execute(f"create table {REMEMBERED} as select {columns}", told)


def key_code(hidden: Discretion) -> str:
    """What tells one key from another without telling anything of either."""
    return hmac.new(hidden.key, REMEMBERED.encode(), hashlib.sha256).hexdigest()[:16]


@contextlib.contextmanager
def open_shown(warehouse: Path, hidden: Discretion | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A published warehouse as its readers may see it, for what is made of it after the run.

    Raises:
        UsageError: there is no warehouse, or its run hid what ``hidden`` does not, or with
            another key.
    """
    open_reader(warehouse).close()  # says what is wrong, where something is
    with contextlib.closing(open_beside(warehouse)) as con:
        check_agreement(con, hidden)
        with curtain(con, hidden) as shown:
            yield shown


def check_agreement(con: duckdb.DuckDBPyConnection, hidden: Discretion | None) -> None:
    """Refuse to show of a warehouse what its own run hid, or under other pseudonyms.

    Raises:
        UsageError: says which setting is missing.
    """
    if REMEMBERED not in text_columns(con):
        return
    ((code,),) = con.execute(f"select key_code from {REMEMBERED}").fetchall()  # noqa: S608 - our own name
    if hidden is None:
        message = (
            "The last run hid names or texts, and this would show them. Give the settings it ran "
            "with: --settings FILE, or SLA_SETTINGS."
        )
        raise UsageError(message)
    if key_code(hidden) != code:
        message = (
            "The key of the pseudonyms is not the one of the last run, so the same name would "
            f"get another pseudonym than in its report. Give that key ({VARIABLE}, or "
            "privacy.key_file in the settings), or run sla run again with this one."
        )
        raise UsageError(message)


@contextlib.contextmanager
def curtain(
    con: duckdb.DuckDBPyConnection, hidden: Discretion | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse of ``con`` with names and texts replaced.

    Every table has its name and its columns; ``con`` itself where nothing is hidden. Nothing can
    be written through it but temporary tables.

    Args:
        con: the finished warehouse; may be read-only, if it has room beside it (``open_beside``).
        hidden: what is hidden, and the key of the pseudonyms; None: nothing is.
    """
    if hidden is None:
        yield con
        return
    veil = Veil(con, hidden)
    ((home,),) = con.execute("select current_database()").fetchall()
    tables = text_columns(con)
    with open_cursor(con) as behind:
        functions = _register(behind, veil)
        behind.execute(f"attach ':memory:' as {CURTAIN}")
        try:
            for schema in SCHEMAS:
                behind.execute(f"create schema {CURTAIN}.{schema}")
            for table, columns in tables.items():
                if table.partition(".")[0] in SCHEMAS:
                    shown = {name: veil.expression(table, name) for name in columns}
                    # The terms are few, and their order in the table is that of the terms files.
                    kind = "table" if table.startswith("terms.") else "view"
                    behind.execute(
                        f"create {kind} {CURTAIN}.{table} as {_select(home, table, shown)}"
                    )
            behind.execute(f"use {CURTAIN}")
            yield behind
        finally:
            behind.execute(f'use "{home}"')
            behind.execute(f"detach {CURTAIN}")
            for name in functions:
                behind.remove_function(name)


def _register(con: duckdb.DuckDBPyConnection, veil: Veil) -> list[str]:
    """Make the veil callable from SQL; the functions' names."""
    one_by_one: dict[str, Callable[[str], str | None]] = {
        "veil_id": veil.id,
        "veil_text": veil.text,
        "veil_sample": veil.sample,
        **{
            f"veil_{kind}": partial(veil.name, kind=kind)
            for kind in sorted({*NAME_COLUMNS.values()})
        },
    }
    at_once: dict[str, Callable[[list[str | None]], list[str | None]]] = {
        "veil_sentence": veil.sentences,
        **{name: partial(_each, cache(one)) for name, one in one_by_one.items()},
    }
    for name, function in at_once.items():
        con.create_function(
            name,
            _on_arrow(function),
            ["VARCHAR"],
            "VARCHAR",
            type=ARROW,
            null_handling=SPECIAL,
        )
    return list(at_once)


def _each(function: Callable[[str], str | None], values: list[str | None]) -> list[str | None]:
    return [None if value is None else function(value) for value in values]


def _on_arrow(function: Callable[[list[str | None]], list[str | None]]) -> Callable[[Any], Any]:
    def shown(column: Any) -> Any:  # noqa: ANN401 - Arrow's arrays; DuckDB reads the annotations
        return pa.array(function(column.to_pylist()), pa.string())

    return shown


def _select(home: str, table: str, shown: Mapping[str, str | None]) -> str:
    """The select of a table with some columns replaced."""
    veiled = ", ".join(f'{sql} as "{column}"' for column, sql in shown.items() if sql)
    replace = f" replace ({veiled})" if veiled else ""
    return f'select *{replace} from "{home}".{table}'  # noqa: S608 - our own names
