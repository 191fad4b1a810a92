"""The data page: what came in, what was kept, what could not be read, what the checks found.

Frames: ``files`` (needed), ``freshness``, ``checks``, ``check_effects``, ``problems``,
``problem_rows``, ``rows_to_mend``, ``rejects``, ``reject_totals``, ``quality_history``. Nothing is
dropped silently: rows in = staged + rejected, per file.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards import language as lang
from dashboards import words
from dashboards.language import Text, both
from dashboards.pages import data_effects, data_trend
from dashboards.report import Page, Report
from dashboards.tables import Column, DataTable, StaticTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

#: Checks that are not met and shown with their rows; the table lists all.
_SHOWN = 40
_REASONS = {
    "missing_key": Text("缺少编号", "Key missing"),
    "duplicate": Text("与另一行完全相同", "Equal to another row"),
    "superseded": Text("被同编号的后一行取代", "Replaced by a later row of the same key"),
}
SEVERITIES = {
    "critical": Text("严重：不通过则停止", "Critical: stops the run"),
    "warning": Text("提醒", "Warning"),
}
#: What a check stands for, where that is no clause.
GUARDS = {
    "clauses": Text("条款原文", "the clauses in words"),
    "readings": Text("条款的读法", "the readings"),
    "contract: exports": Text("数据约定：导出文件", "data contract: exports"),
    "contract: pauses": Text("数据约定：暂停", "data contract: pauses"),
    "contract: tables": Text("数据约定：数据表", "data contract: tables"),
    "contract: what happens to a bad row": Text(
        "数据约定：坏行的去处", "data contract: what happens to a bad row"
    ),
    "contract: billed_amount adds up to the invoice export": Text(
        "数据约定：开票金额与发票导出相符",
        "data contract: billed_amount adds up to the invoice export",
    ),
    "house rule: one lookup rule for all terms": Text(
        "内部规定：所有条款同一查找规则", "house rule: one lookup rule for all terms"
    ),
    "reading 8": Text("读法 8", "reading 8"),
    "reading 15": Text("读法 15", "reading 15"),
}
_STATES = {"met": Text("通过", "Met"), "breached": Text("未通过", "Not met")}
#: What became of a file since the run before, where that is known.
_STATUSES = {
    "new": Text("新", "new"),
    "changed": Text("有变", "changed"),
    "unchanged": Text("未变", "unchanged"),
    "removed": Text("已移除", "removed"),
}
#: Read in place of tickets where a mapping names it: nobody misses it.
_STANDS_IN = "ticket_events"
#: Exports that go on as long as the business does; pauses come now and then.
_GOING_ON = ("tickets", "service_records", "invoices")
_EXPORT = Column("export", Text("导出", "Export"), "code", words.EXPORTS, is_filter=True)
_FILE = Column("source_file", Text("文件", "File"), is_filter=True)
_ROW = Column("source_row", Text("行号", "Row"), "number")
_COLUMN = Column("column_name", Text("列", "Column"), is_filter=True)
_VALUE = Column("value", Text("值", "Value"))
_REASON = Column("reason", Text("原因", "Reason"), "wide")


def build(report: Report) -> Mapping[str, Any]:
    """What ``data.html.j2`` prints."""
    files = report.frame("files")
    checks = report.frame("checks")
    freshness = report.frame("freshness")
    withheld = rows_withheld(report)
    return {
        "figures": figures(files, checks),
        "balance": balance(files),
        "files": files_table(files, freshness),
        "missing": [
            (name, label)
            for name, label in words.EXPORTS.items()
            if name not in {*report.exports, _STANDS_IN}
        ],
        "reach": reach_table(freshness),
        "reach_sentence": reach_sentence(freshness),
        "failed": failed_checks(report),
        "failed_count": 0 if checks.is_empty() else int((~checks["success"]).sum()),
        "check_count": checks.height,
        "checks": checks_table(checks) if report.has("checks") else None,
        "problems": problems_table(report),
        "problem_rows": problem_rows_table(report),
        "mend": [] if withheld else list(report.frame("rows_to_mend").iter_rows(named=True)),
        "withheld": withheld,
        "rejects": rejects_table(report),
        "trend": data_trend.chart(report.frame("quality_history")),
        "trend_table": data_trend.table(report.frame("quality_history")),
        "trend_sentence": data_trend.sentence(report.frame("quality_history")),
    }


def rows_withheld(report: Report) -> Text | None:
    """Where the rows to mend are, if they say what the report hides."""
    rows = report.frame("rows_to_mend")
    if report.hidden is None or rows.is_empty():
        return None
    count = int(rows["to_mend"].sum())
    return Text(
        f"有 {count:,} 行要改。它们原样含有本报告不显示的名称与文字，因此不在报告中，"
        "而在运行结果的 mend 文件夹里，与报告并列。",
        f"{count:,} {'row has' if count == 1 else 'rows have'} to be mended. As they came they say "
        "what this report does not show, so they are not in it but in the folder mend of the "
        "run's result, beside the report.",
    )


def figures(files: pl.DataFrame, checks: pl.DataFrame) -> list[tuple[str, Text, str]]:
    """The page at a glance: name, words and number of each figure."""
    shown = [
        ("rows_in", Text("读入行", "Rows in")),
        ("staged", Text("入库", "Staged")),
        ("rejected", Text("拒收", "Rejected")),
        ("problems", Text("读不懂的字段", "Unread fields")),
    ]
    found = [
        (name, label, lang.count(0 if files.is_empty() else int(files[name].sum())))
        for name, label in shown
    ]
    if checks.height:
        not_met = int((~checks["success"]).sum())
        found.append(("not_met", Text("未通过的检查", "Checks not met"), lang.count(not_met)))
    return found


def balance(files: pl.DataFrame) -> Text:
    """Rows in against rows staged and rejected, in one sentence."""
    if files.is_empty():
        return Text("没有读入任何文件。", "No files were read.")
    rows_in, staged, rejected, problems = (
        int(files[name].sum()) for name in ("rows_in", "staged", "rejected", "problems")
    )
    wrong = files.filter(pl.col("rows_in") != pl.col("staged") + pl.col("rejected"))
    if wrong.is_empty():
        end = Text("每个文件都相符。", "It adds up in every file.")
    else:
        names = ", ".join(wrong["source_file"])
        end = Text(f"以下文件不相符：{names}。", f"It does not add up in: {names}.")
    return Text(
        f"{files.height} 个文件读入 {rows_in:,} 行 = 入库 {staged:,} + 拒收 {rejected:,}。{end.zh}"
        f"另有 {problems:,} 个字段读不懂，已变为空值并逐一列出。",
        f"{lang.counted(files.height, 'file', 'files')}, {lang.counted(rows_in, 'row', 'rows')} in"
        f" = {staged:,} staged + {rejected:,} rejected. "
        f"{end.en} {lang.counted(problems, 'field', 'fields')} could not be read: "
        f"{'it is' if problems == 1 else 'they are'} empty, and listed one by one.",
    )


def files_table(files: pl.DataFrame, freshness: pl.DataFrame) -> StaticTable:
    """Every file: how it was read, its newest row, its rows, and whether they add up."""
    newest = {
        (row["export"], row["source_file"]): row["latest_at"]
        for row in freshness.iter_rows(named=True)
    }
    has_status = "status" in files.columns and files["status"].is_not_null().any()
    rows: list[tuple[Text | str, ...]] = []
    for row in files.iter_rows(named=True):
        adds_up = row["rows_in"] == row["staged"] + row["rejected"]
        status = (words.label(_STATUSES, row["status"]),) if has_status else ()
        rows.append(
            (
                words.label(words.EXPORTS, row["export"]),
                row["source_file"] or lang.NOTHING,
                *status,
                how_read(row),
                lang.day(newest.get((row["export"], row["source_file"]))),
                lang.count(row["rows_in"]),
                lang.count(row["staged"]),
                lang.count(row["rejected"]),
                both("✓") if adds_up else Text("不等", "differs"),
                lang.count(row["problems"]),
                note(row["note"] or ""),
            )
        )
    before = (Text("导出", "Export"), Text("文件", "File"))
    states = (Text("与上次相比", "Since the last run"),) if has_status else ()
    after = (
        Text("读法", "Read as"),
        Text("最新一行", "Newest row"),
        Text("读入行", "Rows in"),
        Text("入库", "Staged"),
        Text("拒收", "Rejected"),
        Text("相符", "Adds up"),
        Text("读不懂的字段", "Unread fields"),
        Text("说明", "Note"),
    )
    first = len(before) + len(states) + 2
    return StaticTable(
        header=(*before, *states, *after),
        rows=tuple(rows),
        numeric=frozenset({first, first + 1, first + 2, first + 4}),
    )


#: What is said of a file as it is read (``pipelines.exports``), in Chinese.
_NOTES_ZH = (
    (r"sheet (.+)", r"工作表 \1"),
    (r"header found in (?:row|line) (\d+)", r"表头在第 \1 行"),
    (r"merged cells below the header: (.+)", r"表头以下有 \1 处合并单元格"),
    (r"sheets not read: (.+)", r"未读的工作表：\1"),
    (r"columns not used: (.+)", r"未使用的列：\1"),
    (r"optional columns not there: (.+)", r"没有的可选列：\1"),
    (r"read row by row", "逐行读取"),
    (r"folded from the changes in (.+)", r"由 \1 中的变更汇成"),
    (r"what the log adds to the tickets of other files", "变更记录给其他文件的工单补充的内容"),
    (r"(.+) is day-first", r"\1：日在前"),
    (r"(.+) is month-first", r"\1：月在前"),
    (r"(.+) is year-first", r"\1：年在前"),
    (r"(.+) is decimal-point", r"\1：小数点为点"),
    (r"(.+) is decimal-comma", r"\1：小数点为逗号"),
)


def note(text: str) -> Text:
    """A file's note in both languages; a part that is not known stays as it is."""
    return Text("；".join(map(_note_zh, text.split("; "))), text)


