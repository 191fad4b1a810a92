"""The finance page: what was billed against what may be, and the money in question.

Frames: ``billing_months`` (needed), ``billing_exceptions``, ``billing_ageing``,
``billing_parties``, ``billing_reconciliation``, ``billing_free_year``, ``billing_payments``,
``billing_sample``, ``billing_units``, ``billing_unit_charges``. Clauses: T1, T2, AS-1, AS-2,
AS-3, WA-1, WA-2, EC and readings 5, 6 and 11 to 15. Currencies are never added up.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from dashboards import language as lang
from dashboards import safe, words
from dashboards.language import Text, both
from dashboards.pages import finance_charts as charts
from dashboards.pages.finance_units import WIDTH, histories
from dashboards.report import ROWS_SHOWN, Page, Report
from dashboards.tables import Column, DataTable, StaticTable, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

Rows = list[dict[str, Any]]

EXCEPTIONS = {
    "overbilled": Text("多收", "Overbilled"),
    "unbilled": Text("漏收", "Not billed"),
    "unexplained": Text("待查", "Unexplained"),
    "off_rate": Text("与价目不符", "Off the rate card"),
    "overcredited": Text("红冲过多", "Over-credited"),
}
PARTIES = {"customer": Text("客户", "Customer"), "agent": Text("代理商", "Agent")}
_CHARTS = 3


def build(report: Report) -> Mapping[str, Any]:
    """What ``finance.html.j2`` prints."""
    months = report.frame("billing_months")
    rows = months.to_dicts()
    currencies = currencies_of(rows)
    last_month = report.months[-1] if report.months else None
    units = histories(
        report.frame("billing_units"),
        report.frame("billing_unit_charges"),
        report.as_of.date(),
    )
    return {
        "views": [_view(report, rows, currencies, month) for month in (*report.shown_months, None)],
        "charts": [
            chart
            for currency in currencies[:_CHARTS]
            if (chart := charts.money_by_month(rows, currency, last_month)) is not None
        ],
        "exceptions": exceptions_table(report),
        "ageing": ageing_table(report.frame("billing_ageing")),
        "parties": parties_table(report),
        "units": units,
        "unit_width": WIDTH,
        "free_year": free_year(report.frame("billing_free_year")),
        "balance": balance(report.frame("billing_reconciliation")),
        "reconciliation": reconciliation_table(report.frame("billing_reconciliation")),
        "renewals": renewals_table(report),
        "payments": payments_table(report.frame("billing_payments")),
        "sample": sample_table(report.frame("billing_sample")),
        "seed": None
        if report.frame("billing_sample").is_empty()
        else int(report.frame("billing_sample")["seed"][0]),
    }


def currencies_of(rows: Rows) -> list[str]:
    """The currencies, the one with most charges billed first."""
    charges: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        charges[row["currency"]] += row["charges"]
    return sorted(charges, key=lambda currency: (-charges[currency], currency))


def _view(report: Report, rows: Rows, currencies: list[str], month: date | None) -> dict[str, Any]:
    """One month's section; ``month`` None is all months together, those without one included."""
    chosen = [row for row in rows if month is None or row["month"] == month]
    return {
        "key": lang.month(month) if month else "all",
        "title": both(lang.month(month)) if month else words.WORDS["all_months"],
        "is_default": month == report.month,
        "is_closed": month is None or report.is_closed(month),
        "has_charges": bool(chosen),
        "glance": glance(chosen, currencies),
        "findings": findings_table(chosen),
    }


