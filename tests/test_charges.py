"""Charges: the worked cases of ``cases/entitlement*.yaml`` and ``cases/charges*.yaml``.

The netting of lines is also tried on made-up invoices: order and files must not matter, every
line must be in one charge, and the sums must be those of the invoices, month by month.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.warehouse.models import run_models
from tests.harness import build, case_id, check_case, load_cases, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

Row = dict[str, Any]

CASES = [*load_cases("entitlement*.yaml"), *load_cases("charges*.yaml")]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_worked_case(case: dict[str, Any]) -> None:
    check_case(case)


UNITS: list[Row] = [
    {"serial_no": "OLD", "contract_id": "K1", "purchased_at": "2020-03-15", "warranty_months": 12},
    {"serial_no": "NEW", "contract_id": "K2", "purchased_at": "2024-11-15", "warranty_months": 36},
]
TICKETS: list[Row] = [
    {
        "ticket_id": f"T{number}",
        "customer_type": customer_type,
        "service_code": code,
        "city": "成都",
        "serial_no": serial_no,
        "provider": provider,
        "agent_id": "AG1",
        "opened_at": f"2025-0{number}-28 09:00:00",
        "finished_at": f"2025-0{number}-28 19:00:00",
    }
    for number, (customer_type, code, serial_no, provider) in enumerate(
        [
            ("key_account", "SASL012", "OLD", "company"),
            ("end_customer", "SASL012", "NEW", "agent"),
            ("end_customer", "SPSL005", None, "company"),
        ],
        start=1,
    )
]
# Few values, so that equal lines, reversals and repeats are common.
LINES = st.lists(
    st.fixed_dictionaries(
        {
            "invoice_id": st.sampled_from(["I1", "I2", "I3"]),
            "issued_at": st.sampled_from(["2025-03-01", "2025-03-20", "2025-04-20", None]),
            "issuer": st.sampled_from(["company", "company", "AG1", None]),
            "ticket_id": st.sampled_from(["T1", "T1", "T2", "T3", "GONE", None]),
            "serial_no": st.sampled_from(["OLD", "NEW", None]),
            "charge_type": st.sampled_from(
                [
                    "service_fee",
                    "service_fee",
                    "maintenance_fee",
                    "repair_replacement",
                    "other",
                    None,
                ]
            ),
            "amount": st.sampled_from(["500", "500", "-500", "300", "-300", "-200.01", "0", None]),
            "currency": st.sampled_from(["CNY", "CNY", "USD"]),
            "coverage_start": st.sampled_from(["2025-01-01", None]),
            "coverage_end": st.sampled_from(["2025-12-31"]),
        }
    ),
    max_size=12,
).map(lambda lines: [{**line, "line_no": number} for number, line in enumerate(lines, start=1)])


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the tickets and units; each example puts its own invoices in."""
    with build({"tickets": TICKETS, "installed_base": UNITS}, ["facts.charges"]) as built:
        built.execute(
            "create or replace table terms.days as select day::date as day, 1 as period_id "
            "from range(date '2020-01-01', date '2026-01-01', interval 1 day) as days(day)"
        )
        yield built


def charges_of(con: duckdb.DuckDBPyConnection, lines: list[Row], files: int) -> list[Row]:
    """The charges of these lines, read from this many files, in a fixed order."""
    con.execute("truncate staging.invoices")
    for number, line in enumerate(lines):
        values = {**line, "source_file": f"invoices_{number % files}.csv", "source_row": number + 2}
        con.execute(
            f"insert into staging.invoices ({', '.join(values)}) "
            f"values ({', '.join('?' * len(values))})",
            list(values.values()),
        )
    run_models(con, ["facts.charges"])
    return sorted(rows_of(con, "facts.charges"), key=lambda row: str(row["charge_id"]))


@given(lines=LINES, data=st.data())
@settings(max_examples=15, derandomize=True)
def test_netting_does_not_depend_on_the_order_of_lines_or_their_files(
    con: duckdb.DuckDBPyConnection, lines: list[Row], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(lines))
    assert charges_of(con, lines, 1) == charges_of(con, shuffled, 3)


@given(lines=LINES)
@settings(max_examples=25, derandomize=True)
def test_every_line_is_in_one_charge_and_the_sums_are_those_of_the_invoices(
    con: duckdb.DuckDBPyConnection, lines: list[Row]
) -> None:
    charges = charges_of(con, lines, 2)
    placed = [
        line for row in charges for line in str(row["invoice_lines"] or "").split(", ") if line
    ]
    assert sorted(placed) == sorted(f"{line['invoice_id']}#{line['line_no']}" for line in lines)
    assert len({row["charge_id"] for row in charges}) == len(charges)
    opened = {str(ticket["ticket_id"]): str(ticket["opened_at"]) for ticket in TICKETS}
    billed: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        day = opened.get(line["ticket_id"] or "", line["issued_at"])
        month = f"{day[:7]}-01" if day else "None"
        billed[month, line["currency"]] += Decimal(line["amount"] or 0)
    audited: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in charges:
        audited[str(row["month"]), row["currency"]] += row["billed_amount"]
    assert {k: v for k, v in billed.items() if v} == {k: v for k, v in audited.items() if v}
    with_fee = {row["ticket_id"] for row in charges if row["charge_type"] == "service_fee"}
    assert set(opened) <= with_fee
