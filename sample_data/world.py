"""What the sample company is made of: its people, units, tickets, papers and planted defects.

Belongs here: the shapes alone. Who they are stands in ``company``, what happens to them in
``stories``, ``paperwork`` and ``planted``. Identifiers are given at the end, in order of time,
so rows refer to each other as objects until they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal
    from random import Random

SEED = 20250630
FIRST_DAY = date(2024, 7, 1)
HALF_YEAR = date(2025, 1, 1)
AS_OF = datetime(2025, 6, 30, 18, 0, 0)  # noqa: DTZ001 - exports carry local time without a zone


@dataclass(eq=False)
class Agent:
    """An agent: serves end customers in its city and files records with the company."""

    agent_id: str
    name: str
    city: str
    active_from: date
    active_to: date | None
    engineers: tuple[str, ...]


@dataclass(eq=False)
class Customer:
    """A customer; ``agent`` is who serves it (end customer) or takes part (key account)."""

    customer_id: str
    name: str
    customer_type: str
    city: str
    agent: Agent | None
    units: list[Unit] = field(default_factory=list)


@dataclass(eq=False)
class Unit:
    """A unit sold; ``warranty_months`` is written only when ``states_warranty`` says so."""

    serial_no: str
    product_type: str
    customer: Customer
    contract_id: str
    purchased_on: date
    warranty_months: int
    states_warranty: bool
    maintenance_from: date
    warranty_ends: date
    is_reserved: bool = False
    overrides: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Ticket:
    """One service request; ``overrides`` holds planted cell texts, by canonical column."""

    customer: Customer
    service_code: str
    opened_at: datetime
    provider: str
    agent: Agent | None = None
    unit: Unit | None = None
    fault_level: int | None = None
    category: str | None = None
    channel: str = "phone"
    parent: Ticket | None = None
    city: str | None = None
    responded_at: datetime | None = None
    arrived_at: datetime | None = None
    finished_at: datetime | None = None
    agreed_due_at: datetime | None = None
    dispatch_city: str | None = None
    expert_team: bool | None = None
    training_hours: Decimal | None = None
    trial_contract_id: str | None = None
    customer_consent: bool | None = None
    report_channel: str | None = None
    description: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    ticket_id: str = ""
    is_reserved: bool = False
    is_filed: bool = True
    is_carried_over: bool = False

    @property
    def is_onsite(self) -> bool:
        """Whether the code's fourth letter says on site (L) rather than remote (R)."""
        return self.service_code[3] == "L"

    @property
    def is_presales(self) -> bool:
        """Whether the code's second letter says presales."""
        return self.service_code[1] == "P"


@dataclass(eq=False)
class Pause:
    """A time during which the customer kept the ticket waiting."""

    ticket: Ticket
    paused_at: datetime
    resumed_at: datetime
    reason: str


@dataclass(eq=False)
class Record:
    """A record an agent filed; ``ticket`` is None when it names one that is not there."""

    ticket: Ticket | None
    agent: Agent
    form: str
    submitted_at: datetime
    engineer: str
    started_at: datetime | None
    finished_at: datetime | None
    fault_description: str
    resolution: str
    customer_confirmed: bool | None = True
    stray_ticket_id: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    record_id: str = ""


@dataclass(eq=False)
class Line:
    """One invoice line; ``agent`` is the issuer, None for the company."""

    issued_on: date
    agent: Agent | None
    customer: Customer
    charge_type: str
    amount: Decimal
    ticket: Ticket | None = None
    unit: Unit | None = None
    contract_id: str = ""
    payment_method: str = "银行电汇"
    coverage_start: date | None = None
    coverage_end: date | None = None
    with_line: Line | None = None
    stray_ticket_id: str = ""
    overrides: dict[str, str] = field(default_factory=dict)
    invoice_id: str = ""
    line_no: int = 1


@dataclass(eq=False)
class Copy:
    """A second row like that of ``of``, with some cells changed; ``place`` is before or after it.

    A copy of a ticket that was carried over stays in the file of its own day.
    """

    of: Ticket | Record | Line | Unit
    place: str = "after"
    changes: dict[str, str] = field(default_factory=dict)


Row = Agent | Unit | Ticket | Pause | Record | Line | Copy


@dataclass(eq=False)
class Defect:
    """Something planted: its row, what is wrong there, and where a run must show it.

    ``where`` picks rows of ``table``, ``values`` are what they must hold; rows among the
    values of either stand for their identifiers.
    """

    kind: str
    row: Row
    what: str
    table: str
    where: dict[str, object]
    values: dict[str, object] = field(default_factory=dict)


@dataclass
class World:
    """Everything there is, and the one source of chance."""

    rng: Random
    used_texts: set[frozenset[str]] = field(default_factory=set)
    agents: list[Agent] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)

    def of_type(self, customer_type: str) -> list[Customer]:
        """The customers of one type, in order of their number."""
        return [each for each in self.customers if each.customer_type == customer_type]