def glance(rows: Rows, currencies: Sequence[str]) -> list[dict[str, Any]]:
    """Four questions: money by currency (zeros left out), and the number of charges."""

    def box(label: Text, note: Text, amount: str, chosen: Rows, count: str) -> dict[str, Any]:
        totals = {
            currency: sum(row[amount] for row in chosen if row["currency"] == currency)
            for currency in currencies
        }
        return {
            "label": label,
            "note": note,
            "charges": sum(row[count] for row in chosen),
            "amounts": [(currency, total) for currency, total in totals.items() if total],
        }

    return [
        box(
            Text("公司多收，应退", "Overbilled by the company"),
            Text(
                "免费、担保期内、不提供、重复、开票方不符",
                "free, under warranty, not provided, duplicate, wrong biller",
            ),
            "overbilled_amount",
            [row for row in rows if row["billed_by"] != "agent"],
            "overbilled_charges",
        ),
        box(
            Text("公司应收未收", "Not billed by the company"),
            Text(
                "价目表给出金额的计入金额，其余只计笔数",
                "in money where the rate card knows the amount, otherwise in count",
            ),
            "unbilled_amount",
            rows,
            "unbilled_charges",
        ),
        box(
            Text("无法解释的收费", "Unexplained"),
            Text(
                "无主收费，及资料不足、应否收取或应收多少无法确定的收费",
                "orphans, and charges of which data is missing to tell what, or how much, is due",
            ),
            "unexplained_amount",
            rows,
            "unexplained_charges",
        ),
        box(
            Text("代理商多收", "Overbilled by agents"),
            Text(
                "代理商开出的发票，不是公司的账",
                "invoices that agents issued, not the company's books",
            ),
            "overbilled_amount",
            [row for row in rows if row["billed_by"] == "agent"],
            "overbilled_charges",
        ),
    ]


def findings_table(rows: Rows) -> StaticTable:
    """Every finding with its clause, charges and money; the most money in question first."""
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(
            str(row[name] or "")
            for name in ("finding", "clause", "charge_type", "biller", "currency")
        )
        group = groups.setdefault(key, {"charges": 0, "billed": 0, "stake": 0.0, "unrated": 0})
        group["charges"] += row["charges"]
        group["billed"] += row["billed_amount"]
        group["stake"] += charts.at_stake(row)
        group["unrated"] += row["unrated_charges"]
    order = sorted(
        groups, key=lambda key: (-abs(groups[key]["stake"]), -groups[key]["unrated"], key)
    )
    return StaticTable(
        caption=Text(
            "全部收费按结论汇总；各行已收金额之和等于发票合计。涉及金额为多收、待查与漏收，"
            "不含贷记多于已收的。",
            "All charges by finding; the amounts billed add up to the invoices. At stake is what "
            "was overbilled, is unexplained or was not billed; not what was credited beyond bills.",
        ),
        header=(
            Text("结论", "Finding"),
            Text("收费类型", "Charge type"),
            Text("条款", "Clause"),
            Text("应开票方", "To be billed by"),
            Text("笔数", "Charges"),
            Text("已收", "Billed"),
            Text("涉及金额", "At stake"),
            Text("币种", "Currency"),
        ),
        rows=tuple(
            (
                words.label(words.FINDINGS, key[0]),
                words.label(words.CHARGE_TYPES, key[2]) if key[2] else lang.NOTHING,
                key[1],
                words.label(words.PROVIDERS, key[3]) if key[3] else lang.NOTHING,
                lang.count(groups[key]["charges"]),
                lang.money(groups[key]["billed"]),
                _stake(groups[key]),
                key[4],
            )
            for key in order
        ),
        numeric=frozenset({4, 5, 6}),
    )


def _stake(group: Mapping[str, Any]) -> Text | str:
    if group["unrated"] and not group["stake"]:
        return Text("无价目", "no rate")
    return lang.money(group["stake"]) if group["stake"] else lang.NOTHING


_MONTH = Column("month", words.WORDS["month"], is_hidden=True)
_CURRENCY = Column("currency", Text("币种", "Currency"), is_filter=True)
_TYPE = Column(
    "charge_type", Text("收费类型", "Charge type"), "code", words.CHARGE_TYPES, is_filter=True
)
_FINDING = Column("finding", Text("结论", "Finding"), "code", words.FINDINGS, is_filter=True)
_KIND = Column("exception", Text("类别", "Kind"), "code", EXCEPTIONS, is_filter=True)
_HIDDEN_KIND = replace(_KIND, is_hidden=True)
_STAKE = Column("at_stake_amount", Text("涉及金额", "At stake"), "money")


