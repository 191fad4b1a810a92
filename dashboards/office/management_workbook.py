"""The management page's workbook: its frames as sheets, with native charts of the main ones.

Belongs here: which frame goes on which sheet. Does not belong here: how a sheet is written
(``dashboards.workbook``) or what a number means (``dashboards.pages.management``).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from dashboards import language as lang
from dashboards import theme, words
from dashboards.language import Text, both
from dashboards.pages import management
from dashboards.pages.management_charts import LAST_STEP, limits_of
from dashboards.population import Population, population
from dashboards.workbook import Book, Column, Kind, Placed, bilingual, new_book

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.office.mail import ManagementParts
    from dashboards.report import Report

#: Most tickets on a sheet, the worst first; the page's CSV and the warehouse have the rest.
MOST_ROWS: Final = 10_000
_MONTH = Column(words.WORDS["month"], "month")
_COMPLIANCE = Text("及时率", "Compliance")
_RATE = Column(_COMPLIANCE, "percent")
_SECONDS_AN_HOUR = 3600
_STRICT = Column(Text("含无法判定", "Unmeasurable as misses"), "percent")
_LEVEL = Column(Text("故障等级", "Level"))
_TIER = Column(Text("城市级别", "City tier"))
_COUNTS = (
    Column(Text("全部", "All"), "number"),
    Column(words.VERDICTS["met"], "number"),
    Column(words.VERDICTS["breached"], "number"),
    Column(Text("其中未响应", "of them open"), "number"),
    Column(words.VERDICTS["pending"], "number"),
    Column(words.VERDICTS["unmeasurable"], "number"),
)
_FONT = {"size": 10, "color": theme.INK}
_SMALL = {"size": 9, "color": theme.MUTED}


def management_workbook(parts: ManagementParts) -> bytes:
    """The workbook's bytes; a sheet whose frame is not there is left out."""
    report = parts.report
    content = io.BytesIO()
    with new_book(management.PAGE.title, report.as_of, content) as book:
        overview = _overview(book, parts)
        if parts.by_month:
            months = _months(book, parts)
            _insert(overview, _trend_chart(book, months), "E8")
            levels = _levels(book, parts)
            if levels is not None:
                _insert(overview, _levels_chart(book, levels, parts), "E28")
            _cells(book, report)
            _time_used(book, parts)
            _speed(book, report)
            _causes(book, report)
        _promises(book, report)
        _breached(book, report)
        _open(book, report)
        _unmeasurable(book, report)
    return content.getvalue()


def _insert(placed: Placed, chart: Any, cell: str) -> None:  # noqa: ANN401 - xlsxwriter ships no types
    placed.sheet.insert_chart(cell, chart, {"object_position": 3})


def _counts(people: Population) -> tuple[int, ...]:
    return (
        people.total,
        people.met,
        people.breached,
        people.open_late,
        people.pending,
        people.unmeasurable,
    )


def _overview(book: Book, parts: ManagementParts) -> Placed:
    report, people = parts.report, parts.view["people"]
    month = lang.month(report.month)
    counts = _counts(people)
    names = [column.header for column in _COUNTS]
    rows: list[tuple[object, ...]] = [
        (name, counted, counted / people.total if people.total else None)
        for name, counted in zip(names, counts, strict=True)
    ]
    rows += [
        (Text("已判定", "Decided"), people.decided, None),
        (_COMPLIANCE, None, people.rate),
        (_STRICT.header, None, people.strict_rate),
    ]
    for name, change in (
        (Text("上月及时率", "Compliance, last month"), parts.view["last"]),
        (Text("去年同月及时率", "Compliance, same month last year"), parts.view["year"]),
    ):
        if change is not None:
            rows.append((name, change.before.decided or None, change.before.rate))
    notes = [
        report.standing,
        Text(
            "及时率 = 达标 ÷（达标 + 超时）；未到期与无法判定的不计入。",
            "Compliance = met ÷ (met + breached); in time and unmeasurable do not count.",
        ),
    ]
    if report.month is not None and not parts.view["is_closed"]:
        notes.append(management.PAGE.words["month_to_date"])
    if not parts.has_tickets:
        key = "no_tickets_month" if report.months else "no_tickets"
        notes.append(management.PAGE.words[key])
    title = management.PAGE.title
    return book.add(
        "概要 Overview",
        (
            Column(Text("项目", "Item"), "wide"),
            Column(Text("数量", "Number"), "number"),
            Column(Text("比率", "Rate"), "percent"),
        ),
        rows,
        title=Text(f"{title.zh} · {month}", f"{title.en} · {month}"),
        notes=notes,
    )


