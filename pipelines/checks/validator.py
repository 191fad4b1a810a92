"""Validating in a process of its own, started with the run and ready when the tables are.

Importing Great Expectations takes about five seconds of Python; on a thread it would hold up
everything else, in a process it has a core to itself. The warehouse is handed over: the run
closes it, the validator reads it, the run opens it again, so it never has two owners. The
validator is asked once, over its standard input, and ends when that is closed: it does not
outlive a killed run.

Belongs here: that process. Does not belong here: the checks and what becomes of their results
(``validation``).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict
from typing import TYPE_CHECKING

import duckdb

from pipelines import own_process
from pipelines.checks import validation

if TYPE_CHECKING:
    from pathlib import Path


class ValidatorFailedError(Exception):
    """The validator could not judge; its own words."""


class Validator:
    """A process that waits for a warehouse to validate."""

    def __init__(self) -> None:
        """Start it; it imports what it needs while the run goes on."""
        self.is_asked = False
        self._process = subprocess.Popen(  # noqa: S603 - this product
            own_process.command("pipelines.checks.validator"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("SLA_DEBUG") else subprocess.DEVNULL,
            encoding="utf-8",
            env=own_process.environment(PYTHONIOENCODING="utf-8"),
        )

    def ask(self, warehouse: Path, memory_limit: str | None, spill: Path) -> None:
        """Have it run every suite on the warehouse file, which nobody may have open.

        Args:
            warehouse: the file; it is opened for reading.
            memory_limit: as DuckDB writes it; None for DuckDB's own.
            spill: where DuckDB may put what does not fit.
        """
        place = str(warehouse.absolute())
        config = {"temp_directory": str(spill)}
        if memory_limit:
            config["memory_limit"] = memory_limit
        self.is_asked = True
        assert self._process.stdin is not None  # noqa: S101 - opened above
        with contextlib.suppress(BrokenPipeError):  # it died: answer() says so
            json.dump({"warehouse": place, "config": config}, self._process.stdin)
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def answer(self) -> list[validation.CheckResult]:
        """What every check found; waits for it.

        Raises:
            ValidatorFailedError: a check could not be judged, or the process died.
        """
        answer, _ = self._process.communicate()
        if not answer:
            message = f"the validator ended with status {self._process.returncode} and no answer"
            raise ValidatorFailedError(message)
        said = json.loads(answer)
        if "error" in said:
            raise ValidatorFailedError(said["error"])
        return [
            validation.CheckResult(**{**result, "sample": tuple(result["sample"])})
            for result in said["results"]
        ]

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Get ready, read one question, answer it; go when there is none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run decides what an interrupt means
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing else may write into the answer
    gc.disable()  # what it makes, it keeps until it answers and ends, so there is nothing to find
    validation.warm_up().join()
    line = sys.stdin.readline()
    if line:
        json.dump(_answer(json.loads(line)), answers, ensure_ascii=False)
        answers.flush()
    own_process.end(0)  # the run waits for it


def _answer(question: dict[str, object]) -> dict[str, object]:
    try:
        config = question["config"]
        assert isinstance(config, dict)  # noqa: S101 - what Validator sends
        with duckdb.connect(str(question["warehouse"]), read_only=True, config=config) as con:
            con.execute("set timezone = 'UTC'")
            return {"results": [asdict(result) for result in validation.validate(con)]}
    except Exception as error:  # noqa: BLE001 - said to the run, which decides
        where = traceback.extract_tb(error.__traceback__)[-1]
        return {"error": f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"}


if __name__ == "__main__":
    main()