def _note_zh(part: str) -> str:
    for pattern, zh in _NOTES_ZH:
        if found := re.fullmatch(pattern, part):
            return found.expand(zh)
    return part


def how_read(row: Mapping[str, Any]) -> str:
    """Format, encoding and, where it is no comma, delimiter of a file."""
    delimiter = {"\t": "tab", None: "", ",": ""}.get(row["delimiter"], row["delimiter"])
    return " · ".join(part for part in (row["format"], row["encoding"], delimiter) if part)


def reach_table(freshness: pl.DataFrame) -> StaticTable | None:
    """Until when each export tells of anything, and how long before the as-of that is."""
    if freshness.is_empty():
        return None
    return StaticTable(
        header=(
            Text("导出", "Export"),
            Text("最后一件事", "Latest event"),
            Text("早于截至时间", "Before the as-of"),
        ),
        rows=tuple(
            (
                words.label(words.EXPORTS, row["export"]),
                lang.instant(row["latest_at"]),
                distance(row["as_of"] - row["latest_at"]),
            )
            for row in _reach(freshness)
        ),
        numeric=frozenset({2}),
    )


def reach_sentence(freshness: pl.DataFrame) -> Text | None:
    """Which of the exports that go on ends first, where that may matter."""
    going_on = [row for row in _reach(freshness) if row["export"] in _GOING_ON]
    if not going_on:
        return None
    first = min(going_on, key=lambda row: row["latest_at"])
    behind = first["as_of"] - first["latest_at"]
    name = words.label(words.EXPORTS, first["export"])
    if behind.days < 1:
        names = lang.joined_words([words.label(words.EXPORTS, row["export"]) for row in going_on])
        return Text(
            f"持续产生的导出（{names.zh}）都到截至时间前一天之内。",
            f"Every export that goes on ({names.en.lower()}) reaches to within a day of the as-of.",
        )
    return Text(
        f"持续产生的导出中，{name.zh}最早结束：止于 {lang.instant(first['latest_at'])}，"
        f"早于截至时间 {distance(behind).zh}。此后的{name.zh}若有，不在本报告中。",
        f"Of the exports still being written, {name.en.lower()} end first: at "
        f"{lang.instant(first['latest_at'])}, {distance(behind).en} before the as-of. What came "
        "after, if anything did, is not in this report.",
    )


