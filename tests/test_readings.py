"""What an alternative reading would change, counted by hand."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pipelines.other_terms import readings
from pipelines.other_terms.readings import TOUCHES, Effects, keep_effects, reading_effects
from pipelines.terms import schema
from tests.harness import Exports, build, documents_with, rows_of, terms_with

if TYPE_CHECKING:
    import duckdb
    import pytest

    from pipelines.terms import Terms

# Friday 7 March 17:00 to Monday 10 March 17:30: 10.5 service hours, 72.5 hours of the calendar;
# level 3 in a tier-1 city has 48. T2 is answered at exactly its 12 hours.
EXPORTS: Exports = {
    "tickets": [
        {
            "ticket_id": "T1",
            "fault_level": 3,
            "city": "北京",
            "opened_at": "2025-03-07 17:00:00",
            "responded_at": "2025-03-10 17:30:00",
        },
        {
            "ticket_id": "T2",
            "fault_level": 1,
            "city": "北京",
            "opened_at": "2025-03-07 08:00:00",
            "responded_at": "2025-03-07 20:00:00",
        },
        {
            # An agent's on-site visit in another city, in its unit's first year: charged by the
            # matrix (S1), waived when the free year covers the service fee.
            "ticket_id": "T3",
            "customer_type": "agent",
            "city": "成都",
            "service_code": "SPSL005",
            "provider": "company",
            "serial_no": "S1",
            "opened_at": "2025-03-07 08:00:00",
            "finished_at": "2025-03-07 20:00:00",
        },
    ],
    "installed_base": [{"serial_no": "S1", "purchased_at": "2025-01-01", "warranty_months": 36}],
    "invoices": [
        {
            "invoice_id": "I1",
            "line_no": 1,
            "issued_at": "2025-03-08",
            "issuer": "company",
            "ticket_id": "T3",
            "charge_type": "service_fee",
            "amount": "1200.00",
        }
    ],
}


SWITCHES = {
    name: value
    for name, value in documents_with({})["readings"]["values"][0].items()
    if name != "from"
}


def compared(con: duckdb.DuckDBPyConnection, terms: Terms | None = None) -> Effects:
    """Compare and keep."""
    effects = reading_effects(con, terms or terms_with())
    keep_effects(con, effects)
    return effects


def test_every_switch_says_what_it_touches() -> None:
    assert set(TOUCHES) == set(schema.SWITCHES)


def test_verdicts_and_money_before_and_after() -> None:
    con = build(EXPORTS)
    # One alternative for each switch but reading 3, which has two.
    assert compared(con).alternatives == len(TOUCHES) + 1
    effects = {row["alternative"]: row for row in rows_of(con, "marts.reading_effects")}
    strict = effects["<="]
    assert (strict["reading"], strict["choice"]) == (4, "<")
    assert (strict["met"], strict["breached"]) == (1, 1)
    assert (strict["alternative_met"], strict["alternative_breached"]) == (2, 0)
    assert strict["rows_changed"] == 1
    changes = rows_of(con, "marts.reading_changes")
    assert {
        "reading": 1,
        "name": "response_clock",
        "alternative": "calendar",
        "table_name": "facts.responses",
        "subject": "T1",
        "was": "met",
        "would_be": "breached",
    } in changes
    # 2025-03 has no holiday in those days.
    assert effects["CN"]["rows_changed"] == 0
    money = {row["name"]: row for row in rows_of(con, "marts.reading_money")}
    free_year = money["first_free_year"]
    assert free_year["currency"] == "CNY"
    assert float(free_year["overbilled_amount"]) == 0
    assert float(free_year["alternative_overbilled_amount"]) == 1200


def test_the_run_itself_is_not_touched() -> None:
    con = build(EXPORTS)
    before = rows_of(con, "facts.responses"), rows_of(con, "terms.rules")
    compared(con)
    assert (rows_of(con, "facts.responses"), rows_of(con, "terms.rules")) == before
    catalogs = con.execute(
        "select distinct catalog_name from information_schema.schemata"
    ).fetchall()
    assert ("beside",) not in catalogs


def test_an_alternative_in_force_is_compared_with_the_default() -> None:
    con = build(EXPORTS, overrides={"readings": {"strictness": "<="}})
    compared(con, terms_with({"readings": {"strictness": "<="}}))
    (row,) = [r for r in rows_of(con, "marts.reading_effects") if r["name"] == "strictness"]
    assert (row["choice"], row["alternative"]) == ("<=", "<")
    assert (row["met"], row["alternative_met"]) == (2, 1)


def test_a_choice_of_a_day_to_come_is_not_in_force() -> None:
    later = {"from": date(2026, 1, 1), **SWITCHES, "strictness": "<="}
    now = {"from": date(2000, 1, 1), **SWITCHES}
    dated = {"readings": {"values": [now, later]}}
    con = build(EXPORTS, as_of="2025-06-30 00:00:00", overrides=dated)
    compared(con, terms_with(dated))
    (row,) = [r for r in rows_of(con, "marts.reading_effects") if r["name"] == "strictness"]
    assert (row["choice"], row["alternative"]) == ("<", "<=")


def test_a_choice_that_began_on_a_day_is_compared_both_ways() -> None:
    # T2 took all of its target on 7 March: a breach before the 8th, and in time from then on
    began = {"from": date(2025, 3, 8), **SWITCHES, "strictness": "<="}
    dated = {"readings": {"values": [{"from": date(2000, 1, 1), **SWITCHES}, began]}}
    con = build(EXPORTS, as_of="2025-06-30 00:00:00", overrides=dated)
    compared(con, terms_with(dated))
    rows = [r for r in rows_of(con, "marts.reading_effects") if r["name"] == "strictness"]
    assert {(r["choice"], r["alternative"], r["rows_changed"]) for r in rows} == {
        ("<=", "<=", 1),
        ("<=", "<", 0),
    }


def test_too_many_tickets_leave_the_tables_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST_TICKETS", 2)
    con = build(EXPORTS, ["facts.responses"])
    assert compared(con).alternatives == 0
    assert rows_of(con, "marts.reading_effects") == []
