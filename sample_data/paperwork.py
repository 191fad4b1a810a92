"""The papers that follow from tickets: records the agents file, invoices of company and agents.

Belongs here: papers as the terms want them. Tickets set aside for planting get none here.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sample_data.company import SILENT_AGENT, add_months
from sample_data.texts import fault_texts, presales_texts
from sample_data.world import AS_OF, FIRST_DAY, Customer, Line, Record, Ticket, Unit, World

if TYPE_CHECKING:
    from sample_data.world import Agent

SILENT_SINCE = datetime(2025, 4, 1)  # noqa: DTZ001 - exports carry local time without a zone
FILING_LIMIT = timedelta(days=7)
BILLING_LIMIT = timedelta(days=30)
SERVICE_CENTRE = "深圳"
MAINTAINED = ("SASL011", "SASL012")
PAYMENTS = ("银行电汇", "银行电汇", "转帐支票", "现金支票")


def owes_record(ticket: Ticket) -> bool:
    """Whether an agent owes a record of this ticket once it is finished (AG, KA)."""
    if ticket.agent is None or ticket.finished_at is None:
        return False
    return ticket.provider == "agent" or ticket.customer.customer_type == "key_account"


def form_of(ticket: Ticket) -> str:
    """The form of the ticket's stage."""
    return "presales_report" if ticket.is_presales else "fault_record"


def file_records(world: World) -> None:
    """One record for every finished ticket that owes one, within a week of the service."""
    for ticket in world.tickets:
        if not owes_record(ticket) or not ticket.is_filed or ticket.finished_at is None:
            continue
        hours = world.rng.choice((5, 9, 20, 28, 45, 70, 110)) * world.rng.uniform(0.6, 1.4)
        submitted_at = _office_time(world, ticket.finished_at + timedelta(minutes=int(hours * 60)))
        is_silent = ticket.agent is not None and ticket.agent.agent_id == SILENT_AGENT
        if submitted_at <= AS_OF and not (is_silent and submitted_at >= SILENT_SINCE):
            world.records.append(write_record(world, ticket, submitted_at))


def write_record(world: World, ticket: Ticket, submitted_at: datetime) -> Record:
    """A complete record of a ticket by its agent; the ticket must have one."""
    agent = ticket.agent
    if agent is None:
        message = f"no agent took part in the ticket opened at {ticket.opened_at}"
        raise ValueError(message)
    who = world.rng.choice("陈林黄罗梁宋郑谢韩唐") + world.rng.choice(
        ("工", "主任", "经理", "老师")
    )
    if ticket.is_presales:
        described, resolution = presales_texts(world.rng, who, world.used_texts)
    else:
        product = ticket.unit.product_type if ticket.unit else "设备"
        described, resolution = fault_texts(world.rng, product, who, world.used_texts)
    return Record(
        ticket,
        agent,
        form_of(ticket),
        submitted_at,
        world.rng.choice(agent.engineers),
        ticket.arrived_at or ticket.responded_at,
        ticket.finished_at,
        described,
        resolution,
        customer_confirmed=world.rng.random() < 0.93,  # noqa: PLR2004 - some are confirmed later
    )


def service_fee_is_due(ticket: Ticket) -> bool:
    """T1 x T2 with reading 6, for tickets of known customer type and city."""
    if not ticket.is_onsite or ticket.service_code == "SPSL007":
        return False
    kind = ticket.customer.customer_type
    if kind == "end_customer":
        return not ticket.is_presales
    if kind == "key_account" and not ticket.is_presales:
        return False
    return (ticket.dispatch_city or SERVICE_CENTRE) != ticket.city


def maintenance_is_due(ticket: Ticket) -> bool:
    """WA-2 with readings 5, 12 and 13."""
    return (
        ticket.service_code in MAINTAINED
        and ticket.unit is not None
        and ticket.opened_at.date() >= ticket.unit.maintenance_from
    )


def bill(world: World) -> None:
    """Bill what is due; agents tell of about half of their own business."""
    covered = _sell_coverages(world)
    for ticket in world.tickets:
        if ticket.is_reserved or ticket.finished_at is None:
            continue
        by_agent = ticket.provider == "agent"
        if by_agent and world.rng.random() < 0.4:  # noqa: PLR2004 - agents needn't tell what they bill
            continue
        first: Line | None = None
        if service_fee_is_due(ticket):
            first = charge(world, ticket, "service_fee")
        if maintenance_is_due(ticket) and not is_covered(ticket, covered):
            charge(world, ticket, "maintenance_fee", with_line=first)
    _bill_repairs(world)


