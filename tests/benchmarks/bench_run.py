"""``make bench``: what each step takes, as a ratio to the time DuckDB alone takes to load.

Everything is measured in one run on one machine, each piece in a process of its own; only the
ratios mean anything. ``BENCH_TICKETS`` sets the size (a million). Writes ``out/bench/``.

Belongs here: running the pieces of ``steps``. Does not belong here: how results look
(``results``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.benchmarks import results

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
HERE = Path(__file__).parent


# The exports each desk's part reads besides tickets and agents.
PARTS = {
    "finance": ("invoices", "installed_base"),
    "quality": ("service_records", "installed_base"),
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The benchmark's exports, two invoice lines a ticket, and a folder for each desk's part."""
    folder = tmp_path_factory.mktemp("bench")
    generate(folder / "all", "0.6", TICKETS)
    generate(folder / "lines", "2", TICKETS)
    for part, names in {"tickets": (), **PARTS}.items():
        (folder / part).mkdir()
        source = folder / ("lines" if part == "finance" else "all")
        for name in ("tickets", "agents", *names) if names else ("tickets",):
            (folder / part / f"{name}.csv").hardlink_to(source / f"{name}.csv")
    return folder


def generate(out: Path, lines: str, tickets: int) -> None:
    """Write exports of so many tickets, with so many invoice lines each."""
    command = [sys.executable, str(HERE / "generate.py"), "--tickets", str(tickets)]
    subprocess.run([*command, "--lines", lines, "--out", str(out)], check=True)


def rows_of(folder: Path) -> int:
    """Rows of all exports in ``folder``."""
    with duckdb.connect() as con:
        counts = [
            con.execute(f"select count(*) from read_csv('{path}', all_varchar = true)").fetchall()
            for path in folder.glob("*.csv")
        ]
    return sum(int(count) for [(count,)] in counts)


def measured(piece: str, exports: Path, work: Path) -> dict[str, Any]:
    """Seconds by step and peak memory of one piece, in a process of its own."""
    command = [sys.executable, str(HERE / "steps.py"), piece, str(exports), str(work / piece)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_tickets_to_validated_responses(exports: Path, tmp_path: Path) -> None:
    floor = measured("floor", exports / "tickets", tmp_path)
    ours = measured("responses", exports / "tickets", tmp_path)
    text = results.table(
        f"{TICKETS:,} tickets, CSV to validated facts.responses",
        floor["seconds"]["load"],
        {"DuckDB alone": floor, "sla": ours},
        rows_of(exports / "tickets"),
    )
    results.keep("responses.md", text)


def test_what_each_desk_adds(exports: Path, tmp_path: Path) -> None:
    response = measured("responses", exports / "tickets", tmp_path)
    base = sum(response["seconds"].values())
    lines = [
        f"## {TICKETS:,} tickets: what finance (two lines a ticket) and quality add",
        "",
        "| part, from CSV to checked tables | seconds | adds | × the response part |",
        "|---|--:|--:|--:|",
        f"| response | {base:.2f} | | 1 |",
    ]
    for part in PARTS:
        whole = sum(measured(part, exports / part, tmp_path)["seconds"].values())
        added = whole - base
        lines.append(f"| with {part} | {whole:.2f} | {added:.2f} | {added / base:.2f} |")
    results.keep("parts.md", "\n".join([*lines, ""]))


def test_all_exports_and_ten_times_the_rows(
    exports: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tenth = tmp_path_factory.mktemp("tenth")
    generate(tenth / "all", "0.6", TICKETS // 10)
    title = "tickets with records, invoice lines and units"
    totals = []
    for folder, tickets in ((tenth / "all", TICKETS // 10), (exports / "all", TICKETS)):
        work = tmp_path_factory.mktemp("whole")
        floor = measured("floor", folder, work)
        whole = measured("whole", folder, work)
        base = floor["seconds"]["load"]
        totals.append(sum(whole["seconds"].values()))
        pieces = {"DuckDB alone": floor, "sla run": whole}
        text = results.table(f"{tickets:,} {title}", base, pieces, rows_of(folder))
        results.keep(f"whole-{tickets}.md", text)
        ratios = {"DuckDB alone loads": 1.0} | {
            step: took / base for step, took in whole["seconds"].items()
        }
        heading = f"{tickets:,} {title}: seconds, × those DuckDB alone takes to load"
        results.keep(f"whole-{tickets}.svg", results.bars(heading, ratios))
        shutil.rmtree(work)
    growth = totals[1] / totals[0]
    results.keep("growth.md", f"## Ten times the rows\n\n{growth:.2f} × the time.\n")
