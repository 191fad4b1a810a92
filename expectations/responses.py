# ruff: noqa: S608 -- the SQL is put together from names this module declares, never from data
"""Suites of response compliance: the facts against the tickets, the months against the facts.

Belongs here: what must hold of ``facts.responses`` and ``marts.response_monthly`` whatever
the terms say. Does not belong here: how a verdict is reached (``models``).
"""

from __future__ import annotations

from expectations import vocabulary as words
from expectations.checks import (
    Between,
    NoRows,
    Suite,
    critical,
    has_columns,
    required,
    vocabulary,
)

TABLES = "contract: tables"
WHOLE = "BIGINT|INTEGER|HUGEINT"


def unexplained(table: str, keys: str) -> NoRows:
    """Rows of ``table`` that are unmeasurable and do not say why."""
    return NoRows(
        f"select {keys}, verdict, reason from {table} "
        "where verdict = 'unmeasurable' and coalesce(trim(reason), '') = ''"
    )


def one_row_each(table: str, wanted: str) -> NoRows:
    """Tickets ``wanted`` selects that have not exactly one row in ``table``, and rows too many."""
    return NoRows(
        f"with wanted as ({wanted}), found as (select ticket_id, count(*) as rows_found "
        f"from {table} group by ticket_id) "
        "select coalesce(w.ticket_id, f.ticket_id) as ticket_id, "
        "w.ticket_id is not null as is_owed, coalesce(f.rows_found, 0) as rows_found "
        "from wanted as w full join found as f on f.ticket_id = w.ticket_id "
        "where w.ticket_id is null or coalesce(f.rows_found, 0) <> 1",
        alike=(wanted, f"select ticket_id from {table}"),
    )


RESPONSES = Suite(
    "facts.responses",
    ("ticket_id",),
    (
        has_columns(
            "facts.responses",
            {
                **dict.fromkeys(
                    (
                        "ticket_id",
                        "customer_id",
                        "customer_type",
                        "provider",
                        "agent_id",
                        "service_code",
                        "city",
                        "city_tier",
                        "clock",
                        "verdict",
                        "reason",
                        "clause",
                    ),
                    "VARCHAR",
                ),
                **dict.fromkeys(
                    (
                        "fault_level",
                        "target_seconds",
                        "elapsed_seconds",
                        "calendar_seconds",
                        "service_seconds",
                        "paused_seconds",
                    ),
                    WHOLE,
                ),
                **dict.fromkeys(("opened_at", "responded_at", "due_at"), "TIMESTAMP"),
                "is_open": "BOOLEAN",
                "month": "DATE",
            },
        ),
        required("ticket_id", TABLES),
        critical(
            "one_row_per_fault",
            one_row_each(
                "facts.responses",
                "select ticket_id from staging.tickets "
                "where fault_level is not null or category = 'fault'",
            ),
            "T4",
            "Every ticket with a fault has exactly one row, and no other ticket has one.",
            "每张故障工单恰有一行，其他工单没有。",
            ("staging.tickets",),
        ),
        required("verdict", TABLES),
        vocabulary("verdict", words.VERDICTS, TABLES),
        vocabulary("clock", words.CLOCKS, "AS-7"),
        vocabulary("city_tier", words.CITY_TIERS, "T4"),
        required("clause", TABLES),
        required("is_open", TABLES),
        critical(
            "unmeasurable_says_why",
            unexplained("facts.responses", "ticket_id"),
            TABLES,
            "What cannot be measured says why.",
            "无法计量的都写明原因。",
        ),
        critical(
            "verdict_agrees_with_time",
            # Both readings of "less than" allow equality on one side: seconds are whole here.
            NoRows(
                "select ticket_id, verdict, elapsed_seconds, target_seconds "
                "from facts.responses where "
                "(verdict in ('met', 'pending') and elapsed_seconds > target_seconds) "
                "or (verdict = 'breached' and elapsed_seconds < target_seconds)"
            ),
            "T4",
            "What is met or pending used no more than its target, what is breached no less.",
            "达标和未到期的用时不超过时限，超时的不少于时限。",
        ),
        critical(
            "judged_has_times",
            NoRows(
                "select ticket_id, verdict, elapsed_seconds, target_seconds "
                "from facts.responses where verdict <> 'unmeasurable' "
                "and (elapsed_seconds is null or target_seconds is null)"
            ),
            "T4",
            "What is judged has a time used and a target.",
            "有结论的都有用时和时限。",
        ),
        critical(
            "open_agrees_with_verdict",
            NoRows(
                "select ticket_id, verdict, is_open from facts.responses "
                "where (verdict = 'met' and is_open) or (verdict = 'pending' and not is_open)"
            ),
            TABLES,
            "What is met is not open, what is pending is.",
            "达标的不再开放，未到期的仍开放。",
        ),
        critical(
            "pauses_add_up",
            # Each of the three is cut to whole seconds, so that the two parts may lack one.
            NoRows(
                "select ticket_id, clock, elapsed_seconds, paused_seconds, calendar_seconds, "
                "service_seconds from (select *, case when clock = 'service_hours' "
                "then service_seconds else calendar_seconds end "
                "- elapsed_seconds - paused_seconds as lacking from facts.responses) "
                "where lacking not between 0 and 1"
            ),
            "contract: pauses",
            "Time used and time paused add up to the time on the ticket's own clock.",
            "用时与暂停之和等于该工单自身时钟上的时长。",
        ),
        critical(
            "elapsed_not_negative",
            Between("elapsed_seconds", low=0),
            "T4",
            "No time used is negative.",
            "用时不为负。",
        ),
        critical(
            "service_within_calendar",
            NoRows(
                "select ticket_id, calendar_seconds, service_seconds from facts.responses "
                "where service_seconds > calendar_seconds or service_seconds < 0"
            ),
            "AS-7",
            "Service hours are a part of all hours.",
            "服务时间是全部时间的一部分。",
        ),
        critical(
            "month_of_opening",
            NoRows(
                "select ticket_id, opened_at, month from facts.responses "
                "where month is distinct from cast(date_trunc('month', opened_at) as date)"
            ),
            TABLES,
            "month is the first day of the month of opening.",
            "month 是受理当月的第一天。",
        ),
    ),
)

