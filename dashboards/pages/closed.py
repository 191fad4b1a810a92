"""Closed months: what was published, what the same month says now, and why it is another figure.

Frames: ``closed_months`` (needed), ``closed_rates``, ``closed_money``, ``closed_causes``,
``restatements``, ``closed_problems``. The page is there only when a month was published. The
figures of every other page are the current ones; here the published ones stand beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from dashboards import language as lang
from dashboards import safe, words
from dashboards.language import Text
from dashboards.population import Population
from dashboards.report import ROWS_SHOWN, Page, Report
from dashboards.tables import Column, DataTable, StaticTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

Row = dict[str, Any]

CHANGES = {
    "changed": Text("有变动", "Changed"),
    "late": Text("补录", "Came late"),
    "vanished": Text("消失", "Gone"),
}
CAUSES = {
    "row_new": Text("结账后新增的行", "New export row"),
    "row_gone": Text("行已不在导出数据中", "Export row gone"),
    "row_changed": Text("行有改动", "Export row changed"),
    "pause": Text("暂停", "Pause"),
    "related": Text("相关的行", "Row it depends on"),
    "terms": Text("条款更正", "Corrected terms"),
    "as_of": Text("时间推移", "Time went on"),
    "product": Text("产品版本", "Product version"),
    "several": Text("几项同时变动", "Several inputs"),
    "unknown": Text("原因不明", "Not known"),
}
STATES = {
    "unchanged": Text("与发布时一致", "As published"),
    "restated": Text("有更正", "Restated"),
    "not_compared": Text("无法比较", "Not compared"),
    "superseded": Text("已有新版本", "Superseded"),
}
KINDS = {**words.KINDS, "charge": Text("收费", "Charge")}
_WORDS_OF_STATES = {**words.FINDINGS, **words.PROMISE_VERDICTS}
_AMOUNTS = {
    "billed": Text("已收金额", "Billed"),
    "overbilled": Text("多收", "Overbilled"),
    "unexplained": Text("待查", "Unexplained"),
    "unbilled": Text("漏收", "Unbilled"),
}


def build(report: Report) -> Mapping[str, Any]:
    """What ``closed.html.j2`` prints."""
    versions = report.frame("closed_months").to_dicts()
    latest = [row for row in versions if row["is_latest"]]
    return {
        "problems": problems(report.frame("closed_problems")),
        "overview": overview(report, latest),
        "months": [month_section(report, row) for row in latest if row["state"] == "restated"],
        "changes": changes_table(report.frame("restatements")),
        "versions": versions_table(versions),
    }


def problems(frame: pl.DataFrame) -> list[Row]:
    """What is wrong in the store: where, and in words what and what to do."""
    return [
        {
            "place": row["place"],
            "words": lang.joined(
                [
                    Text(f"{row['problem_zh']}。", f"{row['problem']}."),
                    Text(f"{row['remedy_zh']}。", f"{row['remedy']}."),
                ]
            ),
        }
        for row in frame.iter_rows(named=True)
    ]


def rates_of(frame: pl.DataFrame, month: date, kind: str) -> tuple[Population, Population]:
    """The promises of a kind in a closed month: as published, and now."""
    if frame.is_empty():
        return Population(), Population()
    rows = frame.filter((pl.col("month") == month) & (pl.col("kind") == kind)).to_dicts()
    return population(rows, "was"), population(rows, "now")


def population(rows: Iterable[Row], when: str) -> Population:
    """The sum of one side of rows with both."""
    total = Population()
    for row in rows:
        met, breached, pending, unmeasurable = (
            row[f"{verdict}_{when}"] for verdict in ("met", "breached", "pending", "unmeasurable")
        )
        total += Population(met=met, breached=breached, pending=pending, unmeasurable=unmeasurable)
    return total


def share(people: Population) -> str:
    """A rate with what it is of: ``90.0% (9/10)``."""
    if people.rate is None:
        return lang.NOTHING
    return f"{lang.percent(people.rate)} ({people.met:,}/{people.decided:,})"


def difference(was: Population, now: Population) -> float | None:
    """The rate now less the rate published; None without both."""
    return None if was.rate is None or now.rate is None else now.rate - was.rate


def overview(report: Report, latest: list[Row]) -> list[Row]:
    """Each closed month in a line."""
    found = []
    for row in latest:
        was, now = rates_of(report.frame("closed_rates"), row["month"], "response")
        is_compared = row["state"] in ("unchanged", "restated")
        found.append(
            {
                "month": row["month"],
                "key": lang.month(row["month"]),
                "version": row["version"],
                "published_at": row["published_at"],
                "as_of": row["as_of"],
                "was": share(was) if is_compared else lang.NOTHING,
                "now": share(now) if is_compared else lang.NOTHING,
                "points": difference(was, now),
                "changes": row["changed"] + row["late"] + row["vanished"] if is_compared else None,
                "state": STATES[row["state"]],
                "state_code": row["state"],
                "why_not": Text(row["why_not_zh"] or "", row["why_not"] or ""),
            }
        )
    return found


def sentence(report: Report, row: Row) -> Text:
    """A restated month in a sentence: the rate before and after, and what changed."""
    was, now = rates_of(report.frame("closed_rates"), row["month"], "response")
    parts = [
        Text(
            f"发布时响应及时率 {share(was)}，现在 {share(now)}",
            f"Response compliance was {share(was)} as published and is {share(now)} now",
        )
    ]
    step = difference(was, now)
    if step:
        parts.append(Text(f"，相差 {lang.points(step)} 个百分点", f", {lang.points(step)} points"))
    total = row["changed"] + row["late"] + row["vanished"]
    parts.append(
        Text(
            f"。共 {total:,} 项与发布时不同：{row['changed']:,} 项有变动，{row['late']:,} 项补录，"
            f"{row['vanished']:,} 项消失。",
            f". Figures not as published: {total:,} ({row['changed']:,} changed, "
            f"{row['late']:,} came late, {row['vanished']:,} gone).",
        )
    )
    return Text("".join(one.zh for one in parts), "".join(one.en for one in parts))


def month_section(report: Report, row: Row) -> Row:
    """One restated month: the sentence, the promises and the money that moved, and why."""
    month = row["month"]
    causes = report.frame("closed_causes")
    return {
        "key": lang.month(month),
        "version": row["version"],
        "sentence": sentence(report, row),
        "rates": rates_table(_of(report.frame("closed_rates"), month)),
        "money": money_table(_of(report.frame("closed_money"), month)),
        "causes": [
            (words.label(CAUSES, one["cause_code"]), one["changes"]) for one in _of(causes, month)
        ],
    }


def rates_table(rows: list[Row]) -> StaticTable | None:
    """The promises whose counts moved; None when none did."""
    found: list[tuple[Text | str, ...]] = []
    for row in rows:
        was, now = population([row], "was"), population([row], "now")
        if was == now:
            continue
        step = difference(was, now)
        found.append(
            (
                words.label(KINDS, row["kind"]),
                share(was),
                share(now),
                lang.NOTHING if step is None else lang.points(step),
                *(
                    f"{before:,} → {after:,}" if before != after else f"{after:,}"
                    for before, after in (
                        (was.met, now.met),
                        (was.breached, now.breached),
                        (was.pending, now.pending),
                        (was.unmeasurable, now.unmeasurable),
                    )
                ),
            )
        )
    if not found:
        return None
    return StaticTable(
        header=(
            Text("承诺", "Promise"),
            Text("发布时", "As published"),
            Text("现在", "Now"),
            Text("百分点", "Points"),
            *words.PROMISE_VERDICTS.values(),
        ),
        rows=tuple(found),
        caption=Text(
            "与发布时不同的承诺：达标率（达标/已判定），以及各结果的数量",
            "Promises that are not as published: rate (met of decided), and the counts by result",
        ),
    )


def money_table(rows: list[Row]) -> StaticTable | None:
    """The amounts that moved, by currency; None when none did."""
    found = [
        (
            Text(f"{label.zh}（{row['currency']}）", f"{label.en} ({row['currency']})"),
            lang.money(row[f"{name}_was"]),
            lang.money(row[f"{name}_now"]),
            lang.money(row[f"{name}_now"] - row[f"{name}_was"]),
        )
        for row in rows
        for name, label in _AMOUNTS.items()
        if row[f"{name}_was"] != row[f"{name}_now"]
    ]
    if not found:
        return None
    return StaticTable(
        header=(
            Text("金额", "Amount"),
            Text("发布时", "As published"),
            Text("现在", "Now"),
            Text("相差", "Difference"),
        ),
        rows=tuple(found),
    )


_MONEY = (
    Column("billed_was", Text("已收，发布时", "Billed as published"), "money"),
    Column("billed_now", Text("已收，现在", "Billed now"), "money"),
    Column("overbilled_was", Text("多收，发布时", "Overbilled as published"), "money"),
    Column("overbilled_now", Text("多收，现在", "Overbilled now"), "money"),
    Column("currency", Text("币种", "Currency")),
)


def changes_table(frame: pl.DataFrame) -> DataTable | None:
    """Every figure that changed, came late or is gone, with its ticket and its cause."""
    if frame.is_empty():
        return None
    columns = (
        Column("subject", Text("工单、收费或合同", "Ticket, charge or contract"), "link"),
        Column("closed_month", words.WORDS["month"], "instant", is_filter=True),
        Column("kind", Text("项目", "Figure"), "code", KINDS, is_filter=True),
        Column("change", Text("变动", "Change"), "code", CHANGES, is_filter=True),
        Column("was", Text("发布时", "As published"), "code", _WORDS_OF_STATES),
        Column("is_now", Text("现在", "Now"), "code", _WORDS_OF_STATES),
        Column("cause_code", Text("原因", "Cause"), "code", CAUSES, is_filter=True),
        Column("cause", Text("说明", "In words"), "wide"),
        *(_MONEY if frame["billed_was"].sum() or frame["billed_now"].sum() else ()),
    )
    amounts = [column.key for column in columns if column in _MONEY]
    rows = tuple(
        (
            [row["subject_id"], _ticket_link(row["ticket_id"])],
            lang.month(row["month"]),
            row["kind"],
            row["change"],
            row["was"],
            row["is_now"],
            row["cause_code"],
            _in_words(row),
            *(row[name] for name in amounts),
        )
        for row in frame.head(ROWS_SHOWN).iter_rows(named=True)
    )
    return DataTable(
        key="restatements",
        caption=Text(
            "与发布时不同的每一项，以及为什么。", "Every figure that is not as published, and why."
        ),
        columns=columns,
        rows=rows,
        total=frame.height,
        file="data/restatements.csv",
    )


def _in_words(row: Row) -> Text:
    """The cause; before it, where the figure is counted now, if that moved."""
    if not row["detail"]:
        return Text(row["cause_zh"], row["cause"])
    return Text(f"{row['detail_zh']}；{row['cause_zh']}", f"{row['detail']}; {row['cause']}")


def _ticket_link(ticket_id: str | None) -> str | None:
    return None if ticket_id is None else f"ticket.html#id={quote(ticket_id)}"


def versions_table(versions: list[Row]) -> StaticTable:
    """Every published version with its reason and its seal."""
    return StaticTable(
        header=(
            words.WORDS["month"],
            words.WORDS["version"],
            Text("发布时间", "Published"),
            Text("数据截至", "As of"),
            Text("原因", "Reason"),
            Text("封印（SHA-256）", "Seal (SHA-256)"),
        ),
        rows=tuple(
            (
                lang.month(row["month"]),
                str(row["version"]),
                lang.instant(row["published_at"]),
                lang.instant(row["as_of"]),
                row["reason"] or lang.NOTHING,
                row["seal"],
            )
            for row in versions
        ),
        numeric=frozenset(),
    )


def _of(frame: pl.DataFrame, month: date) -> list[Row]:
    return [] if frame.is_empty() else frame.filter(pl.col("month") == month).to_dicts()


def downloads(report: Report) -> Mapping[str, str]:
    """All the changes as a file."""
    frame = report.frame("restatements")
    return {} if frame.is_empty() else {"data/restatements.csv": safe.csv_frame(frame)}


def note(report: Report, month: date | None) -> Text | None:
    """A sentence for other pages when a closed month is not as published; else None."""
    rows = [
        row
        for row in report.frame("closed_months").to_dicts()
        if row["is_latest"]
        and row["state"] in ("restated", "not_compared")
        and month in (None, row["month"])
    ]
    if not rows:
        return None
    if month is None:
        names = [lang.month(row["month"]) for row in reversed(rows)]
        return Text(
            f"已发布而现在不同的月份：{'、'.join(names)}。",
            f"Published months that are not as published: {', '.join(names)}.",
        )
    (row,) = rows
    head = Text(
        f"本月已于 {lang.day(row['published_at'])} 发布（第 {row['version']} 版）。",
        f"This month was published on {lang.day(row['published_at'])} (version {row['version']}). ",
    )
    if row["state"] == "not_compared":
        tail = Text(f"{row['why_not_zh']}。", f"It cannot be compared: {row['why_not']}.")
    else:
        tail = sentence(report, row)
    return Text(head.zh + tail.zh, head.en + tail.en)


_WORDS = {
    "lead": Text(
        "已发布的月份与现在的数字并列。其他各页显示的都是现在的数字。",
        "Published months beside the figures of today. All other pages show those of today.",
    ),
    "damaged": Text("已发布的内容被改动", "What was published has been altered"),
    "overview": Text("各月", "Month by month"),
    "published": Text("发布时间", "Published"),
    "as_of": Text("数据截至", "As of"),
    "was": Text("发布时的响应及时率", "Response compliance as published"),
    "now": Text("现在", "Now"),
    "points": Text("百分点", "Points"),
    "changes": Text("不同的项", "Figures that differ"),
    "state": Text("状态", "State"),
    "restated": Text("更正", "Restated"),
    "causes": Text("原因", "Causes"),
    "changes_title": Text("逐项", "One by one"),
    "versions": Text("发布过的版本", "Published versions"),
    "versions_note": Text(
        "每个版本保存在 published 文件夹中，只增不改；封印是其清单的 SHA-256，清单含每个文件与前一"
        "版本的封印。sla verify 检查全部。",
        "Each version is kept in the folder published, which is only added to. The seal is the "
        "SHA-256 of its manifest, which holds that of each file and the seal before it; sla verify "
        "checks them all.",
    ),
    "folder": Text("文件夹", "Folder"),
}

PAGE = Page(
    name="closed",
    title=Text("已结账的月份", "Closed months"),
    template="closed.html.j2",
    build=build,
    needs=("closed_months",),
    uses=("closed_rates", "closed_money", "closed_causes", "restatements", "closed_problems"),
    only_with=("closed_months", "closed_problems"),
    promise=Text(
        "已发布的月份与现在的数字，以及为什么不同。",
        "published months beside the figures of today, and why they differ.",
    ),
    words=_WORDS,
    downloads=downloads,
)
