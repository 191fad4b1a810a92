"""A workbook written by another process: the same bytes, whatever becomes of that process."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Self

import pytest

from dashboards.language import Text
from dashboards.workbook import Column, Table, book_of
from pipelines.reporting import workbook_writer

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = datetime.fromisoformat("2025-06-30T18:00:00")
BOOK = (
    Text("书", "Book"),
    AS_OF,
    [
        Table(
            "一 One",
            [
                Column(Text("结论", "Finding"), labels={"met": Text("达标", "Met")}),
                Column("金额 Amount", "money"),
                Column("时间 Time", "instant"),
            ],
            [("met", Decimal("-1234.50"), AS_OF), ("=1+1", None, None)],
        ),
        Table("二 Two", [Column("空 Empty")], []),
    ],
)


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """No workbook is too small for a process of its own."""
    monkeypatch.setattr(workbook_writer, "WORTH_A_PROCESS", 0)


def test_it_comes_out_as_if_it_were_written_here(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = book_of(*BOOK)
    monkeypatch.delattr(workbook_writer, "book_of")  # nobody else wrote it
    with workbook_writer.written_beside(*BOOK) as content:
        assert content() == expected


@pytest.mark.parametrize("program", ["no such program", "/bin/false", "/bin/true"])
def test_what_the_process_cannot_do_is_done_here(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    with workbook_writer.written_beside(*BOOK) as content:
        assert content() == book_of(*BOOK)


def test_no_file_of_the_folder_it_is_started_in_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "re.py").write_text("raise SystemExit(1)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(workbook_writer, "book_of")
    with workbook_writer.written_beside(*BOOK) as content:
        assert content()


def test_it_ends_when_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __enter__(self) -> Self:
            started.append(self)
            return self

    monkeypatch.setattr(subprocess, "Popen", Noted)
    title, as_of, (table, _) = BOOK
    large = [Table(table.name, table.columns, [("a", Decimal(1), AS_OF)] * 100_000)]
    with pytest.raises(KeyboardInterrupt), workbook_writer.written_beside(title, as_of, large):
        raise KeyboardInterrupt
    assert [process.returncode for process in started] == [-signal.SIGKILL]
