"""A warehouse made of a few rows, for worked cases.

Belongs here: rows and overrides in, a warehouse with the wanted tables out. The rows are the
contract's canonical values; reading files is tested elsewhere.
"""

from __future__ import annotations

import copy
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.contract import EXPORTS
from pipelines.terms import Terms, check_documents
from pipelines.terms.load import BUILT_IN
from pipelines.warehouse import open_warehouse
from pipelines.warehouse.models import load_models, run_models
from pipelines.warehouse.reference import prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

CASES = Path(__file__).parent / "cases"
DEFAULT_AS_OF = "2025-12-31 00:00:00"

Row = dict[str, Any]
Exports = dict[str, list[Row]]


def load_cases(pattern: str) -> list[dict[str, Any]]:
    """The worked cases of the files that match, each with its file's name in ``file``."""
    cases = []
    for path in sorted(CASES.glob(pattern)):
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        cases += [{"file": path.name, **case} for case in found]
    return cases


def case_id(case: Mapping[str, Any]) -> str:
    """How pytest names a case."""
    return f"{case['file']}: {case['name']}"


def terms_with(overrides: Mapping[str, Any] | None = None) -> Terms:
    """The built-in terms with some changed.

    An override names a file and keys of it. With ``values`` the file's values are replaced,
    otherwise the keys are merged into each of them.
    """
    documents = documents_with(overrides)
    files, problems = check_documents(documents, {name: f"{name}.yaml" for name in documents})
    assert not problems, problems
    return Terms(files, ())


def documents_with(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The built-in terms files as plain data, by name, with some changed as in ``terms_with``."""
    documents = {
        path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(BUILT_IN.glob("*.yaml"))
    }
    for name, override in (overrides or {}).items():
        stem = name.removesuffix(".yaml")
        document = documents[stem]
        if "values" in override or "timezone" in override:
            document.update(copy.deepcopy(override))
        else:
            for value in document["values"]:
                _merge(value, override)
    return documents


def _merge(into: dict[Any, Any], override: Mapping[Any, Any]) -> None:
    for key, value in override.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def stage(con: duckdb.DuckDBPyConnection, exports: Exports) -> None:
    """Write the rows as staging tables, typed as the contract says; source_row counts from 2.

    A cell ``{unread: text}`` could not be read: it is null, and listed among the problems. One of
    ``{unread: text, value: …}`` is listed, and has its value all the same.
    """
    unread = []
    unknown = set(exports) - set(EXPORTS)
    assert not unknown, unknown
    for export in EXPORTS.values():
        columns = ", ".join(f'"{c.name}" {c.kind.sql_type}' for c in export.columns)
        con.execute(
            f"create or replace table staging.{export.name} "
            f"({columns}, source_file varchar, source_row bigint)"
        )
        for number, row in enumerate(exports.get(export.name, []), start=2):
            extra = set(row) - {c.name for c in export.columns}
            assert not extra, f"{export.name} has no column {extra}"
            file = f"{export.name}.csv"
            said = {name: cell for name, cell in row.items() if isinstance(cell, dict)}
            unread += [
                (export.name, file, number, name, cell["unread"]) for name, cell in said.items()
            ]
            cells = {**row, **{name: cell.get("value") for name, cell in said.items()}}
            values = [
                cells.get(c.name) if cells.get(c.name) is not None else c.default
                for c in export.columns
            ]
            places = ", ".join(f"cast(? as {c.kind.sql_type})" for c in export.columns)
            con.execute(
                f"insert into staging.{export.name} values ({places}, ?, ?)",
                [*(None if v is None else str(v) for v in values), file, number],
            )
    con.execute(
        "create or replace table staging.rejects (export varchar, source_file varchar, "
        "source_row bigint, reason varchar, record varchar)"
    )
    con.execute(
        "create or replace table staging.problems (export varchar, source_file varchar, "
        'source_row bigint, "column" varchar, value varchar, reason varchar, reason_zh varchar)'
    )
    for problem in unread:
        con.execute("insert into staging.problems values (?, ?, ?, ?, ?, '', '')", list(problem))


def give_files(con: duckdb.DuckDBPyConnection, exports: Iterable[str]) -> None:
    """Write ``meta.files`` as if each of ``exports`` had come in a file of one row."""
    con.execute(
        "create or replace table meta.files as select unnest($exports) as export, 'f.csv' as "
        "source_file, repeat('ab', 32) as sha256, 'csv' as format, 'utf-8' as encoding, "
        "',' as delimiter, 1 as rows_in, 1 as staged, 0 as rejected, 0 as problems, '' as note",
        {"exports": list(exports)},
    )


def build(
    exports: Exports,
    tables: Iterable[str] | None = None,
    as_of: str | datetime | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with the wanted tables (all when None) built from the rows."""
    con = open_warehouse()
    stage(con, exports)
    instant = (
        as_of
        if isinstance(as_of, datetime)
        else datetime.fromisoformat(str(as_of or DEFAULT_AS_OF))
    )
    prepare(con, terms_with(overrides), instant)
    run_models(con, tables)
    return con


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> list[Row]:
    """All rows of a table, one in memory as well, as dictionaries."""
    places = {model.name: model.place for model in load_models()}
    result = con.execute(f"select * from {places.get(table, table)}")
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def same(found: object, wanted: object) -> bool:
    """Whether a value found is the one a case wants: dates and numbers by what they mean."""
    if wanted is None or found is None:
        return found is wanted
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found == wanted
    if isinstance(found, datetime):
        return found == datetime.fromisoformat(str(wanted))
    if isinstance(wanted, (int, float)):
        return abs(float(str(found)) - float(wanted)) < 1e-6
    return str(found) == str(wanted)


def unmatched(found: Sequence[Row], wanted: Sequence[Row]) -> list[str]:
    """The wanted rows that no row found equals in the columns given; each row serves once."""
    left = list(found)
    missing = []
    for row in wanted:
        match = next(
            (f for f in left if all(k in f and same(f[k], v) for k, v in row.items())), None
        )
        if match is None:
            missing.append(_nearest(row, left))
        else:
            left.remove(match)
    return missing


def _nearest(wanted: Row, rows: Sequence[Row]) -> str:
    def agreements(row: Row) -> int:
        return sum(same(row.get(key), value) for key, value in wanted.items())

    if not rows:
        return f"wanted {wanted}, found no row"
    best = max(rows, key=agreements)
    shown = {key: best.get(key, "(no such column)") for key in wanted}
    return f"wanted {wanted}\n  found {shown}"


def check_case(case: Mapping[str, Any]) -> None:
    """Build a case and hold what it expects against the tables.

    ``expected`` names tables and rows; ``absent`` names tables and rows that must not be there;
    ``counts`` names tables and their number of rows.
    """
    wanted = case.get("expected", {})
    absent = case.get("absent", {})
    counts = case.get("counts", {})
    tables = {*wanted, *absent, *counts}
    con = build(case["exports"], tables, case.get("as_of"), case.get("terms"))
    for table, rows in wanted.items():
        missing = unmatched(rows_of(con, table), rows)
        assert not missing, "\n".join([table, *missing])
    for table, rows in absent.items():
        found = rows_of(con, table)
        present = [row for row in rows if not unmatched(found, [row])]
        assert not present, f"{table} has {present}"
    for table, count in counts.items():
        assert len(rows_of(con, table)) == count, table
    con.close()
