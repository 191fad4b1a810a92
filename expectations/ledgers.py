# ruff: noqa: S608 -- the SQL is put together from names this module declares, never from data
"""Suites of the ledgers and monthly marts: each adds up to the facts it was made of.

Belongs here: reconciliation of ``marts.*`` other than response. Does not belong here: what
holds within a fact (``promises``, ``charges``).
"""

from __future__ import annotations

from expectations import vocabulary as words
from expectations.checks import NoRows, Suite, critical, has_columns, required, vocabulary
from expectations.responses import TABLES, WHOLE

# Each table of verdicts, and the kinds it gives the ledger.
_KINDS = {
    "facts.responses": "'response'",
    "facts.filings": "'filing'",
    "facts.inspections": "'inspection'",
    "facts.trainings": "'training'",
    "facts.conduct": "rule",
}
_KNOWN_KINDS = ("response", "filing", "inspection", "training", *words.CONDUCT_RULES)
_FINDINGS = words.FILING_FINDINGS

OBLIGATIONS = Suite(
    "marts.obligations",
    ("kind", "subject_id"),
    (
        has_columns(
            "marts.obligations",
            {
                **dict.fromkeys(
                    (
                        "kind",
                        "subject_id",
                        "ticket_id",
                        "responsible",
                        "customer_type",
                        "verdict",
                        "reason",
                        "clause",
                    ),
                    "VARCHAR",
                ),
                **dict.fromkeys(("due_at", "done_at"), "TIMESTAMP|DATE"),
                "month": "DATE",
            },
        ),
        required("kind", TABLES),
        required("subject_id", TABLES),
        required("verdict", TABLES),
        vocabulary("verdict", words.VERDICTS, TABLES),
        critical(
            "ledger_adds_up_to_facts",
            # A further kind of promise may join the ledger; its own suite answers for it.
            NoRows(
                "with facts_side as (select kind, clause, verdict, month, count(*) as in_facts "
                "from ("
                + " union all ".join(
                    f"select {kind} as kind, clause, verdict, month from {table}"
                    for table, kind in _KINDS.items()
                )
                + ") group by kind, clause, verdict, month), "
                "ledger_side as (select kind, clause, verdict, month, count(*) as in_ledger "
                "from marts.obligations where kind in ("
                + ", ".join(f"'{kind}'" for kind in _KNOWN_KINDS)
                + ") group by kind, clause, verdict, month) "
                "select coalesce(f.kind, l.kind) as kind, coalesce(f.clause, l.clause) as clause, "
                "coalesce(f.verdict, l.verdict) as verdict, coalesce(f.month, l.month) as month, "
                "coalesce(in_facts, 0) as in_facts, coalesce(in_ledger, 0) as in_ledger "
                "from facts_side as f full join ledger_side as l on f.kind = l.kind "
                "and f.clause = l.clause and f.verdict = l.verdict "
                "and f.month is not distinct from l.month "
                "where coalesce(in_facts, 0) <> coalesce(in_ledger, 0)"
            ),
            TABLES,
            "The ledger of promises adds up to the facts, kind by kind, clause by clause and"
            " month by month.",
            "承诺总账与各事实表按种类、条款和月份逐项相符。",
            tuple(_KINDS),
        ),
    ),
)

PROMISE_MONTHLY = Suite(
    "marts.promise_monthly",
    ("month", "kind", "clause", "responsible"),
    (
        critical(
            "verdicts_add_up",
            NoRows(
                "select month, kind, clause, responsible, promises, met, breached, pending, "
                "unmeasurable from marts.promise_monthly "
                "where promises is distinct from met + breached + pending + unmeasurable"
            ),
            TABLES,
            "The four verdicts add up to the promises.",
            "四种结论之和等于承诺数。",
        ),
        critical(
            "months_add_up_to_ledger",
            NoRows(
                "with ledger as (select month, kind, count(*) as in_ledger, "
                "count(*) filter (where verdict = 'met') as met_in_ledger "
                "from marts.obligations group by month, kind), "
                "months as (select month, kind, sum(promises) as in_months, "
                "sum(met) as met_in_months from marts.promise_monthly group by month, kind) "
                "select coalesce(l.month, m.month) as month, coalesce(l.kind, m.kind) as kind, "
                "coalesce(in_ledger, 0) as in_ledger, coalesce(in_months, 0) as in_months, "
                "coalesce(met_in_ledger, 0) as met_in_ledger, "
                "coalesce(met_in_months, 0) as met_in_months "
                "from ledger as l full join months as m "
                "on l.month is not distinct from m.month and l.kind = m.kind "
                "where coalesce(in_ledger, 0) <> coalesce(in_months, 0) "
                "or coalesce(met_in_ledger, 0) <> coalesce(met_in_months, 0)"
            ),
            TABLES,
            "The months add up to the ledger of promises.",
            "各月之和与承诺总账相符。",
            ("marts.obligations",),
        ),
    ),
)

