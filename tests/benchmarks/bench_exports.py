"""``make bench``: what reading takes beside the engine, or the reader of workbooks, alone.

The same tickets as CSV in UTF-8 and in GB18030, and the first 200,000 as a workbook. What
decoding and reading the cells take by themselves is told apart from what staging adds.
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


def seconds(work: Callable[[], object]) -> float:
    """What it takes, the better of two."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once(), once())


def floor(path: Path) -> None:
    """The engine alone: the file into typed columns."""
    types = ", ".join(f"'{c.name}': '{c.kind.sql_type}'" for c in EXPORTS["tickets"].columns)
    with warehouse.open_warehouse() as con:
        con.execute(
            f"create table tickets as from read_csv('{path}', header = true, delim = ',',"
            f" auto_detect = false, quote = '\"', ignore_errors = true, columns = {{{types}}})"
        )


def staged(folder: Path, work: Path) -> None:
    """The whole of staging."""
    with warehouse.open_warehouse() as con:
        stage_exports(con, folder, temp_dir=work)


def test_reading_beside_the_engine_alone(tickets: dict[str, Path], tmp_path: Path) -> None:
    gb18030 = tickets["gb18030"] / "tickets.csv"
    book = tickets["xlsx"] / "tickets.xlsx"
    engine = seconds(lambda: floor(tickets["utf-8"] / "tickets.csv"))
    cells = seconds(lambda: fastexcel.read_excel(book).load_sheet(0).to_arrow())
    rows = [
        ("CSV in UTF-8, DuckDB alone", engine, engine),
        ("CSV in UTF-8, staged", seconds(lambda: staged(tickets["utf-8"], tmp_path)), engine),
        (
            "CSV in GB18030, decoding",
            seconds(lambda: decoding.decode(gb18030, "tickets.csv", None, tmp_path)),
            engine,
        ),
        ("CSV in GB18030, staged", seconds(lambda: staged(tickets["gb18030"], tmp_path)), engine),
        (f"XLSX of {WORKBOOK_ROWS:,} rows, fastexcel alone", cells, cells),
        ("XLSX, staged", seconds(lambda: staged(tickets["xlsx"], tmp_path)), cells),
    ]
    lines = [f"## {TICKETS:,} tickets", "", "| what | seconds | × alone |", "|---|--:|--:|"]
    lines += [f"| {what} | {took:.2f} | {took / alone:.2f} |" for what, took, alone in rows]
    keep("exports.md", "\n".join([*lines, ""]))
