# ruff: noqa: S608 -- the SQL is put together from names this module declares, never from data
"""Suites of the billing audit: every ticket asked, every invoice line in one place, to the cent.

Belongs here: what must hold of ``facts.charges`` whatever was billed. What needs no words is
asked of ``steps.charge_findings``, the same rows without them. Does not belong here:
what is free and what is billable (``models``).
"""

from __future__ import annotations

from expectations import vocabulary as words
from expectations.checks import (
    NoRows,
    Suite,
    critical,
    has_columns,
    key,
    quoted,
    required,
    vocabulary,
)
from expectations.responses import TABLES, WHOLE

RECONCILIATION = "contract: billed_amount adds up to the invoice export"

CHARGES = Suite(
    "facts.charges",
    ("charge_id",),
    (
        has_columns(
            "facts.charges",
            {
                **dict.fromkeys(
                    (
                        "charge_id",
                        "ticket_id",
                        "serial_no",
                        "customer_id",
                        "customer_type",
                        "service_code",
                        "service_level",
                        "charge_type",
                        "expected",
                        "biller",
                        "currency",
                        "finding",
                        "clause",
                        "reason",
                    ),
                    "VARCHAR",
                ),
                "invoice_ids": "any",
                "billed_amount": "DECIMAL(18,2)",
                "month": "DATE",
                "overlap_days": WHOLE,
            },
        ),
        # As a query: counting a view's rows beside its words would build it twice more.
        critical(
            "service_level_known",
            NoRows(
                "select charge_id, service_level from facts.charges "
                f"where service_level not in ({quoted(words.SERVICE_LEVELS)})"
            ),
            "T1",
            f"service_level is one of {', '.join(words.SERVICE_LEVELS)}.",
            f"service_level 只能是 {'、'.join(words.SERVICE_LEVELS)}。",
        ),
        critical(
            "undetermined_says_why",
            NoRows(
                "select charge_id, finding, reason from facts.charges "
                "where 'undetermined' in (finding, expected) and coalesce(trim(reason), '') = ''"
            ),
            TABLES,
            "What cannot be determined says what is missing.",
            "无法判定的都写明缺什么。",
        ),
        critical(
            "every_finding_is_there",
            NoRows(
                "select * from (select (select count(*) from facts.charges) as in_charges, "
                "(select count(*) from steps.charge_findings) as in_findings) as counted "
                "where in_charges <> in_findings"
            ),
            TABLES,
            "Every charge that was judged is shown, once.",
            "每一笔判定过的收费都列出，且只列一次。",
            ("steps.charge_findings",),
        ),
    ),
    same_rows="steps.charge_findings",
)

# The invoices' lines are those placed, and those placed in a charge are those the charge lists.
_LINES_ALIKE = (
    (
        "select 'line ' || invoice_id || '#' || cast(line_no as varchar) from staging.invoices "
        "union all select 'in ' || charge_id || ' ' || invoice_id || '#' "
        "|| cast(line_no as varchar) from steps.invoice_lines"
    ),
    (
        "select 'line ' || invoice_id || '#' || cast(line_no as varchar) from steps.invoice_lines "
        "union all select 'in ' || charge_id || ' ' || unnest(string_split(invoice_lines, ', ')) "
        "from steps.charge_findings where line_count > 0"
    ),
)

