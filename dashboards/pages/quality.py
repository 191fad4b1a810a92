"""The quality page: which agents do not file, how certain that is, and what else stands out.

Frames: ``agent_standing`` (needed), ``filing_months`` (needed), ``agent_totals``,
``agent_silence_months``, ``agent_flags``, ``agent_flag_rows``, ``record_class_totals``,
``record_exceptions``, ``filings_outstanding``. Clauses: AG, KA, reading 8 (a house rule).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards import language as lang
from dashboards import safe, words
from dashboards.agent_sheet import field_names, sheet_path
from dashboards.language import Text
from dashboards.pages import quality_charts as charts
from dashboards.population import Population, interval_text
from dashboards.report import ROWS_SHOWN, Page, Report
from dashboards.statistics import FEW, difference_p_value
from dashboards.tables import Column, DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Rows = list[dict[str, Any]]
_SURE = 0.05
_COMPANY = {"company": words.PROVIDERS["company"]}
#: Days of silence in a month from which on its cell is darker.
_SHADES = ((28, "h4"), (21, "h3"), (14, "h2"), (7, "h1"))
_AGENTS_IN_HEAT = 20
#: Agents in the table of the page: nearly every company's all, so that a search finds any.
_AGENTS_LISTED = 1000
_MONTHS_IN_HEAT = 12  # as many as fit on paper
_SECONDS_PER_DAY = 86400

FLAGS = {
    "silent": Text("不再提交", "Gone silent"),
    "retired": Text("已停用未交清", "Retired, not all filed"),
    "batch": Text("月末集中提交", "Batch at month's end"),
    "copied_text": Text("文字雷同", "Copied texts"),
}
EXCEPTIONS = {
    "no_ticket": Text("工单不存在", "No such ticket"),
    "not_submitted_yet": Text("提交晚于截止时间", "Submitted after the as-of"),
    "no_agent": Text("未写代理商", "Agent not named"),
    "other_agent": Text("他人的工单", "Another agent's ticket"),
    "not_finished": Text("服务未完成", "Service not finished"),
    "not_owed": Text("无须提交", "Not owed"),
    "owed_unknown": Text("不知是否须交", "Not known if owed"),
    "agent_not_named": Text("工单未写代理商", "Ticket names no agent"),
    "form_unknown": Text("应交表单不明", "Form owed unknown"),
    "no_time": Text("无提交时间", "No submission time"),
    "repeat": Text("重复提交", "Repeats another"),
}
_CLASSES = {
    **EXCEPTIONS,
    "counted": Text("计入", "Counted"),
    "incomplete": words.FINDINGS["incomplete"],
    "wrong_form": words.FINDINGS["wrong_form"],
}


def build(report: Report) -> Mapping[str, Any]:
    """What ``quality.html.j2`` prints."""
    months = report.frame("filing_months").to_dicts()
    agents = report.frame("agent_standing").to_dicts()
    counts = {name: sum(row[name] for row in months) for name in charts.FINDINGS}
    people = Population(
        met=counts["filed_on_time"],
        breached=sum(
            counts[name] for name in ("filed_late", "incomplete", "wrong_form", "missing")
        ),
        pending=counts["pending"],
        unmeasurable=counts["unmeasurable"],
    )
    return {
        "people": people,
        "interval": interval_text(people),
        "numbers": [(charts.finding_word(name), number, name) for name, number in counts.items()],
        "totals": _totals(report),
        "months": charts.months(report, months)
        if any(row["month"] is not None for row in months)
        else None,
        "certainty": charts.certainty(agents),
        "funnel": charts.funnel(agents, _totals(report)),
        "agents": agents_table(agents, _totals(report)),
        "silence": silence(report, agents),
        "flags": flags_table(report),
        "flag_rows": flag_rows_table(report),
        "records": records_sentence(report.frame("record_class_totals")),
        "exceptions": exceptions_table(report),
        "outstanding": outstanding_table(report),
        "due": due_table(report),
        "due_sentence": due_sentence(report.frame("promises_due_months"), report.as_of.date()),
    }


def _totals(report: Report) -> dict[str, Any] | None:
    frame = report.frame("agent_totals")
    if frame.is_empty():
        return None
    totals = frame.row(0, named=True)
    agents = totals["agents_outstanding"]
    said = Text(f"来自 {agents:,} 家代理商", f"from {lang.counted(agents, 'agent', 'agents')}")
    unnamed = totals["outstanding_all"] - totals["outstanding"]
    if unnamed:
        said = Text(
            f"{said.zh}，另 {unnamed:,} 份的工单没有写明代理商",
            f"{said.en}, and {unnamed:,} of tickets that name no agent",
        )
    return {**totals, "from_agents": said}


def trend(row: Mapping[str, Any]) -> Text:
    """The missing rate of the last three ended months against the months before, in words.

    The words come first: a cell that begins with a sign is taken for a formula.
    """
    recent, recent_of = row["recent_missing"], row["recent_decided"]
    earlier, earlier_of = row["earlier_missing"], row["earlier_decided"]
    if not recent_of or not earlier_of:
        return Text("无可比", "nothing to compare")
    change = recent / recent_of - earlier / earlier_of
    shown = lang.points(change)
    if min(recent_of, earlier_of) < FEW:
        return Text(f"数量太少：{shown}", f"too few to say: {shown}")
    p_value = difference_p_value(recent, recent_of, earlier, earlier_of)
    if p_value is None or p_value >= _SURE or not change:
        return Text(f"偶然之内：{shown}", f"within chance: {shown}")
    return (
        Text(f"变差：{shown}", f"worse: {shown}")
        if change > 0
        else Text(f"变好：{shown}", f"better: {shown}")
    )


def agents_table(agents: Rows, totals: Mapping[str, Any] | None = None) -> DataTable:
    """The agents, the one most certain to miss most at the top, each with its sheet."""
    columns = (
        Column("rank", Text("名次", "Rank"), "number"),
        Column("sheet", Text("代理商（资料页）", "Agent (its sheet)"), "link"),
        Column("agent_id", Text("代理商", "Agent"), is_filter=True, is_hidden=True),
        Column("agent_name", Text("名称", "Name"), "wide"),
        Column("due", Text("应交", "Owed"), "number"),
        Column("missing", Text("未提交", "Missing"), "number"),
        Column("missing_rate", Text("未提交率", "Missing rate"), "percent"),
        Column("low", Text("区间下限", "At least"), "percent"),
        Column("high", Text("区间上限", "At most"), "percent"),
        Column("trend", Text("近三月对此前（百分点）", "Last 3 months vs before (points)"), "wide"),
        Column("on_time", Text("按时率", "On time"), "percent"),
        Column("filed_late", Text("迟交", "Late"), "number"),
        Column("incomplete", Text("不完整", "Incomplete"), "number"),
        Column("wrong_form", Text("表单不符", "Wrong form"), "number"),
        Column("pending", Text("未到期", "Pending"), "number"),
        Column("unmeasurable", words.VERDICTS["unmeasurable"], "number"),
        Column("overdue_7", Text("逾期 ≤7 天", "≤7 days over"), "number", is_for_screen=True),
        Column("overdue_30", Text("8–30 天", "8–30 days"), "number", is_for_screen=True),
        Column("overdue_90", Text("31–90 天", "31–90 days"), "number", is_for_screen=True),
        Column("overdue_more", Text(">90 天", ">90 days"), "number", is_for_screen=True),
        Column("median", Text("提交天数中位", "Days to file, median"), "decimal"),
        Column("p90", Text("提交天数 P90", "Days to file, P90"), "decimal", is_for_screen=True),
        Column("silence", Text("最长沉默（天）", "Longest silence, days"), "decimal"),
        Column("silent_since", Text("当前沉默自", "Silent since"), "instant", is_for_screen=True),
        Column("last_filed_at", Text("最近提交", "Last filed"), "instant", is_for_screen=True),
        Column("active_to", Text("停用", "Retired"), is_for_screen=True),
        Column("flags", Text("提示", "Flags"), "number"),
    )
    rows = tuple(
        (
            row["missing_rank"],
            (row["agent_id"], f"../{sheet_path(row['agent_id'])}.html"),
            row["agent_id"],
            row["agent_name"],
            row["due"],
            row["missing"],
            _share(row["missing_pct"]),
            _share(row["missing_low_pct"]),
            _share(row["missing_high_pct"]),
            trend(row),
            _share(row["filing_pct"]),
            row["filed_late"],
            row["incomplete"],
            row["wrong_form"],
            row["pending"],
            row["unmeasurable"],
            row["overdue_7"],
            row["overdue_30"],
            row["overdue_90"],
            row["overdue_more"],
            _rounded(row["days_to_file_median"]),
            _rounded(row["days_to_file_p90"]),
            _rounded(
                None
                if row["longest_silence_seconds"] is None
                else row["longest_silence_seconds"] / _SECONDS_PER_DAY
            ),
            _minute(row["silent_since"]),
            _minute(row["last_filed_at"]),
            lang.day(row["active_to"]) if row["is_retired"] else None,
            row["flags"],
        )
        for row in agents[:_AGENTS_LISTED]
    )
    total = totals["agents"] if totals else len(agents)
    return DataTable(
        key="agents",
        caption=Text(
            "按未提交率区间的下限排序（Wilson 95%）。每个代理商有一份只含其自身数据的资料页"
            "（HTML 与同名 Excel），可直接发送。",
            "Sorted by the lower end of the missing rate's interval (Wilson, 95%). Each agent "
            "has a sheet of its own rows only (a page, and a workbook of the same name), fit to be "
            "sent.",
        ),
        columns=columns,
        rows=rows,
        sort=("rank", "asc"),
        empty=Text("没有代理商应交记录。", "No agent owes a record."),
        total=total,
        file="data/agents.csv" if total > len(rows) else None,
    )


def _share(percentage: float | None) -> float | None:
    return None if percentage is None else round(percentage / 100, 4)


def _rounded(value: float | None) -> float | None:
    """To the one digit that is shown: rounded again in the page, 31.048 would be 31.1."""
    return None if value is None else round(float(value), 1) + 0.0  # never -0.0


def _minute(value: Any) -> str | None:  # noqa: ANN401 - a datetime or nothing, out of a frame
    return None if value is None else lang.instant(value)


def silence(report: Report, agents: Rows) -> dict[str, Any] | None:
    """The calendar of silence: days of each month in which an agent served and filed nothing.

    The last twelve months up to the as-of, and the twenty agents longest silent in them.
    """
    frame = report.frame("agent_silence_months")
    if frame.is_empty():
        return None
    last = report.as_of.date().replace(day=1)
    months = _every_month(min(frame["month"]), last)[-_MONTHS_IN_HEAT:]
    frame = frame.filter(pl.col("month") >= months[0])
    if frame.is_empty():
        return None
    rows = {row["agent_id"]: row for row in agents}
    days: dict[str, dict[date, float]] = {}
    for row in frame.iter_rows(named=True):
        days.setdefault(row["agent_id"], {})[row["month"]] = row["silent_days"]
    worst = sorted(days, key=lambda agent: (-max(days[agent].values()), -sum(days[agent].values())))
    return {
        "months": months,
        "rows": [
            {
                "name": charts.agent_name(rows[agent]) if agent in rows else agent,
                "short_name": charts.short_agent_name(rows[agent]) if agent in rows else agent,
                "sheet": f"{sheet_path(agent)}.html",
                "cells": [_cell(days[agent].get(month)) for month in months],
            }
            for agent in worst[:_AGENTS_IN_HEAT]
        ],
    }


def _every_month(first: date, last: date) -> list[date]:
    months = [first]
    while months[-1] < last:
        month = months[-1]
        months.append(date(month.year + month.month // 12, month.month % 12 + 1, 1))
    return months


def _cell(days: float | None) -> dict[str, Any]:
    if days is None:
        return {"shade": "hnone", "days": None}
    whole = int(days)  # rounded up it would stand in a step of colour that it has not reached
    shade = next((name for least, name in _SHADES if whole >= least), "h0")
    return {"shade": shade, "days": str(whole or "<1")}


_AGENT = Column("agent_id", Text("代理商", "Agent"), is_filter=True)
_TICKET = Column("ticket_id", Text("工单号", "Ticket"), "ticket")
_FORM = Column("form", Text("表单", "Form"), "code", words.FORMS, is_filter=True)
_FLAG = Column("flag", Text("提示", "Flag"), "code", FLAGS, is_filter=True)
_FILE = Column("source_file", Text("文件", "File"))
_ROW = Column("source_row", Text("行号", "Row"), "number")
_REASON = Column("reason", Text("原因", "Reason"), "wide")


def flags_table(report: Report) -> DataTable | None:
    """What makes quality look twice at an agent, with why."""
    if not report.has("agent_flags"):
        return None
    columns = (
        _FLAG,
        _AGENT,
        Column("agent_name", Text("名称", "Name"), "wide"),
        _REASON,
        Column("first_at", Text("自", "From"), "instant"),
        Column("last_at", Text("至", "To"), "instant"),
        Column("flag_rows", Text("行数", "Rows"), "number"),
    )
    return DataTable(
        key="flags",
        caption=Text(
            "提示不是结论：它说明为什么值得再看一眼，依据在下一张表。",
            "A flag is no finding: it says why a second look is worth it; the rows are below.",
        ),
        columns=columns,
        rows=_rows(report.frame("agent_flags").head(ROWS_SHOWN), columns),
        empty=Text("没有提示。", "No flags."),
        total=report.frame("agent_flags").height,
    )


def flag_rows_table(report: Report) -> DataTable | None:
    """The records and tickets behind the flags."""
    frame = report.frame("agent_flag_rows")
    if frame.is_empty():
        return None
    columns = (
        _FLAG,
        _AGENT,
        Column("case_id", Text("个案", "Case"), is_hidden=True),
        _TICKET,
        Column("record_id", Text("记录编号", "Record")),
        Column("happened_at", Text("时间", "When"), "instant"),
        _FILE,
        _ROW,
    )
    return DataTable(
        key="flag-rows",
        caption=Text(
            "提示的依据：每个个案最多 20 行，全部在数据仓库的 marts.agent_flag_rows。",
            "The rows behind the flags: at most 20 of each case; marts.agent_flag_rows in the "
            "warehouse has all.",
        ),
        columns=columns,
        rows=_rows(frame.head(ROWS_SHOWN), columns),
        total=frame.height,
    )


def records_sentence(classes: pl.DataFrame) -> Text | None:
    """Every record filed is in exactly one class: the sum, in one sentence."""
    if classes.is_empty():
        return None
    counts = sorted(classes.iter_rows(), key=lambda row: (row[0] != "counted", -row[1], row[0]))
    total = sum(number for _, number in counts)
    parts = [(words.label(_CLASSES, name), number) for name, number in counts]
    return Text(
        f"提交的记录共 {total:,} 份 = "
        + " + ".join(f"{word.zh} {number:,}" for word, number in parts)
        + "。",
        f"{lang.counted(total, 'record', 'records')} filed = "
        + " + ".join(f"{number:,} {word.en.lower()}" for word, number in parts)
        + ".",
    )


def exceptions_table(report: Report) -> DataTable | None:
    """The records that prove no service, each with why."""
    if not report.has("record_exceptions"):
        return None
    frame = report.frame("record_exceptions")
    classes = report.frame("record_class_totals")
    columns = (
        Column("record_id", Text("记录编号", "Record")),
        Column("exception", Text("类别", "Kind"), "code", EXCEPTIONS, is_filter=True),
        _AGENT,
        _TICKET,
        Column("ticket_agent_id", Text("工单的代理商", "The ticket's agent")),
        _FORM,
        Column("submitted_at", Text("提交时间", "Submitted"), "instant"),
        _REASON,
        _FILE,
        _ROW,
    )
    total = None
    if not classes.is_empty():
        total = int(classes.filter(pl.col("class").is_in(list(EXCEPTIONS)))["records"].sum())
    return DataTable(
        key="exceptions",
        caption=Text("不能证明任何服务的记录", "Records that are no proof of a service"),
        columns=columns,
        rows=_rows(frame.head(ROWS_SHOWN), columns),
        empty=Text("没有这样的记录。", "There are none."),
        total=total,
    )


def outstanding_table(report: Report) -> DataTable | None:
    """The records outstanding, the longest overdue first, each with its ticket."""
    if not report.has("filings_outstanding"):
        return None
    totals = _totals(report)
    columns = (
        _TICKET,
        _AGENT,
        Column("agent_name", Text("名称", "Name"), "wide"),
        Column("finding", Text("状态", "State"), "code", words.FINDINGS, is_filter=True),
        Column("overdue_days", Text("逾期天数", "Days overdue"), "decimal"),
        Column("due_at", Text("到期", "Due"), "instant"),
        Column("service_finished_at", Text("服务完成", "Finished"), "instant"),
        Column("customer_name", Text("客户", "Customer"), "wide"),
        Column("service_code", Text("服务编码", "Service"), is_filter=True),
        _FORM,
        Column("record_id", Text("已交记录", "Record filed")),
        Column("missing_fields", Text("缺少的内容", "Fields missing"), "wide"),
        Column("clause", Text("条款", "Clause")),
        _FILE,
        _ROW,
    )
    frame = report.frame("filings_outstanding").head(ROWS_SHOWN)
    at = [column.key for column in columns].index("missing_fields")
    rows = tuple((*row[:at], _fields(row[at]), *row[at + 1 :]) for row in _rows(frame, columns))
    return DataTable(
        key="outstanding",
        caption=Text(
            "已到期而未按要求提交的记录，逾期最久的在前。",
            "Records due and not filed as they must be, the longest overdue first.",
        ),
        columns=columns,
        rows=rows,
        sort=("overdue_days", "desc"),
        empty=Text("没有欠交的记录。", "Nothing is outstanding."),
        total=int(totals["outstanding_all"]) if totals else None,
    )


def due_sentence(months: pl.DataFrame, as_of: date) -> Text | None:
    """What is due by the end of the month of ``as_of`` and in the next, and how much comes after.

    Exports drawn at a month's end have little of it left, so the next month stands beside it.
    """
    if months.is_empty():
        return None
    this = as_of.replace(day=1)
    following = (this + timedelta(days=31)).replace(day=1)
    later = int(months.filter(pl.col("due_month") > following)["promises"].sum())
    now, then = (_due_in(months, month) for month in (this, following))
    return Text(
        f"{lang.month(this)} 内还要到期的：{now.zh}；{lang.month(following)}：{then.zh}；"
        f"之后还有 {later:,} 项。",
        f"Still due in {lang.month(this)}: {now.en}; in {lang.month(following)}: {then.en}; "
        f"after that: {later:,}.",
    )


def _due_in(months: pl.DataFrame, month: date) -> Text:
    """What is due in a month, by kind: ``record filing 2, quarterly inspection 3``."""
    parts = [
        (words.label(words.KINDS, kind), count)
        for kind, count in months.filter(pl.col("due_month") == month)
        .select("kind", "promises")
        .iter_rows()
    ]
    return Text(
        "、".join(f"{name.zh} {count:,} 项" for name, count in parts) or "没有",
        ", ".join(f"{name.en.lower()} {count:,}" for name, count in parts) or "nothing",
    )


def due_table(report: Report) -> DataTable | None:
    """The promises that can still be kept, those due first at the top."""
    if not report.has("promises_due"):
        return None
    columns = (
        _TICKET,
        Column("subject_id", Text("工单或合同", "Ticket or contract"), is_hidden=True),
        Column("contract", Text("合同与季度", "Contract and quarter")),
        Column("kind", Text("承诺", "Promise"), "code", words.KINDS, is_filter=True),
        Column("due_month", Text("到期月份", "Due in"), is_filter=True, is_hidden=True),
        Column("due_on", Text("最后一天", "Last day")),
        Column("days_left", Text("剩余天数", "Days left"), "decimal"),
        Column("responsible", Text("责任方", "Responsible"), "code", _COMPANY, is_filter=True),
        Column("agent_name", Text("名称", "Name"), "wide"),
        Column("customer_id", Text("客户编号", "Customer id"), is_hidden=True),
        Column("customer_name", Text("客户", "Customer"), "wide"),
        Column("clause", Text("条款", "Clause")),
    )
    whole = report.frame("promises_due")
    frame = whole.head(ROWS_SHOWN).with_columns(
        contract=pl.when(pl.col("kind") == "inspection").then("subject_id"),
        due_month=pl.col("due_month").dt.strftime("%Y-%m"),
        due_on=pl.col("due_on").dt.strftime("%Y-%m-%d"),
    )
    months = report.frame("promises_due_months")
    return DataTable(
        key="due",
        caption=Text(
            "还来得及做的：应交的记录、季度巡检与现场培训，先到期的在前。",
            "What can still be done in time: records, quarterly inspections and on-site training, "
            "those due first at the top.",
        ),
        columns=columns,
        rows=_rows(frame, columns),
        sort=("days_left", "asc"),
        empty=Text("没有将要到期的事项。", "Nothing is about to fall due."),
        total=int(months["promises"].sum()) if not months.is_empty() else whole.height,
        file="data/promises_due.csv" if whole.height else None,
    )


def downloads(report: Report) -> Mapping[str, str]:
    """What is still to be done and the agents as files, up to their queries' own bound."""
    files = {"data/promises_due.csv": "promises_due", "data/agents.csv": "agent_standing"}
    return {
        path: safe.csv_frame(frame)
        for path, name in files.items()
        if not (frame := report.frame(name)).is_empty()
    }


