"""Text in any encoding written again as UTF-8, and what a look at it tells.

A large file in a Chinese encoding is divided at line ends and written by several processes, as
Python decodes on one core at a time: this file is then run as a script, once for each part. So
it imports nothing but the standard library, and a process is up in a few hundredths of a second.

Belongs here: the bytes, chunk by chunk; memory stays flat. Does not belong here: which encoding
it is, and what is said of a file in none (``decoding``).
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1 << 16
"""What is decoded at a time: all that is made of it fits into a core's own cache."""

_PART_BYTES = 16 << 20
"""No part of a file that is divided is smaller."""

_LONGEST_LINE = 1 << 20
# No character of theirs has a line end for its second byte, or any later one.
_DIVISIBLE = ("gb18030", "gbk", "gb2312")
# Blanks other than spaces, and full-width forms, in UTF-8: no-break space, Unicode and
# zero-width spaces, the ideographic space, U+FEFF, U+FFxx. By first byte, which is quick to
# look for and mostly not there.
_ASCII_BLANKS = (b"\t", b"\v", b"\f")
_UNPLAIN = {
    b"\xc2": (b"\xc2\x85", b"\xc2\xa0"),
    b"\xe1": (b"\xe1\x9a\x80",),
    b"\xe2": (b"\xe2\x80", b"\xe2\x81", b"\xe2\x88\x92"),
    b"\xe3": (b"\xe3\x80\x80",),
    b"\xef": (b"\xef\xbb\xbf", b"\xef\xbc", b"\xef\xbd"),
}


@dataclass
class Look:
    """What a text in UTF-8 is made of, told chunk by chunk.

    ``pairs`` are returns with a newline behind them; ``last`` is the last byte. ``is_plain`` is
    what ``values.Reading`` means by it, but for line ends. ``pieces`` are the bytes and newlines
    of each chunk, by which a line is found again.
    """

    newlines: int = 0
    returns: int = 0
    pairs: int = 0
    has_nul: bool = False
    is_plain: bool = True
    last: str = ""
    pieces: list[tuple[int, int]] = field(default_factory=list, compare=False)

    @property
    def lines(self) -> int:
        """Line ends, and a last line without one."""
        return self.newlines + (self.last not in ("", "\n"))

    @property
    def is_regular(self) -> bool:
        """Whether line ends are all alike and no NUL byte is there."""
        return not self.has_nul and (
            self.returns == 0 or self.returns == self.pairs == self.newlines
        )

    def take(self, chunk: bytes) -> None:
        """Look at the next chunk, of whole characters."""
        newlines = chunk.count(b"\n")
        self.pieces.append((len(chunk), newlines))
        self.newlines += newlines
        if not self.last:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        self.is_plain = self.is_plain and is_plain(chunk)
        self.pairs += self.last == "\r" and chunk[:1] == b"\n"
        if b"\r" in chunk:
            self.returns += chunk.count(b"\r")
            self.pairs += chunk.count(b"\r\n")
        self.has_nul = self.has_nul or b"\0" in chunk
        self.last = chunk[-1:].decode("latin-1") or self.last

    def add(self, other: Look) -> None:
        """Count in the part that follows, which begins on a line of its own."""
        self.newlines += other.newlines
        self.returns += other.returns
        self.pairs += other.pairs
        self.has_nul = self.has_nul or other.has_nul
        self.is_plain = self.is_plain and other.is_plain
        self.last = other.last
        self.pieces += other.pieces


@dataclass(frozen=True)
class Unfit:
    """The place of a byte that is not of the encoding: from 0, and its line, from 1."""

    byte: int
    line: int


def is_plain(text: bytes) -> bool:
    """Whether no blank but spaces and line ends, and nothing full-width, is in a text in UTF-8."""
    if any(blank in text for blank in _ASCII_BLANKS):
        return False
    return text.isascii() or not any(
        first in text and any(mark in text for mark in marks) for first, marks in _UNPLAIN.items()
    )