FINDINGS = Suite(
    "steps.charge_findings",
    ("charge_id",),
    (
        required("charge_id", TABLES),
        key(("charge_id",), TABLES),
        required("expected", TABLES),
        vocabulary("expected", words.EXPECTED_CHARGES, TABLES),
        required("finding", TABLES),
        vocabulary("finding", words.CHARGE_FINDINGS, TABLES),
        vocabulary("charge_type", words.CHARGE_TYPES, TABLES),
        required("billed_amount", TABLES),
        required("currency", TABLES),
        required("clause", TABLES),
        critical(
            "every_line_in_one_charge",
            NoRows(
                "select i.source_file, i.source_row, i.invoice_id, i.line_no, "
                "count(c.charge_id) as charges_found from staging.invoices as i "
                "left join steps.invoice_lines as l "
                "on l.invoice_id = i.invoice_id and l.line_no = i.line_no "
                "left join (select charge_id, invoice_lines from steps.charge_findings "
                "where line_count > 0) as c on c.charge_id = l.charge_id and contains("
                "', ' || c.invoice_lines || ', ', "
                "', ' || i.invoice_id || '#' || cast(i.line_no as varchar) || ', ') "
                "group by i.source_file, i.source_row, i.invoice_id, i.line_no "
                "having count(c.charge_id) <> 1",
                alike=_LINES_ALIKE,
            ),
            RECONCILIATION,
            "Every invoice line is in exactly one charge.",
            "每一行发票都恰好属于一笔收费。",
            ("staging.invoices", "steps.invoice_lines"),
        ),
        critical(
            "no_line_counted_twice",
            NoRows(
                "select * from (select sum(line_count) as lines_in_charges, "
                "(select count(*) from staging.invoices) as lines_in_invoices "
                "from steps.charge_findings) "
                "where coalesce(lines_in_charges, 0) <> lines_in_invoices"
            ),
            RECONCILIATION,
            "The charges hold as many invoice lines as there are.",
            "收费所含的发票行数等于发票行总数。",
            ("staging.invoices",),
        ),
        critical(
            "billed_equals_invoices",
            NoRows(
                "with charged as (select currency, sum(billed_amount) as in_charges "
                "from steps.charge_findings group by currency), "
                "invoiced as (select currency, sum(amount) as in_invoices "
                "from staging.invoices group by currency) "
                "select currency, coalesce(in_charges, 0) as in_charges, "
                "coalesce(in_invoices, 0) as in_invoices "
                "from charged full join invoiced using (currency) "
                "where coalesce(in_charges, 0) <> coalesce(in_invoices, 0)"
            ),
            RECONCILIATION,
            "In each currency what the charges say was billed equals the invoices, to the cent.",
            "每种货币的已开票金额与发票合计分毫不差。",
            ("staging.invoices",),
        ),
        critical(
            "billed_equals_invoices_by_month",
            NoRows(
                "with charged as (select month, currency, sum(billed_amount) as in_charges "
                "from steps.charge_findings group by month, currency), "
                "invoiced as (select cast(date_trunc('month', case when t.ticket_id is null "
                "then i.issued_at else t.opened_at end) as date) as month, i.currency, "
                "sum(i.amount) as in_invoices from staging.invoices as i "
                "left join staging.tickets as t on t.ticket_id = i.ticket_id "
                "group by 1, i.currency) "
                "select coalesce(c.month, i.month) as month, "
                "coalesce(c.currency, i.currency) as currency, "
                "coalesce(in_charges, 0) as in_charges, coalesce(in_invoices, 0) as in_invoices "
                "from charged as c full join invoiced as i "
                "on c.month is not distinct from i.month and c.currency = i.currency "
                "where coalesce(in_charges, 0) <> coalesce(in_invoices, 0)"
            ),
            RECONCILIATION,
            "In each month and currency what the charges say was billed equals the invoices,"
            " to the cent; the month is that of the ticket, of the invoice where there is none.",
            "每月、每种货币的已开票金额与发票合计分毫不差；月份取工单受理月，无工单的取开票月。",
            ("staging.invoices", "staging.tickets"),
        ),
        critical(
            "every_ticket_has_service_fee",
            NoRows(
                "select t.source_file, t.source_row, t.ticket_id from staging.tickets as t "
                "anti join (select ticket_id from steps.charge_findings "
                "where charge_type = 'service_fee') as c on c.ticket_id = t.ticket_id"
            ),
            TABLES,
            "Every ticket has a service_fee row.",
            "每张工单都有一行服务费。",
            ("staging.tickets",),
        ),
        critical(
            "unknown_ticket_is_orphan",
            NoRows(
                "select c.charge_id, c.ticket_id, c.finding from steps.charge_findings as c "
                "anti join staging.tickets as t on t.ticket_id = c.ticket_id "
                "where c.ticket_id is not null "
                "and c.finding not in ('orphan_charge', 'not_audited')"
            ),
            TABLES,
            "A charge that cites a ticket which is not there is an orphan.",
            "引用不存在工单的收费归为 orphan_charge。",
            ("staging.tickets",),
        ),
        critical(
            "finding_agrees_with_expected",
            NoRows(
                "select charge_id, expected, finding from steps.charge_findings where "
                "(finding in ('billed_as_due', 'not_billed', 'not_yet_due') "
                "and expected <> 'billable') "
                "or (finding = 'billed_but_free' and expected <> 'free') "
                "or (finding = 'billed_not_provided' and expected <> 'not_provided') "
                "or (finding = 'free_as_due' and expected not in ('free', 'not_provided'))"
            ),
            "T2",
            "A finding fits what was to be expected: what is due is billable, what is free is not.",
            "结论与应收情况一致：应收的才算应收，免费的不算。",
        ),
        critical(
            "finding_agrees_with_amount",
            # A maintenance fee a period fee covers is billed as due with nothing on the ticket.
            # A period fee is judged over all months of issue, its money stays in each of them.
            NoRows(
                "select charge_id, finding, billed_amount from steps.charge_findings "
                "where coverage_start is null "
                "and ((finding in ('not_billed', 'not_yet_due', 'free_as_due') "
                "and billed_amount > 0) "
                "or (finding in ('billed_but_free', 'billed_under_warranty', "
                "'billed_not_provided', 'duplicate_charge') and billed_amount <= 0))"
            ),
            TABLES,
            "What was not billed has no money on it, what was billed wrongly has.",
            "未开票的没有金额，误开票的有金额。",
        ),
        critical(
            "month_is_a_first_day",
            NoRows(
                "select charge_id, month from steps.charge_findings "
                "where month <> cast(date_trunc('month', month) as date)"
            ),
            TABLES,
            "month is the first day of a month.",
            "month 是某月的第一天。",
        ),
    ),
)

