"""Terms and method: the clauses, how they are read, the targets in force, and the fingerprints.

Frames: ``clauses`` (needed), ``readings``, ``reading_choices``, ``response_targets``,
``term_files``, ``files``. The original sentence is Chinese in both languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dashboards import language as lang
from dashboards import words
from dashboards.language import Text, both
from dashboards.pages.management_charts import SIGNALS
from dashboards.population import Population
from dashboards.report import Page, Report
from dashboards.statistics import FEW
from dashboards.tables import Column, DataTable, StaticTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl


def build(report: Report) -> Mapping[str, Any]:
    """What ``terms.html.j2`` prints."""
    return {
        "clauses": [
            {
                "id": row["clause"],
                "title": Text(row["title_zh"], row["title_en"]),
                "original": row["original_zh"],
                "rule": Text(row["rule_zh"], row["rule_en"]),
            }
            for row in report.frame("clauses").iter_rows(named=True)
        ],
        "readings": readings(
            report.frame("readings"),
            report.frame("reading_choices"),
            report.frame("reading_effects"),
        ),
        "effects": effects(
            report.frame("reading_effects"),
            # Without that export nobody knows what was billed.
            report.frame("reading_money")[: None if "invoices" in report.exports else 0],
        ),
        "changes": changes_table(
            report.frame("reading_changes"),
            report.frame("readings"),
            report.frame("reading_choices"),
            report.frame("reading_effects"),
        )
        if report.has("reading_changes")
        else None,
        "targets": targets(report.frame("response_targets")),
        "term_files": _term_files(report.frame("term_files")),
        "input_files": _input_files(report.frame("files")),
        "definitions": _DEFINITIONS,
    }


def _span(valid_from: date | None, valid_to: date | None) -> Text:
    """A period in words; ``valid_to`` is the first day after it."""
    start = lang.day(valid_from)
    if valid_to is None:
        return Text(f"自 {start} 起", f"from {start}")
    return Text(
        f"{start} 至 {lang.day(valid_to)} 之前", f"from {start} to before {lang.day(valid_to)}"
    )


def readings(
    frame: pl.DataFrame, choices: pl.DataFrame, effects: pl.DataFrame
) -> list[dict[str, Any]]:
    """Each reading once: what is in force in each period that differs, and the other choices.

    The other choices are those in force in no period, and those in force in some that would change
    something were they in force in all.
    """
    compared = set() if effects.is_empty() else set(effects.select("reading", "alternative").rows())
    others: dict[int, list[tuple[str, Text]]] = {}
    if not choices.is_empty():
        for row in choices.iter_rows(named=True):
            text = Text(row["text_zh"], row["text_en"])
            others.setdefault(row["reading"], []).append((row["choice"], text))
    found: dict[int, dict[str, Any]] = {}
    for row in frame.iter_rows(named=True):
        reading = found.setdefault(
            row["reading"],
            {
                "number": row["reading"],
                "name": row["name"],
                "title": Text(row["title_zh"], row["title_en"]),
                "clause": row["clause"],
                "in_force": [],
            },
        )
        now = {
            "choice": row["choice"],
            "text": Text(row["text_zh"], row["text_en"]),
            "is_default": row["choice"] == row["default_choice"],
            "from": row["valid_from"],
            "to": row["valid_to"],
        }
        stretches = reading["in_force"]
        if stretches and stretches[-1]["choice"] == now["choice"]:
            stretches[-1]["to"] = now["to"]
        else:
            stretches.append(now)
    for number, reading in found.items():
        for stretch in reading["in_force"]:
            stretch["span"] = _span(stretch["from"], stretch["to"])
        chosen = {stretch["choice"] for stretch in reading["in_force"]}
        reading["others"] = [
            (choice, text, choice in chosen)
            for choice, text in others.get(number, [])
            if choice not in chosen or (number, choice) in compared
        ]
    return [found[number] for number in sorted(found)]


def effects(frame: pl.DataFrame, money: pl.DataFrame) -> dict[tuple[int, str], Text]:
    """What each alternative would change, in a sentence, by (reading, alternative)."""
    amounts: dict[tuple[int, str], list[dict[str, Any]]] = {}
    if not money.is_empty():
        for row in money.iter_rows(named=True):
            amounts.setdefault((row["reading"], row["alternative"]), []).append(row)
    found = {}
    for row in frame.iter_rows(named=True) if not frame.is_empty() else ():
        key = (row["reading"], row["alternative"])
        changed, compared = lang.count(row["rows_changed"]), lang.count(row["rows_compared"])
        parts = [
            Text(
                f"{compared} 项判定中有 {changed} 项会改变。",
                f"{changed} of {compared} verdicts would change.",
            )
        ]
        now = Population(row["met"], row["breached"]).rate
        then = Population(row["alternative_met"], row["alternative_breached"]).rate
        if row["rows_changed"] and now is not None and then is not None:
            was, would_be = lang.percent(now), lang.percent(then)
            parts.append(Text(f"达标率 {was} → {would_be}。", f"Compliance {was} → {would_be}."))
        for line in amounts.get(key, []) if row["rows_changed"] else []:
            was, would_be = (
                lang.money(line[name])
                for name in ("overbilled_amount", "alternative_overbilled_amount")
            )
            before, after = line["not_billed_count"], line["alternative_not_billed_count"]
            parts.append(
                Text(
                    f"多收 {was} → {would_be} {line['currency']}，应收未收 {before} → {after} 项。",
                    f"Overbilled {was} → {would_be} {line['currency']}, "
                    f"not billed {before} → {after}.",
                )
            )
        found[key] = lang.joined(parts)
    return found


def changes_table(
    frame: pl.DataFrame, readings: pl.DataFrame, choices: pl.DataFrame, effects: pl.DataFrame
) -> DataTable:
    """The verdicts and findings an alternative would change, one by one."""
    states = {**words.FINDINGS, **words.PROMISE_VERDICTS}
    # With a leading zero, as a choice of codes is sorted as text.
    titles = {
        f"{row['reading']:02}": Text(
            f"{row['reading']} {row['title_zh']}", f"{row['reading']} {row['title_en']}"
        )
        for row in readings.iter_rows(named=True)
    }
    texts = {
        f"{row['reading']:02} {row['choice']}": Text(row["text_zh"], row["text_en"])
        for row in choices.iter_rows(named=True)
    }
    columns = (
        Column("subject", Text("工单、收费或合同", "Ticket, charge or contract"), "link"),
        Column("charge", Text("收费类型", "Charge type"), "code", words.CHARGE_TYPES),
        Column("reading", Text("解读", "Reading"), "code", titles, is_filter=True),
        Column(
            "alternative",
            Text("另一种解读", "Alternative"),
            "code",
            texts,
            is_filter=True,
            is_hidden=True,
        ),
        Column("text", Text("改按", "Read instead as"), "wide"),
        Column("was", Text("现在", "Now"), "code", states, is_filter=True),
        Column("would_be", Text("会变为", "Would be"), "code", states, is_filter=True),
    )
    rows = []
    for row in frame.iter_rows(named=True):
        reading = f"{row['reading']:02}"
        alternative = f"{reading} {row['alternative']}"
        rows.append(
            (
                *_subject(row["subject"], row["table_name"]),
                reading,
                alternative,
                words.label(texts, alternative),
                row["was"],
                row["would_be"],
            )
        )
    total = len(rows) if effects.is_empty() else int(effects["rows_changed"].sum())
    return DataTable(
        "reading-changes",
        _CHANGES if total == len(rows) else _FIRST_CHANGES,
        columns,
        tuple(rows),
        total=total,
    )


_CHANGES = Text("另一种解读会改变的判定，逐项列出", "What an alternative would change, one by one")
_FIRST_CHANGES = Text(
    "另一种解读会改变的判定：每种解读列出前 100 项；更多在数据仓库的 marts.reading_changes。",
    "What an alternative would change, the first 100 of each; marts.reading_changes in the "
    "warehouse has more.",
)


def _subject(subject: str | None, table: str) -> tuple[list[str | None], str | None]:
    """What is judged with the page of its ticket, and of a charge its type.

    A charge on a ticket has the id ``ticket|type|currency``, another ``unit:number|period|…``.
    """
    if subject is None or table == "facts.inspections":
        return [subject, None], None
    ticket, *rest = subject.split("|")
    if table != "facts.charges" or (rest and rest[0] in words.CHARGE_TYPES):
        return [ticket, f"ticket.html#id={quote(ticket)}"], rest[0] if rest else None
    return [" ".join([ticket.partition(":")[2] or ticket, *rest]), None], None


def targets(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The response targets of each period, as a table of level by tier."""
    periods: dict[tuple[Any, Any], dict[int, dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        levels = periods.setdefault((row["valid_from"], row["valid_to"]), {})
        level = levels.setdefault(row["fault_level"], {"clock": row["clock"]})
        level[row["city_tier"]] = row["target_seconds"]
    return [
        {
            "span": _span(*period),
            "table": StaticTable(
                header=(
                    Text("故障等级", "Fault level"),
                    Text("时钟", "Clock"),
                    words.TIERS["tier1"],
                    words.TIERS["other"],
                ),
                rows=tuple(
                    (
                        words.label(words.LEVELS, level),
                        words.label(words.CLOCKS, values["clock"]),
                        _under(values.get("tier1")),
                        _under(values.get("other")),
                    )
                    for level, values in sorted(levels.items())
                ),
                numeric=frozenset({2, 3}),
            ),
        }
        for period, levels in periods.items()
    ]


def _under(seconds: int | None) -> Text | str:
    if seconds is None:
        return lang.NOTHING
    return Text(f"{seconds / 3600:g} 小时", f"{seconds / 3600:g} h")


#: Where a terms file comes from (``pipelines.terms.load``).
_ORIGINS = {
    "built-in": Text("产品自带", "built-in"),
    "given": Text("另行提供", "given"),
    "in force": Text("沿用现行", "in force"),
}


def _term_files(frame: pl.DataFrame) -> StaticTable:
    return StaticTable(
        header=(Text("文件", "File"), Text("来处", "Origin"), both("SHA-256")),
        rows=tuple(
            (row["file"], words.label(_ORIGINS, row["origin"]), row["sha256"])
            for row in frame.iter_rows(named=True)
        ),
        numeric=frozenset(),
    )


def _input_files(frame: pl.DataFrame) -> StaticTable:
    return StaticTable(
        header=(Text("导出", "Export"), Text("文件", "File"), both("SHA-256")),
        rows=tuple(
            (
                words.label(words.EXPORTS, row["export"]),
                row["source_file"] or "",
                row["sha256"] or "",
            )
            for row in frame.iter_rows(named=True)
        ),
        numeric=frozenset(),
    )


_DEFINITIONS: tuple[tuple[Text, Text], ...] = (
    (
        Text("判定", "Verdict"),
        Text(
            "达标：按承诺做到，且在时限内。未达标：没有按承诺做；做得太晚，或时限已过仍未做到的，又称超时。"
            "未到期：还没做到，但仍在时限内。无法判定：缺少判定所需的数据，不作猜测，原因逐一列出。",
            "Met: done as promised, and in time. Breached: not done as promised, done too late, or "
            "still open and already too late. In time, open: not done yet, still in time. "
            "Unmeasurable: the data to judge it is missing; never guessed, each with its reason.",
        ),
    ),
    (
        Text("及时率（达标率）", "Compliance"),
        Text(
            "达标 ÷（达标 + 未达标）。另给出把无法判定计作未达标的及时率。",
            "Met ÷ (met + breached). It is also given with the unmeasurable counted as misses.",
        ),
    ),
    (
        Text("月份", "Month"),
        Text(
            "工单受理日所在的月份。截至时刻在其最后一天之前的月份为月内累计，不参与控制限。",
            "The month the ticket was opened in. Until the as-of reaches its last day a month "
            "is month to date and takes no part in control limits.",
        ),
    ),
    (
        Text("截至时刻", "As-of"),
        Text(
            "晚于它的事件视为尚未发生；默认为导出文件中最晚的事件时刻。",
            "What comes later counts as not having happened; by default the latest instant found "
            "in the exports.",
        ),
    ),
    (
        Text("用时", "Time used"),
        Text(
            "从受理到响应，在工单自己的时钟上计算，扣除暂停。显示为 时:分，只舍不入。",
            "From opening to response on the ticket's own clock, pauses taken out. Shown as h:mm, "
            "cut to the minute.",
        ),
    ),
    (
        Text("置信区间", "Interval"),
        Text(
            f"Wilson 95% 区间。已判定少于 {FEW} 张的比率标为数量太少。",
            f"Wilson's 95% interval. Rates of fewer than {FEW} decided are marked as too few.",
        ),
    ),
    (
        Text("与上月、去年相比", "Against last month and last year"),
        Text(
            "百分点之差；两个比率的合并 z 检验双侧 p < 0.05 时记为超出偶然波动。",
            "A difference in percentage points; beyond chance when a pooled two-sided z test of "
            "the two rates gives p < 0.05.",
        ),
    ),
    (
        Text("控制图", "Control chart"),
        Text(
            f"p 图：中心线为已结束月份的合计，控制限 ±3 个标准误；信号（惠勒规则）：{SIGNALS.zh}。",
            f"A p-chart: the centre is all ended months together, limits ±3 standard errors; a "
            f"signal (Wheeler's rules) is {SIGNALS.en}.",
        ),
    ),
)

_WORDS = {
    "run": Text("这份报告", "This report"),
    "as_of": Text("截至时刻", "As-of"),
    "timezone": Text("时区", "Time zone"),
    "version": Text("产品版本", "Product version"),
    "exports": Text("提供的导出", "Exports given"),
    "definitions": Text("定义", "Definitions"),
    "targets": Text("响应时限（T4、AS-7）", "Response targets (T4, AS-7)"),
    "targets_note": Text(
        "工单适用其受理当日有效的条款。",
        "A ticket follows the terms in force on the day it was opened.",
    ),
    "readings": Text("条款的解读", "How the terms are read"),
    "readings_note": Text(
        "原文留有余地之处，写明采用的解读与其他可能的解读；都可以在条款文件中改。",
        "Where the text leaves room: the reading in force and its alternatives. Each is a switch "
        "in the terms files.",
    ),
    "others": Text("另一种解读", "Alternative"),
    "throughout": Text("若自始至终采用", "Were it so throughout"),
    "changes": Text("另一种解读会改变什么", "What the alternatives would change"),
    "default": Text("默认", "default"),
    "changed": Text("已改", "changed"),
    "clause": Text("条款", "Clause"),
    "clauses": Text("条款原文", "The clauses"),
    "clauses_note": Text(
        "每个判定都引用条款编号；引文为原文。",
        "Every verdict cites a clause; the quotation is the original Chinese.",
    ),
    "fingerprints": Text("输入的指纹", "Fingerprints of the inputs"),
    "term_files": Text("条款文件", "Terms files"),
    "input_files": Text("导出文件", "Export files"),
}

PAGE = Page(
    name="terms",
    title=Text("条款与方法", "Terms and method"),
    template="terms.html.j2",
    build=build,
    needs=("clauses",),
    uses=(
        "readings",
        "reading_choices",
        "reading_effects",
        "reading_money",
        "reading_changes",
        "response_targets",
        "term_files",
        "files",
    ),
    promise=Text(
        "条款原文、解读、时限、定义与输入文件的指纹。",
        "the clauses, their readings, the targets, definitions and fingerprints of the inputs.",
    ),
    words=_WORDS,
)
