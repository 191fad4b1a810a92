"""The quality of the exports from run to run: a sentence, a chart and a table.

Frame: ``quality_history``, one row per run and export, the run shown last. Belongs here: how it is
shown on the data page. Does not belong here: how it is kept (``pipelines.checks.quality_history``).
"""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import language as lang
from dashboards import theme, words
from dashboards.charts import Chart, figures
from dashboards.figure import Figure
from dashboards.language import Language, Text
from dashboards.tables import Column, DataTable, StaticTable

#: Runs a line needs to be one.
_A_LINE = 2
_MEASURES = (
    ("to_mend", Text("待改的行", "rows to mend"), theme.BREACHED, "solid", "circle"),
    ("problems", Text("读不懂的字段", "unread fields"), theme.MET, "dot", "square"),
)


def runs(history: pl.DataFrame) -> list[dict[str, Any]]:
    """The totals of each run, in order; ``label`` tells runs of one day apart."""
    if history.is_empty():
        return []
    totals = history.group_by("run_no", "as_of", maintain_order=True).agg(
        pl.col("files", "rows_in", "rejected", "problems", "to_mend", "checks_not_met").sum()
    )
    found: list[dict[str, Any]] = []
    for row in totals.sort("run_no").iter_rows(named=True):
        day = lang.day(row["as_of"])
        same = sum(one["day"] == day for one in found)
        found.append({**row, "day": day, "label": f"{day} ({same + 1})" if same else day})
    return found


def sentence(history: pl.DataFrame) -> Text | None:
    """This run against the one before it."""
    found = runs(history)
    if not found:
        return None
    if len(found) < _A_LINE:
        return Text(
            "这是本输出目录中的第一次运行；以后的运行会与它比较。",
            "This is the first run in this output folder; later ones are compared with it.",
        )
    before, now = found[-2:]
    parts = [
        (label, before[name], now[name])
        for name, label in (
            ("rows_in", Text("读入行", "rows in")),
            ("to_mend", Text("待改的行", "rows to mend")),
            ("problems", Text("读不懂的字段", "unread fields")),
            ("checks_not_met", Text("未通过的检查", "checks not met")),
        )
    ]
    zh = "，".join(f"{label.zh} {old:,} → {new:,}" for label, old, new in parts)
    en = ", ".join(f"{label.en} {old:,} → {new:,}" for label, old, new in parts)
    return Text(
        f"与上一次（截至 {before['label']}）相比：{zh}。",
        f"Against the run before (as of {before['label']}): {en}.",
    )


def table(history: pl.DataFrame) -> DataTable | None:
    """Every run and export."""
    if len(runs(history)) < _A_LINE:
        return None
    columns = (
        Column("run_no", Text("运行", "Run"), "number"),
        Column("as_of", Text("截至", "As of"), "instant"),
        Column("export", Text("导出", "Export"), "code", words.EXPORTS, is_filter=True),
        Column("files", Text("文件", "Files"), "number"),
        Column("rows_in", Text("读入行", "Rows in"), "number"),
        Column("rejected", Text("拒收", "Rejected"), "number"),
        Column("problems", Text("读不懂的字段", "Unread fields"), "number"),
        Column("to_mend", Text("待改的行", "Rows to mend"), "number"),
        Column("checks_not_met", Text("未通过的检查", "Checks not met"), "number"),
        Column("version", Text("版本", "Version")),
    )
    return DataTable(
        "quality-history",
        Text(
            "输入不同的每次运行与每个导出；输入相同的运行只记一次",
            "Each run on different input, and each export; runs on the same input count once",
        ),
        columns,
        tuple(history.select([column.key for column in columns]).iter_rows()),
        sort=("run_no", "desc"),
    )


def chart(history: pl.DataFrame) -> Chart | None:
    """Rows to mend and unread fields per thousand rows, run by run.

    Rejected rows are not drawn: a mended row rejects the one it replaces.
    """
    found = runs(history)
    if len(found) < _A_LINE:
        return None
    return Chart(
        key="quality-trend",
        title=Text(
            "每千行的拒收行与读不懂的字段", "Rejected rows and unread fields per 1,000 rows"
        ),
        sentence=_said(found),
        figures=figures(
            lambda language: _draw(found, language), height=260, narrow={"margin.r": 20}
        ),
        twin=StaticTable(
            header=(
                Text("截至", "As of"),
                Text("读入行", "Rows in"),
                *(label for _, label, *_ in _MEASURES),
                Text("未通过的检查", "checks not met"),
            ),
            rows=tuple(
                (
                    run["label"],
                    lang.count(run["rows_in"]),
                    *(f"{_per_thousand(run, name):.1f}" for name, *_ in _MEASURES),
                    lang.count(run["checks_not_met"]),
                )
                for run in found
            ),
        ),
    )


def _per_thousand(run: dict[str, Any], name: str) -> float:
    return 1000 * run[name] / run["rows_in"] if run["rows_in"] else 0.0


def _said(found: list[dict[str, Any]]) -> Text:
    now = found[-1]
    to_mend, problems = (_per_thousand(now, name) for name in ("to_mend", "problems"))
    return Text(
        f"这次运行每千行有 {to_mend:.1f} 行待改，{problems:.1f} 个字段读不懂。",
        f"In this run {to_mend:.1f} of 1,000 rows are to be mended, and {problems:.1f} fields per "
        "1,000 rows could not be read.",
    )


def _draw(found: list[dict[str, Any]], language: Language) -> Figure:
    figure = Figure()
    labels = [run["label"] for run in found]
    for name, label, colour, dash, symbol in _MEASURES:
        word = label.in_language(language)
        values = [_per_thousand(run, name) for run in found]
        figure.add_scatter(
            x=labels,
            y=values,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": symbol, "size": 7},
            hovertext=[
                f"{at}<br>{word} {value:.1f} ‰" for at, value in zip(labels, values, strict=True)
            ],
            hoverinfo="text",
            name=word,
        )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin={"t": 40, "r": 16, "l": 8, "b": 8},
        yaxis={"rangemode": "tozero", "nticks": 5},
        xaxis={"type": "category"},
    )
    return figure