def exceptions_table(report: Report) -> DataTable | None:
    """The charges somebody must look at, the most money first, each with its reason."""
    if not report.has("billing_exceptions"):
        return None
    frame = report.frame("billing_exceptions")
    columns = (
        Column("ticket_id", Text("工单号", "Ticket"), "ticket"),
        _MONTH,
        _FINDING,
        _TYPE,
        _STAKE,
        Column("billed_amount", Text("已收", "Billed"), "money"),
        _CURRENCY,
        Column("reason", Text("理由", "Reason"), "wide"),
        Column("age_days", Text("账龄（天）", "Age, days"), "number"),
        Column("customer_name", Text("客户", "Customer"), "wide"),
        Column("unit", Text("产品序列号", "Unit"), "link"),
        Column("invoice_lines", Text("发票行", "Invoice lines")),
        Column(
            "biller", Text("应开票方", "To be billed by"), "code", words.PROVIDERS, is_filter=True
        ),
        Column("issuers", Text("开票方", "Issued by"), is_hidden=True),
        Column("clause", Text("条款", "Clause"), is_filter=True),
        Column("readings", Text("解读", "Readings"), is_hidden=True),
        _HIDDEN_KIND,
        Column("service_code", Text("服务编码", "Service"), is_hidden=True),
        Column("customer_id", Text("客户编号", "Customer id"), is_hidden=True),
        Column("agent_id", Text("代理商", "Agent"), is_hidden=True),
        Column("contract_id", Text("合同编号", "Contract"), is_hidden=True),
        Column("money_rank", Text("名次", "Rank"), "number", is_hidden=True),
    )
    shown_units = set()
    if report.has("billing_units"):
        shown_units = set(report.frame("billing_units")["serial_no"])
    rows = tuple(
        tuple(_cell(column.key, row, shown_units) for column in columns)
        for row in frame.head(ROWS_SHOWN).iter_rows(named=True)
    )
    return DataTable(
        key="exceptions",
        caption=Text(
            "需要处理的收费，金额大的在前。工单号链接到工单，产品序列号链接到产品的时间线。",
            "Charges somebody must look at, the most money first. Tickets lead to the ticket, "
            "units to the unit's line of time.",
        ),
        columns=columns,
        rows=rows,
        sort=("money_rank", "asc"),
        month_column="month",
        empty=Text("没有需要处理的收费。", "There are no charges to look at."),
        total=frame.height,
        month_totals={
            lang.month(month): count
            for month, count in frame["month"].drop_nulls().value_counts().sort("month").iter_rows()
        },
        file="data/billing_exceptions.csv" if frame.height else None,
    )


def _cell(name: str, row: Mapping[str, Any], shown_units: set[str]) -> object:
    if name == "reason":
        return Text(row["reason_zh"] or "", row["reason"] or "")
    if name == "month":
        return None if row["month"] is None else lang.month(row["month"])
    if name == "unit":
        serial = row["serial_no"]
        if serial is None:
            return None
        place = f"finance.html#unit={quote(serial)}&at=unit" if serial in shown_units else None
        return [serial, place]
    if name == "issuers":
        return issuers_in_words(row["issuers"])
    value = row[name]
    return (
        float(value)
        if name in ("at_stake_amount", "billed_amount") and value is not None
        else value
    )


def issuers_in_words(issuers: str | None) -> Text | None:
    """Who billed: the company in words, agents by their ids."""
    if issuers is None:
        return None
    company, ids = words.PROVIDERS["company"], issuers.split(", ")
    zh, en = (
        ", ".join(name if one == "company" else one for one in ids)
        for name in (company.zh, company.en)
    )
    return Text(zh, en)


