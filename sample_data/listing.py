"""What follows from the clock alone: late answers, late and missing records, bills not yet due.

Belongs here: the sample company's own reading of its finished year, so that the list of
defects is complete. Nothing is changed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_data.hours import verdict
from sample_data.paperwork import (
    BILLING_LIMIT,
    FILING_LIMIT,
    is_covered,
    maintenance_is_due,
    owes_record,
    service_fee_is_due,
)
from sample_data.planted import note
from sample_data.stories import windows
from sample_data.world import AS_OF, FIRST_DAY, Ticket, World

if TYPE_CHECKING:
    from sample_data.world import Record


def list_what_follows(world: World) -> None:
    """Note every late answer, filing, inspection to come and bill to come not yet noted."""
    noted = {
        (defect.table, id(defect.where.get("ticket_id"))) for defect in world.defects
    }  # ids of tickets: the rows themselves stand in ``where``
    for ticket in world.tickets:
        if ("facts.responses", id(ticket)) not in noted:
            _list_answer(world, ticket)
        if ("facts.filings", id(ticket)) not in noted:
            _list_filing(world, ticket)
        _list_bills_to_come(world, ticket)
    _list_inspections_to_come(world)


def _list_answer(world: World, ticket: Ticket) -> None:
    if ticket.category != "fault":
        return
    pauses = [pause for pause in world.pauses if pause.ticket is ticket]
    said = verdict(ticket, pauses, AS_OF)
    if said == "breached":
        what = "answered too late" if ticket.responded_at else "open, and its target is over"
        note(
            world,
            "response_late",
            ticket,
            what,
            "facts.responses",
            {"ticket_id": ticket},
            verdict=said,
        )
    elif said == "pending":
        note(world, "response_open_in_time", ticket, "open, still in time", "facts.responses",
             {"ticket_id": ticket}, verdict=said)  # fmt: skip


def _list_filing(world: World, ticket: Ticket) -> None:
    if not owes_record(ticket) or ticket.finished_at is None:
        return
    due_at = ticket.finished_at + FILING_LIMIT
    filed: list[Record] = [
        each for each in world.records if each.ticket is ticket and each.agent is ticket.agent
    ]
    if not filed:
        finding = "missing" if due_at < AS_OF else "pending"
        what = "no record" if finding == "missing" else "no record yet, not yet due"
        note(
            world,
            f"filing_{finding}",
            ticket,
            what,
            "facts.filings",
            {"ticket_id": ticket},
            finding=finding,
        )
    elif min(each.submitted_at for each in filed) > due_at:
        first = min(filed, key=lambda each: each.submitted_at)
        days = (first.submitted_at - due_at).total_seconds() / 86400
        note(world, "filing_late", first, f"filed {days:.1f} days late", "facts.filings",
             {"ticket_id": ticket}, finding="filed_late")  # fmt: skip


def _list_bills_to_come(world: World, ticket: Ticket) -> None:
    if ticket.provider != "company" or not ticket.city:
        return
    billed = {line.charge_type for line in world.lines if line.ticket is ticket}
    is_recent = ticket.finished_at is None or ticket.finished_at + BILLING_LIMIT >= AS_OF
    if not is_recent:
        return
    due = []
    if service_fee_is_due(ticket) and "service_fee" not in billed:
        due.append("service_fee")
    is_done = ticket.finished_at is not None and "maintenance_fee" not in billed
    if is_done and maintenance_is_due(ticket) and not is_covered(ticket, world.lines):
        due.append("maintenance_fee")
    for charge_type in due:
        what = f"{charge_type} not billed yet, still in time"
        where: dict[str, object] = {"ticket_id": ticket, "charge_type": charge_type}
        note(
            world, "charge_not_yet_due", ticket, what, "facts.charges", where, finding="not_yet_due"
        )


def _list_inspections_to_come(world: World) -> None:
    visits = [
        (each.unit.contract_id, each.finished_at.date())
        for each in world.tickets
        if each.service_code == "SASL011" and each.unit and each.finished_at
    ]
    for customer in world.of_type("key_account"):
        for contract_id in dict.fromkeys(unit.contract_id for unit in customer.units):
            unit = next(each for each in customer.units if each.contract_id == contract_id)
            for number, (begins, ends) in enumerate(windows(unit), start=1):
                is_done = any(
                    contract == contract_id and begins <= day < ends for contract, day in visits
                )
                if begins >= FIRST_DAY and ends > AS_OF.date() and not is_done:
                    where: dict[str, object] = {"contract_id": contract_id, "quarter_no": number}
                    what = f"quarter {number} of {contract_id}, from {begins}: no visit yet"
                    note(world, "inspection_upcoming", unit, what, "facts.inspections", where,
                         verdict="pending")  # fmt: skip
