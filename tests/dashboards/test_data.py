"""The data page: rows that add up, checks with what hangs on them, freshness, trend, downloads."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from dashboards import words
from dashboards.language import Text
from dashboards.pages import data, data_effects, data_trend
from dashboards.site import write_report
from expectations import SUITES
from expectations.vocabulary import INPUTS
from pipelines.terms import load_terms, schema
from tests.dashboards import plotly_takes
from tests.dashboards.frames import AS_OF, HOSTILE, checks, files, report

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_in_are_those_staged_and_rejected() -> None:
    text = data.balance(files(("tickets", "agents")))
    assert text.en.startswith("2 files, 20 rows in = 18 staged + 2 rejected. It adds up in every")
    assert "4 fields could not be read: they are" in text.en
    one = data.balance(files().with_columns(rows_in=pl.lit(1), problems=pl.lit(1))).en
    assert one.startswith("1 file, 1 row in = ")
    assert "1 field could not be read: it is empty" in one


def test_a_file_that_does_not_add_up_is_named() -> None:
    wrong = files().with_columns(staged=pl.lit(8))
    assert "It does not add up in: tickets.csv." in data.balance(wrong).en
    assert data.files_table(wrong, pl.DataFrame()).rows[0][7].en == "differs"  # type: ignore[union-attr]


def test_failed_checks_come_with_their_rows() -> None:
    built = data.build(report({"files": files(), "checks": checks()}))
    assert built["failed_count"] == 1
    assert built["check_count"] == 2
    (failed,) = built["failed"]
    assert failed["description"].en == "Every fault has a city."
    assert failed["sample"].rows == (("4", "–", HOSTILE),)


def test_every_check_guards_a_clause_or_a_line_that_has_words() -> None:
    clauses = set(load_terms(None).file(schema.Clauses).clauses)
    guarded = {check.guards for suite in SUITES for check in suite.checks}

    assert guarded - clauses == set(data.GUARDS)


def test_missing_exports_are_named() -> None:
    names = [name for name, _ in data.build(report())["missing"]]
    assert names == ["service_records", "invoices", "installed_base", "agents", "pauses"]


def test_a_log_of_changes_is_shown_by_its_name_and_never_missed() -> None:
    given = files(("tickets", "ticket_events"))
    labels = [row[0] for row in data.files_table(given, pl.DataFrame()).rows]
    assert labels[1] == Text("工单变更记录", "Changes of tickets")
    assert all(name != "ticket_events" for name, _ in data.build(report())["missing"])


def test_every_input_has_words() -> None:
    assert set(words.EXPORTS) == set(INPUTS)


# What hangs on failing rows


def effect(kind: str = "response", **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """A row of ``check_effects``: two responses touched, compliance between 92.34 and 94.56."""
    row = {
        "export": "tickets",
        "check_name": "city_given",
        "column_name": "",
        "kind": kind,
        "failing_rows": 2,
        "touched": 2,
        "could_add": 0,
        "could_touch": 0,
        "compliance_pct": 93.4567,
        "lowest_pct": 92.34,
        "highest_pct": 94.51,
    }
    return {**row, **values}


NO_BOUNDS = {"compliance_pct": None, "lowest_pct": None, "highest_pct": None}


def test_a_failing_check_says_how_many_verdicts_it_touches_and_between_which_bounds() -> None:
    rows = [effect("charge", touched=1, **NO_BOUNDS), effect()]
    built = data.build(
        report({"files": files(), "checks": checks(), "check_effects": pl.DataFrame(rows)})
    )

    (failed,) = built["failed"]
    # rounded to the safe side: 92.34 down, 94.51 up
    assert failed["effect"].en == (
        "Touches 3 verdicts: fault response 2, charge 1. If these rows were mended, compliance of "
        "fault response would lie between 92.3% and 94.6% (now 93.5%)."
    )
    assert failed["effect"].zh == (
        "涉及 3 项判定：故障响应 2、收费 1。若改正这些行，故障响应的达标率将在 92.3% 与 94.6% "
        "之间（现为 93.5%）。"
    )
    assert [row[1] for row in failed["effects"].rows] == ["2", "1"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "No verdict hangs on these rows."),
        ([effect("charge", touched=1, **NO_BOUNDS)], "Touches 1 verdict: charge 1."),
        (
            [effect("filing", touched=0, could_touch=1)],
            (
                "No verdict hangs on these rows now; mended, they could touch: record filing. If "
                "these rows were mended, compliance of record filing would lie between 92.3% and "
                "94.6% (now 93.5%)."
            ),
        ),
        (
            [effect(touched=1, compliance_pct=None, lowest_pct=0.0, highest_pct=100.0)],
            (
                "Touches 1 verdict: fault response 1. If these rows were mended, compliance of "
                "fault response would lie between 0.0% and 100.0% (now –)."
            ),
        ),
    ],
    ids=["nothing", "a charge has no rate", "could touch", "nothing decided yet"],
)
def test_effect_sentence(rows: list[dict[str, Any]], said: str) -> None:
    assert data_effects.sentence(rows).en == said


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (93.4, 93.4, ("93.4%", "93.4%")),
        (93.39999, 93.40001, ("93.3%", "93.5%")),
        (100 / 3, 200 / 3, ("33.3%", "66.7%")),
        (0.0, 100.0, ("0.0%", "100.0%")),
        (99.99, 99.99, ("99.9%", "100.0%")),
    ],
)
def test_bounds_are_rounded_to_the_safe_side(
    low: float, high: float, shown: tuple[str, str]
) -> None:
    assert data_effects.bounds(effect(lowest_pct=low, highest_pct=high))[:2] == shown


def test_the_checks_on_which_most_hangs_come_first() -> None:
    two = pl.concat([checks().head(1)] * 2).with_columns(
        check_name=pl.Series(["city_given", "level_given"])
    )
    effects = pl.DataFrame([effect(), effect(check_name="level_given", touched=9)])
    built = data.build(report({"files": files(), "checks": two, "check_effects": effects}))

    assert [row["check_name"] for row in built["failed"]] == ["level_given", "city_given"]


def test_an_unread_column_says_which_verdicts_hang_on_it() -> None:
    problems = pl.DataFrame(
        {
            "export": ["tickets", "tickets"],
            "column_name": ["city", "channel"],
            "reason": ["not one of: a", "day first or month first?"],
            "reason_zh": ["不在可填的值之中：a", None],
            "fields": [2, 1],
            "example_file": ["t.csv", "t.csv"],
            "example_row": [2, 3],
            "example_value": ["?", "1/2/2025"],
        }
    )
    effects = pl.DataFrame([effect(check_name="", column_name="city")])
    table = data.problems_table(
        report({"files": files(), "problems": problems, "check_effects": effects})
    )

    assert table is not None
    assert [row[4].en for row in table.rows] == ["Fault response 2 (92.3%–94.6%)", "–"]  # type: ignore[attr-defined]
    assert [row[2].zh for row in table.rows] == ["不在可填的值之中：a", "day first or month first?"]  # type: ignore[attr-defined]


# Until when the exports tell of anything


def freshness(**days_before: float) -> pl.DataFrame:
    """``freshness``: each export with a file that ends so many days before the as-of."""
    return pl.DataFrame(
        [
            {
                "export": export,
                "source_file": f"{export}.csv",
                "latest_at": AS_OF - timedelta(days=days),
                "as_of": AS_OF,
            }
            for export, days in days_before.items()
        ]
    )


def test_each_file_has_its_newest_row_and_each_export_its_reach() -> None:
    frame = freshness(tickets=0.01, agents=400, invoices=2.5)
    built = data.build(report({"files": files(("tickets", "invoices")), "freshness": frame}))

    assert [row[3] for row in built["files"].rows] == ["2025-03-10", "2025-03-07"]
    assert [row[2].en for row in built["reach"].rows] == ["under an hour", "2 days", "400 days"]
    assert built["reach_sentence"].en == (
        "Of the exports still being written, invoices end first: at 2025-03-07 21:30, 2 days "
        "before the as-of. What came after, if anything did, is not in this report."
    )


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (
            freshness(tickets=0.0, invoices=0.9),
            "Every export that goes on (tickets, invoices) reaches to within a day of the as-of.",
        ),
        (freshness(agents=400), None),
        (pl.DataFrame(), None),
    ],
    ids=["all there", "nothing that goes on", "no dates at all"],
)
def test_reach_sentence(frame: pl.DataFrame, said: str | None) -> None:
    found = data.reach_sentence(frame)
    assert (found.en if found else None) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), "under an hour"),
        (timedelta(minutes=59, seconds=59), "under an hour"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=47, hours=23), "47 days"),
        (timedelta(seconds=-1), "after the as-of"),
    ],
)
def test_distance(span: timedelta, said: str) -> None:
    assert data.distance(span).en == said


def test_a_file_says_how_it_was_read_and_what_became_of_it() -> None:
    frame = files().with_columns(delimiter=pl.lit(";"), status=pl.lit("changed"))
    (row,) = data.files_table(frame, pl.DataFrame()).rows
    assert row[2].en == "changed"  # type: ignore[union-attr]
    assert row[3] == "csv · gb18030 · ;"


# From run to run


def history(*runs: tuple[str, int, int]) -> pl.DataFrame:
    """``quality_history``: as-of, rows to mend and problems of each run of 1,000 tickets."""
    return pl.DataFrame(
        [
            {
                "run_no": number,
                "as_of": datetime.fromisoformat(as_of),
                "version": "1.0",
                "export": "tickets",
                "files": 1,
                "rows_in": 1000,
                "rejected": 7,
                "to_mend": to_mend,
                "problems": problems,
                "checks_not_met": 2,
            }
            for number, (as_of, to_mend, problems) in enumerate(runs, start=1)
        ]
    )


def test_a_first_run_has_nothing_to_be_compared_with() -> None:
    frame = history(("2025-05-31", 4, 2))
    said = data_trend.sentence(frame)
    assert said is not None
    assert said.en.startswith("This is the first run")
    assert data_trend.chart(frame) is None
    assert data_trend.table(frame) is None
    assert data_trend.sentence(pl.DataFrame()) is None


def test_a_run_is_compared_with_the_one_before() -> None:
    frame = history(("2025-05-31", 4, 2), ("2025-06-30", 9, 3), ("2025-06-30", 1, 0))
    said = data_trend.sentence(frame)
    chart = data_trend.chart(frame)

    assert said is not None
    assert said.en == (
        "Against the run before (as of 2025-06-30): rows in 1,000 → 1,000, rows to mend 9 → 1, "
        "unread fields 3 → 0, checks not met 2 → 2."
    )
    assert chart is not None
    assert [row[0] for row in chart.twin.rows] == ["2025-05-31", "2025-06-30", "2025-06-30 (2)"]
    assert [row[2] for row in chart.twin.rows] == ["4.0", "9.0", "1.0"]
    for figure in chart.figures.values():
        plotly_takes.check(figure)


# Rows to mend


def test_rows_to_mend_are_offered_as_files(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "export": ["pauses", "tickets"],
            "source_file": ["pauses.csv", "tickets 1#.csv"],
            "path": ["data/mend/pauses_mended.csv", "data/mend/tickets 1#_mended.csv"],
            "rows": [1, 1234],
            "has_key": [False, True],
        }
    )
    write_report(report({"files": files(), "rows_to_mend": frame}), (data.PAGE,), tmp_path)
    text = (tmp_path / "en" / "data.html").read_text(encoding="utf-8")

    assert 'href="../data/mend/tickets%201%23_mended.csv" download' in text
    assert "1,234 rows" in text
    assert text.count("have no key") == 1


def test_what_is_said_of_a_file_is_said_in_both_languages() -> None:
    said = "sheet 工单; header found in row 1; opened_at is day-first; something new"
    assert data.note(said) == Text(
        "工作表 工单；表头在第 1 行；opened_at：日在前；something new", said
    )
    assert data.note("") == Text("", "")
