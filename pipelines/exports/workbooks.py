"""Spreadsheets as tables of text: every sheet that has an export's headers.

Belongs here: sheets, header rows below titles, error cells. Does not belong here: limits
(``surveying``), merged cells (``merging``), what the cells mean. Polars holds the cells, DuckDB
gets the frame.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import fastexcel
import polars as pl
import pyarrow as pa

from pipelines.contract import INPUTS
from pipelines.errors import DataError
from pipelines.exports import merging, surveying, transcoding
from pipelines.exports.headers import HEADER_SEARCH_ROWS, find_header_row, match_headers
from pipelines.exports.quoting import identifier
from pipelines.exports.reasons import ERROR_CELL
from pipelines.exports.source import Finding, Source
from pipelines.exports.values import DAY_ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from pipelines.contract import Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.mapping import ExportMapping
    from pipelines.exports.merging import Block
    from pipelines.exports.surveying import Extent

_ERROR = re.compile(r"Error\((\w+)\)")
_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
"""What the reader of cells calls an error, and what a spreadsheet program shows."""

_BATCH_ROWS = 20_000


def read_workbook(
    con: duckdb.DuckDBPyConnection, file: ExportFile, rules: ExportMapping | None
) -> list[Source]:
    """The rows of each visible sheet whose headers give the export, or of the one mapped.

    Where several sheets do (a sheet a month, say) all are read, in their order, and each is
    named ``book.xlsx [sheet]`` as the source of its rows; but not one that is about something else
    (``_is_about_another``). ``line`` is the sheet's row number.

    Raises:
        DataError: no whole workbook, beyond the limits, the mapped sheet is not there, or none but
            a hidden one gives the export.
    """
    name = file.path.name
    surveying.check_size(file.path)
    with ThreadPoolExecutor(1) as beside:
        surveyed = beside.submit(surveying.survey, file.path)
        with _in_words(f"{name} is not a whole workbook"):
            reader = fastexcel.read_excel(file.path)
        extents = surveyed.result()
    names = reader.sheet_names
    wanted = rules.sheet if rules else None
    if wanted is not None and wanted not in names:
        message = (
            f"{name} has no sheet {wanted!r}, which the mapping names."
            f" Its sheets: {', '.join(map(repr, names))}. Correct sheet in the mapping file."
        )
        raise DataError(message)
    sheets = [
        _sheet(reader, index, file, extents.get(names[index]), rules)
        for index in range(len(names))
        if wanted in (None, names[index])
    ]
    filled = [sheet for sheet in sheets if sheet.cells.height]
    if not filled:
        message = f"{name} is empty. Export it again, or take it out of the folder."
        raise DataError(message)
    matching = [sheet for sheet in filled if sheet.is_match and sheet.is_visible]
    hidden = [sheet.name for sheet in filled if sheet.is_match and not sheet.is_visible]
    if hidden and not matching and wanted is None:
        message = (
            f"{name} has the columns of {file.export} in a hidden sheet only: {', '.join(hidden)}."
            " Show it in a spreadsheet program and save, or name it as sheet in a mapping file."
        )
        raise DataError(message)
    own = [sheet for sheet in matching if not _is_about_another(sheet, file)]
    day_zero = surveying.day_zero(file.path)
    chosen = [replace(sheet, day_zero=day_zero) for sheet in own or matching or filled[:1]]
    read = {sheet.name for sheet in chosen}
    left = [sheet.name for sheet in filled if sheet.name not in read]
    sources = [_source(con, file, sheet, is_only=len(chosen) == 1) for sheet in chosen]
    if left:
        sources[0].notes.append(f"sheets not read: {', '.join(left)}")
    return sources


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    """Say in words what the reader of cells cannot read, or breaks at."""
    try:
        yield
    except BaseException as error:
        # It is written in Rust, where what nobody foresaw is a panic, which is no Exception.
        is_panic = type(error).__name__ == "PanicException"
        if not is_panic and not isinstance(error, fastexcel.FastExcelError):
            raise
        message = (
            f"{what}: {(str(error).splitlines() or ['no more is known'])[0]}."
            " Open it in a spreadsheet program and save it again."
        )
        raise DataError(message) from error


@dataclass(frozen=True, eq=False)
class _Sheet:
    """One sheet: its cells as text, row 1 first; its headers, and the position of their row."""

    name: str
    cells: pl.DataFrame
    errors: list[Finding]
    blocks: list[Block]
    headers: list[str]
    header: int
    positions: dict[str, int]
    is_match: bool
    is_visible: bool
    day_zero: str = DAY_ZERO


def _sheet(
    reader: fastexcel.ExcelReader,
    index: int,
    file: ExportFile,
    extent: Extent | None,
    rules: ExportMapping | None,
) -> _Sheet:
    name = reader.sheet_names[index]
    export = INPUTS[file.export]
    with _in_words(f"{file.path.name}, sheet {name!r} cannot be read"):
        cells, errors, is_visible = _cells(reader, index, extent)
    blocks, shift = merging.merged_blocks(file.path, index, extent) if cells.height else ([], 0)
    for row, column, shown in extent.errors if extent else ():
        errors.append(Finding(row + 1, column - shift, shown, ERROR_CELL))
    head = merging.named_rows(cells.head(HEADER_SEARCH_ROWS).rows(), blocks, export, rules)
    header, positions = _header(head, blocks, export, rules)
    constants = rules.constants if rules else {}
    is_match = all(key in positions or key in constants for key in export.key) and bool(positions)
    return _Sheet(
        name=name,
        cells=cells,
        errors=errors,
        blocks=[block for block in blocks if header < block.top < cells.height],
        headers=head[header] if header < len(head) else [],
        header=header,
        positions=positions,
        is_match=is_match,
        is_visible=is_visible,
    )


def _is_about_another(sheet: _Sheet, file: ExportFile) -> bool:
    """Whether a sheet only names rows of the export, or fits another one better.

    Records or pauses of tickets beside them, a pivot: its rows would replace those it names.
    """
    columns = len(sheet.positions)
    return columns <= len(INPUTS[file.export].key) or any(
        len(match_headers(sheet.headers, other, None).positions) > columns
        for other in INPUTS.values()
        if other.name != file.export
    )


def _cells(
    reader: fastexcel.ExcelReader, index: int, extent: Extent | None
) -> tuple[pl.DataFrame, list[Finding], bool]:
    """The cells as text, row 1 first, those whose value is an error, and whether they are shown.

    Where no error can be, cells are read in the quicker way, which does not tell of them.
    """
    if extent and not extent.has_errors:
        batch = reader.load_sheet_eager(index, header_row=None, skip_rows=0, dtypes="string")
        return _frame(batch), [], extent.is_visible
    sheet = reader.load_sheet(index, header_row=None, skip_rows=0, dtypes="string")
    batch, found = sheet.to_arrow_with_errors()
    errors = []
    for error in found.errors if found else ():
        row, position = error.position
        kind = _ERROR.search(error.detail)
        shown = _ERRORS.get(kind[1], kind[1]) if kind else "error"
        errors.append(Finding(row + 1, position, shown, ERROR_CELL))
    return _frame(batch), errors, sheet.visible == "visible"


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.DataFrame(batch)
    return frame.rename({old: f"c{position}" for position, old in enumerate(frame.columns)})


def _header(
    head: list[list[str]],
    blocks: list[Block],
    export: Export,
    rules: ExportMapping | None,
) -> tuple[int, dict[str, int]]:
    """The row of the headers, and which contract column is where.

    A header whose cells are merged down ends where they end, unless names are lost there.
    """

    def positions(row: int) -> dict[str, int]:
        return match_headers(head[row], export, rules).positions if row < len(head) else {}

    if rules is not None and rules.header_row is not None:
        return rules.header_row - 1, positions(rules.header_row - 1)
    header = find_header_row(head, export, rules)
    if header is None:
        return next((i for i, row in enumerate(head) if any(row)), 0), {}
    bottom = merging.header_bottom(header, blocks)
    if len(positions(bottom)) >= len(positions(header)):
        header = bottom
    return header, positions(header)


def _source(
    con: duckdb.DuckDBPyConnection, file: ExportFile, sheet: _Sheet, *, is_only: bool
) -> Source:
    export = INPUTS[file.export]
    first = sheet.header + 1
    is_row = _rows_below(sheet.cells, first, [error.line for error in sheet.errors])
    cells, findings = sheet.cells, sheet.errors
    if sheet.blocks:
        is_whole_key = len(export.key) == 1 and not export.is_log
        cells, unfilled = merging.filled(
            cells,
            is_row,
            sheet.blocks,
            frozenset(sheet.positions.values()),
            sheet.positions.get(export.key[0]) if is_whole_key else None,
        )
        findings = [*merging.spread(findings, sheet.blocks), *unfilled]
    lines = pl.int_range(1, cells.height + 1, dtype=pl.Int64, eager=True).alias("line")
    frame = cells.with_columns(lines).filter(is_row)
    name = file.path.name if is_only else f"{file.path.name} [{sheet.name}]"
    table = f"workbook {name}"
    # In batches, as the engine divides a frame among its threads by these.
    rows = frame.to_arrow()
    batches = rows.to_batches(max_chunksize=_BATCH_ROWS)
    con.register(table, pa.Table.from_batches(batches, rows.schema))

    def pick(lines: list[int]) -> str:
        con.register(table, frame.filter(pl.col("line").is_in(lines)).to_arrow())
        return identifier(table)

    notes = [f"sheet {sheet.name}", f"header found in row {first}"]
    if sheet.blocks:
        notes.append(f"merged cells below the header: {len(sheet.blocks):,}")
    return Source(
        export=file.export,
        source_file=name,
        headers=sheet.headers,
        relation=identifier(table),
        format=file.suffix.removeprefix("."),
        sheet=sheet.name,
        expected_rows=frame.height,
        pick=pick,
        plain=frozenset(
            position for position, column in enumerate(rows.columns[:-1]) if _is_plain(column)
        ),
        has_serials=True,
        day_zero=sheet.day_zero,
        findings=[finding for finding in findings if finding.line > first],
        notes=notes,
        registered=table,
    )


def _is_plain(column: pa.ChunkedArray) -> bool:
    """Whether every text of a column is plain, as ``values.Reading`` means it."""
    texts = [chunk.buffers()[2] for chunk in column.chunks]
    return not any(
        b"\n" in text or b"\r" in text or not transcoding.is_plain(text)
        for text in (buffer.to_pybytes() for buffer in texts if buffer is not None)
    )


def _rows_below(cells: pl.DataFrame, first: int, error_lines: list[int]) -> pl.Series:
    """Which rows below the header count: those with any text or error in them.

    Column by column, and no further once all are known to have some.
    """
    lines = pl.int_range(1, cells.height + 1, dtype=pl.Int64, eager=True)
    is_below = lines > first
    found = ~is_below | lines.is_in(error_lines)
    for column in cells.get_columns():
        if found.all():
            break
        found |= (column.str.strip_chars() != "").fill_null(value=False)
    return found & is_below
