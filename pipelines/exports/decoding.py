"""Bytes of a text file as UTF-8, whatever they were, and what a look at them tells.

Belongs here: unpacking, detection of the encoding, what is said of a text in none. Does not
belong here: writing it as UTF-8 (``transcoding``); delimiters, headers, rows (``text_files``).
Everything is a stream: memory stays flat.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pipelines.errors import DataError
from pipelines.exports import transcoding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

_CHUNK_BYTES = 1 << 18
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


@dataclass(frozen=True)
class Decoded:
    """A text file in UTF-8 (``path``, perhaps a temporary copy) and what it is made of.

    ``lines`` counts line ends, and a last line without one. ``is_regular`` says that line ends
    are all alike and no NUL byte is in it: there are then as many rows as lines, or fewer when
    a line is blank or a quoted cell holds a line break. ``is_plain`` is what
    ``values.Reading`` means by it, ``pieces`` what ``transcoding.Look`` does.
    """

    path: Path
    encoding: str
    lines: int
    is_regular: bool
    is_plain: bool
    pieces: list[tuple[int, int]]


def temporary(folder: Path, what: str, name: str) -> Path:
    """Where a text is put that is made of the file ``name``, however long that is."""
    return folder / f"{what}-{hashlib.sha256(os.fsencode(name)).hexdigest()}.txt"


def unpack(path: Path, temp_dir: Path) -> Path:
    """A gzipped file, or a zip of one, as a plain file in ``temp_dir``.

    Raises:
        DataError: it is not packed so, is cut short, holds several files or none, or grows
            beyond the limits.
    """
    target = temporary(temp_dir, "unpacked", path.name)
    packed_bytes, written = path.stat().st_size, 0
    try:
        with _packed(path) as packed, target.open("wb") as plain:
            while chunk := packed.read(_CHUNK_BYTES):
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
            # not member.is_dir(), which fails of a name that a broken zip leaves empty
            if not member.filename.endswith("/") and not member.filename.startswith("__MACOSX/")
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
        looked = transcoding.look(path)
        if isinstance(looked, transcoding.Look):
            return _decoded(path, found or "utf-8", looked)
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
    target = temporary(temp_dir, "decoded", name)
    written = transcoding.transcode(path, target, found)
    if isinstance(written, transcoding.Unfit):
        raise _undecodable(name, found, written.byte, written.line, encoding)
    return _decoded(target, found, written)


def _decoded(path: Path, encoding: str, look: transcoding.Look) -> Decoded:
    return Decoded(path, encoding, look.lines, look.is_regular, look.is_plain, look.pieces)


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
