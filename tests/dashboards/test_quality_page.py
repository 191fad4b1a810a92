"""The quality and promises pages: counts that add up, certainty, silence, escaping."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards.language import Text
from dashboards.pages import promises, quality
from dashboards.pages import quality_charts as charts
from dashboards.population import Population, interval_text
from dashboards.site import write_report
from tests.dashboards.frames import HOSTILE, report

if TYPE_CHECKING:
    from pathlib import Path

_NONE = dict.fromkeys(
    ("filed_on_time", "filed_late", "missing", "incomplete", "wrong_form", "pending",
     "unmeasurable"), 0,
)  # fmt: skip


def months() -> pl.DataFrame:
    """Two months: 10 owed with 6 on time, 3 missing, 1 late; then 4 owed, 2 still pending."""
    return pl.DataFrame(
        [
            {"month": date(2025, 2, 1), "due": 10, **_NONE, "filed_on_time": 6, "missing": 3,
             "filed_late": 1},
            {"month": date(2025, 3, 1), "due": 4, **_NONE, "filed_on_time": 2, "pending": 2},
        ]
    )  # fmt: skip


def agent(agent_id: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """One row of ``agent_standing``; by default nothing missing, nothing to compare."""
    return {
        "agent_id": agent_id, "agent_name": HOSTILE, "city": "成都", "active_to": None,
        "is_retired": False, "due": 10, "decided": 10, **_NONE, "outstanding": 0,
        "filing_pct": 100.0, "missing_pct": 0.0, "missing_low_pct": 0.0, "missing_high_pct": 27.8,
        "missing_rank": 1, "days_to_file_median": 2.5, "days_to_file_p90": None,
        "last_served_at": datetime(2025, 3, 1, 9), "last_filed_at": datetime(2025, 3, 2, 9),  # noqa: DTZ001 - local time, as the warehouse has it
        "oldest_outstanding_due_at": None, "longest_silence_seconds": 129600, "silent_since": None,
        "flags": 0, "overdue_7": 0, "overdue_30": 0, "overdue_90": 0, "overdue_more": 0,
        "recent_missing": 0, "recent_decided": 0, "earlier_missing": 0, "earlier_decided": 0,
        **values,
    }  # fmt: skip


def page_report(agents: list[dict[str, Any]], **frames: pl.DataFrame) -> Any:  # noqa: ANN401 - a Report
    """A report with the two frames the quality page needs."""
    schema = {"active_to": pl.Date, "silent_since": pl.Datetime, "days_to_file_p90": pl.Float64,
              "oldest_outstanding_due_at": pl.Datetime}  # fmt: skip
    standing = pl.DataFrame(agents, schema_overrides=schema)
    return report(
        {"filing_months": months(), "agent_standing": standing, **frames},
        exports=frozenset({"tickets", "service_records"}),
        months=(date(2025, 2, 1), date(2025, 3, 1)),
    )


def test_the_records_owed_add_up_to_what_became_of_them() -> None:
    built = quality.build(page_report([agent("A1")]))
    # 8 on time of 6 + 2 + 3 missing + 1 late decided; 2 pending
    assert built["people"] == Population(met=8, breached=4, pending=2)
    assert sum(number for _, number, _ in built["numbers"]) == 14
    assert "3 of 10" in built["months"].sentence.en


def test_no_month_is_without_missing_records_while_one_that_goes_on_has_some() -> None:
    kept = {"month": date(2025, 2, 1), "due": 4, **_NONE, "filed_on_time": 4}
    unknown = {"month": None, "due": 1, **_NONE, "missing": 1}
    whole = page_report([agent("A1")])
    assert charts.months(whole, [kept]).sentence.en == ("No month has a record that was not filed.")
    assert charts.months(whole, [kept, unknown]).sentence == Text(
        "已结束的月份中，没有一个有未提交的记录。",
        "No month that has ended has a record that was not filed.",
    )


def test_months_without_records_have_their_place_in_the_chart() -> None:
    rows = [{"month": date(2024, month, 1), "due": 1, **_NONE, "missing": 1} for month in (1, 4)]
    chart = charts.months(page_report([agent("A1")]), rows)
    (bars,) = chart.figures["en"]["data"]
    assert bars["x"] == ["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]
    assert bars["y"] == [1, 0, 0, 1]
    assert len(chart.twin.rows) == 2, "the table has the months there are"


def test_the_trend_says_when_it_is_chance_and_when_too_few() -> None:
    few = agent("A1", recent_missing=2, recent_decided=3, earlier_missing=0, earlier_decided=90)
    assert quality.trend(few).en == "too few to say: +66.7"
    chance = agent("A1", recent_missing=2, recent_decided=10, earlier_missing=1, earlier_decided=10)
    assert quality.trend(chance).en == "within chance: +10.0"
    worse = agent("A1", recent_missing=9, recent_decided=10, earlier_missing=1, earlier_decided=10)
    assert quality.trend(worse).en == "worse: +80.0"
    better = agent("A1", recent_missing=1, recent_decided=10, earlier_missing=9, earlier_decided=10)
    assert quality.trend(better).zh == "变好：−80.0"
    assert quality.trend(agent("A1")).en == "nothing to compare"


def test_agents_lead_to_their_own_sheets() -> None:
    table = quality.agents_table([agent("A/1", missing_pct=40.0)])
    row = dict(zip((column.key for column in table.columns), table.rows[0], strict=True))
    assert row["sheet"] == ("A/1", "../agents/A~2f~1.html")
    assert row["missing_rate"] == 0.4
    assert row["silence"] == 1.5


def test_who_misses_nothing_is_not_in_the_chart() -> None:
    assert charts.certainty([agent("A1")]) is None
    chart = charts.certainty([agent("A1", missing=4, missing_pct=40.0, missing_low_pct=16.8)])
    assert chart is not None
    assert "4 of 10 decided records missing" in chart.sentence.en
    assert "17% and 28%" in chart.sentence.en


def test_the_funnel_names_who_is_beyond_chance() -> None:
    # Together 26 of 260, 10 %. Of 20 records chance reaches 10 % + 3.09 * 6.7 % = 30.7 %:
    # 10 missing are beyond it. Of 2 it reaches past 70 %: one missing says nothing.
    rows = [
        agent("A1", agent_name="甲", decided=20, missing=10),
        agent("A2", decided=238, missing=15),
        agent("A3", decided=2, missing=1),
    ]
    chart = charts.funnel(rows)
    assert chart is not None
    assert chart.sentence.en.endswith("Beyond chance: A1 甲.")
    assert chart.sentence.zh.startswith("全部代理商未提交 10.0%")
    assert chart.twin.rows[0][-1] == "30.7%"
    assert charts.funnel(rows[:1]) is None


def test_a_funnel_of_a_great_many_draws_those_beyond_chance_first() -> None:
    # All together miss 1,000 of 10,000, 10 %: 9 of 10 missing is beyond chance at any limit.
    within = [agent(f"B{n:03}", agent_name=None, decided=10, missing=1) for n in range(400)]
    beyond = [agent(f"Z{n}", agent_name=None, decided=10, missing=9) for n in range(10)]
    chart = charts.funnel([*within, *beyond], {"decided": 10_000, "missing": 1_000})
    assert chart is not None
    assert len(chart.twin.rows) == 300
    assert [row[0] for row in chart.twin.rows[:11]] == [*(f"Z{n}" for n in range(10)), "B000"]
    assert chart.sentence.en.startswith("All agents together miss 10.0%.")
    assert chart.sentence.en.endswith("Z7 and 2 more.")
    assert chart.sentence.zh.endswith("Z7等 10 家。")
    assert chart.note is not None
    assert "300 of 410 agents" in chart.note.en
    few = charts.funnel([*within[:3], *beyond])
    assert few is not None
    assert few.note is not None
    assert "Drawn" not in few.note.en


def test_the_table_of_agents_says_how_many_more_there_are() -> None:
    agents = [agent(f"A{n:04}") for n in range(1001)]
    table = quality.agents_table(agents, {"agents": 2500})
    assert len(table.rows) == 1000
    assert (table.total, table.file) == (2500, "data/agents.csv")
    assert quality.agents_table(agents[:1000]).file is None


def test_days_are_rounded_once() -> None:
    # To two digits first, 31.048 would become 31.1 in the page.
    outstanding = {
        "ticket_id": "T1", "agent_id": "A1", "agent_name": "甲", "finding": "missing",
        "overdue_days": 31.048, "due_at": datetime(2025, 2, 7), "customer_name": "乙",  # noqa: DTZ001 - as above
        "service_finished_at": datetime(2025, 1, 31), "service_code": "SASR008", "form": None,  # noqa: DTZ001 - as above
        "record_id": None, "missing_fields": None, "clause": "AG", "source_file": "t.csv",
        "source_row": 2,
    }  # fmt: skip
    frame = pl.DataFrame([outstanding])
    table = quality.outstanding_table(page_report([agent("A1")], filings_outstanding=frame))
    assert table is not None
    assert table.rows[0][4] == 31.0


def test_silence_is_shown_by_month_with_the_months_between() -> None:
    frame = pl.DataFrame(
        {
            "agent_id": ["A1", "A1", "A2"],
            "month": [date(2024, 12, 1), date(2025, 2, 1), date(2025, 2, 1)],
            "silent_days": [6.99, 28.0, 0.4],
        }
    )
    shown = quality.silence(page_report([], agent_silence_months=frame), [agent("A1")])
    assert shown is not None
    # to the month of the as-of, in which nobody was silent
    assert [shown["months"][0], shown["months"][-1]] == [date(2024, 12, 1), date(2025, 3, 1)]
    assert [cell["shade"] for cell in shown["rows"][0]["cells"]] == ["h0", "hnone", "h4", "hnone"]
    assert [cell["days"] for cell in shown["rows"][0]["cells"]] == ["6", None, "28", None]
    assert [cell["days"] for cell in shown["rows"][1]["cells"]] == [None, None, "<1", None]


def test_the_calendar_holds_the_last_twelve_months_and_who_was_silent_in_them() -> None:
    frame = pl.DataFrame(
        {
            "agent_id": ["A1", "A2", "A2"],
            "month": [date(2024, 2, 1), date(2024, 3, 1), date(2025, 2, 1)],
            "silent_days": [30.0, 5.0, 2.0],
        }
    )
    shown = quality.silence(page_report([], agent_silence_months=frame), [])
    assert shown is not None
    assert [shown["months"][0], shown["months"][-1]] == [date(2024, 4, 1), date(2025, 3, 1)]
    assert [row["name"] for row in shown["rows"]] == ["A2"]


def test_a_long_name_leaves_a_chart_its_room() -> None:
    assert charts.short_agent_name(
        agent("A1", agent_name="十六个字的名字刚好能全部写得下来呀")
    ) == ("A1 十六个字的名字刚好能全部写得下…")
    assert charts.short_agent_name(agent("A1", agent_name="十六个字的名字刚好能全部写得下来")) == (
        "A1 十六个字的名字刚好能全部写得下来"
    )
    assert charts.short_agent_name(agent("A1", agent_name=None)) == "A1"


def test_every_record_filed_is_in_one_class() -> None:
    classes = pl.DataFrame({"class": ["counted", "repeat", "no_ticket"], "records": [7, 2, 1]})
    text = quality.records_sentence(classes)
    assert text is not None
    assert text.en == "10 records filed = 7 counted + 2 repeats another + 1 no such ticket."


def test_without_service_records_the_page_says_what_to_bring(tmp_path: Path) -> None:
    given = page_report([agent("A1")])
    without = type(given)(**{**vars(given), "exports": frozenset({"tickets"})})
    write_report(without, (quality.PAGE,), tmp_path)
    page = (tmp_path / "en" / "quality.html").read_text(encoding="utf-8")
    assert "Service records" in page
    assert "Filed on time" not in page


def test_texts_from_the_exports_are_escaped(tmp_path: Path) -> None:
    write_report(page_report([agent("A1", missing=1)]), (quality.PAGE,), tmp_path)
    for path in tmp_path.glob("*/quality.html"):
        assert "<img src=x" not in path.read_text(encoding="utf-8")


def promise(month: date | None, met: int, breached: int, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """One row of ``promises``: by default trainings."""
    row = {"month": month, "kind": "training", "clause": "AS-9", "promises": met + breached,
           "met": met, "breached": breached, "pending": 0, "unmeasurable": 0}  # fmt: skip
    return {**row, **values}


def test_each_clause_has_its_rate_trend_and_months() -> None:
    rows = [
        promise(date(2025, 1, 1), 30, 0),
        promise(date(2025, 2, 1), 10, 20),
        promise(date(2025, 3, 1), 1, 0, pending=4),
        promise(date(2025, 6, 1), 0, 0, pending=1),
    ]
    built = promises.build(report({"promises": pl.DataFrame(rows)}))
    # As of 10 March: June is to come, March is not over and not part of the trend.
    assert [month for month, _ in built["months"]] == [row["month"] for row in rows[:3]]
    assert [is_closed for _, is_closed in built["months"]] == [True, True, False]
    (training,) = built["promises"]
    assert training["people"] == Population(met=41, breached=20, pending=5)
    assert training["trend"].en == "2025-02: −66.7, worse"
    assert [cell["shade"] for cell in training["cells"]] == ["h0", "h4", "hfew"]


def test_a_few_promises_make_no_trend() -> None:
    rows = [promise(date(2025, 1, 1), 30, 0), promise(date(2025, 2, 1), 1, 1)]
    built = promises.build(report({"promises": pl.DataFrame(rows)}))
    assert built["promises"][0]["trend"].en == "2025-02: −50.0, too few to say"


def test_an_interval_holds_the_rate_it_is_of() -> None:
    people = Population(met=1200, breached=3)
    assert interval_text(people).en == "95% interval 99.3%\u2060–\u206099.9%"  # around 99.8%
    assert interval_text(Population()).en == "nothing decided yet"


def test_a_rule_of_conduct_is_said_in_its_own_words() -> None:
    rows = [
        promise(date(2025, 1, 1), 30, 0, kind=kind, clause="AG")
        for kind in ("provider_routing", "filing")
    ]
    clause = {"clause": "AG", "rule_zh": "提交记录", "rule_en": "Agents file records"}
    frames = {"promises": pl.DataFrame(rows), "clauses": pl.DataFrame([clause])}
    filing, routing = promises.build(report(frames))["promises"]
    assert filing["rule"].en == "Agents file records"
    assert routing["rule"] == Text("代理商由公司服务", "Agents are served by the company")


def item(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """One row of ``promise_items``: by default a response an hour and a half late."""
    return {
        "kind": "response", "subject_id": "T1", "ticket_id": "T1", "responsible": None,
        "customer_type": "agent", "due_at": datetime(2025, 2, 3, 20),  # noqa: DTZ001 - local time
        "done_at": datetime(2025, 2, 3, 21, 30),  # noqa: DTZ001 - as above
        "verdict": "breached", "reason": None, "reason_zh": None, "clause": "T4",
        "month": date(2025, 2, 1), "of_kind": 1, "clock": "calendar", "target_seconds": 43200,
        "elapsed_seconds": 48600, "is_open": False, **values,
    }  # fmt: skip


def items_shown(*rows: dict[str, Any]) -> list[tuple[object, object, object]]:
    """Due, done and reason of the table of promises broken and open."""
    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    table = promises.items_table(report({"promise_items": frame}))
    assert table is not None
    at = {column.key: place for place, column in enumerate(table.columns)}
    return [(row[at["due_at"]], row[at["done_at"]], row[at["reason"]]) for row in table.rows]


def test_what_is_broken_says_why_and_when_to_the_second_if_need_be() -> None:
    due = datetime(2025, 2, 3, 20)  # noqa: DTZ001 - as above
    late = {"kind": "filing", "reason": "filed after it was due", "reason_zh": "逾期提交"}
    unmeasured = {"clock": None, "target_seconds": None, "elapsed_seconds": None, "is_open": None}
    assert items_shown(
        item(),
        item(done_at=due, elapsed_seconds=43200),
        item(verdict="pending", done_at=None),
        item(**late, **unmeasured, done_at=due.replace(second=1)),
        item(**{**late, **unmeasured, "kind": "inspection"}, due_at=datetime(2025, 7, 10)),  # noqa: DTZ001 - as above
        item(**{**late, **unmeasured, "kind": "training"}, due_at=datetime(2025, 7, 1)),  # noqa: DTZ001 - as above
        item(**{**late, **unmeasured, "kind": "training"}, due_at=datetime(2025, 7, 1, 9)),  # noqa: DTZ001 - as above
    ) == [
        (
            "2025-02-03 20:00",
            "2025-02-03 21:30",
            Text("响应晚了 1:30（自然时间）", "answered 1:30 late (calendar)"),
        ),
        (
            "2025-02-03 20:00:00",
            "2025-02-03 20:00:00",
            Text("恰好用完时限，须少于时限", "took all of the target; less is promised"),
        ),
        ("2025-02-03 20:00", None, Text("", "")),
        ("2025-02-03 20:00:00", "2025-02-03 20:00:01", Text("逾期提交", "filed after it was due")),
        ("2025-07-09 24:00", "2025-02-03 21:30", Text("逾期提交", "filed after it was due")),
        ("2025-06-30 24:00", "2025-02-03 21:30", Text("逾期提交", "filed after it was due")),
        ("2025-07-01 09:00", "2025-02-03 21:30", Text("逾期提交", "filed after it was due")),
    ]
