"""Suites of the promises besides response: filings, inspections, trainings, conduct.

Belongs here: what must hold of those facts and of the ledger and marts made of them. Does
not belong here: how a verdict is reached (``models``).
"""

from __future__ import annotations

from expectations import vocabulary as words
from expectations.checks import (
    Between,
    Check,
    NoRows,
    Suite,
    critical,
    has_columns,
    key,
    required,
    vocabulary,
)
from expectations.responses import TABLES, WHOLE, one_row_each, unexplained


def _judged(table: str, keys: str) -> tuple[Check, ...]:
    """What holds of every table of verdicts: one vocabulary, a clause, reasons given."""
    return (
        required("verdict", TABLES),
        vocabulary("verdict", words.VERDICTS, TABLES),
        required("clause", TABLES),
        critical(
            "unmeasurable_says_why",
            unexplained(table, keys),
            TABLES,
            "What cannot be measured says why.",
            "无法计量的都写明原因。",
        ),
    )


def _types(text: str, instant: str = "", day: str = "", whole: str = "") -> dict[str, str]:
    return {
        **dict.fromkeys(text.split(), "VARCHAR"),
        **dict.fromkeys(instant.split(), "TIMESTAMP"),
        **dict.fromkeys(day.split(), "DATE"),
        **dict.fromkeys(whole.split(), WHOLE),
    }


FILINGS = Suite(
    "facts.filings",
    ("ticket_id", "agent_id"),
    (
        has_columns(
            "facts.filings",
            {
                **_types(
                    "ticket_id agent_id form record_id finding verdict clause",
                    "service_finished_at due_at submitted_at",
                    "month",
                ),
                "days_to_file": "any",
                "missing_fields": "any",
            },
        ),
        *_judged("facts.filings", "ticket_id, agent_id"),
        vocabulary("finding", words.FILING_FINDINGS, TABLES),
        vocabulary("form", words.FORMS, "AG"),
        critical(
            "one_row_per_record_owed",
            one_row_each(
                "facts.filings",
                "select t.ticket_id from staging.tickets as t cross join meta.run as r "
                "where t.finished_at <= r.as_of and (t.provider = 'agent' "
                "or (t.customer_type = 'key_account' and t.agent_id is not null))",
            ),
            "AG",
            "Every finished ticket an agent served, or took part in for a key account, has"
            " exactly one row, and no other ticket has one.",
            "每张由代理商服务（或参与服务大客户）且已完成的工单恰有一行，其他工单没有。",
            ("staging.tickets", "meta.run"),
        ),
        critical(
            "finding_agrees_with_verdict",
            NoRows(
                "select ticket_id, agent_id, finding, verdict from facts.filings "
                "where verdict is distinct from case finding "
                "when 'filed_on_time' then 'met' when 'pending' then 'pending' "
                "when 'filed_late' then 'breached' when 'missing' then 'breached' "
                "when 'wrong_form' then 'breached' when 'incomplete' then 'breached' "
                "else 'unmeasurable' end"
            ),
            TABLES,
            "The verdict is that of the finding.",
            "判定与结论一致。",
        ),
        critical(
            "finding_agrees_with_time",
            NoRows(
                "select ticket_id, agent_id, finding, submitted_at, due_at from facts.filings "
                "where (finding = 'filed_on_time' and not coalesce(submitted_at <= due_at, false)) "
                "or (finding = 'filed_late' and not coalesce(submitted_at > due_at, false))"
            ),
            "reading 8",
            "What is filed on time was submitted when due or before, what is late after.",
            "按时提交的不晚于期限，逾期提交的晚于期限。",
        ),
        critical(
            "record_is_filed",
            NoRows(
                "select f.ticket_id, f.agent_id, f.record_id from facts.filings as f "
                "anti join staging.service_records as r "
                "on r.record_id = f.record_id and r.ticket_id = f.ticket_id "
                "where f.record_id is not null"
            ),
            "AG",
            "The record a row names is one of that ticket.",
            "所引用的记录属于该工单。",
            ("staging.service_records",),
        ),
    ),
)

