"""The management workbook, opened again: the page's numbers, no formulas, equal bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from dashboards.language import Text
from dashboards.office.mail import management_parts
from dashboards.office.management_workbook import management_workbook
from dashboards.workbook import Column, cell_text, new_book
from tests.office.office_frames import AS_OF, FEBRUARY, FORMULA, HOSTILE, LONG, cells, report

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet


def _opened(**changes: Any) -> Workbook:  # noqa: ANN401 - frames, or None
    content = management_workbook(management_parts(report(**changes)))
    return openpyxl.load_workbook(io.BytesIO(content))


def _table(sheet: Worksheet) -> list[dict[str, Any]]:
    """The rows under the frozen header, by the English part of each column's name."""
    assert sheet.freeze_panes
    top = int("".join(filter(str.isdigit, sheet.freeze_panes))) - 1
    rows = list(sheet.iter_rows(min_row=top, values_only=True))
    header = [str(name).partition(" ")[2] or str(name) for name in rows[0]]
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def test_the_months_are_those_counted_by_hand() -> None:
    rows = _table(_opened()["月度 Months"])
    assert [row["Month"].date() for row in rows] == [
        date(2025, 1, 1),
        FEBRUARY,
        date(2025, 3, 1),
    ]
    february = rows[1]
    assert [february[name] for name in ("All", "Met", "Breached", "of them open")] == [30, 18, 7, 1]
    assert february["Compliance"] == pytest.approx(18 / 25)
    assert february["Unmeasurable as misses"] == pytest.approx(18 / 30)
    # closed: 19/20 and 18/25; 3 standard errors of 37/45 at 25
    assert february["Centre"] == pytest.approx(37 / 45)
    assert february["Lower limit"] == pytest.approx(37 / 45 - 3 * (37 / 45 * 8 / 45 / 25) ** 0.5)
    assert rows[2]["Centre"] is None
    assert rows[2]["Mark"] == "月内累计 month to date"


def test_the_open_faults_say_how_long_is_left_on_their_own_clock() -> None:
    rows = _table(_opened()["未响应 Open"])
    # an hour and a half over, a quarter of an hour left
    assert [(row["State"], row["Hours left"], row["Clock"]) for row in rows] == [
        ("已超时 Already late", -1.5, "自然时间 Calendar"),
        ("计时中 Running", 0.25, "服务时间 Service hours"),
    ]


def test_every_cell_of_the_population_is_there() -> None:
    rows = _table(_opened()["明细 Cells"])
    assert len(rows) == 6
    assert sum(row["All"] for row in rows) == 58
    assert [rows[0]["Level"], rows[0]["City tier"]] == [
        "一级 Level 1",
        "一级城市 Tier-1 cities",
    ]


def test_time_is_written_as_time_and_shares_as_shares() -> None:
    book = _opened()
    speed = _table(book["速度 Speed"])
    assert speed[0]["Median"] == timedelta(hours=1, minutes=30)
    assert speed[0]["P95"] == timedelta(hours=25)
    assert speed[0]["Median share"] == 0.125
    late = _table(book["超时 Breached"])
    assert late[0]["Opened"] == datetime(2025, 2, 3, 8)  # noqa: DTZ001 - local time of the terms
    assert late[0]["Used"] == timedelta(hours=13, minutes=30)


def test_no_cell_is_a_formula_and_texts_are_whole() -> None:
    book = _opened()
    names = [row["Customer"] for row in _table(book["超时 Breached"])]
    assert names == [HOSTILE, f"'{FORMULA}", LONG]
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value or "").startswith(("=", "+", "@"))


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_what_a_spreadsheet_takes_for_a_formula_is_made_text(first: str) -> None:
    assert cell_text(f"{first}1+1") == f"'{first}1+1"
    assert cell_text(f"1{first}1") == f"1{first}1"


def test_a_text_longer_than_a_cell_is_cut() -> None:
    assert len(cell_text("响" * 40_000)) == 32_767


def test_sheets_have_frozen_headers_filters_and_a_title_where_one_is_needed() -> None:
    for sheet in _opened().worksheets:
        assert sheet.freeze_panes, sheet.title
        assert sheet.auto_filter.ref, sheet.title
        assert sheet.page_setup.orientation == "landscape"


def test_charts_point_at_the_cells_they_show() -> None:
    content = management_workbook(management_parts(report()))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = [
            archive.read(name).decode()
            for name in archive.namelist()
            if "/chart" in name and name.endswith(".xml")
        ]
    charts = [text for text in found if "<c:chartSpace" in text]
    assert len(charts) == 3
    assert any("'月度 Months'!$H$2:$H$4" in text for text in charts)
    assert any("'等级与城市 Levels'!$B$4:$B$" in text for text in charts)


def test_the_same_frames_give_the_same_bytes() -> None:
    first, second = (management_workbook(management_parts(report())) for _ in range(2))
    assert first == second


def test_without_tickets_the_overview_says_so_and_is_alone() -> None:
    book = _opened(
        response_cells=cells([]),
        response_bins=None,
        response_speed=None,
        response_breached=None,
        response_open=None,
        response_causes=None,
        response_unmeasurable=None,
    )
    assert book.sheetnames == ["概要 Overview"]
    texts = [
        str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row if cell.value
    ]
    assert any("hold no tickets with a fault" in text for text in texts)


def test_a_sheet_of_any_desk_writes_codes_in_words_and_nothing_as_nothing() -> None:
    content = io.BytesIO()
    columns = (
        Column(Text("状态", "State"), labels={"met": Text("达标", "Met")}),
        Column(Text("金额", "Amount"), "money"),
        Column(Text("是否", "Is"), "text"),
    )
    with new_book(Text("书", "Book"), AS_OF, content) as book:
        book.add("一 One", columns, [("met", -1234.5, True), ("odd", None, False)])
    sheet = openpyxl.load_workbook(content)["一 One"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["达标 Met", -1234.5, "是 yes"],
        ["odd", None, "否 no"],
    ]
    assert sheet["B2"].number_format == "#,##0.00;[Red]-#,##0.00"


def test_a_column_of_text_is_as_wide_as_its_longest_cell_within_bounds() -> None:
    content = io.BytesIO()
    columns = (Column("a"), Column("b"), Column("c"))
    with new_book(Text("书", "Book"), AS_OF, content) as book:
        book.add("一 One", columns, [("x", "按约收费 Billed as due", "响应" * 40), (None, 1, True)])
    sheet = openpyxl.load_workbook(content)["一 One"]
    # A Chinese character takes the room of two letters; what is longer than the widest wraps.
    widths = [round(sheet.column_dimensions[name].width) for name in "ABC"]
    assert widths == [13, 25, 45]  # with margins: 12, 24 and 44
    assert sheet["C2"].alignment.wrap_text
