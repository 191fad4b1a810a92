"""The mailable edition of the management page: one file, charts inside, no script, no link out.

Belongs here: which parts of the page a mail carries, and the shell around them. Does not belong
here: what the parts say (``dashboards.pages.management``), how charts are drawn (``charts``) or
printing to PDF (``pipelines.reporting.office``).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from dashboards import language as lang
from dashboards import theme, words
from dashboards.language import HTML_LANGUAGE, LANGUAGES, Language, Text, both
from dashboards.office import charts
from dashboards.pages import management
from dashboards.pages.management_charts import trend
from dashboards.site import environment
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import jinja2

    from dashboards.charts import Chart
    from dashboards.office.svg import Drawing
    from dashboards.population import Population
    from dashboards.report import Report

#: Rows of the two lists of tickets; the page and the workbook have them all.
TICKETS_SHOWN: Final = 10
_WORDS: Final = {
    **management.PAGE.words,
    "edition": Text("邮件版", "mail edition"),
    "open_title": Text("尚未响应的工单", "Open and at risk"),
    "breached_title": Text("本月超时的工单", "Breached in this month"),
    "no_breached": Text("本月没有超时的工单。", "No breached faults in this month."),
    "no_open": Text("所有故障都已响应。", "Every fault has been answered."),
    "method": Text(
        "及时率 = 达标 ÷（达标 + 超时）；仍未响应且已过时限的计入超时，未到期与无法判定的不计入。"
        "每个数字都来自报告所用的同一组表，逐张工单见完整报告与 management.xlsx。",
        "Compliance = met ÷ (met + breached). A fault still unanswered past its target counts as "
        "breached; those still in time and the unmeasurable do not count. Every number comes from "
        "the tables of the full report, which has each ticket, as does management.xlsx.",
    ),
}


@dataclass(frozen=True)
class ManagementParts:
    """What the editions are made of: the view of the month shown, all months, those closed."""

    report: Report
    view: Mapping[str, Any]
    by_month: Mapping[date, Population]
    closed: Mapping[date, Population]
    trend: Chart | None
    bins: list[dict[str, Any]]

    @property
    def has_tickets(self) -> bool:
        """Whether the month shown has any fault."""
        return bool(self.view["people"].total)


def management_parts(report: Report) -> ManagementParts:
    """The same view and months the management page shows."""
    by_month = management.months_of(report.frame("response_cells"))
    closed = {month: people for month, people in by_month.items() if report.is_closed(month)}
    bins = report.frame("response_bins")
    return ManagementParts(
        report,
        management.view(report, report.month),
        by_month,
        closed,
        trend(by_month, closed) if by_month else None,
        _of_month(bins, report.month).to_dicts(),
    )


def _of_month(frame: pl.DataFrame, month: date | None) -> pl.DataFrame:
    if frame.is_empty() or month is None:
        return frame.clear()
    return frame.filter(pl.col("month") == month)


def edition(parts: ManagementParts, language: Language) -> str:
    """The mailable edition in ``language``: a whole HTML document."""
    return _document(parts, [language])


def print_edition(parts: ManagementParts) -> str:
    """Both languages in one document, Chinese first, with the months' numbers: for the PDF."""
    return _document(parts, LANGUAGES)


def _document(parts: ManagementParts, languages: Iterable[Language]) -> str:
    shown = list(languages)
    is_print = len(shown) > 1
    bodies = [
        {"html_language": HTML_LANGUAGE[one], "html": _body(parts, one, is_print=is_print)}
        for one in shown
    ]
    return shell(bodies, management.PAGE.title, parts.view["title"], shown[0])


def shell(
    bodies: list[dict[str, Any]], title: Text, subtitle: Text | str, language: Language
) -> str:
    """A whole document around bodies of HTML: styled, without a script or a link out."""
    style = (resources.files("dashboards") / "static" / "mail.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        printer()
        .get_template("mail.html.j2")
        .render(
            {
                "language": language,
                "html_language": HTML_LANGUAGE[language],
                "title": title,
                "subtitle": subtitle,
                "bodies": bodies,
                "style": Markup(style),  # noqa: S704 - our own file
                "style_hash": f"sha256-{digest}",
            }
        )
    )


@cache
def printer() -> jinja2.Environment:
    """The template environment of what is mailed."""
    return environment()


def _body(parts: ManagementParts, language: Language, *, is_print: bool) -> Markup:
    report, view = parts.report, parts.view
    used = view["distribution"]
    context = {
        "language": language,
        "page": management.PAGE,
        "report": report,
        "view": view,
        "t": _WORDS,
        "is_print": is_print,
        "trend": parts.trend,
        "trend_svg": _trend_svg(parts, parts.trend, language) if parts.trend else None,
        "used": used,
        "used_svg": _used_svg(parts, used, language) if used and parts.bins else None,
        "open_sentence": management.open_sentence(report.frame("response_open_totals")),
        "open_table": open_table(report),
        "breached_table": breached_table(report),
        "breached_shown": TICKETS_SHOWN,
    }
    return Markup(printer().get_template("mail_body.html.j2").render(context))  # noqa: S704 - autoescaped


def _trend_svg(parts: ManagementParts, chart: Chart, language: Language) -> Markup:
    drawn = charts.wide_and_narrow(
        lambda size: charts.trend(parts.by_month, parts.closed, chart.sentence, language, size)
    )
    return Markup(drawn)  # noqa: S704 - svg has escaped its texts


