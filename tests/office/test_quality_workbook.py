"""quality.xlsx, opened again: its sheets say what the quality page says."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING

import openpyxl
import polars as pl

from dashboards.office.quality_workbook import quality_workbook
from tests.dashboards.frames import HOSTILE, report
from tests.dashboards.test_quality_page import agent, page_report

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


def sheet(content: bytes, name: str) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(content))[name]


def test_the_months_and_agents_are_those_of_the_page() -> None:
    content = quality_workbook(page_report([agent("A1", missing=4, missing_pct=40.0)]))
    assert content is not None
    months = [row for row in sheet(content, "月份 Months").iter_rows(values_only=True) if row[1]]
    # Two months by hand: 10 owed with 6 on time, 3 missing, 1 late; 4 owed with 2 pending.
    assert [row[1] for row in months[1:]] == [10, 4]
    assert months[1][2:7] == (6, 1, 0, 0, 3)
    agents = [
        row for row in sheet(content, "代理商 Agents").iter_rows(values_only=True) if row[1] == "A1"
    ]
    assert agents[0][4] == 4
    assert agents[0][5] == 0.4
    assert sheet(content, "代理商 Agents").freeze_panes
    assert sheet(content, "代理商 Agents").auto_filter.ref
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert "xl/charts/chart1.xml" in parts.namelist()


def test_days_and_times_are_dates_and_no_word_of_ours_begins_with_a_sign() -> None:
    more = {"recent_missing": 5, "recent_decided": 5, "earlier_missing": 0, "earlier_decided": 9}
    due = {
        "ticket_id": "T1", "subject_id": "T1", "kind": "filing", "clause": "AG",
        "due_month": date(2025, 4, 1), "due_on": date(2025, 4, 9), "days_left": 29.96,
        "responsible": "A1", "agent_name": "甲", "customer_id": "C1", "customer_name": "乙",
    }  # fmt: skip
    content = quality_workbook(page_report([agent("A1", **more)], promises_due=pl.DataFrame([due])))
    assert content is not None
    _, _, _, _, header, row = sheet(content, "代理商 Agents").iter_rows()
    shown = {str(name.value): cell for name, cell in zip(header, row, strict=True)}
    trend = next(cell for name, cell in shown.items() if "Last 3 months" in name)
    assert trend.value == "数量太少：+100.0 too few to say: +100.0"
    assert shown["最近提交 Last filed"].value == datetime(2025, 3, 2, 9)  # noqa: DTZ001 - a cell has no zone
    *_, last = sheet(content, "将到期 Due").iter_rows(values_only=True)
    assert [cell.date() for cell in last if isinstance(cell, datetime)] == [
        date(2025, 4, 1),
        date(2025, 4, 9),
    ]
    assert 30.0 in last


def test_every_sheet_says_as_of_when_it_stands() -> None:
    content = quality_workbook(page_report([agent("A1")]))
    assert content is not None
    book = openpyxl.load_workbook(io.BytesIO(content))
    for shown in book:
        texts = [row[0] for row in shown.iter_rows(max_row=3, max_col=1, values_only=True)]
        assert str(texts[1]).startswith("截至 2025-03-"), shown.title
        assert str(texts[2]).startswith("As of 2025-03-"), shown.title


def test_text_from_the_exports_is_no_formula_and_the_bytes_are_the_same_each_time() -> None:
    frames = page_report([agent("=1+1", agent_name=HOSTILE)])
    content = quality_workbook(frames)
    assert content is not None
    cells = [cell for row in sheet(content, "代理商 Agents").iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert content == quality_workbook(frames)


def test_without_records_there_is_no_workbook() -> None:
    assert quality_workbook(report({})) is None