def downloads(report: Report) -> Mapping[str, str]:
    """The exceptions and the units to renew as files, up to their queries' own bound."""
    files = {"data/billing_exceptions.csv": "billing_exceptions", "data/renewals.csv": "renewals"}
    return {
        path: safe.csv_frame(frame)
        for path, name in files.items()
        if not (frame := report.frame(name)).is_empty()
    }


def renewals_table(report: Report) -> DataTable | None:
    """The units whose warranty ends soon, the first to end at the top.

    Without the installed base it is not known when a warranty ends: None.
    """
    if not report.has("renewals") or "installed_base" not in report.exports:
        return None
    frame = report.frame("renewals")
    days = ("purchased_on", "warranty_ends_on", "maintenance_from_on", "covered_to_on")
    columns = (
        Column("serial_no", Text("产品序列号", "Unit")),
        Column("product_type", Text("产品类型", "Product type"), is_filter=True),
        Column("customer_name", Text("客户", "Customer"), "wide"),
        Column("customer_id", Text("客户编号", "Customer id"), is_hidden=True),
        Column(
            "customer_type",
            Text("客户类型", "Kind of customer"),
            "code",
            words.CUSTOMER_TYPES,
            is_filter=True,
        ),
        Column("contract_id", Text("合同编号", "Contract")),
        Column("days_left", Text("剩余天数", "Days left"), "number"),
        Column("warranty_ends_on", Text("担保期满后首日", "First day out of warranty")),
        Column("maintenance_from_on", Text("维护费可收首日", "Maintenance fee from")),
        Column("covered_to_on", Text("已收服务期至", "Billed up to")),
        Column("purchased_on", Text("购买日期", "Purchased"), is_hidden=True),
    )
    ready = frame.head(ROWS_SHOWN).with_columns(pl.col(days).dt.strftime("%Y-%m-%d"))
    return DataTable(
        key="renewals",
        caption=Text(
            "担保即将到期的产品，先到期的在前；已收服务期的列明收到哪一天。提前多少天列入是内部规定"
            "（解读 17）。",
            "Units whose warranty ends soon, the first to end at the top, with the day up to which "
            "maintenance is billed already. How long before is a house rule (reading 17).",
        ),
        columns=columns,
        rows=rows_of(ready, [column.key for column in columns]),
        sort=("days_left", "asc"),
        empty=Text("提示期内没有担保到期的产品。", "No warranty ends within the notice."),
        total=frame.height,
        file="data/renewals.csv" if frame.height else None,
    )


def ageing_table(frame: pl.DataFrame) -> StaticTable | None:
    """How long the exceptions have been waiting: charges and money by step of age."""
    if frame.is_empty():
        return None
    known = frame.filter(pl.col("from_days").is_not_null())
    steps = known.select("from_days", "is_last_step").unique().sort("from_days").rows()
    names: list[Text | str] = [
        Text(
            f"{days} 天起" if is_last else f"{days} 天起的一期",
            f"from {lang.counted(days, 'day', 'days')}",
        )
        for days, is_last in steps
    ]
    groups: dict[tuple[str, str], dict[int | None, tuple[int, float]]] = {}
    for row in frame.iter_rows(named=True):
        cells = groups.setdefault((row["exception"], row["currency"]), {})
        cells[row["from_days"]] = (row["charges"], float(row["at_stake_amount"]))
    has_unknown = known.height < frame.height
    places = [*(days for days, _ in steps), *([None] if has_unknown else [])]
    return StaticTable(
        caption=Text(
            "账龄按条款的开票期（天）分档；格中为笔数与金额。",
            "Age in billing periods of the terms; cells show charges and money.",
        ),
        header=(
            Text("类别", "Kind"),
            Text("币种", "Currency"),
            *(name if isinstance(name, Text) else both(name) for name in names),
            *([Text("日期不明", "date unknown")] if has_unknown else []),
        ),
        rows=tuple(
            (
                words.label(EXCEPTIONS, exception),
                currency,
                *(_aged(groups[exception, currency].get(place)) for place in places),
            )
            for exception, currency in sorted(
                groups, key=lambda key: (list(EXCEPTIONS).index(key[0]), key[1])
            )
        ),
        numeric=frozenset(range(2, 2 + len(places))),
    )