def _used_svg(parts: ManagementParts, chart: Chart, language: Language) -> Markup:
    drawn = charts.wide_and_narrow(
        lambda size: charts.time_used(
            parts.bins, chart.sentence, language, size, key=f"used-{language}-{size.width:.0f}"
        )
    )
    return Markup(drawn)  # noqa: S704 - as above


def slides(parts: ManagementParts, language: Language) -> dict[str, Drawing]:
    """Each chart by name as a slide of its own, with title, sentence and source.

    A chart without anything to show is left out.
    """
    report = parts.report
    month = lang.month(report.month)
    source = Text(
        f"服务条款核对 · 截至 {lang.instant(report.as_of)}（{report.timezone}）",
        f"Service Terms Audit · as of {lang.instant(report.as_of)} ({report.timezone})",
    )
    found: dict[str, tuple[Drawing, Text, Text]] = {}
    if parts.trend:
        chart = parts.trend
        drawing = charts.trend(parts.by_month, parts.closed, chart.sentence, language)
        found["trend"] = (drawing, chart.title, chart.sentence)
    if parts.has_tickets:
        people = parts.view["people"]
        title = Text(
            f"{month} 响应及时率：按故障等级与城市级别",
            f"Response compliance by level and tier, {month}",
        )
        sentence = Text(
            f"{month} 及时率 {lang.percent(people.rate)}"
            f"（达标 {people.met:,} / 已判定 {people.decided:,}）。",
            f"Compliance in {month} is {lang.percent(people.rate)} "
            f"({people.met:,} met of {people.decided:,} decided).",
        )
        drawing = charts.level_grid(parts.view["heat"], sentence, language)
        found["levels"] = (drawing, title, sentence)
    if parts.bins:
        chart = parts.view["distribution"]
        drawing = charts.time_used(parts.bins, chart.sentence, language)
        title = Text(f"{chart.title.zh}，{month}", f"{chart.title.en}, {month}")
        found["time-used"] = (drawing, title, chart.sentence)
    return {
        name: charts.slide(drawing, title, sentence, source, language)
        for name, (drawing, title, sentence) in found.items()
    }


def slide_file(drawing: Drawing) -> str:
    """A slide as an SVG file."""
    return drawing.file(theme.FONTS, theme.INK) + "\n"


def open_table(report: Report) -> StaticTable | None:
    """The faults nobody answered yet, those due first; None when there are none."""
    frame = report.frame("response_open")
    rows = frame.head(TICKETS_SHOWN).to_dicts()
    if not rows:
        return None
    total = management.open_total(report) or frame.height
    cut = (
        Text(
            f"最先到期的 {len(rows)} 张，共 {total:,} 张。",
            f"The first {len(rows)} of {total:,} due. ",
        )
        if total > len(rows)
        else both("")
    )
    return StaticTable(
        header=(
            Text("工单号", "Ticket"),
            Text("客户", "Customer"),
            Text("等级", "Level"),
            Text("城市", "City"),
            Text("受理", "Opened"),
            Text("到期", "Due"),
            Text("剩余时限", "Time left"),
            Text("时钟", "Clock"),
            Text("占时限", "Of target"),
        ),
        rows=tuple(
            (
                row["ticket_id"],
                row["customer_name"] or lang.NOTHING,
                words.label(words.LEVELS, row["fault_level"]),
                row["city"] or lang.NOTHING,
                lang.instant(row["opened_at"]),
                lang.instant(row["due_at"]),
                _time_left(row["seconds_left"]),
                words.label(words.CLOCKS, row["clock"]),
                lang.percent(row["used_share"], 0),
            )
            for row in rows
        ),
        numeric=frozenset({6, 8}),
        caption=Text(
            f"{cut.zh}剩余时限为各工单时钟上的 时:分；暂停中的时钟不走。",
            f"{cut.en}Time left is h:mm on each ticket's own clock; a paused clock stands still.",
        ),
    )


def _time_left(seconds: float | None) -> Text:
    if seconds is None:
        return both(lang.NOTHING)
    shown = lang.hours_minutes(abs(seconds))
    if seconds < 0:
        return Text(f"已过 {shown}", f"{shown} over")
    return both(shown)


def breached_table(report: Report) -> StaticTable | None:
    """The worst breached faults of the month shown; None when there are none."""
    frame = _of_month(report.frame("response_breached"), report.month)
    rows = frame.head(TICKETS_SHOWN).to_dicts()
    if not rows:
        return None
    return StaticTable(
        header=(
            Text("工单号", "Ticket"),
            Text("客户", "Customer"),
            Text("等级", "Level"),
            Text("城市", "City"),
            Text("受理", "Opened"),
            Text("时限", "Target"),
            Text("已用", "Used"),
            Text("占时限", "Of target"),
            Text("原因", "Reason"),
        ),
        rows=tuple(
            (
                row["ticket_id"],
                row["customer_name"] or lang.NOTHING,
                words.label(words.LEVELS, row["fault_level"]),
                row["city"] or lang.NOTHING,
                lang.instant(row["opened_at"]),
                lang.hours_minutes(row["target_seconds"]),
                lang.hours_minutes(row["elapsed_seconds"]),
                lang.percent(row["used_share"], 0),
                management.reason_of(row),
            )
            for row in rows
        ),
        numeric=frozenset({5, 6, 7}),
        caption=Text(
            "时限与已用为各工单时钟上的 时:分，占时限最多的在前。",
            "Target and used are h:mm on each ticket's own clock; the worst stand first.",
        ),
    )
