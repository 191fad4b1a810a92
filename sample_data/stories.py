"""What happens in the year: tickets that follow from each other, in keeping with the terms.

Belongs here: the ordinary. What is wrong on purpose stands in ``planted``; papers that follow
from tickets in ``paperwork``. Nothing later than the as-of has happened yet.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from sample_data import hours
from sample_data.company import BATCH_AGENT, SILENT_AGENT, add_months
from sample_data.texts import CONSULTATIONS, PAUSE_REASONS, symptom
from sample_data.world import AS_OF, FIRST_DAY, Pause, Ticket

if TYPE_CHECKING:
    from sample_data.world import Agent, Customer, Unit, World

LEVEL_WEIGHTS = (14, 22, 36, 28)
LATE_ANSWER_SHARE = 0.075
EXPERT_LEVELS = (1, 2)
CHANNEL_OF = {"SASR008": "phone", "SASR009": "web", "SASR010": "email"}
PRESALES_OF_END_CUSTOMER = ("SPSR002", "SPSR003", "SPSR004", "SPSL005", "SPSR006", "SPSL007")
SUPPORT_OF_AGENT = ("SPSR001", "SPSR006", "SASR009", "SPSR002", "SASL013", "SPSL005")


def live_through_the_year(world: World) -> None:
    """Make the year's tickets; ``Ticket.is_reserved`` stays False: free for planting."""
    _first_morning(world)
    _end_customer_faults(world)
    _key_account_faults(world)
    _escalations(world)
    _presales(world)
    _agents_as_customers(world)
    inspect_key_accounts(world)
    _maintenance_visits(world)
    _business_of_single_agents(world)
    _pauses(world)
    _agreed_times(world)


def add(world: World, ticket: Ticket) -> Ticket:
    """Enter a ticket; the city is the customer's own unless one is given."""
    if ticket.city is None:
        ticket.city = ticket.customer.city
    if ticket.fault_level in EXPERT_LEVELS and ticket.expert_team is None:
        ticket.expert_team = True
    for name in ("responded_at", "arrived_at", "finished_at"):
        happened = getattr(ticket, name)
        if happened is not None and happened > AS_OF:
            setattr(ticket, name, None)
    world.tickets.append(ticket)
    return ticket


def some_moment(world: World, first: date, last: date, *, any_hour: bool = False) -> datetime:
    """A moment on some day: mostly in office hours, with ``any_hour`` around the clock."""
    rng = world.rng
    day = first + timedelta(days=rng.randrange((last - first).days + 1))
    if any_hour and rng.random() < 0.5:  # noqa: PLR2004 - half of the grave faults come up at night
        seconds = rng.randrange(24 * 3600)
    else:
        while day.weekday() >= hours.SATURDAY and rng.random() < 0.85:  # noqa: PLR2004 - few at weekends
            day = first + timedelta(days=rng.randrange((last - first).days + 1))
        seconds = 8 * 3600 + rng.randrange(10 * 3600)
    return datetime.combine(day, time()) + timedelta(seconds=seconds)


def fault(  # noqa: PLR0913 - a fault has that many facts
    world: World,
    customer: Customer,
    service_code: str,
    opened_at: datetime,
    level: int,
    *,
    by_agent: Agent | None = None,
    partner: Agent | None = None,
    unit: Unit | None = None,
    parent: Ticket | None = None,
    share: float | None = None,
) -> Ticket:
    """A fault, answered after ``share`` of its target (by chance: mostly well within)."""
    rng = world.rng
    day = opened_at.date()
    unit = unit or rng.choice([each for each in customer.units if each.purchased_on < day])
    if share is None:
        if rng.random() < LATE_ANSWER_SHARE:
            share = rng.uniform(1.04, 1.5)
        else:
            share = 0.02 + 0.9 * rng.betavariate(1.3, 3.2)
    span = hours.target(level, customer.city) * share
    answered = hours.later(level, opened_at, timedelta(seconds=int(span.total_seconds())))
    ticket = Ticket(
        customer,
        service_code,
        opened_at,
        "agent" if by_agent else "company",
        by_agent or partner,
        unit,
        level,
        "fault",
        channel=CHANNEL_OF.get(service_code, "phone"),
        parent=parent,
        responded_at=answered,
        description=symptom(rng, unit.product_type),
    )
    if ticket.is_onsite:
        ticket.arrived_at = answered + _minutes(world, 30, 110)
        ticket.finished_at = ticket.arrived_at + _minutes(world, 60, 200)
        if not by_agent and customer.city in ("北京", "上海") and rng.random() < 0.4:  # noqa: PLR2004 - local staff
            ticket.dispatch_city = customer.city
    else:
        ticket.finished_at = answered + _minutes(world, 15, 120)
    return add(world, ticket)


