"""Workbooks as spreadsheet programs write them."""

from __future__ import annotations

import datetime as dt
import io
import json
import tempfile
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import xlsxwriter

from pipelines.errors import DataError
from pipelines.exports import surveying

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


@pytest.mark.parametrize("is_of_1904", [False, True])
def test_day_numbers_count_from_the_year_the_workbook_says(
    stage: Callable[..., Staged], *, is_of_1904: bool
) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"date_1904": is_of_1904}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["ticket_id", "opened_at", "responded_at"])
        sheet.write(1, 0, "T1")
        # One cell says that it is a date; the other is a bare number of days.
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, 1, dt.datetime(2025, 3, 10, 12), day)  # noqa: DTZ001 - local
        sheet.write_number(1, 2, 45726.5 - 1462 * is_of_1904)
    staged = stage({"tickets.xlsx": content.getvalue()})
    assert staged.rows("select opened_at, responded_at from staging.tickets") == [
        (local("2025-03-10T12:00"), local("2025-03-10T12:00"))
    ]
    assert staged.problems() == []


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


TICKETS_SHEET = [
    ["工单号", "客户编号", "受理时间", "故障等级"],
    ["T1", "C1", "2025-01-01 10:00", 3],
    ["T2", "C2", "2025-01-02 10:00", 2],
]


@pytest.mark.parametrize(
    "other",
    [
        [["记录编号", "工单号", "工程师"], ["R1", "T1", "张"]],
        [["工单号", "次数"], ["T1", 1], ["总计", 2]],
        [["工单号", "暂停时间", "恢复时间"], ["T1", "2025-01-01 11:00", "2025-01-01 12:00"]],
        [["发票号", "行号", "工单号", "客户编号", "金额"], ["I1", 1, "T1", "C1", 5]],
    ],
    ids=["records", "a pivot", "pauses", "invoices"],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_sheet_about_something_else_replaces_no_row(
    stage: Callable[..., Staged], other: list[list[object]], *, is_first: bool
) -> None:
    sheets = {"其他": other, "工单": TICKETS_SHEET}
    names = list(sheets) if is_first else list(reversed(sheets))
    staged = stage({"tickets.xlsx": book({name: sheets[name] for name in names})})
    assert staged.rows("select ticket_id, customer_id, fault_level from staging.tickets") == [
        ("T1", "C1", 3),
        ("T2", "C2", 2),
    ]
    assert staged.rejects() == []
    assert "sheets not read: 其他" in staged.summary.files[0].note


def test_nor_does_one_that_shares_more_columns_than_the_export_has(
    stage: Callable[..., Staged],
) -> None:
    invoices = [
        ["发票号", "行号", "工单号", "客户编号", "产品序列号", "合同编号", "金额"],
        ["I1", 1, "T1", "C9", "S1", "HT1", 5],
    ]
    tickets = [["工单号", "客户编号", "受理时间"], ["T1", "C1", "2025-01-01 10:00"]]
    staged = stage({"tickets.xlsx": book({"工单": tickets, "发票": invoices})})
    assert staged.rows("select ticket_id, customer_id from staging.tickets") == [("T1", "C1")]
    assert staged.rejects() == []


def test_a_sheet_with_fewer_columns_of_the_same_export_is_read(
    stage: Callable[..., Staged],
) -> None:
    older = [["工单号", "客户编号"], ["T0", "C0"]]
    staged = stage({"tickets.xlsx": book({"2024": older, "2025": TICKETS_SHEET})})
    assert staged.column("ticket_id") == ["T0", "T1", "T2"]


def test_a_sheet_of_keys_alone_is_read_where_there_is_no_other(
    stage: Callable[..., Staged],
) -> None:
    staged = stage({"tickets.xlsx": book({"工单": [["工单号"], ["T1"]]})})
    assert staged.column("ticket_id") == ["T1"]


def test_an_error_in_the_key_stands_in_the_record_of_the_reject(
    stage: Callable[..., Staged],
) -> None:
    rows = [["工单号", "城市", "描述"], ["#N/A", "成都", "bad"], ["T2", "#REF!", "good"]]
    staged = stage({"tickets.xlsx": book({"工单": rows})})
    ((row, reason, record),) = staged.rejects()
    assert (row, reason) == (2, "missing_key")
    assert json.loads(record) == {"工单号": "#N/A", "城市": "成都", "描述": "bad"}
    assert [problem[:3] for problem in staged.problems()] == [(3, "city", "#REF!")]


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
        *map(Decimal, ("1234.50", "12345", "-1200", "123.50", "7", "5", "6")),
    ]
    # A merged cell has its value in each of its rows, as the screen shows it.
    assert staged.rows(
        "select invoice_id, line_no, source_row from staging.invoices where source_row > 8"
    ) == [("I8", 1, 9), ("I8", 2, 10)]
    assert staged.rejects() == []


