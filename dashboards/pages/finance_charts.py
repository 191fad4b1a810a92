"""The finance page's chart: money at stake, month by month, by finding.

Belongs here: the figure with its sentence and table twin. Does not belong here: the page
around it, or which findings there are (``words``).
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards import theme, words
from dashboards.charts import Chart, figures
from dashboards.figure import Figure
from dashboards.language import Language, Text, both
from dashboards.report import months_from
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

#: Findings with money in question: colour, and a pattern for print without colour.
STAKES: dict[str, tuple[str, str]] = {
    "billed_but_free": (theme.BREACHED, ""),
    "billed_under_warranty": (theme.PENDING, "/"),
    "billed_not_provided": ("#cc79a7", "\\"),
    "duplicate_charge": ("#009e73", "x"),
    "wrong_biller": ("#56b4e9", "-"),
    "orphan_charge": (theme.MUTED, "."),
    "undetermined": (theme.UNMEASURABLE, "+"),
    "not_billed": (theme.MET, "|"),
}
_MOST = 36
_WIDE = 6
_NAMED = 4

Months = dict["date", dict[str, float]]


def at_stake(row: Mapping[str, Any]) -> float:
    """Money in question of a row of ``billing_months``: overbilled, unexplained, unbilled."""
    return float(row["overbilled_amount"] + row["unexplained_amount"] + row["unbilled_amount"])


def by_month(
    rows: Iterable[Mapping[str, Any]], currency: str, last_month: date | None = None
) -> Months:
    """Money in question by month and finding, in order up to ``last_month``, also without any."""
    found: defaultdict[date, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        if row["currency"] == currency and row["month"] is not None and at_stake(row):
            found[row["month"]][row["finding"]] += at_stake(row)
    if not found:
        return {}
    last = max(*found, last_month or min(found))
    return {month: dict(found.get(month, {})) for month in months_from(min(found), last)}


def money_by_month(
    rows: Iterable[Mapping[str, Any]], currency: str, last_month: date | None = None
) -> Chart | None:
    """Money at stake in one currency up to ``last_month``, the last months drawn.

    None when no month has any.
    """
    rows = list(rows)
    months = by_month(rows, currency, last_month)
    if not months:
        return None
    undated = sum(
        at_stake(row) for row in rows if row["currency"] == currency and row["month"] is None
    )
    drawn = {month: months[month] for month in list(months)[-_MOST:]}
    return Chart(
        key=f"money-{currency}",
        title=Text(f"每月涉及金额（{currency}）", f"Money at stake by month ({currency})"),
        sentence=_sentence(months, undated, currency),
        figures=figures(
            lambda language: _draw(drawn, currency, language), height=360, narrow=_narrow(drawn)
        ),
        twin=_twin(months),
        note=Text(
            "月份为工单受理月；无工单的取开票月。含多收、待查，及价目表给出金额的漏收。",
            "By the month the ticket was opened; of issue without a ticket. Overbilled, "
            "unexplained, and what was not billed where the rate card knows the amount.",
        ),
    )


def _narrow(months: Months) -> dict[str, Any]:
    """On a phone only some months are named, and level."""
    return {"xaxis.dtick": ceil(len(months) / _NAMED), "xaxis.tickangle": 0}


def _sentence(months: Months, undated: float, currency: str) -> Text:
    """All of it: also what has no month, and the months before those that are drawn."""
    totals = {month: sum(parts.values()) for month, parts in months.items()}
    most = max(totals, key=lambda month: (abs(totals[month]), month))
    findings: defaultdict[str, float] = defaultdict(float)
    for parts in months.values():
        for finding, amount in parts.items():
            findings[finding] += amount
    first = max(sorted(findings), key=lambda finding: abs(findings[finding]))
    name = words.label(words.FINDINGS, first)
    whole, top = lang.money(sum(totals.values()) + undated), lang.money(totals[most])
    share, without = lang.money(findings[first]), lang.money(undated)
    return Text(
        f"合计 {whole} {currency}"
        + (f"，其中没有月份的 {without}" if undated else "")
        + f"；按月以 {most:%Y-%m} 最多（{top}）；"
        + ("有月份的按结论" if undated else "按结论")
        + f"以“{name.zh}”最多（{share}）。",
        f"{whole} {currency} in all"
        + (f", {without} of it without a month" if undated else "")
        + f"; most in {most:%Y-%m} ({top}); the largest part"
        + (" of what has a month" if undated else "")
        + f" is “{name.en}” with {share}.",
    )


def _findings(months: Months) -> list[str]:
    there = {finding for parts in months.values() for finding in parts}
    return [*(name for name in STAKES if name in there), *sorted(there - STAKES.keys())]


def _draw(months: Months, currency: str, language: Language) -> Figure:
    figure = Figure()
    names = [lang.month(month) for month in months]
    for finding in _findings(months):
        colour, pattern = STAKES.get(finding, (theme.UNMEASURABLE, ""))
        label = words.label(words.FINDINGS, finding).in_language(language)
        figure.add_bar(
            x=names,
            y=[parts.get(finding, 0.0) for parts in months.values()],
            name=label,
            # As one of six months at least: a single one would fill the chart.
            width=None if len(months) >= _WIDE else 0.8 * len(months) / _WIDE,
            marker={
                "color": colour,
                "pattern": theme.pattern(pattern),
            },
            hovertemplate=f"{label}<br>%{{x}}: %{{y:,.2f}} {currency}<extra></extra>",
        )
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        # Above: below, the names of many months stand slanted.
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        xaxis={"type": "category"},
        yaxis={"title": {"text": currency}, "tickformat": ",.0f"},
    )
    return figure


def _twin(months: Months) -> StaticTable:
    findings = _findings(months)
    return StaticTable(
        header=(
            words.WORDS["month"],
            *(words.label(words.FINDINGS, finding) for finding in findings),
            Text("合计", "All"),
        ),
        rows=tuple(
            (
                both(lang.month(month)),
                *(lang.money(parts.get(finding, 0.0)) for finding in findings),
                lang.money(sum(parts.values())),
            )
            for month, parts in months.items()
        ),
    )
