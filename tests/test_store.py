"""The store of closed months: versions come whole, stay as they are, and tell when they do not."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import textwrap
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipelines.months import store

if TYPE_CHECKING:
    from pathlib import Path

MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)

# Adds the version argv[2] of 2025-06 to argv[1] and kills itself just before the nth change it
# makes to the file system (argv[3]), opening a file to write it included.
KILLED = textwrap.dedent(
    """
    import os, pathlib, signal, sys
    from datetime import date
    from pipelines.months import store

    out, text, steps = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    done = 0

    def count(event, arguments):
        global done
        writes = event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        if writes or event in {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}:
            done += 1
            if done == steps:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    with store.new_version(out, date(2025, 6, 1), {"reason": text}) as folder:
        (folder / "tables").mkdir()
        (folder / "tables" / "a.txt").write_text(text, encoding="utf-8")
        (folder / "b.txt").write_text(text, encoding="utf-8")
    """
)


def add(out: Path, month: date, text: str) -> store.Version:
    with store.new_version(out, month, {"reason": text}) as folder:
        (folder / "tables").mkdir()
        (folder / "tables" / "a.txt").write_text(text, encoding="utf-8")
        (folder / "b.txt").write_text(text, encoding="utf-8")
    return store.latest(out)[month]


def told(out: Path) -> list[str]:
    """What a check says, the folder left out."""
    return [one.message.replace(f"{out}/", "") for one in store.check(out)]


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """May, June, and June once more."""
    add(tmp_path, MAY, "may")
    add(tmp_path, JUNE, "june")
    add(tmp_path, JUNE, "june again")
    return tmp_path


def contents(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_nothing_published_has_no_problems_and_no_versions(tmp_path: Path) -> None:
    assert not store.is_used(tmp_path)
    assert store.versions(tmp_path) == []
    assert store.check(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_second_version_stands_beside_the_first(three: Path) -> None:
    names = [version.name for version in store.versions(three)]
    assert names == ["2025-05/v1", "2025-06/v1", "2025-06/v2"]
    first = three / "published/2025-06/v1/b.txt"
    assert first.read_text(encoding="utf-8") == "june"
    assert store.latest(three)[JUNE].manifest["reason"] == "june again"
    assert store.check(three) == []


def test_each_manifest_names_its_files_and_the_one_published_before_it(three: Path) -> None:
    may, june, again = store.versions(three)
    assert may.manifest["previous"] is None
    assert june.manifest["previous"] == may.seal
    assert again.manifest["previous"] == june.seal
    content = hashlib.sha256(b"june again").hexdigest()
    assert again.manifest["files"] == {
        "b.txt": {"sha256": content, "bytes": 10},
        "tables/a.txt": {"sha256": content, "bytes": 10},
    }


def test_the_chain_is_over_the_whole_store_in_order_of_publishing(tmp_path: Path) -> None:
    june, may = add(tmp_path, JUNE, "june first"), add(tmp_path, MAY, "may after it")
    assert may.manifest["previous"] == june.seal
    assert (may.manifest["place"], june.manifest["place"]) == (2, 1)
    assert store.check(tmp_path) == []


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum on this machine")
def test_sha256sum_checks_the_list(three: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "chain.sha256"],  # noqa: S607 - found above
        cwd=three / "published",
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_version_that_fails_to_be_made_is_not_there(three: Path) -> None:
    before = contents(three)
    with pytest.raises(ZeroDivisionError), store.new_version(three, JUNE, {}) as folder:
        (folder / "half.txt").write_text("half", encoding="utf-8")
        raise ZeroDivisionError
    assert contents(three) == before


def test_a_changed_file_is_told(three: Path) -> None:
    (three / "published/2025-06/v1/tables/a.txt").write_text("July", encoding="utf-8")
    (problem,) = told(three)
    assert problem.startswith(
        "published/2025-06/v1/tables/a.txt: was changed after it was published. Put the folder"
    )


def test_a_removed_file_and_one_put_beside_it_are_told(three: Path) -> None:
    (three / "published/2025-05/v1/b.txt").rename(three / "published/2025-05/v1/c.txt")
    gone, new = told(three)
    assert gone.startswith("published/2025-05/v1/b.txt: this file is gone")
    assert new.startswith("published/2025-05/v1/c.txt: was not there when it was published")


def test_a_manifest_made_to_fit_a_changed_file_is_told(three: Path) -> None:
    folder = three / "published/2025-06/v2"
    (folder / "b.txt").write_text("other", encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["b.txt"]["sha256"] = store.sha256(folder / "b.txt")
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (problem,) = told(three)
    assert problem.startswith("published/2025-06/v2/manifest.json: was changed after")


def test_versions_in_each_other_s_place_are_told(three: Path) -> None:
    june = three / "published/2025-06"
    (june / "v1").rename(june / "x")
    (june / "v2").rename(june / "v1")
    (june / "x").rename(june / "v2")
    assert [one.version for one in store.check(three)] == ["2025-06/v1", "2025-06/v2"]


@pytest.mark.parametrize("name", ["2025-05/v1", "2025-06/v1", "2025-06/v2"])
def test_a_removed_version_is_told_the_last_one_too(three: Path, name: str) -> None:
    shutil.rmtree(three / "published" / name)
    (problem,) = told(three)
    assert problem.startswith(f"published/{name}/manifest.json: this version is gone")


def test_a_version_removed_with_its_line_is_told(three: Path) -> None:
    shutil.rmtree(three / "published/2025-06/v2")
    chain = three / "published/chain.sha256"
    lines = chain.read_text(encoding="utf-8").splitlines(keepends=True)
    chain.write_text("".join(lines[:-1]), encoding="utf-8")
    (problem,) = told(three)
    assert "2025-06/v2 was published and is gone, and the list ends before it" in problem
    assert "delete .closed.sha256" in problem


def test_a_store_that_is_gone_as_a_whole_is_told(three: Path) -> None:
    shutil.rmtree(three / "published")
    assert store.is_used(three)
    assert "the list of published versions is gone" in told(three)[0]


def test_a_list_that_is_gone_or_garbled_is_told(three: Path) -> None:
    chain = three / "published/chain.sha256"
    kept = chain.read_text(encoding="utf-8")
    chain.write_text(kept + "one line more\n", encoding="utf-8")
    assert "holds lines that are not those of the list" in told(three)[0]
    chain.unlink()
    assert "the list of published versions is gone" in told(three)[0]


def test_a_version_slipped_in_between_is_told(three: Path) -> None:
    shutil.copytree(three / "published/2025-05/v1", three / "published/2025-04/v1")
    (problem,) = told(three)
    assert problem.startswith("published/2025-04/v1: this version is not in the list")


def test_another_chain_in_the_place_of_the_published_one_is_told(three: Path) -> None:
    other = three / "other"
    other.mkdir()
    for month, text in ((MAY, "kinder"), (JUNE, "june"), (JUNE, "june again")):
        add(other, month, text)
    assert store.check(other) == []
    shutil.rmtree(three / "published")
    (other / "published").rename(three / "published")
    (problem,) = [one for one in told(three) if "chain.sha256" in one]
    assert "line 1 was 2025-05/v1" in problem


def test_a_seal_noted_elsewhere_is_held_against_the_chain(three: Path) -> None:
    seal = store.latest(three)[MAY].seal
    assert store.check(three, seal) == []
    assert store.check(three, seal.upper()) == []
    (problem,) = store.check(three, "0" * 64)
    assert "no version with the seal 000" in problem.message
    assert len(store.check(three / "nowhere", seal)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("has_history", [False, True])
def test_killed_before_any_change_there_is_no_version_or_a_whole_one(
    tmp_path: Path, *, has_history: bool
) -> None:
    without = whole = unlisted = 0
    for step in range(1, 80):
        out = tmp_path / f"killed_{step}"
        out.mkdir()
        if has_history:
            add(out, MAY, "may")
            add(out, JUNE, "june")
        before = {version.name for version in store.versions(out)}
        done = subprocess.run([sys.executable, "-c", KILLED, out, "new", str(step)], check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert store.check(out) == [], f"step {step}: nothing is wrong with what is there"
        new = [version for version in store.versions(out) if version.name not in before]
        without += not new
        whole += len(new)
        for version in new:
            texts = {path.read_text(encoding="utf-8") for path in version.folder.rglob("*.txt")}
            assert texts == {"new"}, f"step {step}: not whole"
            chain = out / "published/chain.sha256"
            unlisted += not chain.exists() or version.seal not in chain.read_text(encoding="utf-8")
        next_one = add(out, JUNE, "after the kill")
        assert next_one.number == len([n for n in before if n[:7] == "2025-06"]) + len(new) + 1
        assert store.check(out) == [], f"step {step}: the next one repairs"
        leftovers = [path.name for path in (out / "published").iterdir()]
        assert ".building" not in leftovers
    else:
        pytest.fail("it never came to its end")
    assert without >= 6, "the kills must cover the time before the version is there"
    assert whole >= 2, "and the time after"
    assert unlisted >= 1, "and the moment between the version and the list"


def test_the_order_is_that_of_publishing_whatever_the_clock_said(tmp_path: Path) -> None:
    for year in (2031, 2025):  # the clock ran ahead, and was put right
        about = {"published_at": f"{year}-07-01T09:00:00+08:00"}
        with store.new_version(tmp_path, JUNE, about) as folder:
            (folder / "a.txt").write_text(f"{year}", encoding="utf-8")
    last = store.latest(tmp_path)[JUNE]
    assert (last.number, last.manifest["place"]) == (2, 2)
    assert last.manifest["published_at"].startswith("2025")
    assert store.check(tmp_path) == []
