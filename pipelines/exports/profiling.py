"""A file of unknown layout, read for a look at it: its headers and what stands below them.

Belongs here: delimiter and header line without knowing a name, samples, profiles. Does not
belong here: what the columns may be (``guessing``).
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import fastexcel
import polars as pl

from pipelines.contract import INPUTS, Column, Kind
from pipelines.errors import DataError, UsageError
from pipelines.exports import decoding, values
from pipelines.exports.deciding import decide
from pipelines.exports.finding import PACKED_TEXT_SUFFIXES, SUFFIXES, WORKBOOK_SUFFIXES, ExportFile
from pipelines.exports.guessing import Profile
from pipelines.exports.headers import HEADER_SEARCH_ROWS, fold
from pipelines.exports.mapping import ExportMapping
from pipelines.exports.parquet_files import read_parquet_file
from pipelines.exports.quoting import literal
from pipelines.exports.synonyms import HEADERS
from pipelines.exports.text_files import DELIMITERS, MAX_CELL_CHARS, read_text_file
from pipelines.exports.workbooks import read_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.exports.conventions import Convention
    from pipelines.exports.source import Source

SAMPLE_ROWS = 5_000
_HEAD_CHARS = 1 << 18
_HEADER_FILL = 0.6
_ENOUGH = 0.8
_NO_DATE = "0000-00-00"
_ZONE = "UTC"
_TIMES = (" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "")
_NAMES_OF_TIMES = frozenset(
    fold(name)
    for export in INPUTS.values()
    for column in export.columns
    if column.kind in (Kind.INSTANT, Kind.DATE)
    for name in (column.name, *column.aliases, *HEADERS.get(column.name, ()))
)
_NAMED = ("%d/%b/%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d/%b/%Y")


@dataclass(frozen=True)
class Look:
    """What was seen of a file, or a sheet. ``twice``: headers that stand there more than once."""

    name: str
    format: str
    encoding: str | None
    delimiter: str | None
    rows: int
    profiles: list[Profile]
    twice: list[str]
    notes: list[str]
    sheet: str | None = None


def looks_at(path: Path, export: str) -> list[Look]:
    """Read a file of any supported format, whatever its headers, and profile its columns.

    Of a workbook there is a look at each sheet that is shown; of sheets with the same headers
    (one a month, say) at the longest. Of any other file there is one.

    Raises:
        UsageError: there is no such file, or its format is not known.
        DataError: it cannot be read.
    """
    suffix = next((s for s in SUFFIXES if path.name.lower().endswith(s)), None)
    if not path.is_file():
        other = "is a folder" if path.is_dir() else "is no plain file"
        what = other if path.exists() else "does not exist"
        message = f"{path} {what}. Name one file, such as an export of your ticket system."
        raise UsageError(message)
    if suffix is None:
        message = f"{path.name} is of no format we read. Formats: {', '.join(SUFFIXES)}."
        raise UsageError(message)
    file = ExportFile(export, path, suffix)
    with duckdb.connect() as con, tempfile.TemporaryDirectory(prefix="look-") as temporary:
        con.execute(f"set timezone = '{_ZONE}'")
        con.execute("set autoinstall_known_extensions = false")
        # One after the other: the next sheet takes the place of the one before.
        return [_look(con, path, source) for source in _sources(con, file, Path(temporary))]


def sheets_read(path: Path, export: str, rules: ExportMapping) -> dict[str, list[str]]:
    """The headers of the sheets that a workbook is read from by these rules; of none if refused."""
    suffix = next(s for s in SUFFIXES if path.name.lower().endswith(s))
    with duckdb.connect() as con:
        try:
            sources = read_workbook(con, ExportFile(export, path, suffix), rules)
        except DataError:
            return {}
        return {source.sheet: source.headers for source in sources if source.sheet is not None}


def _look(con: duckdb.DuckDBPyConnection, path: Path, source: Source) -> Look:
    rows = _sample(con, source)
    counted = Counter(fold(header) for header in source.headers if header.strip())
    profiles = [
        _profile(con, header.strip(), position, [row[position] for row in rows], source)
        for position, header in enumerate(source.headers)
        if header.strip() and counted[fold(header)] == 1
    ]
    return Look(
        path.name,
        source.format,
        source.encoding,
        source.delimiter,
        len(rows),
        profiles,
        sorted({h.strip() for h in source.headers if h.strip() and counted[fold(h)] > 1}),
        source.notes,
        source.sheet,
    )


def _sources(con: duckdb.DuckDBPyConnection, file: ExportFile, temp_dir: Path) -> Iterator[Source]:
    if file.suffix not in WORKBOOK_SUFFIXES:
        yield _source(con, file, temp_dir)
        return
    first = read_workbook(con, file, None)[0]
    sheets = _sheets(file)
    if sheets in ([], [first.sheet]):
        yield _below_titles(con, file, first)
        return
    for sheet in sheets:
        yield _below_titles(con, file, read_workbook(con, file, ExportMapping(sheet=sheet))[0])


def _sheets(file: ExportFile) -> list[str]:
    """The sheets to look at, of a workbook that is known to be whole and within the limits.

    None where that asks for no choice: it has but one, or none is shown.
    """
    reader = fastexcel.read_excel(file.path)
    if len(reader.sheet_names) == 1:
        return []
    longest: dict[tuple[str, ...], tuple[int, str]] = {}
    for index, name in enumerate(reader.sheet_names):
        sheet = reader.load_sheet(
            index, header_row=None, skip_rows=0, n_rows=HEADER_SEARCH_ROWS, dtypes="string"
        )
        head = [[cell or "" for cell in row] for row in pl.DataFrame(sheet).rows()]
        if head and sheet.visible == "visible":
            headers = tuple(fold(cell) for cell in head[_header_place(head)])
            if sheet.total_height > longest.get(headers, (0, ""))[0]:
                longest[headers] = (sheet.total_height, name)
    return [name for _, name in longest.values()]


def _below_titles(con: duckdb.DuckDBPyConnection, file: ExportFile, source: Source) -> Source:
    """A sheet from the row on that looks like its header."""
    lines = con.sql(f"from {source.relation} limit {HEADER_SEARCH_ROWS}").fetchall()
    head = [source.headers, *([cell or "" for cell in row[:-1]] for row in lines)]
    place = _header_place(head)
    if place == 0:
        return source
    rules = ExportMapping(sheet=source.sheet, header_row=lines[place - 1][-1])
    return read_workbook(con, file, rules)[0]


def _source(con: duckdb.DuckDBPyConnection, file: ExportFile, temp_dir: Path) -> Source:
    if file.suffix == ".parquet":
        return read_parquet_file(con, file)
    path = file.path
    if file.suffix in PACKED_TEXT_SUFFIXES:
        path = decoding.unpack(path, temp_dir)
    decoded = decoding.decode(path, file.path.name, None, temp_dir)
    with decoded.path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        head_text = text.read(_HEAD_CHARS)
    delimiter, header_row = _text_layout(head_text)
    return read_text_file(file, ExportMapping(delimiter=delimiter, header_row=header_row), temp_dir)


def _text_layout(head: str) -> tuple[str, int]:
    """The delimiter under which most rows have the same number of cells; the header's line."""
    csv.field_size_limit(max(MAX_CELL_CHARS, _HEAD_CHARS))
    best, layout = (-1.0, 0), (",", 1)
    for delimiter in DELIMITERS:
        rows: list[tuple[int, list[str]]] = []
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        before = 0
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((before + 1, cells))
            before = reader.line_num
            if len(rows) == HEADER_SEARCH_ROWS:
                break
        widths = Counter(len(cells) for _, cells in rows if len(cells) > 1)
        if rows and (widths or best[0] < 0):
            width, times = widths.most_common(1)[0] if widths else (1, 0)
            if (times / len(rows), width) > best:
                best = (times / len(rows), width)
                layout = (delimiter, rows[_header_place([cells for _, cells in rows])][0])
    return layout