AGENT_FILING = Suite(
    "marts.agent_filing",
    ("month", "agent_id"),
    (
        has_columns(
            "marts.agent_filing",
            {
                "month": "DATE",
                "agent_id": "VARCHAR",
                **dict.fromkeys(("due", *_FINDINGS), WHOLE),
                "filing_pct": "any",
            },
        ),
        critical(
            "findings_add_up",
            NoRows(
                "select * from marts.agent_filing where due is distinct from "
                + " + ".join((*_FINDINGS, "unmeasurable"))
            ),
            TABLES,
            "The findings add up to the records owed.",
            "各项结论之和等于应交记录数。",
        ),
        critical(
            "months_add_up_to_filings",
            NoRows(
                "with facts_side as (select month, agent_id, "
                "coalesce(finding, 'unmeasurable') as finding, count(*) as in_facts "
                "from facts.filings group by 1, 2, 3), "
                "marts_side as ("
                + " union all ".join(
                    f"select month, agent_id, '{finding}' as finding, sum({finding}) as in_months "
                    "from marts.agent_filing group by 1, 2"
                    for finding in (*_FINDINGS, "unmeasurable")
                )
                + ") select coalesce(f.month, m.month) as month, "
                "coalesce(f.agent_id, m.agent_id) as agent_id, "
                "coalesce(f.finding, m.finding) as finding, "
                "coalesce(in_facts, 0) as in_facts, coalesce(in_months, 0) as in_months "
                "from facts_side as f full join marts_side as m "
                "on f.month is not distinct from m.month "
                "and f.agent_id is not distinct from m.agent_id and f.finding = m.finding "
                "where coalesce(in_facts, 0) <> coalesce(in_months, 0)"
            ),
            TABLES,
            "Each agent's months add up to facts.filings, finding by finding.",
            "每家代理商各月之和与 facts.filings 逐项相符。",
            ("facts.filings",),
        ),
        critical(
            "filing_pct_is_on_time_of_decided",
            NoRows(
                "select month, agent_id, due, filed_on_time, pending, unmeasurable, filing_pct "
                "from marts.agent_filing where case when due = pending + unmeasurable "
                "then filing_pct is not null else coalesce(abs(filing_pct "
                "- 100.0 * filed_on_time / (due - pending - unmeasurable)) > 0.01, true) end"
            ),
            TABLES,
            "filing_pct is what was filed on time of what is decided, and empty where nothing is.",
            "filing_pct 等于按时提交数占已有结论数的百分比；无结论时为空。",
        ),
    ),
)

_PLACES = (
    "select record_id from marts.record_exceptions union all "
    "select record_id from steps.classed_records "
    "where class in ('counted', 'incomplete', 'wrong_form')"
)

RECORD_EXCEPTIONS = Suite(
    "marts.record_exceptions",
    ("source_file", "source_row", "record_id"),
    (
        critical(
            "every_record_in_one_place",
            NoRows(
                f"with places as (select record_id, count(*) as places from ({_PLACES}) "
                "group by record_id) "
                "select r.source_file, r.source_row, r.record_id, coalesce(p.places, 0) as places "
                "from staging.service_records as r "
                "left join places as p on p.record_id = r.record_id "
                "where coalesce(p.places, 0) <> 1",
                alike=("select record_id from staging.service_records", _PLACES),
            ),
            "AG",
            "Every service record speaks for a record owed or is listed as an exception, once.",
            "每条服务记录要么对应一条应交记录，要么列为例外，恰好一处。",
            ("staging.service_records", "steps.classed_records"),
        ),
    ),
)

OUTLOOK = Suite(
    "marts.outlook",
    ("kind", "subject_id"),
    (
        critical(
            "all_that_is_to_come_and_no_more",
            NoRows(
                "with ledger as (select p.kind, p.subject_id from marts.obligations as p "
                "cross join meta.run as run "
                "left join facts.responses as r "
                "on p.kind = 'response' and r.ticket_id = p.subject_id "
                "left join staging.tickets as t on t.ticket_id = p.ticket_id "
                "where p.due_at is not null and coalesce(t.opened_at <= run.as_of, true) "
                "and (p.verdict = 'pending' or (p.verdict = 'breached' and r.is_open))) "
                "select coalesce(l.kind, o.kind) as kind, "
                "coalesce(l.subject_id, o.subject_id) as subject_id, "
                "l.kind is not null as in_ledger, o.kind is not null as in_outlook "
                "from ledger as l full join marts.outlook as o "
                "on o.kind = l.kind and o.subject_id = l.subject_id "
                "where l.kind is null or o.kind is null"
            ),
            TABLES,
            "Every promise that can still be kept, and every fault unanswered, is in the outlook,"
            " once its ticket was opened.",
            "凡是仍可兑现的承诺与尚未响应的故障，工单一经受理即在待办之列，且仅此而已。",
            ("marts.obligations", "facts.responses", "staging.tickets", "meta.run"),
        ),
    ),
)

RENEWALS = Suite(
    "marts.renewals",
    ("serial_no",),
    (
        critical(
            "warranty_ends_within_the_notice",
            NoRows(
                "select serial_no, warranty_ends_on, days_left, notice_days "
                "from marts.renewals cross join meta.run "
                "where coalesce(days_left not between 1 and notice_days "
                "or days_left <> date_diff('day', cast(as_of as date), warranty_ends_on), true)"
            ),
            "WA-2",
            "The warranty of each unit to renew still runs, and ends within the notice.",
            "续保名单上的产品均在担保期内，且在提示期内到期。",
            ("meta.run",),
        ),
    ),
)

SUITES = (
    OBLIGATIONS,
    PROMISE_MONTHLY,
    AGENT_FILING,
    RECORD_EXCEPTIONS,
    OUTLOOK,
    RENEWALS,
)
