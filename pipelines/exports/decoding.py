"""Bytes of a text file as UTF-8, whatever they were, and what a look at them tells.

Belongs here: unpacking, detection of the encoding, transcoding, line ends. Does not belong
here: delimiters, headers, rows (``text_files``). Everything is a stream: memory stays flat.
"""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, cast

from pipelines.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

CHUNK_BYTES = 1 << 18
MAX_UNPACKED_BYTES = 64 << 30
MAX_UNPACKING_RATIO = 400
"""A packed file that grows more than this, and beyond a gigabyte, is refused as a bomb."""

_RATIO_APPLIES_FROM_BYTES = 1 << 30
_ZIPPED_SUFFIXES = (".csv", ".tsv", ".txt")
_SHOWN_NAMES = 5
# The last two: a zip with a password, and one packed in a way Python does not know.
_UNPACKING_ERRORS = (
    *(OSError, EOFError, zlib.error, zipfile.BadZipFile),
    *(RuntimeError, NotImplementedError),
)
_SAMPLE_BYTES = 1 << 20
_LONGEST_CHARACTER = 4
_PLAUSIBLE_SHARE = 0.8
_PROOF_CHARS = 10
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
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


@dataclass(frozen=True)
class Decoded:
    """A text file in UTF-8 (``path``, perhaps a temporary copy) and what it is made of.

    ``lines`` counts line ends, and a last line without one. ``is_regular`` says that line ends
    are all alike and no NUL byte is in it: there are then as many rows as lines, or fewer when
    a line is blank or a quoted cell holds a line break. ``is_plain`` is what
    ``values.Reading`` means by it.
    """

    path: Path
    encoding: str
    lines: int
    is_regular: bool
    is_plain: bool


def unpack(path: Path, temp_dir: Path) -> Path:
    """A gzipped file, or a zip of one, as a plain file in ``temp_dir``.

    Raises:
        DataError: it is not packed so, is cut short, holds several files or none, or grows
            beyond the limits.
    """
    target = temp_dir / f"unpacked-{path.name}.txt"
    packed_bytes, written = path.stat().st_size, 0
    try:
        with _packed(path) as packed, target.open("wb") as plain:
            while chunk := packed.read(CHUNK_BYTES):
                written += len(chunk)
                is_bomb = written > max(
                    _RATIO_APPLIES_FROM_BYTES, MAX_UNPACKING_RATIO * packed_bytes
                )
                if is_bomb or written > MAX_UNPACKED_BYTES:
                    message = (
                        f"{path.name} unpacks to more than {MAX_UNPACKING_RATIO} times its size"
                        f" (limits: that, or {MAX_UNPACKED_BYTES >> 30} GiB)."
                        " Unpack it yourself if it is to be trusted."
                    )
                    raise DataError(message)
                plain.write(chunk)
    except _UNPACKING_ERRORS as error:
        message = (
            f"{path.name} cannot be unpacked: {error}."
            f" It is no whole {path.suffix[1:].lower()} file we can open;"
            " export it again, or put the file in it into the folder as it is."
        )
        raise DataError(message) from error
    return target


