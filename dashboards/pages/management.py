"""The management page: a month at a glance, the trend, where it fails, what is at risk.

Frames: ``response_cells`` (needed), ``response_speed``, ``response_bins``,
``response_breached``, ``response_open``, ``response_open_totals``, ``response_unmeasurable``,
``response_causes``, ``promises``. Clauses: T4, AS-7 and readings 1 to 4 and 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dashboards import language as lang
from dashboards import safe, words
from dashboards.language import Text, both
from dashboards.pages import closed
from dashboards.pages import management_charts as charts
from dashboards.population import Population, interval_text, population
from dashboards.report import ROWS_SHOWN, Page, Report
from dashboards.statistics import difference_p_value
from dashboards.tables import Column, DataTable, StaticTable, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Rows = list[dict[str, Any]]
_LEVELS = (1, 2, 3, 4, None)
_TIERS = ("tier1", "other", None)
_SURE = 0.05
_REASONS = 5
"""Reasons of the unmeasurable that are named; the others are summed up."""


@dataclass(frozen=True)
class Change:
    """A rate against another month's, with how likely chance alone makes such a difference."""

    month: date
    before: Population
    difference: float | None
    is_signal: bool
    is_few: bool = False

    @property
    def chance(self) -> Text:
        """Whether chance alone makes such a difference, as far as the numbers tell."""
        if self.is_few:
            return Text("数量太少，不足以判断", "too few to say")
        if self.is_signal:
            return Text("超出偶然波动", "beyond chance")
        return Text("在偶然波动之内", "within chance")

    @property
    def note(self) -> Text:
        """What the difference rests on."""
        shown = f"{self.month:%Y-%m}"
        if self.before.rate is None:
            return Text(f"{shown} 无可比数据", f"nothing to compare in {shown}")
        rate, n = lang.percent(self.before.rate), lang.count(self.before.decided)
        if self.difference is None:
            return Text(f"{shown} 为 {rate}（{n} 张）", f"{shown}: {rate} of {n}")
        return Text(
            f"{shown} 为 {rate}（{n} 张），{self.chance.zh}",
            f"{shown}: {rate} of {n}; {self.chance.en}",
        )


def build(report: Report) -> Mapping[str, Any]:
    """What ``management.html.j2`` prints."""
    cells = report.frame("response_cells")
    by_month = months_of(cells)
    closed = {month: people for month, people in by_month.items() if report.is_closed(month)}
    shown = report.shown_months
    return {
        "views": [view(report, month) for month in shown] + [view(report, None)],
        "trend": charts.trend(by_month, closed)
        if any(people.decided for people in by_month.values())
        else None,
        "open_table": open_table(report),
        "open_sentence": open_sentence(report.frame("response_open_totals")),
        "unmeasurable_table": unmeasurable_table(report, by_month, population(cells.to_dicts())),
        "has_download": report.has("response_all") and not report.frame("response_all").is_empty(),
        "breached_table": breached_table(report, by_month),
        "levels": words.LEVELS,
    }


def months_of(cells: pl.DataFrame) -> dict[date, Population]:
    """The population of each month, in order; months without tickets are there with nothing.

    Tickets without an opening time have no month: they count among all months only.
    """
    groups: dict[date, Rows] = {}
    for row in cells.drop_nulls("month").sort("month").iter_rows(named=True):
        groups.setdefault(row["month"], []).append(row)
    if not groups:
        return {}
    found = {month: population(rows) for month, rows in groups.items()}
    filled, month, last = {}, min(found), max(found)
    while month <= last:
        filled[month] = found.get(month, Population())
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return filled