def _aged(cell: tuple[int, float] | None) -> str:
    if cell is None:
        return lang.NOTHING
    charges, amount = cell
    return f"{lang.count(charges)} · {lang.money(amount)}" if amount else lang.count(charges)


def parties_table(report: Report) -> DataTable | None:
    """The customers and agents with the most money in question."""
    if not report.has("billing_parties"):
        return None
    is_known = pl.col("unvalued_charges") < pl.col("charges")
    frame = report.frame("billing_parties").with_columns(
        pl.when(is_known).then(pl.col("at_stake_amount").cast(pl.Float64))
    )
    columns = (
        Column("party_name", Text("名称", "Name"), "wide"),
        Column("party_id", Text("编号", "Id")),
        Column("party", Text("客户或代理商", "Party"), "code", PARTIES, is_filter=True),
        _KIND,
        _FINDING,
        Column("charges", Text("笔数", "Charges"), "number"),
        _STAKE,
        _CURRENCY,
        Column("unvalued_charges", Text("其中无价目", "No rate"), "number"),
    )
    return DataTable(
        key="parties",
        caption=Text(
            "按客户与代理商汇总，全部月份。代理商的行是其自行开票或应由其开票的收费。",
            "By customer and agent, all months. An agent's rows are charges it billed or is to "
            "bill itself.",
        ),
        columns=columns,
        rows=rows_of(frame, [column.key for column in columns]),
        sort=("at_stake_amount", "desc"),
    )


def free_year(frame: pl.DataFrame) -> dict[str, Any] | None:
    """What the other choice of reading 5 would change, as sentences and a table."""
    if frame.is_empty():
        return None
    sentences = []
    for currency in sorted(frame["currency"].unique()):
        part = frame.filter(pl.col("currency") == currency)
        charges = int(part["charges"].sum())
        now, then = (
            lang.money(part[name].sum())
            for name in ("overbilled_amount", "overbilled_amount_other_reading")
        )
        before, after = (
            int(part[name].sum()) for name in ("unbilled_charges", "unbilled_charges_other_reading")
        )
        sentences.append(
            Text(
                f"{charges:,} 笔收费的结论会改变；其中多收金额由 {now} 变为 {then} {currency}，"
                f"应收未收由 {before:,} 笔变为 {after:,} 笔。",
                f"{lang.counted(charges, 'charge', 'charges')} would change; money overbilled on "
                f"them from {now} to {then} {currency}, charges not billed from {before:,} to "
                f"{after:,}.",
            )
        )
    table = StaticTable(
        header=(
            Text("现在", "Now"),
            Text("另一种解读", "Under the other choice"),
            Text("笔数", "Charges"),
            Text("已收", "Billed"),
            Text("币种", "Currency"),
        ),
        rows=tuple(
            (
                words.label(words.FINDINGS, row["finding"]),
                words.label(words.FINDINGS, row["finding_other_reading"]),
                lang.count(row["charges"]),
                lang.money(row["billed_amount"]),
                row["currency"],
            )
            for row in frame.iter_rows(named=True)
        ),
        numeric=frozenset({2, 3}),
    )
    return {"sentence": lang.joined(sentences), "table": table}


