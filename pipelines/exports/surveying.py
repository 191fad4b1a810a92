"""A look at a workbook before its cells are read: what would not fit, and what needs care.

Belongs here: limits, how far sheets reach, whether they hold errors or merged cells. Does not
belong here: the cells (``workbooks``) and what merged ones mean (``merging``).

The reader of cells takes memory for the whole rectangle up to the last cell, and for a shared
text as often as it is cited: a file of a few kilobytes can ask for more than any machine has.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import polars as pl

from pipelines.errors import DataError
from pipelines.exports.values import DAY_ZERO, DAY_ZERO_OF_1904

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

MAX_UNPACKED_BYTES = 4 << 30
MAX_UNPACKING_RATIO = 500
MAX_CELLS = 60_000_000
"""Rows times columns of a sheet; its cells take about 2 GB then."""
MAX_ROWS = 1_048_576
MAX_TEXT_BYTES = 4 << 30
MAX_CELL_BYTES = 4_000_000
"""A million characters, as in text files."""

_RATIO_APPLIES_FROM_BYTES = 200 << 20
_CHUNK_BYTES = 1 << 20
_LONGEST_TAG = 4096
_A_TO_Z = 26
# Of cells to column BE and row 1,048,576 there are as many as MAX_CELLS. Polars looks for it,
# several times as fast as Python: mostly there is none of it in a whole sheet.
_FAR_ADDRESS = (
    r"""r=["'](?:(?:[C-Zc-z][A-Za-z]|[Bb][F-Zf-z]|[A-Za-z]{3,})[0-9]|[A-Za-z]+[0-9]{7})"""
)
_CELL_WITHOUT_ADDRESS = r"""<c[>/]|<c\s(?:[^r]|r[^=]|r=[^"'])|:c[\s>/]"""
_NEEDS_CARE = f"{_FAR_ADDRESS}|{_CELL_WITHOUT_ADDRESS}|>#|mergeCell "
_FAR = re.compile(_FAR_ADDRESS.encode())
_WITHOUT_ADDRESS = re.compile(_CELL_WITHOUT_ADDRESS.encode())
_ADDRESS = re.compile(rb"""\sr=["']([A-Za-z]{1,9})(\d{1,18})["']""")
_CELL_BYTES = 30
"""A cell with a shared text takes at least so many bytes of its sheet."""
_FROM_1904 = re.compile(rb"""<[\w:]*workbookPr\b[^>]*\bdate1904=["'](?:1|true)["']""")
_SHARED_TEXT = re.compile(rb"""<c\b[^>]*\bt="s"[^>]*>\s*<v>(\d{1,9})</v>""")
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_OPEN_CELLS = ("table-cell", "covered-table-cell")


@dataclass
class Extent:
    """How far a sheet reaches, whether it is shown, and whether its cells need care.

    ``has_errors``: some cell's value may be an error (#N/A …). ``has_merges``: some cells may
    be merged. ``merges`` are they where they are known already, each by its first row and column
    and its last ones, from 0; ``errors`` are cells by row, column and what is shown, which the
    reader of cells takes for blank text.
    """

    rows: int = 0
    columns: int = 0
    is_visible: bool = True
    has_errors: bool = True
    has_merges: bool = True
    text_bytes: int = 0
    merges: list[tuple[tuple[int, int], tuple[int, int]]] | None = None
    errors: list[tuple[int, int, str]] = field(default_factory=list)


def check_size(path: Path) -> None:
    """Refuse a workbook that unpacks to more than the limits, before anything unpacks it."""
    if not zipfile.is_zipfile(path):
        return
    packed_bytes = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as book:
            unpacked = sum(part.file_size for part in book.infolist())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return  # broken, and so said by the reader of cells, which cannot unpack it either
    is_bomb = unpacked > max(_RATIO_APPLIES_FROM_BYTES, MAX_UNPACKING_RATIO * packed_bytes)
    if is_bomb or unpacked > MAX_UNPACKED_BYTES:
        message = (
            f"{path.name} would unpack to {unpacked >> 20:,} MiB: more than"
            f" {MAX_UNPACKING_RATIO} times its size or {MAX_UNPACKED_BYTES >> 30} GiB."
            " Export it as CSV instead."
        )
        raise DataError(message)


def survey(path: Path) -> dict[str, Extent]:
    """The extent of each sheet by name; empty for a format that cannot be looked into.

    Raises:
        DataError: a sheet reaches further, or holds more text, than the limits.
    """
    found: dict[str, Extent] = {}
    if not zipfile.is_zipfile(path):
        return found
    try:
        with zipfile.ZipFile(path) as book:
            if "content.xml" in book.namelist():
                found = _open_document(book)
            else:
                longest = _longest_shared_text(book)
                for name, part in _sheet_parts(book).items():
                    found[name] = _extent(book, part.path, longest)
                    found[name].is_visible = part.is_visible
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError):
        return found  # the reader of cells says what is wrong with it
    except expat.ExpatError as error:
        message = (
            f"{path.name} is not a whole workbook: {error}."
            " Open it in a spreadsheet program and save it again."
        )
        raise DataError(message) from error
    for name, extent in found.items():
        _check(path.name, name, extent)
    return found


