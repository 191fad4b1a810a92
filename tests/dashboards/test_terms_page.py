"""The terms page: each reading once, with what is in force when, and the targets."""

from __future__ import annotations

from datetime import date

import polars as pl

from dashboards.language import Text
from dashboards.pages import terms
from tests.dashboards.frames import report

_READING = {
    "reading": 1,
    "name": "response_clock",
    "default_choice": "service_hours",
    "alternatives": "service_hours,calendar",
    "clause": "AS-7",
    "title_zh": "计时",
    "title_en": "Clock",
    "text_zh": "甲",
    "text_en": "A",
}


def _readings(choices: list[str]) -> pl.DataFrame:
    starts = [date(2000 + 10 * n, 1, 1) for n in range(len(choices))]
    ends = [*starts[1:], None]
    return pl.DataFrame(
        [
            {**_READING, "choice": choice, "valid_from": start, "valid_to": end}
            for choice, start, end in zip(choices, starts, ends, strict=True)
        ]
    )


_CHOICES = pl.DataFrame(
    {
        "reading": [1, 1],
        "name": ["response_clock"] * 2,
        "choice": ["service_hours", "calendar"],
        "text_zh": ["甲", "乙"],
        "text_en": ["A", "B"],
    }
)


def test_a_reading_that_never_changed_stands_once_with_its_alternative() -> None:
    (reading,) = terms.readings(_readings(["service_hours"] * 2), _CHOICES, pl.DataFrame())
    (stretch,) = reading["in_force"]
    assert stretch["is_default"]
    assert stretch["span"].en == "from 2000-01-01"
    assert [choice for choice, *_ in reading["others"]] == ["calendar"]


def test_a_reading_that_changed_shows_both_stretches() -> None:
    dated = _readings(["service_hours", "calendar"])
    (reading,) = terms.readings(dated, _CHOICES, pl.DataFrame())
    assert [stretch["span"].en for stretch in reading["in_force"]] == [
        "from 2000-01-01 to before 2010-01-01",
        "from 2010-01-01",
    ]
    assert reading["others"] == []
    # What either would change, were it so throughout, is said all the same.
    compared = pl.DataFrame({"reading": [1], "alternative": ["calendar"]})
    (reading,) = terms.readings(dated, _CHOICES, compared)
    assert reading["others"] == [("calendar", Text("乙", "B"), True)]


def test_targets_are_in_hours_by_level_and_tier() -> None:
    frame = pl.DataFrame(
        {
            "valid_from": [date(2000, 1, 1)] * 2,
            "valid_to": [None, None],
            "fault_level": [1, 1],
            "city_tier": ["tier1", "other"],
            "target_seconds": [43200, 172800],
            "clock": ["calendar", "calendar"],
        },
        schema_overrides={"valid_to": pl.Date},
    )
    (period,) = terms.targets(frame)
    assert [cell.en for cell in period["table"].rows[0]] == ["Level 1", "Calendar", "12 h", "48 h"]


def test_effects_say_what_would_change() -> None:
    frame = pl.DataFrame(
        {
            "reading": [1, 4],
            "alternative": ["calendar", "<="],
            "rows_compared": [20, 20],
            "rows_changed": [4, 0],
            "met": [15, 15],
            "breached": [5, 5],
            "alternative_met": [11, 15],
            "alternative_breached": [9, 5],
        }
    )
    texts = terms.effects(frame, pl.DataFrame())
    assert texts[1, "calendar"].en == "4 of 20 verdicts would change. Compliance 75.0% → 55.0%."
    assert texts[4, "<="].en == "0 of 20 verdicts would change."


def test_what_an_alternative_changes_is_named_in_words() -> None:
    given = {"alternative": "calendar", "was": "met", "would_be": "breached"}
    subjects = [
        (12, "facts.charges", "T1|service_fee|CNY"),
        (12, "facts.charges", "unit:SN1|2025-01-01..2025-12-31|CNY"),
        (1, "facts.inspections", "HT1/4"),
        (1, "facts.responses", "T2"),
    ]
    frame = pl.DataFrame(
        [
            {**given, "reading": reading, "table_name": table, "subject": subject}
            for reading, table, subject in subjects
        ]
    )
    table = terms.changes_table(frame, _readings(["service_hours"]), _CHOICES, pl.DataFrame())
    assert table.total == 4
    assert table.caption.en == "What an alternative would change, one by one"
    effects = pl.DataFrame({"rows_changed": [4000, 2]})
    cut = terms.changes_table(frame, _readings(["service_hours"]), _CHOICES, effects)
    assert cut.total == 4002
    assert "the first 100 of each" in cut.caption.en
    assert [(row[0], row[1]) for row in table.rows] == [
        (["T1", "ticket.html#id=T1"], "service_fee"),
        (["SN1 2025-01-01..2025-12-31 CNY", None], None),
        (["HT1/4", None], None),
        (["T2", "ticket.html#id=T2"], None),
    ]
    # As text "12" would stand before "2".
    assert [row[2] for row in table.rows] == ["12", "12", "01", "01"]
    shown = {column["key"]: column["labels"] for column in table.data("zh")["columns"]}
    assert shown["reading"] == {"01": "1 计时"}
    assert table.data("zh")["rows"][3][4] == "乙"


def test_where_a_terms_file_comes_from_is_said_in_both_languages() -> None:
    frame = pl.DataFrame([{"file": "a.yaml", "origin": "built-in", "sha256": "ab"}])
    page = terms.build(report({"clauses": pl.DataFrame(), "term_files": frame}))
    assert page["term_files"].rows[0][1] == Text("产品自带", "built-in")