def train(world: World, support: Ticket) -> Ticket | None:
    """The training after on-site support, within a day (AS-9); None if not begun yet."""
    rng = world.rng
    if support.finished_at is None:
        return None
    ended = support.finished_at
    if ended.hour < 14:  # noqa: PLR2004 - early enough to train on the same day
        begins = max(ended, datetime.combine(ended.date(), time(9))) + _minutes(world, 20, 60)
    else:
        begins = datetime.combine(ended.date() + timedelta(days=1), time(9)) + _minutes(
            world, 0, 40
        )
    lessons = rng.choice((2, 2, 3, 4))
    opened_at = ended + _minutes(world, 3, 12)
    if opened_at > AS_OF:
        return None
    ticket = Ticket(
        support.customer,
        "SASL014",
        opened_at,
        support.provider,
        support.agent,
        support.unit,
        category="other",
        parent=support,
        responded_at=opened_at + _minutes(world, 1, 5),
        arrived_at=begins,
        finished_at=begins + timedelta(minutes=45 * lessons),
        dispatch_city=support.dispatch_city,
        training_hours=Decimal(lessons),
        description=f"对{support.customer.name}维护人员进行{lessons}课时日常维护培训",
    )
    if support.customer.customer_type == "end_customer" and support.provider == "company":
        ticket.provider = "agent"  # the agent stays the end customer's own party
    return add(world, ticket)


def _minutes(world: World, low: int, high: int) -> timedelta:
    return timedelta(seconds=world.rng.randrange(low * 60, high * 60 + 1))


def _level(world: World) -> int:
    return world.rng.choices((1, 2, 3, 4), LEVEL_WEIGHTS)[0]


def _last_day(agent: Agent | None) -> date:
    """The last day a story with this agent may begin, so that it ends before it retires."""
    if agent and agent.active_to:
        return agent.active_to - timedelta(days=35)
    return AS_OF.date() - timedelta(days=1)


def _first_morning(world: World) -> None:
    customer = world.of_type("end_customer")[0]
    fault(
        world, customer, "SASR008", datetime.combine(FIRST_DAY, time(8, 30)), 3,
        by_agent=customer.agent, share=0.1,
    )  # fmt: skip


def incident(world: World, customer: Customer, first: date, last: date, *, visit: bool) -> None:
    """A fault reported by phone, solved there or on site, with training after the visit."""
    level = _level(world)
    opened_at = some_moment(world, first, last, any_hour=level in EXPERT_LEVELS)
    by_agent = customer.agent if customer.customer_type == "end_customer" else None
    partner = None
    if customer.customer_type == "key_account" and world.rng.random() < 0.4:  # noqa: PLR2004 - as needed (KA)
        partner = customer.agent
    phone = fault(world, customer, "SASR008", opened_at, level, by_agent=by_agent)
    if not visit or phone.finished_at is None:
        return
    begins = phone.finished_at + _minutes(world, 3, 25)
    if begins > AS_OF:
        return
    support = fault(
        world, customer, "SASL012", begins, level,
        by_agent=by_agent, partner=partner, unit=phone.unit, parent=phone,
    )  # fmt: skip
    train(world, support)


def _end_customer_faults(world: World) -> None:
    rng = world.rng
    customers = world.of_type("end_customer")
    for number in range(92):
        customer = customers[number % len(customers)]
        incident(world, customer, FIRST_DAY, _last_day(customer.agent), visit=number % 5 < 3)  # noqa: PLR2004 - three of five
    for number in range(44):
        customer = rng.choice(customers)
        level = _level(world)
        opened_at = some_moment(world, FIRST_DAY, _last_day(customer.agent))
        code = "SASR009" if number % 3 else "SASR010"
        fault(world, customer, code, opened_at, level, by_agent=customer.agent)