def _fields(names: object) -> Text | None:
    if not isinstance(names, str):
        return None
    return Text(field_names(names, "zh"), field_names(names, "en"))


def _rows(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[tuple[object, ...], ...]:
    """Rows for a data table: instants to the minute, reasons in both languages."""
    keys = [column.key for column in columns]
    instants = [column.key for column in columns if column.kind == "instant"]
    decimals = [column.key for column in columns if column.kind == "decimal"]
    ready = frame.with_columns(
        pl.col(instants).dt.strftime("%Y-%m-%d %H:%M"),
        *(pl.Series(key, map(_rounded, frame[key]), pl.Float64) for key in decimals),
    )
    if "reason" not in keys:
        return tuple(ready.select(keys).iter_rows())
    return tuple(
        tuple(
            Text(row["reason_zh"] or row["reason"] or "", row["reason"] or "")
            if key == "reason"
            else row[key]
            for key in keys
        )
        for row in ready.iter_rows(named=True)
    )


_WORDS = {
    "workbook": Text("下载工作簿 quality.xlsx", "Download the workbook quality.xlsx"),
    "house_rule": Text(
        "提交时限与必填内容是内部规定（解读 8），条款本身没有写。",
        "The time limit and the required fields are house rules (reading 8); the terms give none.",
    ),
    "on_time": Text("按时提交率", "Filed on time"),
    "of_decided": Text("已定", "decided"),
    "owed": Text("应交记录", "Records owed"),
    "agents_missing": Text("有未提交记录的代理商", "Agents with a missing record"),
    "of_agents": Text("应交记录的代理商", "agents that owe records"),
    "outstanding": Text("欠交的记录", "Records outstanding"),
    "ranking": Text("谁不提交", "Who does not file"),
    "silence": Text("沉默的日历", "A calendar of silence"),
    "silence_method": Text(
        "最近十二个月。格中为该月的沉默天数：自上次提交之后第一次服务完成起，到下次提交为止。"
        "没有服务就没有沉默；完成时记录已在的服务不算。",
        "The last twelve months. Cells are days of silence in the month: from the first service "
        "finished after the last filing to the next filing. Who serves no one is not silent, "
        "nor who had filed when the service was finished.",
    ),
    "agent": Text("代理商", "Agent"),
    "no_silence": Text("无", "none"),
    "scale": Text("天", "days"),
    "flags": Text("值得再看一眼", "Worth a second look"),
    "exceptions": Text("对不上的记录", "Records that match nothing"),
    "due_title": Text("将要到期", "About to fall due"),
    "outstanding_title": Text("欠交的记录与工单", "What is outstanding, ticket by ticket"),
}

PAGE = Page(
    name="quality",
    title=Text("服务质量", "Service quality"),
    template="quality.html.j2",
    build=build,
    needs=("agent_standing", "filing_months"),
    uses=(
        "agent_totals",
        "agent_silence_months",
        "agent_flags",
        "agent_flag_rows",
        "record_class_totals",
        "record_exceptions",
        "filings_outstanding",
        "promises_due",
        "promises_due_months",
    ),
    exports=("service_records",),
    promise=Text(
        "哪些代理商不提交服务记录、有多大把握、欠了哪些工单，以及值得再看一眼的地方。",
        "which agents do not file service records, how certain that is, which tickets are "
        "outstanding, and what is worth a second look.",
    ),
    words=_WORDS,
    downloads=downloads,
)