def merged(
    rows: list[list[Any]], ranges: dict[str, Any], errors: dict[str, str] | None = None
) -> bytes:
    """A workbook of rows with those ranges merged, each with its value, and cells of errors."""
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    sheet = workbook.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    for area, value in ranges.items():
        sheet.merge_range(area, value)
    for cell, error in (errors or {}).items():
        sheet.write_formula(cell, "=1/0", None, error)
    workbook.close()
    return out.getvalue()


def test_a_merged_value_stands_in_each_of_its_rows(stage: Callable[..., Staged]) -> None:
    rows: list[list[Any]] = [
        ["ticket_id", "city", "opened_at", "channel"],
        ["T1", None, "2025-03-07 17:00"],
        ["T2", None, "2025-03-08 09:00"],
        ["T3", "西安", None],
        ["T4", "长沙", None],
    ]
    data = merged(
        rows,
        {"B2:B3": "成都", "C4:C5": None, "D2:D90": "电话"},
        {"C4": "#N/A"},
    )
    staged = stage({"tickets.xlsx": data})
    assert staged.rows("select ticket_id, city, channel, source_row from staging.tickets") == [
        ("T1", "成都", "phone", 2),
        ("T2", "成都", "phone", 3),
        ("T3", "西安", "phone", 4),
        ("T4", "长沙", "phone", 5),
    ]
    # Rows 6 to 90 have nothing of their own, so they are no rows; an error stands in both of its.
    assert staged.problems() == [
        (4, "opened_at", "#N/A", "an error instead of a value"),
        (5, "opened_at", "#N/A", "an error instead of a value"),
    ]


def test_one_key_over_several_rows_is_not_multiplied(stage: Callable[..., Staged]) -> None:
    """Two visits of one ticket: filled down, the second would replace the first."""
    rows: list[list[Any]] = [
        ["ticket_id", "city", "arrived_at"],
        [None, "成都", "2025-03-07 17:00"],
        [None, None, "2025-03-09 17:00"],
        ["T2", "武汉", "2025-03-08 09:00"],
        [None, "西安", None],
    ]
    staged = stage({"tickets.xlsx": merged(rows, {"A2:A3": "T1", "A5:A6": "T3"})})
    assert staged.rows("select ticket_id, arrived_at from staging.tickets") == [
        ("T1", local("2025-03-07T17:00")),
        ("T2", local("2025-03-08T09:00")),
        ("T3", None),
    ]
    assert [reject[:2] for reject in staged.rejects()] == [(3, "missing_key")]
    # That of T3 has nothing below it but blank cells: there is nothing to say.
    assert staged.problems() == [
        (2, "ticket_id", "A2:A3 T1", "one key merged over several rows: only its first row has it")
    ]


def test_a_value_over_several_columns_is_listed_with_its_range(
    stage: Callable[..., Staged],
) -> None:
    rows: list[list[Any]] = [
        ["note", "ticket_id", "opened_at", "responded_at"],
        ["x", "T1", None, None],
        ["x", "T2", "2025-03-08 09:00", "2025-03-08 10:00"],
    ]
    staged = stage({"tickets.xlsx": merged(rows, {"C2:D2": "2025-03-07 17:00"})})
    assert staged.rows("select opened_at, responded_at from staging.tickets") == [
        (local("2025-03-07T17:00"), None),
        (local("2025-03-08T09:00"), local("2025-03-08T10:00")),
    ]
    assert staged.problems() == [
        (
            *(2, "opened_at", "C2:D2 2025-03-07 17:00"),
            "merged over several columns: read in the first of them alone",
        )
    ]


