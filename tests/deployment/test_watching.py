"""A run is asked for once exports are new or changed and settled, and never else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines.deployment import watching
from pipelines.deployment.watching import Look, Memory, look, published_fingerprint
from pipelines.exports.signature import fingerprint

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text("ticket_id\nT1\n", encoding="utf-8")
    return folder


def publish(out: Path, exports: Path) -> None:
    """A published result over the exports, as far as the watcher is concerned."""
    out.mkdir(exist_ok=True)
    (out / "warehouse.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("create schema meta")
        con.execute("create table meta.files (export varchar, source_file varchar, sha256 varchar)")
        for path in sorted(exports.iterdir()):
            digest = con.execute("select sha256(content) from read_blob($1)", [str(path)])
            (value,) = digest.fetchall()[0]
            con.execute("insert into meta.files values ('tickets', $1, $2)", [path.name, value])


class Watcher:
    """Looks, and remembers as Dagster would: through text."""

    def __init__(self, exports: Path) -> None:
        """Watch the folder; OUT is beside it."""
        self.exports, self.out = exports, exports.parent / "out"
        self.memory = ""

    def look(self) -> Look:
        """Look once."""
        found = look(self.exports, self.out, Memory.from_json(self.memory))
        self.memory = found.memory.to_json()
        return found

    def looks(self, count: int) -> list[str | None]:
        """Look so many times; the keys of the runs asked for."""
        return [self.look().run_key for _ in range(count)]


def test_new_exports_ask_for_one_run_at_the_second_look_that_shows_the_same(exports: Path) -> None:
    watcher = Watcher(exports)
    first, second, *later = watcher.looks(5)
    assert first is None, "they may still be written"
    assert second is not None
    assert later == [None, None, None]


def test_a_growing_file_is_waited_for(exports: Path) -> None:
    watcher = Watcher(exports)
    with (exports / "tickets.csv").open("a", encoding="utf-8") as file:
        for number in range(5):
            assert watcher.look().run_key is None
            file.write(f"T{number + 2}\n")
            file.flush()
    assert watcher.look().run_key is None, "the last change was seen now"
    assert watcher.look().run_key is not None


def test_exports_that_were_published_already_ask_for_nothing(exports: Path) -> None:
    watcher = Watcher(exports)
    publish(watcher.out, exports)
    assert watcher.looks(4) == [None] * 4
    assert (
        "published result"
        in look(exports, watcher.out, Memory(seen=watcher.look().memory.seen)).words
    )


def test_a_touched_file_asks_for_nothing(exports: Path) -> None:
    watcher = Watcher(exports)
    publish(watcher.out, exports)
    watcher.looks(2)
    os.utime(exports / "tickets.csv", (1, 1))
    assert watcher.looks(3) == [None] * 3


@pytest.mark.parametrize("change", ["content", "new", "gone", "renamed"])
def test_a_change_asks_for_one_run(exports: Path, change: str) -> None:
    (exports / "agents.csv").write_text("agent_id\nA1\n", encoding="utf-8")
    watcher = Watcher(exports)
    publish(watcher.out, exports)
    watcher.looks(2)
    if change == "content":
        (exports / "agents.csv").write_text("agent_id\nA2\n", encoding="utf-8")  # same size
    elif change == "new":
        (exports / "invoices.csv").write_text("invoice_id\nI1\n", encoding="utf-8")
    elif change == "gone":
        (exports / "agents.csv").unlink()
    else:
        (exports / "agents.csv").rename(exports / "agents_2.csv")
    assert sum(key is not None for key in watcher.looks(4)) == 1


def test_a_run_that_failed_is_not_asked_for_again_until_something_changes(exports: Path) -> None:
    watcher = Watcher(exports)
    assert watcher.looks(2)[1] is not None  # and it fails: nothing is published
    os.utime(exports / "tickets.csv", (1, 1))
    assert watcher.looks(3) == [None] * 3
    assert (
        "see that run"
        in look(
            exports, watcher.out, Memory(watcher.look().memory.seen, "", fingerprint(exports))
        ).words
    )


def test_going_back_to_earlier_files_asks_again_under_another_key(exports: Path) -> None:
    watcher = Watcher(exports)
    tickets = exports / "tickets.csv"
    keys = []
    for content in ("ticket_id\nT1\n", "ticket_id\nT2\n", "ticket_id\nT1\n"):
        tickets.write_text(content, encoding="utf-8")
        keys += [key for key in watcher.looks(3) if key]
        publish(watcher.out, exports)
    assert len(keys) == len(set(keys)) == 3


def test_other_files_in_the_folder_do_not_matter(exports: Path) -> None:
    watcher = Watcher(exports)
    publish(watcher.out, exports)
    watcher.looks(2)
    (exports / "notes.txt").write_text("hello", encoding="utf-8")
    (exports / "~$tickets.xlsx").write_text("lock", encoding="utf-8")
    assert watcher.looks(3) == [None] * 3


def test_a_change_while_the_contents_are_read_is_waited_for(
    exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(exports)
    watcher.look()

    def slow(folder: Path, _: object) -> str:
        (folder / "tickets.csv").write_text("ticket_id\nT1\nT2\n", encoding="utf-8")
        return fingerprint(folder)

    monkeypatch.setattr(watching, "fingerprint", slow)
    assert watcher.look().run_key is None
    monkeypatch.undo()
    assert [key is not None for key in watcher.looks(3)] == [False, True, False]


def test_a_folder_that_is_gone_is_said_and_forgotten(exports: Path) -> None:
    watcher = Watcher(exports)
    watcher.looks(2)
    exports.rename(exports.with_name("moved"))
    found = watcher.look()
    assert found.run_key is None
    assert str(exports) in found.words
    exports.with_name("moved").rename(exports)
    assert watcher.looks(3) == [None] * 3, "the same files as before"


@pytest.mark.parametrize("text", ["", None, "not json", "[1]", '{"other": 1}', "7"])
def test_a_memory_that_cannot_be_read_is_a_new_one(text: str | None) -> None:
    assert Memory.from_json(text) == Memory()


def test_a_warehouse_that_cannot_be_read_is_no_result(tmp_path: Path) -> None:
    assert published_fingerprint(tmp_path) is None
    (tmp_path / "warehouse.duckdb").write_text("not a database", encoding="utf-8")
    assert published_fingerprint(tmp_path) is None
