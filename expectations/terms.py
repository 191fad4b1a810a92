"""Suites of the terms as tables: no day without one answer, no cell without a value.

Belongs here: what the lookup of a term relies on. Does not belong here: what the terms'
files may say (their loader refuses the rest).
"""

from __future__ import annotations

from expectations import vocabulary as words
from expectations.checks import (
    Between,
    Check,
    InOrder,
    NoRows,
    Suite,
    critical,
    key,
    quoted,
    required,
    vocabulary,
)

LOOKUP = "house rule: one lookup rule for all terms"
_PERIODS = ("terms.periods",)


def _values(name: str, values: tuple[str, ...]) -> str:
    return f"(select unnest([{quoted(values)}]) as {name})"


def _every_cell(  # noqa: PLR0913, PLR0917 -- a grid's parts, each a few words
    table: str, grid: str, columns: str, guards: str, en: str, zh: str, reads: tuple[str, ...]
) -> Check:
    """Each cell of ``grid`` (a from clause) stands in ``table``."""
    wanted = ", ".join(f"{column} as {column}" for column in columns.split(", "))
    query = (
        f"select * from (select {wanted} from {grid}) "  # noqa: S608 -- our own names
        f"anti join {table} using ({columns})"
    )
    return critical("every_cell_given", NoRows(query), guards, en, zh, reads)


SUITES = (
    Suite(
        "terms.periods",
        ("period_id",),
        (
            required("valid_from", LOOKUP),
            key(("period_id",), LOOKUP),
            critical(
                "ends_after_it_starts",
                InOrder("valid_from", "valid_to"),
                LOOKUP,
                "A period of the terms does not end before it starts.",
                "条款的每个时段，止日不早于起日。",
            ),
            critical(
                "no_gap_no_overlap",
                NoRows(
                    "select * from (select period_id, valid_from, valid_to, "
                    "lead(valid_from) over (order by valid_from) as next_from "
                    "from terms.periods) where valid_to is distinct from next_from"
                ),
                LOOKUP,
                "Each period of the terms ends where the next one starts; the last has no end.",
                "条款的每个时段止于下一时段之始；最后一个时段没有止日。",
            ),
        ),
    ),
    Suite(
        "terms.days",
        ("day",),
        (
            key(("day",), LOOKUP),
            critical(
                "day_in_its_period",
                NoRows(
                    "select d.day, d.period_id from terms.days as d "
                    "left join terms.periods as p on p.period_id = d.period_id "
                    "where p.period_id is null or d.day < p.valid_from "
                    "or coalesce(d.day >= p.valid_to, false)"
                ),
                LOOKUP,
                "Each day lies in the period of the terms it is given.",
                "每一天都在其所属的条款时段之内。",
                _PERIODS,
            ),
        ),
    ),
    Suite(
        "terms.rules",
        ("period_id",),
        (
            key(("period_id",), LOOKUP),
            _every_cell(
                "terms.rules",
                "terms.periods",
                "period_id",
                LOOKUP,
                "Every period has its rules.",
                "每个时段都有其规则。",
                _PERIODS,
            ),
        ),
    ),
    Suite(
        "terms.response_targets",
        ("period_id", "fault_level", "city_tier"),
        (
            key(("period_id", "fault_level", "city_tier"), "T4"),
            vocabulary("city_tier", words.CITY_TIERS, "T4"),
            required("target_seconds", "T4"),
            critical(
                "target_positive",
                Between("target_seconds", low=1),
                "T4",
                "A response target is at least one second.",
                "响应时限至少一秒。",
            ),
            _every_cell(
                "terms.response_targets",
                "terms.fault_levels cross join " + _values("city_tier", words.CITY_TIERS),
                "period_id, fault_level, city_tier",
                "T4",
                "Every fault level has a target for each city tier, in every period.",
                "每个时段，每个故障等级在每类城市都有时限。",
                ("terms.fault_levels",),
            ),
        ),
    ),
    Suite(
        "terms.fault_levels",
        ("period_id", "fault_level"),
        (
            key(("period_id", "fault_level"), "AS-7"),
            required("clock", "AS-7"),
            vocabulary("clock", words.CLOCKS, "AS-7"),
        ),
    ),
    Suite(
        "terms.services",
        ("period_id", "service_code"),
        (
            key(("period_id", "service_code"), "CAT"),
            vocabulary("stage", words.STAGES, "CAT"),
            vocabulary("mode", words.MODES, "CAT"),
            vocabulary("form", words.FORMS, "AG"),
        ),
    ),
    Suite(
        "terms.catalogue",
        ("period_id", "customer_type", "service_code"),
        (
            key(("period_id", "customer_type", "service_code"), "CAT"),
            vocabulary("customer_type", words.CUSTOMER_TYPES, "OB"),
            critical(
                "code_is_a_service",
                NoRows(
                    "select period_id, customer_type, service_code from terms.catalogue "
                    "anti join terms.services using (period_id, service_code)"
                ),
                "CAT",
                "A catalogue lists only services there are.",
                "服务目录只列出已有的服务。",
                ("terms.services",),
            ),
        ),
    ),
    Suite(
        "terms.service_levels",
        ("period_id", "customer_type", "stage", "mode"),
        (
            key(("period_id", "customer_type", "stage", "mode"), "T1"),
            vocabulary("service_level", words.SERVICE_LEVELS, "T1"),
            _every_cell(
                "terms.service_levels",
                f"terms.periods cross join {_values('customer_type', words.CUSTOMER_TYPES)} "
                f"cross join {_values('stage', words.STAGES)} "
                f"cross join {_values('mode', words.MODES)}",
                "period_id, customer_type, stage, mode",
                "T1",
                "Every cell of figure 1 has a service level, in every period.",
                "每个时段，图表 1 的每一格都有服务等级。",
                _PERIODS,
            ),
        ),
    ),
    Suite(
        "terms.charging",
        ("period_id", "service_level", "is_same_city"),
        (
            key(("period_id", "service_level", "is_same_city"), "T2"),
            vocabulary("expected", words.EXPECTED_CHARGES, "T2"),
            _every_cell(
                "terms.charging",
                f"terms.periods cross join {_values('service_level', words.SERVICE_LEVELS)} "
                "cross join (select unnest([true, false]) as is_same_city)",
                "period_id, service_level, is_same_city",
                "T2",
                "Figure 2 answers for every service level and both kinds of city.",
                "每个时段，图表 2 对每个服务等级、同城与异城都有规定。",
                _PERIODS,
            ),
        ),
    ),
    Suite(
        "terms.products",
        ("period_id", "product_type"),
        (
            key(("period_id", "product_type"), "AS-1"),
            critical(
                "warranty_not_negative",
                Between("warranty_months", low=0),
                "AS-1",
                "A warranty is not negative.",
                "担保期不为负。",
            ),
        ),
    ),
    Suite(
        "terms.readings",
        ("period_id", "reading", "name", "choice"),
        (
            critical(
                "choice_is_offered",
                NoRows(
                    "select period_id, reading, name, choice, alternatives from terms.readings "
                    "where name is not null and not coalesce("
                    "list_contains(string_split(alternatives, ','), choice), false)"
                ),
                "readings",
                "The choice in force is one of the choices of its reading.",
                "生效的选择是该解读所列的选择之一。",
            ),
        ),
    ),
    Suite(
        "terms.clauses",
        ("clause",),
        (
            key(("clause",), "clauses"),
            required("rule_zh", "clauses"),
            required("rule_en", "clauses"),
        ),
    ),
)