def test_headings_over_columns_name_them(stage: Callable[..., Staged]) -> None:
    rows: list[list[Any]] = [
        ["一月工单"],
        [None, None, None, None, None, None, "城市"],
        [None, "编号", "名称", "受理时间", "时间", "时间", None],
        ["T1", "K7", "某公司", "2025-03-07 17:00", "2025-03-08 09:30", "2025-03-08 11:00", "成都"],
    ]
    ranges = {"A2:A3": "工单号", "B2:C2": "客户", "D2:D3": None, "G2:G3": "城市"}
    rows[1][4:6] = ["响应", "完成"]
    staged = stage({"tickets.xlsx": merged(rows, {**ranges, "A1:G1": "一月工单"})})
    # 客户编号 and 客户名称 are known names; 响应 and 完成 are not merged, so 时间 stays unknown.
    assert staged.rows(
        "select ticket_id, customer_id, customer_name, city, source_row from staging.tickets"
    ) == [("T1", "K7", "某公司", "成都", 4)]
    assert "header found in row 3" in staged.summary.files[0].note


def test_equal_names_are_told_apart_by_their_headings(stage: Callable[..., Staged]) -> None:
    rows: list[list[Any]] = [
        [None] * 6,
        ["工单号", "城市", "时间", "城市", "时间", "备注"],
        ["T1", "成都", "2025-03-07 17:00", "北京", "2025-03-08 09:30", "x"],
    ]
    headings = {"B1:C1": "受理", "D1:F1": "派出"}
    staged = stage({"tickets.xlsx": merged(rows, headings)})
    assert staged.rows("select ticket_id, city, dispatch_city, opened_at from staging.tickets") == [
        ("T1", "成都", "北京", local("2025-03-07T17:00"))
    ]
    assert staged.summary.files[0].headers == (
        *("工单号", "城市", "受理时间", "派出城市", "派出时间", "备注"),
    )


def test_cells_count_from_the_first_column_in_use(stage: Callable[..., Staged]) -> None:
    rows: list[list[Any]] = [
        [],
        [None, None, "ticket_id", "opened_at", "city"],
        [None, None, "T1", None, None],
        [None, None, "T2", "2025-03-07 17:00", None],
    ]
    data = merged(rows, {"E3:E4": "成都"}, {"D3": "#REF!"})
    staged = stage({"tickets.xlsx": data})
    assert staged.rows("select ticket_id, opened_at, city from staging.tickets") == [
        ("T1", None, "成都"),
        ("T2", local("2025-03-07T17:00"), "成都"),
    ]
    assert staged.problems() == [(3, "opened_at", "#REF!", "an error instead of a value")]


@pytest.mark.parametrize("name", ["xlwt_merged.xls", "odfpy_merged.ods"])
def test_older_and_open_formats_tell_of_errors_and_merged_cells(
    stage: Callable[..., Staged], name: str
) -> None:
    """Made once, as ``xlwt.xls`` and ``odfpy.ods``: a city over two rows, and a time of #N/A."""
    data = (Path(__file__).parent / "workbooks" / name).read_bytes()
    staged = stage({f"tickets.{name.partition('.')[2]}": data})
    assert staged.rows("select ticket_id, city, opened_at, source_row from staging.tickets") == [
        ("T1", "成都", None, 2),
        ("T2", "成都", local("2025-03-08T09:30"), 3),
    ]
    assert staged.problems() == [(2, "opened_at", "#N/A", "an error instead of a value")]