def view(report: Report, month: date | None) -> dict[str, Any]:
    """One month's section; ``month`` None is all months together."""
    cells = _of(report.frame("response_cells"), month)
    people = population(cells)
    last, year = (_before(month, 1), _before(month, 12)) if month else (None, None)
    frame = report.frame("response_cells")
    return {
        "key": lang.month(month) if month else "all",
        "title": both(lang.month(month)) if month else words.WORDS["all_months"],
        "is_default": month == report.month,
        "is_closed": month is None or report.is_closed(month),
        "people": people,
        "restated": closed.note(report, month),
        "headline": headline(people, _change(people, frame, last), month),
        "interval": interval_text(people),
        "last": _change(people, frame, last),
        "year": _change(people, frame, year),
        "speed": _speed(report, month),
        "heat": heat(
            cells,
            _of(frame, last) if last else [],
            month,
            _of(frame, year) if year else [],
        ),
        "changes": changes(cells, _of(frame, last)) if last else [],
        "last_month": last if last in report.months else None,
        "unmeasurable": _unmeasurable(report, month),
        "causes": causes(_of(report.frame("response_causes"), month)),
        "promises": promises(_of(report.frame("promises"), month)),
        "distribution": charts.distribution(_of(report.frame("response_bins"), month), month)
        if report.has("response_bins")
        else None,
    }


def headline(people: Population, last: Change | None, month: date | None) -> Text | None:
    """The month in one sentence: the rate, how it moved, what was missed. None without tickets."""
    if not people.total:
        return None
    when = Text(
        f"{month:%Y-%m} " if month else "全部月份",
        f"In {month:%Y-%m}," if month else "Over all months,",
    )
    if people.rate is None:
        return Text(
            f"{when.zh}的 {people.total:,} 张故障工单都没有判定结果："
            f"{people.pending:,} 张未到期，{people.unmeasurable:,} 张无法判定。",
            f"{when.en} none of {people.total:,} fault tickets is decided: "
            f"{people.pending:,} open and in time, {people.unmeasurable:,} unmeasurable.",
        )
    rate = lang.percent(people.rate)
    were = "ticket was" if people.decided == 1 else "tickets were"
    parts = [
        Text(
            f"{when.zh}已判定的 {people.decided:,} 张故障工单中，"
            f"{people.met:,} 张按时响应，及时率 {rate}",
            f"{when.en} {people.met:,} of {people.decided:,} decided fault {were} answered "
            f"in time ({rate})",
        )
    ]
    if last is not None and last.difference is not None:
        moved = lang.points(last.difference)
        chance = both("") if last.is_few else Text(f"（{last.chance.zh}）", f" ({last.chance.en})")
        parts.append(
            Text(
                f"，较上月 {moved} 个百分点{chance.zh}",
                f", {moved} points on the month before{chance.en}",
            )
        )
    if people.breached:
        still = people.open_late
        parts.append(
            Text(
                f"；{people.breached:,} 张超时" + (f"，其中 {still:,} 张仍未响应" if still else ""),
                f"; {people.breached:,} breached"
                + (f", {still:,} still unanswered" if still else ""),
            )
        )
    is_few = people.is_few or (last is not None and last.is_few)
    few = Text("数量太少，不足以下结论。", " Too few to say more.") if is_few else both("")
    return Text(
        "".join(part.zh for part in parts) + "。" + few.zh,
        "".join(part.en for part in parts) + "." + few.en,
    )


def _of(frame: pl.DataFrame, month: date | None) -> Rows:
    """The rows of ``month``, or all of them."""
    if frame.is_empty():
        return []
    return (frame if month is None else frame.filter(pl.col("month") == month)).to_dicts()


def _before(month: date, months: int) -> date:
    place = month.year * 12 + month.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def _change(people: Population, frame: pl.DataFrame, month: date | None) -> Change | None:
    if month is None:
        return None
    before = population(_of(frame, month))
    if people.rate is None or before.rate is None:
        return Change(month, before, None, is_signal=False)
    p_value = difference_p_value(people.met, people.decided, before.met, before.decided)
    is_few = people.is_few or before.is_few
    return Change(
        month,
        before,
        people.rate - before.rate,
        is_signal=not is_few and p_value is not None and p_value < _SURE,
        is_few=is_few,
    )


