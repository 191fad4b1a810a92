"""Whole runs in processes that something happens to.

Every step runs as in ``sla run``, Dagster and its history included, but for Great Expectations:
its import takes seconds and its process reads a closed warehouse, so here the checks answer at
once; nor are other readings compared. Runs are forked from a process that has imported everything.

Belongs here: a run, what disturbs it, and what a reader sees of OUT. What must then hold is in
``test_faults``.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines import progress, readings, run, session
from pipelines.errors import BusyError, SlaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkServerProcess

    from pipelines.validation import CheckResult

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__, "pipelines.definitions", "dashboards.report"])
STOPPED = 3
"""Exit status of a run that could not go on; 4 if another run was at work."""
BUSY = 4

Disturbance = tuple[str, Any]
"""Its kind and what it needs; see ``_DISTURBANCES``."""


class Answered:
    """Stands in for the validator's process: nothing to object to."""

    is_asked = False

    def ask(self, *_: object) -> None:
        """Take the question."""
        self.is_asked = True

    def answer(self) -> list[CheckResult]:
        """Find nothing."""
        self.is_asked = False
        return []

    def close(self) -> None:
        """End nothing."""


class At(progress.Silent):
    """Does something when a step begins."""

    def __init__(self, step: str, do: Callable[[], None]) -> None:
        """Remember what to do when."""
        self._step, self._do = step, do

    def begin(self, step: str) -> None:
        """Do it, if this is the step."""
        if step == self._step:
            self._do()


def _killed_at(step: str) -> progress.Silent:
    return At(step, lambda: os.kill(os.getpid(), signal.SIGKILL))


def _held(gates: tuple[Any, Any]) -> progress.Silent:
    """Say when the models begin, and wait there."""
    reached, released = gates

    def hold() -> None:
        reached.set()
        released.wait()

    return At("models", hold)


_DISTURBANCES: dict[str, Callable[[Any], progress.Silent]] = {
    "killed at": _killed_at,
    "held": _held,
    "none": lambda _: progress.Silent(),
}


def _run(exports: Path, out: Path, disturbance: Disturbance) -> None:
    kind, what = disturbance
    setattr(session, "Validator", Answered)  # noqa: B010 - see the module
    setattr(readings, "MOST_TICKETS", 0)  # noqa: B010 - as above
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        run.run(session.Settings(exports, out), _DISTURBANCES[kind](what))
    except BusyError:
        os._exit(BUSY)
    except (SlaError, OSError, RuntimeError):
        os._exit(STOPPED)
    os._exit(0)


def start(exports: Path, out: Path, disturbance: Disturbance = ("none", None)) -> ForkServerProcess:
    """Begin a run that something happens to."""
    process = PROCESSES.Process(target=_run, args=(exports, out, disturbance))
    process.start()
    return process


def finish(exports: Path, out: Path, disturbance: Disturbance = ("none", None)) -> int | None:
    """Run until the end, whatever it is; the exit status (-9 when killed)."""
    process = start(exports, out, disturbance)
    process.join()
    return process.exitcode


@contextmanager
def reading(out: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, as a reader opens it."""
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        yield con


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    names = con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    return {name: con.execute(f"from {name} order by all").fetchall() for (name,) in sorted(names)}


def seen(out: Path) -> tuple[dict[str, bytes], dict[str, list[tuple[Any, ...]]]]:
    """All a reader has of OUT: the files, and the rows in the place of the warehouse's bytes."""
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.suffix != ".duckdb"
        and not path.relative_to(out).as_posix().startswith(".")
    }
    with reading(out) as con:
        return files, tables(con)