def charge(
    world: World,
    ticket: Ticket,
    charge_type: str,
    *,
    with_line: Line | None = None,
    after_days: int = 0,
) -> Line | None:
    """A line for a finished ticket by its provider; None if issued after the as-of."""
    finished_at = ticket.finished_at or ticket.opened_at
    issued_on = finished_at.date() + timedelta(days=after_days or world.rng.randrange(2, 19))
    if with_line:
        issued_on = with_line.issued_on
    line = Line(
        issued_on,
        ticket.agent if ticket.provider == "agent" else None,
        ticket.customer,
        charge_type,
        price(world, charge_type),
        ticket,
        ticket.unit,
        ticket.unit.contract_id if ticket.unit else "",
        payment_method=world.rng.choice(PAYMENTS),
        with_line=with_line,
    )
    if issued_on > AS_OF.date():
        return None
    world.lines.append(line)
    return line


def price(world: World, charge_type: str) -> Decimal:
    """A believable amount in yuan."""
    low, high = {
        "service_fee": (600, 1600),
        "maintenance_fee": (800, 2400),
        "repair_replacement": (1500, 9000),
    }.get(charge_type, (80, 300))
    return Decimal(world.rng.randrange(low, high, 20)) + world.rng.choice(
        (Decimal("0.00"), Decimal("0.00"), Decimal("0.50"))
    )


def sell_coverage(  # noqa: PLR0913 - a coverage has that many facts
    world: World,
    unit: Unit,
    begins: date,
    issued_on: date,
    *,
    agent: Agent | None = None,
    by_contract: bool = False,
) -> Line:
    """A year's maintenance of a unit (or of its contract), billed in one line."""
    line = Line(
        issued_on,
        agent,
        unit.customer,
        "maintenance_fee",
        Decimal(world.rng.randrange(6000, 20000, 500)),
        unit=None if by_contract else unit,
        contract_id=unit.contract_id if by_contract else "",
        coverage_start=begins,
        coverage_end=add_months(begins, 12) - timedelta(days=1),
    )
    world.lines.append(line)
    return line


def _office_time(world: World, moment: datetime) -> datetime:
    """The moment itself in the day, else the next or the same morning."""
    if 8 <= moment.hour < 20:  # noqa: PLR2004 - when people file
        return moment
    shift = timedelta(days=1) if moment.hour >= 20 else timedelta()  # noqa: PLR2004 - as above
    morning = (moment + shift).replace(hour=8, minute=0, second=0)
    return morning + timedelta(seconds=world.rng.randrange(4 * 3600))


def _sell_coverages(world: World) -> list[Line]:
    """Year covers for most key accounts' old units and some of the end customers'."""
    lines = []
    sold = 0
    for unit in world.units:
        kind = unit.customer.customer_type
        begins = max(unit.maintenance_from, FIRST_DAY)
        if begins > date(2025, 5, 1) or kind == "agent" or unit.is_reserved:
            continue
        if world.rng.random() > (0.6 if kind == "key_account" else 0.12):
            continue
        sold += 1
        is_alone = sum(each.contract_id == unit.contract_id for each in unit.customer.units) == 1
        lines.append(
            sell_coverage(
                world,
                unit,
                begins,
                begins + timedelta(days=world.rng.randrange(0, 12)),
                agent=_issuer(unit.customer),
                by_contract=is_alone and sold % 3 == 0,
            )
        )
    return lines


def _issuer(customer: Customer) -> Agent | None:
    return customer.agent if customer.customer_type == "end_customer" else None


def is_covered(ticket: Ticket, lines: list[Line]) -> bool:
    """Whether a coverage of the ticket's unit or contract, by its provider, holds its day."""
    day = ticket.opened_at.date()
    return any(
        ticket.unit is not None
        and (line.unit is ticket.unit or line.contract_id == ticket.unit.contract_id)
        and (ticket.agent if ticket.provider == "agent" else None) is line.agent
        and line.coverage_start is not None
        and line.coverage_end is not None
        and line.coverage_start <= day <= line.coverage_end
        for line in lines
    )


def _bill_repairs(world: World) -> None:
    """Parts replaced on units out of warranty, by whoever served."""
    eligible = [
        ticket
        for ticket in world.tickets
        if ticket.service_code == "SASL012"
        and not ticket.is_reserved
        and ticket.finished_at is not None
        and ticket.unit is not None
        and ticket.opened_at.date() >= ticket.unit.warranty_ends
    ]
    for ticket in world.rng.sample(eligible, 10):
        charge(world, ticket, "repair_replacement")