def heat(
    rows: Rows, before: Rows, month: date | None, year_before: Rows | None = None
) -> dict[str, Any]:
    """The compliance of each fault level in each city tier, with its counts.

    Only levels and tiers that occur get a row or column; the last of each is the sum. Each cell
    also has its difference to the month ``before`` and to the same month of the ``year_before``.
    """
    levels = [level for level in _LEVELS if any(row["fault_level"] == level for row in rows)]
    tiers = [tier for tier in _TIERS if any(row["city_tier"] == tier for row in rows)]
    state = lang.month(month) if month else "all"

    def cell(level: int | str | None, tier: str | None) -> dict[str, Any]:
        def chosen(source: Rows) -> Population:
            return population(
                row
                for row in source
                if level in ("sum", row["fault_level"]) and tier in ("sum", row["city_tier"])
            )

        people = chosen(rows)
        link = [f"month={state}", "at=breached"]
        if level != "sum":
            link.append(f"level={words.code_or_none(level)}")
        if tier != "sum":
            link.append(f"tier={words.code_or_none(tier)}")
        return {
            "people": people,
            "shade": shade(people),
            "link": "#" + "&".join(link) if people.breached else None,
            "difference": _difference(people, chosen(before)),
            "year_difference": _difference(people, chosen(year_before or [])),
        }

    columns: list[str | None] = [*tiers, *(["sum"] if len(tiers) > 1 else [])]
    lines: list[int | str | None] = [*levels, *(["sum"] if len(levels) > 1 else [])]
    total = Text("合计", "All")
    return {
        "columns": [total if tier == "sum" else words.label(words.TIERS, tier) for tier in columns],
        "rows": [
            {
                "label": total if level == "sum" else words.label(words.LEVELS, level),
                "is_sum": level == "sum",
                "cells": [cell(level, tier) for tier in columns],
            }
            for level in lines
        ],
    }


def _difference(people: Population, earlier: Population) -> float | None:
    if people.rate is None or earlier.rate is None:
        return None
    return people.rate - earlier.rate


def shade(people: Population) -> str:
    """The style class of a rate: darker is worse; hatched where there are too few to say."""
    if people.rate is None:
        return "hnone"
    if people.is_few:
        return "hfew"
    steps = ((0.98, "h0"), (0.95, "h1"), (0.9, "h2"), (0.8, "h3"))
    return next((name for bound, name in steps if people.rate >= bound), "h4")


def changes(rows: Rows, before: Rows, most: int = 3) -> list[Text]:
    """The cells whose number of breaches changed most against the month before, in words."""
    found = []
    for level in _LEVELS:
        for tier in _TIERS:
            now, then = (
                population(
                    row
                    for row in source
                    if row["fault_level"] == level and row["city_tier"] == tier
                )
                for source in (rows, before)
            )
            step = now.breached - then.breached
            if step:
                found.append((-abs(step), _LEVELS.index(level), _TIERS.index(tier), now, then))
    found.sort(key=lambda one: one[:3])
    texts: list[Text] = []
    for _, level_at, tier_at, now, then in found[:most]:
        name, place = (
            words.label(words.LEVELS, _LEVELS[level_at]),
            words.label(words.TIERS, _TIERS[tier_at]),
        )
        was, is_ = lang.percent(then.rate), lang.percent(now.rate)
        texts.append(
            Text(
                f"{name.zh}·{place.zh}：超时 {then.breached:,} → {now.breached:,} 张，"
                f"及时率 {was} → {is_}（已判定 {then.decided:,} → {now.decided:,} 张）",
                f"{name.en}, {place.en.lower()}: breaches {then.breached:,} → {now.breached:,}, "
                f"compliance {was} → {is_} ({then.decided:,} → {now.decided:,} decided)",
            )
        )
    if rest := len(found) - len(texts):
        others = lang.counted(rest, "other cell", "other cells")
        texts.append(
            Text(f"另有 {rest} 处变化，都不大于此。", f"{others} changed by as much or less.")
        )
    return texts