def day_zero(path: Path) -> str:
    """The day from which a workbook counts its days: ``values.DAY_ZERO``, or the one of 1904."""
    try:
        with zipfile.ZipFile(path) as book, book.open("xl/workbook.xml") as stream:
            head = stream.read(_CHUNK_BYTES)
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, NotImplementedError, RuntimeError):
        return DAY_ZERO  # no such book, or one that its reader speaks of
    return DAY_ZERO_OF_1904 if _FROM_1904.search(head) else DAY_ZERO


def _check(file_name: str, sheet: str, extent: Extent) -> None:
    if extent.rows * extent.columns > MAX_CELLS or extent.rows > MAX_ROWS:
        message = (
            f"{file_name}, sheet {sheet!r} reaches to row {extent.rows:,}, column"
            f" {extent.columns:,}: more than {MAX_CELLS:,} cells or {MAX_ROWS:,} rows. Delete what"
            " stands far outside the table, or export it as CSV."
        )
        raise DataError(message)
    if extent.text_bytes > MAX_TEXT_BYTES:
        message = (
            f"{file_name}, sheet {sheet!r} would hold {extent.text_bytes >> 20:,} MiB of text,"
            f" more than {MAX_TEXT_BYTES >> 20:,}: the same long text is in many cells."
            " Export it as CSV."
        )
        raise DataError(message)


@dataclass(frozen=True)
class _Part:
    path: str
    is_visible: bool


def _sheet_parts(book: zipfile.ZipFile) -> dict[str, _Part]:
    """Sheet name → its part of the workbook; empty in a format we cannot look into."""
    try:
        workbook = book.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", relations):
        target = _attribute(tag, "Target")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        targets[_attribute(tag, "Id")] = path
    parts = set(book.namelist())
    named = {
        _attribute(tag, "name"): _Part(
            targets.get(_attribute(tag, "r:id"), ""), "idden" not in _attribute(tag, "state")
        )
        for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", workbook)
    }
    return {name: part for name, part in named.items() if part.path in parts}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf"""\s{name}=(?:"([^"]*)"|'([^']*)')""", tag)
    return html.unescape(found[1] or found[2] or "") if found else ""


def _longest_shared_text(book: zipfile.ZipFile) -> int:
    """The bytes of the longest text that cells may cite.

    Raises:
        DataError: it is longer than a cell may be.
    """
    longest = 0
    if "xl/sharedStrings.xml" not in book.namelist():
        return longest
    with book.open("xl/sharedStrings.xml") as stream:
        kept = b""
        while chunk := stream.read(_CHUNK_BYTES):
            *whole, kept = (kept + chunk).split(b"</si>")
            longest = max(longest, len(kept), *map(len, whole), 0)
            if longest > MAX_CELL_BYTES:
                message = (
                    f"{book.filename} has a cell of more than {MAX_CELL_BYTES:,} bytes."
                    " Shorten it, or export the file again without that column."
                )
                raise DataError(message)
    return longest


def _extent(book: zipfile.ZipFile, part: str, longest_text: int) -> Extent:
    """A sheet's extent: left at zero where a quick look shows that it must be within the limits."""
    extent = Extent(has_errors=False, has_merges=False)
    reaches_far = has_cells = False
    is_all_addressed = True
    with book.open(part) as stream:
        for chunk in _ahead(_whole_tags(stream)):
            text = pl.Series([chunk.decode("utf-8", "replace")])
            has_cells = has_cells or b"<c r=" in chunk
            if not text.str.contains(_NEEDS_CARE).item():
                continue
            reaches_far = reaches_far or _FAR.search(chunk) is not None
            is_all_addressed = is_all_addressed and not _WITHOUT_ADDRESS.search(chunk)
            extent.has_errors = extent.has_errors or b">#" in chunk
            extent.has_merges = extent.has_merges or b"mergeCell " in chunk
    if not has_cells or not is_all_addressed:
        extent.rows, extent.columns = _counted(book, part)
    elif reaches_far:
        extent.rows, extent.columns = _farthest(book, part)
    if longest_text * book.getinfo(part).file_size > MAX_TEXT_BYTES * _CELL_BYTES:
        extent.text_bytes = _cited_bytes(book, part)
    return extent


