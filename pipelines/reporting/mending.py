"""The rows with something wrong, as files like those they came from, to be mended and fed back.

One file for each source: its headers, delimiter and encoding, its rows as they came, and one more
column that says what is wrong. Mended and put beside its source it is read right after it, and
each row takes the place of the one it was made from.

Belongs here: writing those files. Does not belong here: which rows they hold
(``exports.wrong_rows`` keeps them) or how the page offers them (``dashboards.pages.data``).
"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import xlsxwriter

from pipelines.contract import INPUTS
from pipelines.exports.finding import SUFFIXES, WORKBOOK_SUFFIXES
from pipelines.exports.guards import WRONG, WRONG_IN_ENGLISH, guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

FOLDER: Final = "data/mend"
BESIDE: Final = "mend"
"""Beside the report, where the report hides what the rows say."""

_NO_KEY: Final = ("缺少编号", "key missing")
_LONGEST_NAME: Final = 120
_LONGEST_SHEET_NAME: Final = 31
_LONGEST_CELL: Final = 32_767
_NO_CLOCK: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - no moment: the same rows, the same bytes
_NOT_IN_A_NAME: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\[\]]+')
_SCHEMA: Final = {
    "export": pl.String,
    "source_file": pl.String,
    "path": pl.String,
    "rows": pl.Int64,
    "has_key": pl.Boolean,
}


def write_rows_to_mend(
    con: duckdb.DuckDBPyConnection, out_dir: Path, folder: str = FOLDER
) -> pl.DataFrame:
    """Write a file for each source that has such rows; what was written, one row each.

    ``path`` is from ``out_dir``, the report's folder, and begins with ``folder``; ``has_key``
    says whether a row fed back replaces the old one.
    """
    sources = con.execute(
        "select export, source_file, format, encoding, delimiter, sheet, headers "
        "from meta.files semi join staging.rows_to_mend using (export, source_file) "
        "order by export, source_file"
    ).fetchall()
    written: list[tuple[str, str, str, int, bool]] = []
    taken: set[str] = set()
    for export, source_file, form, encoding, delimiter, sheet, headers in sources:
        rows = _rows(con, export, source_file)
        name = _file_name(source_file, form, taken)
        target = out_dir / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        header = [*json.loads(headers), WRONG]
        if f".{form}" in WORKBOOK_SUFFIXES:
            target.write_bytes(_workbook(sheet, header, rows))
        else:
            target.write_bytes(_text(encoding or "utf-8-sig", delimiter or ",", header, rows))
        has_key = bool(INPUTS[export].key)
        written.append((export, source_file, f"{folder}/{name}", len(rows), has_key))
    return pl.DataFrame(written, _SCHEMA, orient="row")


Row = tuple[list[str], str, str]
"""A row's cells, and what is wrong with it in Chinese and in English."""


def _rows(con: duckdb.DuckDBPyConnection, export: str, source_file: str) -> list[Row]:
    problems: dict[int, list[tuple[str, str]]] = {}
    for line, column, reason_zh, reason in con.execute(
        'select source_row, "column", reason_zh, reason from staging.problems '
        'where export = $1 and source_file = $2 order by source_row, "column", reason',
        [export, source_file],
    ).fetchall():
        name = f"{column}: " if column else ""
        problems.setdefault(line, []).append((f"{name}{reason_zh or reason}", f"{name}{reason}"))
    kept = con.execute(
        "select source_row, cells from staging.rows_to_mend "
        "where export = $1 and source_file = $2 order by source_row",
        [export, source_file],
    ).fetchall()
    rows = []
    for line, cells in kept:
        wrong = problems.get(line, [_NO_KEY])
        rows.append(
            (
                [cell or "" for cell in json.loads(cells)],
                "；".join(zh for zh, _ in wrong),
                "; ".join(en for _, en in wrong),
            )
        )
    return rows


def _file_name(source_file: str, form: str, taken: set[str]) -> str:
    """A name that is read right after its source, for the same export; each one once."""
    book, _, sheet = source_file.partition(" [")
    suffix = next((end for end in SUFFIXES if book.lower().endswith(end)), "")
    stem = book[: len(book) - len(suffix)] + (f"_{sheet.removesuffix(']')}" if sheet else "")
    stem = _NOT_IN_A_NAME.sub("_", stem)[:_LONGEST_NAME]
    ending = ".xlsx" if f".{form}" in WORKBOOK_SUFFIXES else ".csv"
    name, number = f"{stem}_mended{ending}", 1
    while name.lower() in taken:
        number += 1
        name = f"{stem}_mended_{number}{ending}"
    taken.add(name.lower())
    return name


def _text(encoding: str, delimiter: str, header: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A text file as its source was: what is wrong in both languages, or in English alone.

    A code page of the West has no words in Chinese.
    """
    # Without its byte order mark a reader would have to guess.
    with_mark = re.sub(r"^(utf-?(?:16|32))[-_]?[bl]e$", r"\1", encoding.lower())
    for is_bilingual in (True, False):
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow([*header[:-1], WRONG if is_bilingual else WRONG_IN_ENGLISH])
        for cells, zh, en in rows:
            writer.writerow([*map(guarded, cells), f"{zh} / {en}" if is_bilingual else en])
        try:
            return out.getvalue().encode(with_mark)
        except UnicodeEncodeError:
            if not is_bilingual:
                raise
    raise AssertionError  # one of the two returned or raised


def _workbook(sheet: str | None, header: Sequence[str], rows: Sequence[Row]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": _NO_CLOCK})
        page = book.add_worksheet((sheet or "")[:_LONGEST_SHEET_NAME] or None)
        for place, cell in enumerate(header):
            page.write_string(0, place, cell)
        for line, (cells, zh, en) in enumerate(rows, start=1):
            for place, cell in enumerate([*cells, f"{zh} / {en}"]):
                page.write_string(line, place, cell[:_LONGEST_CELL])
    return content.getvalue()
