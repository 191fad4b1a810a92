"""Spreadsheets as tables of text: every sheet that has an export's headers.

Belongs here: sheets, header rows below titles, error cells, limits. Does not belong here:
what the cells mean. Polars reads the cells, DuckDB gets the frame.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fastexcel
import polars as pl

from pipelines.contract import INPUTS
from pipelines.errors import DataError
from pipelines.exports.headers import HEADER_SEARCH_ROWS, find_header_row, match_headers
from pipelines.exports.quoting import identifier
from pipelines.exports.reasons import ERROR_CELL
from pipelines.exports.source import Finding, Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from pipelines.contract import Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.mapping import ExportMapping

MAX_UNPACKED_BYTES = 4 << 30
MAX_UNPACKING_RATIO = 500
MAX_CELLS = 60_000_000
"""Rows times columns of a sheet; its cells take about 2 GB then."""

_RATIO_APPLIES_FROM_BYTES = 200 << 20
_CHUNK_BYTES = 4 << 20
_MAX_ROW_BYTES = 16 << 20
_ERROR_CELL = re.compile(rb'<c\b([^>]*\bt="e"[^>]*)>(.*?)</c>', re.DOTALL)
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_CACHED_VALUE = re.compile(rb"<v>([^<]*)</v>")


def read_workbook(
    con: duckdb.DuckDBPyConnection, file: ExportFile, rules: ExportMapping | None
) -> list[Source]:
    """The rows of each visible sheet whose headers give the export, or of the one mapped.

    Where several sheets do (a sheet a month, say) all are read, in their order, and each is
    named ``book.xlsx [sheet]`` as the source of its rows. ``line`` is the sheet's row number.

    Raises:
        DataError: no whole workbook, beyond the limits, or the mapped sheet is not there.
    """
    name = file.path.name
    _check_limits(file.path)
    try:
        reader = fastexcel.read_excel(file.path)
        names = reader.sheet_names
    except fastexcel.FastExcelError as error:
        message = (
            f"{name} is not a whole workbook: {str(error).splitlines()[0]}."
            " Open it in a spreadsheet program and save it again."
        )
        raise DataError(message) from error
    wanted = rules.sheet if rules else None
    if wanted is not None and wanted not in names:
        message = (
            f"{name} has no sheet {wanted!r}, which the mapping names."
            f" Its sheets: {', '.join(map(repr, names))}. Correct sheet in the mapping file."
        )
        raise DataError(message)
    extents = _survey(file.path)
    sheets = [
        _sheet(reader, index, name, INPUTS[file.export], rules)
        for index in range(len(names))
        if wanted in (None, names[index])
    ]
    filled = [sheet for sheet in sheets if sheet.frame.height]
    if not filled:
        message = f"{name} is empty. Export it again, or take it out of the folder."
        raise DataError(message)
    chosen = [sheet for sheet in filled if sheet.is_match and sheet.is_visible] or filled[:1]
    left = [sheet.name for sheet in filled if sheet not in chosen]
    sources = []
    for sheet in chosen:
        extent = extents.get(sheet.name)
        errors = extent.errors if extent else []
        sources.append(_source(con, file, sheet, errors, is_only=len(chosen) == 1))
    if left:
        sources[0].notes.append(f"sheets not read: {', '.join(left)}")
    return sources


@dataclass(frozen=True, eq=False)
class _Sheet:
    """One sheet: its cells as text, row 1 first, and the position of its header row."""

    index: int
    name: str
    frame: pl.DataFrame
    header: int
    is_match: bool
    is_visible: bool


def _sheet(
    reader: fastexcel.ExcelReader,
    index: int,
    file_name: str,
    export: Export,
    rules: ExportMapping | None,
) -> _Sheet:
    name = reader.sheet_names[index]
    try:
        sheet = reader.load_sheet(index, header_row=None, skip_rows=0, dtypes="string")
        frame = sheet.to_polars()
    except fastexcel.FastExcelError as error:
        message = (
            f"{file_name}, sheet {name!r} cannot be read: {str(error).splitlines()[0]}."
            " Open it in a spreadsheet program and save it again."
        )
        raise DataError(message) from error
    head = frame.head(HEADER_SEARCH_ROWS).rows()
    is_match = False
    if rules is not None and rules.header_row is not None:
        header: int | None = rules.header_row - 1
    else:
        header = find_header_row(head, export, rules)
    if header is not None and header < frame.height:
        found = match_headers([cell or "" for cell in frame.row(header)], export, rules).positions
        constants = rules.constants if rules else {}
        is_match = all(key in found or key in constants for key in export.key) and bool(found)
    else:
        header = next((i for i, row in enumerate(head) if any(row)), 0)
    return _Sheet(index, name, frame, header, is_match, sheet.visible == "visible")


def _source(
    con: duckdb.DuckDBPyConnection,
    file: ExportFile,
    sheet: _Sheet,
    errors: list[Finding],
    *,
    is_only: bool,
) -> Source:
    headers = [cell or "" for cell in sheet.frame.row(sheet.header)]
    frame = sheet.frame.rename(
        {old: f"c{position}" for position, old in enumerate(sheet.frame.columns)}
    )
    frame = frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line"))
    error_lines = [error.line for error in errors]
    frame = frame.slice(sheet.header + 1).filter(
        pl.any_horizontal(_is_filled(headers)) | pl.col("line").is_in(error_lines)
    )
    name = file.path.name if is_only else f"{file.path.name} [{sheet.name}]"
    table = f"workbook {name}"
    con.register(table, frame.to_arrow())
    return Source(
        export=file.export,
        source_file=name,
        headers=headers,
        relation=identifier(table),
        format=file.suffix.removeprefix("."),
        sheet=sheet.name,
        expected_rows=frame.height,
        has_serials=True,
        findings=[error for error in errors if error.line > sheet.header + 1],
        notes=[f"sheet {sheet.name}", f"header found in row {sheet.header + 1}"],
        registered=table,
    )


def _is_filled(headers: list[str]) -> list[pl.Expr]:
    names = [f"c{position}" for position in range(len(headers))]
    return [pl.col(name).str.strip_chars().fill_null("") != "" for name in names]


def _check_limits(path: Path) -> None:
    """Refuse a workbook that unpacks to more than the limits, before anything unpacks it."""
    if not zipfile.is_zipfile(path):
        return
    packed_bytes = path.stat().st_size
    with zipfile.ZipFile(path) as book:
        unpacked = sum(part.file_size for part in book.infolist())
    is_bomb = unpacked > max(_RATIO_APPLIES_FROM_BYTES, MAX_UNPACKING_RATIO * packed_bytes)
    if is_bomb or unpacked > MAX_UNPACKED_BYTES:
        message = (
            f"{path.name} would unpack to {unpacked >> 20:,} MiB: more than"
            f" {MAX_UNPACKING_RATIO} times its size or {MAX_UNPACKED_BYTES >> 30} GiB."
            " Export it as CSV instead."
        )
        raise DataError(message)


@dataclass(frozen=True)
class _Extent:
    """How far a sheet reaches, and its cells whose value is an error (#N/A …).

    The reader of cells gives those blank, and takes memory for the whole rectangle.
    """

    rows: int
    columns: int
    errors: list[Finding]


def _survey(path: Path) -> dict[str, _Extent]:
    """The extent of each sheet by name; empty for a format that cannot be looked into.

    Raises:
        DataError: a sheet reaches further than the limit.
    """
    found: dict[str, _Extent] = {}
    if not zipfile.is_zipfile(path):
        return found
    with zipfile.ZipFile(path) as book:
        for name, part in _sheet_parts(book).items():
            try:
                extent = _extent(book, part)
            except (zipfile.BadZipFile, zlib.error, OSError):
                continue  # the reader of cells says what is wrong with it
            if extent.rows * extent.columns > MAX_CELLS:
                message = (
                    f"{path.name}, sheet {name!r} reaches to row {extent.rows:,}, column"
                    f" {extent.columns:,}: more than {MAX_CELLS:,} cells. Delete what stands far"
                    " outside the table, or export it as CSV."
                )
                raise DataError(message)
            found[name] = extent
    return found


def _sheet_parts(book: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name → its part of the workbook; empty in a format we cannot look into."""
    try:
        workbook = book.read("xl/workbook.xml").decode("utf-8", "replace")
        relations = book.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except (KeyError, zipfile.BadZipFile, zlib.error):
        return {}
    targets = {}
    for tag in re.findall(r"<Relationship\b[^>]*>", relations):
        target = _attribute(tag, "Target")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        targets[_attribute(tag, "Id")] = path
    parts = set(book.namelist())
    named = {
        _attribute(tag, "name"): targets.get(_attribute(tag, "r:id"), "")
        for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", workbook)
    }
    return {name: part for name, part in named.items() if part in parts}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else ""


def _extent(book: zipfile.ZipFile, part: str) -> _Extent:
    rows = columns = 0
    errors: list[Finding] = []
    kept = b""
    with book.open(part) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            *whole, kept = (kept + chunk).split(b"</row>")
            for row in whole:
                line, width = _last_cell(row)
                rows, columns = max(rows, line), max(columns, width)
            if any(b't="e"' in row for row in whole):
                errors.extend(_errors_of(b"</row>".join(whole)))
            kept = kept[-_MAX_ROW_BYTES:]
    return _Extent(rows, columns, errors)


def _last_cell(row: bytes) -> tuple[int, int]:
    """Row and column number of a row's last cell; zeros when it does not say."""
    at = row.rfind(b' r="')
    reference = _REFERENCE.match(row, at + 1) if at >= 0 else None
    if reference is None:
        return 0, 0
    return int(reference[2]), _column_number(reference[1])


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _errors_of(xml: bytes) -> Iterator[Finding]:
    for attributes, content in _ERROR_CELL.findall(xml):
        reference = _REFERENCE.search(attributes)
        value = _CACHED_VALUE.search(content)
        if reference:
            shown = value[1].decode("utf-8", "replace") if value else "error"
            position = _column_number(reference[1]) - 1
            yield Finding(int(reference[2]), position, shown, ERROR_CELL)