def _speed(report: Report, month: date | None) -> dict[str, Any] | None:
    frame = report.frame("response_speed")
    if frame.is_empty() or month is None:
        return None
    rows = frame.filter(pl.col("month") == month).to_dicts()
    whole = next((row for row in rows if row["is_all_levels"]), None)
    if whole is None:
        return None
    levels = [row for row in rows if not row["is_all_levels"]]
    table = StaticTable(
        caption=Text(
            "已响应工单按各自时钟的用时（时:分）与占时限的比例",
            "Time used by answered faults on their own clock (h:mm), and share of the target",
        ),
        header=(
            Text("故障等级", "Fault level"),
            Text("已响应", "Answered"),
            Text("平均", "Mean"),
            Text("中位数", "Median"),
            both("P90"),
            both("P95"),
            Text("中位占比", "Median share"),
            Text("P95 占比", "P95 share"),
        ),
        rows=tuple(
            (
                words.label(words.LEVELS, row["fault_level"]),
                lang.count(row["tickets"]),
                lang.hours_minutes(row["mean_seconds"]),
                lang.hours_minutes(row["median_seconds"]),
                lang.hours_minutes(row["p90_seconds"]),
                lang.hours_minutes(row["p95_seconds"]),
                lang.percent(row["median_share"], 0),
                lang.percent(row["p95_share"], 0),
            )
            for row in levels
        ),
    )
    return {"whole": whole, "table": table}


def _unmeasurable(report: Report, month: date | None) -> list[tuple[Text, int]]:
    counts: dict[Text, int] = {}
    for row in _of(report.frame("response_unmeasurable"), month):
        reason = Text(row["reason_zh"] or row["reason"] or "", row["reason"] or "")
        counts[reason] = counts.get(reason, 0) + row["tickets"]
    reasons = sorted(counts.items(), key=lambda item: (-item[1], item[0].en))
    shown, rest = reasons[:_REASONS], reasons[_REASONS:]
    if rest:
        others = Text(
            f"其余 {len(rest)} 种原因", lang.counted(len(rest), "other reason", "other reasons")
        )
        shown.append((others, sum(tickets for _, tickets in rest)))
    return shown


def causes(rows: Rows, most: int = 6) -> list[dict[str, Any]]:
    """Services and categories with the most breaches: counts, and the share of all breaches.

    What is beyond the first ``most`` is one row.
    """
    groups: dict[tuple[str | None, str | None], dict[str, Any]] = {}
    for row in rows:
        key = (row["service_code"], row["category"])
        group = groups.setdefault(
            key,
            {
                "service_code": row["service_code"],
                "is_rest": False,
                "name": Text(row["name_zh"] or "", row["name_en"] or ""),
                "category": words.label(words.CATEGORIES, row["category"]),
                "met": 0,
                "breached": 0,
            },
        )
        group["met"] += row["met"]
        group["breached"] += row["breached"]
    worst = sorted(
        (group for group in groups.values() if group["breached"]),
        key=lambda group: (-group["breached"], str(group["service_code"]), group["category"].en),
    )
    total = sum(group["breached"] for group in worst)
    rest = worst[most:]
    if rest:
        others = {
            "service_code": None,
            "is_rest": True,
            "name": Text(f"其余 {len(rest)} 项", f"{len(rest)} more"),
            "category": both(""),
            "met": sum(group["met"] for group in rest),
            "breached": sum(group["breached"] for group in rest),
        }
        worst = [*worst[:most], others]
    return [
        {
            **group,
            "share": group["breached"] / total,
            "people": Population(group["met"], group["breached"]),
        }
        for group in worst
    ]


def promises(rows: Rows) -> list[dict[str, Any]]:
    """Every kind of promise with its clause and population, in a fixed order."""
    groups: dict[tuple[str, str], Rows] = {}
    for row in rows:
        groups.setdefault((row["kind"], row["clause"] or ""), []).append(row)
    order = {kind: place for place, kind in enumerate(words.KINDS)}
    return [
        {
            "kind": words.label(words.KINDS, kind),
            "clause": clause,
            "people": population(group),
        }
        for (kind, clause), group in sorted(
            groups.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0])
        )
    ]