_ALWAYS_EXCEPTIONS = (
    "billed_but_free",
    "billed_under_warranty",
    "billed_not_provided",
    "duplicate_charge",
    "wrong_biller",
    "orphan_charge",
    "undetermined",
)

EXCEPTIONS = Suite(
    "marts.billing_exceptions",
    ("charge_id",),
    (
        key(("charge_id",), TABLES),
        critical(
            "every_wrong_bill_listed",
            NoRows(
                "select c.charge_id, c.finding, c.billed_amount from steps.charge_findings as c "
                "anti join marts.billing_exceptions as e on e.charge_id = c.charge_id "
                f"where c.finding in ({quoted(_ALWAYS_EXCEPTIONS)})"
            ),
            TABLES,
            "Every charge billed wrongly, or that cannot be judged, is listed as an exception.",
            "每一笔误开票或无法判定的收费都列为例外。",
            ("steps.charge_findings",),
        ),
        critical(
            "exception_is_its_charge",
            NoRows(
                "select e.charge_id, e.finding, e.billed_amount, c.finding as charge_finding, "
                "c.billed_amount as charge_amount from marts.billing_exceptions as e "
                "left join steps.charge_findings as c on c.charge_id = e.charge_id "
                "where e.finding is distinct from c.finding "
                "or e.billed_amount is distinct from c.billed_amount"
            ),
            TABLES,
            "An exception has the finding and the amount of its charge.",
            "例外的结论与金额和其收费一致。",
            ("steps.charge_findings",),
        ),
    ),
)

BILLING_RECONCILIATION = Suite(
    "marts.billing_reconciliation",
    ("month", "currency"),
    (
        critical(
            "no_difference",
            NoRows(
                "select month, currency, invoice_amount, charge_amount, difference "
                "from marts.billing_reconciliation where difference is distinct from 0"
            ),
            RECONCILIATION,
            "No month and currency differs between charges and invoices.",
            "每月、每种货币的收费与发票均无差额。",
        ),
        critical(
            "every_line_placed",
            NoRows(
                "select month, currency, invoice_lines, placed_lines "
                "from marts.billing_reconciliation "
                "where placed_lines is distinct from invoice_lines"
            ),
            RECONCILIATION,
            "Every invoice line of a month is in a charge.",
            "每月的每一行发票都有归属。",
        ),
        critical(
            "shows_all_invoices",
            NoRows(
                "with shown as (select currency, sum(invoice_amount) as in_reconciliation, "
                "sum(invoice_lines) as lines_in_reconciliation "
                "from marts.billing_reconciliation group by currency), "
                "invoiced as (select currency, sum(coalesce(amount, 0)) as in_invoices, "
                "count(*) as lines_in_invoices from staging.invoices group by currency) "
                "select currency, coalesce(in_reconciliation, 0) as in_reconciliation, "
                "coalesce(in_invoices, 0) as in_invoices, "
                "coalesce(lines_in_reconciliation, 0) as lines_in_reconciliation, "
                "coalesce(lines_in_invoices, 0) as lines_in_invoices "
                "from shown full join invoiced using (currency) "
                "where coalesce(in_reconciliation, 0) <> coalesce(in_invoices, 0) "
                "or coalesce(lines_in_reconciliation, 0) <> coalesce(lines_in_invoices, 0)"
            ),
            RECONCILIATION,
            "The reconciliation shows every invoice line there is, and all their money.",
            "对账表涵盖全部发票行及其金额。",
            ("staging.invoices",),
        ),
    ),
)