@contextmanager
def _packed(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of the one file packed in ``path``; its name in a zip leads nowhere."""
    if path.suffix.lower() == ".gz":
        with gzip.open(path, "rb") as unzipped:
            yield cast("IO[bytes]", unzipped)
        return
    with zipfile.ZipFile(path) as book:
        members = [
            member
            for member in book.infolist()
            if not member.is_dir() and not member.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1 or not members[0].filename.lower().endswith(_ZIPPED_SUFFIXES):
            names = ", ".join(repr(member.filename) for member in members[:_SHOWN_NAMES])
            message = (
                f"{path.name} must hold one text file ({', '.join(_ZIPPED_SUFFIXES)}), but holds"
                f" {len(members):,} ({names or 'nothing'})."
                " Unpack it and put the files of exports into the folder."
            )
            raise DataError(message)
        with book.open(members[0]) as file:
            yield file


def decode(path: Path, name: str, encoding: str | None, temp_dir: Path) -> Decoded:
    """The text file as UTF-8; ``encoding`` None means: find out.

    UTF-8 is tried first, strictly; then what a byte order mark says; then GB18030 (which
    holds GBK and GB2312), strictly and only if what comes out is Chinese.

    Raises:
        DataError: the file is empty, or the bytes are not in that or any known encoding.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if not sample.strip(b"\0 \t\r\n"):
        message = f"{name} is empty. Export it again, or take it out of the folder."
        raise DataError(message)
    found = encoding or _by_mark(sample)
    if found is None or codecs.lookup(found).name in ("utf-8", "utf-8-sig"):
        looked = _look(path)
        if isinstance(looked, _Look):
            return Decoded(path, found or "utf-8", looked.lines, looked.is_regular, looked.is_plain)
        if found is not None:
            raise _undecodable(name, found, looked.byte, looked.line, encoding)
        found = "gb18030"
        if _is_mixed(path, looked.byte):
            if path.stat().st_size - looked.byte < _LONGEST_CHARACTER:
                message = (
                    f"{name} ends within a character (byte {looked.byte:,}, line {looked.line:,}):"
                    " it was cut short. Export it again."
                )
                raise DataError(message)
            message = (
                f"{name} is UTF-8 up to byte {looked.byte:,} (line {looked.line:,}) and something"
                " else there: pieces in several encodings were put together. Export it again in"
                " one piece, or put each piece into the folder as a file of its own."
            )
            raise DataError(message)
        if not _is_chinese(sample):
            raise _undecodable(name, "utf-8", looked.byte, looked.line, encoding)
    target = temp_dir / f"decoded-{name}.txt"
    written = _transcode(path, target, found, name, encoding)
    return Decoded(target, found, written.lines, written.is_regular, written.is_plain)


def _by_mark(sample: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding
    head = sample[:4096]
    if len(head) >= 8 and head.count(0) > len(head) // 4:  # noqa: PLR2004 - four characters
        if not any(head[0::2]) or head[0::2].count(0) > head[1::2].count(0):
            return "utf-16-be"
        return "utf-16-le"
    return None


class _Look:
    """What a text in UTF-8 is made of, told chunk by chunk."""

    def __init__(self) -> None:
        self.newlines = 0
        self.is_plain = True
        self._returns = 0
        self._is_even = True
        self._last = b""

    @property
    def lines(self) -> int:
        """Line ends, and a last line without one."""
        return self.newlines + (self._last not in (b"", b"\n"))

    @property
    def is_regular(self) -> bool:
        """As ``Decoded`` says."""
        return self._is_even and self._returns in (0, self.newlines)

    def take(self, chunk: bytes) -> None:
        """Look at the next chunk; it may end within a character."""
        if not self._last:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        self.is_plain = self.is_plain and _is_plain(chunk, is_ascii=chunk.isascii())
        self.newlines += chunk.count(b"\n")
        self._returns += chunk.count(b"\r") if b"\r" in chunk else 0
        self._is_even = (
            self._is_even
            and b"\0" not in chunk
            and _has_even_lines(self._last or b"\n", chunk, has_returns=self._returns > 0)
        )
        self._last = chunk[-1:] or self._last


@dataclass(frozen=True)
class _Unfit:
    """The place of a byte that is not of the encoding."""

    byte: int
    line: int


def _look(path: Path) -> _Look | _Unfit:
    """One pass over the bytes: are they UTF-8, how many lines, is anything irregular."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    look = _Look()
    position = 0
    for chunk in _chunks(path):
        kept = len(decoder.getstate()[0])
        if kept or not chunk.isascii():
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                start = max(error.start - kept, 0)
                line = look.newlines + chunk[:start].count(b"\n") + 1
                return _Unfit(position + error.start - kept, line)
        look.take(chunk)
        position += len(chunk)
    return _Unfit(position, look.newlines + 1) if decoder.getstate()[0] else look


def _is_plain(text: bytes, *, is_ascii: bool) -> bool:
    if any(blank in text for blank in _ASCII_BLANKS):
        return False
    return is_ascii or not any(
        first in text and any(mark in text for mark in marks) for first, marks in _UNPLAIN.items()
    )


def _has_even_lines(last: bytes, text: bytes, *, has_returns: bool) -> bool:
    """Whether each newline of the chunk comes with a return, in a file that has returns.

    ``last`` is the byte before the chunk. With as many returns as newlines in the whole file,
    no return stands alone then either.
    """
    if not has_returns:
        return True
    pairs = text.count(b"\r\n") + (last == b"\r" and text[:1] == b"\n")
    return pairs == text.count(b"\n")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _is_chinese(sample: bytes) -> bool:
    """Whether the sample is GB18030 that reads as Chinese, not another code page by chance.

    The two bytes of everyday characters (GB2312) are both high. An accented letter of a Western
    code page pairs with the plain letter after it instead, and gives a rare character.
    """
    text = codecs.getincrementaldecoder("gb18030")("replace").decode(sample)
    foreign = "".join(char for char in text if not char.isascii())
    everyday = len(foreign.encode("gb2312", "ignore")) // 2
    return everyday >= _PLAUSIBLE_SHARE * len(foreign)


def _is_mixed(path: Path, bad_byte: int) -> bool:
    """Whether the text before a byte that is no UTF-8 was UTF-8, and not only ASCII.

    Read as GB18030 it would pass for Chinese, and be nonsense.
    """
    with path.open("rb") as file:
        file.seek(max(bad_byte - _SAMPLE_BYTES, 0))
        before = file.read(min(bad_byte, _SAMPLE_BYTES)).decode("utf-8", "ignore")
    return sum(not char.isascii() for char in before) >= _PROOF_CHARS


def _transcode(source: Path, target: Path, encoding: str, name: str, asked: str | None) -> _Look:
    """Write the text as UTF-8, and look at it on the way."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    look = _Look()
    position = 0
    with target.open("wb") as out:
        for chunk in chain(_chunks(source), [b""]):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line = look.newlines + 1 + chunk[: max(error.start, 0)].count(b"\n")
                raise _undecodable(name, encoding, position + error.start, line, asked) from error
            written = text.encode("utf-8", "replace")
            out.write(written)
            look.take(written)
            position += len(chunk)
    return look


def _undecodable(
    name: str, encoding: str, position: int, line: int, asked: str | None
) -> DataError:
    tried = f"{encoding} (as the mapping says)" if asked else f"{encoding} or any encoding we know"
    message = (
        f"{name} is not text in {tried}: byte {position:,} (line {line:,}) does not fit."
        " Save it as UTF-8, or name its encoding in a mapping file, such as encoding: gb18030"
        " or cp1252."
    )
    return DataError(message)
