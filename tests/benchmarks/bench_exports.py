"""``make bench``: what reading takes beside the engine, or the reader of workbooks, alone.

The same tickets as CSV in UTF-8 and in GB18030, into the file of a warehouse (as a run reads them)
and into memory; and the first 200,000 as a workbook, of which fastexcel has the cells in memory.
What decoding and reading the cells take by themselves is told apart from what staging adds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import duckdb
import fastexcel
import pytest

from pipelines import warehouse
from pipelines.contract import EXPORTS
from pipelines.exports import decoding, stage_exports
from tests.benchmarks import generate
from tests.benchmarks.bench_run import TICKETS
from tests.benchmarks.results import keep
from tests.benchmarks.steps import duckdb_alone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORKBOOK_ROWS = 200_000


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of one file each: tickets as utf-8, gb18030 and xlsx."""
    root = tmp_path_factory.mktemp("exports")
    generate.generate(TICKETS, root / "all")
    folders = {name: root / name for name in ("utf-8", "gb18030", "xlsx")}
    for folder in folders.values():
        folder.mkdir()
    source = (root / "all" / "tickets.csv").rename(folders["utf-8"] / "tickets.csv")
    with (
        source.open(encoding="utf-8", newline="") as text,
        (folders["gb18030"] / "tickets.csv").open("w", encoding="gb18030", newline="") as out,
    ):
        for line in text:
            out.write(line)
    with duckdb.connect() as con:
        rows = con.sql(f"from read_csv('{source}') limit {WORKBOOK_ROWS}").pl()
    rows.write_excel(folders["xlsx"] / "tickets.xlsx")
    return folders


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """What it takes, the better of two."""

    def once() -> float:
        started = time.perf_counter()
        work(*arguments)
        return time.perf_counter() - started

    return min(once(), once())


def floor(path: Path, target: Path | None) -> None:
    """The engine alone: the file into typed columns of a warehouse's file, or of memory."""
    types = ", ".join(f"'{c.name}': '{c.kind.sql_type}'" for c in EXPORTS["tickets"].columns)
    with duckdb_alone(_new(target)) as con:
        con.execute(
            f"create table tickets as from read_csv('{path}', header = true, delim = ',',"
            f" auto_detect = false, quote = '\"', ignore_errors = true, columns = {{{types}}})"
        )


def staged(folder: Path, work: Path, target: Path | None) -> None:
    """The whole of staging, into the same."""
    with warehouse.open_warehouse(_new(target)) as con:
        stage_exports(con, folder, temp_dir=work)


def _new(path: Path | None) -> Path | None:
    if path is not None:
        path.unlink(missing_ok=True)
    return path


def test_reading_beside_the_engine_alone(tickets: dict[str, Path], tmp_path: Path) -> None:
    utf8, gb18030 = (tickets[encoding] / "tickets.csv" for encoding in ("utf-8", "gb18030"))
    rows = []
    for place, target in (("into a file", tmp_path / "warehouse.duckdb"), ("into memory", None)):
        alone = seconds(floor, utf8, target)
        rows.append((f"CSV in UTF-8, DuckDB alone, {place}", alone, alone))
        for encoding in ("utf-8", "gb18030"):
            took = seconds(staged, tickets[encoding], tmp_path, target)
            rows.append((f"CSV in {encoding.upper()}, staged {place}", took, alone))
    took = seconds(decoding.decode, gb18030, "tickets.csv", None, tmp_path)
    rows.append(("CSV in GB18030, decoding, beside DuckDB into memory", took, alone))
    book = tickets["xlsx"] / "tickets.xlsx"
    cells = seconds(lambda: fastexcel.read_excel(book).load_sheet(0).to_arrow())
    rows.append((f"XLSX of {WORKBOOK_ROWS:,} rows, fastexcel alone", cells, cells))
    took = seconds(staged, tickets["xlsx"], tmp_path, None)
    rows.append(("XLSX, staged into memory", took, cells))
    lines = [f"## {TICKETS:,} tickets", "", "| what | seconds | × alone |", "|---|--:|--:|"]
    lines += [f"| {what} | {took:.2f} | {took / alone:.2f} |" for what, took, alone in rows]
    keep("exports.md", "\n".join([*lines, ""]))
