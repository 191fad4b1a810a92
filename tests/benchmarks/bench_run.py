"""``make bench``: what each step takes, as a ratio to the time DuckDB alone takes to load.

Everything is measured in one run on one machine, each piece in a process of its own; only the
ratios mean anything. ``BENCH_TICKETS`` sets the size (a million). Writes ``out/bench/``.

Belongs here: running the pieces of ``steps`` and setting their numbers side by side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000000"))
HERE = Path(__file__).parent
OUT = HERE.parents[1] / "out" / "bench"


# The exports each desk's part reads besides tickets and agents.
PARTS = {
    "finance": ("invoices", "installed_base"),
    "quality": ("service_records", "installed_base"),
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The benchmark's exports, two invoice lines a ticket, and a folder for each desk's part."""
    folder = tmp_path_factory.mktemp("bench")
    generate(folder / "all", "0.6")
    generate(folder / "lines", "2")
    for part, names in {"tickets": (), **PARTS}.items():
        (folder / part).mkdir()
        source = folder / ("lines" if part == "finance" else "all")
        for name in ("tickets", "agents", *names) if names else ("tickets",):
            (folder / part / f"{name}.csv").hardlink_to(source / f"{name}.csv")
    return folder


def generate(out: Path, lines: str) -> None:
    """Write exports of the benchmark's size, with so many invoice lines a ticket."""
    command = [sys.executable, str(HERE / "generate.py"), "--tickets", str(TICKETS)]
    subprocess.run([*command, "--lines", lines, "--out", str(out)], check=True)


def measured(piece: str, exports: Path, work: Path) -> dict[str, Any]:
    """Seconds by step and peak memory of one piece, in a process of its own."""
    command = [sys.executable, str(HERE / "steps.py"), piece, str(exports), str(work / piece)]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def table(title: str, floor: float, pieces: dict[str, dict[str, Any]]) -> str:
    """A Markdown table of seconds and ratios to the floor."""
    lines = [f"## {title}", "", "| piece | seconds | × floor | peak MB |", "|---|--:|--:|--:|"]
    for piece, result in pieces.items():
        seconds = result["seconds"]
        steps = {f"{piece}: {step}": took for step, took in seconds.items()}
        for step, took in steps.items() if len(steps) > 1 else ():
            lines.append(f"| {step} | {took:.2f} | {took / floor:.2f} | |")
        total = sum(seconds.values())
        lines.append(f"| {piece} | {total:.2f} | {total / floor:.2f} | {result['peak_mb']} |")
    return "\n".join([*lines, ""])


def test_tickets_to_validated_responses(exports: Path, tmp_path: Path) -> None:
    floor = measured("floor", exports / "tickets", tmp_path)
    ours = measured("responses", exports / "tickets", tmp_path)
    text = table(
        f"{TICKETS:,} tickets, CSV to validated facts.responses",
        floor["seconds"]["load"],
        {"DuckDB alone": floor, "sla": ours},
    )
    keep("responses.md", text)


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
    keep("parts.md", "\n".join([*lines, ""]))


def test_all_exports(exports: Path, tmp_path: Path) -> None:
    floor = measured("floor", exports / "all", tmp_path)
    whole = measured("whole", exports / "all", tmp_path)
    text = table(
        f"{TICKETS:,} tickets with records, invoices and units",
        floor["seconds"]["load"],
        {"DuckDB alone": floor, "sla run": whole},
    )
    keep("whole.md", text)


def keep(name: str, text: str) -> None:
    """Print a table and keep it under ``out/bench``."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(text, encoding="utf-8")
    sys.stdout.write("\n" + text)
