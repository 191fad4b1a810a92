"""Repeats (duplicate charges) recounted line by line, on many made-up charges at once.

The recount takes one charge after the other and each of its lines in order of time, with a pile of
what stands; the model (steps.invoice_lines) counts with windows over all of them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.harness import build, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

Row = dict[str, Any]

CHARGES: Final = 1500
WINDOW_DAYS: Final = 31
# Few values, so that equal bills, credits in parts and credits of several bills are common.
AMOUNTS: Final = (100, 100, 100, 30, 50, -100, -60, -40, -130, -30, -200)
DAYS: Final = (0, 1, 2, 3, 10, 30, 31, 32, 33, 50, 63, None)
ISSUERS: Final = ("company",) * 8 + ("AG1", None)


def made_up() -> dict[str, list[Row]]:
    """Tickets whose service fee is due, the company's to bill, each with some lines."""
    choice = random.Random(20250303)  # noqa: S311 - made-up rows
    tickets, lines = [], []
    for number in range(CHARGES):
        ticket = f"T{number}"
        tickets.append(
            {
                "ticket_id": ticket,
                "customer_type": "end_customer",
                "service_code": "SASL014",
                "provider": "company",
                "opened_at": "2025-03-03 09:00:00",
                "finished_at": "2025-03-04 09:00:00",
            }
        )
        for place in range(choice.randint(2, 7)):
            days = choice.choice(DAYS)
            lines.append(
                {
                    "invoice_id": f"I{number}.{choice.choice((place, place, place, 0))}",
                    "line_no": place + 1,
                    "issued_at": None if days is None else date(2025, 3, 5) + timedelta(days=days),
                    "issuer": choice.choice(ISSUERS),
                    "ticket_id": ticket,
                    "charge_type": "service_fee",
                    "amount": choice.choice(AMOUNTS),
                }
            )
    return {"tickets": tickets, "invoices": lines}


@pytest.fixture(scope="module")
def exports() -> dict[str, list[Row]]:
    return made_up()


