"""The terms as tables: one row per period and cell, so that SQL looks everything up one way.

All days on which any term changes cut time into periods; every dated term is written out for
each period, and ``terms.days`` gives a day its period. The value in force is then an equality
join on the period of the day the ticket was opened.

Belongs here: from checked ``Terms`` to ``terms.*``. Does not belong here: what holds in a
file (``schema``) or the clocks made of the service hours (``clocks``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from pipelines.terms import schema
from pipelines.terms.cities import city_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import duckdb

    from pipelines.terms.load import Terms

SECONDS_PER_HOUR = 3600
SECONDS_PER_MINUTE = 60

Value = TypeVar("Value", bound=schema.Dated)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Period:
    """A stretch of days, ``[valid_from, valid_to)``, in which no term changes."""

    period_id: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class ServiceWeek:
    """The service hours of some periods, before holidays are put in."""

    calendar_id: int
    hours: schema.Hours
    has_statutory_holidays: bool


def periods(terms: Terms) -> list[Period]:
    """The periods in order; the last one has no end."""
    starts = terms.starts()
    ends: list[date | None] = [*starts[1:], None]
    return [
        Period(number, start, end)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)
    ]


def in_force(values: Sequence[Value], day: date) -> Value:
    """The last value that started on or before ``day``."""
    return [value for value in values if value.valid_from <= day][-1]


def service_weeks(terms: Terms) -> dict[int, ServiceWeek]:
    """The distinct service hours by period id; equal ones share a calendar id."""
    known: dict[str, int] = {}
    weeks = {}
    for period in periods(terms):
        hours = in_force(terms.file(schema.ServiceHoursFile).values, period.valid_from)
        choice = in_force(terms.file(schema.Readings).values, period.valid_from)
        statutory = choice.holidays == "CN"
        content = hours.model_dump_json(exclude={"valid_from"}) + str(statutory)
        calendar_id = known.setdefault(content, len(known) + 1)
        weeks[period.period_id] = ServiceWeek(calendar_id, hours, statutory)
    return weeks


@dataclass(frozen=True)
class TermsTable:
    """A table of terms: its columns, as SQL declares them, and its rows."""

    columns: str
    rows: list[Row]


def write_terms(con: duckdb.DuckDBPyConnection, terms: Terms, first: date, last: date) -> None:
    """Write every ``terms.*`` table; ``terms.days`` covers ``first`` to ``last``, both included."""
    for name, table in terms_tables(terms).items():
        write_table(con, name, table)
    write_days(con, terms, first, last)


def terms_tables(terms: Terms) -> dict[str, TermsTable]:
    """Every table of schema ``terms``, by name, but ``days``, which hangs on the data as well."""
    cut = periods(terms)
    rules = _rules_by_period(terms)
    return {
        "periods": TermsTable(
            "period_id INTEGER, valid_from DATE, valid_to DATE",
            [(p.period_id, p.valid_from, p.valid_to) for p in cut],
        ),
        "rules": TermsTable(
            ", ".join(f"{name} {_RULE_TYPES[name]}" for name in rules[0]),
            [tuple(rule.values()) for rule in rules],
        ),
        **{
            name: TermsTable(
                f"period_id INTEGER, {columns}",
                [(p.period_id, *row) for p in cut for row in rows_of(terms, p.valid_from)],
            )
            for name, (columns, rows_of) in _TABLES.items()
        },
        **_texts(terms),
    }


def changed_rules(one: Terms, other: Terms) -> frozenset[str]:
    """The columns of ``terms.rules`` that differ in any period; all of them if periods do."""
    here, there = _rules_by_period(one), _rules_by_period(other)
    is_cut_alike = periods(one) == periods(other)
    return frozenset(
        name
        for name in here[0]
        if name != "period_id"
        and not (is_cut_alike and all(a[name] == b[name] for a, b in zip(here, there, strict=True)))
    )


def write_days(con: duckdb.DuckDBPyConnection, terms: Terms, first: date, last: date) -> None:
    """Write ``terms.days``: the period of each day from ``first`` to ``last``, both included."""
    cut = periods(terms)
    days = pl.date_range(first, last, interval="1d", eager=True).alias("day").to_frame()
    starts = pl.DataFrame(
        {"period_id": [p.period_id for p in cut], "valid_from": [p.valid_from for p in cut]},
        schema={"period_id": pl.Int32, "valid_from": pl.Date},
    )
    frame = days.join_asof(starts, left_on="day", right_on="valid_from").drop_nulls()
    con.register("days_frame", frame.select("day", "period_id"))
    con.execute("create or replace table terms.days as select * from days_frame order by day")
    con.unregister("days_frame")


def write_table(con: duckdb.DuckDBPyConnection, name: str, table: TermsTable) -> None:
    """Write one table of schema ``terms``."""
    con.execute(f"create or replace table terms.{name} ({table.columns})")
    if table.rows:
        places = ", ".join([f"({', '.join('?' * len(table.rows[0]))})"] * len(table.rows))
        values = [value for row in table.rows for value in row]
        con.execute(f"insert into terms.{name} values {places}", values)  # noqa: S608 - our names


_RULE_TYPES = {
    "period_id": "INTEGER",
    **dict.fromkeys(schema.SWITCHES, "VARCHAR"),
    "service_centre_city": "VARCHAR",
    "free_service_months": "INTEGER",
    "billing_due_days": "INTEGER",
    "duplicate_window_days": "INTEGER",
    "renewal_notice_days": "INTEGER",
    "rate_tolerance_pct": "DECIMAL(9,4)",
    "record_due_seconds": "BIGINT",
    "silence_days": "INTEGER",
    "batch_min_records": "INTEGER",
    "batch_window_seconds": "BIGINT",
    "batch_last_days": "INTEGER",
    "copied_text_similarity_pct": "INTEGER",
    "copied_text_min_characters": "INTEGER",
    "copied_text_min_records": "INTEGER",
    "inspection_service_code": "VARCHAR",
    "inspection_windows": "INTEGER",
    "inspection_months": "INTEGER",
    "training_service_code": "VARCHAR",
    "training_after_service_code": "VARCHAR",
    "training_due_seconds": "BIGINT",
    "training_max_hours": "DECIMAL(9,2)",
    "assessment_service_code": "VARCHAR",
    "trial_service_code": "VARCHAR",
    "phone_first_service_code": "VARCHAR",
    "phone_service_code": "VARCHAR",
    "service_calendar_id": "INTEGER",
}


def _rules_by_period(terms: Terms) -> list[dict[str, Any]]:
    weeks = service_weeks(terms)
    return [
        {"period_id": p.period_id}
        | _rules(terms, p.valid_from)
        | {"service_calendar_id": weeks[p.period_id].calendar_id}
        for p in periods(terms)
    ]


def _rules(terms: Terms, day: date) -> dict[str, Any]:
    """The scalar terms of a day, by column name of ``terms.rules``."""
    choice = in_force(terms.file(schema.Readings).values, day)
    cities = in_force(terms.file(schema.Cities).values, day)
    charges = in_force(terms.file(schema.Charges).values, day)
    rates = in_force(terms.file(schema.RateCard).values, day)
    filing = in_force(terms.file(schema.Filing).values, day)
    promises = in_force(terms.file(schema.Obligations).values, day)
    return {
        **{name: getattr(choice, name) for name in schema.SWITCHES},
        "service_centre_city": city_name(cities.service_centre),
        "free_service_months": charges.free_service_months,
        "billing_due_days": charges.billing_due_days,
        "duplicate_window_days": charges.duplicate_window_days,
        "renewal_notice_days": charges.renewal_notice_days,
        "rate_tolerance_pct": Decimal(str(rates.tolerance_pct)),
        "record_due_seconds": filing.due_hours * SECONDS_PER_HOUR,
        "silence_days": filing.silence_days,
        "batch_min_records": filing.batch_min_records,
        "batch_window_seconds": filing.batch_window_minutes * SECONDS_PER_MINUTE,
        "batch_last_days": filing.batch_last_days,
        "copied_text_similarity_pct": filing.copied_text_similarity_pct,
        "copied_text_min_characters": filing.copied_text_min_characters,
        "copied_text_min_records": filing.copied_text_min_records,
        "inspection_service_code": promises.inspection.service_code,
        "inspection_windows": promises.inspection.windows,
        "inspection_months": promises.inspection.months,
        "training_service_code": promises.training.service_code,
        "training_after_service_code": promises.training.after,
        "training_due_seconds": promises.training.due_hours * SECONDS_PER_HOUR,
        "training_max_hours": promises.training.max_hours,
        "assessment_service_code": promises.assessment.service_code,
        "trial_service_code": promises.trial.service_code,
        "phone_first_service_code": promises.phone_first.service_code,
        "phone_service_code": promises.phone_first.phone_service_code,
    }


def _targets(terms: Terms, day: date) -> list[Row]:
    file = terms.file(schema.ResponseTargets)
    targets = in_force(file.values, day).targets
    return [
        (level, tier, getattr(hours, tier) * SECONDS_PER_HOUR, file.clause)
        for level, hours in targets.items()
        for tier in ("tier1", "other")
    ]


def _fault_levels(terms: Terms, day: date) -> list[Row]:
    file = terms.file(schema.FaultLevels)
    reading = in_force(terms.file(schema.Readings).values, day).response_clock
    rows = []
    for number, level in in_force(file.values, day).levels.items():
        on_hours = level.clock == "service_hours" and reading == "service_hours"
        clock = "service_hours" if on_hours else "calendar"
        rows.append((number, clock, level.expert_team, level.zh, level.en, file.clause))
    return rows


def _tier1(terms: Terms, day: date) -> list[Row]:
    return [(city_name(city),) for city in in_force(terms.file(schema.Cities).values, day).tier1]


def _services(terms: Terms, day: date) -> list[Row]:
    services = in_force(terms.file(schema.Services).values, day).services
    fee_for = in_force(terms.file(schema.Charges).values, day).maintenance_fee_services
    forms = in_force(terms.file(schema.Filing).values, day).forms
    return [
        (code, s.zh, s.en, s.stage, s.mode, code in fee_for, getattr(forms, s.stage))
        for code, s in services.items()
    ]


def _catalogue(terms: Terms, day: date) -> list[Row]:
    services = in_force(terms.file(schema.Services).values, day).services
    return [
        (customer_type, code)
        for code, service in services.items()
        for customer_type in service.only_for or ("agent", "end_customer", "key_account")
    ]


def _service_levels(terms: Terms, day: date) -> list[Row]:
    levels = in_force(terms.file(schema.ServiceLevels).values, day).levels
    return [
        (customer_type, stage, mode, getattr(getattr(stages, stage), mode))
        for customer_type, stages in levels.items()
        for stage in ("presales", "aftersales")
        for mode in ("onsite", "remote")
    ]


def _charging(terms: Terms, day: date) -> list[Row]:
    charging = in_force(terms.file(schema.ServiceLevels).values, day).charging
    return [
        (level, is_same_city, cell.same_city if is_same_city else cell.other_city)
        for level, cell in charging.items()
        for is_same_city in (True, False)
    ]


def _products(terms: Terms, day: date) -> list[Row]:
    return list(in_force(terms.file(schema.Products).values, day).warranty_months.items())


def _form_fields(terms: Terms, day: date) -> list[Row]:
    required = in_force(terms.file(schema.Filing).values, day).required_fields
    return [(form, field) for form, fields in required.items() for field in fields]


def _rate_card(terms: Terms, day: date) -> list[Row]:
    return [
        (r.charge_type, r.service_code, r.product_type, r.amount, r.currency)
        for r in in_force(terms.file(schema.RateCard).values, day).rates
    ]


def _payment_methods(terms: Terms, day: date) -> list[Row]:
    methods = in_force(terms.file(schema.Charges).values, day).payment_methods
    return [
        (method, spelling)
        for method, spellings in methods.items()
        for spelling in dict.fromkeys(map(_small, (method, *spellings)))
    ]


def _small(text: str) -> str:
    """Latin capitals made small, and no others: of those each engine has an opinion of its own."""
    return re.sub("[A-Z]+", lambda found: found[0].lower(), text)


def _readings(terms: Terms, day: date) -> list[Row]:
    texts = terms.file(schema.ReadingTexts)
    choice = in_force(terms.file(schema.Readings).values, day)
    rows: list[Row] = []
    for name, reading in texts.readings.items():
        chosen = getattr(choice, name)
        default, *others = reading.choices
        text = reading.choices[chosen]
        rows.append(
            (reading.number, name, chosen, default, ",".join([default, *others]), reading.clause,
             reading.title.zh, reading.title.en, text.zh, text.en)
        )  # fmt: skip
    rows += [
        (rule.number, None, None, None, None, rule.clause,
         rule.title.zh, rule.title.en, rule.zh, rule.en)
        for rule in texts.house_rules
    ]  # fmt: skip
    return sorted(rows, key=lambda row: row[0])


_TABLES = {
    "response_targets": (
        "fault_level INTEGER, city_tier VARCHAR, target_seconds BIGINT, clause VARCHAR",
        _targets,
    ),
    "fault_levels": (
        (
            "fault_level INTEGER, clock VARCHAR, needs_expert_team BOOLEAN, name_zh VARCHAR, "
            "name_en VARCHAR, clause VARCHAR"
        ),
        _fault_levels,
    ),
    "tier1_cities": ("city VARCHAR", _tier1),
    "services": (
        (
            "service_code VARCHAR, name_zh VARCHAR, name_en VARCHAR, stage VARCHAR, mode VARCHAR, "
            "needs_maintenance_fee BOOLEAN, form VARCHAR"
        ),
        _services,
    ),
    "catalogue": ("customer_type VARCHAR, service_code VARCHAR", _catalogue),
    "service_levels": (
        "customer_type VARCHAR, stage VARCHAR, mode VARCHAR, service_level VARCHAR",
        _service_levels,
    ),
    "charging": ("service_level VARCHAR, is_same_city BOOLEAN, expected VARCHAR", _charging),
    "products": ("product_type VARCHAR, warranty_months INTEGER", _products),
    "form_fields": ("form VARCHAR, field VARCHAR", _form_fields),
    "rate_card": (
        (
            "charge_type VARCHAR, service_code VARCHAR, product_type VARCHAR, "
            "amount DECIMAL(18,2), currency VARCHAR"
        ),
        _rate_card,
    ),
    "payment_methods": ("payment_method VARCHAR, spelling VARCHAR", _payment_methods),
    "readings": (
        (
            "reading INTEGER, name VARCHAR, choice VARCHAR, default_choice VARCHAR, "
            "alternatives VARCHAR, clause VARCHAR, title_zh VARCHAR, title_en VARCHAR, "
            "text_zh VARCHAR, text_en VARCHAR"
        ),
        _readings,
    ),
}


def _texts(terms: Terms) -> dict[str, TermsTable]:
    """The tables of words, which no period changes."""
    clauses = terms.file(schema.Clauses).clauses
    choices = terms.file(schema.ReadingTexts).readings
    return {
        "clauses": TermsTable(
            (
                "clause_no INTEGER, clause VARCHAR, title_zh VARCHAR, title_en VARCHAR, "
                "original_zh VARCHAR, rule_zh VARCHAR, rule_en VARCHAR"
            ),
            [
                (number, name, c.title.zh, c.title.en, c.original, c.rule.zh, c.rule.en)
                for number, (name, c) in enumerate(clauses.items(), start=1)
            ],
        ),
        "reading_choices": TermsTable(
            "reading INTEGER, name VARCHAR, choice VARCHAR, text_zh VARCHAR, text_en VARCHAR",
            [
                (reading.number, name, choice, text.zh, text.en)
                for name, reading in choices.items()
                for choice, text in reading.choices.items()
            ],
        ),
        "files": TermsTable(
            "file VARCHAR, origin VARCHAR, sha256 VARCHAR, description VARCHAR, content BLOB",
            [(s.file, s.origin, s.sha256, s.description, s.content) for s in terms.sources],
        ),
    }


def longest_target_seconds(terms: Terms) -> int:
    """The longest time allowed for anything, in seconds: how far the clocks must reach."""
    responses = (
        max(hours.tier1, hours.other)
        for value in terms.file(schema.ResponseTargets).values
        for hours in value.targets.values()
    )
    records = (value.due_hours for value in terms.file(schema.Filing).values)
    trainings = (value.training.due_hours for value in terms.file(schema.Obligations).values)
    return max(*responses, *records, *trainings) * SECONDS_PER_HOUR
