"""The quality page's charts: records owed by month, and missing rates with their certainty.

Belongs here: figures with their sentence and table twin, as pure functions. Does not belong
here: colours and fonts (``theme``), or the page around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards import safe, theme, words
from dashboards.charts import Chart, figures
from dashboards.figure import Figure
from dashboards.language import Language, Text
from dashboards.report import months_from
from dashboards.statistics import funnel_limits
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.report import Report

#: What becomes of a record owed, in the order in which bars are stacked, with its colour.
FINDINGS = {
    "filed_on_time": theme.MET,
    "filed_late": "#eda36c",
    "incomplete": "#cc79a7",
    "wrong_form": "#7a4f9a",
    "missing": theme.BREACHED,
    "pending": theme.PENDING,
    "unmeasurable": theme.UNMEASURABLE,
}
#: And with a pattern, where the colour alone would not tell.
_PATTERNS = {"filed_late": "/", "incomplete": "x", "wrong_form": "."}
#: Agents in the chart of missing rates; the table has all.
AGENTS_SHOWN = 15
#: Up to so many months each has room for its label; on a phone, every third.
_YEAR = 14

Rows = list[dict[str, Any]]


def finding_word(finding: str) -> Text:
    """The words for a finding; the unmeasurable has none of its own."""
    return words.label({**words.FINDINGS, "unmeasurable": words.VERDICTS["unmeasurable"]}, finding)


def months(report: Report, rows: Rows) -> Chart:
    """Records owed by month and what became of them, as stacked bars.

    Those of tickets without an opening time, which have no month, stand in the table alone.
    """
    dated = [row for row in rows if row["month"] is not None]
    there = [name for name in FINDINGS if any(row[name] for row in dated)]
    closed = [row for row in dated if report.is_closed(row["month"])]
    return Chart(
        key="filing-months",
        title=Text("每月应交的记录与去向", "Records owed by month, and what became of them"),
        sentence=_months_sentence(closed or dated, rows),
        figures=figures(
            lambda language: _months(dated, there, language),
            height=340,
            narrow={"xaxis.dtick": "M3" if len(dated) > 3 else "M1"},  # noqa: PLR2004 - a quarter
        ),
        twin=StaticTable(
            header=(
                words.WORDS["month"],
                Text("应交", "Owed"),
                *(finding_word(name) for name in FINDINGS),
            ),
            rows=tuple(
                (
                    month_of(row),
                    lang.count(row["due"]),
                    *(lang.count(row[name]) for name in FINDINGS),
                )
                for row in rows
            ),
        ),
        note=Text(
            "月份为工单受理月。最近几个月的记录可能尚未到期。",
            "The month is that in which the ticket was opened; records of the latest months may "
            "not be due yet.",
        ),
    )


def month_of(row: Mapping[str, Any]) -> Text | str:
    """The month of a row of ``filing_months``, or that there is none."""
    if row["month"] is None:
        return Text("无受理时间", "no opening time")
    return lang.month(row["month"])


def _months_sentence(rows: Rows, all_rows: Rows) -> Text:
    """Of ``rows`` the worst month; one that goes on, or is not known, may be worse."""
    worst = max(rows, key=lambda row: (row["missing"], row["month"]))
    if not worst["missing"] and any(row["missing"] for row in all_rows):
        return Text(
            "已结束的月份中，没有一个有未提交的记录。",
            "No month that has ended has a record that was not filed.",
        )
    if not worst["missing"]:
        return Text("没有一个月有未提交的记录。", "No month has a record that was not filed.")
    month = lang.month(worst["month"])
    return Text(
        f"未提交最多的是 {month}：应交 {worst['due']:,} 份，未提交 {worst['missing']:,} 份。",
        f"Most were missing in {month}: {worst['missing']:,} of {worst['due']:,} owed.",
    )


def _months(rows: Rows, there: Sequence[str], language: Language) -> Figure:
    rows = _without_gaps(rows)
    figure = Figure()
    owed = Text("应交", "owed").in_language(language)
    for name in there:
        word = finding_word(name).in_language(language)
        figure.add_bar(
            x=[f"{row['month']:%Y-%m-%d}" for row in rows],
            y=[row[name] for row in rows],
            name=word,
            marker={
                "color": FINDINGS[name],
                "line": {"width": 0},
                "pattern": theme.pattern(_PATTERNS.get(name, "")),
            },
            hovertext=[
                f"{row['month']:%Y-%m}<br>{word} {lang.count(row[name])} / "
                f"{lang.count(row['due'])} {owed}"
                for row in rows
            ],
            hoverinfo="text",
        )
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        margin={"t": 44, "r": 16, "l": 8, "b": 8},
        yaxis={"rangemode": "tozero"},
        xaxis={
            "type": "date",
            "tickformat": theme.MONTH_FORMATS[language],
            "dtick": "M1" if len(rows) <= _YEAR else None,
            "tickangle": 0,
        },
        bargap=0.35,
    )
    return figure


def _without_gaps(rows: Rows) -> Rows:
    """Every month from the first to the last: a bar is as wide as the months are apart."""
    known = {row["month"]: row for row in rows}
    none = {"due": 0} | dict.fromkeys(FINDINGS, 0)
    return [
        known.get(month, {"month": month} | none) for month in months_from(min(known), max(known))
    ]


def certainty(rows: Rows) -> Chart | None:
    """The missing rates of the first agents by rank, each with its interval; None without any."""
    shown = [row for row in rows if row["missing_low_pct"] is not None and row["missing"]]
    shown = shown[:AGENTS_SHOWN]
    if not shown:
        return None
    first = shown[0]
    name = agent_name(first)
    low, high = first["missing_low_pct"], first["missing_high_pct"]
    return Chart(
        key="certainty",
        title=Text("未提交率及其把握", "Missing rate, and how certain it is"),
        sentence=Text(
            f"居首的是 {name}：{first['decided']:,} 份已定的记录中未提交 {first['missing']:,} 份，"
            f"真实比例有 95% 的把握在 {low:.0f}%–{high:.0f}%。",
            f"First comes {name}: {first['missing']:,} of {first['decided']:,} decided records "
            f"missing; the true share lies between {low:.0f}% and {high:.0f}% with 95% confidence.",
        ),
        figures=figures(
            lambda language: _certainty(shown, language),
            height=90 + 30 * len(shown),
            narrow={"margin.l": 90},
        ),
        twin=StaticTable(
            header=(
                Text("代理商", "Agent"),
                Text("未提交", "Missing"),
                Text("已定", "Decided"),
                Text("未提交率", "Missing rate"),
                Text("95% 区间", "95% interval"),
            ),
            rows=tuple(
                (
                    agent_name(row),
                    lang.count(row["missing"]),
                    lang.count(row["decided"]),
                    f"{row['missing_pct']:.1f}%",
                    f"{row['missing_low_pct']:.1f}%–{row['missing_high_pct']:.1f}%",
                )
                for row in shown
            ),
        ),
        note=Text(
            "点为未提交率，横线为 Wilson 95% 区间。按区间下限排序：三张工单的坏运气排不到"
            "三百张工单之前。",
            "The point is the rate, the line Wilson's 95% interval. Sorted by the interval's lower "
            "end: bad luck with three tickets does not come before three hundred.",
        ),
    )


def _certainty(rows: Rows, language: Language) -> Figure:
    figure = Figure()
    missing = finding_word("missing").in_language(language)
    names = [safe.plot_text(agent_name(row)) for row in rows]
    labels = [safe.plot_text(short_agent_name(row)) for row in rows]
    figure.add_scatter(
        x=[row["missing_pct"] for row in rows],
        y=labels,
        mode="markers",
        marker={"size": 9, "color": theme.BREACHED},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row["missing_high_pct"] - row["missing_pct"] for row in rows],
            "arrayminus": [row["missing_pct"] - row["missing_low_pct"] for row in rows],
            "color": theme.MUTED,
            "thickness": 1.6,
            "width": 0,
        },
        hovertext=[
            f"{name}<br>{missing} {row['missing']:,} / {row['decided']:,}<br>"
            f"{row['missing_low_pct']:.1f}%–{row['missing_high_pct']:.1f}%"
            for name, row in zip(names, rows, strict=True)
        ],
        hoverinfo="text",
        cliponaxis=False,
    )
    figure.update_layout(
        margin={"t": 10, "r": 24, "l": 8, "b": 8},
        xaxis={
            "range": [0, min(100, max(row["missing_high_pct"] for row in rows) + 3)],
            "ticksuffix": "%",
            "showgrid": True,
            "gridcolor": "#edf0f3",
        },
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )
    return figure


#: Standard errors of the funnel's inner and outer limits: 95 % and 99.8 %.
_LIMITS = (1.96, 3.09)
#: Points a reader can still tell apart; those beyond chance are drawn first.
_AGENTS_IN_FUNNEL = 300
#: Agents a sentence can name.
_NAMED = 8


def funnel(rows: Rows, totals: Mapping[str, Any] | None = None) -> Chart | None:
    """Each agent's missing rate against how many records it rests on; None below two agents.

    ``totals`` counts all agents where ``rows`` has the first by rank alone.
    """
    agents = [row for row in rows if row["decided"]]
    decided = totals["decided"] if totals else sum(row["decided"] for row in agents)
    missing = totals["missing"] if totals else sum(row["missing"] for row in agents)
    if len(agents) < 2 or not missing:  # noqa: PLR2004 - one agent is compared with no one
        return None
    centre = missing / decided
    outside = [row for row in agents if is_outside(row, centre)]
    names, names_zh = (
        sep.join(agent_name(row) for row in outside[:_NAMED]) for sep in (", ", "、")
    )
    further = len(outside) - _NAMED
    if further > 0:
        names, names_zh = f"{names} and {further:,} more", f"{names_zh}等 {len(outside):,} 家"
    within = [row for row in agents if not is_outside(row, centre)]
    drawn = [*outside, *within][:_AGENTS_IN_FUNNEL]
    return Chart(
        key="funnel",
        title=Text("偶然与例外", "Chance and exception"),
        sentence=Text(
            f"全部代理商未提交 {centre:.1%}。"
            + (f"超出偶然范围的有：{names_zh}。" if outside else "没有代理商超出偶然范围。"),
            f"All agents together miss {centre:.1%}. "
            + (f"Beyond chance: {names}." if outside else "No agent is beyond chance."),
        ),
        figures=figures(lambda language: _funnel(drawn, centre, language), height=340),
        twin=StaticTable(
            header=(
                Text("代理商", "Agent"),
                Text("已定", "Decided"),
                Text("未提交率", "Missing rate"),
                Text("偶然上限（99.8%）", "Limit of chance (99.8%)"),
            ),
            rows=tuple(
                (
                    agent_name(row),
                    lang.count(row["decided"]),
                    f"{row['missing'] / row['decided']:.1%}",
                    f"{funnel_limits(centre, row['decided'], _LIMITS[1])[1]:.1%}",
                )
                for row in drawn
            ),
        ),
        note=_funnel_note(len(drawn), len(agents)),
    )


def _funnel_note(drawn: int, agents: int) -> Text:
    zh = (
        "漏斗图：若各代理商的真实未提交率相同，点落在内线之内的占 95%，外线之内的占 99.8%。"
        "记录越少，线越宽。"
    )
    en = (
        "A funnel plot: if all agents had the same true rate, 95% of the points would lie "
        "within the inner lines, 99.8% within the outer. The fewer the records, the wider the "
        "lines."
    )
    if drawn < agents:
        zh += f"图中为 {agents:,} 家中的 {drawn:,} 家：先画超出偶然的，其余按名次。"
        en += f" Drawn are {drawn:,} of {agents:,} agents: those beyond chance, then by rank."
    return Text(zh, en)


def is_outside(row: dict[str, Any], centre: float) -> bool:
    """Whether an agent misses more than chance explains (the outer limit)."""
    limit = funnel_limits(centre, row["decided"], _LIMITS[1])[1]
    return bool(row["missing"] / row["decided"] > limit)


def _funnel(rows: Rows, centre: float, language: Language) -> Figure:
    figure = Figure()
    most = max(row["decided"] for row in rows)
    sizes = [max(1, round(most * 1.05 * step / 60)) for step in range(1, 61)]
    for deviations, dash in zip(_LIMITS, ("dot", "solid"), strict=True):
        for side in (0, 1):
            figure.add_scatter(
                x=sizes,
                y=[100 * funnel_limits(centre, size, deviations)[side] for size in sizes],
                mode="lines",
                line={"color": theme.MUTED, "width": 1.2, "dash": dash},
                hoverinfo="skip",
            )
    figure.add_hline(y=100 * centre, line={"color": theme.INK, "width": 1, "dash": "dash"})
    missing = finding_word("missing").in_language(language)
    for is_marked in (False, True):
        marked = [row for row in rows if is_outside(row, centre) is is_marked]
        figure.add_scatter(
            x=[row["decided"] for row in marked],
            y=[100 * row["missing"] / row["decided"] for row in marked],
            mode="markers+text" if is_marked else "markers",
            marker={
                "size": 10 if is_marked else 8,
                "color": theme.BREACHED if is_marked else theme.MET,
                "symbol": "diamond" if is_marked else "circle",
            },
            text=[safe.plot_text(row["agent_id"] or "") for row in marked],
            textposition="top center",
            hovertext=[
                f"{safe.plot_text(agent_name(row))}<br>{missing} "
                f"{row['missing']:,} / {row['decided']:,}"
                for row in marked
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    figure.update_layout(
        margin={"t": 16, "r": 24, "l": 8, "b": 8},
        xaxis={
            "title": {"text": Text("已定的记录", "Decided records").in_language(language)},
            "range": [0, most * 1.05],
        },
        yaxis={
            "title": {"text": Text("未提交率", "Missing rate").in_language(language)},
            "ticksuffix": "%",
            "rangemode": "tozero",
        },
    )
    return figure


def agent_name(row: dict[str, Any]) -> str:
    """An agent as a person reads it: id and name."""
    return " ".join(part for part in (row["agent_id"], row["agent_name"]) if part)


#: Characters of a name that leave a chart its room: most companies' whole name.
_SHORT = 16


def short_agent_name(row: dict[str, Any]) -> str:
    """An agent where there is little room: a long name ends in an ellipsis, its id tells it."""
    name = row["agent_name"] or ""
    return agent_name(
        {**row, "agent_name": f"{name[: _SHORT - 1]}…" if len(name) > _SHORT else name}
    )