def look(path: Path) -> Look | Unfit:
    """One pass over the bytes: are they UTF-8, how many lines, is anything irregular."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    found = Look()
    position = 0
    begun = b""
    for chunk in _chunks(path, 0, path.stat().st_size):
        kept = len(begun)
        if kept or not chunk.isascii():
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                start = max(error.start - kept, 0)
                line = found.newlines + chunk[:start].count(b"\n") + 1
                return Unfit(position + error.start - kept, line)
        text = begun + chunk if begun else chunk
        begun = decoder.getstate()[0]  # what is cut is looked at with its other half
        found.take(text.removesuffix(begun))
        position += len(chunk)
    return Unfit(position, found.newlines + 1) if begun else found


def transcode(source: Path, target: Path, encoding: str) -> Look | Unfit:
    """Write the text as UTF-8, and look at it on the way."""
    places = _places(source, encoding)
    found = _in_processes(source, target, encoding, places) if len(places) > 2 else None  # noqa: PLR2004 - parts
    return found or _transcode(source, target, encoding, 0, places[-1])


def _places(source: Path, encoding: str) -> list[int]:
    """Where parts of a file begin, each on a line of its own, and where the last one ends."""
    size = source.stat().st_size
    parts = min(os.cpu_count() or 1, size // _PART_BYTES)
    places = [0]
    if codecs.lookup(encoding).name in _DIVISIBLE:
        with source.open("rb") as text:
            for part in range(1, parts):
                text.seek(max(size * part // parts, places[-1]))
                if not text.readline(_LONGEST_LINE).endswith(b"\n"):
                    break
                places.append(text.tell())
    return [*places, size]


def _in_processes(
    source: Path, target: Path, encoding: str, places: list[int]
) -> Look | Unfit | None:
    """Each part by a process of its own; None when one of them could not do its work.

    It is done in this process then, which says why it cannot be done, if that is so.
    """
    later = [target.with_name(f"{target.name}.{part}") for part in range(1, len(places) - 1)]
    found = Look()
    with contextlib.ExitStack() as stack:
        for part in later:
            stack.callback(part.unlink, missing_ok=True)
        running = []
        for part, (first, end) in zip((target, *later), pairwise(places), strict=True):
            command = [sys.executable, "-I", "-S", __file__, source, part, encoding, first, end]
            try:
                process = subprocess.Popen(  # noqa: S603 - this file
                    list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
            except OSError:
                return None
            stack.enter_context(process)
            stack.callback(process.kill)
            running.append(process)
        for process in running:
            answer, _ = process.communicate()
            if process.returncode:
                return None
            said = json.loads(answer)
            if "byte" in said:
                return Unfit(said["byte"], said["line"] + found.newlines)
            found.add(Look(**said))
        with target.open("ab") as whole:
            for part in later:
                with part.open("rb") as text:
                    shutil.copyfileobj(text, whole)
    return found


def _transcode(source: Path, target: Path, encoding: str, first: int, end: int) -> Look | Unfit:
    """Write the bytes from ``first`` to before ``end`` as UTF-8; lines count from there."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    found = Look(last="\n" if first else "")
    position = first
    with target.open("wb") as out:
        for chunk in _chunks(source, first, end):
            kept = len(decoder.getstate()[0])
            is_last = position + len(chunk) == end
            try:
                text = decoder.decode(chunk, final=is_last)
            except UnicodeDecodeError as error:
                start = max(error.start - kept, 0)
                line = found.newlines + chunk[:start].count(b"\n") + 1
                return Unfit(position + error.start - kept, line)
            written = text.encode("utf-8", "replace")
            out.write(written)
            found.take(written)
            position += len(chunk)
    return found


def _chunks(path: Path, first: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while chunk := file.read(min(CHUNK_BYTES, end - first)):
            first += len(chunk)
            yield chunk


def _main(source: str, target: str, encoding: str, first: str, end: str) -> None:
    found = _transcode(Path(source), Path(target), encoding, int(first), int(end))
    json.dump(asdict(found), sys.stdout)


if __name__ == "__main__":
    _main(*sys.argv[1:])
