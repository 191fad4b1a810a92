"""Workbooks as spreadsheet programs write them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter

from pipelines.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)


def book(sheets: dict[str, Any]) -> bytes:
    """A workbook of plain cells, written by openpyxl."""
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_typed_cells_below_titles(stage: Callable[..., Staged]) -> None:
    rows = [
        ["工单一览 2025", None, None, None, None, None],
        [],
        ["工单号", "受理时间", "培训课时", "专家小组", "响应时间", "故障等级"],
        [1001.0, local("2025-03-07T17:00:05"), 2.5, True, "2025年3月8日 09:30", 3],
        [],
        ["T2", local("2025-03-08"), 8, "否", 45000.5, "一级"],
        [101000295613, None, 0.1 + 0.2, None, None, 2.0],
    ]
    staged = stage({"tickets.xlsx": book({"一月": rows})})
    assert staged.rows(
        "select ticket_id, opened_at, training_hours, expert_team, responded_at, fault_level,"
        " source_row from staging.tickets"
    ) == [
        (
            "1001",
            local("2025-03-07T17:00:05"),
            Decimal("2.50"),
            True,
            local("2025-03-08T09:30"),
            3,
            4,
        ),
        ("T2", local("2025-03-08"), Decimal("8.00"), False, local("2023-03-15T12:00"), 1, 6),
        ("101000295613", None, Decimal("0.30"), None, None, 2, 7),
    ]
    assert staged.problems() == []
    assert staged.rows("select format, rows_in, note from meta.files") == [
        ("xlsx", 3, "sheet 一月; header found in row 3")
    ]


def test_a_time_of_day_is_no_instant(stage: Callable[..., Staged]) -> None:
    rows = [["ticket_id", "opened_at"], ["T1", dt.time(9, 30)], ["T2", dt.timedelta(hours=30)]]
    staged = stage({"tickets.xlsx": book({"a": rows})})
    assert staged.column("opened_at") == [None, None]
    assert [(row, column, reason) for row, column, _, reason in staged.problems()] == [
        (2, "opened_at", "a time of day without its date"),
        (3, "opened_at", "a time of day without its date"),
    ]


def test_error_cells_are_problems_not_blanks(stage: Callable[..., Staged]) -> None:
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ["ticket_id", "opened_at", "备注"])
    sheet.write(1, 0, "T1")
    sheet.write_formula(1, 1, "=VLOOKUP(1,A:A,1)", None, "#N/A")
    sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    sheet.write(2, 0, "T2")
    sheet.write_formula(2, 1, '="2025-03-07 "&"17:00"', None, "2025-03-07 17:00")
    workbook.close()
    staged = stage({"tickets.xlsx": out.getvalue()})
    assert staged.column("opened_at") == [None, local("2025-03-07T17:00")]
    assert staged.problems() == [(2, "opened_at", "#N/A", "an error instead of a value")]


def test_each_sheet_with_the_headers_is_read(stage: Callable[..., Staged]) -> None:
    header = ["ticket_id", "city"]
    data = book(
        {
            "说明": [["How to fill in this book"]],
            "1月": [header, ["T1", "成都"]],
            "2月": [["", ""], header, ["T2", "武汉"], ["T1", "西安"]],
        }
    )
    staged = stage({"tickets.xlsx": data})
    assert staged.rows("select ticket_id, source_file, source_row from staging.tickets") == [
        ("T2", "tickets.xlsx [2月]", 3),
        ("T1", "tickets.xlsx [2月]", 4),
    ]
    assert [(file.source_file, file.rows_in, file.rejected) for file in staged.summary.files] == [
        ("tickets.xlsx [1月]", 1, 1),
        ("tickets.xlsx [2月]", 2, 0),
    ]
    assert "sheets not read: 说明" in staged.summary.files[0].note


def test_a_mapping_names_the_sheet(stage: Callable[..., Staged]) -> None:
    header = ["ticket_id", "city"]
    data = book({"old": [header, ["T1", "成都"]], "new": [header, ["T2", "武汉"]]})
    staged = stage({"tickets.xlsx": data}, mapping="tickets: {sheet: new}")
    assert staged.column("ticket_id") == ["T2"]
    with pytest.raises(DataError, match=r"no sheet 'gone'.*'old', 'new'"):
        stage({}, mapping="tickets: {sheet: gone}")


def test_rejects_keep_the_cells(stage: Callable[..., Staged]) -> None:
    rows = [["ticket_id", "opened_at", "fee"], [None, local("2025-03-07T17:00"), 12.5]]
    staged = stage({"tickets.xlsx": book({"a": rows})})
    assert staged.rejects() == [
        (
            2,
            "missing_key",
            '{"ticket_id":null,"opened_at":"2025-03-07 17:00:00","fee":"12.5"}',
        )
    ]


def test_formulas_as_text_stay_text(stage: Callable[..., Staged]) -> None:
    rows = [["ticket_id", "description"], ["T1", '\'=HYPERLINK("http://x")']]
    staged = stage({"tickets.xlsx": book({"a": rows})})
    assert staged.column("description") == ['\'=HYPERLINK("http://x")']


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ("not a whole workbook", "save it again")),
        (b"ticket_id,city\nT1,x\n", ("not a whole workbook",)),
        (book({"a": [["ticket_id"], ["T1"]]})[:2000], ("not a whole workbook",)),
        (book({"a": []}), ("is empty",)),
        (book({"a": [["x", "y"], [1, 2]]}), ("no column of tickets", "'x', 'y'")),
        (book({"a": [["city"], ["成都"]]}), ("lacks the key", "ticket_id/工单号")),
    ],
)
def test_a_broken_workbook_is_said_in_words(
    stage: Callable[..., Staged], data: bytes, words: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as error:
        stage({"tickets.xlsx": data})
    for word in ("tickets.xlsx", *words):
        assert word in str(error.value)


def test_a_workbook_that_is_a_bomb_is_refused(stage: Callable[..., Staged]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (250 << 20))
    with pytest.raises(DataError, match="would unpack to 250 MiB"):
        stage({"tickets.xlsx": out.getvalue()})


def test_a_stray_cell_far_out_is_refused_before_memory_goes(stage: Callable[..., Staged]) -> None:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.active["A1"] = "ticket_id"
    workbook.active["A2"] = "T1"
    workbook.active["XFD1000000"] = " "
    out = io.BytesIO()
    workbook.save(out)
    with pytest.raises(DataError, match=r"sheet 'Sheet' reaches to row 1,000,000, column 16,384"):
        stage({"tickets.xlsx": out.getvalue()})


def test_blank_rows_far_below_cost_nothing_but_are_counted(stage: Callable[..., Staged]) -> None:
    rows = [["ticket_id", "city"], *[[None, None]] * 5000]
    staged = stage({"tickets.xlsx": book({"a": [*rows, ["T1", "成都"]]})})
    assert staged.rows("select ticket_id, source_row from staging.tickets") == [("T1", 5002)]


@pytest.mark.parametrize("name", ["xlwt.xls", "odfpy.ods"])
def test_older_and_open_formats_are_read_alike(stage: Callable[..., Staged], name: str) -> None:
    """Small files made once, by the library each is named after: titles, dates, numbers, text."""
    data = (Path(__file__).parent / "workbooks" / name).read_bytes()
    staged = stage({f"tickets.{name.partition('.')[2]}": data})
    assert staged.rows(
        "select ticket_id, opened_at, city, training_hours, source_row from staging.tickets"
    ) == [
        ("T1", local("2025-03-07T17:00:05"), "成都", Decimal("2.50"), 4),
        ("1002", local("2025-03-08T09:30"), "武汉", None, 5),
    ]
    assert staged.problems() == []


def test_merged_titles_and_numbers_as_text(stage: Callable[..., Staged]) -> None:
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    sheet = workbook.add_worksheet()
    sheet.merge_range("A1:D2", "发票清单")
    sheet.write_row(2, 0, ["发票号", "行号", "金额", "币种"])
    for row, amount in enumerate(["1 234.50", "12\u00a0345", " (1,200.00) ", "１２３．５", 7], 3):
        sheet.write_row(row, 0, [f"I{row}", 1, amount])
    sheet.merge_range("A9:A10", "I8")
    sheet.write_row(8, 1, [1, 5])
    sheet.write_row(9, 1, [2, 6])
    workbook.close()
    staged = stage({"tickets.csv": "ticket_id\nT1\n", "invoices.xlsx": out.getvalue()})
    assert staged.column("amount", "invoices") == [
        *map(Decimal, ("1234.50", "12345", "-1200", "123.50", "7", "5")),
    ]
    # A merged cell has its value in its first row alone: the row below is kept as it came.
    assert [reject[:2] for reject in staged.rejects()] == [(10, "missing_key")]
    assert staged.rows(
        "select rows_in, staged, rejected from meta.files where export = 'invoices'"
    ) == [(7, 6, 1)]