def _reach(freshness: pl.DataFrame) -> list[dict[str, Any]]:
    """The latest event of each export, in the order of the contract."""
    latest: dict[str, dict[str, Any]] = {}
    for row in sorted(freshness.iter_rows(named=True), key=lambda row: row["latest_at"]):
        latest[row["export"]] = row
    return [latest[name] for name in words.EXPORTS if name in latest]


def distance(span: timedelta) -> Text:
    """How long before the as-of: whole days, or hours on the last one."""
    hours = int(span.total_seconds() // 3600)
    if span.total_seconds() < 0:
        return Text("在截至时间之后", "after the as-of")
    if not hours:
        return Text("不到 1 小时", "under an hour")
    if not span.days:
        return Text(f"{hours} 小时", f"{hours} {'hour' if hours == 1 else 'hours'}")
    return Text(f"{span.days:,} 天", f"{span.days:,} {'day' if span.days == 1 else 'days'}")


def failed_checks(report: Report) -> list[dict[str, Any]]:
    """The checks that are not met, with what hangs on each and a few of its failing rows.

    Those on which most verdicts hang come first.
    """
    checks = report.frame("checks")
    if checks.is_empty():
        return []
    effects = data_effects.by_check(report.frame("check_effects"))
    failing = [
        (row, effects.get((row["table_name"], row["check_name"]), []))
        for row in checks.filter(~pl.col("success")).iter_rows(named=True)
    ]
    failing.sort(key=lambda pair: -sum(one["touched"] for one in pair[1]))
    found = []
    for row, touched in failing[:_SHOWN]:
        sample = json.loads(row["sample"] or "[]")
        found.append(
            {
                **row,
                "description": Text(row["description_zh"], row["description_en"]),
                "failing": Text(
                    f"{lang.count(row['rows'])} 行中 {lang.count(row['unexpected_count'])} 行不符",
                    f"{lang.count(row['unexpected_count'])} of "
                    f"{lang.count(row['rows'])} {'row' if row['rows'] == 1 else 'rows'} "
                    f"{'fails' if row['unexpected_count'] == 1 else 'fail'}",
                ),
                "severity_text": words.label(SEVERITIES, row["severity"]),
                "guards": words.label(GUARDS, row["guards"]),
                "place": check_id(row["table_name"], row["check_name"]),
                "effect": data_effects.sentence(touched) if report.has("check_effects") else None,
                "effects": data_effects.table(touched) if len(touched) > 1 else None,
                "sample": sample_table(sample) if sample else None,
            }
        )
    return found


def check_id(table: str, check: str) -> str:
    """The place of a check on the Data Docs page."""
    return f"check-{table}-{check}"


def sample_table(sample: list[dict[str, Any]]) -> StaticTable:
    """Failing rows as a table: their own columns, values as text."""
    keys = list(dict.fromkeys(key for row in sample for key in row))
    return StaticTable(
        header=tuple(both(key) for key in keys),
        rows=tuple(
            tuple(lang.NOTHING if row.get(key) is None else str(row[key]) for key in keys)
            for row in sample
        ),
        numeric=frozenset(),
    )


def checks_table(checks: pl.DataFrame) -> DataTable:
    """All checks, those not met first."""
    columns = (
        Column("verdict", Text("结果", "Result"), "code", _STATES, is_filter=True),
        Column("table", Text("表", "Table"), is_filter=True),
        Column("description", Text("检查", "Check"), "wide"),
        Column("severity", Text("级别", "Severity"), "code", SEVERITIES, is_filter=True),
        Column("rows", Text("行数", "Rows"), "number"),
        Column("unexpected", Text("不符行", "Failing rows"), "number"),
        Column("guards", Text("依据", "Guards")),
        Column("name", Text("名称", "Name"), is_hidden=True),
    )
    rows = tuple(
        (
            "met" if row["success"] else "breached",
            row["table_name"],
            Text(row["description_zh"], row["description_en"]),
            row["severity"],
            row["rows"],
            row["unexpected_count"],
            words.label(GUARDS, row["guards"]),
            row["check_name"],
        )
        for row in checks.iter_rows(named=True)
    )
    return DataTable("checks", Text("全部检查", "All checks"), columns, rows)


def problems_table(report: Report) -> DataTable | None:
    """Cells that could not be read, by column and reason, and the verdicts that hang on them."""
    if not report.has("problems"):
        return None
    effects = data_effects.by_column(report.frame("check_effects"))
    columns = (
        _EXPORT,
        _COLUMN,
        _REASON,
        Column("fields", Text("字段数", "Fields"), "number"),
        Column("effect", Text("取决于该列的判定", "Verdicts that hang on the column"), "wide"),
        Column("example_value", Text("例如", "Example")),
        Column("example_file", Text("文件", "File")),
        Column("example_row", Text("行号", "Row"), "number"),
    )
    return DataTable(
        "problems",
        Text(
            "按列与原因汇总。字段变为空值，行仍保留。",
            "By column and reason. The field becomes empty; its row stays.",
        ),
        columns,
        tuple(
            (
                row["export"],
                row["column_name"],
                _reason(row),
                row["fields"],
                data_effects.brief(effects.get((row["export"], row["column_name"]), [])),
                row["example_value"],
                row["example_file"],
                row["example_row"],
            )
            for row in report.frame("problems").iter_rows(named=True)
        ),
    )


def _reason(row: Mapping[str, Any]) -> Text:
    """Why a cell could not be read, in the words it came with."""
    return Text(row["reason_zh"] or row["reason"], row["reason"])


def problem_rows_table(report: Report) -> DataTable | None:
    """Each cell that could not be read, the first of them."""
    if not report.has("problem_rows"):
        return None
    return DataTable(
        "problem-rows",
        Text("逐个字段", "Each field"),
        (_EXPORT, _FILE, _ROW, _COLUMN, _VALUE, _REASON),
        tuple(
            (
                *(row[name] for name in ("export", "source_file", "source_row")),
                row["column_name"],
                row["value"],
                _reason(row),
            )
            for row in report.frame("problem_rows").iter_rows(named=True)
        ),
        total=int(report.frame("files")["problems"].sum()),
    )


def rejects_table(report: Report) -> DataTable | None:
    """Rows that are in no table, as they came."""
    if not report.has("rejects"):
        return None
    reason = Column("reason", Text("原因", "Reason"), "code", _REASONS, is_filter=True)
    columns = (_EXPORT, _FILE, _ROW, reason, Column("record", Text("内容", "Record"), "wide"))
    return DataTable(
        "rejects",
        Text("没有进入数据仓库的行，原样保留", "Rows that are in no table, kept as they came")
        if report.hidden is None
        else Text(
            "没有进入数据仓库的行；内容按隐私设置不显示",
            "Rows that are in no table; what they say is not shown, by the privacy settings",
        ),
        columns,
        tuple(report.frame("rejects").select([column.key for column in columns]).iter_rows()),
        total=int(report.frame("files")["rejected"].sum()),
    )


_WORDS = {
    "files": Text("读入的文件", "Files read"),
    "missing": Text(
        "没有提供的导出（报告中相应的部分因此缺席）：",
        "Exports that were not given (their part of the report is missing):",
    ),
    "reach": Text("各导出到何时为止", "How far each export reaches"),
    "checks": Text("检查", "Checks"),
    "all_met": Text("全部通过。", "All are met."),
    "of_checks": Text("项检查，未通过", "checks; not met:"),
    "guards": Text("依据", "guards"),
    "sample": Text("不符的行（最多 10 行）", "Failing rows (at most 10)"),
    "effects": Text("取决于这些行的全部判定", "All verdicts that hang on these rows"),
    "data_docs": Text("Data Docs：全部期望及其结果", "Data Docs: every expectation and its result"),
    "problems": Text("读不懂的字段", "Fields that could not be read"),
    "mend": Text("拿回去改的行", "Rows to mend"),
    "mend_how": Text(
        "每个来源一个文件，表头、分隔符、编码与原文件相同，最后一列写明问题。改好后放回导出文件夹，"
        "与原文件并列，再运行一次：每一行会取代它原来的那一行。",
        "One file for each source, with its headers, delimiter and encoding; the last column says "
        "what is wrong. Mend the rows, put the file into the exports folder beside its source, and "
        "run again: each row takes the place of the one it was made from.",
    ),
    "mend_no_key": Text(
        "这类导出没有编号，改好的行不会取代原来的行：请改原文件。",
        "Rows of this export have no key and would not replace the old ones: mend the source.",
    ),
    "mend_not": Text(
        "被取代的行和重复的行没有可改之处，不在其中。",
        "Rows that were replaced or repeated have nothing to mend and are not among them.",
    ),
    "mend_none": Text("没有需要改的行。", "There is no row to mend."),
    "row_word": Text("行", "row"),
    "rows_word": Text("行", "rows"),
    "rejects": Text("拒收的行", "Rejected rows"),
    "trend": Text("质量的变化", "Quality from run to run"),
    "no_checks": Text("还没有检查结果。", "There are no check results yet."),
}

PAGE = Page(
    name="data",
    title=Text("数据质量", "Data quality"),
    template="data.html.j2",
    build=build,
    needs=("files",),
    uses=(
        "checks",
        "check_effects",
        "freshness",
        "problems",
        "problem_rows",
        "quality_history",
        "rejects",
        "reject_totals",
        "rows_to_mend",
    ),
    promise=Text(
        "每个文件读入、入库与拒收的行数，读不懂的字段，检查结果。",
        "rows read, staged and rejected per file, unread fields, check results.",
    ),
    words=_WORDS,
)
