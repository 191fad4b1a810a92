"""The sheets of finance's workbook: which rows, in what order, under which headers.

Belongs here: one query and its columns for each sheet. Does not belong here: how a sheet is
written (``dashboards.workbook``) or what its rows mean (``models``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dashboards.workbook import Column

EXCEPTIONS: Final = {
    "overbilled": "多收 overbilled",
    "unbilled": "漏收 unbilled",
    "unexplained": "待查 unexplained",
    "off_rate": "与价目不符 off the rate card",
    "overcredited": "红冲过多 overcredited",
}


@dataclass(frozen=True)
class Sheet:
    """One sheet: a query, and a column for each of its columns, in order."""

    name: str
    sql: str
    columns: tuple[Column, ...]


#: Without that export nobody knows what was billed, so nothing is called unbilled.
INVOICES_GIVEN: Final = "exists (select 1 from meta.files where export = 'invoices')"

FINDINGS_SHEET: Final = "结论 Findings"
_FINDINGS: Final = Sheet(
    FINDINGS_SHEET,
    # Numbered anew, should some be left out.
    "select row_number() over (partition by currency order by money_rank), "  # noqa: S608 - as above
    "exception, finding, charge_type, expected, biller, issuers, "
    "at_stake_amount, billed_amount, currency, month, waiting_since_on, age_days, overlap_days, "
    "customer_id, customer_name, customer_type, ticket_id, serial_no, contract_id, service_code, "
    "service_level, clause, readings, reason_zh, reason, invoice_lines, ticket_file, ticket_row, "
    "charge_id from marts.billing_exceptions "
    f"where exception <> 'unbilled' or {INVOICES_GIVEN} "
    "order by money_rank, currency limit $most",
    (
        Column("金额名次 Rank", "number"),
        Column("类别 Kind"),
        Column("结论 Finding"),
        Column("收费类型 Charge type"),
        Column("应否收费 Expected"),
        Column("应开票方 To be billed by"),
        Column("实际开票方 Issuers"),
        Column("涉及金额 At stake", "money"),
        Column("已收金额 Billed", "money"),
        Column("币种 Currency", "number"),
        Column("月份 Month", "month"),
        Column("起算日 Waiting since", "date"),
        Column("账龄（天）Age, days", "number"),
        Column("重叠天数 Overlap, days", "number"),
        Column("客户编号 Customer"),
        Column("客户名称 Customer name"),
        Column("客户类型 Customer type"),
        Column("工单号 Ticket"),
        Column("产品序列号 Unit"),
        Column("合同编号 Contract"),
        Column("服务编码 Service"),
        Column("服务等级 Level", "number"),
        Column("条款 Clause", "number"),
        Column("解读 Readings", "number"),
        Column("理由（中文）", "wide"),
        Column("Reason (English)", "wide"),
        Column("发票行 Invoice lines"),
        Column("工单来源文件 Ticket file"),
        Column("行 Row", "number"),
        Column("收费编号 Charge"),
    ),
)
_EVIDENCE: Final = Sheet(
    "发票行 Evidence",
    "select found.money_rank, found.finding, lines.invoice_id, lines.line_no, placed.issued_on, "
    "lines.issuer, lines.customer_id, lines.ticket_id, lines.serial_no, lines.contract_id, "
    "lines.charge_type, lines.amount, placed.currency, lines.payment_method, "
    "lines.coverage_start, lines.coverage_end, lines.source_file, lines.source_row, "
    "placed.charge_id from marts.billing_exceptions as found "
    "join steps.invoice_lines as placed on placed.charge_id = found.charge_id "
    "join staging.invoices as lines "
    "on lines.invoice_id = placed.invoice_id and lines.line_no = placed.line_no "
    "order by found.money_rank, found.currency, lines.invoice_id, lines.line_no limit $most",
    (
        Column("金额名次 Rank", "number"),
        Column("结论 Finding"),
        Column("发票号 Invoice"),
        Column("行号 Line", "number"),
        Column("开票日期 Issued", "date"),
        Column("开票方 Issuer"),
        Column("客户编号 Customer"),
        Column("工单号 Ticket"),
        Column("产品序列号 Unit"),
        Column("合同编号 Contract"),
        Column("收费类型 Charge type"),
        Column("金额 Amount", "money"),
        Column("币种 Currency", "number"),
        Column("付款方式 Payment"),
        Column("服务期起 Covers from", "date"),
        Column("服务期止 Covers to", "date"),
        Column("来源文件 File"),
        Column("行 Row", "number"),
        Column("收费编号 Charge"),
    ),
)
_RECONCILIATION: Final = Sheet(
    "对账 Reconciliation",
    "select month, currency, invoice_lines, placed_lines, invoice_amount, charges, "
    "charge_amount, difference from marts.billing_reconciliation "
    "order by month nulls last, currency limit $most",
    (
        Column("月份 Month", "month"),
        Column("币种 Currency", "number"),
        Column("发票行数 Invoice lines", "number"),
        Column("已归入行数 Lines placed", "number"),
        Column("发票金额 Invoiced", "money"),
        Column("收费笔数 Charges", "number"),
        Column("收费金额 Charged", "money"),
        Column("差额 Difference", "money"),
    ),
)
_SAMPLE: Final = Sheet(
    "抽样 Audit sample",
    "select seed, sample_no, finding, amount_band, stratum_charges, charge_type, expected, "
    "billed_amount, currency, month, customer_id, ticket_id, serial_no, clause, reason_zh, reason, "
    "invoice_lines, evidence, charge_id, null as result, null as checked_by, null as remark "
    "from meta.audit_sample order by sample_no limit $most",
    (
        Column("种子 Seed"),
        Column("序号 No.", "number"),
        Column("结论 Finding"),
        Column("金额档 Amount band"),
        Column("本层总数 In stratum", "number"),
        Column("收费类型 Charge type"),
        Column("应否收费 Expected"),
        Column("已收金额 Billed", "money"),
        Column("币种 Currency", "number"),
        Column("月份 Month", "month"),
        Column("客户编号 Customer"),
        Column("工单号 Ticket"),
        Column("产品序列号 Unit"),
        Column("条款 Clause", "number"),
        Column("理由（中文）", "wide"),
        Column("Reason (English)", "wide"),
        Column("发票行 Invoice lines"),
        Column("来源 Evidence", "wide"),
        Column("收费编号 Charge"),
        Column("核对结果 Result"),
        Column("核对人 Checked by"),
        Column("备注 Remark"),
    ),
)
_RENEWALS: Final = Sheet(
    "续保 Renewals",
    "select serial_no, product_type, customer_id, customer_type, contract_id, purchased_on, "
    "warranty_ends_on, days_left, maintenance_from_on, covered_to_on from marts.renewals "
    "order by warranty_ends_on, serial_no limit $most",
    (
        Column("产品序列号 Unit"),
        Column("产品类型 Product type"),
        Column("客户编号 Customer"),
        Column("客户类型 Customer type"),
        Column("合同编号 Contract"),
        Column("购买日期 Purchased", "date"),
        Column("担保期满后首日 First day out", "date"),
        Column("剩余天数 Days left", "number"),
        Column("维护费可收首日 Fee from", "date"),
        Column("已收服务期至 Billed up to", "date"),
    ),
)
_READINGS: Final = Sheet(
    "解读 Readings",
    "select periods.valid_from, readings.reading, readings.title_zh, readings.title_en, "
    "readings.choice, coalesce(readings.choice = readings.default_choice, true) as is_default, "
    "readings.text_zh, readings.text_en, readings.clause "
    "from terms.readings as readings "
    "join terms.periods as periods on periods.period_id = readings.period_id "
    "order by periods.valid_from, readings.reading limit $most",
    (
        Column("自 From", "date"),
        Column("编号 No.", "number"),
        Column("解读"),
        Column("Reading"),
        Column("所选 Choice"),
        Column("默认 Default", "number"),
        Column("内容", "wide"),
        Column("Text", "wide"),
        Column("条款 Clause", "number"),
    ),
)
SHEETS: Final = (_FINDINGS, _EVIDENCE, _RECONCILIATION, _SAMPLE, _RENEWALS, _READINGS)
