"""The management page: populations that add up, rates by hand, sentences and charts."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from dashboards.language import Text
from dashboards.pages import management
from dashboards.pages import management_charts as charts
from dashboards.population import Population, population
from tests.dashboards.frames import cells, report

FEBRUARY = date(2025, 2, 1)


def test_a_population_adds_up_and_gives_both_rates() -> None:
    people = population(cells().filter(pl.col("month") == FEBRUARY).to_dicts())
    # met 6 + 12, breached 4 + 3, unmeasurable 2 + 3
    assert people == Population(18, 7, 1, 0, 5)
    assert people.total == 30
    assert people.rate == 18 / 25
    assert people.strict_rate == 18 / 30
    assert people.generous_rate == (18 + people.unmeasurable) / 30
    assert [round(share * 30) for _, share in people.shares] == [18, 7, 0, 5]


def test_nothing_decided_has_no_rate() -> None:
    assert Population(pending=3).rate is None
    assert Population().shares == []


def test_nine_decided_are_too_few_ten_are_not() -> None:
    assert Population(9, 0).is_few
    assert not Population(9, 1).is_few


def test_shades_are_worse_below_each_bound() -> None:
    shades = [management.shade(Population(met, 1000 - met)) for met in (980, 979, 950, 949, 900)]
    assert shades == ["h0", "h1", "h1", "h2", "h2"]
    assert management.shade(Population(899, 101)) == "h3"
    assert management.shade(Population(799, 201)) == "h4"
    assert management.shade(Population(4, 0)) == "hfew"
    assert management.shade(Population(pending=4)) == "hnone"


def test_months_without_tickets_are_in_the_trend() -> None:
    rows = [
        (date(2024, 12, 1), 1, "tier1", 1, 0, 0, 0, 0),
        (date(2025, 2, 1), 1, "tier1", 1, 0, 0, 0, 0),
    ]
    months = management.months_of(cells(rows))
    assert list(months) == [date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1)]
    assert months[date(2025, 1, 1)] == Population()


def test_tickets_without_an_opening_time_count_among_all_months_only() -> None:
    rows = [(None, 1, "tier1", 0, 0, 0, 0, 2), (date(2025, 2, 1), 1, "tier1", 1, 0, 0, 0, 0)]
    built = management.build(report({"response_cells": cells(rows)}, months=(FEBRUARY,)))
    totals = {view["key"]: view["people"].total for view in built["views"]}
    assert totals == {"2025-02": 1, "all": 3}


def test_the_view_of_a_month_compares_with_the_month_before() -> None:
    views = {view["key"]: view for view in management.build(report())["views"]}
    assert list(views) == ["2025-01", "2025-02", "2025-03", "all"]
    february = views["2025-02"]
    assert february["is_default"]
    # January 19/20 = 95 %, February 18/25 = 72 %
    assert round(february["last"].difference, 4) == -0.23
    assert february["last"].is_signal  # z = 2.0: pooled 37/45, p = 0.044
    assert february["year"].difference is None
    assert not views["2025-03"]["is_closed"]
    assert views["all"]["people"].total == 58


def test_the_headline_says_the_rate_its_move_and_what_was_missed() -> None:
    views = {view["key"]: view["headline"] for view in management.build(report())["views"]}
    assert views["2025-02"].en == (
        "In 2025-02, 18 of 25 decided fault tickets were answered in time (72.0%), −23.0 points on "
        "the month before (beyond chance); 7 breached, 1 still unanswered."
    )
    assert views["2025-03"].en.endswith("points on the month before. Too few to say more.")
    assert management.headline(Population(pending=3, unmeasurable=1), None, FEBRUARY) == Text(
        "2025-02 的 4 张故障工单都没有判定结果：3 张未到期，1 张无法判定。",
        "In 2025-02, none of 4 fault tickets is decided: 3 open and in time, 1 unmeasurable.",
    )
    assert management.headline(Population(), None, FEBRUARY) is None
    single = management.headline(Population(met=1), None, FEBRUARY)
    assert single is not None
    assert single.en.startswith("In 2025-02, 1 of 1 decided fault ticket was answered in time")


def test_heat_has_only_the_levels_and_tiers_that_occur_and_their_sums() -> None:
    rows = cells().filter(pl.col("month") == FEBRUARY).to_dicts()
    table = management.heat(rows, [], FEBRUARY)
    assert [column.en for column in table["columns"]] == ["Tier-1 cities", "Other cities", "All"]
    assert [row["label"].en for row in table["rows"]] == ["Level 1", "Level 3", "No level", "All"]
    by_label = {row["label"].en: row["cells"] for row in table["rows"]}
    assert by_label["Level 1"][0]["people"] == Population(6, 4, 1)
    assert by_label["Level 1"][0]["link"] == "#month=2025-02&at=breached&level=1&tier=tier1"
    assert by_label["All"][2]["people"].total == 30
    assert by_label["All"][2]["year_difference"] is None
    assert by_label["Level 1"][1]["link"] is None


def test_heat_compares_each_cell_with_last_month_and_last_year() -> None:
    def rows(met: int, breached: int) -> list[dict[str, object]]:
        return cells([(FEBRUARY, 1, "tier1", met, breached, 0, 0, 0)]).to_dicts()

    table = management.heat(rows(9, 1), rows(8, 2), FEBRUARY, rows(10, 0))
    (cell,) = table["rows"][0]["cells"]
    assert round(cell["difference"], 4) == 0.1
    assert round(cell["year_difference"], 4) == -0.1


def test_changes_name_the_cells_whose_breaches_moved_most() -> None:
    frame = cells()
    january = frame.filter(pl.col("month") == date(2025, 1, 1)).to_dicts()
    february = frame.filter(pl.col("month") == FEBRUARY).to_dicts()
    texts = management.changes(february, january)
    assert [text.en for text in texts] == [
        "Level 1, tier-1 cities: breaches 1 → 4, compliance 90.0% → 60.0% (10 → 10 decided)",
        "Level 3, other cities: breaches 0 → 3, compliance 100.0% → 80.0% (10 → 15 decided)",
    ]
    assert management.changes(february, january, most=1)[1] == Text(
        "另有 1 处变化，都不大于此。", "1 other cell changed by as much or less."
    )


def test_causes_count_breaches_and_their_share() -> None:
    base = {"name_zh": "电话服务", "name_en": "Phone", "category": "fault", "tickets": 0}
    rows = [
        {**base, "service_code": "SASR008", "met": 6, "breached": 3},
        {**base, "service_code": "SASL012", "met": 9, "breached": 1},
        {**base, "service_code": "SASR009", "met": 9, "breached": 0},
    ]
    found = management.causes(rows)
    assert [(one["service_code"], one["breached"], one["share"]) for one in found] == [
        ("SASR008", 3, 0.75),
        ("SASL012", 1, 0.25),
    ]


def test_open_sentence_counts_what_is_at_risk() -> None:
    def said(stops_at: str = "responded_at", **counts: int) -> str | None:
        none = dict.fromkeys(
            ("pending", "pending_nearly_due", "late", "unmeasurable", "later", "stalled"), 0
        )
        also = {"next_due_at": None, "fault_unknown": 0, "clock_stops_at": stops_at}
        frame = pl.DataFrame([{"faults": 20, **none, **also, **counts}])
        text = management.open_sentence(frame)
        return text.en if text else None

    assert said(pending=8, pending_nearly_due=3, late=1) == (
        "8 faults are unanswered and still in time, 3 of them with four fifths of their target "
        "used; 1 more is late and still unanswered."
    )
    assert said() == "Every fault has been answered."
    assert said(faults=0) is None
    assert said(faults=0, fault_unknown=1) == (
        "1 more ticket is not among them: the fault level or the category cannot be read, so "
        "whether it is a fault is not known."
    )
    assert said("finished_at") == (
        "Every fault has been answered. By reading 3 a fault counts as answered when it was "
        "finished."
    )
    # A fault nobody answered is not answered, whether or not its target can be told.
    assert said(unmeasurable=2) == ("2 faults are unanswered, and whether in time cannot be told.")
    assert said(later=1) == (
        "Every fault has been answered. 1 fault opened after the as-of is not among them."
    )


def test_the_trend_rests_on_closed_months_and_says_so() -> None:
    by_month = management.months_of(cells())
    closed = {month: by_month[month] for month in list(by_month)[:2]}
    chart = charts.trend(by_month, closed)
    # closed: 19/20 and 18/25, together 37/45 = 82.2 %
    assert "82.2% (37 of 45)" in chart.sentence.en
    assert "2025-02, the latest of them, has 72.0%" in chart.sentence.en
    assert [row[0] for row in chart.twin.rows] == ["2025-01", "2025-02", "2025-03"]
    assert chart.twin.rows[1][1:8] == ("72.0%", "18", "7", "1", "0", "5", "30")
    lines = {
        trace.get("marker", {}).get("symbol"): trace
        for trace in chart.figures["en"]["data"]
        if isinstance(trace.get("marker", {}).get("symbol"), str)
    }
    assert list(lines["square-open"]["x"]) == ["2025-03-01"]  # month to date stands apart


def test_the_limits_rest_on_all_closed_months_also_those_not_drawn() -> None:
    by_month = {
        date(2021 + at // 12, at % 12 + 1, 1): Population(met=9 if at else 0, breached=at == 0)
        for at in range(40)
    }
    chart = charts.trend(by_month, by_month)
    # 39 months of 9 met, one of 1 breached: 351 of 352; 36 are drawn
    assert "Over 40 ended months" in chart.sentence.en
    assert "99.7% (351 of 352)" in chart.sentence.en
    assert len(chart.twin.rows) == 36


def test_what_is_beyond_a_short_list_is_summed_up() -> None:
    rows = [
        {
            "service_code": f"S{n}",
            "name_zh": "",
            "name_en": "",
            "category": "fault",
            "met": 1,
            "breached": n,
        }
        for n in range(1, 9)
    ]
    found = management.causes(rows)
    # 8 + 7 + 6 + 5 + 4 + 3 are named; 2 + 1 of 36 are left
    assert [row["breached"] for row in found] == [8, 7, 6, 5, 4, 3, 3]
    assert found[-1]["name"].en == "2 more"
    assert sum(row["share"] for row in found) == pytest.approx(1)
    assert len(management.causes(rows[:6])) == 6


def test_the_trend_says_where_the_rate_lies_whatever_the_unmeasurable_were() -> None:
    by_month = management.months_of(cells())
    chart = charts.trend(by_month, by_month)
    # February: 18 of 25; with 5 unmeasurable 18 to 23 of 30
    assert chart.twin.rows[1][8] == "60.0%–76.7%"
    (line,) = [
        trace for trace in chart.figures["en"]["data"] if trace.get("mode") == "lines+markers+text"
    ]
    assert line["error_y"]["arrayminus"][1] == 12.0
    assert line["error_y"]["array"][1] == 4.667
    assert chart.note is not None
    assert "Wheeler" in chart.note.en
    assert "惠勒" in chart.note.zh


def test_a_month_without_a_decided_ticket_has_no_bounds_drawn() -> None:
    undecided = {FEBRUARY: Population(unmeasurable=3), date(2025, 3, 1): Population(9, 1)}
    chart = charts.trend(undecided, undecided)
    (line,) = [
        trace for trace in chart.figures["en"]["data"] if trace.get("mode") == "lines+markers+text"
    ]
    assert line["error_y"]["array"] == line["error_y"]["arrayminus"] == [0.0, 0.0]
    assert chart.twin.rows[0][8] == "0.0%–100.0%"


def test_the_distribution_sums_its_steps() -> None:
    rows = [
        {"step": 0, "verdict": "met", "tickets": 5},
        {"step": 9, "verdict": "met", "tickets": 2},
        {"step": 10, "verdict": "breached", "tickets": 1},
        {"step": 20, "verdict": "breached", "tickets": 3},
    ]
    chart = charts.distribution(rows, FEBRUARY)
    assert chart.sentence.en.startswith("Of 11 answered faults 7 came in time; 2 of them")
    assert "3 took twice" in chart.sentence.en
    steps = {row[0]: row[1:] for row in chart.twin.rows}
    assert steps["90–100%"] == ("2", "0")
    assert steps["100–110%"] == ("0", "1")
    assert steps["≥ 200%"] == ("0", "3")


def test_breached_rows_say_how_late_when_the_fact_gives_no_reason() -> None:
    months = {FEBRUARY: Population(breached=7), date(2025, 3, 1): Population(breached=2)}
    table = management.breached_table(report(), months)
    assert table is not None
    at = [column.key for column in table.columns].index("reason")
    assert [row[at] for row in table.rows] == [
        Text("响应晚了 1:30（自然时间）", "answered 1:30 late (calendar)"),
        Text("仍未响应，已超出 1:30（自然时间）", "still unanswered, 1:30 over (calendar)"),
    ]
    assert table.data("en")["total"] == 9
    assert table.data("en")["months"] == {"2025-02": 7, "2025-03": 2}
    assert table.caption.en.endswith("the ticket number leads to its timeline.")
    many = management.breached_table(report(), {FEBRUARY: Population(breached=501)})
    assert many is not None
    assert many.caption.en.endswith("This page has the worst of each month.")
