"""Whole runs in processes that something happens to.

Every step runs as in ``sla run``, the command and Dagster's history included, but for Great
Expectations: its import takes seconds and its process reads a closed warehouse, so here the checks
answer at once; nor are other readings compared. Runs are forked from a process that has imported
everything.

Belongs here: a run, what disturbs it, what it says, and what a reader sees of OUT. What must then
hold is in ``test_faults``.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import signal
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

import duckdb

from pipelines import progress, publish, session
from pipelines.cli import app
from pipelines.other_terms import readings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkServerProcess

    from pipelines.checks.validation import CheckResult

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__, "pipelines.run", "dashboards.report"])

Disturbance = tuple[str, Any]
"""Its kind and what it needs: a step, a number of bytes, seconds; see ``_DISTURBANCES``."""


class Ended(NamedTuple):
    """How a run ended: the exit status (-9 when killed), and what it said in the terminal."""

    status: int | None
    said: str


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


class At(progress.Lines):
    """Does something when a step begins."""

    def __init__(self, step: str, do: Callable[[], None]) -> None:
        """Remember what to do when."""
        super().__init__(sys.stderr)
        self._when, self._do = step, do

    def begin(self, step: str) -> None:
        """Do it, if this is the step."""
        super().begin(step)
        if step == self._when:
            self._do()


def _killed_at(step: str) -> progress.Lines:
    return At(step, lambda: os.kill(os.getpid(), signal.SIGKILL))


def _killed_at_move(number: int) -> progress.Lines:
    """Killed just before so many files of the new result, this one included, are in place."""
    moves = []

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and _is_move(Path(arguments[0]), Path(arguments[1])):
            moves.append(arguments)
            if len(moves) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    return progress.Lines(sys.stderr)


def _is_move(source: Path, target: Path) -> bool:
    """Whether a rename brings something out of the build."""
    return publish.BUILDING in source.parts and publish.BUILDING not in target.parts


def _disk_full_from(step: str) -> progress.Lines:
    """From this step on, no file can be opened to be written and no folder made."""
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.mkdir" or (event == "open" and arguments[2] & writes):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))

    return At(step, lambda: sys.addaudithook(refuse))


def _no_file_over(size: int) -> progress.Lines:
    """No file may grow over so many bytes: the operating system stops the engine itself."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return progress.Lines(sys.stderr)


def _clock_jumps(seconds: float) -> progress.Lines:
    """When the models begin, the clock on the wall jumps; it was wrong the other way before."""
    real, shift = time.time, [-seconds]
    time.time = lambda: real() + shift[0]

    def jump() -> None:
        shift[0] = seconds

    return At("models", jump)


def _held(gates: tuple[Any, Any]) -> progress.Lines:
    """Say when the models begin, and wait there."""
    reached, released = gates

    def hold() -> None:
        reached.set()
        released.wait()

    return At("models", hold)


_DISTURBANCES: dict[str, Callable[[Any], progress.Lines]] = {
    "killed at": _killed_at,
    "killed at move": _killed_at_move,
    "disk full from": _disk_full_from,
    "no file over": _no_file_over,
    "clock jumps": _clock_jumps,
    "held": _held,
    "none": lambda _: progress.Lines(sys.stderr),
}


def _run(exports: Path, out: Path, disturbance: Disturbance) -> None:
    kind, what = disturbance
    with _said(out, os.getpid()).open("w", encoding="utf-8") as terminal:
        os.dup2(terminal.fileno(), 1)
        os.dup2(terminal.fileno(), 2)
    shown = _DISTURBANCES[kind](what)
    # Not assigned: a patch fails where the name has moved, an assignment would disturb nothing.
    with (
        patch.object(session, "Validator", Answered),
        patch.object(readings, "MOST_TICKETS", 0),
        patch.object(app, "_progress", lambda *, is_quiet: nullcontext(shown)),  # noqa: ARG005
    ):
        app.main(["run", "--exports", str(exports), "--out", str(out)])


def _said(out: Path, process: int | None) -> Path:
    return out.with_name(f"said_by_{process}")


def start(exports: Path, out: Path, disturbance: Disturbance = ("none", None)) -> ForkServerProcess:
    """Begin a run that something happens to."""
    process = PROCESSES.Process(target=_run, args=(exports, out, disturbance))
    process.start()
    return process


def end(process: ForkServerProcess, out: Path) -> Ended:
    """Wait for the end of a run into ``out``."""
    process.join()
    return Ended(process.exitcode, _said(out, process.pid).read_text(encoding="utf-8"))


def finish(exports: Path, out: Path, disturbance: Disturbance = ("none", None)) -> Ended:
    """Run until the end, whatever it is."""
    return end(start(exports, out, disturbance), out)


def left(out: Path) -> set[str]:
    """What lies in OUT beside the result: names that start with a dot, and a log of changes."""
    return {path.name for path in (*out.glob(".*"), *out.glob("*.wal"))}


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
