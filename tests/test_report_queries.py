"""What the report's frames count, against rows counted by hand: nothing of a desk is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.reporting.report import queries
from tests.harness import build

if TYPE_CHECKING:
    from tests.harness import Exports

Rows = list[dict[str, Any]]


def frame(name: str, exports: Exports, tables: list[str], as_of: str) -> Rows:
    con = build(exports, tables, as_of)
    rows: Rows = con.sql(queries()[name]).pl().to_dicts()
    return rows


def fault(ticket_id: str, **more: object) -> dict[str, object]:
    given = {
        "fault_level": 1,
        "city": "北京",
        "provider": "company",
        "customer_type": "end_customer",
    }
    return {"ticket_id": ticket_id, "opened_at": "2025-03-03 09:00:00", **given, **more}


def test_a_fault_nobody_answered_counts_as_such_whatever_can_be_told_of_it() -> None:
    (totals,) = frame(
        "response_open_totals",
        {
            "tickets": [
                fault("answered", responded_at="2025-03-03 10:00:00"),
                fault("in time", opened_at="2025-03-10 08:00:00"),
                fault("late"),
                fault("no level", fault_level=None, category="fault"),
                fault("no city", city=None),
                fault("to come", opened_at="2025-03-10 09:00:01"),
            ]
        },
        ["facts.responses", "marts.outlook"],
        "2025-03-10 09:00:00",
    )
    counted = ("faults", "pending", "late", "unmeasurable", "later")
    assert {name: totals[name] for name in counted} == {
        "faults": 6,
        "pending": 1,
        "late": 1,
        "unmeasurable": 2,
        "later": 1,
    }


def test_faults_due_before_they_were_opened_are_answered_faults_too() -> None:
    exports: Exports = {
        "tickets": [
            fault("plain", responded_at="2025-03-03 15:00:00"),  # 6 of 12 hours
            fault(
                "due before",
                responded_at="2025-03-03 10:00:00",
                agreed_due_at="2025-03-03 07:30:00",
            ),
            fault(
                "due at once",
                responded_at="2025-03-03 09:00:00",
                agreed_due_at="2025-03-03 09:00:00",
            ),
        ]
    }
    as_of = "2025-03-31 00:00:00"
    speed = frame("response_speed", exports, ["facts.responses"], as_of)
    whole = next(row for row in speed if row["is_all_levels"])
    assert (whole["tickets"], whole["median_share"]) == (3, 0.5)
    bins = frame("response_bins", exports, ["facts.responses"], as_of)
    assert [(row["step"], row["verdict"], row["tickets"]) for row in bins] == [
        (5, "met", 1),
        (20, "breached", 2),
    ]
    breached = frame("response_breached", exports, ["facts.responses"], as_of)
    assert [(row["ticket_id"], row["used_share"]) for row in breached] == [
        ("due at once", None),
        ("due before", None),
    ]


def test_a_short_list_of_the_unmeasurable_has_some_of_every_month() -> None:
    exports: Exports = {
        "tickets": [
            fault("march 1", city=None),
            fault("march 2", city=None),
            fault("april 1", city=None, opened_at="2025-04-03 09:00:00"),
            fault("april 2", city=None, opened_at="2025-04-03 09:00:00"),
            fault("no month", opened_at=None),
        ]
    }
    as_of = "2025-04-30 00:00:00"
    found = frame("response_unmeasurable_tickets", exports, ["facts.responses"], as_of)
    assert [row["ticket_id"] for row in found] == [
        "april 1", "march 1", "no month", "april 2", "march 2",
    ]  # fmt: skip


def test_a_record_owed_counts_also_without_an_opening_time_or_an_agent() -> None:
    served = {
        "provider": "agent",
        "customer_type": "end_customer",
        "service_code": "SASL008",
        "finished_at": "2025-03-03 12:00:00",
    }
    exports: Exports = {
        "tickets": [
            {"ticket_id": "T1", "opened_at": "2025-03-03 09:00:00", "agent_id": "A1", **served},
            {"ticket_id": "T2", "agent_id": "A1", **served},
            {"ticket_id": "T3", "opened_at": "2025-03-03 09:00:00", **served},
        ],
        "agents": [{"agent_id": "A1"}],
        "service_records": [],
    }
    tables = ["facts.filings", "marts.agent_filing", "marts.agent_standing"]
    as_of = "2025-06-30 00:00:00"
    (owed,) = build(exports, tables, as_of).sql("select count(*) from facts.filings").fetchall()
    months = frame("filing_months", exports, tables, as_of)
    assert sum(row["due"] for row in months) == owed[0] == 3
    assert [row["month"] is None for row in months] == [False, True]
    (totals,) = frame("agent_totals", exports, tables, as_of)
    assert (totals["outstanding"], totals["outstanding_all"]) == (2, 3)