def balance(frame: pl.DataFrame) -> Text | None:
    """Charges against invoices, in one sentence per currency."""
    if frame.is_empty():
        return None
    parts = []
    for currency in sorted(frame["currency"].unique()):
        part = frame.filter(pl.col("currency") == currency)
        lines, placed = (int(part[name].sum()) for name in ("invoice_lines", "placed_lines"))
        invoiced, charged = (
            lang.money(part[name].sum()) for name in ("invoice_amount", "charge_amount")
        )
        wrong = [
            lang.month(row["month"]) for row in part.filter(pl.col("difference") != 0).to_dicts()
        ]
        end = (
            Text(f"不符的月份：{'、'.join(wrong)}。", f"Months that differ: {', '.join(wrong)}.")
            if wrong
            else Text("每个月都分毫不差。", "Every month agrees to the cent.")
        )
        parts.append(
            Text(
                f"{lines:,} 行发票中 {placed:,} 行各归入一笔收费；发票合计 {invoiced} {currency}，"
                f"收费合计 {charged} {currency}。{end.zh}",
                f"{placed:,} of "
                f"{lang.counted(lines, 'invoice line is', 'invoice lines are each')} in one "
                f"charge; invoices {invoiced} {currency}, charges {charged} {currency}. {end.en}",
            )
        )
    return lang.joined(parts)


def reconciliation_table(frame: pl.DataFrame) -> StaticTable | None:
    """Invoices and charges, month by month and by currency."""
    if frame.is_empty():
        return None
    return StaticTable(
        caption=Text(
            "发票行计入其工单的受理月；没有工单的，计入开票月。各月合计即全部发票。",
            "A line counts in the month its ticket was opened, without a ticket in the month it "
            "was issued. The months together are the whole invoice export.",
        ),
        header=(
            words.WORDS["month"],
            Text("币种", "Currency"),
            Text("发票行", "Lines"),
            Text("发票金额", "Invoices"),
            Text("收费金额", "Charges"),
            Text("差额", "Difference"),
        ),
        rows=tuple(
            (
                lang.month(row["month"]),
                row["currency"],
                lang.count(row["invoice_lines"]),
                lang.money(row["invoice_amount"]),
                lang.money(row["charge_amount"]),
                lang.money(row["difference"]),
            )
            for row in frame.iter_rows(named=True)
        ),
        numeric=frozenset({2, 3, 4, 5}),
    )


def payments_table(frame: pl.DataFrame) -> StaticTable | None:
    """How invoice lines were paid, and whether AS-3 names that way."""
    if frame.is_empty():
        return None
    named = {
        True: Text("是", "yes"),
        False: Text("▲ 否", "▲ no"),
        None: both(lang.NOTHING),
    }
    return StaticTable(
        header=(
            Text("付款方式", "Payment"),
            Text("条款 AS-3 列明", "Named in AS-3"),
            Text("发票行", "Lines"),
            Text("金额", "Amount"),
            Text("币种", "Currency"),
        ),
        rows=tuple(
            (
                row["payment_method"] or Text("未写明", "not given"),
                named[row["is_named"]],
                lang.count(row["invoice_lines"]),
                lang.money(row["amount"]),
                row["currency"],
            )
            for row in frame.iter_rows(named=True)
        ),
        numeric=frozenset({2, 3}),
    )


def _band(text: str) -> str:
    """A band of amounts, its bound with separators."""
    sign, _, bound = text.rpartition(" ")
    return f"{sign} {int(bound):,}".strip()


def sample_table(frame: pl.DataFrame) -> StaticTable | None:
    """The strata of the audit sample, and how many were drawn from each."""
    if frame.is_empty():
        return None
    return StaticTable(
        header=(
            Text("结论", "Finding"),
            Text("金额档", "Amount"),
            Text("币种", "Currency"),
            Text("总数", "Charges"),
            Text("抽取", "Drawn"),
        ),
        rows=tuple(
            (
                words.label(words.FINDINGS, row["finding"]),
                _band(row["amount_band"]),
                row["currency"],
                lang.count(row["stratum_charges"]),
                lang.count(row["drawn"]),
            )
            for row in frame.iter_rows(named=True)
        ),
        numeric=frozenset({3, 4}),
    )


