"""A result is put in place whole or not at all, whenever its process dies."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import duckdb
import pytest

from pipelines import publish
from pipelines.errors import DataError, UsageError
from pipelines.warehouse import open_beside, open_reader, open_warehouse

OLD = {"warehouse.duckdb": "old", "report/index.html": "old", "report/gone/page.html": "old"}
NEW = {"warehouse.duckdb": "new", "report/index.html": "new", "report/zh/page.html": "new"}

# Publishes the files of argv[3] into argv[1] and kills itself just before the nth change
# it makes to the file system (argv[2]).
KILLED_RUN = textwrap.dedent(
    """
    import json, os, pathlib, signal, sys
    from pipelines import publish

    out, steps, files = pathlib.Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    done = 0

    def count(event, arguments):
        global done
        if event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}:
            done += 1
            if done == steps:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    with publish.only_run(out) as building:
        for name, text in files.items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_text(text)
        publish.publish(out)
    """
)


def put(out: Path, files: dict[str, str]) -> None:
    with publish.only_run(out) as building:
        for name, text in files.items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_text(text, encoding="utf-8")
        publish.publish(out)


def visible(out: Path) -> dict[str, str]:
    """What a person sees in OUT: everything but names that start with a dot."""
    return {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.relative_to(out).as_posix().startswith(".")
    }


def test_a_result_replaces_the_last_one_and_removes_what_it_no_longer_has(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    put(tmp_path, NEW)
    assert visible(tmp_path) == NEW
    assert not (tmp_path / "report/gone").exists()
    assert not (tmp_path / publish.BUILDING).exists()


def test_files_of_others_in_out_are_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "report" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine", encoding="utf-8")
    put(tmp_path, OLD)
    put(tmp_path, NEW)
    assert notes.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("content", ["", "[", "\0\0"])
def test_a_list_that_cannot_be_read_stops_no_run(content: str, tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / publish.PUBLISHED).write_text(content, encoding="utf-8")
    put(tmp_path, NEW)
    assert visible(tmp_path) == NEW | {"report/gone/page.html": "old"}


def test_a_run_that_does_not_publish_leaves_out_as_it_was(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    with pytest.raises(ZeroDivisionError), publish.only_run(tmp_path) as building:
        (building / "warehouse.duckdb").write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert visible(tmp_path) == OLD
    assert not (tmp_path / publish.BUILDING).exists()


def test_a_warehouse_with_unmerged_changes_is_not_published(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    with (
        pytest.raises(DataError, match=r"could not be closed.*Free some space"),
        publish.only_run(tmp_path) as building,
    ):
        (building / "warehouse.duckdb").write_text("new", encoding="utf-8")
        (building / "warehouse.duckdb.wal").write_text("not merged", encoding="utf-8")
        publish.publish(tmp_path)
    assert visible(tmp_path) == OLD


def test_changes_left_beside_the_old_warehouse_do_not_reach_the_new_one(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "warehouse.duckdb.wal").write_text("of the old one", encoding="utf-8")
    put(tmp_path, NEW)
    assert visible(tmp_path) == NEW


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_before_any_change_the_last_result_stays_and_the_next_run_repairs(
    tmp_path: Path,
) -> None:
    before = after = 0
    for step in range(1, 60):
        out = tmp_path / f"killed_{step}"
        put(out, OLD)
        run = subprocess.run(
            [sys.executable, "-c", KILLED_RUN, str(out), str(step), json.dumps(NEW)],
            check=False,
        )
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL
        seen = visible(out)
        was_ready = (out / publish.BUILDING / publish.READY).exists()
        was_finished = (out / publish.PUBLISHED).read_text(encoding="utf-8") == json.dumps(
            sorted(NEW), indent=0
        )
        for name in OLD.keys() & NEW.keys():
            assert seen[name] in {"old", "new"}, f"step {step}: {name}"
        if not was_ready and not was_finished:
            assert seen == OLD, f"step {step}: something moved before the result was whole"
            before += 1
        with publish.only_run(out) as building:
            assert list(building.iterdir()) == []
        whole = was_ready or was_finished
        assert visible(out) == (NEW if whole else OLD), f"step {step}: not repaired"
        after += whole
    else:
        pytest.fail("the run never came to its end")
    assert visible(out) == NEW
    assert before >= 5, "the kills must cover the time before the result is whole"
    assert after >= 5, "and the time after"


def whole_but_not_in_place(out: Path) -> None:
    """As a run leaves it that is killed before its first move."""
    put(out, OLD)
    with publish.only_run(out) as building:
        for name, text in NEW.items():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            (building / name).write_text(text, encoding="utf-8")
        (building / publish.READY).write_text(json.dumps(sorted(NEW)), encoding="utf-8")


def test_whoever_reads_next_finishes_what_was_whole(tmp_path: Path) -> None:
    whole_but_not_in_place(tmp_path)
    publish.settle(tmp_path)
    assert visible(tmp_path) == NEW
    assert not (tmp_path / publish.BUILDING).exists()


def test_what_reads_the_warehouse_finishes_it_first(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    with pytest.raises(UsageError, match="There is no warehouse"):
        open_reader(warehouse)
    with publish.only_run(tmp_path) as building:
        duckdb.connect(str(building / warehouse.name)).close()
        (building / publish.READY).write_text(f'["{warehouse.name}"]', encoding="utf-8")
    assert not warehouse.exists()
    open_reader(warehouse).close()
    assert warehouse.exists()


def test_a_reader_leaves_alone_what_is_not_whole_and_what_a_run_is_at(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    half = tmp_path / publish.BUILDING / "warehouse.duckdb"
    half.parent.mkdir()
    half.write_text("half", encoding="utf-8")
    publish.settle(tmp_path)
    assert half.exists(), "a run may be building it"
    with publish.only_run(tmp_path) as building:
        (building / publish.READY).write_text("[]", encoding="utf-8")
        publish.settle(tmp_path)
        assert visible(tmp_path) == OLD, "the run moves its result itself"


def test_a_reader_of_an_out_without_result_makes_nothing_there(tmp_path: Path) -> None:
    publish.settle(tmp_path / "nowhere")
    publish.settle(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_next_run_says_what_it_did_with_what_it_found(tmp_path: Path) -> None:
    said: list[str] = []
    whole_but_not_in_place(tmp_path)
    with publish.only_run(tmp_path, tell=said.append):
        pass
    assert said == ["The last run ended before its result was in place; now it is."]
    (tmp_path / publish.BUILDING).mkdir()
    for _ in range(2):
        with publish.only_run(tmp_path, tell=said.append):
            pass
    assert said[1:] == [
        "The last run was ended before its result was whole; what it had built is thrown away."
    ], "once"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_repair_that_is_killed_is_repaired_by_the_next(tmp_path: Path) -> None:
    whole_but_not_in_place(tmp_path)
    for step in (1, 2, 3, 4):
        subprocess.run(
            [sys.executable, "-c", KILLED_RUN, str(tmp_path), str(step), json.dumps(NEW)],
            check=False,
        )
    publish.repair(tmp_path)
    assert visible(tmp_path) == NEW


def test_a_second_run_on_the_same_out_is_told_who_has_it(tmp_path: Path) -> None:
    with (
        publish.only_run(tmp_path),
        pytest.raises(DataError, match=rf"Another run .*process {os.getpid()}, started"),
        publish.only_run(tmp_path),
    ):
        pytest.fail("two runs at once")
    with publish.only_run(tmp_path):
        pass  # free again


def test_the_lock_of_a_killed_run_is_gone_with_it(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from pipelines import publish\n"
        "with publish.only_run(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert run.returncode != 0
    with publish.only_run(tmp_path) as building:
        assert building.is_dir()


def test_a_file_in_the_place_of_out_is_wrong_usage(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file"), publish.only_run(file):
        pass


@pytest.mark.parametrize("name", ["why?", "a%20b"])
def test_signs_the_libraries_read_as_something_else_are_wrong_usage(
    name: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(UsageError, match="Name another"),
        publish.only_run(tmp_path / name / "out"),
    ):
        pass
    assert not (tmp_path / name).exists()


def test_out_may_be_called_like_a_kind_of_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = Path("sqlite:100%")
    with publish.only_run(out):
        file = out / "warehouse.duckdb"
        with open_warehouse(file) as con:
            con.execute("create table meta.one as select 1 as number")
    with open_reader(file) as con:
        assert con.execute("select number from meta.one").fetchall() == [(1,)]
    with open_beside(file) as con:
        assert con.execute("select number from meta.one").fetchall() == [(1,)]


def test_a_parent_that_is_a_file_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with (
        pytest.raises(UsageError, match="cannot be written to"),
        publish.only_run(tmp_path / "out" / "deeper"),
    ):
        pass


@pytest.mark.parametrize("held", ["warehouse.duckdb", "report/gone/page.html"])
def test_while_one_file_is_held_nothing_is_moved(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = type(tmp_path).rename

    def as_on_windows(path: Path, target: Path) -> Path:
        if path == tmp_path / held:
            raise PermissionError(errno.EACCES, "used by another process", path, None, target)
        return rename(path, target)

    put(tmp_path, OLD)
    monkeypatch.setattr(type(tmp_path), "rename", as_on_windows)
    with pytest.raises(DataError, match=rf"{held} cannot be replaced .*used by another .*Close"):
        put(tmp_path, NEW)
    assert visible(tmp_path) == OLD
    monkeypatch.undo()
    publish.repair(tmp_path)
    assert visible(tmp_path) == NEW


def test_what_a_killed_run_left_and_cannot_be_removed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, OLD)
    (tmp_path / publish.BUILDING).mkdir()

    def refuse(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "used by another process", str(folder / "some.file"))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with (
        pytest.raises(DataError, match=r"used by another process: .*some\.file.* run again"),
        publish.only_run(tmp_path),
    ):
        pytest.fail("on top of what another left")
    assert visible(tmp_path) == OLD


def test_something_that_cannot_be_replaced_is_said_and_waits(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    (tmp_path / "warehouse.duckdb").unlink()
    (tmp_path / "warehouse.duckdb").mkdir()
    with pytest.raises(DataError, match=r"warehouse\.duckdb cannot be replaced"):
        put(tmp_path, NEW)
    (tmp_path / "warehouse.duckdb").rmdir()
    publish.repair(tmp_path)
    assert visible(tmp_path) == NEW
