"""One measured piece of work in a process of its own; prints seconds and peak memory as JSON.

``python tests/benchmarks/steps.py PIECE EXPORTS WORK``, a piece of ``PIECES``

Belongs here: the pieces that benchmarks compare. Does not belong here: making the exports
(``generate``) and comparing (``bench_run``).
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

import duckdb

from pipelines import terms, warehouse
from pipelines.checks import validation
from pipelines.contract import EXPORTS
from pipelines.exports import latest_event, stage_exports
from pipelines.progress import Silent
from pipelines.run import run
from pipelines.session import Settings
from pipelines.warehouse import models, reference

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

MEMORY_LIMIT = "4GB"
_LOOK_SECONDS = 0.2


class Stopwatch:
    """Seconds by name."""

    def __init__(self) -> None:
        """Start with no name."""
        self.seconds: dict[str, float] = {}

    def time(self, name: str, step: Callable[[], Result]) -> Result:
        """Do the step and add what it took to what is there under its name."""
        started = time.perf_counter()
        result = step()
        took = time.perf_counter() - started
        self.seconds[name] = self.seconds.get(name, 0.0) + took
        return result


def duckdb_alone(path: Path | None = None) -> duckdb.DuckDBPyConnection:
    """The engine as it comes, but for its two slowest ways of packing text."""
    con = duckdb.connect(path or ":memory:")
    con.execute("set enable_progress_bar = false")
    con.execute("set disabled_compression_methods = $1", [warehouse.TOO_SLOW])
    return con


def floor(exports: Path, work: Path) -> dict[str, float]:
    """DuckDB alone: the same CSV files into typed tables, rows it can not read left out."""
    con = duckdb_alone(work / "floor.duckdb")
    con.execute("set memory_limit = $1", [MEMORY_LIMIT])
    started = time.perf_counter()
    for export in EXPORTS.values():
        path = exports / f"{export.name}.csv"
        if path.exists():
            types = ", ".join(f"'{c.name}': '{c.kind.sql_type}'" for c in export.columns)
            con.execute(
                f"create table {export.name} as "
                f"select * from read_csv('{path}', header = true, auto_detect = false, "
                f"delim = ',', quote = '\"', ignore_errors = true, columns = {{{types}}})"
            )
    con.execute("checkpoint")
    return {"load": time.perf_counter() - started}


def prepared(exports: Path, work: Path, watch: Stopwatch) -> duckdb.DuckDBPyConnection:
    """A warehouse with staging, terms and clocks."""
    con = warehouse.open_warehouse(work / "bench.duckdb", MEMORY_LIMIT, work / "spill")
    checked = terms.load_terms()
    watch.time("stage", lambda: stage_exports(con, exports, None, checked.timezone))
    as_of = latest_event(con)
    assert as_of is not None
    watch.time("terms and clocks", lambda: reference.prepare(con, checked, as_of))
    return con


def responses(exports: Path, work: Path) -> dict[str, float]:
    """Tickets from CSV to validated ``facts.responses`` and ``marts.response_monthly``."""
    return _part(exports, work, ["marts.response_monthly"])


def finance(exports: Path, work: Path) -> dict[str, float]:
    """The response part and finance's: charges, findings, reconciliation, and their checks."""
    return _part(exports, work, ["marts.response_monthly", *_marts("billing")])


def quality(exports: Path, work: Path) -> dict[str, float]:
    """The response part and quality's: the ledger of promises, agents, and their checks."""
    return _part(
        exports,
        work,
        [
            "marts.response_monthly",
            "steps.classed_records",  # which their checks read
            *_marts("agent", "record", "promise", "obligations"),
        ],
    )


def _marts(*kinds: str) -> list[str]:
    names = (model.name for model in models.load_models())
    return [name for name in names if name.startswith(tuple(f"marts.{kind}" for kind in kinds))]


def _part(exports: Path, work: Path, tables: list[str]) -> dict[str, float]:
    """Exports to ``tables``, with all they read and the checks of them.

    Starting up (imports, five seconds of them Great Expectations' own) is over when it begins.
    """
    watch = Stopwatch()
    validation.warm_up().join()
    con = prepared(exports, work, watch)
    watch.time("models", lambda: models.run_models(con, tables))
    results = watch.time("checks", lambda: validation.validate(con))
    assert not validation.blocking_message(results)
    return watch.seconds


class Steps(Silent):
    """Seconds by step of a run."""

    def __init__(self) -> None:
        """Start with no step."""
        self.seconds: dict[str, float] = {}
        self._step = "start"
        self._started = time.perf_counter()

    def begin(self, step: str) -> None:
        """Let a step start; what lies between two steps is the later one's."""
        self._step = step

    def end(self, summary: str) -> None:  # noqa: ARG002 - what came of it is not measured
        """Keep what the step took."""
        now = time.perf_counter()
        self.seconds[self._step] = now - self._started
        self._started = now


def whole(exports: Path, work: Path) -> dict[str, float]:
    """``sla run`` over every export, report included, by step."""
    steps = Steps()
    run(Settings(exports, work / "out", memory_limit=MEMORY_LIMIT), steps)
    steps.end("")
    return steps.seconds


class Memory:
    """Watches the resident memory of this process and those it started, all at one time.

    What the system keeps of a child's peak does not tell: before a child is a program of its own,
    it has the whole memory of its parent. Linux only.
    """

    def __init__(self) -> None:
        """Look from when the block begins until it ends."""
        self.peak_mb = 0
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more."""
        self._is_over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._is_over.wait(_LOOK_SECONDS):
            pages = sum(map(_resident_pages, _family(os.getpid())))
            self.peak_mb = max(self.peak_mb, round(pages * resource.getpagesize() / 2**20))


def _family(process: int) -> list[int]:
    """A process and all that come from it, but for those that have just ended."""
    family = [process]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                family += _family(int(child))
    return family


def _resident_pages(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0


PIECES = {
    "floor": floor,
    "responses": responses,
    "finance": finance,
    "quality": quality,
    "whole": whole,
}


def main() -> None:
    """Do the piece of work the arguments name and print what it took."""
    piece, exports, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    work.mkdir(parents=True, exist_ok=True)
    with Memory() as memory:
        seconds = PIECES[piece](exports, work)
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": memory.peak_mb}) + "\n")


if __name__ == "__main__":
    main()
