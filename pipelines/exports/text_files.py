"""Delimited text as a table of text: DuckDB reads it, or, where it is irregular, we do.

Belongs here: delimiter, header line, rows and their lines. Does not belong here: encodings
(``decoding``) and what the cells mean (``values``).
"""

from __future__ import annotations

import csv
import io
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.contract import INPUTS
from pipelines.errors import DataError
from pipelines.exports import decoding
from pipelines.exports.finding import PACKED_TEXT_SUFFIXES
from pipelines.exports.guards import TEXT_AS_FORMULA
from pipelines.exports.headers import HEADER_SEARCH_ROWS, find_header_row, match_headers
from pipelines.exports.quoting import literal, one_file
from pipelines.exports.reasons import NUL_BYTES, TOO_MANY_CELLS
from pipelines.exports.source import Finding, Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from pipelines.contract import Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.mapping import ExportMapping

DELIMITERS = (",", ";", "\t", "|")
MAX_CELL_CHARS = 1_000_000
BEYOND_HEADER = "(beyond the header)"

_HEAD_CHARS = 1 << 18
_SHOWN_CHARS = 200
_MAX_ROW_BYTES = 64 << 20
_STRICT_ROW_BYTES = 2_000_000
_BYTE_ORDER_MARK = "\ufeff"


def read_text_file(file: ExportFile, rules: ExportMapping | None, temp_dir: Path) -> Source:
    """The rows of a delimited text file.

    Raises:
        DataError: it cannot be unpacked or decoded, or no line of it is a header we know.
    """
    name = file.path.name
    path = file.path
    if file.suffix in PACKED_TEXT_SUFFIXES:
        path = decoding.unpack(path, temp_dir)
    decoded = decoding.decode(path, name, rules.encoding if rules else None, temp_dir)
    export = INPUTS[file.export]
    with decoded.path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        head = text.read(_HEAD_CHARS)
    hint, hinted = _separator_line(head)
    delimiter = (rules.delimiter if rules else None) or hinted or _sniff(head, export, rules)
    rows = _head_rows(head, delimiter)
    if hint:
        rows = rows[1:]
    if not rows:
        message = f"{name} is empty. Export it again, or take it out of the folder."
        raise DataError(message)
    index = _header_index(rows, export, rules, name)
    header_line, header_end, headers = rows[index]
    source = Source(
        export=file.export,
        source_file=name,
        headers=list(headers),
        relation=_scan(decoded.path, delimiter, len(headers), header_end),
        format=f"csv{file.path.suffix.lower()}" if file.suffix in PACKED_TEXT_SUFFIXES else "csv",
        encoding=decoded.encoding,
        delimiter=delimiter,
        first_line=header_end + 1,
        expected_rows=decoded.lines - header_end,
        plain=frozenset(range(len(headers) if decoded.is_plain and delimiter != "\t" else 0)),
        blank_is_null=False,
        has_texts_as_formulas=TEXT_AS_FORMULA in head,
        notes=[] if header_line == 1 else [f"header found in line {header_line}"],
    )
    rows_file = decoding.temporary(temp_dir, "rows", name)
    layout = _Layout(name, delimiter, len(headers), header_end)

    def exact() -> Source:
        return _read_exactly(source, decoded.path, rows_file, layout)

    # In a file of one column a blank line would pass for a row.
    if not decoded.is_regular or header_end != header_line or len(headers) == 1:
        return exact()

    def pick(lines: list[int]) -> str:
        picked = decoding.temporary(temp_dir, "picked", name)
        _pick_lines(decoded, lines, picked, delimiter)
        return _scan(picked, delimiter, len(headers), 0, first="line")

    return replace(source, exact=exact, pick=pick)


def _pick_lines(decoded: decoding.Decoded, lines: list[int], picked: Path, delimiter: str) -> None:
    """Write the lines of those numbers (in order, the file's first is 1), each behind its number.

    Only the pieces they end in are read, and those they begin in.
    """
    waiting = deque(lines)
    number = 1  # of the first line that ends in the piece at hand, or later
    place = begin = 0  # where that piece begins, and the one that line begins in
    with decoded.path.open("rb") as text, picked.open("wb") as out:

        def write(line: bytes) -> None:
            mark = f"{waiting.popleft()}{delimiter}".encode()
            out.write(mark + line.removesuffix(b"\r") + b"\n")

        def read_to(end: int) -> bytes:
            text.seek(begin)
            before = text.read(place - begin)
            return before[before.rfind(b"\n") + 1 :] + text.read(end - place)

        for size, ended in decoded.pieces:
            if waiting and waiting[0] < number + ended:
                whole = read_to(place + size).split(b"\n")
                while waiting and waiting[0] < number + ended:
                    write(whole[waiting[0] - number])
            if ended:
                number, begin = number + ended, place
            place += size
        if waiting:
            write(read_to(place))


@dataclass(frozen=True)
class _Layout:
    """A text file's name, delimiter, number of headers and last line of the header."""

    name: str
    delimiter: str
    width: int
    header_end: int


