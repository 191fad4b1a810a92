"""The report's queries, and the report of a warehouse with nothing or little in it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from dashboards.pages import PAGES
from pipelines.reporting import report
from pipelines.reporting.report import build_report, queries, read_frames, report_of
from tests.harness import Exports, build, give_files

if TYPE_CHECKING:
    from pathlib import Path

TICKET = {
    "ticket_id": "T1",
    "customer_type": "end_customer",
    "city": "北京",
    "service_code": "SASR008",
    "fault_level": 1,
    "provider": "agent",
    "agent_id": "A1",
    "category": "fault",
    "opened_at": "2025-03-07 10:00:00",
    "responded_at": "2025-03-07 21:00:00",
}


@pytest.mark.parametrize("name", sorted(queries()))
def test_a_query_says_what_its_frame_is_and_its_grain(name: str) -> None:
    lines = queries()[name].splitlines()
    assert lines[0].startswith(f"-- {name}: ")
    assert any(line.startswith("-- grain: one row") for line in lines[:6])


def test_pages_name_only_frames_there_are_and_every_frame_has_a_page() -> None:
    named = {name for page in PAGES for name in (*page.needs, *page.uses)}
    assert named - set(queries()) == set()
    # run, files and privacy make the report itself, whatever the pages
    assert set(queries()) - named - {"run", "files", "privacy"} == set()


def test_a_warehouse_without_tickets_still_makes_every_page(tmp_path: Path) -> None:
    con = build({}, None, "2025-03-31 18:00:00")
    give_files(con, ())
    build_report(con, tmp_path)
    assert (tmp_path / "index.html").is_file()
    assert "tickets.csv" in (tmp_path / "en" / "management.html").read_text(encoding="utf-8")


def test_one_ticket_makes_its_month_and_its_section(tmp_path: Path) -> None:
    con = build({"tickets": [TICKET]}, None, "2025-03-31 18:00:00")
    give_files(con, ("tickets",))
    build_report(con, tmp_path)
    text = (tmp_path / "en" / "management.html").read_text(encoding="utf-8")
    assert "In 2025-03, 1 of 1 decided fault ticket was answered in time (100.0%)" in text
    assert '"T1"' in (tmp_path / "data" / "tickets-0.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("as_of", "shown"),
    [
        ("2025-03-30 23:59:59", date(2025, 2, 1)),  # March's last day has not begun
        ("2025-03-31 00:00:00", date(2025, 3, 1)),
        ("2025-04-02 00:00:00", date(2025, 3, 1)),
    ],
)
def test_the_latest_month_on_its_last_day_or_over_is_shown_first(as_of: str, shown: date) -> None:
    earlier = {
        **TICKET,
        "ticket_id": "T0",
        "opened_at": "2025-02-03 10:00:00",
        "responded_at": "2025-02-03 11:00:00",
    }
    con = build({"tickets": [TICKET, earlier]}, None, as_of)
    give_files(con, ("tickets",))
    frames = read_frames(con)
    assert report_of(frames).month == shown
    assert report_of(frames, date(2025, 2, 1)).month == date(2025, 2, 1)


def test_nothing_is_left_in_the_warehouse(tmp_path: Path) -> None:
    con = build({"tickets": [TICKET]}, None)
    give_files(con, ("tickets",))
    tables = "select table_schema, table_name from information_schema.tables order by all"
    before = con.execute(tables).fetchall()
    build_report(con, tmp_path)
    assert con.execute(tables).fetchall() == before


def test_the_tickets_kept_are_bounded_but_all_that_tables_name_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met = [{**TICKET, "ticket_id": f"M{number}", "category": "other"} for number in range(5)]
    late = [
        {**TICKET, "ticket_id": f"L{number}", "responded_at": "2025-03-09 10:00:00"}
        for number in range(3)
    ]
    con = build({"tickets": [*met, *late]}, None)
    assert read_frames(con)["ticket_rows"].height == 8
    monkeypatch.setattr(report, "TICKETS_KEPT", 2)
    kept = set(read_frames(con)["ticket_rows"]["ticket_id"])
    assert {"L0", "L1", "L2"} <= kept
    assert len(kept) < 8


def test_the_charges_of_pages_say_what_the_charges_say() -> None:
    tickets = [
        {
            "ticket_id": f"T{number}",
            "customer_type": kind,
            "service_code": "SASL012",
            "provider": "company",
            "city": "成都",
            "category": category,
            "serial_no": "S1",
            "opened_at": "2025-03-03 09:00:00",
            "finished_at": "2025-03-03 12:00:00",
        }
        for number, (kind, category) in enumerate(
            [("agent", "fault"), ("end_customer", None), ("key_account", "delivery_damage")]
        )
    ]
    fees = [
        {
            "invoice_id": "I1",
            "line_no": 1,
            "ticket_id": "T0",
            "charge_type": "service_fee",
            "amount": "10.00",
            "issuer": "company",
            "issued_at": "2025-03-04",
        },
        {
            "invoice_id": "I2",
            "line_no": 1,
            "serial_no": "S1",
            "charge_type": "maintenance_fee",
            "amount": "20.00",
            "issuer": "company",
            "issued_at": "2025-03-04",
            "coverage_start": "2025-01-01",
            "coverage_end": "2025-12-31",
        },
    ]
    unit = {"serial_no": "S1", "purchased_at": "2024-06-01", "warranty_months": "12"}
    exports: Exports = {"tickets": tickets, "invoices": fees, "installed_base": [unit]}
    with build(exports, None, "2025-06-30 00:00:00") as con:
        give_files(con, ("tickets", "invoices", "installed_base"))
        frames = read_frames(con)
        charges = con.sql("select * from facts.charges").pl()

    on_tickets = charges.filter(pl.col("ticket_id").is_not_null())
    assert frames["ticket_charges"].equals(on_tickets.sort("ticket_id", "charge_id"))
    assert on_tickets.height == 6  # a service fee and a maintenance fee each
    of_unit = frames["billing_unit_charges"].sort("charge_id")
    assert of_unit["reason"].equals(charges.sort("charge_id")["reason"])