def _months(book: Book, parts: ManagementParts) -> Placed:
    past = list(parts.closed)
    limits = limits_of(parts.by_month, parts.closed)
    rows = []
    for month, people in parts.by_month.items():
        centre = low = high = None
        mark = words.WORDS["too_few"] if people.is_few else both("")
        if month not in parts.closed:
            mark = words.WORDS["to_date"]
        elif limits is not None:
            at = past.index(month)
            centre, low, high = limits.centre, limits.lower[at], limits.upper[at]
            if limits.signals[at]:
                mark = Text("信号", "signal")
        rows.append(
            (month, *_counts(people), people.rate, people.strict_rate, centre, low, high, mark)
        )
    return book.add(
        "月度 Months",
        (
            _MONTH,
            *_COUNTS,
            _RATE,
            _STRICT,
            Column(Text("中心线", "Centre"), "percent"),
            Column(Text("控制下限", "Lower limit"), "percent"),
            Column(Text("控制上限", "Upper limit"), "percent"),
            Column(Text("标记", "Mark")),
        ),
        rows,
    )


def _trend_chart(book: Book, months: Placed) -> Any:  # noqa: ANN401 - as above
    chart = book.book.add_chart({"type": "line"})
    styles: tuple[tuple[int, Text, dict[str, Any], dict[str, Any]], ...] = (
        (7, _COMPLIANCE, {"color": theme.MET, "width": 2.25}, {"type": "circle", "size": 6}),
        (9, Text("中心线", "Centre"), {"color": theme.MUTED, "dash_type": "round_dot"}, {}),
        (10, Text("控制下限", "Lower limit"), {"color": theme.UNMEASURABLE, "width": 1}, {}),
    )
    for place, name, line, marker in styles:
        chart.add_series(
            {
                "name": bilingual(name),
                "categories": months.column(0),
                "values": months.column(place),
                "line": line,
                "marker": {**marker, "fill": {"color": theme.MET}, "border": {"none": True}}
                if marker
                else {"type": "none"},
            }
        )
    chart.set_x_axis({"num_format": "yyyy-mm", "num_font": {**_SMALL, "rotation": -45}})
    chart.set_y_axis(
        {
            "num_format": "0%",
            "max": 1,
            "num_font": _SMALL,
            "major_gridlines": {"visible": True, "line": {"color": theme.RULE}},
            "line": {"none": True},
        }
    )
    _dress(chart, Text("每月响应及时率", "Monthly response compliance"))
    chart.show_blanks_as("gap")
    return chart


def _dress(chart: Any, title: Text) -> None:  # noqa: ANN401 - as above
    chart.set_title(
        {"name": bilingual(title), "name_font": {**_FONT, "size": 12}, "overlay": False}
    )
    chart.set_legend({"position": "bottom", "font": _SMALL})
    chart.set_size({"width": 760, "height": 360})


