"""Showing a run's progress: a bar over the steps on a terminal, plain lines elsewhere.

Belongs here: how progress looks. Does not belong here: what a step does (``session``).
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


STEPS: Final = ("exports", "terms", "models", "checks", "report", "publish")
"""The steps of a run, in order."""


class Progress(Protocol):
    """What a run tells while it works; every method returns at once."""

    def begin(self, step: str) -> None:
        """A step starts; the one before it is over."""

    def note(self, text: str) -> None:
        """What the running step is at: a file, a table, a page."""

    def end(self, summary: str) -> None:
        """The running step is done; ``summary`` says what came of it."""

    def tell(self, text: str) -> None:
        """A sentence that stays: something a person should know before the steps begin."""


class Silent:
    """Says nothing (``--quiet``, tests)."""

    def begin(self, step: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def end(self, summary: str) -> None:
        """Say nothing."""

    def tell(self, text: str) -> None:
        """Say nothing."""


class Lines:
    """One line for each finished step, with its seconds; for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self._stream = stream
        self._step = ""
        self._started = 0.0

    def begin(self, step: str) -> None:
        """Remember the step and its start."""
        self._step, self._started = step, time.monotonic()

    def note(self, text: str) -> None:
        """Nothing: a log wants no line for each file."""

    def end(self, summary: str) -> None:
        """Write the finished step's line."""
        print(_line(self._step, summary, self._started), file=self._stream, flush=True)

    def tell(self, text: str) -> None:
        """Write the sentence."""
        print(text, file=self._stream, flush=True)


class Bar:
    """A bar over all steps with what is being worked on; finished steps stay above it."""

    def __init__(self, stream: TextIO, steps: int) -> None:
        """Draw on the terminal behind ``stream``; ``steps`` fills the bar."""
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415 - as above

        self._console = Console(file=stream, highlight=False)
        self._bar: RichProgress = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f} {task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task: TaskID = self._bar.add_task("", total=steps)
        self._step = ""
        self._started = 0.0

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away; the finished steps stay."""
        self._bar.stop()

    def begin(self, step: str) -> None:
        """Name the running step."""
        self._step, self._started = step, time.monotonic()
        self._bar.update(self._task, description=step)

    def note(self, text: str) -> None:
        """Name what the running step is at."""
        self._bar.update(self._task, description=f"{self._step}: {text}")

    def end(self, summary: str) -> None:
        """Move the bar on and leave the finished step's line."""
        self._bar.update(self._task, advance=1)
        self._console.print(_line(self._step, summary, self._started), markup=False)

    def tell(self, text: str) -> None:
        """Write the sentence above the bar."""
        self._console.print(text, markup=False)


def is_terminal(stream: TextIO = sys.stderr) -> bool:
    """Whether a person watches the stream."""
    return stream.isatty()


def _line(step: str, summary: str, started: float) -> str:
    return f"{step:<22} {time.monotonic() - started:5.1f} s   {summary}".rstrip()