def test_a_hidden_sheet_is_left_out(stage: Callable[..., Staged]) -> None:
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    for name, ticket in (("shown", "T1"), ("old", "T2")):
        sheet = workbook.add_worksheet(name)
        sheet.write_row(0, 0, ["ticket_id", "city"])
        sheet.write_row(1, 0, [ticket, "成都"])
        if name == "old":
            sheet.hide()
    workbook.close()
    staged = stage({"tickets.xlsx": out.getvalue()})
    assert staged.column("ticket_id") == ["T1"]
    assert "sheets not read: old" in staged.summary.files[0].note


def test_an_export_in_a_hidden_sheet_alone_is_asked_for(stage: Callable[..., Staged]) -> None:
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out)
    workbook.add_worksheet("cover").write(0, 0, "Report of June")
    sheet = workbook.add_worksheet("data")
    sheet.write_row(0, 0, ["ticket_id", "city"])
    sheet.write_row(1, 0, ["T1", "成都"])
    sheet.hide()
    workbook.close()
    with pytest.raises(DataError, match=r"in a hidden sheet only: data\."):
        stage({"tickets.xlsx": out.getvalue()})
    mapping = "tickets:\n  sheet: data\n"
    assert stage({"tickets.xlsx": out.getvalue()}, mapping).column("ticket_id") == ["T1"]


HEADS = '<row r="1"><c r="A1" t="inlineStr"><is><t>ticket_id</t></is></c></row>'


def with_rows(rows: str, shared: str | None = None) -> bytes:
    """A workbook whose one sheet is written by hand."""
    plain, out = io.BytesIO(book({"a": [["ticket_id"], ["T1"]]})), io.BytesIO()
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts.namelist():
            text = parts.read(part)
            if part == "xl/worksheets/sheet1.xml":
                start, end = text.index(b"<sheetData>"), text.index(b"</sheetData>")
                text = text[: start + 11] + (HEADS + rows).encode() + text[end:]
            packed.writestr(part, text)
        if shared is not None:
            packed.writestr("xl/sharedStrings.xml", f"<sst><si><t>{shared}</t></si></sst>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('<row r="2"><c r="A1048577"><v>1</v></c></row>', "reaches to row 1,048,577, column 1"),
        ('<row r="2"><c r="A4000000000"><v>1</v></c></row>', "reaches to row 4,000,000,000"),
        ('<row r="4000000000"><c><v>1</v></c></row>', "reaches to row 4,000,000,000"),
        ("<row r='2'><c r='XFD1000000'><v>1</v></c></row>", "row 1,000,000, column 16,384"),
        ('<row r="2"><c s="0" r="XFD9000"><v>1</v></c></row>', "row 9,000, column 16,384"),
        ('<row r="2"><c  r = "xfd9000"><v>1</v></c></row>', "row 9,000, column 16,384"),
        ('<row r="9000"><c r="XFD9000"><v>1</v></c><c r="A9000"/></row>', "column 16,384"),
        ('<row r="2">' + "<c><v>1</v></c>" * 60 + '</row><row r="1048576"><c/></row>', "column 60"),
    ],
)  # fmt: skip
def test_no_way_of_saying_where_a_cell_is_gets_past_the_limit(
    stage: Callable[..., Staged], row: str, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        stage({"tickets.xlsx": with_rows(row)})


def test_cells_need_not_say_where_they_are(stage: Callable[..., Staged]) -> None:
    row = "<row><c><v>{}</v></c><c><v>7</v></c></row>"
    staged = stage({"tickets.xlsx": with_rows(row.format(1001) + row.format(1002))})
    assert staged.rows("select ticket_id, source_row from staging.tickets") == [
        ("1001", 2),
        ("1002", 3),
    ]


def test_up_to_the_last_column_within_the_limit_is_read(stage: Callable[..., Staged]) -> None:
    # 57 columns (BE) of 1,048,576 rows are just under the limit of 60 million cells, 58 over it.
    last = '<row r="1048576"><c r="{}1048576"><v>1</v></c></row>'
    data = with_rows('<row r="2"><c r="A2"><v>1</v></c></row>' + last.format("BF"))
    with pytest.raises(DataError, match="reaches to row 1,048,576, column 58"):
        stage({"tickets.xlsx": data})
    far = '<row r="1034482"><c r="BF1034482"><v>1</v></c></row>'
    assert 58 * 1_034_482 <= surveying.MAX_CELLS < 58 * 1_034_483
    path = Path(tempfile.mkdtemp()) / "tickets.xlsx"
    path.write_bytes(with_rows(far))
    assert surveying.survey(path)["a"].columns == 58
    path.write_bytes(with_rows(far.replace("1034482", "1034483")))
    with pytest.raises(DataError, match=r"row 1,034,483, column 58"):
        surveying.survey(path)


def test_a_long_text_in_many_cells_is_refused_before_it_is_copied(
    stage: Callable[..., Staged],
) -> None:
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 9002))
    with pytest.raises(DataError, match=r"would hold 4,291 MiB of text, more than 4,096"):
        stage({"tickets.xlsx": with_rows(cells, "x" * 500_000)})
    with pytest.raises(DataError, match="has a cell of more than 4,000,000 bytes"):
        stage({"tickets.xlsx": with_rows(cells, "x" * 4_000_001)})


