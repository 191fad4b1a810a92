"""A file in parts: whatever is divided, and wherever, comes out as if it were written in one go."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DataError
from pipelines.exports import decoding, transcoding

if TYPE_CHECKING:
    from pathlib import Path

CORES = 3

lines = st.lists(
    st.text(st.sampled_from('aé一龥𠀀\t\r\0　﻿1,"'), max_size=6), min_size=1, max_size=40
)


@pytest.fixture
def divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine of three cores, where no file is too small to be divided."""
    monkeypatch.setattr(transcoding, "_PART_BYTES", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: CORES)


def in_one_go(source: Path, encoding: str) -> bytes:
    return source.read_bytes().decode(encoding).encode()


@pytest.mark.usefixtures("divided")
@settings(max_examples=40)
@given(lines=lines, end=st.sampled_from(["\n", "\r\n"]), is_ended=st.booleans())
def test_parts_make_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    end: str,
    is_ended: bool,  # noqa: FBT001 - drawn
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    source, target, once = folder / "source", folder / "target", folder / "once"
    source.write_bytes((end.join(lines) + end * is_ended).encode("gb18030"))
    size = source.stat().st_size
    alone = transcoding._transcode(source, once, "gb18030", 0, size)  # noqa: SLF001 - what it is held to
    found = transcoding.transcode(source, target, "gb18030")
    assert target.read_bytes() == in_one_go(source, "gb18030")
    assert found == alone
    assert isinstance(found, transcoding.Look)
    written, place = target.read_bytes(), 0
    for size, ended in found.pieces:
        assert written[place : place + size].count(b"\n") == ended
        place += size
    assert place == len(written)
    assert sorted(path.name for path in folder.iterdir()) == ["once", "source", "target"]


@settings(max_examples=400)
@given(
    st.text(st.sampled_from("a一𠀀\u00a0\u2009\u3000\ufeff１\n"), max_size=12), st.integers(1, 7)
)
def test_what_a_chunk_cuts_in_two_is_seen_all_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: str, size: int
) -> None:
    written = ("一" + text).encode()
    file = tmp_path_factory.mktemp("cut") / "file"
    file.write_bytes(written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcoding, "CHUNK_BYTES", size)
        found = transcoding.look(file)
    assert isinstance(found, transcoding.Look)
    assert found.is_plain == transcoding.is_plain(written)
    assert sum(size for size, _ in found.pieces) == len(written)
    assert sum(ended for _, ended in found.pieces) == found.newlines == text.count("\n")


@settings(max_examples=400)
@given(
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\0"]), max_size=12), st.integers(1, 5)
)
def test_lines_are_regular_if_they_end_alike(pieces: list[bytes], size: int) -> None:
    text = b"".join(pieces)
    found = transcoding.Look()
    for start in range(0, len(text), size):
        found.take(text[start : start + size])
    ends = set(re.findall(rb"\r\n|\r|\n", text))
    assert found.is_regular == (b"\0" not in text and ends in (set(), {b"\n"}, {b"\r\n"}))
    assert found.lines == len(re.findall(rb"[^\n]*\n|[^\n]+\Z", text))


@pytest.mark.usefixtures("divided")
def test_a_file_is_divided_where_a_line_begins(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes("\n".join(["成都"] * 30).encode("gbk"))
    places = transcoding._places(source, "gbk")  # noqa: SLF001 - where else to see it
    assert len(places) == CORES + 1
    text = source.read_bytes()
    assert [text[place - 1 : place] for place in places[1:-1]] == [b"\n"] * (CORES - 1)
    assert places[-1] == len(text)


@pytest.mark.usefixtures("divided")
@pytest.mark.parametrize(
    ("encoding", "text"),
    [("utf-16", "a\n" * 30), ("cp1252", "é\n" * 30), ("gbk", "没有换行" * (1 << 19))],
    ids=["line ends of two bytes", "quick to decode", "one long line"],
)
def test_what_is_not_divided(tmp_path: Path, encoding: str, text: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(text.encode(encoding))
    assert transcoding._places(source, encoding) == [0, source.stat().st_size]  # noqa: SLF001 - as above


@pytest.mark.usefixtures("divided")
@pytest.mark.parametrize("line", [1, 2, 150, 299, 300])
def test_a_byte_that_does_not_fit_is_told_by_its_place_in_the_whole(
    tmp_path: Path, line: int
) -> None:
    rows = ["T1,成都,服务器无法访问".encode("gb18030")] * 300
    rows[line - 1] = b"T1,\x81\x20,"
    (tmp_path / "tickets.csv").write_bytes(b"\n".join(rows))
    place = sum(len(row) + 1 for row in rows[: line - 1]) + 3
    found = transcoding.transcode(tmp_path / "tickets.csv", tmp_path / "out", "gb18030")
    assert found == transcoding.Unfit(place, line)
    with pytest.raises(DataError, match=rf"byte {place:,} \(line {line:,}\) does not fit"):
        decoding.decode(tmp_path / "tickets.csv", "tickets.csv", "gb18030", tmp_path)


@pytest.mark.parametrize("before", range(4))
def test_a_byte_that_does_not_fit_behind_half_a_character(tmp_path: Path, before: int) -> None:
    """The chunk ends within a character; what is wrong in the next one has its own place."""
    text = b"a" * (transcoding.CHUNK_BYTES - 3 + before) + "成𠀀".encode("gb18030")
    (tmp_path / "source").write_bytes(text + b"\xff")
    found = transcoding.transcode(tmp_path / "source", tmp_path / "out", "gb18030")
    assert found == transcoding.Unfit(len(text), 1)


@pytest.mark.usefixtures("divided")
def test_without_processes_it_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
    source = tmp_path / "source"
    source.write_bytes("成都\n".encode("gbk") * 30)
    found = transcoding.transcode(source, tmp_path / "target", "gbk")
    assert found == transcoding.Look(newlines=30, last="\n")
    assert (tmp_path / "target").read_bytes() == in_one_go(source, "gbk")


@pytest.mark.usefixtures("divided")
def test_a_part_that_cannot_be_written_is_said_as_ever(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes("成都\n".encode("gbk") * 30)
    with pytest.raises(FileNotFoundError):
        transcoding.transcode(source, tmp_path / "no folder" / "target", "gbk")
