"""What is fed to the readers, and what must hold of whatever comes: no fuzzer in here.

Each target takes bytes and returns when they were refused in words or read without losing a row;
anything else it raises is a finding. ``fuzz_readers`` lets a fuzzer make the bytes up.
"""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import SlaError
from pipelines.exports import ExportFile, load_mapping, stage_exports
from pipelines.exports.text_files import read_text_file
from tests.exports.outcomes import outcome

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = "ticket_id,opened_at,responded_at,expert_team,training_hours,fault_level,city\n"
SEEDS = (
    "T1,2025-03-07 17:00,2025/3/8 9:32:09,是,8,一级,成都\n",
    "T2,2025年3月7日 17:00,07.03.2025,Y,(1.5),P1,北京市\n",
    "T3,3/13/2025 5:00 PM,2025-03-08T09:30:00.123Z,TRUE,１２,2,\n",
    "T4,45000.5,2025-03-08T09:30+08:00,-,¥1,234.50-,无,N/A\n",
)
MAPPING = (
    b"timezone: Asia/Shanghai\ntickets:\n  files: ['t*']\n  columns:\n    ticket_id: No\n"
    b"    opened_at: {from: Opened, formats: ['%d.%m.%Y']}\n    city: {from: [A, B]}\n"
)


def lines(data: bytes) -> None:
    """A text file up to its rows, read in both ways but not staged: a hundred times as fast."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tickets.csv"
        path.write_bytes(data)
        try:
            source = read_text_file(ExportFile("tickets", path, ".csv"), None, Path(folder))
            exact = source.exact() if source.exact else source
        except SlaError as error:
            assert path.name in str(error)  # noqa: PT017 - either outcome is fine
            return
        # Strictly read, a row takes a line, and blank lines and quoted breaks only make fewer.
        assert source.expected_rows is not None
        assert exact.expected_rows is not None
        assert exact.expected_rows <= source.expected_rows


def text(data: bytes) -> None:
    """A whole text file: encoding, delimiter, header, rows, values."""
    outcome("tickets.csv", data)


def cells(data: bytes) -> None:
    """Cells under a good header: dates, money, yes and no, levels."""
    outcome("tickets.csv", HEADER.encode() + data)


def packed(data: bytes) -> None:
    """A zip or a gzip, told apart by the first byte."""
    name = "tickets.zip" if data[:1] == b"P" else "tickets.csv.gz"
    outcome(name, data)


def workbook(data: bytes) -> None:
    """The rows of a sheet, within a workbook that is otherwise whole."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        for name, part in _BOOK.items():
            book.writestr(name, part)
        book.writestr("xl/worksheets/sheet1.xml", _SHEET.replace(b"ROWS", data))
    outcome("tickets.xlsx", made.getvalue())


def mapping(data: bytes) -> None:
    """A mapping file: refused in words, or a mapping whose text cannot leave its place in SQL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.yaml"
        path.write_bytes(data)
        try:
            rules = load_mapping(path)
        except SlaError:
            return
        exports = Path(folder) / "exports"
        exports.mkdir()
        (exports / "tickets.csv").write_text("No,ticket_id,city\n1,2,3\n", encoding="utf-8")
        with duckdb.connect() as con:
            try:
                stage_exports(con, exports, rules)
            except SlaError:
                return
            rows = con.execute("select rows_in, staged, rejected from meta.files").fetchall()
        assert [rows_in for rows_in, _, _ in rows] == [staged + out for _, staged, out in rows]


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (lines, text, cells, packed, workbook, mapping)
}

_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_BOOK = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
    "xl/workbook.xml": (
        f'<workbook xmlns="{_SPREADSHEET}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
    "xl/sharedStrings.xml": f'<sst xmlns="{_SPREADSHEET}"><si><t>ticket_id</t></si></sst>',
}
_SHEET = (
    f'<worksheet xmlns="{_SPREADSHEET}"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c>'
    "</row>ROWS</worksheet>"
).encode()
_ROWS = (
    b'<row r="2"><c r="A2"><v>7</v></c><c r="B2" t="e"><v>#N/A</v></c></row>'
    b'<row r="3"><c r="A3" t="inlineStr"><is><t>T</t></is></c><c r="B3" t="b"><v>1</v></c></row>'
    b'</sheetData><mergeCells><mergeCell ref="A3:A4"/></mergeCells>'
)


def seeds(target: str) -> list[bytes]:
    """Good inputs of a target to begin with."""
    rows = [line.encode() for line in SEEDS]
    whole = [HEADER.encode() + row for row in rows]
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as packed_file:
        packed_file.writestr("a.csv", whole[0])
    return {
        "lines": [*whole, whole[0].replace(b"\n", b"\r\n"), whole[0].decode().encode("utf-16")],
        "text": [*whole, *(line.decode().encode("gb18030") for line in whole)],
        "cells": rows,
        "packed": [gzip.compress(whole[0], mtime=0), zipped.getvalue()],
        "workbook": [_ROWS],
        "mapping": [MAPPING],
    }[target]
