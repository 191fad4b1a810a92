"""How the quality of the exports went from run to run, kept in ``OUT/quality_history.csv``.

A run adds one line for each export it was given: as of when, of which files, how many rows came in,
were rejected and are to be mended, how many cells could not be read, how many checks were not met.
Runs are known by what they read and judged by: running again on the same files, terms and version
adds nothing. No line says when it was written.

What a run shows is the lines up to its own, in the order of as-of and of first run: what came
later in the same OUT does not change what an earlier input shows when it is run once more.

Belongs here: that file and ``meta.quality_history``. Does not belong here: how it is shown
(``dashboards.pages.data``).
"""

from __future__ import annotations

import csv
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

FILE: Final = "quality_history.csv"
TABLE: Final = "meta.quality_history"
RUNS_KEPT: Final = 1000

COLUMNS: Final = {
    "run": "varchar",
    "as_of": "timestamp",
    "version": "varchar",
    "terms": "varchar",
    "export": "varchar",
    "files": "bigint",
    "fingerprint": "varchar",
    "rows_in": "bigint",
    "rejected": "bigint",
    "problems": "bigint",
    "to_mend": "bigint",
    "checks_not_met": "bigint",
}
Line = tuple[str, ...]
"""A line of the file, in the order of ``COLUMNS``."""

_THIS_RUN: Final = """
with given as (
    select
        export,
        count(*) as files,
        sha256(string_agg(source_file || ' ' || sha256, chr(10) order by source_file))
            as fingerprint,
        sum(rows_in) as rows_in,
        sum(rejected) as rejected,
        sum(problems) as problems
    from meta.files
    group by export
)
select
    cast(run.as_of as varchar),
    run.product_version,
    (select sha256(string_agg(file || ' ' || sha256, chr(10) order by file)) from terms.files),
    given.export, given.files, given.fingerprint, given.rows_in, given.rejected, given.problems,
    (
        select count(*) from staging.rows_to_mend as kept where kept.export = given.export
    ),
    (
        select count(*) from meta.checks
        where not success and table_name = 'staging.' || given.export
    )
from given
cross join meta.run as run
order by given.export
"""


def remember_quality(con: duckdb.DuckDBPyConnection, out: Path, building: Path) -> None:
    """Add the run in ``con`` to the history of ``out``, and write both into ``building``.

    Needs ``meta.*`` of the run, ``staging.rows_to_mend`` and the terms. The history becomes that of
    ``out`` when the build is published.
    """
    own = _this_run(con)
    known = _read(out / FILE)
    if own and own[0][0] not in {line[0] for line in known}:
        known += own
    runs = list(dict.fromkeys(line[0] for line in known))
    kept = set(runs[-RUNS_KEPT:])
    known = [line for line in known if line[0] in kept]
    with (building / FILE).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(known)
    _keep(con, _until(known, own[0][0]) if own else [])


def _this_run(con: duckdb.DuckDBPyConnection) -> list[Line]:
    found = [
        tuple("" if value is None else str(value) for value in row)
        for row in con.execute(_THIS_RUN).fetchall()
    ]
    run = hashlib.sha256("\n".join(",".join(row) for row in found).encode()).hexdigest()
    return [(run, *row) for row in found]


def _read(path: Path) -> list[Line]:
    """The lines of a history; one that no run wrote is passed over."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as stream:
        header, *lines = [*csv.reader(stream)] or [[]]
    if header != list(COLUMNS):
        return []
    return [tuple(line) for line in lines if _is_whole(line)]


def _is_whole(line: list[str]) -> bool:
    """Whether a line has what its columns ask for: a file can be cut, or edited by hand."""
    if len(line) != len(COLUMNS):
        return False
    of = dict(zip(COLUMNS, line, strict=True))
    try:
        datetime.fromisoformat(of["as_of"])
    except ValueError:
        return False
    return all(of[name].isdecimal() for name, kind in COLUMNS.items() if kind == "bigint")


def _until(lines: list[Line], run: str) -> list[Line]:
    """The lines up to those of ``run``, by as-of and, of one as-of, as they were added."""
    ordered = sorted(lines, key=lambda line: line[1])
    last = max(place for place, line in enumerate(ordered) if line[0] == run)
    return ordered[: last + 1]


def _keep(con: duckdb.DuckDBPyConnection, lines: list[Line]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    con.execute(f"create or replace table {TABLE} (run_no bigint, {columns})")
    if not lines:
        return
    numbers = {
        run: number for number, run in enumerate(dict.fromkeys(line[0] for line in lines), 1)
    }
    places = ", ".join([f"({', '.join('?' * (len(COLUMNS) + 1))})"] * len(lines))
    values = [value for line in lines for value in (numbers[line[0]], *line)]
    con.execute(f"insert into {TABLE} values {places}", values)  # noqa: S608 - placeholders only