def _key_account_faults(world: World) -> None:
    rng = world.rng
    customers = world.of_type("key_account")
    for number in range(36):
        customer = customers[number % len(customers)]
        bought = max(unit.purchased_on for unit in customer.units)
        first = max(FIRST_DAY, bought + timedelta(days=7))
        incident(world, customer, first, _last_day(None), visit=number % 2 == 0)
    for _ in range(16):
        customer = rng.choice(customers)
        bought = max(unit.purchased_on for unit in customer.units)
        first = max(FIRST_DAY, bought + timedelta(days=7))
        fault(world, customer, "SASR009", some_moment(world, first, _last_day(None)), _level(world))


def _escalations(world: World) -> None:
    rng = world.rng
    for number in range(14):
        customer = rng.choice(world.of_type("end_customer"))
        level = rng.choice((2, 3, 3, 4))
        opened_at = some_moment(world, FIRST_DAY, min(_last_day(customer.agent), date(2025, 5, 20)))
        phone = fault(world, customer, "SASR008", opened_at, level, by_agent=customer.agent)
        if phone.finished_at is None:
            continue
        begins = phone.finished_at + _minutes(world, 5, 60)
        code = "SASL012" if number % 2 else "SASR009"
        support = fault(
            world,
            customer,
            code,
            begins,
            level,
            partner=customer.agent,
            unit=phone.unit,
            parent=phone,
        )
        if code == "SASL012":
            train(world, support)


def presales(
    world: World, customer: Customer, code: str, opened_at: datetime, agent: Agent | None
) -> Ticket:
    """A presales service, in keeping with PS-1 and PS-2."""
    rng = world.rng
    answered = opened_at + _minutes(world, 10, 300)
    ticket = Ticket(
        customer,
        code,
        opened_at,
        "agent" if agent else "company",
        agent,
        category="other",
        channel="nearby" if code == "SPSR003" else "web" if code == "SPSR002" else "phone",
        responded_at=answered,
        finished_at=answered + _minutes(world, 30, 2 * 24 * 60),
        description=rng.choice(CONSULTATIONS[code]),
    )
    if ticket.is_onsite:
        ticket.arrived_at = answered + _minutes(world, 24 * 60, 3 * 24 * 60)
        ticket.finished_at = ticket.arrived_at + _minutes(world, 60, 240)
    if code == "SPSR004":
        ticket.finished_at = answered + _minutes(world, 24 * 60, 6 * 24 * 60)
        ticket.customer_consent = True
        ticket.report_channel = rng.choice(("email", "email", "visit", "post", "fax"))
    if code == "SPSL007":
        ticket.trial_contract_id = f"SY{opened_at:%Y%m}{rng.randrange(100, 1000)}"
        if agent is None:
            ticket.dispatch_city = customer.city
    return add(world, ticket)


def _presales(world: World) -> None:
    rng = world.rng
    for number in range(66):
        customer = rng.choice(world.of_type("end_customer"))
        code = PRESALES_OF_END_CUSTOMER[number % len(PRESALES_OF_END_CUSTOMER)]
        opened_at = some_moment(world, FIRST_DAY, _last_day(customer.agent))
        presales(world, customer, code, opened_at, customer.agent)
    for number in range(20):
        customer = rng.choice(world.of_type("key_account"))
        code = ("SPSR001", "SPSR004", "SPSL005", "SPSR006", "SPSL007")[number % 5]
        opened_at = some_moment(world, FIRST_DAY, _last_day(None))
        presales(world, customer, code, opened_at, None)


