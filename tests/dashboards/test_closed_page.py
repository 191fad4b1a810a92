"""The page of closed months, and the note on the management page: from frames alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards.pages import PAGES, closed
from dashboards.report import Report
from dashboards.site import write_report
from pipelines.months.restatements import _SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

JUNE = date(2025, 6, 1)
MONTH: dict[str, Any] = {
    "month": JUNE,
    "version": 1,
    "is_latest": True,
    "published_at": datetime.fromisoformat("2025-07-01 09:00"),
    "as_of": datetime.fromisoformat("2025-06-30 18:00"),
    "product_version": "0.1.0",
    "seal": "ab" * 32,
    "state": "restated",
    "changed": 1,
    "late": 1,
    "vanished": 0,
}
# 9 of 10 as published; one more ticket, and one of the breached found met: 11 of 11
RATE: dict[str, Any] = {
    "month": JUNE,
    "version": 1,
    "kind": "response",
    "met_was": 9,
    "breached_was": 1,
    "pending_was": 0,
    "unmeasurable_was": 0,
    "met_now": 11,
    "breached_now": 0,
    "pending_now": 0,
    "unmeasurable_now": 0,
}
CHANGE: dict[str, Any] = {
    "month": JUNE,
    "version": 1,
    "kind": "charge",
    "subject_id": "T<1>|service_fee|CNY",
    "ticket_id": "T<1>",
    "change": "changed",
    "was": "billed_as_due",
    "is_now": "billed_but_free",
    "cause_code": "row_new",
    "cause": "an <img src=x onerror=alert(1)> came",
    "cause_zh": "新增",
    "currency": "CNY",
    "billed_was": 800,
    "billed_now": 500,
}


def frames(**rows: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    """The page's frames with these rows, all others empty."""
    tables = {
        "closed_months": "marts.closed_months",
        "closed_rates": "marts.closed_rates",
        "closed_money": "marts.closed_money",
        "restatements": "marts.restatements",
        "closed_problems": "meta.closed_problems",
    }
    made = {
        name: pl.DataFrame(
            [{column: row.get(column) for column in _SCHEMAS[table]} for row in rows.get(name, [])],
            schema=dict(_SCHEMAS[table]),
        )
        for name, table in tables.items()
    }
    counted = made["restatements"].group_by("month", "cause_code").len("changes")
    return {**made, "closed_causes": counted}


def report(**rows: list[dict[str, Any]]) -> Report:
    return Report(
        frames=frames(**rows),
        as_of=datetime.fromisoformat("2025-07-31 18:00"),
        timezone="Asia/Shanghai",
        months=(JUNE,),
        month=JUNE,
        exports=frozenset({"tickets"}),
        version="0.1.0",
    )


def test_without_a_published_month_there_is_no_page_and_no_link_to_one(tmp_path: Path) -> None:
    write_report(report(), PAGES, tmp_path)
    assert not (tmp_path / "en/closed.html").exists()
    assert "closed.html" not in (tmp_path / "en/management.html").read_text(encoding="utf-8")
    assert closed.note(report(), JUNE) is None


def test_the_rate_before_and_after_stands_in_the_sentence_and_the_table(tmp_path: Path) -> None:
    made = report(closed_months=[MONTH], closed_rates=[RATE], restatements=[CHANGE])
    write_report(made, PAGES, tmp_path)
    english = (tmp_path / "en/closed.html").read_text(encoding="utf-8")
    chinese = (tmp_path / "zh/closed.html").read_text(encoding="utf-8")
    assert (
        "Response compliance was 90.0% (9/10) as published and is 100.0% (11/11) now, "
        "+10.0 points. Figures not as published: 2 (1 changed, 1 came late, 0 gone)." in english
    )
    assert "发布时响应及时率 90.0% (9/10)，现在 100.0% (11/11)，相差 +10.0 个百分点。" in chinese
    assert "9 → 11" in english
    assert "1 → 0" in english
    assert "closed.html" in (tmp_path / "en/promises.html").read_text(encoding="utf-8")
    assert "<img" not in english
    assert (tmp_path / "data/restatements.csv").is_file()


def test_the_note_says_version_day_and_both_rates() -> None:
    made = report(closed_months=[MONTH], closed_rates=[RATE])
    note = closed.note(made, JUNE)
    assert note is not None
    assert note.en.startswith("This month was published on 2025-07-01 (version 1). Response")
    assert note.zh.startswith("本月已于 2025-07-01 发布（第 1 版）。发布时响应及时率 90.0%")
    assert closed.note(made, date(2025, 5, 1)) is None
    everywhere = closed.note(made, None)
    assert everywhere is not None
    assert everywhere.en == "Published months that are not as published: 2025-06."


def test_a_month_as_published_needs_no_note() -> None:
    same = MONTH | {"state": "unchanged", "changed": 0, "late": 0}
    assert closed.note(report(closed_months=[same], closed_rates=[RATE]), JUNE) is None


def test_a_superseded_version_is_listed_and_not_counted(tmp_path: Path) -> None:
    old = MONTH | {"is_latest": False, "state": "superseded", "changed": None, "late": None}
    new = MONTH | {"version": 2, "reason": "因为", "state": "unchanged", "changed": 0, "late": 0}
    made = report(closed_months=[new, old], closed_rates=[RATE])
    write_report(made, PAGES, tmp_path)
    english = (tmp_path / "en/closed.html").read_text(encoding="utf-8")
    assert english.count('data-closed="2025-06"') == 1
    assert english.count("ab" * 32) == 2
    assert "因为" in english


def test_a_damaged_store_is_the_first_thing_the_page_says(tmp_path: Path) -> None:
    problem = {
        "place": "published/2025-06/v1/manifest.json",
        "problem": "this version is gone",
        "problem_zh": "这个版本不见了",
        "remedy": "Put it back",
        "remedy_zh": "请恢复",
    }
    write_report(report(closed_problems=[problem]), PAGES, tmp_path)
    chinese = (tmp_path / "zh/closed.html").read_text(encoding="utf-8")
    assert "<code>published/2025-06/v1/manifest.json</code> – 这个版本不见了。请恢复。" in chinese
    english = (tmp_path / "en/closed.html").read_text(encoding="utf-8")
    assert "this version is gone. Put it back." in english


def test_a_month_that_cannot_be_compared_shows_no_figures() -> None:
    lost = MONTH | {
        "state": "not_compared",
        **dict.fromkeys(("changed", "late", "vanished")),
        "why_not": "this version is not as it was published",
        "why_not_zh": "这个版本不是发布时的样子",
    }
    made = report(closed_months=[lost])
    (line,) = closed.overview(made, [lost])
    assert (line["was"], line["now"], line["points"], line["changes"]) == ("–", "–", None, None)
    note = closed.note(made, JUNE)
    assert note is not None
    assert note.en.endswith("It cannot be compared: this version is not as it was published.")


def test_money_columns_are_there_only_where_money_moved() -> None:
    with_money = closed.changes_table(frames(restatements=[CHANGE])["restatements"])
    without = closed.changes_table(
        frames(restatements=[CHANGE | {"billed_was": None, "billed_now": None}])["restatements"]
    )
    assert with_money is not None
    assert without is not None
    assert [column.key for column in with_money.columns][-5:-3] == ["billed_was", "billed_now"]
    assert "billed_was" not in [column.key for column in without.columns]
