"""``sla due`` and ``sla explain``: what they say, against times worked by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from pipelines.cli.due import city_hint, due_text
from pipelines.cli.explain import Interval, explain_ticket
from pipelines.errors import UsageError
from pipelines.terms.load import BUILT_IN
from tests.harness import build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TABLES = ["facts.responses", "steps.tickets"]


def test_due_counts_service_hours() -> None:
    # Friday 17:00: 1 h, then 10 h a day: 111 h by Monday 24 March, 9 h more on Tuesday.
    text = due_text(3, "成都", "2025-03-07 17:00")
    assert "Answer before  2025-03-25 17:00:00 (Tuesday)" in text
    assert "120 h · level 3" in text
    assert "clause T4" in text


def test_due_counts_every_hour_for_level_1_and_takes_an_offset() -> None:
    # 09:00Z is 17:00 in Shanghai; 12 h later it is 05:00 on Saturday.
    text = due_text(1, "Beijing", "2025-03-07T09:00:00Z")
    assert "2025-03-08 05:00:00 (Saturday)" in text
    assert "tier1" in text


@pytest.mark.parametrize(
    ("city", "hint"),
    [
        ("Bejing", "Bejing is taken for a city of the other tier. Did you mean 北京 (Beijing)?"),
        *((city, None) for city in ("Beijing", "北京市", "Hangzhou", "Changzhou", "Somewhere")),
    ],
)
def test_a_city_of_the_first_tier_spelled_wrong_is_asked_about(city: str, hint: str | None) -> None:
    assert city_hint(city) == hint


@pytest.mark.parametrize("city", ["Shanghai市", "ｓｈａｎｇｈａｉ", "上\u200b海", " 上海市 "])
def test_due_knows_a_city_as_the_exports_do(city: str) -> None:
    assert "(tier1)" in due_text(1, city, "2025-03-07 09:00")


@pytest.mark.parametrize(
    ("opened", "answer"),
    [
        # Friday 2 January 2004 is the first day after New Year's: 8 hours, 10 a day from Monday.
        ("2004-01-02 10:00", "2004-01-08 18:00:00"),
        # Monday and Tuesday lie before the calendar of public holidays.
        ("2003-12-29 09:00", "not known"),
        ("2003-12-31 17:00", "not known"),
        ("2026-12-31 17:00", "not known"),
    ],
)
def test_due_is_not_known_beyond_the_calendar(tmp_path: Path, opened: str, answer: str) -> None:
    text = (BUILT_IN / "readings.yaml").read_text(encoding="utf-8")
    changed = text.replace("holidays: none", "holidays: CN")
    assert changed != text
    (tmp_path / "readings.yaml").write_text(changed, encoding="utf-8")
    assert answer in due_text(3, "北京", opened, tmp_path)


def test_a_day_of_25_hours_is_said_to_last_as_long() -> None:
    day, night = datetime(2025, 11, 2), datetime(2025, 11, 3)  # noqa: DTZ001 - local times
    assert Interval(day, night, None).length(ZoneInfo("America/New_York")) == timedelta(hours=25)
    assert Interval(day, night, None).length(ZoneInfo("Asia/Shanghai")) == timedelta(hours=24)


def test_due_says_that_a_city_is_of_the_other_tier() -> None:
    assert "Bejing (other: not in the list" in due_text(1, "Bejing", "2025-03-07 09:00")


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        ("yesterday", "is no instant"),
        ("", "is empty"),
        ("1999-12-31 12:00", "No terms were in force"),
    ],
)
def test_due_refuses_what_it_can_not_read(opened: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        due_text(1, "北京", opened)


def test_explain_lists_what_counted_and_what_did_not() -> None:
    con = build(
        {
            "tickets": [
                {
                    "ticket_id": "T1",
                    "customer_type": "key_account",
                    "customer_name": "某银行",
                    "service_code": "SASL012",
                    "provider": "company",
                    "fault_level": 3,
                    "city": "北京",
                    "opened_at": "2025-04-26 12:00:00",
                    "responded_at": "2025-05-06 16:30:00",
                }
            ],
            "pauses": [
                {
                    "ticket_id": "T1",
                    "paused_at": "2025-04-28 09:00:00",
                    "resumed_at": "2025-04-28 10:00:00",
                    "reason": "等客户",
                }
            ],
        },
        TABLES,
        overrides={"readings": {"holidays": "CN"}},
    )
    text = explain_ticket(con, "T1")
    # Sunday to Wednesday 40 h, Tuesday 6 May 8.5 h, less an hour paused: 47.5 h.
    assert "Response · met · clauses T4, AS-7" in text
    assert "47:30:00 (171000 s), pauses 1:00:00 (3600 s) taken out" in text
    assert "due        Tue 2025-05-06 17:00:00" in text
    assert "counted    Sun 2025-04-27 08:00:00 to Sun 2025-04-27 18:00:00, 10:00:00" in text
    assert "Thu 2025-05-01 00:00:00 to Tue 2025-05-06 00:00:00, public holiday" in text
    assert "Sat 2025-04-26 12:00:00 to Sun 2025-04-27 00:00:00, weekend" in text
    assert "等客户 (pauses.csv row 2)" in text
    assert "source     tickets.csv row 2" in text
    assert "in force from 2000-01-01" in text


def explained(row: Mapping[str, object], **more: list[dict[str, object]]) -> str:
    con = build({"tickets": [{"ticket_id": "T1", **row}], **more}, TABLES, "2025-03-03 23:00:00")
    return explain_ticket(con, "T1")


@pytest.mark.parametrize(
    ("responded_at", "late"),
    [
        ("2025-03-03 20:59:59", None),
        ("2025-03-03 21:00:00", "late       it used all of the target; less is promised"),
        ("2025-03-03 21:00:01", "late       by 0:00:01 (1 s)"),
    ],
)
def test_explain_says_how_late_a_response_was(responded_at: str, late: str | None) -> None:
    times = {"opened_at": "2025-03-03 09:00:00", "responded_at": responded_at}
    text = explained({"fault_level": 1, "city": "北京", **times})
    assert late in text if late else "late " not in text


def test_explain_leaves_out_what_came_after_the_as_of() -> None:
    pauses: list[dict[str, object]] = [
        {
            "ticket_id": "T1",
            "paused_at": "2025-03-03 12:00:00",
            "resumed_at": "2025-03-04 01:00:00",
        },
        {"ticket_id": "T1", "paused_at": "2025-03-04 02:00:00"},
    ]
    row = {"fault_level": 1, "city": "北京", "opened_at": "2025-03-03 09:00:00"}
    text = explained(row, pauses=pauses)
    assert "pause      Mon 2025-03-03 12:00:00 to –" in text
    # the clock stands still at the as-of, so the due time moves on; nothing else is of the 4th
    assert text.replace("due        Tue 2025-03-04", "").count("2025-03-04") == 0


def test_explain_has_no_word_of_terms_where_the_opening_is_not_known() -> None:
    text = explained({"fault_level": 1, "city": "北京", "responded_at": "2025-03-03 10:00:00"})
    assert "unmeasurable" in text
    assert "terms      unknown, as the time of opening is" in text
    assert "None" not in text


def test_explain_does_not_call_no_fault_what_cannot_be_read() -> None:
    row = {"fault_level": {"unread": "Sev-X"}, "opened_at": "2025-03-03 09:00:00"}
    text = explained(row)
    assert "whether the ticket is a fault is not known: fault_level 'Sev-X' cannot be read" in text
    assert "the ticket is no fault" in explained({"opened_at": "2025-03-03 09:00:00"})


def test_explain_shortens_a_long_list_of_stretches() -> None:
    con = build(
        {
            "tickets": [
                {"ticket_id": "T1", "fault_level": 4, "city": "北京", "opened_at": "2015-01-05"}
            ]
        },
        TABLES,
    )
    text = explain_ticket(con, "T1")
    assert "more stretches" in text
    assert len(text.splitlines()) < 60


def test_explain_says_why_something_can_not_be_measured() -> None:
    con = build(
        {"tickets": [{"ticket_id": "T1", "fault_level": 1, "opened_at": "2025-03-03"}]}, TABLES
    )
    text = explain_ticket(con, "T1")
    assert "unmeasurable" in text
    assert "the city is missing, so its tier is unknown" in text


def test_explain_names_the_nearest_ids() -> None:
    con = build({"tickets": [{"ticket_id": "T-0017"}, {"ticket_id": "X"}]}, TABLES)
    with pytest.raises(UsageError, match=r"no ticket 'T-0071'.*nearest ids: T-0017, X"):
        explain_ticket(con, "T-0071")


def test_explain_names_the_last_day_of_an_inspection() -> None:
    unit = {"serial_no": "S1", "customer_id": "K1", "customer_type": "key_account"}
    visit = {"ticket_id": "visit", "service_code": "SASL011", "contract_id": "C1"}
    con = build(
        {
            "tickets": [
                {"ticket_id": "first", "opened_at": "2020-01-01 08:00:00"},
                {**visit, "opened_at": "2025-04-14", "finished_at": "2025-04-14 10:00:00"},
            ],
            "installed_base": [{**unit, "contract_id": "C1", "purchased_at": "2025-01-15"}],
        },
        [*TABLES, "marts.obligations"],
    )
    assert ", due by the end of Mon 2025-04-14, done Mon 2025-04-14" in explain_ticket(con, "visit")