def _levels(book: Book, parts: ManagementParts) -> Placed | None:
    """Level by tier in the month shown, as the page's grid has it."""
    heat = parts.view["heat"]
    if not heat["rows"]:
        return None
    columns = [_LEVEL]
    kinds: tuple[tuple[Text, Kind], ...] = (
        (_COMPLIANCE, "percent"),
        (words.VERDICTS["met"], "number"),
        (Text("已判定", "Decided"), "number"),
    )
    for tier in heat["columns"]:
        columns += [
            Column(Text(f"{tier.zh} {head.zh}", f"{tier.en}, {head.en.lower()}"), kind)
            for head, kind in kinds
        ]
    rows = [
        (
            row["label"],
            *(
                value
                for cell in row["cells"]
                for value in (
                    cell["people"].rate,
                    cell["people"].met,
                    cell["people"].decided,
                )
            ),
        )
        for row in heat["rows"]
    ]
    month = lang.month(parts.report.month)
    return book.add("等级与城市 Levels", columns, rows, title=both(month))


def _levels_chart(book: Book, levels: Placed, parts: ManagementParts) -> Any:  # noqa: ANN401 - as above
    chart = book.book.add_chart({"type": "column"})
    tiers = [tier for tier in parts.view["heat"]["columns"] if tier.en != "All"]
    for at, (tier, color) in enumerate(
        zip(tiers, (theme.MET, theme.PENDING, theme.UNMEASURABLE), strict=False)
    ):
        chart.add_series(
            {
                "name": bilingual(tier),
                "categories": levels.column(0),
                "values": levels.column(1 + 3 * at),
                "fill": {"color": color},
                "gap": 60,
                "data_labels": {"value": True, "num_format": "0%", "font": _SMALL},
            }
        )
    chart.set_y_axis(
        {
            "num_format": "0%",
            "min": 0,
            "max": 1,
            "num_font": _SMALL,
            "major_gridlines": {"visible": True, "line": {"color": theme.RULE}},
            "line": {"none": True},
        }
    )
    chart.set_x_axis({"num_font": _FONT})
    month = lang.month(parts.report.month)
    _dress(
        chart,
        Text(f"{month} 按等级与城市级别的及时率", f"Compliance by level and tier, {month}"),
    )
    return chart


def _cells(book: Book, report: Report) -> None:
    rows = []
    for row in report.frame("response_cells").iter_rows(named=True):
        people = population([row])
        rows.append(
            (
                row["month"],
                words.label(words.LEVELS, row["fault_level"]),
                words.label(words.TIERS, row["city_tier"]),
                *_counts(people),
                people.rate,
                people.strict_rate,
            )
        )
    book.add("明细 Cells", (_MONTH, _LEVEL, _TIER, *_COUNTS, _RATE, _STRICT), rows)


def _time_used(book: Book, parts: ManagementParts) -> None:
    if not parts.bins:
        return
    counts = {(row["step"], row["verdict"]): row["tickets"] for row in parts.bins}
    rows = [
        (
            "≥ 200%" if step == LAST_STEP else f"{step * 10}–{step * 10 + 10}%",
            counts.get((step, "met"), 0),
            counts.get((step, "breached"), 0),
        )
        for step in range(LAST_STEP + 1)
    ]
    title = Text("用时与时限之比", "Time used against target")
    month = lang.month(parts.report.month)
    placed = book.add(
        "用时 Time used",
        (
            Column(Text("占时限", "Of target")),
            Column(words.VERDICTS["met"], "number"),
            Column(words.VERDICTS["breached"], "number"),
        ),
        rows,
        title=Text(f"{title.zh} {month}", f"{title.en} {month}"),
    )
    chart = book.book.add_chart({"type": "column", "subtype": "stacked"})
    for place, verdict, color in ((1, "met", theme.MET), (2, "breached", theme.BREACHED)):
        chart.add_series(
            {
                "name": bilingual(words.VERDICTS[verdict]),
                "categories": placed.column(0),
                "values": placed.column(place),
                "fill": {"color": color},
                "gap": 20,
            }
        )
    chart.set_x_axis({"num_font": {**_SMALL, "rotation": -45}})
    chart.set_y_axis({"num_font": _SMALL, "major_gridlines": {"visible": False}})
    _dress(chart, title)
    _insert(placed, chart, "F2")


