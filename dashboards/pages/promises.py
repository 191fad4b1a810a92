"""The promises page, for management: every clause with its rate, its trend and what is open.

Frames: ``promises`` (needed), ``promise_parties``, ``promise_items``, ``clauses``. Every promise
of the ledger ``marts.obligations`` is here, whatever its kind; responses in depth are on the
management page, filings on the quality page.
"""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards import language as lang
from dashboards import words
from dashboards.language import Text
from dashboards.pages.management import reason_of, shade
from dashboards.population import Population, interval_text, population
from dashboards.report import Page, Report
from dashboards.statistics import difference_p_value
from dashboards.tables import Column, DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

Rows = list[dict[str, Any]]
#: Months across the table of rates.
MONTHS_SHOWN = 12
_SURE = 0.05
#: What the terms promise, where the clause as a whole says more than this, or less.
_RULES = {
    ("expert_team", "AS-7"): Text(
        "故障等级要求的，由技术专家小组服务",
        "Faults of the levels that call for it have an expert team",
    ),
    ("provider_routing", "AG"): Text("代理商由公司服务", "Agents are served by the company"),
    ("provider_routing", "EC"): Text(
        "最终客户由代理商服务，公司只接代理商升级的工单",
        "End customers are served by agents; the company takes what an agent escalates",
    ),
    ("provider_routing", "KA"): Text(
        "大客户由公司服务，代理商不单独服务",
        "Key accounts are served by the company, never by an agent alone",
    ),
    ("provider_routing", "OB"): Text(
        "由谁服务，取决于客户类型", "Who serves follows from the customer type"
    ),
    ("service_catalogue", "CAT"): Text(
        "服务须在此类客户的目录中", "The service is in the catalogue of the customer type"
    ),
    ("trial_contract", "PS-2"): Text(
        "产品试用须先签试用合同", "A product trial has a signed trial contract"
    ),
    ("assessment_consent", "PS-1"): Text(
        "安全评估须经客户许可，并送达书面报告",
        "A security assessment has the customer's consent and ends in a written report",
    ),
    ("filing", "KA"): Text(
        "代理商参与大客户的服务后须提交记录",
        "Agents who take part in serving a key account file records with the company",
    ),
}


def build(report: Report) -> Mapping[str, Any]:
    """What ``promises.html.j2`` prints."""
    rows = report.frame("promises").to_dicts()
    months = months_shown(rows, report.as_of.date())
    return {
        "months": [(month, report.is_closed(month)) for month in months],
        "promises": promises(report, rows, months),
        "people": population(rows),
        "parties": parties_table(report),
        "items": items_table(report),
    }


def months_shown(rows: Rows, last: date) -> list[date]:
    """The latest months with a promise, in order; those after ``last`` are left out."""
    months = sorted({row["month"] for row in rows if row["month"] is not None})
    return [month for month in months if month <= last][-MONTHS_SHOWN:]


def promises(report: Report, rows: Rows, months: Sequence[date]) -> list[dict[str, Any]]:
    """Each kind and clause: all its months together, the latest ones, and what changed."""
    clauses = {
        row["clause"]: Text(row["rule_zh"], row["rule_en"])
        for row in report.frame("clauses").iter_rows(named=True)
    }
    groups: dict[tuple[str, str], Rows] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["clause"]), []).append(row)
    order = {kind: place for place, kind in enumerate(words.KINDS)}
    found = []
    for (kind, clause), group in sorted(
        groups.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0])
    ):
        people = population(group)
        found.append(
            {
                "kind": words.label(words.KINDS, kind),
                "clause": clause,
                "rule": _RULES.get((kind, clause)) or clauses.get(clause),
                "people": people,
                "interval": interval_text(people),
                "trend": trend(report, group),
                "cells": [
                    _cell(population(row for row in group if row["month"] == month))
                    for month in months
                ],
            }
        )
    return found