def _agents_as_customers(world: World) -> None:
    customers = world.of_type("agent")
    for number in range(36):
        customer = customers[number % len(customers)]
        code = SUPPORT_OF_AGENT[(number + number // len(customers)) % len(SUPPORT_OF_AGENT)]
        agent = next(each for each in world.agents if each.name == customer.name)
        opened_at = some_moment(world, FIRST_DAY, _last_day(agent))
        if code == "SASR009":
            fault(world, customer, code, opened_at, _level(world))
            continue
        ticket = presales(world, customer, code, opened_at, None)
        if code == "SASL013":
            ticket.training_hours = Decimal(world.rng.choice((4, 6, 8)))
    for customer in customers[::2]:
        incident(world, customer, FIRST_DAY, date(2025, 1, 15), visit=True)


def windows(unit: Unit) -> list[tuple[date, date]]:
    """The four inspection windows of a key account contract (AS-5, reading 9)."""
    starts = [add_months(unit.purchased_on, 3 * number) for number in range(5)]
    return list(pairwise(starts))


def visit(world: World, unit: Unit, day: date) -> Ticket:
    """A periodic visit finished on that day."""
    opened_at = datetime.combine(day - timedelta(days=2), time(9)) + _minutes(world, 0, 400)
    arrived_at = datetime.combine(day, time(9, 30)) + _minutes(world, 0, 90)
    agent = unit.customer.agent if unit.customer.customer_type == "end_customer" else None
    return add(
        world,
        Ticket(
            unit.customer,
            "SASL011",
            opened_at,
            "agent" if agent else "company",
            agent,
            unit,
            category="other",
            responded_at=opened_at + _minutes(world, 10, 200),
            arrived_at=arrived_at,
            finished_at=arrived_at + _minutes(world, 90, 240),
            description=f"{unit.product_type}定期巡检：检查、维护、诊断并听取客户反馈",
        ),
    )


def inspect_key_accounts(world: World) -> None:
    """A visit in each window that begins in the year and has had time for one."""
    for customer in world.of_type("key_account"):
        for contract_id in dict.fromkeys(unit.contract_id for unit in customer.units):
            unit = next(each for each in customer.units if each.contract_id == contract_id)
            for begins, ends in windows(unit):
                day = begins + timedelta(days=world.rng.randrange(20, 70))
                if begins >= FIRST_DAY and ends <= AS_OF.date():
                    visit(world, unit, day)
                    continue
                is_in_year = FIRST_DAY + timedelta(days=3) < day < AS_OF.date() - timedelta(days=3)
                if is_in_year and world.rng.random() < 0.5:  # noqa: PLR2004 - half of those not owed for sure
                    visit(world, unit, day)


def _maintenance_visits(world: World) -> None:
    rng = world.rng
    units = [unit for unit in world.units if unit.purchased_on < date(2022, 12, 31)]
    for number in range(22):
        unit = units[number * 7 % len(units)]
        last = _last_day(
            unit.customer.agent if unit.customer.customer_type != "key_account" else None
        )
        moment = some_moment(world, FIRST_DAY + timedelta(days=4), min(last, date(2025, 6, 25)))
        if rng.random() < 0.9 or unit.customer.customer_type == "key_account":  # noqa: PLR2004 - nearly all
            visit(world, unit, moment.date())


def _business_of_single_agents(world: World) -> None:
    """Something to file in June, so that only one agent has gone silent; more for two agents."""
    for agent in world.agents:
        if agent.active_to:
            continue
        served = [each for each in world.of_type("end_customer") if each.agent is agent]
        for day in (date(2025, 6, 10), date(2025, 6, 17)):
            opened_at = datetime.combine(day, time(9)) + _minutes(world, 0, 400)
            fault(
                world, world.rng.choice(served), "SASR009", opened_at, 3, by_agent=agent, share=0.05
            )
    batch_days = [date(2024, 12, number) for number in (5, 10, 13, 18, 24, 26, 27)]
    for agent_id, days in (
        (SILENT_AGENT, [date(2025, 4, 15), date(2025, 5, 13)]),
        (BATCH_AGENT, batch_days),
    ):
        agent = next(each for each in world.agents if each.agent_id == agent_id)
        served = [each for each in world.of_type("end_customer") if each.agent is agent]
        for day in days:
            opened_at = datetime.combine(day, time(10)) + _minutes(world, 0, 300)
            fault(
                world, world.rng.choice(served), "SASR010", opened_at, 4, by_agent=agent, share=0.05
            )


def _pauses(world: World) -> None:
    """A few tickets wait for the customer; their answers come later by as much or less."""
    rng = world.rng
    long = [
        ticket
        for ticket in world.tickets
        if ticket.fault_level and ticket.responded_at
        and ticket.responded_at - ticket.opened_at > timedelta(hours=10)
    ]  # fmt: skip
    for ticket in rng.sample(long, 16):
        begins = ticket.opened_at + _minutes(world, 20, 120)
        ends = begins + _minutes(world, 60, 7 * 60)
        world.pauses.append(Pause(ticket, begins, ends, rng.choice(PAUSE_REASONS)))


def _agreed_times(world: World) -> None:
    """A few due times agreed with the customer, kept."""
    rng = world.rng
    onsite = [
        ticket
        for ticket in world.tickets
        if ticket.service_code == "SASL012" and ticket.responded_at
    ]
    for ticket in rng.sample(onsite, 9):
        answered = ticket.responded_at or AS_OF
        nice = (answered + _minutes(world, 60, 600)).replace(minute=0, second=0)
        ticket.agreed_due_at = nice + timedelta(hours=1)