def _scan(path: Path, delimiter: str, width: int, skip: int, first: str = "") -> str:
    names = [f"c{position}" for position in range(width)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    if first:
        columns = f"'{first}': 'BIGINT', {columns}"
    newline = "new_line = '\\n', " if first else ""
    return (
        f"read_csv({one_file(path)}, columns = {{{columns}}}, auto_detect = false,"
        " hive_partitioning = false,"
        f" header = false, skip = {skip}, delim = {literal(delimiter)}, quote = '\"',"
        " escape = '\"', comment = '', strict_mode = true, null_padding = false,"
        f" {newline}max_line_size = {_MAX_ROW_BYTES if first else _STRICT_ROW_BYTES})"
    )


def _separator_line(head: str) -> tuple[bool, str | None]:
    """Whether the file begins with Excel's ``sep=;`` line, and the delimiter it names."""
    line = head.split("\n", 1)[0].strip().strip('"')
    if line.lower().startswith("sep=") and len(line) == len("sep=") + 1:
        return True, line[-1]
    return False, None


def _sniff(head: str, export: Export, rules: ExportMapping | None) -> str:
    """The delimiter under which some row of the head names most contract columns."""

    def score(delimiter: str) -> int:
        rows = [cells for _, _, cells in _head_rows(head, delimiter)]
        index = find_header_row(rows, export, rules)
        return 0 if index is None else len(match_headers(rows[index], export, rules).positions)

    return max(DELIMITERS, key=score)


def _head_rows(head: str, delimiter: str) -> list[tuple[int, int, list[str]]]:
    """First line, last line and cells of the first rows, blank lines left out."""
    csv.field_size_limit(max(MAX_CELL_CHARS, _HEAD_CHARS))
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows = []
    before = 0
    for cells in reader:
        if any(cell.strip() for cell in cells):
            rows.append((before + 1, reader.line_num, cells))
        before = reader.line_num
        if len(rows) == HEADER_SEARCH_ROWS:
            break
    return rows


def _header_index(
    rows: list[tuple[int, int, list[str]]], export: Export, rules: ExportMapping | None, name: str
) -> int:
    if rules is not None and rules.header_row is not None:
        for index, (line, _, _) in enumerate(rows):
            if line == rules.header_row:
                return index
        message = (
            f"{name} has no header in line {rules.header_row}, where the mapping says it is."
            " Correct header_row in the mapping file."
        )
        raise DataError(message)
    return find_header_row([cells for _, _, cells in rows], export, rules) or 0


def _read_exactly(source: Source, path: Path, rows_file: Path, layout: _Layout) -> Source:
    """Read row by row into a regular file that carries each row's line.

    Takes what a strict reader refuses: rows too short or too long, blank lines, NUL bytes,
    line breaks in cells, any line end.
    """
    width, delimiter = layout.width, layout.delimiter
    findings: list[Finding] = []
    count = 0
    has_extra = False
    with (
        path.open(encoding="utf-8-sig", errors="replace", newline="") as text,
        rows_file.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line, cells in _rows(text, layout, findings):
            beyond = cells[width:]
            extra = delimiter.join(beyond) if any(cell.strip() for cell in beyond) else ""
            if extra:
                has_extra = True
                findings.append(Finding(line, None, extra, TOO_MANY_CELLS))
            padded = [*cells[:width], *[""] * (width - len(cells)), extra]
            writer.writerow([line, *padded])
            count += 1
    return replace(
        source,
        headers=[*source.headers, *([BEYOND_HEADER] if has_extra else [])],
        relation=_scan(rows_file, ",", width + 1, 0, first="line"),
        first_line=None,
        expected_rows=count,
        pick=None,
        plain=frozenset(),
        findings=findings,
        notes=[*source.notes, "read row by row"],
    )


def _rows(
    text: TextIO, layout: _Layout, findings: list[Finding]
) -> Iterator[tuple[int, list[str]]]:
    """Each row below the header with the line it begins on; blank lines are only counted."""
    csv.field_size_limit(MAX_CELL_CHARS)
    lines = _Lines(text, findings)
    for _ in range(layout.header_end):
        next(lines, None)
    reader = csv.reader(lines, delimiter=layout.delimiter, skipinitialspace=True)
    while True:
        start = lines.number + 1
        lines.taken.clear()
        known = len(findings)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            message = (
                f"{layout.name}, line {start:,}: a cell is longer than {MAX_CELL_CHARS:,}"
                f" characters or cannot be read ({error}). Look for a quote that is never closed."
            )
            raise DataError(message) from error
        if cells is None:
            return
        if len(findings) > known:  # seen in any line of the row
            findings[known:] = [replace(finding, line=start) for finding in findings[known:]]
        if len(lines.taken) > 1:
            _check_quotes(layout, start, cells, lines.taken)
        if len(cells) > 1 or (cells and cells[0].strip()):
            yield start, cells


def _check_quotes(layout: _Layout, start: int, cells: list[str], taken: list[str]) -> None:
    """A quote that is never closed would swallow the rows below it: refuse that.

    A row over several lines must be closed, and have as many cells as the header (or blank
    ones beyond it).
    """
    end = start + len(taken) - 1
    try:
        list(csv.reader(taken, delimiter=layout.delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        message = (
            f"{layout.name}, line {start:,}: a quote opened there is not closed before line"
            f" {end:,}, so the rows between cannot be told apart."
            " Close or remove the quote and run again."
        )
        raise DataError(message) from error
    if len(cells) < layout.width or any(cell.strip() for cell in cells[layout.width :]):
        message = (
            f"{layout.name}, lines {start:,} to {end:,}: a cell in quotes makes one row of these"
            f" lines, with {len(cells)} cells where the header has {layout.width}. Perhaps a quote"
            " is missing or one too many: mend it, or give the row as many cells, and run again."
        )
        raise DataError(message)


class _Lines:
    """The lines of a text, counted; the ones taken for the row at hand are kept."""

    def __init__(self, text: TextIO, findings: list[Finding]) -> None:
        self.number = 0
        self.taken: list[str] = []
        self._text = iter(text)
        self._findings = findings

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.number += 1
        if "\0" in line:
            self._findings.append(
                Finding(
                    self.number, None, line.strip()[:_SHOWN_CHARS].replace("\0", "␀"), NUL_BYTES
                )
            )
            line = line.replace("\0", "")
        self.taken.append(line)
        return line