def _cell(people: Population) -> dict[str, Any]:
    return {"shade": shade(people), "people": people}


def trend(report: Report, rows: Rows) -> Text:
    """The latest ended month with a decided promise against the months before it, in words."""
    closed = sorted(
        {
            row["month"]
            for row in rows
            if row["month"] is not None
            and report.is_closed(row["month"])
            and row["met"] + row["breached"]
        }
    )
    if len(closed) <= 1:
        return Text("无可比", "nothing to compare")
    last = closed[-1]
    now = population(row for row in rows if row["month"] == last)
    before = population(row for row in rows if row["month"] in closed[:-1])
    change = (now.rate or 0) - (before.rate or 0)
    shown = lang.points(change)
    if now.is_few or before.is_few:
        return Text(f"{last:%Y-%m}：{shown}，数量太少", f"{last:%Y-%m}: {shown}, too few to say")
    p_value = difference_p_value(now.met, now.decided, before.met, before.decided)
    if not change or p_value is None or p_value >= _SURE:
        return Text(f"{last:%Y-%m}：{shown}，偶然之内", f"{last:%Y-%m}: {shown}, within chance")
    if change < 0:
        return Text(f"{last:%Y-%m}：{shown}，变差", f"{last:%Y-%m}: {shown}, worse")
    return Text(f"{last:%Y-%m}：{shown}，变好", f"{last:%Y-%m}: {shown}, better")


_KIND = Column("kind", Text("承诺", "Promise"), "code", words.KINDS, is_filter=True)
_CLAUSE = Column("clause", Text("条款", "Clause"), is_filter=True)
_PARTIES = {"company": Text("公司", "Company"), "none": Text("不明", "Unknown")}


def parties_table(report: Report) -> DataTable | None:
    """Each promise by who is responsible, most breaches first."""
    if not report.has("promise_parties"):
        return None
    columns = (
        Column("responsible", Text("责任方", "Responsible"), "code", _PARTIES, is_filter=True),
        _KIND,
        _CLAUSE,
        Column("rate", Text("达标率", "Rate"), "percent"),
        Column("met", words.PROMISE_VERDICTS["met"], "number"),
        Column("breached", words.PROMISE_VERDICTS["breached"], "number"),
        Column("pending", words.PROMISE_VERDICTS["pending"], "number"),
        Column("unmeasurable", words.PROMISE_VERDICTS["unmeasurable"], "number"),
    )
    rows = []
    for row in report.frame("promise_parties").iter_rows(named=True):
        rate = population([row]).rate
        rows.append(
            (
                words.code_or_none(row["responsible"]),
                row["kind"],
                row["clause"],
                None if rate is None else round(rate, 4),
                row["met"],
                row["breached"],
                row["pending"],
                row["unmeasurable"],
            )
        )
    return DataTable(
        key="parties",
        caption=Text(
            "每项承诺按责任方：公司，或代理商编号。",
            "Each promise by who is responsible: the company, or an agent's number.",
        ),
        columns=columns,
        rows=tuple(rows),
        sort=("breached", "desc"),
        total=max(report.frame("promise_parties")["parties"], default=0),
    )


