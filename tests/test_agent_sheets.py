"""The agents' sheets: each agent's own rows, complete, safe to open, the same bytes each time."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from dashboards.agent_sheet import sheet_html, to_do
from pipelines.reporting.agent_sheets import agent_sheets, workbook, write_agent_sheets
from tests.harness import build, give_files

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

HOSTILE = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://example.invalid","x")'


def served(ticket_id: str, agent_id: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """A finished phone service of an agent; its record is due on 8 March at 09:00."""
    return {
        "ticket_id": ticket_id, "provider": "agent", "agent_id": agent_id,
        "customer_name": f"客户{agent_id}", "service_code": "SASR008",
        "opened_at": "2025-03-01 08:00:00", "finished_at": "2025-03-01 09:00:00", **values,
    }  # fmt: skip


def record(record_id: str, ticket_id: str | None, agent_id: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """A complete fault record, submitted the day after."""
    return {
        "record_id": record_id, "ticket_id": ticket_id, "agent_id": agent_id,
        "form": "fault_record", "submitted_at": "2025-03-02 09:00:00", "engineer": "李",
        "service_finished_at": "2025-03-01 09:00:00", "fault_description": "死机",
        "resolution": "重启", **values,
    }  # fmt: skip


EXPORTS: dict[str, list[dict[str, Any]]] = {
    "agents": [{"agent_id": "A1", "agent_name": HOSTILE}, {"agent_id": "B2"}, {"agent_id": "idle"}],
    "tickets": [
        served("owed", "A1", customer_name=FORMULA),
        served("partial", "A1"),
        served("swapped", "A1"),
        served("filed", "A1"),
        served("later", "A1", finished_at="2025-03-10 12:00:00"),
        served("of-b", "B2"),
        served("joined", "A1", customer_type="key_account", provider="company"),
    ],
    "service_records": [
        record("R1", "filed", "A1"),
        record("R2", "partial", "A1", resolution=None),
        record("R3", "swapped", "A1", form="presales_report"),
        record("R4", "of-b", "A1"),
        record("R5", "nowhere", "B2"),
    ],
}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    """A warehouse of two agents that served, as of 12 March 2025."""
    made = build(EXPORTS, as_of="2025-03-12 09:00:00")
    give_files(made, ["service_records"])
    return made


def test_a_sheet_has_what_the_agent_owes_oldest_first(con: duckdb.DuckDBPyConnection) -> None:
    first, second = agent_sheets(con)
    assert (first.agent_id, second.agent_id) == ("A1", "B2")
    owed = [(row["ticket_id"], row["finding"]) for row in first.owed]
    assert owed == [
        ("joined", "missing"),
        ("owed", "missing"),
        ("partial", "incomplete"),
        ("swapped", "wrong_form"),
        ("later", "pending"),
    ]
    # due 8 March 09:00, four days before the as-of; pending is due on 17 March
    assert first.owed[0]["overdue_days"] == 4
    assert first.owed[4]["overdue_days"] < 0
    assert first.outstanding == 4
    assert first.totals["due"] == 6
    assert first.totals["filed_on_time"] == 1


def test_a_sheet_has_nothing_of_another_agent(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_agent_sheets(con, tmp_path)
    page = (tmp_path / "agents" / "B2.html").read_text(encoding="utf-8")
    for text in ("A1", "R1", "R4", "owed-", "客户A1", "joined", "swapped", HOSTILE):
        assert text not in page
    assert "of-b" in page
    other = (tmp_path / "agents" / "A1.html").read_text(encoding="utf-8")
    assert "B2" not in other
    assert "R4" in other  # its own record, filed for another agent's ticket
    for cells in _cells(tmp_path / "agents" / "B2.xlsx").values():
        assert not any("A1" in str(cell) for row in cells for cell in row)


def _cells(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def test_the_page_is_whole_by_itself_and_escaped(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_agent_sheets(con, tmp_path)
    page = (tmp_path / "agents" / "A1.html").read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "http://" not in page.replace("http://example.invalid", "")
    assert "<script" not in page
    assert "src=" not in page
    assert '<link rel="stylesheet"' not in page
    assert '<section lang="zh-CN"' in page
    assert '<section lang="en"' in page
    assert "R2 was filed; add: resolution" in page
    assert "R3 has the wrong form; file the fault record" in page
    assert "7×24" in page


def test_the_workbook_has_the_same_rows_and_no_formula(con: duckdb.DuckDBPyConnection) -> None:
    sheet = agent_sheets(con)[0]
    book = openpyxl.load_workbook(io.BytesIO(workbook(sheet)))
    owed = list(book.worksheets[0].iter_rows())
    assert [row[0].value for row in owed[1:]] == ["joined", "owed", "partial", "swapped", "later"]
    customer = owed[2][2]
    assert customer.data_type == "s"
    assert str(customer.value).endswith(FORMULA)
    assert book.worksheets[1]["A2"].value == "R4"
    months = list(book.worksheets[2].iter_rows(values_only=True))
    assert months[1][:2] == ("2025-03", 6)


def test_the_same_warehouse_gives_the_same_bytes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    one = {path.name: path.read_bytes() for path in write_agent_sheets(con, tmp_path / "one")}
    two = {path.name: path.read_bytes() for path in write_agent_sheets(con, tmp_path / "two")}
    assert one == two
    assert sorted(one) == ["A1.html", "A1.xlsx", "B2.html", "B2.xlsx"]


def test_a_list_that_is_cut_says_so(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = agent_sheets(con)[0]
    monkeypatch.setattr("pipelines.reporting.agent_sheets.MOST_ROWS", 3)
    monkeypatch.setattr("dashboards.agent_sheet.ROWS_SHOWN", 2)
    sheet = agent_sheets(con)[0]
    assert len(whole.owed) == 5
    assert len(sheet.owed) == 3
    page = sheet_html(sheet)
    assert "The first 2 of 5 are listed; the workbook of the same name has the first 3." in page
    assert "这里只列前 2 份，共 5 份；同名的 Excel 文件列有前 3 份。" in page
    assert "has all" in sheet_html(whole)
    book = openpyxl.load_workbook(io.BytesIO(workbook(sheet)))
    rows = [row[0] for row in book.worksheets[0].values]
    assert len(rows) == 1 + 3 + 1
    assert rows[-1] == "只列前 3 份，共 5 份。 The first 3 of 5 are listed."
    whole_book = openpyxl.load_workbook(io.BytesIO(workbook(whole)))
    assert whole_book.worksheets[0].max_row == 1 + 5


def test_an_agent_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    con = build({"tickets": [served("T1", "../../A1")]}, as_of="2025-03-12 09:00:00")
    give_files(con, ["service_records"])
    written = write_agent_sheets(con, tmp_path)
    assert {path.parent for path in written} == {tmp_path / "agents"}


def test_without_service_records_no_agent_is_accused(tmp_path: Path) -> None:
    con = build({"tickets": [served("T1", "A1")]}, as_of="2025-03-12 09:00:00")
    give_files(con, ["tickets"])
    assert write_agent_sheets(con, tmp_path) == []


def test_what_to_do_is_first_the_right_form_and_says_where_that_is_unknown() -> None:
    exports = {
        "tickets": [served("swapped", "A1"), served("no-code", "A1", service_code=None)],
        "service_records": [
            record("R1", "swapped", "A1", form="presales_report", engineer=None),
        ],
    }
    con = build(exports, as_of="2025-03-12 09:00:00")
    give_files(con, ["service_records"])
    (sheet,) = agent_sheets(con)
    told = {
        row["ticket_id"]: [to_do(row, language) for language in ("zh", "en")] for row in sheet.owed
    }
    assert told == {
        "swapped": [
            "已交 R1，表单不对，请改交《故障记录表》",
            "R1 has the wrong form; file the fault record",
        ],
        "no-code": [
            "提交服务记录（应交表单不明）",
            "File a service record (which form is unknown)",
        ],
    }


def test_a_sheet_does_not_say_all_was_filed_where_that_is_not_known() -> None:
    exports = {
        "tickets": [served("T1", "A1")],
        "service_records": [record("R1", "T1", "A1", submitted_at=None)],
    }
    con = build(exports, as_of="2025-03-12 09:00:00")
    give_files(con, ["service_records"])
    (sheet,) = agent_sheets(con)
    page = sheet_html(sheet)
    assert "No service record is known to be outstanding." in page
    assert '<span data-number="unmeasurable">1</span> cannot be judged.' in page
    assert "No service record is outstanding." not in page


def test_a_sheet_says_where_other_days_had_other_hours() -> None:
    filing = {
        "forms": {"presales": "presales_report", "aftersales": "fault_record"},
        "required_fields": {"presales_report": ["engineer"], "fault_record": ["engineer"]},
        "silence_days": 30, "batch_min_records": 5, "batch_window_minutes": 60,
        "batch_last_days": 3, "copied_text_similarity_pct": 95, "copied_text_min_characters": 20,
        "copied_text_min_records": 3,
    }  # fmt: skip
    pages = []
    for later_hours in (168, 48):
        values = [
            {"from": date(2000, 1, 1), "due_hours": 168, **filing},
            {"from": date(2025, 3, 10), "due_hours": later_hours, **filing},
        ]
        con = build(
            {"tickets": [served("T1", "A1")]},
            as_of="2025-03-12 09:00:00",
            overrides={"filing": {"values": values}},
        )
        give_files(con, ["service_records"])
        pages += [sheet_html(sheet) for sheet in agent_sheets(con)]
    same, other = pages
    assert "within 7×24 hours" in same
    assert "other hours" not in same
    assert "within 2×24 hours" in other
    assert "The terms of other days gave other hours" in other
