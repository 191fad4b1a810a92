"""The data page: what came in, what was kept, what could not be read, what the checks found.

Frames: ``files`` (needed), ``checks``, ``problems``, ``problem_rows``, ``rejects``,
``reject_totals``. Nothing is dropped silently: rows in = staged + rejected, per file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards import language as lang
from dashboards import words
from dashboards.language import Text, both
from dashboards.report import Page, Report
from dashboards.tables import Column, DataTable, StaticTable

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    return {
        "files": files_table(files),
        "balance": balance(files),
        "missing": [
            (name, label) for name, label in words.EXPORTS.items() if name not in report.exports
        ],
        "failed": failed_checks(checks),
        "failed_count": 0 if checks.is_empty() else int((~checks["success"]).sum()),
        "check_count": checks.height,
        "checks": checks_table(checks) if report.has("checks") else None,
        "problems": _table(
            report,
            "problems",
            Text(
                "读不懂的字段，按列与原因汇总。这些字段变为空值，行仍保留。",
                "Fields that could not be read, by column and reason. The field becomes empty; "
                "its row stays.",
            ),
            (
                _EXPORT,
                _COLUMN,
                _REASON,
                Column("fields", Text("字段数", "Fields"), "number"),
                Column("example_value", Text("例如", "Example")),
                Column("example_file", Text("文件", "File")),
                Column("example_row", Text("行号", "Row"), "number"),
            ),
        ),
        "problem_rows": _table(
            report,
            "problem_rows",
            Text("读不懂的每个字段", "Each field that could not be read"),
            (_EXPORT, _FILE, _ROW, _COLUMN, _VALUE, _REASON),
            None if files.is_empty() else int(files["problems"].sum()),
        ),
        "rejects": _table(
            report,
            "rejects",
            Text(
                "没有进入数据仓库的行，原样保留",
                "Rows that are in no table, kept as they came",
            ),
            (
                _EXPORT,
                _FILE,
                _ROW,
                Column("reason", Text("原因", "Reason"), "code", _REASONS, is_filter=True),
                Column("record", Text("内容", "Record"), "wide"),
            ),
            None if files.is_empty() else int(files["rejected"].sum()),
        ),
    }


def _table(
    report: Report,
    frame_name: str,
    caption: Text,
    columns: tuple[Column, ...],
    total: int | None = None,
) -> DataTable | None:
    if not report.has(frame_name):
        return None
    rows = tuple(report.frame(frame_name).select([column.key for column in columns]).iter_rows())
    return DataTable(frame_name.replace("_", "-"), caption, columns, rows, total=total)


def files_table(files: pl.DataFrame) -> StaticTable:
    """Every file with its rows: in, staged, rejected, and whether they add up."""
    rows: list[tuple[Text | str, ...]] = []
    for row in files.iter_rows(named=True):
        adds_up = row["rows_in"] == row["staged"] + row["rejected"]
        rows.append(
            (
                words.label(words.EXPORTS, row["export"]),
                row["source_file"] or lang.NOTHING,
                " · ".join(part for part in (row["format"], row["encoding"]) if part),
                lang.count(row["rows_in"]),
                lang.count(row["staged"]),
                lang.count(row["rejected"]),
                both("✓") if adds_up else Text("不等", "differs"),
                lang.count(row["problems"]),
                row["note"] or "",
            )
        )
    return StaticTable(
        header=(
            Text("导出", "Export"),
            Text("文件", "File"),
            Text("格式", "Format"),
            Text("读入行", "Rows in"),
            Text("入库", "Staged"),
            Text("拒收", "Rejected"),
            Text("相符", "Adds up"),
            Text("读不懂的字段", "Unread fields"),
            Text("说明", "Note"),
        ),
        rows=tuple(rows),
        numeric=frozenset({3, 4, 5, 6, 7}),
    )


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
        f"{files.height} files, {rows_in:,} rows in = {staged:,} staged + {rejected:,} rejected. "
        f"{end.en} {problems:,} fields could not be read: they are empty, and listed one by one.",
    )


def failed_checks(checks: pl.DataFrame) -> list[dict[str, Any]]:
    """The checks that are not met, each with a few of its failing rows."""
    if checks.is_empty():
        return []
    found = []
    for row in checks.filter(~pl.col("success")).head(_SHOWN).iter_rows(named=True):
        sample = json.loads(row["sample"] or "[]")
        found.append(
            {
                **row,
                "description": Text(row["description_zh"], row["description_en"]),
                "failing": Text(
                    f"{lang.count(row['rows'])} 行中 {lang.count(row['unexpected_count'])} 行不符",
                    f"{lang.count(row['unexpected_count'])} of {lang.count(row['rows'])} rows fail",
                ),
                "severity_text": words.label(SEVERITIES, row["severity"]),
                "guards": words.label(GUARDS, row["guards"]),
                "place": check_id(row["table_name"], row["check_name"]),
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
        Column("guards", Text("守护", "Guards")),
        Column("name", Text("名称", "Name")),
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


_WORDS = {
    "files": Text("读入的文件", "Files read"),
    "missing": Text(
        "没有提供的导出（报告中相应的部分因此缺席）：",
        "Exports that were not given (their part of the report is missing):",
    ),
    "checks": Text("检查", "Checks"),
    "all_met": Text("全部通过。", "All are met."),
    "of_checks": Text("项检查，未通过", "checks; not met:"),
    "guards": Text("守护", "guards"),
    "sample": Text("不符的行（最多 10 行）", "Failing rows (at most 10)"),
    "problems": Text("读不懂的字段", "Fields that could not be read"),
    "rejects": Text("拒收的行", "Rejected rows"),
    "data_docs": Text("Data Docs：全部期望及其结果", "Data Docs: every expectation and its result"),
    "no_checks": Text("还没有检查结果。", "There are no check results yet."),
}

PAGE = Page(
    name="data",
    title=Text("数据质量", "Data quality"),
    template="data.html.j2",
    build=build,
    needs=("files",),
    uses=("checks", "problems", "problem_rows", "rejects", "reject_totals"),
    promise=Text(
        "每个文件读入、入库与拒收的行数，读不懂的字段，检查结果。",
        "rows read, staged and rejected per file, unread fields, check results.",
    ),
    words=_WORDS,
)
