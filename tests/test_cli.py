"""The command line: quick to answer, one clear message, the right exit status."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import duckdb
import pytest
from click.testing import CliRunner

from pipelines import cli
from pipelines.cli import app
from pipelines.errors import DataError, UsageError
from pipelines.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path


def sla(*arguments: object) -> tuple[int, str]:
    """Exit status and all that was said."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def sla_due(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> tuple[int, str]:
    """``sla due`` when its work raises."""

    def raises(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr("pipelines.cli.due.due_text", raises)
    return sla("due", "--level", 3, "--city", "成都", "--opened", "2025-03-07 17:00")


def modules_after(statement: str) -> set[str]:
    """The top-level modules a fresh interpreter has loaded after a statement."""
    script = f"{statement}; import sys; print(' '.join({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, encoding="utf-8"
    )
    return set(done.stdout.split())


HEAVY = {"dagster", "great_expectations", "polars", "pandas", "duckdb", "plotly", "sqlglot"}


def test_help_loads_nothing_heavy() -> None:
    loaded = modules_after(
        "from pipelines.cli import main; main(['--help'], standalone_mode=False)"
    )
    assert "click" in loaded
    assert not loaded & HEAVY


def test_after_its_imports_a_run_is_swept_for_garbage_again() -> None:
    def import_nothing(*, there: bool) -> None:
        with app._unswept():  # noqa: SLF001 - how a run begins
            assert not gc.isenabled()
            if not there:
                raise ImportError

    import_nothing(there=True)
    assert gc.isenabled()
    with pytest.raises(ImportError):
        import_nothing(there=False)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [(["--version"], 0, "sla"), (["run", "--exports", "nowhere", "--out", "o"], 2, "nowhere")],
)
def test_the_program_ends_at_once_but_loses_nothing(
    arguments: list[str], status: int, says: str
) -> None:
    script = (
        "import atexit, sys; atexit.register(print, 'asked for at exit');"
        f"sys.argv = {['sla', *arguments]!r}; from pipelines.cli import program; program()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == status
    assert says in done.stdout + done.stderr
    assert done.stdout.endswith("asked for at exit\n")


def test_due_needs_neither_dagster_nor_great_expectations() -> None:
    loaded = modules_after("import pipelines.cli, pipelines.cli.due")
    assert not loaded & {"dagster", "great_expectations", "pandas", "plotly"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "--out", "o"], "Where are the exports"),
        (["run", "--exports", "."], "Where is the result"),
        (["run", "--exports", "nowhere", "--out", "o"], "nowhere does not exist"),
        (["run", "--exports", __file__, "--out", "o"], "is a file"),
        (["run", "--exports", ".", "--out", "o", "--as-of", "June"], "2025-06-30 17:00"),
        (["run", "--exports", ".", "--out", "o", "--as-of", "2025-02-30"], "is no instant"),
        (["run", "--exports", ".", "--out", "o", "--month", "2025-13"], "is no month"),
        (["run", "--exports", ".", "--out", "o", "--month", "2025-6"], "Write it as 2025-06"),
        (["run", "--exports", ".", "--out", "o", "--terms", "nowhere"], "Name a folder of terms"),
        (["explain", "T1", "--out", "nowhere"], "Build it first: sla run"),
        (["explain", "T1"], "Missing option '--out'"),
        (["due", "--level", "5", "--city", "成都", "--opened", "2025-03-07"], "is no fault level"),
        (["due", "--level", "3", "--city", "成都", "--opened", "soon"], "--opened 'soon'"),
        (["due", "--level", "3", "--city", " ", "--opened", "2025-03-07"], "--city is empty"),
        (
            ["due", "--level", "3", "--city", "成都", "--opened", "9999-12-31T23:59-12:00"],
            "of the years 1 to 9999",
        ),
        (
            ["due", "--level", "3", "--city", "成都", "--opened", "0001-01-01T00:00+14:00"],
            "of the years 1 to 9999",
        ),
        (["map", os.devnull], "is no plain file"),
        (["serve", "--port", "65536"], "1<=x<=65535"),
        (["serve", "--dagster-port", "0"], "1<=x<=65535"),
        (["run", "--settings", "nowhere.yaml"], "nowhere.yaml does not exist"),
        # a variable that is not set names no folder, and not the current one
        (["run", "--exports", "", "--out", "o"], "it is empty. Name a file or folder"),
        (["run", "--exports", ".", "--out", ""], "it is empty. Name a file or folder"),
        (["explain", "T1", "--out", ""], "it is empty. Name a file or folder"),
        (["publish", "2025-03", "--out", ""], "it is empty. Name a file or folder"),
        (["serve", "--out", ""], "it is empty. Name a file or folder"),
        (["frobnicate"], "No such command"),
    ],
)
def test_wrong_usage_is_said_with_status_2(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = sla(*arguments)
    assert status == 2
    assert says in said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == [], "wrong usage leaves nothing behind"


def test_due_answers() -> None:
    status, said = sla("due", "--level", 1, "--city", "北京", "--opened", "2025-03-07 17:00")
    assert status == 0
    # T4: level 1 in a city of the first tier, 12 hours on the calendar clock
    assert "2025-03-08 05:00:00" in said


def test_due_asks_about_a_city_spelled_wrong_beside_its_answer() -> None:
    given = ["due", "--level", "1", "--city", "Bejing", "--opened", "2025-03-07 17:00"]
    result = CliRunner().invoke(cli.main, given)
    assert result.exit_code == 0
    assert "2025-03-09 17:00:00" in result.stdout
    assert "Did you mean 北京 (Beijing)?" in result.stderr
    assert "Did you mean" not in result.stdout


def test_data_that_stops_has_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = sla_due(monkeypatch, DataError("tickets.csv, row 3: no key. Give it one."))
    assert (status, said) == (1, "sla: tickets.csv, row 3: no key. Give it one.\n")


def test_terms_that_are_wrong_have_status_2(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = sla_due(monkeypatch, UsageError("charges.yaml: a gap"))
    assert (status, said) == (2, "sla: charges.yaml: a gap\n")


def test_what_nobody_foresaw_says_what_where_and_how_to_see_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SLA_DEBUG", raising=False)
    status, said = sla_due(monkeypatch, ZeroDivisionError("seven by zero"))
    assert status == 1
    assert "ZeroDivisionError: seven by zero (at " in said
    assert "test_cli.py:" in said
    assert "SLA_DEBUG=1" in said
    assert "Traceback" not in said


def test_with_sla_debug_an_unforeseen_error_keeps_its_trace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLA_DEBUG", "1")
    monkeypatch.setattr("pipelines.cli.due.due_text", lambda *_: 1 / 0)
    result = CliRunner().invoke(
        cli.main, ["due", "--level", "3", "--city", "成都", "--opened", "2025-03-07"]
    )
    assert isinstance(result.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        DataError("facts.charges could not be built: IO Error: No space left on device"),
        RuntimeError("(sqlite3.OperationalError) database or disk is full"),
    ],
)
def test_a_full_disk_is_called_one(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    status, said = sla_due(monkeypatch, error)
    assert status == 1
    assert "The disk under --out is full" in said
    assert "the last result is as it was" in said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/tickets.csv"),
            "Not permitted: /data/tickets.csv (Permission denied). Give yourself the right",
        ),
        (
            duckdb.IOException("Cannot open file w.duckdb: Permission denied"),
            "Cannot open file w.duckdb: Permission denied. Give yourself the right",
        ),
    ],
)
def test_what_may_not_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    status, told = sla_due(monkeypatch, error)
    assert status == 1
    assert said in told
    assert "did not foresee" not in told


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), RuntimeError("Query interrupted")],
    ids=["as Python says it", "as DuckDB says it"],
)
def test_whoever_stops_a_command_is_told_what_stands(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    status, said = sla_due(monkeypatch, error)
    assert status == 130  # as shells say it of Ctrl-C
    assert said.startswith("sla: Stopped by you.")
    assert "the last result is as it was" in said
    assert "report it" not in said


@pytest.mark.parametrize(
    ("level", "hours"), [("1", 12), ("一级", 12), ("P1", 12), ("2级", 24), ("四", 120)]
)
def test_a_level_is_written_as_the_exports_have_it(level: str, hours: int) -> None:
    status, said = sla("due", "--level", level, "--city", "北京", "--opened", "2025-03-03 09:00")
    assert (status, f"target  {hours} h" in said) == (0, True), said


@pytest.mark.parametrize("level", ["0", "5", "五级", "1.5", ""])
def test_what_is_no_level_is_refused_in_words(level: str) -> None:
    status, said = sla("due", "--level", level, "--city", "北京", "--opened", "2025-03-03 09:00")
    assert status == 2
    assert f"{level!r} is no fault level. Write 1, 2, 3 or 4, or 一级 to 四级." in said


@pytest.mark.parametrize("size", ["-4GB", " -1", "0", "lots"])
def test_a_memory_limit_that_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(UsageError, match="is not a size DuckDB can read"):
        open_warehouse(memory_limit=size)


def test_memory_that_ran_out_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said = sla_due(monkeypatch, MemoryError("2 GB wanted"))
    assert status == 1
    assert "--memory-limit" in said