_WORDS = {
    "month_to_date": Text(
        "本月尚未结束，数字为月内累计。", "This month is not over: figures are month to date."
    ),
    "no_charges": Text(
        "这个月没有收费或应收的服务。", "Nothing was charged or chargeable in this month."
    ),
    "charge": Text("笔", "charge"),
    "charges": Text("笔", "charges"),
    "findings": Text("按结论与条款", "By finding and clause"),
    "money": Text("涉及金额的走势", "Money at stake over time"),
    "exceptions": Text("需要处理的收费", "Charges to look at"),
    "workbook": Text("下载工作簿 finance.xlsx", "Download the workbook finance.xlsx"),
    "workbook_holds": Text(
        "：结论、发票行、对账、抽样、解读。",
        ": findings, evidence lines, reconciliation, audit sample, readings.",
    ),
    "ageing": Text("账龄", "Ageing"),
    "parties": Text("客户与代理商", "Customers and agents"),
    "unit": Text("一台产品的来龙去脉", "The history of one unit"),
    "choose_unit": Text("产品", "Unit"),
    "units_shown": Text(
        "可选的是涉及金额最大的产品；全部产品在数据仓库的 marts.billing_units。",
        "To choose from: the units with the most money in question; marts.billing_units in the "
        "warehouse has all.",
    ),
    "warranty": Text("担保期", "Warranty"),
    "free": Text("免费服务期", "Free year"),
    "paid": Text("已收的服务期", "Periods billed"),
    "services": Text("服务", "Services"),
    "bills": Text("开票", "Bills"),
    "today": Text("截至", "As of"),
    "in_order": Text("● 服务或开票，无须处理", "● service or bill, nothing to look at"),
    "wrong": Text("▲ 服务或开票，需要处理", "▲ service or bill to look at"),
    "period_billed": Text("已收的服务期", "period billed"),
    "too_early": Text(
        "其中早于维护费可收首日的部分（加框、较高）",
        "its part before a maintenance fee may begin (outlined, taller)",
    ),
    "renewals": Text("担保即将到期", "Warranties about to end"),
    "no_installed_base": Text(
        "没有装机清单，不知道哪些产品的担保将要到期。",
        "The installed base is not among the exports, so it is not known which warranties end.",
    ),
    "free_year": Text("解读 5：若免费服务期也免服务费", "Reading 5: the other choice"),
    "free_year_same": Text("没有结论会改变。", "No finding would change."),
    "reconciliation": Text("与发票核对", "Reconciliation with the invoices"),
    "by_month": Text("逐月", "Month by month"),
    "payments": Text("付款方式", "How bills are paid"),
    "sample": Text("抽样核对", "Audit sample"),
    "sample_says": Text(
        "从每种结论、每档金额中抽取，含无异常的收费；名单、来源行与填写结果的空栏在工作簿中。种子：",
        "Drawn from every finding and size, unflagged ones included; the list with source rows "
        "and a column for the result is in the workbook. Seed:",
    ),
}

PAGE = Page(
    name="finance",
    title=Text("财务核对", "Finance"),
    template="finance.html.j2",
    build=build,
    needs=("billing_months",),
    uses=(
        "billing_exceptions",
        "billing_ageing",
        "billing_parties",
        "billing_reconciliation",
        "billing_free_year",
        "billing_payments",
        "billing_sample",
        "billing_units",
        "billing_unit_charges",
        "renewals",
    ),
    exports=("tickets", "invoices"),
    promise=Text(
        "哪些该收、哪些免费、哪些已收；多收、漏收与待查的金额，与发票逐月核对。",
        "what is billable, free and billed; money overbilled, not billed and unexplained, "
        "reconciled with the invoices month by month.",
    ),
    words=_WORDS,
    has_months=True,
    downloads=downloads,
)