INSPECTIONS = Suite(
    "facts.inspections",
    ("contract_id", "quarter_no"),
    (
        has_columns(
            "facts.inspections",
            {
                **_types("contract_id customer_id ticket_id verdict clause", day="month"),
                "quarter_no": WHOLE,
                "window_start": "DATE|TIMESTAMP",
                "window_end": "DATE|TIMESTAMP",
                "done_at": "DATE|TIMESTAMP",
            },
        ),
        required("contract_id", "AS-5"),
        required("quarter_no", "AS-5"),
        key(("contract_id", "quarter_no"), "AS-5"),
        *_judged("facts.inspections", "contract_id, quarter_no"),
        critical(
            "quarter_counts_from_one",
            Between("quarter_no", low=1),
            "AS-5",
            "Quarters count from one.",
            "季度从一数起。",
        ),
        critical(
            "windows_do_not_overlap",
            NoRows(
                "select * from (select contract_id, quarter_no, window_start, window_end, "
                "lead(window_start) over (partition by contract_id order by window_start) "
                "as next_start from facts.inspections) "
                "where window_end < window_start or next_start <= window_end"
            ),
            "AS-5",
            "The windows of a contract do not end before they start, and do not overlap.",
            "同一合同的各窗口止日不早于起日，且互不重叠。",
        ),
        critical(
            "visit_counts_once",
            NoRows(
                "select ticket_id, count(*) as windows_found from facts.inspections "
                "where ticket_id is not null group by ticket_id, contract_id "
                "having count(*) > 1"
            ),
            "AS-5",
            "A visit counts for one window of a contract.",
            "一次巡检只算入一个窗口。",
        ),
        critical(
            "met_has_its_visit",
            NoRows(
                "select contract_id, quarter_no, verdict, ticket_id, done_at "
                "from facts.inspections where (verdict = 'met') <> (ticket_id is not null)"
            ),
            "AS-5",
            "What is met names its visit, and nothing else does.",
            "达标的写明是哪次巡检，其他的没有。",
        ),
    ),
)

TRAININGS = Suite(
    "facts.trainings",
    ("ticket_id",),
    (
        has_columns(
            "facts.trainings",
            {
                **_types(
                    "ticket_id training_ticket_id verdict reason clause",
                    "support_finished_at due_at finished_at",
                    "month",
                ),
                "training_hours": "DECIMAL(9,2)",
            },
        ),
        *_judged("facts.trainings", "ticket_id"),
        critical(
            "one_row_per_support",
            one_row_each(
                "facts.trainings",
                "select t.ticket_id from staging.tickets as t cross join meta.run as r "
                "left join terms.days as d "
                "on d.day = cast(coalesce(t.opened_at, t.finished_at) as date) "
                "left join terms.rules as s on s.period_id = d.period_id "
                "where t.finished_at <= r.as_of "
                "and t.service_code in (select training_after_service_code from terms.rules) "
                "and (s.period_id is null or s.training_after_service_code = t.service_code)",
            ),
            "AS-9",
            "Every finished on-site support has exactly one row, and no other ticket has one.",
            "每张已完成的现场支持工单恰有一行，其他工单没有。",
            ("staging.tickets", "meta.run", "terms.days", "terms.rules"),
        ),
        critical(
            "met_has_its_training",
            NoRows(
                "select ticket_id, training_ticket_id, finished_at, due_at, verdict "
                "from facts.trainings where verdict = 'met' and (training_ticket_id is null "
                "or finished_at is null or finished_at > due_at)"
            ),
            "AS-9",
            "What is met names its training, finished when due or before.",
            "达标的写明是哪次培训，且按期完成。",
        ),
    ),
)

CONDUCT = Suite(
    "facts.conduct",
    ("ticket_id", "rule"),
    (
        has_columns(
            "facts.conduct",
            _types("ticket_id rule responsible verdict reason clause", day="month"),
        ),
        vocabulary("rule", words.CONDUCT_RULES, TABLES),
        *_judged("facts.conduct", "ticket_id, rule"),
    ),
)

OUTCOMES = Suite(
    "steps.conduct_outcomes",
    ("ticket_id",),
    (
        required("ticket_id", TABLES),
        required("provider_routing", TABLES),
        required("service_catalogue", TABLES),
        critical(
            "every_ticket_is_judged",
            one_row_each("steps.conduct_outcomes", "select ticket_id from staging.tickets"),
            TABLES,
            "Conduct is judged for every ticket, once.",
            "每张工单都判定了服务规范，且只判定一次。",
            ("staging.tickets",),
        ),
    ),
)

SUITES = (FILINGS, INSPECTIONS, TRAININGS, CONDUCT, OUTCOMES)