def _whole_tags(stream: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a part in chunks that end where a tag begins, or in the middle of a text."""
    kept = b""
    while chunk := stream.read(_CHUNK_BYTES):
        data = kept + chunk
        start = data.rfind(b"<")
        if len(data) - start > _LONGEST_TAG:
            start = len(data)
        kept = data[start:]
        yield data[:start]
    yield kept


def _ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, each unpacked while the one before is looked at."""
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = beside.submit(next, chunks, None)
            yield chunk


def _farthest(book: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """The last row and the last column that an address names."""
    rows = columns = 0
    with book.open(part) as stream:
        for chunk in _whole_tags(stream):
            addresses = _ADDRESS.findall(chunk)
            rows = max(rows, *(int(digits) for _, digits in addresses), 0)
            columns = max(columns, *map(_column, {letters for letters, _ in addresses}), 0)
    return rows, columns


def _column(letters: bytes) -> int:
    """The number of a column: AB is 28."""
    number = 0
    for letter in letters.upper():
        number = number * _A_TO_Z + letter - ord("A") + 1
    return number


def _cited_bytes(book: zipfile.ZipFile, part: str) -> int:
    """The bytes of all texts that the cells of a sheet cite, each as often as it is cited."""
    with book.open("xl/sharedStrings.xml") as stream:
        sizes = [len(text) for text in stream.read().split(b"</si>")]
    cited = 0
    with book.open(part) as stream:
        rest = b""
        for chunk in _whole_tags(stream):
            data = rest + chunk
            end = data.rfind(b"</c>") + 4
            rest = data[end:][-_LONGEST_TAG:]
            for index in map(int, _SHARED_TEXT.findall(data[:end])):
                cited += sizes[index] if index < len(sizes) else 0
    return cited


def _counted(book: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """Last row and column of a sheet whose cells need not say where they are."""
    row = column = rows = columns = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, rows, columns
        kind = name.rpartition(":")[2]
        if kind == "row":
            row, column = int(attributes.get("r", row + 1)), 0
        elif kind == "c":
            column += 1
            address = _ADDRESS.search(f' r="{attributes.get("r", "")}"'.encode())
            if address:
                row, column = int(address[2]), _column(address[1])
            rows, columns = max(rows, row), max(columns, column)

    with book.open(part) as stream:
        _parse(stream, start)
    return rows, columns


class _OpenDocument:
    """The extents of the sheets of an OpenDocument workbook, told element by element.

    Rows and cells may be said to be repeated; those without text or value do not count.
    """

    def __init__(self) -> None:
        self.found: dict[str, Extent] = {}
        self._sheet = Extent()
        self._row = self._column = 0
        self._row_times = self._cell_times = 1
        self._filled = self._row_bytes = 0
        self._is_cell = False
        self._is_error = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a sheet, row or cell."""
        kind = name.removeprefix(_TABLE)
        if kind == "table":
            self._sheet = Extent(has_merges=False, merges=[])
            self.found.setdefault(attributes.get(f"{_TABLE}name", ""), self._sheet)
            self._row = 0
        elif kind == "table-row":
            self._row_times = int(attributes.get(f"{_TABLE}number-rows-repeated", "1"))
            self._column = self._filled = self._row_bytes = 0
        elif kind in _OPEN_CELLS:
            self._note_merge(attributes)
            self._cell_times = int(attributes.get(f"{_TABLE}number-columns-repeated", "1"))
            self._column += self._cell_times
            self._is_cell = True
            self._is_error = "error" in attributes.values()
            if any(key.endswith("value") for key in attributes):
                self._filled = self._column

    def _note_merge(self, attributes: dict[str, str]) -> None:
        height, width = (
            int(attributes.get(f"{_TABLE}number-{what}-spanned", "1"))
            for what in ("rows", "columns")
        )
        if (height > 1 or width > 1) and self._sheet.merges is not None:
            last = (self._row + height - 1, self._column + width - 1)
            self._sheet.merges.append(((self._row, self._column), last))
            self._sheet.has_merges = True

    def text(self, data: str) -> None:
        """Take the text of a cell."""
        if self._is_cell and data.strip():
            self._filled = self._column
            self._row_bytes += self._cell_times * len(data)
            if self._is_error:
                self._sheet.errors.append((self._row, self._column - 1, data))

    def end(self, name: str) -> None:
        """End a row or cell."""
        kind = name.removeprefix(_TABLE)
        if kind in _OPEN_CELLS:
            self._is_cell = False
        elif kind == "table-row":
            self._row += self._row_times
            if self._filled:
                self._sheet.rows = self._row
                self._sheet.columns = max(self._sheet.columns, self._filled)
                self._sheet.text_bytes += self._row_times * self._row_bytes


def _open_document(book: zipfile.ZipFile) -> dict[str, Extent]:
    told = _OpenDocument()
    with book.open("content.xml") as stream:
        _parse(stream, told.start, told.end, told.text, separator=" ")
    return told.found


def _parse(
    stream: IO[bytes],
    start: Any,  # noqa: ANN401 - as expat calls it
    end: Any = None,  # noqa: ANN401 - as above
    text: Any = None,  # noqa: ANN401 - as above
    separator: str | None = None,
) -> None:
    """Tell the elements of an XML part; one that declares entities is refused."""
    parser = expat.ParserCreate(namespace_separator=separator)
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        message = "it declares entities"
        raise expat.ExpatError(message)

    parser.EntityDeclHandler = refuse
    while chunk := stream.read(_CHUNK_BYTES):
        parser.Parse(chunk, False)  # noqa: FBT003 - as expat has it
    parser.Parse(b"", True)  # noqa: FBT003 - as above
