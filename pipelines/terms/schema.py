"""The shape of each terms file, as pydantic models: what may stand there and what must.

Belongs here: names, types, units and the cells a table must have. Does not belong here:
reading files and wording the refusal (``load``), or the tables made of them (``tables``).
"""

from __future__ import annotations

import re
from datetime import date  # noqa: TC003 - pydantic reads annotations at run time
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipelines.contract import CURRENCIES

CustomerType = Literal["agent", "end_customer", "key_account"]
Stage = Literal["presales", "aftersales"]
Mode = Literal["onsite", "remote"]
ServiceLevel = Literal["X", "S0", "S1", "S2"]
Expected = Literal["not_provided", "billable", "free"]
FaultLevel = Literal[1, 2, 3, 4]
Tier = Literal["tier1", "other"]
Form = Literal["presales_report", "fault_record"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

CLAUSES = (
    "OB", "T1", "T2", "CAT", "PS-1", "PS-2", "AS-1", "AS-2", "AS-3", "AS-4", "AS-5", "AS-6",
    "T4", "AS-7", "AS-8", "AS-9", "WA-1", "WA-2", "AG", "EC", "KA",
)  # fmt: skip


def _known_clause(value: object) -> str:
    if value not in CLAUSES:
        message = f"unknown clause; write one of {', '.join(CLAUSES)}"
        raise ValueError(message)
    return str(value)


Clause = Annotated[str, BeforeValidator(_known_clause)]

# Beyond any promise, and what dates and seconds can still be reckoned with.
_MOST_HOURS: Final = 500_000
_MOST_DAYS: Final = 36_500
_MOST_MONTHS: Final = 1_200
_MOST_COUNTED: Final = 1_000_000


class Part(BaseModel):
    """A mapping that refuses keys it does not know and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Dated(Part):
    """A value in force from the day ``from`` on, until the next one starts."""

    valid_from: date = Field(alias="from")


class TermsFile(Part):
    """What every file states: what it is, the clause it follows, its unit."""

    description: str = Field(min_length=1)
    clause: Clause
    unit: str | None = None


def _in_order(values: list[Any]) -> list[Any]:
    starts = [value.valid_from for value in values]
    for earlier, later in pairwise(starts):
        if later <= earlier:
            message = (
                f"from: {later} comes after from: {earlier}; "
                "write the values in order of their first day, each day once"
            )
            raise ValueError(message)
    return values


def _all_keys(value: dict[Any, Any], wanted: tuple[Any, ...], what: str) -> dict[Any, Any]:
    missing = [str(key) for key in wanted if key not in value]
    if missing:
        message = (
            f"{what} {', '.join(missing)} missing; write every one of {', '.join(map(str, wanted))}"
        )
        raise ValueError(message)
    return value


class TierHours(Part):
    """Hours to respond in the two tiers of cities."""

    tier1: int = Field(gt=0, le=_MOST_HOURS)
    other: int = Field(gt=0, le=_MOST_HOURS)


class Targets(Dated):
    """T4 from a date on."""

    targets: dict[FaultLevel, TierHours]

    @field_validator("targets")
    @classmethod
    def _four(cls, value: dict[Any, Any]) -> dict[Any, Any]:
        return _all_keys(value, (1, 2, 3, 4), "fault level")


class ResponseTargets(TermsFile):
    """``response_targets.yaml``."""

    values: Annotated[list[Targets], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class Level(Part):
    """One fault level: its names, its clock and whether experts are owed."""

    zh: str
    en: str
    clock: Literal["around_the_clock", "service_hours"]
    expert_team: bool


class Levels(Dated):
    """The four fault levels from a date on."""

    levels: dict[FaultLevel, Level]

    @field_validator("levels")
    @classmethod
    def _four(cls, value: dict[Any, Any]) -> dict[Any, Any]:
        return _all_keys(value, (1, 2, 3, 4), "fault level")


class FaultLevels(TermsFile):
    """``fault_levels.yaml``."""

    values: Annotated[list[Levels], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _interval(value: object) -> tuple[str, str]:
    match value:
        case [str(start), str(end)] if _CLOCK_TIME.fullmatch(start) and _CLOCK_TIME.fullmatch(end):
            if start < end:
                return start, end
            message = f"{start} is not before {end}; an interval past midnight is written as two"
        case _:
            message = (
                'an interval is two quoted times, such as ["08:00", "18:00"]; 24:00 ends a day'
            )
    raise ValueError(message)


def _apart(value: list[tuple[str, str]]) -> list[tuple[str, str]]:
    ordered = sorted(value)
    for (_, end), (start, _) in pairwise(ordered):
        if start < end:
            message = f"intervals overlap at {start}; write them one after the other"
            raise ValueError(message)
    return ordered


Interval = Annotated[tuple[str, str], BeforeValidator(_interval)]
DayHours = list[Interval]


class Hours(Dated):
    """The weekly hours from a date on."""

    weekly: dict[Weekday, DayHours]
    closed_days: list[date] = []
    special_days: dict[date, DayHours] = {}

    @field_validator("weekly", "special_days")
    @classmethod
    def _no_overlap(cls, value: dict[Any, Any]) -> dict[Any, Any]:
        return {day: _apart(hours) for day, hours in value.items()}

    @model_validator(mode="after")
    def _open_sometime(self) -> Hours:
        if not any(self.weekly.values()):
            message = "weekly has no open hour; a clock that never runs can measure nothing"
            raise ValueError(message)
        return self


class ServiceHoursFile(TermsFile):
    """``service_hours.yaml``; the time zone is that of the whole product."""

    timezone: str
    values: Annotated[list[Hours], Field(min_length=1)]
    _order = field_validator("values")(_in_order)

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            message = "no such time zone; write a name such as Asia/Shanghai"
            raise ValueError(message) from error
        return value


class CityList(Dated):
    """Tier-1 cities and the service centre from a date on."""

    tier1: list[str]
    service_centre: str = Field(min_length=1)


class Cities(TermsFile):
    """``cities.yaml``."""

    values: Annotated[list[CityList], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class TwoModes(Part):
    """A level for each mode."""

    onsite: ServiceLevel
    remote: ServiceLevel


class TwoStages(Part):
    """Levels for each stage."""

    presales: TwoModes
    aftersales: TwoModes


class ByCity(Part):
    """What a level means in the same city and in another."""

    same_city: Expected
    other_city: Expected


class Matrix(Dated):
    """T1 and T2 from a date on."""

    levels: dict[CustomerType, TwoStages]
    charging: dict[ServiceLevel, ByCity]

    @field_validator("levels")
    @classmethod
    def _types(cls, value: dict[Any, Any]) -> dict[Any, Any]:
        return _all_keys(value, ("agent", "end_customer", "key_account"), "customer type")

    @field_validator("charging")
    @classmethod
    def _levels(cls, value: dict[Any, Any]) -> dict[Any, Any]:
        return _all_keys(value, ("X", "S0", "S1", "S2"), "service level")


class ServiceLevels(TermsFile):
    """``service_levels.yaml``."""

    values: Annotated[list[Matrix], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


_CODE = re.compile(r"S([PA])S([RL])\d{3}")
_STAGE_LETTER = {"P": "presales", "A": "aftersales"}
_MODE_LETTER = {"R": "remote", "L": "onsite"}


class Service(Part):
    """One service of the catalogue; ``only_for`` names customer types, all when left out."""

    zh: str
    en: str
    stage: Stage
    mode: Mode
    only_for: list[CustomerType] | None = None


class Catalogue(Dated):
    """The services from a date on."""

    services: dict[str, Service]

    @field_validator("services")
    @classmethod
    def _codes(cls, value: dict[str, Service]) -> dict[str, Service]:
        wrong = []
        for code, service in value.items():
            match = _CODE.fullmatch(code)
            if not match:
                wrong.append(f"{code}: write S, P or A, S, R or L, three digits")
                continue
            said = (_STAGE_LETTER[match[1]], _MODE_LETTER[match[2]])
            if said != (service.stage, service.mode):
                wrong.append(
                    f"{code}: the code says {said[0]} {said[1]}; write that or mend the code"
                )
        if wrong:
            raise ValueError("; ".join(wrong))
        return value


class Services(TermsFile):
    """``services.yaml``."""

    values: Annotated[list[Catalogue], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class ChargeRules(Dated):
    """Periods of the billing audit from a date on."""

    free_service_months: int = Field(ge=0, le=_MOST_MONTHS)
    maintenance_fee_services: list[str]
    billing_due_days: int = Field(ge=0, le=_MOST_DAYS)
    duplicate_window_days: int = Field(ge=0, le=_MOST_DAYS)
    renewal_notice_days: int | None = Field(default=None, gt=0, le=_MOST_DAYS)
    payment_methods: dict[str, list[str]] = Field(default_factory=dict)

    @field_validator("payment_methods")
    @classmethod
    def _one_method(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        named: dict[str, str] = {}
        for method, spellings in value.items():
            for spelling in (method, *spellings):
                other = named.setdefault(spelling.lower(), method)
                if other != method:
                    message = f"{spelling} stands under {other} and {method}; leave one"
                    raise ValueError(message)
        return value


class Charges(TermsFile):
    """``charges.yaml``."""

    values: Annotated[list[ChargeRules], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


def _money(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        message = 'an amount is a number with at most two decimals, such as 1200 or "1200.50"'
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError
    try:
        amount = Decimal(str(value))
    except ArithmeticError as error:
        message = f"{value!r} is not an amount; write a number such as 1200.50"
        raise ValueError(message) from error
    if not amount.is_finite() or amount != round(amount, 2):
        message = f"{value!r} has more than two decimals"
        raise ValueError(message)
    if amount < 0:
        message = f"{value!r} is below zero; a price is what is to be paid"
        raise ValueError(message)
    return amount


_CURRENCIES = {
    spelling.lower(): code for code, others in CURRENCIES.items() for spelling in (code, *others)
}
_CURRENCY = re.compile("[A-Z]{3}")


def _currency(value: object) -> object:
    """The code that the exports are read into, whatever it is called: RMB and 元 are CNY."""
    if not isinstance(value, str):
        return value  # pydantic says what is wrong with it
    code = _CURRENCIES.get(value.strip().lower(), value.strip().upper())
    if not _CURRENCY.fullmatch(code):
        message = f"{value!r} is not a currency; write its three letters, such as CNY"
        raise ValueError(message)
    return code


class Rate(Part):
    """One price; a code or product type left out means any."""

    charge_type: Literal["service_fee", "repair_replacement", "maintenance_fee"]
    amount: Annotated[Decimal, BeforeValidator(_money)]
    currency: Annotated[str, BeforeValidator(_currency)] = "CNY"
    service_code: str | None = None
    product_type: str | None = None

    @property
    def what_for(self) -> tuple[str | None, ...]:
        """What it is the price of."""
        return self.charge_type, self.service_code, self.product_type, self.currency


class Rates(Dated):
    """The rate card from a date on."""

    tolerance_pct: float | int = Field(ge=0, le=1_000, allow_inf_nan=False)
    rates: list[Rate]

    @field_validator("tolerance_pct")
    @classmethod
    def _four_decimals(cls, value: float) -> float:
        if round(value, 4) != value:
            message = f"{value} has more than four decimals; round it"
            raise ValueError(message)
        return value

    @field_validator("rates")
    @classmethod
    def _one_price(cls, value: list[Rate]) -> list[Rate]:
        priced: set[tuple[str | None, ...]] = set()
        for rate in value:
            if rate.what_for in priced:
                named = ", ".join(part for part in rate.what_for if part)
                message = f"two prices for {named}; leave one"
                raise ValueError(message)
            priced.add(rate.what_for)
        return value


class RateCard(TermsFile):
    """``rate_card.yaml``."""

    values: Annotated[list[Rates], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class Warranties(Dated):
    """Warranty months by product type from a date on."""

    warranty_months: dict[str, Annotated[int, Field(ge=0, le=_MOST_MONTHS)]]


class Products(TermsFile):
    """``products.yaml``."""

    values: Annotated[list[Warranties], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class StageForms(Part):
    """The form owed in each stage."""

    presales: Form
    aftersales: Form


RecordField = Literal[
    "engineer", "service_started_at", "service_finished_at", "fault_description",
    "resolution", "customer_confirmed",
]  # fmt: skip


class FilingRules(Dated):
    """What agents owe after serving, and what makes quality look twice, from a date on."""

    due_hours: int = Field(gt=0, le=_MOST_HOURS)
    forms: StageForms
    required_fields: dict[Form, list[RecordField]]
    silence_days: int = Field(gt=0, le=_MOST_COUNTED)
    batch_min_records: int = Field(gt=1, le=_MOST_COUNTED)
    batch_window_minutes: int = Field(gt=0, le=_MOST_COUNTED)
    batch_last_days: int = Field(gt=0, le=_MOST_DAYS)
    copied_text_similarity_pct: int = Field(ge=50, le=100)
    copied_text_min_characters: int = Field(gt=0, le=_MOST_COUNTED)
    copied_text_min_records: int = Field(gt=1, le=_MOST_COUNTED)

    @field_validator("required_fields")
    @classmethod
    def _forms(cls, value: dict[Any, Any]) -> dict[Any, Any]:
        return _all_keys(value, ("presales_report", "fault_record"), "form")


class Filing(TermsFile):
    """``filing.yaml``."""

    values: Annotated[list[FilingRules], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class Inspection(Part):
    """AS-5: how many windows of how many months, and the service that fills one."""

    clause: Clause
    service_code: str
    windows: int = Field(gt=0, le=100)
    months: int = Field(gt=0, le=120)


class Training(Part):
    """AS-9: which service, after which, how soon and how long."""

    clause: Clause
    service_code: str
    after: str
    due_hours: int = Field(gt=0, le=_MOST_HOURS)
    max_hours: int = Field(gt=0, le=_MOST_HOURS)


class Conduct(Part):
    """A service that carries a rule of conduct."""

    clause: Clause
    service_code: str


class PhoneFirst(Conduct):
    """AS-6: the on-site service and the phone service that must come before."""

    phone_service_code: str


class Promises(Dated):
    """The promises beside response and filing, from a date on."""

    inspection: Inspection
    training: Training
    assessment: Conduct
    trial: Conduct
    phone_first: PhoneFirst


class Obligations(TermsFile):
    """``obligations.yaml``."""

    values: Annotated[list[Promises], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class Choices(Dated):
    """The reading chosen at each switch from a date on."""

    response_clock: Literal["service_hours", "calendar"]
    holidays: Literal["none", "CN"]
    clock_stops_at: Literal["responded_at", "arrived_at", "finished_at"]
    strictness: Literal["<", "<="]
    first_free_year: Literal["matrix_only", "free_year_covers_service_fee"]
    inspection_quarters: Literal["anniversary", "calendar"]
    training_due: Literal["within_24_hours", "end_of_next_day"]
    charge_day: Literal["opened", "finished"]


SWITCHES = tuple(name for name in Choices.model_fields if name != "valid_from")


class Texts(Part):
    """A text in both languages."""

    zh: str
    en: str


class Reading(Part):
    """What a switch is about, and what each of its choices means."""

    number: int
    clause: Clause
    title: Texts
    choices: dict[str, Texts]


class HouseRule(Texts):
    """A reading without a switch."""

    number: int
    clause: Clause
    title: Texts


class Readings(TermsFile):
    """``readings.yaml``."""

    values: Annotated[list[Choices], Field(min_length=1)]
    _order = field_validator("values")(_in_order)


class ReadingTexts(TermsFile):
    """``reading_texts.yaml``."""

    readings: dict[str, Reading]
    house_rules: list[HouseRule]

    @field_validator("readings")
    @classmethod
    def _described(cls, value: dict[str, Reading]) -> dict[str, Reading]:
        return _all_keys(value, SWITCHES, "the description of the reading")


class ClauseText(Part):
    """A clause's title, its sentence in the original, and the rule computed."""

    title: Texts
    original: str
    rule: Texts


class Clauses(TermsFile):
    """``clauses.yaml``."""

    clauses: dict[str, ClauseText]

    @field_validator("clauses")
    @classmethod
    def _every(cls, value: dict[str, ClauseText]) -> dict[str, ClauseText]:
        return _all_keys(value, tuple(CLAUSES), "clause")


FILES: dict[str, type[TermsFile]] = {
    "response_targets": ResponseTargets,
    "fault_levels": FaultLevels,
    "service_hours": ServiceHoursFile,
    "cities": Cities,
    "service_levels": ServiceLevels,
    "services": Services,
    "charges": Charges,
    "rate_card": RateCard,
    "products": Products,
    "filing": Filing,
    "obligations": Obligations,
    "readings": Readings,
    "reading_texts": ReadingTexts,
    "clauses": Clauses,
}
