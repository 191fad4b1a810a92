"""What is wrong on purpose with the tickets: each defect is planted and written down here.

Belongs here: tickets and units. Papers that are wrong stand in ``planted_papers``; what
follows from the clock alone (ordinary late answers and filings) in ``listing``.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sample_data import hours
from sample_data.company import BATCH_AGENT, COPYING_AGENT, RETIRED_AGENT, SILENT_AGENT, sell
from sample_data.stories import add, fault, presales, train, windows
from sample_data.world import (
    AS_OF,
    FIRST_DAY,
    HALF_YEAR,
    Copy,
    Customer,
    Defect,
    Pause,
    Row,
    Ticket,
    Unit,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SPECIAL_AGENTS = (SILENT_AGENT, RETIRED_AGENT, BATCH_AGENT, COPYING_AGENT)
SECOND = timedelta(seconds=1)
LEAST_LEVEL = 4


def plant_tickets(world: World) -> None:
    """Plant everything that is wrong with tickets, before papers follow from them."""
    _answers(world)
    _unmeasurable_answers(world)
    _agreed_times(world)
    _trainings(world)
    _inspections(world)
    _conduct(world)
    _routing(world)
    _filings_to_come(world)
    _bad_cells(world)
    _bad_units(world)


def plant_copies(world: World) -> None:
    """Plant the rows that repeat a key or have none; nothing may change a ticket after this."""
    early = iter(
        ticket
        for ticket in world.tickets
        if ticket.opened_at.date() < HALF_YEAR - timedelta(days=20)
        and ticket.finished_at and not ticket.is_reserved and not ticket.overrides
    )  # fmt: skip
    for what in ("keyless", "keyless", "equal", "equal", "older", "older"):
        ticket = next(early)
        if what == "keyless":
            copy = Copy(ticket, "after", {"ticket_id": ""})
            note(world, "reject_missing_key", copy, "工单号 is blank", "staging.rejects",
                 {"export": "tickets", "reason": "missing_key"})  # fmt: skip
        elif what == "equal":
            copy = Copy(ticket, "after")
            note(world, "reject_duplicate", copy, "the row above once more", "staging.rejects",
                 {"export": "tickets", "reason": "duplicate"})  # fmt: skip
        else:
            copy = Copy(ticket, "before", {"finished_at": ""})
            note(world, "reject_superseded", copy, "an earlier state; the row below replaces it",
                 "staging.rejects", {"export": "tickets", "reason": "superseded"})  # fmt: skip
        world.copies.append(copy)
    carried = max(
        (each for each in world.tickets if each.opened_at.date() < HALF_YEAR and each.finished_at
         and not each.overrides),
        key=lambda each: each.opened_at,
    )  # fmt: skip
    carried.is_carried_over = True
    copy = Copy(carried, "after", {"finished_at": ""})
    world.copies.append(copy)
    note(world, "reject_superseded", copy, "still open here; the later file has it finished",
         "staging.rejects", {"export": "tickets", "reason": "superseded"})  # fmt: skip


def note(  # noqa: PLR0913, PLR0917 - a defect has that many facts
    world: World,
    kind: str,
    row: Row,
    what: str,
    table: str,
    where: dict[str, object],
    **values: object,
) -> None:
    """Write down a defect."""
    world.defects.append(Defect(kind, row, what, table, where, values))


def at(text: str) -> datetime:
    """The moment written as text."""
    return datetime.fromisoformat(text)


def client(world: World, city: str, number: int = 0) -> Customer:
    """An end customer in a city whose agent has no story of its own."""
    found = [
        each
        for each in world.of_type("end_customer")
        if each.city == city and each.agent and each.agent.agent_id not in SPECIAL_AGENTS
    ]
    return found[number % len(found)]


def take(world: World, wanted: Callable[[Ticket], bool]) -> Ticket:
    """The first ordinary ticket that is wanted, now set aside."""
    for ticket in world.tickets:
        agent_id = ticket.agent.agent_id if ticket.agent else ""
        if not ticket.is_reserved and agent_id not in SPECIAL_AGENTS and wanted(ticket):
            ticket.is_reserved = True
            return ticket
    message = "no ticket fits what is to be planted: change the seed or the stories"
    raise LookupError(message)


def site_story(  # noqa: PLR0913 - a story has that many facts
    world: World,
    customer: Customer,
    opened_at: datetime,
    level: int,
    unit: Unit,
    *,
    escalate: bool = False,
) -> Ticket:
    """Phone, visit and training; the visit is returned, set aside for planting."""
    by_agent = customer.agent if customer.customer_type == "end_customer" else None
    phone = fault(
        world, customer, "SASR008", opened_at, level, by_agent=by_agent, unit=unit, share=0.03
    )
    begins = (phone.finished_at or opened_at) + timedelta(minutes=15)
    support = fault(
        world, customer, "SASL012", begins, level, by_agent=None if escalate else by_agent,
        partner=by_agent if escalate else None, unit=unit, parent=phone, share=0.1,
    )  # fmt: skip
    support.is_reserved = True
    support.dispatch_city = None
    train(world, support)
    return support


def owned(  # noqa: PLR0913 - a unit is chosen by that much
    world: World,
    customer_type: str,
    day: date,
    *,
    is_out: bool,
    city: str | None = None,
    number: int = 0,
) -> Unit:
    """A unit in (or out of) warranty and free year on a day, kept out of coverages."""
    found = [
        unit
        for unit in world.units
        if unit.customer.customer_type == customer_type
        and unit.purchased_on < day - timedelta(days=30)
        and (
            unit.maintenance_from <= day
            if is_out
            else unit.warranty_ends > day + timedelta(days=90)
        )
        and city in (None, unit.customer.city)
        and (unit.customer.agent is None or unit.customer.agent.agent_id not in SPECIAL_AGENTS)
    ]
    unit = found[number % len(found)]
    unit.is_reserved = True
    return unit


def _answered(  # noqa: PLR0913, PLR0917 - a case has that many facts
    world: World,
    kind: str,
    what: str,
    city: str,
    level: int,
    opened: str,
    answered: str | timedelta | None,
    verdict: str,
    **values: object,
) -> Ticket:
    """A fault answered at a given moment, or after a time on its clock, or not yet."""
    opened_at = at(opened)
    customer = client(world, city, len(world.defects))
    ticket = fault(world, customer, "SASR009", opened_at, level, by_agent=customer.agent, share=0.1)
    if answered is None:
        ticket.responded_at = ticket.finished_at = None
    elif isinstance(answered, str):
        ticket.responded_at = at(answered)
    else:
        ticket.responded_at = hours.later(level, opened_at, answered)
    if ticket.responded_at:
        ticket.finished_at = ticket.responded_at + timedelta(minutes=50)
    ticket.is_reserved = True
    note(
        world,
        kind,
        ticket,
        what,
        "facts.responses",
        {"ticket_id": ticket},
        verdict=verdict,
        **values,
    )
    return ticket


def _answers(world: World) -> None:
    exactly, before = "response_exactly_at_target", "response_one_second_before_target"
    _answered(world, exactly, "level 3, other city: answered after exactly 120 service hours",
              "成都", 3, "2024-09-02 08:00:00", timedelta(hours=120), "breached",
              elapsed_seconds=432000, target_seconds=432000, clock="service_hours")  # fmt: skip
    _answered(world, before, "level 3, other city: answered one second before 120 service hours",
              "西安", 3, "2024-09-02 08:00:00", timedelta(hours=120) - SECOND, "met",
              elapsed_seconds=431999, target_seconds=432000)  # fmt: skip
    _answered(world, exactly, "level 1, tier-1 city: answered after exactly 12 hours",
              "北京", 1, "2024-10-19 21:00:00", "2024-10-20 09:00:00", "breached",
              elapsed_seconds=43200, target_seconds=43200, clock="calendar")  # fmt: skip
    _answered(world, before, "level 2, other city: answered one second before 72 hours",
              "南京", 2, "2024-11-08 10:00:00", "2024-11-11 09:59:59", "met",
              elapsed_seconds=259199, target_seconds=259200)  # fmt: skip
    trap = "response_weekend_trap"
    _answered(world, trap, "level 2 on Friday 17:00, answered on Monday 9:00: 64 hours on a 7x24 clock",
              "上海", 2, "2024-08-16 17:00:00", "2024-08-19 09:00:00", "breached",
              elapsed_seconds=230400, target_seconds=86400, clock="calendar")  # fmt: skip
    _answered(world, trap, "level 3 on Friday 17:00, answered a week later at 14:59: not quite 48 service hours",
              "深圳", 3, "2024-08-16 17:00:00", "2024-08-23 14:59:00", "met",
              elapsed_seconds=172740, target_seconds=172800, calendar_seconds=597540)  # fmt: skip
    _answered(world, trap, "level 4 on Saturday 11:00: the clock starts on Monday, 120 service hours are full at 18:00 on the third Tuesday",
              "深圳", 4, "2024-10-12 11:00:00", "2024-10-29 18:00:00", "breached",
              elapsed_seconds=432000, target_seconds=432000)  # fmt: skip
    paused = _answered(world, "response_met_because_of_pause",
                       "level 2, tier-1 city: 30 hours less a pause of 10 hours",
                       "北京", 2, "2024-12-03 09:00:00", "2024-12-04 15:00:00", "met",
                       elapsed_seconds=72000, paused_seconds=36000, target_seconds=86400)  # fmt: skip
    world.pauses.append(
        Pause(paused, at("2024-12-03 20:00:00"), at("2024-12-04 06:00:00"), "等待客户机房门禁审批")
    )
    weekend = _answered(world, "response_pause_outside_hours",
                        "level 3: a pause over the weekend takes nothing out of a clock that stood",
                        "上海", 3, "2024-11-01 16:00:00", "2024-11-08 15:00:00", "breached",
                        elapsed_seconds=176400, paused_seconds=0, target_seconds=172800)  # fmt: skip
    world.pauses.append(
        Pause(
            weekend,
            at("2024-11-02 09:00:00"),
            at("2024-11-03 20:00:00"),
            "客户要求业务时段后再操作",
        )
    )
    late = "response_open_and_late"
    _answered(world, late, "level 1, open since the morning of the day before: 12 hours are over",
              "深圳", 1, "2025-06-29 08:00:00", None, "breached", is_open=True, elapsed_seconds=122400)  # fmt: skip
    _answered(world, late, "level 3, other city, open since early June: 120 service hours are over",
              "西安", 3, "2025-06-05 09:30:00", None, "breached", is_open=True)  # fmt: skip
    _answered(world, "response_open_in_time", "level 4, open, still in time",
              "成都", 4, "2025-06-27 15:00:00", None, "pending", is_open=True)  # fmt: skip
    _answered(world, "response_open_in_time", "the last event of the exports: the as-of",
              "深圳", 2, "2025-06-30 18:00:00", None, "pending", is_open=True, elapsed_seconds=0)  # fmt: skip


def _unmeasurable_answers(world: World) -> None:
    kind = "response_unmeasurable"
    ticket = _answered(world, kind, "城市 is blank: no target can be chosen",
                       "南京", 3, "2024-10-10 09:00:00", timedelta(hours=9), "unmeasurable")  # fmt: skip
    ticket.city = ""
    _answered(world, kind, "answered before it was opened", "深圳", 2, "2024-12-12 15:00:00",
              "2024-12-12 14:10:00", "unmeasurable")  # fmt: skip
    ticket = _answered(world, kind, "a fault without 故障等级", "成都", 3, "2025-02-12 10:00:00",
                       timedelta(hours=20), "unmeasurable")  # fmt: skip
    ticket.fault_level = None


def _agreed_times(world: World) -> None:
    ticket = _answered(world, "response_agreed_time_missed",
                       "within the 72 hours of the terms, but after the time agreed for it",
                       "西安", 2, "2025-03-04 09:00:00", "2025-03-05 10:00:00", "breached",
                       due_at="2025-03-04 18:00:00")  # fmt: skip
    ticket.agreed_due_at = at("2025-03-04 18:00:00")
    ticket = _answered(world, "response_agreed_time_kept",
                       "later than the 24 hours of the terms, but before the time agreed for it",
                       "北京", 2, "2025-03-11 09:00:00", "2025-03-13 09:30:00", "met",
                       due_at="2025-03-13 12:00:00")  # fmt: skip
    ticket.agreed_due_at = at("2025-03-13 12:00:00")


def _trainings(world: World) -> None:
    def is_training(ticket: Ticket) -> bool:
        return bool(
            ticket.service_code == "SASL014" and ticket.finished_at and ticket.parent
            and not ticket.parent.is_reserved
            and ticket.finished_at < AS_OF - timedelta(days=20)
        )  # fmt: skip

    for number in range(7):
        ticket = take(world, is_training)
        support = ticket.parent or ticket
        support.is_reserved = True
        ended = support.finished_at or support.opened_at
        if number in (0, 1):
            ticket.finished_at = ended + (
                timedelta(hours=24) + SECOND if number else timedelta(hours=31)
            )
            kind, what = (
                "training_late",
                "finished 24 h 00 min 01 s after the visit"
                if number
                else "finished 31 hours after the visit",
            )
        elif number in (2, 3):
            ticket.training_hours = Decimal("8.5") if number == 2 else Decimal(12)  # noqa: PLR2004 - the third
            kind, what = "training_too_long", f"{ticket.training_hours} class hours, 8 are the most"
        elif number in (4, 5):
            world.tickets.remove(ticket)
            kind, what = "training_missing", "no training ticket follows this visit"
        else:
            ticket.finished_at = ended + timedelta(hours=24)
            ticket.training_hours = Decimal(8)
            note(world, "training_at_the_limits", ticket, "24 hours to the second and 8 class hours: in order",
                 "facts.trainings", {"ticket_id": support}, verdict="met")  # fmt: skip
            continue
        row = support if kind == "training_missing" else ticket
        note(world, kind, row, what, "facts.trainings", {"ticket_id": support}, verdict="breached")


def _inspections(world: World) -> None:
    """Take two visits out of windows that are over."""
    missed = 0
    for ticket in list(world.tickets):
        unit = ticket.unit
        if ticket.service_code != "SASL011" or unit is None or ticket.finished_at is None:
            continue
        if unit.customer.customer_type != "key_account":
            continue
        for number, (begins, ends) in enumerate(windows(unit), start=1):
            is_over = begins >= FIRST_DAY and ends <= AS_OF.date()
            if is_over and begins <= ticket.finished_at.date() < ends and missed < 3:  # noqa: PLR2004 - three
                missed += 1
                world.tickets.remove(ticket)
                what = f"no visit in quarter {number} of contract {unit.contract_id}, {begins} to {ends - timedelta(days=1)}"
                note(world, "inspection_missed", unit, what, "facts.inspections",
                     {"contract_id": unit.contract_id, "quarter_no": number}, verdict="breached")  # fmt: skip
                break


def _filings_to_come(world: World) -> None:
    """Services of the last days whose records are not due yet."""
    for city, opened in (("深圳", "2025-06-26 09:05:00"), ("上海", "2025-06-27 10:30:00")):
        customer = client(world, city, 1)
        ticket = fault(
            world, customer, "SASR009", at(opened), 3, by_agent=customer.agent, share=0.05
        )
        ticket.is_filed = False


def _conduct(world: World) -> None:
    def broken(rule: str, ticket: Ticket, what: str, verdict: str = "breached") -> None:
        kind = rule if verdict == "breached" else f"{rule}_unmeasurable"
        note(world, f"conduct_{kind}", ticket, what, "facts.conduct",
             {"ticket_id": ticket, "rule": rule}, verdict=verdict)  # fmt: skip

    for _ in range(2):
        ticket = take(world, lambda each: each.fault_level == 1 and each.expert_team is True)
        ticket.expert_team = False
        broken("expert_team", ticket, "level 1 without the expert team")
    ticket = take(world, lambda each: each.fault_level == 2)  # noqa: PLR2004 - level 2
    ticket.expert_team = None
    ticket.overrides["expert_team"] = ""
    broken("expert_team", ticket, "专家小组 is blank on a level 2 fault", "unmeasurable")
    for _ in range(2):
        ticket = take(
            world, lambda each: each.service_code == "SPSL007" and each.provider == "agent"
        )
        ticket.trial_contract_id = None
        broken("trial_contract", ticket, "a trial without 试用合同编号")
    done = lambda each: each.service_code == "SPSR004" and each.finished_at is not None  # noqa: E731 - used four times below
    ticket = take(world, done)
    ticket.customer_consent = False
    broken("assessment_consent", ticket, "assessed without the customer's permission")
    ticket = take(world, done)
    ticket.report_channel = None
    broken("assessment_consent", ticket, "finished, but no written report was delivered")
    ticket = take(world, done)
    ticket.customer_consent = None
    broken("assessment_consent", ticket, "客户许可 is blank", "unmeasurable")
    onsite = lambda each: each.service_code == "SASL012" and each.provider == "agent"  # noqa: E731 - used twice below
    ticket = take(world, onsite)
    ticket.parent = None
    broken(
        "phone_before_onsite", ticket, "on-site troubleshooting without a phone ticket before it"
    )
    ticket = take(world, onsite)
    phone = fault(world, ticket.customer, "SASR008", ticket.opened_at + timedelta(hours=3),
                  ticket.fault_level or 3, by_agent=ticket.agent, unit=ticket.unit, share=0.02)  # fmt: skip
    ticket.parent = phone
    broken("phone_before_onsite", ticket, "its phone ticket was opened three hours after it")


def _routing(world: World) -> None:
    def broken(rule: str, ticket: Ticket, what: str) -> None:
        note(world, f"conduct_{rule}", ticket, what, "facts.conduct",
             {"ticket_id": ticket, "rule": rule}, verdict="breached")  # fmt: skip

    for city, opened in (("北京", "2024-10-23 10:20:00"), ("成都", "2025-03-18 14:05:00")):
        ticket = fault(world, client(world, city, 2), "SASR009", at(opened), 4, share=0.1)
        broken(
            "provider_routing",
            ticket,
            "an end customer served by the company, not escalated by its agent",
        )
    account = world.of_type("key_account")[0]
    partner = account.agent
    ticket = fault(
        world, account, "SASR008", at("2024-11-20 11:00:00"), 3, by_agent=partner, share=0.1
    )
    broken("provider_routing", ticket, "a key account served by an agent alone")
    account = world.of_type("key_account")[5]
    for customer, agent, opened in (
        (account, None, "2024-12-05 09:00:00"),
        (client(world, "深圳", 1), client(world, "深圳", 1).agent, "2025-04-08 09:30:00"),
    ):
        ticket = add(
            world,
            Ticket(
                customer, "SASL013", at(opened), "agent" if agent else "company", agent,
                category="other", responded_at=at(opened) + timedelta(minutes=30),
                arrived_at=at(opened) + timedelta(hours=25),
                finished_at=at(opened) + timedelta(hours=31), training_hours=Decimal(6),
                description="代理商课程培训",
            ),
        )  # fmt: skip
        broken(
            "service_catalogue",
            ticket,
            f"SASL013 is for agents only, not for {customer.customer_type}",
        )


def _bad_cells(world: World) -> None:
    def is_early(ticket: Ticket) -> bool:
        return (
            ticket.opened_at.date() < HALF_YEAR
            and ticket.finished_at is not None
            and ticket.provider == "agent"
        )

    def spoil(ticket: Ticket, column: str, text: str, what: str) -> None:
        ticket.overrides[column] = text
        note(world, f"problem_{column}", ticket, what, "staging.problems",
             {"export": "tickets", "column": column}, value=text)  # fmt: skip

    ticket = take(
        world,
        lambda each: is_early(each) and each.fault_level == LEAST_LEVEL and not each.is_onsite,
    )
    spoil(ticket, "fault_level", "五级", "there are four fault levels")
    ticket.fault_level = None
    note(world, "response_unmeasurable", ticket, "its 故障等级 cannot be read", "facts.responses",
         {"ticket_id": ticket}, verdict="unmeasurable")  # fmt: skip
    ticket = take(world, lambda each: is_early(each) and each.service_code == "SPSR002")
    spoil(ticket, "customer_type", "VIP客户", "no such customer type")
    note(world, "charge_undetermined", ticket, "customer type unknown: no service level", "facts.charges",
         {"ticket_id": ticket, "charge_type": "service_fee"}, finding="undetermined",
         expected="undetermined")  # fmt: skip
    for rule in ("provider_routing", "service_catalogue"):
        note(world, f"conduct_{rule}_unmeasurable", ticket, "customer type unknown", "facts.conduct",
             {"ticket_id": ticket, "rule": rule}, verdict="unmeasurable")  # fmt: skip
    ticket = take(world, lambda each: is_early(each) and each.service_code == "SASL012")
    spoil(ticket, "arrived_at", "2024-09-31 10:15:00", "September has thirty days")
    ticket = take(world, lambda each: is_early(each) and each.service_code == "SASR009")
    spoil(ticket, "channel", "微信", "no such channel")
    ticket = take(world, lambda each: each.opened_at.date() > HALF_YEAR and each.fault_level == 2)  # noqa: PLR2004 - level 2
    spoil(ticket, "expert_team", "待定", "neither yes nor no")
    note(world, "conduct_expert_team_unmeasurable", ticket, "专家小组 cannot be read", "facts.conduct",
         {"ticket_id": ticket, "rule": "expert_team"}, verdict="unmeasurable")  # fmt: skip


def _bad_units(world: World) -> None:
    customer = client(world, "西安", 1)
    unit = sell(world, customer, date(2023, 2, 28))
    unit.overrides["purchased_at"] = "2023-02-30"
    unit.is_reserved = True
    note(world, "problem_purchased_at", unit, "February has no thirtieth", "staging.problems",
         {"export": "installed_base", "column": "purchased_at"}, value="2023-02-30")  # fmt: skip
    unit = sell(world, client(world, "南京", 2), date(2023, 9, 12))
    unit.overrides["warranty_months"] = "三年"
    unit.is_reserved = True
    note(world, "problem_warranty_months", unit, "months must be a number", "staging.problems",
         {"export": "installed_base", "column": "warranty_months"}, value="三年")  # fmt: skip
    copy = Copy(unit, "before", {"contract_id": "HT20230900X", "warranty_months": ""})
    world.copies.append(copy)
    note(world, "reject_superseded", copy, "the contract number was corrected in the row below",
         "staging.rejects", {"export": "installed_base", "reason": "superseded"})  # fmt: skip


def plant_charged_tickets(world: World) -> dict[str, Ticket]:
    """Tickets for the planted charges, by name; their papers are planted later."""
    cases: dict[str, Ticket] = {}
    opened = at("2024-10-09 09:10:00")
    unit = owned(world, "key_account", opened.date(), is_out=False)
    cases["visit free"] = site_story(world, unit.customer, opened, 3, unit)
    cases["repair in warranty"] = site_story(
        world, unit.customer, at("2024-11-13 10:00:00"), 2, unit
    )
    unit = owned(world, "end_customer", date(2024, 9, 1), is_out=False, city="北京")
    cases["fee in warranty"] = site_story(world, unit.customer, at("2024-09-11 09:00:00"), 3, unit)
    cases["phone charged"] = fault(world, unit.customer, "SASR008", at("2025-01-15 10:30:00"), 4,
                                   by_agent=unit.customer.agent, unit=unit, share=0.05)  # fmt: skip
    unit = owned(world, "key_account", date(2025, 2, 20), is_out=False, number=1)
    damaged = fault(
        world, unit.customer, "SASR009", at("2025-02-20 09:40:00"), 3, unit=unit, share=0.05
    )
    damaged.fault_level, damaged.category = None, "delivery_damage"
    damaged.description = "到货开箱发现机箱变形，附件缺失"
    cases["delivery damage"] = damaged
    for name, city, when in (
        ("x one", "上海", "2024-11-05 09:00:00"),
        ("x two", "南京", "2025-04-15 10:00:00"),
    ):
        customer = client(world, city)
        asked = presales(world, customer, "SPSR002", at(when), customer.agent)
        support = presales(
            world, customer, "SPSL005", (asked.finished_at or at(when)) + timedelta(hours=1), None
        )
        support.parent, support.agent = asked, customer.agent
        cases[name] = support
    adviser = next(each for each in world.of_type("agent") if each.city == "西安")
    for name, code, when in (
        ("unbilled intro", "SPSL005", "2024-11-12 09:00:00"), ("reversed due", "SPSL005", "2025-01-09 09:00:00"),
        ("credited", "SPSL005", "2025-02-18 09:00:00"), ("twice", "SPSL005", "2025-03-13 09:00:00"),
    ):  # fmt: skip
        cases[name] = presales(world, adviser, code, at(when), None)
    unit = owned(world, "key_account", date(2024, 12, 1), is_out=True)
    cases["unbilled maintenance"] = site_story(
        world, unit.customer, at("2024-12-10 09:00:00"), 3, unit
    )
    cases["no unit"] = site_story(world, unit.customer, at("2025-03-05 09:00:00"), 3, unit)
    cases["no unit"].unit = None
    cases["unknown unit"] = site_story(world, unit.customer, at("2025-04-10 09:00:00"), 3, unit)
    cases["unknown unit"].overrides["serial_no"] = "FW-2009-9999"
    unit = owned(world, "end_customer", date(2024, 12, 1), is_out=False, city="成都")
    cases["unbilled escalation"] = site_story(
        world, unit.customer, at("2024-12-17 09:00:00"), 3, unit, escalate=True
    )
    for name, city, when in (
        ("wrong one", "上海", "2024-09-24 09:00:00"),
        ("wrong two", "深圳", "2025-02-25 09:00:00"),
    ):
        unit = owned(world, "end_customer", at(when).date(), is_out=False, city=city)
        cases[name] = site_story(world, unit.customer, at(when), 3, unit)
    unit = owned(world, "end_customer", date(2024, 8, 1), is_out=False, city="深圳", number=1)
    cases["reversed free"] = fault(world, unit.customer, "SASR008", at("2024-08-21 09:00:00"), 3,
                                   by_agent=unit.customer.agent, unit=unit, share=0.1)  # fmt: skip
    for name, city, when in (
        ("own one", "南京", "2024-10-15 09:00:00"),
        ("own two", "上海", "2025-01-14 09:00:00"),
    ):
        unit = owned(world, "end_customer", at(when).date(), is_out=False, city=city)
        cases[name] = site_story(world, unit.customer, at(when), 3, unit)
    for name, when in (("soon one", "2025-06-03 09:00:00"), ("soon two", "2025-06-17 10:00:00")):
        cases[name] = presales(world, adviser, "SPSL005", at(when), None)
    cases["no city"] = presales(world, adviser, "SPSL005", at("2025-05-07 09:00:00"), None)
    cases["no city"].city = ""
    for ticket in cases.values():
        ticket.is_reserved = True
    return cases