def items_table(report: Report) -> DataTable | None:
    """The promises broken or open, the latest of each kind."""
    if not report.has("promise_items"):
        return None
    frame = report.frame("promise_items")
    columns = (
        _KIND,
        Column("verdict", Text("结果", "Result"), "code", words.PROMISE_VERDICTS, is_filter=True),
        Column("subject_id", Text("对象", "Subject")),
        Column("ticket_id", Text("工单号", "Ticket"), "ticket"),
        Column("responsible", Text("责任方", "Responsible"), "code", _PARTIES, is_filter=True),
        Column(
            "customer_type",
            Text("客户类型", "Customer type"),
            "code",
            words.CUSTOMER_TYPES,
            is_filter=True,
        ),
        # As codes they stay on one line; an instant would be cut to the minute.
        Column("due_at", Text("到期", "Due"), "code"),
        Column("done_at", Text("完成", "Done"), "code"),
        Column("reason", Text("原因", "Reason"), "wide"),
        _CLAUSE,
        Column("month", Text("月份", "Month"), "code"),
    )
    ready = frame.with_columns(
        pl.col("month").dt.strftime("%Y-%m"), pl.col("responsible").fill_null("none")
    )
    shown = ({**row, **_times(row), "reason": _reason(row)} for row in ready.iter_rows(named=True))
    rows = tuple(tuple(row[column.key] for column in columns) for row in shown)
    total = sum(frame.select("kind", "verdict", "of_kind").unique()["of_kind"])
    return DataTable(
        key="items",
        caption=Text(
            "未履行的与尚未到期的承诺：每种每个结果最近 60 项，全部在数据仓库的 "
            "marts.obligations。",
            "Promises broken and promises open: the latest 60 of each kind and result; "
            "marts.obligations in the warehouse has all.",
        ),
        columns=columns,
        rows=rows,
        sort=("due_at", "desc"),
        empty=Text("没有未履行或未到期的承诺。", "No promise is broken or open."),
        total=total,
    )


def _times(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Due and done to the minute; to the second where the minutes do not tell them apart.

    What is due by the end of a day, an inspection or a training, is due at 24:00 of that day, not
    at 0:00 of the day after.
    """
    due, done = row["due_at"], row["done_at"]
    if row["kind"] in ("inspection", "training") and due is not None and due.time() == time():
        last = due - timedelta(days=1)
        return {"due_at": f"{last:%Y-%m-%d} 24:00", "done_at": _instant(done)}
    if due is not None and done is not None and lang.instant(due) == lang.instant(done):
        return {"due_at": f"{due:%Y-%m-%d %H:%M:%S}", "done_at": f"{done:%Y-%m-%d %H:%M:%S}"}
    return {"due_at": _instant(due), "done_at": _instant(done)}


def _instant(value: datetime | None) -> str | None:
    return None if value is None else lang.instant(value)


def _reason(row: Mapping[str, Any]) -> Text:
    """The fact's own reason; of a breached response without one, how late it was."""
    if row["reason"] or row["verdict"] != "breached" or row["elapsed_seconds"] is None:
        return Text(row["reason_zh"] or row["reason"] or "", row["reason"] or "")
    return reason_of(row)


_WORDS = {
    "breached": words.PROMISE_VERDICTS["breached"],
    "promises": Text("全部承诺", "All promises"),
    "by_clause": Text("逐条看", "Clause by clause"),
    "method": Text(
        "达标率 = 达标 ÷（达标 + 未达标）。格中为该月的达标率与 达标/已判定。月份为工单受理月，"
        "巡检为到期月。趋势是最近一个已结束的月份与此前各月之差（百分点）。",
        "Rate = met ÷ (met + breached). Cells show the month's rate and met of decided. The month "
        "is that of opening, for inspections that of the due time. The trend is the latest ended "
        "month against those before it, in points.",
    ),
    "promise": Text("承诺", "Promise"),
    "rate": Text("达标率", "Rate"),
    "trend": Text("趋势", "Trend"),
    "open": Text("未到期", "Open"),
    "none": Text("无", "none"),
    "parties": Text("谁负责", "Who is responsible"),
    "items": Text("未履行与未到期", "Broken and open"),
    "scale_few": Text("已判定不足 10 项", "fewer than 10 decided"),
    "no_promises": Text("没有承诺可以判定。", "There is no promise to judge."),
}

PAGE = Page(
    name="promises",
    title=Text("承诺履行", "Promises"),
    template="promises.html.j2",
    build=build,
    needs=("promises",),
    uses=("promise_parties", "promise_items", "clauses"),
    promise=Text(
        "每条承诺的达标率、趋势与未了事项。",
        "each promise with its rate, its trend and what is open.",
    ),
    words=_WORDS,
)