STANDINGS = {
    "late": Text("已超时", "Already late"),
    "stalled": Text("暂停中", "Paused"),
    "running": Text("计时中", "Running"),
}
_TICKET = Column("ticket_id", Text("工单号", "Ticket"), "ticket")
_CUSTOMER = Column("customer_name", Text("客户", "Customer"), "wide")
_CITY = Column("city", Text("城市", "City"))
_TIER = Column("tier", Text("城市级别", "City tier"), "code", words.TIERS, is_filter=True)
_LEVEL = Column("level", Text("故障等级", "Level"), "code", words.LEVELS, is_filter=True)
_SERVICE = Column("service", Text("服务编码", "Service"), is_filter=True)
_AGENT = Column("agent", Text("代理商", "Agent"))
_OPENED = Column("opened_at", Text("受理", "Opened"), "instant")
_DUE = Column("due_at", Text("到期", "Due"), "instant")
_TARGET = Column("target_seconds", Text("时限", "Target"), "seconds")
_USED = Column("elapsed_seconds", Text("已用", "Used"), "seconds")
_SHARE = Column("used_share", Text("占时限", "Of target"), "percent")


def breached_table(report: Report, by_month: Mapping[date, Population]) -> DataTable | None:
    """The breached faults with their reasons; the worst of each month first."""
    if not report.has("response_breached"):
        return None
    totals = {lang.month(month): people.breached for month, people in by_month.items()}
    total = sum(totals.values())
    frame = _coded(report.frame("response_breached").head(ROWS_SHOWN)).with_columns(
        month=pl.col("month").dt.strftime("%Y-%m")
    )
    columns = (
        _TICKET,
        Column("month", words.WORDS["month"], is_hidden=True),
        _CUSTOMER,
        _LEVEL,
        _TIER,
        _CITY,
        _OPENED,
        Column("due_at", _DUE.label, "instant", is_hidden=True),
        Column("responded_at", Text("响应", "Responded"), "instant"),
        _TARGET,
        _USED,
        _SHARE,
        Column("reason", Text("原因", "Reason"), "wide"),
        _SERVICE,
        _AGENT,
        Column("clause", Text("条款", "Clause")),
    )
    return DataTable(
        key="breached",
        caption=Text(
            "超时的工单。时限与已用为各工单时钟上的 时:分；工单号链接到时间线。"
            + ("本页有各月最严重的若干张。" if total > ROWS_SHOWN else ""),
            "Breached faults. Target and used are h:mm on each ticket's own clock; "
            "the ticket number leads to its timeline."
            + (" This page has the worst of each month." if total > ROWS_SHOWN else ""),
        ),
        columns=columns,
        rows=_table_rows(frame, columns),
        sort=("used_share", "desc"),
        month_column="month",
        empty=Text("没有超时的工单。", "No breached faults."),
        total=total,
        month_totals=totals,
        file="data/breached.csv" if total else None,
    )


def downloads(report: Report) -> Mapping[str, str]:
    """All faults, those breached and those unmeasurable as files, up to their queries' bound."""
    # Why is in the times of a breach: its reasons in words are the page's own.
    files = {
        "data/breached.csv": "response_breached",
        "data/responses.csv": "response_all",
        "data/unmeasurable.csv": "response_unmeasurable_tickets",
    }
    return {
        path: safe.csv_frame(
            frame.drop("reason", "reason_zh") if name == "response_breached" else frame
        )
        for path, name in files.items()
        if not (frame := report.frame(name)).is_empty()
    }