def _header_place(rows: Sequence[Sequence[str]]) -> int:
    """The first row that is filled like a header: most of its cells, and not with numbers."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    widest = max(filled, default=0)
    for place, row in enumerate(rows):
        words = sum(bool(cell.strip()) and not _is_number(cell) for cell in row)
        if filled[place] >= _HEADER_FILL * widest and words >= _HEADER_FILL * filled[place]:
            return place
    return 0


def _is_number(cell: str) -> bool:
    return cell.strip().replace(".", "", 1).replace("-", "", 1).isdecimal()


def _sample(con: duckdb.DuckDBPyConnection, source: Source) -> list[tuple[Any, ...]]:
    names = ", ".join(f"c{position}" for position in range(len(source.headers)))

    def read(relation: str) -> list[tuple[Any, ...]]:
        return con.execute(f"select {names} from {relation} limit {SAMPLE_ROWS}").fetchall()  # noqa: S608 - the reader's own

    try:
        return read(source.relation)
    except duckdb.Error as error:
        if source.exact is None:
            message = f"{source.source_file} cannot be read: {str(error).splitlines()[0]}"
            raise DataError(message) from error
        return read(source.exact().relation)


def _profile(
    con: duckdb.DuckDBPyConnection,
    header: str,
    position: int,
    cells: list[str | None],
    source: Source,
) -> Profile:
    texts = [cell.strip(values.BLANKS) for cell in cells if cell]
    counts = Counter(
        text
        for text in texts
        if text and text.lower() not in values.NULL_WORDS and not text.startswith(_NO_DATE)
    )
    filled = counts.total()
    if not filled:
        return Profile(header, position, 0, len(cells), {})
    distinct = pl.DataFrame({"said": list(counts), "times": list(counts.values())})
    con.register("texts", distinct.to_arrow())
    con.execute("create or replace temp table cells as from texts")
    con.unregister("texts")
    # A day number of a spreadsheet is a time only where the header names one: else a column of
    # tickets' numbers would be times.
    has_days = source.has_serials and fold(header) in _NAMES_OF_TIMES
    times = _way(con, Kind.INSTANT, has_serials=has_days)
    numbers = _way(con, Kind.MONEY, has_serials=source.has_serials)
    time_share = _share(con, Kind.INSTANT, times, has_serials=has_days)
    formats: tuple[str, ...] = ()
    if time_share < _ENOUGH:
        share, form = _named_format(con)
        if share >= _ENOUGH:
            time_share, formats = share, (form,)
    return Profile(
        header,
        position,
        filled,
        len(cells),
        dict(counts.most_common()),
        time_share,
        _share(con, Kind.MONEY, numbers),
        sum(len(text) * times for text, times in counts.items()) / filled,
        formats,
        times,
        numbers,
    )


def _way(con: duckdb.DuckDBPyConnection, kind: Kind, *, has_serials: bool) -> Convention | None:
    """The way the cells go, read as a kind; None where there is but one.

    ``has_serials`` as the reading has it, which takes no workbook's numbers for decimal commas.
    """
    column, reading = Column("said", kind), values.Reading(_ZONE, _ZONE, has_serials=has_serials)
    looked_at = {"said": (column, values.cleaned(column, "said", reading), reading)}
    return decide(con, "cells", looked_at, None).get("said")


def _share(
    con: duckdb.DuckDBPyConnection,
    kind: Kind,
    found: Convention | None,
    *,
    has_serials: bool = False,
) -> float:
    """The share of the cells that can be read as a kind, whatever the answer to a question."""
    column = Column("said", kind)
    ways = (found.choices or (found.way,)) if found else (None,)
    shares = []
    for way in ways:
        reading = values.Reading(_ZONE, _ZONE, way=way, has_serials=has_serials)
        text = values.cleaned(column, "said", reading)
        said = values.found(column, "text", reading)
        query = (
            f"select sum(times) filter (said is not null), sum(times)"  # noqa: S608 - quoted
            f" from (select {said} as said, times from (select {text} as text, times from cells))"
        )
        readable, cells = con.execute(query).fetchall()[0]
        shares.append(float((readable or 0) / cells))
    return max(shares)


def _named_format(con: duckdb.DuckDBPyConnection) -> tuple[float, str]:
    """The time format with a named month that reads most cells, and their share."""

    def share(form: str) -> float:
        query = f"select sum(times) filter (try_strptime(said, {literal(form)}) is not null)"
        found = con.execute(f"{query}, sum(times) from cells").fetchall()[0]
        return float((found[0] or 0) / found[1])

    return max((share(day + time), day + time) for day in _NAMED for time in _TIMES)
