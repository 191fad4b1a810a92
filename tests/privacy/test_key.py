"""The key of the pseudonyms: where it comes from, who can read it, what is refused."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import UsageError
from pipelines.privacy.key import SHORTEST, VARIABLE, discretion
from pipelines.settings_file import Privacy

if TYPE_CHECKING:
    from pathlib import Path


def key(path: Path | None, out: Path, variable: str | None = None) -> bytes:
    privacy = Privacy(names="omit").model_copy(update={"key_file": path})
    environment = {} if variable is None else {VARIABLE: variable}
    found = discretion(privacy, out, environment)
    assert found is not None
    return found.key


def test_nothing_hidden_needs_no_key_and_makes_none(tmp_path: Path) -> None:
    privacy = Privacy().model_copy(update={"key_file": tmp_path / "key"})
    assert discretion(privacy, tmp_path / "out", {}) is None
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    first = key(path, tmp_path / "out")
    assert key(path, tmp_path / "out") == first
    assert len(first) == 64
    assert [file.name for file in path.parent.iterdir()] == ["key"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_deployments_have_two_keys(tmp_path: Path) -> None:
    assert key(tmp_path / "one", tmp_path / "out") != key(tmp_path / "two", tmp_path / "out")


def test_the_variable_goes_before_the_file(tmp_path: Path) -> None:
    given = "k" * SHORTEST
    assert key(tmp_path / "key", tmp_path / "out", given) == given.encode()
    assert not (tmp_path / "key").exists()


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    assert len(key(tmp_path / "key", tmp_path / "out", "  ")) == 64


@pytest.mark.parametrize(("length", "is_enough"), [(SHORTEST - 1, False), (SHORTEST, True)])
def test_a_key_that_could_be_guessed_is_refused(
    tmp_path: Path, length: int, *, is_enough: bool
) -> None:
    (tmp_path / "key").write_text("k" * length + "\n", encoding="utf-8")
    for variable in ("k" * length, None):
        if is_enough:
            assert key(tmp_path / "key", tmp_path / "out", variable) == b"k" * length
        else:
            with pytest.raises(UsageError, match=f"has {length} characters") as stopped:
                key(tmp_path / "key", tmp_path / "out", variable)
            assert "k" * length not in str(stopped.value)


@pytest.mark.parametrize("place", ["key", "report/key", "deep/../key"])
def test_a_key_within_the_result_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError, match="lies in the result folder"):
        key(tmp_path / "out" / place, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_a_place_for_it_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"Set {VARIABLE}, or name a file as privacy\.key_file"):
        key(None, tmp_path / "out")


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    with pytest.raises(UsageError, match="cannot be read or made"):
        key(tmp_path / "key", tmp_path / "out")


def test_what_is_hidden_can_be_logged_without_its_key(tmp_path: Path) -> None:
    found = discretion(Privacy(names="omit"), tmp_path, {VARIABLE: "s" * 20})
    assert "s" * 20 not in repr(found)
    assert "names='omit'" in repr(found)