def unmeasurable_table(
    report: Report, by_month: Mapping[date, Population], everyone: Population
) -> DataTable | None:
    """The faults that could not be judged, with their reasons; None when there are none.

    ``everyone`` counts those without a month, too.
    """
    frame = report.frame("response_unmeasurable_tickets").head(ROWS_SHOWN)
    if frame.is_empty():
        return None
    is_cut = everyone.unmeasurable > frame.height
    columns = (
        _TICKET,
        Column("month", words.WORDS["month"], is_hidden=True),
        Column("reason", Text("原因", "Reason"), "wide", is_filter=True),
        _LEVEL,
        _TIER,
        _CITY,
        _CUSTOMER,
        _OPENED,
        Column("responded_at", Text("响应", "Responded"), "instant"),
        _SERVICE,
        Column("source_file", Text("文件", "File")),
        Column("source_row", Text("行号", "Row"), "number"),
    )
    coded = _coded(frame).with_columns(month=pl.col("month").dt.strftime("%Y-%m"))
    return DataTable(
        key="unmeasurable",
        caption=Text(
            "无法判定的工单：缺少的数据见原因，来源行可以直接去补。"
            + ("本页每个月都有若干张。" if is_cut else ""),
            "Faults that could not be judged: what is missing, and the row to complete."
            + (" This page has some of each month." if is_cut else ""),
        ),
        columns=columns,
        rows=_table_rows(coded, columns),
        sort=("opened_at", "desc"),
        month_column="month",
        empty=Text("没有无法判定的工单。", "No unmeasurable faults."),
        total=everyone.unmeasurable,
        month_totals={lang.month(month): one.unmeasurable for month, one in by_month.items()},
        file="data/unmeasurable.csv",
    )


def open_table(report: Report) -> DataTable | None:
    """The faults nobody answered yet at ``as_of``, those due first at the top."""
    if not report.has("response_open"):
        return None
    frame = _coded(report.frame("response_open"))
    columns = (
        _TICKET,
        Column(
            "verdict",
            Text("是否超时", "Late or in time"),
            "code",
            {
                "pending": Text("未到期", "In time"),
                "breached": Text("已超时", "Already late"),
            },
            is_hidden=True,
            is_filter=True,
        ),
        Column("standing", Text("状态", "State"), "code", STANDINGS),
        Column("seconds_left", Text("剩余时限", "Time left"), "seconds"),
        Column("clock", Text("时钟", "Clock"), "code", words.CLOCKS, is_filter=True),
        _SHARE,
        _DUE,
        _OPENED,
        _LEVEL,
        _TIER,
        _CITY,
        _CUSTOMER,
        _SERVICE,
        _AGENT,
    )
    return DataTable(
        key="open",
        caption=Text(
            "未响应的工单。剩余时限为各工单时钟上的 时:分，负数为已过期；暂停中的时钟不走，"
            "到期时间随暂停顺延。",
            "Unanswered faults. Time left is h:mm on each ticket's own clock; negative is overdue. "
            "A paused clock stands still, and its due time moves on until it goes again.",
        ),
        columns=columns,
        rows=_table_rows(frame, columns),
        sort=("seconds_left", "asc"),
        empty=Text("没有未响应的工单。", "No unanswered faults."),
        total=open_total(report),
    )


def open_total(report: Report) -> int | None:
    """How many faults stand unanswered that are in time or late; None when nobody counted."""
    totals = report.frame("response_open_totals")
    return None if totals.is_empty() else int(totals["pending"][0]) + int(totals["late"][0])


def _coded(frame: pl.DataFrame) -> pl.DataFrame:
    """Level, tier, service and agent as the codes that tables filter by."""
    return frame.with_columns(
        level=pl.col("fault_level").cast(pl.String).fill_null("none"),
        tier=pl.col("city_tier").fill_null("none"),
        service=pl.col("service_code"),
        agent=pl.col("agent_id"),
    )