def _speed(book: Book, report: Report) -> None:
    frame = report.frame("response_speed")
    if frame.is_empty():
        return
    keys = ("mean_seconds", "median_seconds", "p90_seconds", "p95_seconds")
    shares = ("median_share", "p90_share", "p95_share")
    rows = [
        (
            row["month"],
            Text("合计", "All")
            if row["is_all_levels"]
            else words.label(words.LEVELS, row["fault_level"]),
            row["tickets"],
            *(row[key] for key in (*keys, *shares)),
        )
        for row in frame.iter_rows(named=True)
    ]
    book.add(
        "速度 Speed",
        (
            _MONTH,
            _LEVEL,
            Column(Text("已响应", "Answered"), "number"),
            Column(Text("平均", "Mean"), "seconds"),
            Column(Text("中位数", "Median"), "seconds"),
            Column(both("P90"), "seconds"),
            Column(both("P95"), "seconds"),
            Column(Text("中位占比", "Median share"), "percent"),
            Column(Text("P90 占比", "P90 share"), "percent"),
            Column(Text("P95 占比", "P95 share"), "percent"),
        ),
        rows,
        notes=[
            Text(
                "按各工单时钟的用时（时:分）与占时限的比例，只计已响应的工单。",
                "Time used on each ticket's own clock (h:mm) and share of the target, answered "
                "faults only.",
            )
        ],
    )


def _causes(book: Book, report: Report) -> None:
    frame = report.frame("response_causes")
    if frame.is_empty():
        return
    rows = []
    for row in frame.iter_rows(named=True):
        people = Population(row["met"], row["breached"])
        name = Text(row["name_zh"] or "", row["name_en"] or "")
        rows.append(
            (
                row["month"],
                row["service_code"],
                name,
                words.label(words.CATEGORIES, row["category"]),
                row["tickets"],
                row["met"],
                row["breached"],
                people.rate,
            )
        )
    book.add(
        "原因 Causes",
        (
            _MONTH,
            Column(Text("服务编码", "Service")),
            Column(Text("服务", "Service name"), "wide"),
            Column(Text("类别", "Category")),
            *_COUNTS[:3],
            _RATE,
        ),
        rows,
    )


def _promises(book: Book, report: Report) -> None:
    frame = report.frame("promises")
    if frame.is_empty():
        return
    rows = []
    for row in frame.iter_rows(named=True):
        people = population([row])
        rows.append(
            (
                row["month"],
                words.label(words.KINDS, row["kind"]),
                row["clause"],
                people.total,
                people.met,
                people.breached,
                people.pending,
                people.unmeasurable,
                people.rate,
            )
        )
    book.add(
        "承诺 Promises",
        (
            _MONTH,
            Column(Text("承诺", "Promise"), "wide"),
            Column(Text("条款", "Clause")),
            *_COUNTS[:3],
            *_COUNTS[4:],
            Column(Text("达标率", "Rate"), "percent"),
        ),
        rows,
    )


_TICKET = Column(Text("工单号", "Ticket"))
_CUSTOMER = Column(Text("客户", "Customer"), "wide")
_CITY = Column(Text("城市", "City"))
_SERVICE = Column(Text("服务编码", "Service"))
_AGENT = Column(Text("代理商", "Agent"))
_OPENED = Column(Text("受理", "Opened"), "instant")
_DUE = Column(Text("到期", "Due"), "instant")
_TARGET = Column(Text("时限", "Target"), "seconds")
_USED = Column(Text("已用", "Used"), "seconds")
# As a number: a spreadsheet shows no time below nothing.
_LEFT = Column(Text("剩余小时", "Hours left"), "money")
_SHARE = Column(Text("占时限", "Of target"), "percent")
_FILE = Column(Text("来源文件", "File"))
_ROW = Column(Text("行", "Row"), "number")


def _place(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        words.label(words.LEVELS, row["fault_level"]),
        words.label(words.TIERS, row["city_tier"]),
        row["city"],
    )


