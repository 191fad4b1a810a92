"""Runs the suites of ``expectations`` on the warehouse, and keeps what they say.

Belongs here: which suites run, evidence of what fails, what blocks, ``meta.checks`` and the
checks file. Does not belong here: the checks themselves (``expectations``) and the assets
they are shown on (``assets``).
"""

from __future__ import annotations

import importlib.util
import json
import sys
import threading
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from expectations import SUITES, Check, CheckFailedToRunError, Severity, Suite, failing_rows
from pipelines.contract import EXPORTS
from pipelines.warehouse import open_cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb

SAMPLE_ROWS = 10
_ROWS_NAMED_IN_A_MESSAGE = 5


@dataclass(frozen=True)
class CheckResult:
    """What one check found.

    ``rows``: rows of the table. ``unexpected_count``: rows that break the check.
    ``sample``: the first of them, with file and line, key, or the figures that differ;
    values are text, numbers, booleans or None. ``document``: what Data Docs say of it, as
    ``expectations.data_docs`` gives it.
    """

    table: str
    check: str
    description_en: str
    description_zh: str
    severity: Severity
    success: bool
    rows: int
    unexpected_count: int
    sample: tuple[dict[str, Any], ...]
    guards: str
    document: dict[str, Any]

    @property
    def is_blocking(self) -> bool:
        """A critical check that failed."""
        return not self.success and self.severity == "critical"


def suites() -> tuple[Suite, ...]:
    """Every suite there is, with its table, check names and severities; imports no GX."""
    return SUITES


def warm_up() -> threading.Thread:
    """Import Great Expectations in the background: it takes seconds, and a run has other work."""
    thread = threading.Thread(target=_great_expectations, name="import-gx", daemon=True)
    thread.start()
    return thread


def _great_expectations() -> Any:  # noqa: ANN401 -- a module imported late has no static type
    # It would import PySpark where that is installed: a second, and a warning, for nothing.
    is_hidden = "pyspark" not in sys.modules
    if is_hidden:
        sys.modules["pyspark"] = None  # type: ignore[assignment] # Python's own mark of what is not there
    _put_off("scipy", "stats")  # for two checks of distributions, which no suite has
    try:
        return importlib.import_module("expectations.on_duckdb")
    finally:
        if is_hidden:
            del sys.modules["pyspark"]


def _put_off(package: str, name: str) -> None:
    """Have a module run when something of it is used, though it is imported before.

    SciPy's statistics take a quarter of the time of importing Great Expectations.
    """
    module_name = f"{package}.{name}"
    if module_name in sys.modules:  # asked for its spec, it would run
        return
    spec = importlib.util.find_spec(module_name)  # imports the package, which is light
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    spec.loader.exec_module(module)
    setattr(sys.modules[package], name, module)


def validate(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[str] | None = None,
    judge: Any = None,  # noqa: ANN401 -- a Judge of expectations, imported late
) -> list[CheckResult]:
    """Run the suites of ``tables`` (all when None) whose table exists, in their order.

    Exports that were not given have nothing to check. A check that reads further tables is left
    out where one of them does not exist, and of a table without the contract's columns only that
    is said. The connection must not be inside a transaction: the checks read on a cursor of
    their own, or wherever the ``judge`` reads.

    Raises:
        CheckFailedToRunError: a check could not be judged though its table has its columns.
    """
    wanted = None if tables is None else set(tables)
    present = _tables(con)
    runnable = [
        (_countable(suite, present), tuple(c for c in suite.checks if present.issuperset(c.reads)))
        for suite in SUITES
        if suite.table in present - _not_given(con, present)
        and (wanted is None or suite.table in wanted)
    ]
    if not runnable:
        return []
    judge = judge or _great_expectations().Judge(partial(open_cursor, con))
    try:
        return [
            result for suite, checks in runnable for result in _judge(con, judge, suite, checks)
        ]
    finally:
        judge.close()


def _countable(suite: Suite, present: set[str]) -> Suite:
    """The suite, counted by its own table where the one of the same rows is not there."""
    return suite if suite.same_rows in present else replace(suite, same_rows=suite.table)


def _not_given(con: duckdb.DuckDBPyConnection, present: set[str]) -> set[str]:
    """The staging tables of exports without a file; ``meta.files`` says which had one."""
    if "meta.files" not in present:
        return set()
    given = {
        f"staging.{name}" for (name,) in con.execute("select export from meta.files").fetchall()
    }
    return {f"staging.{name}" for name in EXPORTS} - given if given else set()


def _judge(
    con: duckdb.DuckDBPyConnection,
    judge: Any,  # noqa: ANN401 -- expectations.on_duckdb.Judge, imported late
    suite: Suite,
    checks: tuple[Check, ...],
) -> list[CheckResult]:
    try:
        judgements = judge.judge(suite, checks)
    except CheckFailedToRunError:
        # Where columns are missing or mistyped, the check of them says so in plain words.
        judgements = judge.judge(suite, tuple(c for c in checks if c.name == "columns"))
        if all(judgement.success for judgement in judgements.values()):
            raise
    rows = _rows(con, suite, judgements.values())
    return [
        CheckResult(
            table=suite.table,
            check=check.name,
            description_en=check.en,
            description_zh=check.zh,
            severity=check.severity,
            success=judgements[check.name].success,
            rows=rows,
            unexpected_count=judgements[check.name].unexpected_count,
            sample=() if judgements[check.name].success else _sample(con, suite, check),
            guards=check.guards,
            document=judgements[check.name].document,
        )
        for check in checks
        if check.name in judgements
    ]