@pytest.fixture(scope="module")
def con(exports: dict[str, list[Row]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with build(exports, ["facts.charges"]) as built:
        yield built


def test_repeats_are_those_of_a_recount_line_by_line(
    con: duckdb.DuckDBPyConnection, exports: dict[str, list[Row]]
) -> None:
    found = {
        (invoice_id, line_no): credited
        for invoice_id, line_no, credited in con.execute(
            "select invoice_id, line_no, credited_amount from steps.invoice_lines "
            "where is_duplicate"
        ).fetchall()
    }
    by_ticket: dict[str, list[Row]] = defaultdict(list)
    for line in exports["invoices"]:
        by_ticket[line["ticket_id"]].append(line)
    recounted: dict[tuple[str, int], Decimal] = {}
    for lines in by_ticket.values():
        for side in sides_of(lines):
            recounted |= repeats_in(side)
    assert found == recounted
    assert sum(bool(credited) for credited in recounted.values()) > CHARGES / 50, "credits in parts"


def test_what_is_left_after_the_refunds_is_one_bill_that_was_due(
    con: duckdb.DuckDBPyConnection, exports: dict[str, list[Row]]
) -> None:
    """Never a charge that is not billed beside a repeat of it, nor a refund of all there is."""
    of_others = {line["ticket_id"] for line in exports["invoices"] if line["issuer"] != "company"}
    by_ticket: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of(con, "facts.charges"):
        if row["ticket_id"] not in of_others:
            by_ticket[row["ticket_id"]].append(row)
    repeated = 0
    for rows in by_ticket.values():
        repeats = [row for row in rows if row["finding"] == "duplicate_charge"]
        if repeats:
            repeated += 1
            refund = sum(row["overbilled_amount"] for row in repeats)
            assert [row["finding"] for row in rows if row not in repeats] == ["billed_as_due"]
            assert sum(row["billed_amount"] for row in rows) > refund > 0
    assert repeated > CHARGES / 50


@dataclass
class Bill:
    """A line that bills, and what of it no credit has taken back yet."""

    line: Row
    left: Decimal


def sides_of(lines: list[Row]) -> list[list[Row]]:
    """The company's lines and those of others, where others billed more than was credited."""
    theirs = [line for line in lines if line["issuer"] not in {"company", None}]
    own_bills = [line for line in lines if line not in theirs and line["amount"] > 0]
    if not own_bills:
        theirs += [line for line in lines if line["issuer"] is None and line["amount"] < 0]
    if sum(line["amount"] for line in theirs) <= 0:
        theirs = []
    return [taken_for(theirs), taken_for([line for line in lines if line not in theirs])]


def taken_for(lines: list[Row]) -> list[Row]:
    """The lines with the issuer each is taken for: whose is the credit of who billed nothing."""
    billers = {line["issuer"] for line in lines if line["amount"] > 0}
    if len(billers) != 1:
        return lines
    (only,) = billers
    return [{**line, "issuer": only} if line["issuer"] not in billers else line for line in lines]


def in_time(line: Row) -> tuple[Any, ...]:
    return line["issued_at"] or date.max, -line["amount"], line["invoice_id"], line["line_no"]


def repeats_in(side: list[Row]) -> dict[tuple[str, int], Decimal]:
    """The lines that repeat another, each with what was credited of it."""
    standing: list[Bill] = []
    too_early = Decimal(0)
    for issuer in {line["issuer"] for line in side}:
        lines = sorted((line for line in side if line["issuer"] == issuer), key=in_time)
        pile, unused = in_parts(*by_amount(lines))
        standing += pile
        too_early += unused
    repeats: list[Row] = []
    credited = too_early
    for size in {bill.line["amount"] for bill in standing}:
        equal = [bill for bill in standing if bill.line["amount"] == size]
        found = repeats_of(equal)
        repeats += found
        credited += sum(size - bill.left for bill in equal) if found else 0
    # Two sorts: latest first, those without a day last; else by amount, invoice, line, downwards.
    repeats.sort(key=lambda x: (x["amount"], x["invoice_id"], x["line_no"]), reverse=True)
    repeats.sort(key=lambda x: x["issued_at"] or date.min, reverse=True)
    kept = {}
    for line in repeats:
        if credited < line["amount"]:
            kept[line["invoice_id"], line["line_no"]] = credited
        credited = max(credited - line["amount"], Decimal(0))
    return kept


def by_amount(lines: list[Row]) -> tuple[list[Row], list[Row]]:
    """The bills no credit of their amount took back, and the credits that took none back."""
    standing: dict[int, list[Row]] = defaultdict(list)
    other_credits = []
    for line in lines:
        bills = standing[abs(line["amount"])]
        if line["amount"] > 0:
            bills.append(line)
        elif bills:
            bills.pop()
        else:
            other_credits.append(line)
    return [bill for bills in standing.values() for bill in bills], other_credits


def in_parts(bills: list[Row], other_credits: list[Row]) -> tuple[list[Bill], Decimal]:
    """The pile after each credit took back what was billed last, and what took nothing back."""
    pile: list[Bill] = []
    unused = Decimal(0)
    for line in sorted([*bills, *other_credits], key=in_time):
        if line["amount"] > 0:
            pile.append(Bill(line, Decimal(line["amount"])))
            continue
        wanted = Decimal(-line["amount"])
        while wanted and pile:
            taken = min(wanted, pile[-1].left)
            pile[-1].left -= taken
            wanted -= taken
            if not pile[-1].left:
                pile.pop()
        unused += wanted
    return pile, unused


def repeats_of(bills: list[Bill]) -> list[Row]:
    """Of equal bills, the lines on an invoice that follows another within the window."""
    invoices: dict[str, list[Row]] = defaultdict(list)
    for bill in bills:
        invoices[bill.line["invoice_id"]].append(bill.line)
    firsts = sorted(
        (min(line["issued_at"] or date.max for line in lines), invoice)
        for invoice, lines in invoices.items()
    )
    return [
        line
        for (before, _), (day, invoice) in pairwise(firsts)
        if day < date.max and (day - before).days <= WINDOW_DAYS
        for line in invoices[invoice]
    ]
