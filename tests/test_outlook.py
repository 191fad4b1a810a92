"""What is about to go wrong: worked cases; each boundary just under, at and just over."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from dashboards.pages import finance, quality
from dashboards.pages.management import open_sentence
from dashboards.pages.quality import due_sentence
from dashboards.report import Report
from pipelines.reporting.report import queries
from tests.harness import build, case_id, check_case, load_cases, rows_of, terms_with
from tests.test_restatements import built

if TYPE_CHECKING:
    from tests.harness import Exports


@pytest.mark.parametrize("case", load_cases("outlook*.yaml"), ids=case_id)
def test_worked_case(case: dict[str, Any]) -> None:
    check_case(case)


UNITS: Exports = {
    "installed_base": [
        {"serial_no": f"S{days}", "purchased_at": f"2024-03-{days}", "warranty_months": 12}
        for days in (17, 18)
    ]
}


@pytest.mark.parametrize(("notice", "listed"), [(7, {"S17"}), (8, {"S17", "S18"}), (None, set())])
def test_the_notice_is_that_of_the_terms(notice: int | None, listed: set[str]) -> None:
    terms = {"charges": {"renewal_notice_days": notice}}
    con = build(UNITS, ["marts.renewals"], "2025-03-10 09:00:00", terms)
    assert {row["serial_no"] for row in rows_of(con, "marts.renewals")} == listed


def month(kind: str, due: date, promises: int) -> dict[str, Any]:
    return {"kind": kind, "due_month": due, "promises": promises}


def test_the_sentence_tells_this_month_from_the_next_and_the_rest() -> None:
    months = pl.DataFrame(
        [
            month("filing", date(2025, 1, 1), 1200),
            month("inspection", date(2025, 1, 1), 1),
            month("filing", date(2025, 2, 1), 2),
            month("inspection", date(2025, 3, 1), 4),
            month("inspection", date(2025, 6, 1), 8),
        ]
    )
    said = due_sentence(months, date(2025, 1, 31))
    assert said is not None
    assert said.en == (
        "Still due in 2025-01: record filing 1,200, quarterly inspection 1; "
        "in 2025-02: record filing 2; after that: 12."
    )
    assert said.zh == (
        "2025-01 内还要到期的：记录提交 1,200 项、季度巡检 1 项；2025-02：记录提交 2 项；"
        "之后还有 12 项。"
    )


def test_the_sentence_of_december_looks_into_january() -> None:
    said = due_sentence(pl.DataFrame([month("training", date(2026, 1, 1), 3)]), date(2025, 12, 31))
    assert said is not None
    assert said.en == (
        "Still due in 2025-12: nothing; in 2026-01: on-site training 3; after that: 0."
    )


def test_nothing_to_come_is_no_sentence() -> None:
    assert due_sentence(pl.DataFrame(), date(2025, 12, 31)) is None


def test_paused_clocks_and_the_next_due_time_are_told() -> None:
    totals: dict[str, list[Any]] = {
        "faults": [9],
        "unmeasurable": [0],
        "later": [0],
        "pending": [3],
        "pending_nearly_due": [0],
        "stalled": [2],
        "late": [1],
        "fault_unknown": [0],
        "clock_stops_at": ["responded_at"],
    }
    totals |= {"next_due_at": [datetime(2025, 7, 1, 18)]}  # noqa: DTZ001 - local time
    said = open_sentence(pl.DataFrame(totals))
    assert said is not None
    assert said.en.endswith(
        "The clock of 2 stands still: paused. The next is due at 2025-07-01 18:00."
    )
    assert said.zh.endswith("2 张在暂停中，时钟不走。下一张于 2025-07-01 18:00 到期。")


def frames_of(exports: Exports, as_of: str) -> dict[str, pl.DataFrame]:
    """The report's frames of a run on the rows."""
    con = built(exports, terms_with(), as_of)
    return {
        name: con.sql(sql).pl()
        for name, sql in queries().items()
        if name.startswith(("promises_due", "renewals", "response_open"))
    }


def test_the_pages_tables_hold_what_is_to_come() -> None:
    case = load_cases("outlook.yaml")[0]
    frames = frames_of(
        {**case["exports"], **UNITS, "agents": []},
        "2025-03-10 09:00:00",
    )
    assert frames["response_open"]["ticket_id"].to_list() == ["now", "second", "service"]
    assert frames["response_open"]["standing"].to_list() == ["late", "running", "running"]
    assert frames["response_open_totals"].row(0, named=True) == {
        "faults": 6,
        "unmeasurable": 1,  # nowhere
        "later": 0,
        "pending": 2,
        "pending_nearly_due": 1,
        "stalled": 0,
        "next_due_at": datetime(2025, 3, 10, 9, 0, 1),  # noqa: DTZ001 - local time
        "late": 1,
        "clock_stops_at": "responded_at",
        "fault_unknown": 0,
    }
    assert frames["renewals"].select("serial_no", "days_left").rows() == [("S17", 7), ("S18", 8)]


def shown(frames: dict[str, pl.DataFrame], *exports: str) -> Report:
    return Report(
        frames=frames,
        as_of=datetime(2025, 3, 10, 9),  # noqa: DTZ001 - local time
        timezone="Asia/Shanghai",
        months=(),
        month=None,
        exports=frozenset(exports),
        version="0",
    )


def test_empty_tables_say_so_and_offer_no_file() -> None:
    frames = frames_of({}, "2025-03-10 09:00:00")
    due = quality.due_table(shown(frames))
    renewals = finance.renewals_table(shown(frames, "installed_base"))
    assert due is not None
    assert (due.rows, due.file) == ((), None)
    assert due.empty.en == "Nothing is about to fall due."
    assert renewals is not None
    assert (renewals.rows, renewals.file) == ((), None)
    assert quality.downloads(shown(frames)) == {}
    assert finance.downloads(shown(frames)) == {}


def test_without_the_installed_base_no_warranty_is_said_to_end() -> None:
    frames = frames_of({}, "2025-03-10 09:00:00")
    assert finance.renewals_table(shown(frames, "tickets")) is None


def test_renewals_are_listed_and_downloaded() -> None:
    report = shown(frames_of(UNITS, "2025-03-10 09:00:00"), "installed_base")
    table = finance.renewals_table(report)
    assert table is not None
    keys = [column.key for column in table.columns]
    assert [(row[0], row[keys.index("days_left")]) for row in table.rows] == [
        ("S17", 7),
        ("S18", 8),
    ]
    assert "S18" in finance.downloads(report)["data/renewals.csv"]


def test_the_due_table_names_contract_or_ticket() -> None:
    exports = {
        "tickets": [*RECORD["exports"]["tickets"], FIRST],
        "installed_base": QUARTER["exports"]["installed_base"],
    }
    table = quality.due_table(shown(frames_of(exports, str(RECORD["as_of"]))))
    assert table is not None
    keys = [column.key for column in table.columns]
    found = [tuple(row[keys.index(k)] for k in ("ticket_id", "contract")) for row in table.rows]
    # now, 28 March; 31 March 23:59:59, 1 April 00:00 of a record and of the quarter's end, later
    assert found[:2] == [("now", None), ("month_end", None)]
    assert set(found[2:4]) == {("next_month", None), (None, "C1/1")}
    assert found[4:] == [(None, "C1/2"), (None, "C1/3"), (None, "C1/4")]


QUARTER, RECORD = (load_cases("outlook.yaml")[place] for place in (2, 4))
FIRST = QUARTER["exports"]["tickets"][0]
