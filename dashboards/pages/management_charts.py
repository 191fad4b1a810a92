"""The management page's charts: the monthly rate with its limits, and time used against target.

Belongs here: figures with their sentence and table twin, as pure functions. Does not belong
here: colours and fonts (``theme``), or the page around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards import theme, words
from dashboards.charts import Chart, figures
from dashboards.figure import Figure
from dashboards.language import Language, Text, both
from dashboards.statistics import NEAR_LIMIT, RUN_LENGTH, WINDOW, ControlLimits, p_chart
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from dashboards.population import Population

#: The last step of the distribution takes everything from here on (tenths of the target).
LAST_STEP = 20
TARGET_STEP = 10
#: Up to so many months each has room for its label; on a phone, every third.
_YEAR = 14
_HALF_A_YEAR = 6
#: A month's bar on the time axis: sixteen days, in milliseconds.
_BAR = 16 * 86_400_000
#: Ticks on an axis of counts; up to so many, each whole number has one.
_FEW_TICKS = 5

SIGNALS = Text(
    f"某月在控制限之外；连续 {RUN_LENGTH} 个月在中心线同一侧；"
    f"或连续 {WINDOW} 个月中有 {NEAR_LIMIT} 个离同一侧控制限比离中心线更近",
    f"a month outside its limits, {RUN_LENGTH} in a row on one side of the centre, or "
    f"{NEAR_LIMIT} of {WINDOW} in a row nearer to one limit than to the centre",
)


def trend(
    by_month: Mapping[date, Population], closed: Mapping[date, Population], most: int = 36
) -> Chart:
    """Monthly compliance as a p-chart of the months that ended; month to date is drawn apart.

    ``by_month`` holds every month in order, of which the last ``most`` are drawn; the limits rest
    on all ``closed`` months, and on those only.
    """
    months = list(by_month)[-most:]
    judged = limits_of(by_month, closed)
    past = [month for month in months if month in closed]
    limits = judged.last(len(past)) if judged else None
    signals = dict(zip(past, limits.signals if limits else (), strict=False))
    return Chart(
        key="trend",
        title=Text("每月响应及时率", "Monthly response compliance"),
        sentence=_trend_sentence(closed, limits, signals),
        figures=figures(
            lambda language: _trend(by_month, months, past, limits, language),
            height=380,
            narrow={"xaxis.dtick": "M3" if len(months) > 3 else "M1", "yaxis.title.text": ""},  # noqa: PLR2004 - a quarter
        )
        if len(months) > 1
        else {},
        twin=_trend_twin(by_month, months, past, limits, signals),
        note=Text(
            f"控制图（p 图）：中心线为已结束月份的合计及时率，控制限为 ±3 个标准误。"
            f"信号（惠勒规则）：{SIGNALS.zh}。"
            "空心点：已判定不足 10 张；竖线：无法判定的都算超时或都算达标时，及时率所在的范围；"
            "月内累计用方块另画。",
            f"Control chart (p-chart): the centre is the rate of all ended months, limits are ±3 "
            f"standard errors. A signal (Wheeler's rules) is {SIGNALS.en}. Hollow points: fewer "
            "than 10 decided. Upright lines: where the rate lies if all the unmeasurable are "
            "misses, or all are met. Month to date is drawn apart, as a square.",
        ),
    )


def limits_of(by_month: Mapping[date, Population], closed: Iterable[date]) -> ControlLimits | None:
    """The control limits of all ended months, in order; None where none has a decided ticket."""
    over = frozenset(closed)
    past = [month for month in by_month if month in over]
    return p_chart(
        [by_month[month].met for month in past], [by_month[month].decided for month in past]
    )


def _trend_sentence(
    closed: Mapping[date, Population],
    limits: ControlLimits | None,
    signals: Mapping[date, bool],
) -> Text:
    """Of all ended months; signals are those of the months that are drawn."""
    judged = [month for month in closed if closed[month].decided]
    if limits is None or not judged:
        return Text(
            "还没有已结束且有判定结果的月份。", "No month that ended has a decided ticket yet."
        )
    met = sum(closed[month].met for month in judged)
    decided = sum(closed[month].decided for month in judged)
    last = judged[-1]
    rate, overall = lang.percent(closed[last].rate), lang.percent(limits.centre)
    flagged = [f"{month:%Y-%m}" for month in judged if signals.get(month)]
    found = (
        Text("", "")
        if len(judged) == 1
        else Text(f"信号：{'、'.join(flagged)}。", f"Signals: {', '.join(flagged)}.")
        if flagged
        else Text(
            "没有信号：各月的差异都在偶然波动之内。",
            "No signals: the months differ no more than chance.",
        )
    )
    return Text(
        f"{len(judged)} 个有判定结果的已结束月份合计及时率 {overall}（{met:,}/{decided:,} 张），"
        f"其中最近的 {last:%Y-%m} 为 {rate}。{found.zh}",
        f"Over {lang.counted(len(judged), 'ended month', 'ended months')} with a decided ticket "
        f"compliance is {overall} ({met:,} of {decided:,}); {last:%Y-%m}, the latest of them, has "
        f"{rate}." + (f" {found.en}" if found.en else ""),
    )


def _trend(
    by_month: Mapping[date, Population],
    months: Sequence[date],
    past: Sequence[date],
    limits: ControlLimits | None,
    language: Language,
) -> Figure:
    figure = Figure()
    say = {
        key: text.in_language(language)
        for key, text in {
            "rate": Text("及时率", "Compliance"),
            "of": Text("达标 {} / 已判定 {}", "{} met of {} decided"),
            "centre": Text("中心线<br>{}", "Centre<br>{}"),
            "limits": Text("控制限", "Limits"),
            "limits_hover": Text("控制限 {}–{}", "Limits {}–{}"),
            "to_date": Text("月内累计", "Month to date"),
            "decided": Text("已判定工单", "Decided tickets"),
            "breached": Text("超时", "Breached"),
        }.items()
    }
    if limits is not None:
        judged = [at for at, month in enumerate(past) if by_month[month].decided]
        x = [f"{past[at]:%Y-%m-%d}" for at in judged]
        low = [_percent(limits.lower[at]) for at in judged]
        high = [_percent(limits.upper[at]) for at in judged]
        figure.add_scatter(
            x=x, y=low, mode="lines", line={"width": 0, "shape": "hvh"}, hoverinfo="skip"
        )
        figure.add_scatter(
            x=x,
            y=high,
            mode="lines",
            line={"width": 0, "shape": "hvh"},
            fill="tonexty",
            fillcolor=theme.BAND,
            hoverinfo="skip",
        )
        centre = _percent(limits.centre)
        figure.add_scatter(
            x=[f"{months[0]:%Y-%m-%d}", f"{months[-1]:%Y-%m-%d}"],
            y=[centre, centre],
            mode="lines",
            line={"width": 1, "color": theme.MUTED, "dash": "dot"},
            hoverinfo="skip",
        )
        figure.add_annotation(
            xref="paper",
            x=1,
            xanchor="left",
            y=centre,
            yanchor="middle",
            align="left",
            showarrow=False,
            text=say["centre"].format(lang.percent(limits.centre)),
            font={"size": 11, "color": theme.MUTED},
        )
    signals = dict(zip(past, limits.signals if limits else (), strict=False))
    bounds = {
        month: (limits.lower[at], limits.upper[at])
        for at, month in enumerate(past)
        if limits is not None
    }

    def hover(month: date) -> str:
        people = by_month[month]
        lines = [f"{month:%Y-%m}", f"{say['rate']} {lang.percent(people.rate)}"]
        lines.append(say["of"].format(lang.count(people.met), lang.count(people.decided)))
        low, high = bounds.get(month, (None, None))
        if low is not None:
            lines.append(say["limits_hover"].format(lang.percent(low), lang.percent(high)))
        else:
            lines.append(say["to_date"])
        return "<br>".join(lines)

    # A month without a decided ticket has no point: the line breaks there.
    line = past
    figure.add_scatter(
        x=[f"{month:%Y-%m-%d}" for month in line],
        y=[_percent(by_month[month].rate) for month in line],
        mode="lines+markers+text" if len(months) <= _YEAR else "lines+markers",
        text=[lang.percent(by_month[month].rate, 0).rstrip("%") for month in line],
        textposition="top center",
        textfont={"size": 11, "color": theme.INK},
        line={"width": 2, "color": theme.MET},
        marker={
            "opacity": 1,
            "size": [11 if signals.get(month) else 8 for month in line],
            "symbol": ["diamond" if signals.get(month) else "circle" for month in line],
            "color": [
                theme.BREACHED
                if signals.get(month)
                else "#ffffff"
                if by_month[month].is_few
                else theme.MET
                for month in line
            ],
            "line": {"width": 1.6, "color": theme.MET},
        },
        error_y=_bounds([by_month[month] for month in line]),
        hovertext=[hover(month) for month in line],
        hoverinfo="text",
        cliponaxis=False,
    )
    current = [month for month in months if month not in past and by_month[month].decided]
    figure.add_scatter(
        x=[f"{month:%Y-%m-%d}" for month in current],
        y=[_percent(by_month[month].rate) for month in current],
        mode="markers",
        marker={
            "size": 9,
            "symbol": "square-open",
            "color": theme.MET,
            "line": {"width": 1.6, "color": theme.MET},
        },
        error_y=_bounds([by_month[month] for month in current]),
        hovertext=[hover(month) for month in current],
        hoverinfo="text",
        cliponaxis=False,
    )
    for name, color, part in (
        ("met", "#b9d6e8", "met"),
        ("breached", theme.BREACHED, "breached"),
    ):
        is_top = name == "breached"
        figure.add_bar(
            x=[f"{month:%Y-%m-%d}" for month in months],
            y=[getattr(by_month[month], part) for month in months],
            yaxis="y2",
            width=_BAR,
            marker={"color": color, "line": {"width": 0}},
            text=[lang.count(by_month[month].decided) for month in months] if is_top else None,
            textposition="outside" if is_top else "none",
            textfont={"size": 10.5, "color": theme.MUTED},
            hovertext=[hover(month) for month in months],
            hoverinfo="text",
            cliponaxis=False,
        )
    rates = [value for month in months if (value := _percent(by_month[month].rate)) is not None]
    rates += [value * 100 for value in (limits.lower if limits else ()) if value is not None]
    rates += [value * 100 for month in months if (value := by_month[month].strict_rate) is not None]
    bottom = max(0, min(90, 10 * int((min(rates, default=90) - 5) // 10)))
    most = max((by_month[month].decided for month in months), default=1)
    reach = max(18, 15 * (_HALF_A_YEAR - len(months)))
    figure.update_layout(
        barmode="stack",
        margin={"t": 26, "r": 58, "l": 8, "b": 8},
        yaxis={
            "domain": [0.34, 1],
            "range": [bottom, 101],
            "ticksuffix": "%",
            "title": {"text": say["rate"]},
            "nticks": 6,
        },
        yaxis2={
            "domain": [0, 0.2],
            "range": [0, most * 1.35],
            "showgrid": False,
            "showticklabels": False,
            "fixedrange": True,
            "title": {"text": say["decided"], "font": {"size": 11, "color": theme.MUTED}},
        },
        xaxis={
            "type": "date",
            "tickformat": theme.MONTH_FORMATS[language],
            "dtick": "M1" if len(months) <= _YEAR else None,
            "anchor": "y2",
            "tickangle": 0,
            # Few months are not drawn wider than they would be among many.
            "range": [_day(months[0], -reach), _day(months[-1], reach)],
        },
    )
    return figure


def _bounds(months: Sequence[Population]) -> dict[str, Any]:
    """Upright lines from the rate with the unmeasurable as misses to that with them as met."""

    def reach(people: Population, bound: float | None) -> float:
        if people.rate is None or bound is None:
            return 0.0
        return round(abs(bound - people.rate) * 100, 3)

    return {
        "type": "data",
        "symmetric": False,
        "array": [reach(people, people.generous_rate) for people in months],
        "arrayminus": [reach(people, people.strict_rate) for people in months],
        "width": 0,
        "thickness": 1.2,
        "color": theme.MUTED,
    }


def bounds_text(people: Population) -> str:
    """Where the rate lies whatever the unmeasurable were: ``91.0%–93.5%``."""
    if people.strict_rate is None:
        return lang.NOTHING
    return f"{lang.percent(people.strict_rate)}–{lang.percent(people.generous_rate)}"


def _day(month: date, days: int) -> str:
    from datetime import timedelta  # noqa: PLC0415 - used here only

    return f"{month + timedelta(days=days):%Y-%m-%d}"


def _percent(rate: float | None) -> float | None:
    return None if rate is None else round(rate * 100, 3)


def _trend_twin(
    by_month: Mapping[date, Population],
    months: Sequence[date],
    past: Sequence[date],
    limits: ControlLimits | None,
    signals: Mapping[date, bool],
) -> StaticTable:
    rows = []
    for month in months:
        people = by_month[month]
        low = high = None
        if limits is not None and month in past:
            low, high = limits.lower[past.index(month)], limits.upper[past.index(month)]
        if month not in past:
            mark = words.WORDS["to_date"]
        elif signals.get(month):
            mark = Text("信号", "signal")
        elif people.is_few:
            mark = words.WORDS["too_few"]
        else:
            mark = both("")
        rows.append(
            (
                lang.month(month),
                lang.percent(people.rate),
                lang.count(people.met),
                lang.count(people.breached),
                lang.count(people.open_late),
                lang.count(people.pending),
                lang.count(people.unmeasurable),
                lang.count(people.total),
                bounds_text(people),
                f"{lang.percent(low)}–{lang.percent(high)}" if low is not None else lang.NOTHING,
                mark,
            )
        )
    return StaticTable(
        header=(
            words.WORDS["month"],
            Text("及时率", "Compliance"),
            words.VERDICTS["met"],
            words.VERDICTS["breached"],
            Text("其中未响应", "of them open"),
            words.VERDICTS["pending"],
            words.VERDICTS["unmeasurable"],
            Text("全部", "All"),
            Text("含无法判定的范围", "Bounds with the unmeasurable"),
            Text("控制限", "Limits"),
            Text("标记", "Mark"),
        ),
        rows=tuple(rows),
    )


def distribution(rows: Sequence[Mapping[str, Any]], month: date | None) -> Chart:
    """How much of its target each answered fault used, in tenths; the target stands at 100 %.

    ``rows``: ``step`` (tenth of the target, ``LAST_STEP`` and beyond together), ``verdict``,
    ``tickets``.
    """
    counts = {verdict: [0] * (LAST_STEP + 1) for verdict in ("met", "breached")}
    for row in rows:
        counts[row["verdict"]][row["step"]] += row["tickets"]
    met, breached = sum(counts["met"]), sum(counts["breached"])
    near = counts["met"][TARGET_STEP - 1]
    far = counts["met"][LAST_STEP] + counts["breached"][LAST_STEP]
    if met + breached:
        sentence = Text(
            f"{met + breached:,} 张已响应工单中，{met:,} 张在时限内；"
            f"{near:,} 张在最后一成时限里才响应，{far:,} 张用了两倍以上时限。",
            f"Of {lang.counted(met + breached, 'answered fault', 'answered faults')} {met:,} came "
            f"in time; {near:,} of them came in the last tenth of the target, and {far:,} took "
            "twice the target or more.",
        )
    else:
        sentence = Text("没有已响应的工单。", "No answered faults.")
    return Chart(
        key=f"used-{lang.month(month) if month else 'all'}",
        title=Text("用时与时限之比", "Time used against target"),
        sentence=sentence,
        # On a phone the last step's label would not fit, and is left out where it does not.
        figures=figures(
            lambda language: _distribution(counts, language), height=270, narrow={"margin.r": 24}
        )
        if met + breached
        else {},
        twin=StaticTable(
            header=(
                Text("占时限", "Of target"),
                words.VERDICTS["met"],
                words.VERDICTS["breached"],
            ),
            rows=tuple(
                (
                    _step_name(step),
                    lang.count(counts["met"][step]),
                    lang.count(counts["breached"][step]),
                )
                for step in range(LAST_STEP + 1)
            ),
        ),
    )


def _step_name(step: int) -> str:
    return "≥ 200%" if step == LAST_STEP else f"{step * 10}–{step * 10 + 10}%"


def _distribution(counts: Mapping[str, list[int]], language: Language) -> Figure:
    figure = Figure()
    axis = Text("占时限的比例", "share of the target used").in_language(language)

    def tickets(number: int) -> str:
        counted = Text(f"{number:,} 张", lang.counted(number, "ticket", "tickets"))
        return counted.in_language(language)

    totals = [met + late for met, late in zip(counts["met"], counts["breached"], strict=True)]
    for verdict, color, pattern in (("met", theme.MET, ""), ("breached", theme.BREACHED, "/")):
        values = counts[verdict]
        name = words.VERDICTS[verdict].in_language(language)
        shown = [step for step in range(LAST_STEP + 1) if values[step]]
        figure.add_bar(
            x=[step * 10 + 5 for step in shown],
            y=[values[step] for step in shown],
            width=8.6,
            marker={
                "color": color,
                "line": {"width": 0},
                "pattern": theme.pattern(pattern),
            },
            hovertext=[f"{_step_name(step)}<br>{name} {tickets(values[step])}" for step in shown],
            hoverinfo="text",
        )
    top = max(totals, default=0) or 1
    figure.add_shape(
        type="line",
        x0=100,
        x1=100,
        y0=0,
        y1=1,
        yref="paper",
        line={"width": 1.5, "color": theme.INK},
    )
    figure.add_annotation(
        x=100,
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        text=Text("时限", "Target").in_language(language),
        font={"size": 11.5, "color": theme.INK},
    )
    for verdict, x, anchor, color in (
        ("met", 97, "right", theme.MET),
        ("breached", 103, "left", "#a84300"),
    ):
        figure.add_annotation(
            x=x,
            y=1,
            yref="paper",
            xanchor=anchor,
            yanchor="bottom",
            showarrow=False,
            text=(
                f"{words.VERDICTS[verdict].in_language(language)} "
                f"{lang.count(sum(counts[verdict]))}"
            ),
            font={"size": 11.5, "color": color},
            xshift=-18 if anchor == "right" else 18,
        )
    figure.update_layout(
        barmode="stack",
        margin={"t": 30, "r": 12, "l": 8, "b": 8},
        xaxis={
            "range": [0, 212],
            "tickvals": [0, 50, 100, 150, 205],
            "ticktext": ["0", "50%", "100%", "150%", "≥200%"],
            "title": {"text": axis},
        },
        yaxis={
            "range": [0, top * 1.12],
            **({"dtick": 1} if top < _FEW_TICKS else {"nticks": _FEW_TICKS}),
            "tickformat": ",d",
            "title": {"text": Text("工单数", "tickets").in_language(language)},
        },
    )
    return figure