_COUNTS = ("met", "breached", "pending", "unmeasurable")

RESPONSE_MONTHLY = Suite(
    "marts.response_monthly",
    ("month", "fault_level", "city_tier"),
    (
        has_columns(
            "marts.response_monthly",
            {
                "month": "DATE",
                "city_tier": "VARCHAR",
                **dict.fromkeys(("fault_level", "tickets", *_COUNTS), WHOLE),
                "compliance_pct": "any",
            },
        ),
        critical(
            "key_unique",
            NoRows(
                "select month, fault_level, city_tier, count(*) as rows_found "
                "from marts.response_monthly group by month, fault_level, city_tier "
                "having count(*) > 1"
            ),
            TABLES,
            "No two rows share month, fault_level and city_tier, unknown ones included.",
            "month、fault_level 与 city_tier 的组合不重复，未知的也算在内。",
        ),
        critical(
            "verdicts_add_up",
            NoRows(
                "select month, fault_level, city_tier, tickets, met, breached, pending, "
                "unmeasurable from marts.response_monthly "
                "where tickets is distinct from met + breached + pending + unmeasurable"
            ),
            TABLES,
            "The four verdicts add up to the tickets.",
            "四种结论之和等于工单数。",
        ),
        critical(
            "months_add_up_to_facts",
            NoRows(
                "with facts_side as (select month, fault_level, city_tier, verdict, "
                "count(*) as in_facts from facts.responses "
                "group by month, fault_level, city_tier, verdict), "
                "marts_side as ("
                + " union all ".join(
                    f"select month, fault_level, city_tier, '{verdict}' as verdict, "
                    f"sum({verdict}) as in_months from marts.response_monthly "
                    "group by month, fault_level, city_tier"
                    for verdict in _COUNTS
                )
                + ") select coalesce(f.month, m.month) as month, "
                "coalesce(f.fault_level, m.fault_level) as fault_level, "
                "coalesce(f.city_tier, m.city_tier) as city_tier, "
                "coalesce(f.verdict, m.verdict) as verdict, "
                "coalesce(in_facts, 0) as in_facts, coalesce(in_months, 0) as in_months "
                "from facts_side as f full join marts_side as m "
                "on f.month is not distinct from m.month "
                "and f.fault_level is not distinct from m.fault_level "
                "and f.city_tier is not distinct from m.city_tier and f.verdict = m.verdict "
                "where coalesce(in_facts, 0) <> coalesce(in_months, 0)"
            ),
            TABLES,
            "The months add up to facts.responses, verdict by verdict.",
            "各月之和与 facts.responses 逐项相符。",
            ("facts.responses",),
        ),
        critical(
            "compliance_is_met_of_decided",
            NoRows(
                "select month, fault_level, city_tier, met, breached, compliance_pct "
                "from marts.response_monthly where case when met + breached = 0 "
                "then compliance_pct is not null "
                "else coalesce(abs(compliance_pct - 100.0 * met / (met + breached)) > 0.01, true) "
                "end"
            ),
            TABLES,
            "compliance_pct is met of met + breached, and empty where nothing is decided.",
            "compliance_pct 等于达标数占达标与超时之和的百分比；无结论时为空。",
        ),
    ),
)

SUITES = (RESPONSES, RESPONSE_MONTHLY)