def _rows(con: duckdb.DuckDBPyConnection, suite: Suite, judgements: Iterable[Any]) -> int:
    """The rows of a suite's table; to count a view once more, it would be computed once more."""
    for judgement in judgements:
        if judgement.rows is not None:
            return int(judgement.rows)
    return _one(con, f"select count(*) from {suite.same_rows}")  # noqa: S608 -- the suite's own


def _sample(
    con: duckdb.DuckDBPyConnection, suite: Suite, check: Check
) -> tuple[dict[str, Any], ...]:
    query = failing_rows(suite, check)
    found = con.execute(f"select * from ({query}) order by all limit {SAMPLE_ROWS}")  # noqa: S608 -- as above
    names = [column[0] for column in found.description]
    return tuple(
        {name: _plain(value) for name, value in zip(names, row, strict=True)}
        for row in found.fetchall()
    )


def _plain(value: object) -> str | float | bool | None:
    """A value as JSON and a page can carry it; money and times as text, to lose nothing."""
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    found = con.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database()"
    )
    return {name for (name,) in found.fetchall()}


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def blocking_message(results: Sequence[CheckResult]) -> str | None:
    """Why the run stops: every critical check that failed, its rows and files; None if none did."""
    failed = [result for result in results if result.is_blocking]
    if not failed:
        return None
    lines = [f"{len(failed)} check(s) that must hold do not; the output is left as it was."]
    for result in failed:
        lines.append(
            f"- {result.table}, {result.check} ({result.guards}): {result.description_en} "
            f"{result.description_zh} {result.unexpected_count} row(s) break it"
        )
        lines += [f"    {_words(row)}" for row in result.sample[:_ROWS_NAMED_IN_A_MESSAGE]]
    lines.append(
        "Mend the rows named here in their export and run again; "
        "if they are right as they stand, the mapping or the terms need a look."
    )
    return "\n".join(lines)


def _words(row: dict[str, Any]) -> str:
    rest = {k: v for k, v in row.items() if k not in {"source_file", "source_row"}}
    place = f"{row['source_file']}, row {row['source_row']}: " if "source_row" in row else ""
    return place + ", ".join(f"{name} {'empty' if v is None else v}" for name, v in rest.items())


def keep_results(con: duckdb.DuckDBPyConnection, results: Sequence[CheckResult]) -> None:
    """Write ``results`` to ``meta.checks``, in place of what it held on the same tables."""
    con.execute(
        "create table if not exists meta.checks (table_name VARCHAR, check_name VARCHAR, "
        "severity VARCHAR, success BOOLEAN, rows BIGINT, unexpected_count BIGINT, "
        "description_en VARCHAR, description_zh VARCHAR, guards VARCHAR, sample VARCHAR, "
        "document VARCHAR)"
    )
    tables = sorted({result.table for result in results})
    con.execute("delete from meta.checks where list_contains($1, table_name)", [tables])
    rows = [
        (
            r.table,
            r.check,
            r.severity,
            r.success,
            r.rows,
            r.unexpected_count,
            r.description_en,
            r.description_zh,
            r.guards,
            json.dumps(r.sample, ensure_ascii=False),
            json.dumps(r.document, ensure_ascii=False),
        )
        for r in results
    ]
    if rows:
        # One statement: row by row, DuckDB takes milliseconds for each.
        places = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
        con.execute(f"insert into meta.checks values {places}", list(chain.from_iterable(rows)))  # noqa: S608 -- placeholders only


def kept_results(con: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """What ``meta.checks`` holds, in the order of the suites and their checks."""
    if "meta.checks" not in _tables(con):
        return []
    order = {
        (suite.table, check.name): place
        for place, (suite, check) in enumerate((s, c) for s in SUITES for c in s.checks)
    }
    found = con.execute(
        "select table_name, check_name, description_en, description_zh, severity, success, "
        "rows, unexpected_count, sample, guards, document from meta.checks"
    ).fetchall()
    results = [
        CheckResult(*(*row[:8], tuple(json.loads(row[8])), row[9], json.loads(row[10])))
        for row in found
    ]
    return sorted(results, key=lambda r: order.get((r.table, r.check), len(order)))


def write_results(
    results: Sequence[CheckResult],
    path: Path,
    touched: Mapping[tuple[str, str], list[dict[str, Any]]] | None = None,
) -> None:
    """Write ``results`` as JSON: same results, same bytes (no time, no id).

    ``touched``: by table and check, the verdicts that hang on its rows. What Data Docs say of
    each is left to their page.
    """
    entries = [asdict(result) for result in results]
    for entry in entries:
        del entry["document"]
        if touched is not None and not entry["success"]:
            entry["touched"] = touched.get((entry["table"], entry["check"]), [])
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