def _table_rows(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[tuple[object, ...], ...]:
    """Rows for a data table: instants as text to the minute, reasons in both languages."""
    instants = [column.key for column in columns if column.kind == "instant"]
    shares = [column.key for column in columns if column.kind == "percent"]
    ready = frame.with_columns(
        pl.col(instants).dt.strftime("%Y-%m-%d %H:%M"), pl.col(shares).round(4)
    )
    keys = [column.key for column in columns]
    rows = rows_of(ready, keys)
    if "reason" not in keys:
        return rows
    at = keys.index("reason")
    reasons = [reason_of(row) for row in frame.iter_rows(named=True)]
    return tuple(
        (*row[:at], reason, *row[at + 1 :]) for row, reason in zip(rows, reasons, strict=True)
    )


def reason_of(row: Mapping[str, Any]) -> Text:
    """The fact's own reason; without one, how late the response was and on which clock."""
    if row["reason"]:
        return Text(row["reason_zh"] or row["reason"], row["reason"])
    if row["elapsed_seconds"] == row["target_seconds"] and not row["is_open"]:
        return Text("恰好用完时限，须少于时限", "took all of the target; less is promised")
    over = lang.duration(row["elapsed_seconds"] - row["target_seconds"])
    clock = words.label(words.CLOCKS, row["clock"])
    if row["is_open"]:
        return Text(
            f"仍未响应，已超出 {over.zh}（{clock.zh}）",
            f"still unanswered, {over.en} over ({clock.en.lower()})",
        )
    return Text(
        f"响应晚了 {over.zh}（{clock.zh}）", f"answered {over.en} late ({clock.en.lower()})"
    )


#: What "answered" means under the other choices of reading 3.
_ANSWERED: Final = {
    "arrived_at": Text(
        "按解读 3，现场服务以到场为响应。",
        "By reading 3 an on-site fault counts as answered when somebody arrived.",
    ),
    "finished_at": Text(
        "按解读 3，以完成为响应。", "By reading 3 a fault counts as answered when it was finished."
    ),
}


def open_sentence(totals: pl.DataFrame) -> Text | None:
    """What stands open at ``as_of``, in a few sentences; None where there are no faults."""
    if totals.is_empty() or not (totals["faults"][0] or totals["fault_unknown"][0]):
        return None
    pending, nearly, late, unmeasurable, later = (
        int(totals[name][0])
        for name in ("pending", "pending_nearly_due", "late", "unmeasurable", "later")
    )
    sentences = []
    if pending or late:
        sentences.append(
            Text(
                f"{pending:,} 张工单尚未响应但仍在时限内，其中 {nearly:,} 张已用去八成以上时限；"
                f"另有 {late:,} 张已经超时仍未响应。",
                f"{lang.counted(pending, 'fault is', 'faults are')} unanswered and still in time, "
                f"{nearly:,} of them with four fifths of their target used; "
                f"{lang.counted(late, 'more is', 'more are')} late and still unanswered.",
            )
        )
    elif totals["faults"][0] and not unmeasurable:
        sentences.append(Text("所有故障都已响应。", "Every fault has been answered."))
    if unmeasurable:
        sentences.append(
            Text(
                f"{unmeasurable:,} 张未响应，是否超时无法判定。",
                f"{lang.counted(unmeasurable, 'fault is', 'faults are')} unanswered, and whether "
                "in time cannot be told.",
            )
        )
    if later:
        sentences.append(
            Text(
                f"{later:,} 张的受理时间晚于截止时间，未计入。",
                f"{lang.counted(later, 'fault', 'faults')} opened after the as-of "
                f"{'is' if later == 1 else 'are'} not among them.",
            )
        )
    if unknown := int(totals["fault_unknown"][0]):
        sentences.append(
            Text(
                f"另有 {unknown:,} 张工单的故障等级或类别读不出来，是否故障不得而知，未计入。",
                f"{lang.counted(unknown, 'more ticket is', 'more tickets are')} not among them: "
                "the fault level or the category cannot be read, so whether it is a fault is not "
                "known.",
            )
        )
    if answered := _ANSWERED.get(totals["clock_stops_at"][0]):
        sentences.append(answered)
    stalled, next_due = int(totals["stalled"][0]), totals["next_due_at"][0]
    if stalled:
        sentences.append(
            Text(
                f"{stalled:,} 张在暂停中，时钟不走。",
                f"The clock of {stalled:,} stands still: paused.",
            )
        )
    if next_due is not None:
        shown = lang.instant(next_due)
        sentences.append(Text(f"下一张于 {shown} 到期。", f"The next is due at {shown}."))
    return lang.joined(sentences)


_WORDS = {
    "compliance": Text("响应及时率", "Response compliance"),
    "of_decided": Text("已判定", "decided"),
    "met_of": Text("达标", "met"),
    "against_last": Text("与上月相比", "Against last month"),
    "against_year": Text("与去年同月相比", "Against the same month last year"),
    "speed": Text("用去时限的比例（中位数）", "Share of the target used (median)"),
    "all": Text("全部", "All"),
    "open_late_inside": Text("其中未响应", "of them unanswered"),
    "strict": Text(
        "若把无法判定的也算作未达标，及时率为",
        "With the unmeasurable counted as misses, compliance is",
    ),
    "generous": Text("，若都算作达标则为", ", counted as met"),
    "why_unmeasurable": Text("无法判定的原因", "Why unmeasurable"),
    "tickets": Text("张", "tickets"),
    "heat": Text("按故障等级与城市级别", "By fault level and city tier"),
    "heat_caption": Text(
        "及时率 = 达标 ÷（达标 + 超时）；格中为 达标/已判定，以及与上月之差。"
        "有超时的格链接到工单。",
        "Compliance = met ÷ (met + breached). Cells show met of decided and the difference "
        "to last month; cells with breaches lead to the tickets.",
    ),
    "nothing": Text("无工单", "no tickets"),
    "undecided": Text("张，均未判定", "undecided"),
    "to_last": Text("较上月", "vs last month"),
    "to_year": Text("较去年", "vs last year"),
    "unmeasurable_title": Text("无法判定的工单", "Unmeasurable tickets"),
    "download": Text("全部故障工单（CSV）", "All fault tickets (CSV)"),
    "changed": Text("与上月相比，变化在哪里", "What changed since last month"),
    "no_change": Text("各格的超时数与上月相同。", "Breaches are the same in every cell."),
    "causes": Text("超时集中在哪里", "Where breaches gather"),
    "no_causes": Text("没有超时。", "No breaches."),
    "service": Text("服务", "Service"),
    "category": Text("类别", "Category"),
    "breached": Text("超时", "Breached"),
    "share_of_breaches": Text("占全部超时", "Share of breaches"),
    "promises": Text("各条款的承诺", "Promises by clause"),
    "promise": Text("承诺", "Promise"),
    "broken": words.PROMISE_VERDICTS["breached"],
    "clause": Text("条款", "Clause"),
    "rate": Text("达标率", "Rate"),
    "no_promises": Text(
        "还没有承诺台账（marts.obligations）。",
        "There is no ledger of promises yet (marts.obligations).",
    ),
    "trend": Text("趋势", "Trend"),
    "risk": Text("尚未响应的工单", "Open and at risk"),
    "tickets_title": Text("超时的工单", "Breached tickets"),
    "no_tickets_month": Text(
        "这个月没有带故障的工单。", "There are no tickets with a fault in this month."
    ),
    "no_tickets": Text(
        "导出文件里没有带故障的工单（有故障等级，或类别为故障），因此没有响应可以判定。",
        "The exports hold no tickets with a fault (a fault level, or category fault), so there is "
        "no response to judge.",
    ),
    "speed_title": Text("响应有多快", "How fast"),
    "scale_few": Text("少于 10 张，不足以下结论", "fewer than 10: too few to say"),
    "workbook": Text("下载工作簿 management.xlsx", "Download the workbook management.xlsx"),
    "mail_edition": Text(
        "邮件版：单个文件，不含脚本，可作附件", "Edition to mail: one file without scripts"
    ),
    "closed_page": Text("已结账的月份", "Closed months"),
    "month_to_date": Text(
        "本月尚未结束，数字为月内累计。", "This month is not over: figures are month to date."
    ),
}

PAGE = Page(
    name="management",
    title=Text("管理概览", "Management"),
    template="management.html.j2",
    build=build,
    needs=("response_cells",),
    uses=(
        "response_speed",
        "response_bins",
        "response_breached",
        "response_open",
        "response_open_totals",
        "response_unmeasurable",
        "response_unmeasurable_tickets",
        "response_all",
        "response_causes",
        "promises",
        "closed_months",
        "closed_rates",
    ),
    exports=("tickets",),
    promise=Text(
        "每月响应及时率、趋势、按故障等级与城市级别的分布、超时与未响应的工单。",
        "monthly response compliance, its trend, fault level by city tier, breached and open "
        "tickets.",
    ),
    words=_WORDS,
    has_months=True,
    downloads=downloads,
)