@pytest.mark.parametrize(
    ("row", "cell", "says"),
    [
        ("1000000", "61", "reaches to row 1,000,003, column 61"),
        ("4000000000", "1", "reaches to row 4,000,000,003"),
    ],
)
def test_an_open_document_that_repeats_cells_without_end_is_refused(
    stage: Callable[..., Staged], row: str, cell: str, says: str
) -> None:
    plain = (Path(__file__).parent / "workbooks" / "odfpy_merged.ods").read_bytes()
    out = io.BytesIO()
    many = (
        f'<table:table-row table:number-rows-repeated="{row}"><table:table-cell'
        f' table:number-columns-repeated="{cell}" office:value-type="string"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )
    with zipfile.ZipFile(io.BytesIO(plain)) as parts, zipfile.ZipFile(out, "w") as packed:
        for part in parts.namelist():
            data = parts.read(part).replace(b"</table:table>", many.encode())
            packed.writestr(part, data)
    with pytest.raises(DataError, match=says):
        stage({"tickets.ods": out.getvalue()})


def test_what_breaks_the_reader_of_cells_is_said_in_words(
    stage: Callable[..., Staged], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written in Rust, whose panics are no ``Exception``; an interrupt is none either."""

    class PanicException(BaseException):
        pass

    def broken(error: BaseException) -> Callable[..., None]:
        def read(*_: object) -> None:
            raise error

        return read

    data = book({"a": [["ticket_id"], ["T1"]]})
    monkeypatch.setattr("fastexcel.read_excel", broken(PanicException("index out of bounds")))
    with pytest.raises(DataError, match=r"tickets.xlsx is not a whole workbook: index out of"):
        stage({"tickets.xlsx": data})
    monkeypatch.setattr("fastexcel.read_excel", broken(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        stage({"tickets.xlsx": data})


def test_a_number_of_a_workbook_is_never_read_with_a_decimal_comma(
    stage: Callable[..., Staged],
) -> None:
    """Of 112.125 nobody can tell whether it was a number or a text that means thousands."""
    rows = [
        ["invoice_id", "line_no", "issued_at", "amount"],
        ["I1", 1, "2025-03-07", "1,5"],
        ["I2", 1, "2025-03-07", 112.125],
        ["I3", 1, "2025-03-07", 2.5],
        ["I4", 1, "2025-03-07", "1.234,50"],
        ["I5", 1, "2025-03-07", "1.234.567"],
        ["I6", 1, "2025-03-07", 1234],
    ]
    tickets = "ticket_id,opened_at\nT1,2025-03-07 09:00\n"
    mapping = "invoices: {columns: {amount: {from: amount, format: decimal-comma}}}"
    staged = stage({"tickets.csv": tickets, "invoices.xlsx": book({"行": rows})}, mapping)
    assert staged.column("amount", "invoices") == [
        Decimal(text) if text else None for text in ("1.5", "", "2.5", "1234.5", "1234567", "1234")
    ]
    assert staged.problems() == [
        (
            *(3, "amount", "112.125"),
            "a number with decimals, or a text that means thousands: it may be either",
        )
    ]