BILLING_MONTHLY = Suite(
    "marts.billing_monthly",
    ("month", "finding", "currency"),
    (
        critical(
            "months_add_up_to_charges",
            NoRows(
                "with charged as (select month, finding, currency, count(*) as in_charges, "
                "sum(billed_amount) as billed_in_charges from steps.charge_findings "
                "group by month, finding, currency), "
                "months as (select month, finding, currency, sum(charges) as in_months, "
                "sum(billed_amount) as billed_in_months from marts.billing_monthly "
                "group by month, finding, currency) "
                "select coalesce(c.month, m.month) as month, "
                "coalesce(c.finding, m.finding) as finding, "
                "coalesce(c.currency, m.currency) as currency, "
                "coalesce(in_charges, 0) as in_charges, coalesce(in_months, 0) as in_months, "
                "coalesce(billed_in_charges, 0) as billed_in_charges, "
                "coalesce(billed_in_months, 0) as billed_in_months "
                "from charged as c full join months as m on c.month is not distinct from m.month "
                "and c.finding = m.finding and c.currency = m.currency "
                "where coalesce(in_charges, 0) <> coalesce(in_months, 0) "
                "or coalesce(billed_in_charges, 0) <> coalesce(billed_in_months, 0)"
            ),
            TABLES,
            "The months add up to facts.charges, finding by finding, in number and money.",
            "各月之和与 facts.charges 按结论逐项相符，笔数与金额皆然。",
            ("steps.charge_findings",),
        ),
        critical(
            "months_add_up_to_exceptions",
            NoRows(
                "with months as ("
                "select 'overbilled' as exception, currency, overbilled_amount as amount, "
                "overbilled_charges as charges from marts.billing_monthly union all "
                "select 'unexplained' as exception, currency, unexplained_amount as amount, "
                "unexplained_charges as charges from marts.billing_monthly union all "
                "select 'unbilled' as exception, currency, unbilled_amount as amount, "
                "unbilled_charges as charges from marts.billing_monthly), "
                "summed as (select exception, currency, sum(amount) as amount, "
                "sum(charges) as charges from months group by exception, currency), "
                "listed as (select exception, currency, sum(at_stake_amount) as amount, "
                "count(*) as charges from marts.billing_exceptions "
                "where exception in ('overbilled', 'unexplained', 'unbilled') "
                "group by exception, currency) "
                "select coalesce(m.exception, e.exception) as exception, "
                "coalesce(m.currency, e.currency) as currency, "
                "coalesce(m.amount, 0) as in_months, coalesce(e.amount, 0) as in_exceptions, "
                "coalesce(m.charges, 0) as charges_in_months, "
                "coalesce(e.charges, 0) as charges_in_exceptions "
                "from summed as m full join listed as e "
                "on m.exception = e.exception and m.currency = e.currency "
                "where coalesce(m.amount, 0) <> coalesce(e.amount, 0) "
                "or coalesce(m.charges, 0) <> coalesce(e.charges, 0)"
            ),
            TABLES,
            "What is at stake in the months is what the exceptions list, in number and money.",
            "各月涉及的笔数与金额同例外清单相符。",
            ("marts.billing_exceptions",),
        ),
    ),
)

SUITES = (CHARGES, FINDINGS, EXCEPTIONS, BILLING_RECONCILIATION, BILLING_MONTHLY)