def _breached(book: Book, report: Report) -> None:
    frame = report.frame("response_breached")
    if frame.is_empty():
        return
    shown = frame.head(MOST_ROWS)
    rows = [
        (
            row["ticket_id"],
            row["month"],
            row["customer_name"],
            *_place(row),
            row["service_code"],
            row["agent_id"],
            row["opened_at"],
            row["due_at"],
            row["responded_at"],
            row["target_seconds"],
            row["elapsed_seconds"],
            row["used_share"],
            management.reason_of(row),
            row["clause"],
            row["source_file"],
            row["source_row"],
        )
        for row in shown.iter_rows(named=True)
    ]
    book.add(
        "超时 Breached",
        (
            _TICKET,
            _MONTH,
            _CUSTOMER,
            _LEVEL,
            _TIER,
            _CITY,
            _SERVICE,
            _AGENT,
            _OPENED,
            _DUE,
            Column(Text("响应", "Responded"), "instant"),
            _TARGET,
            _USED,
            _SHARE,
            Column(Text("原因", "Reason"), "wide"),
            Column(Text("条款", "Clause")),
            _FILE,
            _ROW,
        ),
        rows,
        notes=_cut(len(rows), frame.height),
        is_first_frozen=True,
    )


def _cut(shown: int, total: int) -> list[Text]:
    if shown == total:
        return []
    return [
        Text(
            f"这里是最严重的 {shown:,} 行，共 {total:,} 行；其余见报告的 data/breached.csv。",
            f"The worst {shown:,} of {total:,} rows; the report's data/breached.csv has the rest.",
        )
    ]


def _first_due(shown: int, total: int) -> list[Text]:
    if shown == total:
        return []
    return [
        Text(
            f"这里是最先到期的 {shown:,} 行，共 {total:,} 行；其余见 warehouse.duckdb 的 "
            "facts.responses。",
            f"The first {shown:,} of {total:,} rows due; facts.responses in warehouse.duckdb has "
            "the rest.",
        )
    ]


def _open(book: Book, report: Report) -> None:
    frame = report.frame("response_open")
    if frame.is_empty():
        return
    sentence = management.open_sentence(report.frame("response_open_totals"))
    rows = [
        (
            row["ticket_id"],
            words.label(management.STANDINGS, row["standing"]),
            row["customer_name"],
            *_place(row),
            row["service_code"],
            row["agent_id"],
            row["opened_at"],
            row["due_at"],
            row["target_seconds"],
            row["elapsed_seconds"],
            None if row["seconds_left"] is None else row["seconds_left"] / _SECONDS_AN_HOUR,
            row["used_share"],
            words.label(words.CLOCKS, row["clock"]),
            row["source_file"],
            row["source_row"],
        )
        for row in frame.iter_rows(named=True)
    ]
    book.add(
        "未响应 Open",
        (
            _TICKET,
            Column(Text("状态", "State")),
            _CUSTOMER,
            _LEVEL,
            _TIER,
            _CITY,
            _SERVICE,
            _AGENT,
            _OPENED,
            _DUE,
            _TARGET,
            _USED,
            _LEFT,
            _SHARE,
            Column(Text("时钟", "Clock")),
            _FILE,
            _ROW,
        ),
        rows,
        notes=[
            *([sentence] if sentence else []),
            *_first_due(frame.height, management.open_total(report) or frame.height),
        ],
        is_first_frozen=True,
    )


def _unmeasurable(book: Book, report: Report) -> None:
    frame = report.frame("response_unmeasurable")
    if frame.is_empty():
        return
    rows = [
        (row["month"], Text(row["reason_zh"] or row["reason"], row["reason"]), row["tickets"])
        for row in frame.iter_rows(named=True)
    ]
    book.add(
        "无法判定 Unmeasurable",
        (
            _MONTH,
            Column(Text("原因", "Reason"), "wide"),
            Column(Text("工单数", "Tickets"), "number"),
        ),
        rows,
    )
