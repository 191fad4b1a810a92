"""A small warehouse made by hand, in which every check holds.

Belongs here: the contract's tables; their rows stand in ``clean_warehouse.sql``. Does not
belong here: models or readers; nothing here is computed by what is tested.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.contract import INPUTS
from pipelines.warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

TEXT, WHOLE, INSTANT, DAY = "VARCHAR", "BIGINT", "TIMESTAMP", "DATE"
FLAG, MONEY, HOURS = "BOOLEAN", "DECIMAL(18,2)", "DECIMAL(9,2)"


def columns(**names_by_type: str) -> dict[str, str]:
    """Column name to SQL type, from names listed under their type."""
    types = {"text": TEXT, "whole": WHOLE, "instant": INSTANT, "day": DAY, "flag": FLAG}
    types |= {"money": MONEY, "hours": HOURS, "number": "DOUBLE"}
    return {name: types[kind] for kind, names in names_by_type.items() for name in names.split()}


COLUMNS: dict[str, dict[str, str]] = {
    f"staging.{export.name}": {c.name: c.kind.sql_type for c in export.columns}
    | {"source_file": TEXT, "source_row": WHOLE}
    for export in INPUTS.values()
}
COLUMNS |= {
    "staging.rejects": columns(text="export source_file reason record", whole="source_row"),
    "staging.problems": columns(text="export source_file column value reason", whole="source_row"),
    "meta.files": columns(
        text="export source_file sha256 format encoding delimiter note",
        whole="rows_in staged rejected problems",
    ),
    "meta.run": columns(instant="as_of", text="timezone", day="first_ticket_on"),
    "terms.periods": columns(whole="period_id", day="valid_from valid_to"),
    "terms.days": columns(day="day", whole="period_id"),
    "terms.rules": columns(
        whole="period_id", text="training_after_service_code service_centre_city"
    ),
    "terms.tier1_cities": columns(whole="period_id", text="city"),
    "terms.fault_levels": columns(whole="period_id fault_level", text="clock"),
    "terms.response_targets": columns(
        whole="period_id fault_level target_seconds", text="city_tier"
    ),
    "terms.services": columns(whole="period_id", text="service_code stage mode form"),
    "terms.catalogue": columns(whole="period_id", text="customer_type service_code"),
    "terms.service_levels": columns(
        whole="period_id", text="customer_type stage mode service_level"
    ),
    "terms.charging": columns(
        whole="period_id", text="service_level expected", flag="is_same_city"
    ),
    "terms.products": columns(whole="period_id warranty_months", text="product_type"),
    "terms.readings": columns(whole="period_id reading", text="name choice alternatives"),
    "terms.clauses": columns(text="clause rule_zh rule_en"),
    "steps.invoice_lines": columns(text="invoice_id charge_id", whole="line_no"),
    "facts.responses": columns(
        text="ticket_id customer_id customer_type provider agent_id service_code city city_tier"
        " clock verdict reason clause",
        whole="fault_level target_seconds elapsed_seconds calendar_seconds service_seconds"
        " paused_seconds",
        instant="opened_at responded_at due_at",
        flag="is_open",
        day="month",
    ),
    "marts.response_monthly": columns(
        day="month",
        whole="fault_level tickets met breached pending unmeasurable",
        text="city_tier",
        number="compliance_pct",
    ),
    "facts.charges": columns(
        text="charge_id ticket_id invoice_ids invoice_lines serial_no customer_id customer_type"
        " service_code service_level charge_type expected biller currency finding clause reason",
        money="billed_amount",
        whole="line_count overlap_days",
        day="month coverage_start",
    ),
    "steps.charge_findings": columns(
        text="charge_id ticket_id invoice_lines charge_type expected currency finding clause",
        money="billed_amount",
        whole="line_count",
        day="month coverage_start",
    ),
    "marts.billing_exceptions": columns(
        text="charge_id exception finding currency", money="billed_amount at_stake_amount"
    ),
    "marts.billing_reconciliation": columns(
        text="currency",
        money="invoice_amount charge_amount difference",
        whole="invoice_lines placed_lines",
        day="month",
    ),
    "marts.billing_monthly": columns(
        text="finding currency",
        money="billed_amount overbilled_amount unexplained_amount unbilled_amount",
        whole="charges overbilled_charges unexplained_charges unbilled_charges",
        day="month",
    ),
    "facts.filings": columns(
        text="ticket_id agent_id form record_id missing_fields finding verdict reason clause",
        instant="service_finished_at due_at submitted_at",
        number="days_to_file",
        day="month",
    ),
    "steps.classed_records": columns(text="record_id class"),
    "marts.record_exceptions": columns(text="record_id exception source_file", whole="source_row"),
    "facts.inspections": columns(
        text="contract_id customer_id ticket_id verdict reason clause",
        whole="quarter_no",
        day="window_start window_end month",
        instant="done_at",
    ),
    "facts.trainings": columns(
        text="ticket_id training_ticket_id verdict reason clause",
        instant="support_finished_at due_at finished_at",
        hours="training_hours",
        day="month",
    ),
    "steps.conduct_outcomes": columns(text="ticket_id provider_routing service_catalogue"),
    "facts.conduct": columns(text="ticket_id rule responsible verdict reason clause", day="month"),
    "marts.obligations": columns(
        text="kind subject_id ticket_id responsible customer_type verdict reason clause",
        instant="due_at done_at",
        day="month",
    ),
    "marts.outlook": columns(text="kind subject_id"),
    "marts.renewals": columns(
        text="serial_no", day="warranty_ends_on", whole="days_left notice_days"
    ),
    "marts.promise_monthly": columns(
        text="kind clause responsible",
        whole="promises met breached pending unmeasurable",
        day="month",
    ),
    "marts.agent_filing": columns(
        text="agent_id",
        whole="due filed_on_time filed_late missing incomplete wrong_form pending unmeasurable",
        number="filing_pct",
        day="month",
    ),
}

ROWS = Path(__file__).with_name("clean_warehouse.sql")


def clean_warehouse() -> duckdb.DuckDBPyConnection:
    """A new warehouse in memory with the rows of ``clean_warehouse.sql``."""
    con = open_warehouse()
    for table, types in COLUMNS.items():
        listed = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        con.execute(f"create table {table} ({listed})")
    con.execute(ROWS.read_text(encoding="utf-8"))
    return con
