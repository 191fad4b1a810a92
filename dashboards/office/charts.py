"""The management page's charts as static drawings: the trend, time used, and level by tier.

Belongs here: where each mark stands. Does not belong here: what is counted
(``dashboards.pages.management``), or how SVG is written (``svg``). Colours, marks and rules are
those of the page's own charts (``dashboards.pages.management_charts``, ``static/report.css``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from dashboards import language as lang
from dashboards import theme, words
from dashboards.language import Language, Text
from dashboards.office import svg
from dashboards.office.svg import Drawing
from dashboards.pages.management_charts import LAST_STEP, TARGET_STEP, limits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from dashboards.population import Population
    from dashboards.statistics import ControlLimits

Anchor = Literal["start", "middle", "end"]
_MET_SOFT: Final = "#b9d6e8"
_BREACHED_INK: Final = "#a84300"
_GRID: Final = "#e3e8ed"
_SHADES: Final = {
    "h0": "#eef4f8",
    "h1": "#fdf3e3",
    "h2": "#fbe0bd",
    "h3": "#f6c596",
    "h4": "#eda36c",
    "hfew": "#ffffff",
    "hnone": "#f5f7f9",
}
#: Most months of a trend, and how wide a month must be for its label.
_MONTHS: Final = 36
_LABELLED: Final = 24


@dataclass(frozen=True)
class Size:
    """How large a drawing is: pixels, and the font size of its labels."""

    width: float
    height: float
    font: float


WIDE: Final = Size(920, 350, 13)
NARROW: Final = Size(358, 310, 11.5)


def _label(  # noqa: PLR0913, PLR0917 - each is one property of a label
    x: float,
    y: float,
    content: str,
    size: float,
    anchor: Anchor = "start",
    fill: str | None = None,
    *,
    is_bold: bool = False,
) -> str:
    """A text; without ``fill`` it has the colour of the text around the drawing."""
    return svg.text(
        x,
        y,
        content,
        font_size=size,
        text_anchor=None if anchor == "start" else anchor,
        fill=fill,
        font_weight="600" if is_bold else None,
    )


def trend(
    by_month: Mapping[date, Population],
    closed: Mapping[date, Population],
    label: Text,
    language: Language,
    size: Size = WIDE,
) -> Drawing:
    """Monthly compliance with its control limits, above the number of decided tickets.

    ``by_month`` holds every month in order; the limits rest on all ``closed`` months, and a
    month that is not among them is drawn apart. ``label`` says what the drawing shows.
    """
    months = list(by_month)[-_MONTHS:]
    past = [month for month in months if month in closed]
    judged = limits_of(by_month, closed)
    limits = judged.last(len(past)) if judged else None
    plot = _Trend(by_month, months, past, limits, language, size)
    return Drawing(plot.content(), size.width, size.height, label.in_language(language))


@dataclass(frozen=True)
class _Trend:
    """One trend and the places of its months and rates."""

    by_month: Mapping[date, Population]
    months: Sequence[date]
    past: Sequence[date]
    limits: ControlLimits | None
    language: Language
    size: Size

    def content(self) -> str:
        under = f"{self._grid()}{self._limits()}{self._bars()}"
        return f"{under}{self._points()}{self._months_axis()}"

    @property
    def _left(self) -> float:
        return 3.2 * self.size.font

    @property
    def _right(self) -> float:
        return self.size.width - 5.6 * self.size.font

    @property
    def _top(self) -> float:
        """The height of 100 %; a number above a point there stays clear of the axis' name."""
        return 3 * self.size.font

    @property
    def _bottom(self) -> float:
        """The foot of the rates."""
        return self.size.height * 0.57

    @property
    def _foot(self) -> float:
        """The foot of the counts."""
        return self.size.height - 3.1 * self.size.font

    @property
    def _step(self) -> float:
        return (self._right - self._left) / max(len(self.months), 1)

    @property
    def _lowest(self) -> float:
        """Where the axis of rates begins: a step of 5 % below the lowest rate or limit."""
        seen = [rate for month in self.months if (rate := self.by_month[month].rate) is not None]
        seen += [
            low for month in self.months if (low := self.by_month[month].strict_rate) is not None
        ]
        seen += [low for low in (self.limits.lower if self.limits else ()) if low is not None]
        return max(0.0, min(0.9, ((min(seen, default=0.9) - 0.01) * 20 // 1) / 20))

    def _x(self, month: date) -> float:
        return self._left + (self.months.index(month) + 0.5) * self._step

    def _y(self, rate: float) -> float:
        return self._bottom - (rate - self._lowest) / (1 - self._lowest) * (
            self._bottom - self._top
        )

    def _words(self, zh: str, en: str) -> str:
        return Text(zh, en).in_language(self.language)

    def _grid(self) -> str:
        font = self.size.font
        lowest = round(self._lowest * 100)
        step = 5 if lowest >= 80 else 10 if lowest >= 50 else 20  # noqa: PLR2004 - steps of the axis
        marks = range(100, lowest - 1, -step)
        lines = [
            svg.line((self._left, self._y(mark / 100)), (self._right, self._y(mark / 100)))
            for mark in marks
        ]
        labels = [
            _label(
                self._left - 0.5 * font,
                self._y(mark / 100) + 0.35 * font,
                f"{mark}%",
                font - 1,
                "end",
                theme.MUTED,
            )
            for mark in marks
        ]
        titles = [
            _label(0, font, self._words("及时率", "Compliance"), font - 1, fill=theme.MUTED),
            self._counts_title(self._bottom + 1.9 * font),
        ]
        return svg.group(lines, stroke=_GRID) + "".join(labels + titles)

    def _counts_title(self, y: float) -> str:
        font = self.size.font
        x, parts = 0.0, []
        names = (
            (self._words("已判定工单", "Decided tickets"), None),
            (words.VERDICTS["met"].in_language(self.language), _MET_SOFT),
            (words.VERDICTS["breached"].in_language(self.language), theme.BREACHED),
        )
        for name, color in names:
            if color:
                x += font
                parts.append(svg.rect(x, y - 0.65 * font, 0.7 * font, 0.7 * font, fill=color))
                x += font
            parts.append(_label(x, y, name, font - 1, fill=theme.MUTED))
            x += svg.text_width(name, font - 1)
        return "".join(parts)

    def _limits(self) -> str:
        if self.limits is None:
            return ""
        upper, lower, last = [], [], None
        for month, low, high in zip(self.past, self.limits.lower, self.limits.upper, strict=True):
            if low is None or high is None:
                continue
            x, half = self._x(month), self._step / 2
            upper += [(x - half, self._y(high)), (x + half, self._y(high))]
            lower += [(x - half, self._y(low)), (x + half, self._y(low))]
            last = low
        if last is None:
            return ""
        font, centre = self.size.font, self.limits.centre
        x = self._right + 0.5 * font
        y = self._y(centre)
        parts = [
            svg.path([*upper, *reversed(lower)], closed=True, fill=theme.BAND),
            svg.line(
                (self._left, y),
                (self._right, y),
                stroke=theme.MUTED,
                stroke_dasharray="2 3",
            ),
            _label(
                x, y - 0.1 * font, self._words("中心线", "Centre"), font - 1.5, fill=theme.MUTED
            ),
            _label(x, y + 1.05 * font, lang.percent(centre), font - 1, fill=theme.INK),
        ]
        low_y = self._y(last)
        if low_y > y + 3 * font and low_y <= self._bottom + 1:
            name = self._words("控制下限", "Low limit")
            parts += [
                _label(x, low_y - 0.9 * font, name, font - 1.5, fill=theme.MUTED),
                _label(x, low_y + 0.25 * font, lang.percent(last), font - 1, fill=theme.INK),
            ]
        return "".join(parts)

    def _points(self) -> str:
        signals = dict(zip(self.past, self.limits.signals if self.limits else (), strict=False))
        seen = [month for month in self.past if self.by_month[month].decided]
        places = [(self._x(month), self._y(self.by_month[month].rate or 0)) for month in seen]
        parts = []
        if len(places) > 1:
            parts.append(
                svg.path(places, closed=False, fill="none", stroke=theme.MET, stroke_width=2)
            )
        parts += [
            svg.line(
                (self._x(month), self._y(people.strict_rate or 0)),
                (self._x(month), self._y(people.generous_rate or 0)),
                stroke=theme.MUTED,
            )
            for month in self.months
            if (people := self.by_month[month]).decided and people.unmeasurable
        ]
        marks = [
            self._mark(month, x, y, is_signal=signals.get(month, False))
            for month, (x, y) in zip(seen, places, strict=True)
        ]
        running = [
            month
            for month in self.months
            if month not in self.past and self.by_month[month].decided
        ]
        for month in running:
            x, y = self._x(month), self._y(self.by_month[month].rate or 0)
            marks.append(svg.rect(x - 4.5, y - 4.5, 9, 9, fill="#fff"))
        parts.append(svg.group(marks, stroke=theme.MET, stroke_width=1.8))
        # Where there is no room for all labels, the latest month has one.
        shown = [*seen, *running] if self._step >= _LABELLED else [*seen, *running][-1:]
        parts.append(
            svg.group(
                [self._rate_label(month) for month in shown],
                text_anchor="middle",
                font_size=self.size.font - 1,
                stroke="#fff",
                stroke_width=3,
                paint_order="stroke",
            )
        )
        return "".join(parts)

    def _rate_label(self, month: date) -> str:
        people = self.by_month[month]
        y = self._y(people.rate or 0)
        shown = lang.percent(people.rate, 0).removesuffix("%")
        return svg.text(self._x(month), y - 0.75 * self.size.font, shown)

    def _mark(self, month: date, x: float, y: float, *, is_signal: bool) -> str:
        if is_signal:
            corners = [(x, y - 6.5), (x + 6.5, y), (x, y + 6.5), (x - 6.5, y)]
            return svg.path(corners, closed=True, fill=theme.BREACHED)
        return svg.circle(x, y, 4, fill="#fff" if self.by_month[month].is_few else theme.MET)

    def _bars(self) -> str:
        most = max((self.by_month[month].decided for month in self.months), default=0) or 1
        room = self._foot - self._bottom - 3.6 * self.size.font
        width = min(0.6 * self._step, 44)
        met, breached, counts = [], [], []
        for month in self.months:
            people, x = self.by_month[month], self._x(month) - width / 2
            low, high = (people.met * room / most, people.breached * room / most)
            if people.met:
                met.append(svg.rect(x, self._foot - low, width, low))
            if people.breached:
                breached.append(svg.rect(x, self._foot - low - high, width, high))
            if self._step >= _LABELLED:
                y = self._foot - low - high - 0.3 * self.size.font
                counts.append(svg.text(self._x(month), y, lang.count(people.decided)))
        return "".join(
            [
                svg.group(met, fill=_MET_SOFT),
                svg.group(breached, fill=theme.BREACHED),
                svg.group(
                    counts, font_size=self.size.font - 1.5, text_anchor="middle", fill=theme.MUTED
                ),
                svg.line((self._left, self._foot), (self._right, self._foot), stroke=theme.MUTED),
            ]
        )

    def _months_axis(self) -> str:
        font = self.size.font
        every = next((every for every in (1, 2, 3, 6, 12) if every * self._step >= 2.4 * font), 12)
        labels = []
        for at, month in enumerate(self.months):
            if (month.month - 1) % every and at:
                continue
            x = self._x(month)
            name = self._words(f"{month.month}月", f"{month:%b}")
            labels.append(_label(x, self._foot + 1.3 * font, name, font - 1, "middle"))
            if not at or month.month == 1:
                labels.append(
                    _label(
                        x, self._foot + 2.5 * font, f"{month.year}", font - 1, "middle", theme.MUTED
                    )
                )
        return "".join(labels)


def time_used(
    rows: Sequence[Mapping[str, Any]],
    label: Text,
    language: Language,
    size: Size = WIDE,
    *,
    key: str = "used",
) -> Drawing:
    """How much of its target each answered fault used, in tenths, the target at 100 %.

    ``rows``: ``step``, ``verdict``, ``tickets`` as in ``management_charts.distribution``.
    ``key`` sets apart the patterns of drawings on one page.
    """
    counts = {verdict: [0] * (LAST_STEP + 1) for verdict in ("met", "breached")}
    for row in rows:
        counts[row["verdict"]][row["step"]] += row["tickets"]
    font = size.font
    foot, top = size.height - 3.2 * font, 3.4 * font
    step = size.width / (LAST_STEP + 1.6)
    # The last step, 200 % and beyond, stands a little apart.
    starts = [at * step + (0.6 * step if at == LAST_STEP else 0) for at in range(LAST_STEP + 1)]
    totals = [met + late for met, late in zip(counts["met"], counts["breached"], strict=True)]
    scale = (foot - top) / (max(totals) or 1)
    is_labelled = _fits(totals, font - 1.5, step)
    hatch = f"{key}-late"
    met, late, labels = [], [], []
    for at, start in enumerate(starts):
        low, high = counts["met"][at] * scale, counts["breached"][at] * scale
        if low:
            met.append(svg.rect(start + 1, foot - low, step - 2, low))
        if high:
            late.append(svg.rect(start + 1, foot - low - high, step - 2, high))
        if totals[at] and is_labelled:
            y = foot - low - high - 0.35 * font
            labels.append(svg.text(start + step / 2, y, lang.count(totals[at])))
    target = TARGET_STEP * step
    target_name = Text("时限", "Target").in_language(language)
    gap = 1.6 * font + svg.text_width(target_name, font) / 2
    in_time, over = sum(counts["met"]), sum(counts["breached"])
    said = (
        Text(f"时限内响应 {in_time:,}", f"answered in time {in_time:,}").in_language(language),
        Text(f"超时响应 {over:,}", f"answered late {over:,}").in_language(language),
    )
    content = [
        _hatch(hatch),
        svg.group(met, fill=theme.MET),
        svg.group(late, fill=f"url(#{hatch})"),
        svg.group(labels, font_size=font - 1.5, text_anchor="middle"),
        svg.line((0, foot), (size.width, foot), stroke=theme.MUTED),
        svg.line((target, 1.7 * font), (target, foot), stroke=theme.INK, stroke_width=1.6),
        _label(target, 1.2 * font, target_name, font, "middle", is_bold=True),
        _label(target - gap, 1.2 * font, said[0], font, "end", theme.MET),
        _label(target + gap, 1.2 * font, said[1], font, "start", _BREACHED_INK),
        *_share_axis(starts, step, foot, size, language),
    ]  # fmt: skip
    return Drawing("".join(content), size.width, size.height, label.in_language(language))


def _fits(counts: Sequence[int], font: float, width: float) -> bool:
    """Whether the widest of ``counts`` fits above its bar."""
    return max(svg.text_width(lang.count(one), font) for one in counts) <= width


def _hatch(key: str) -> str:
    """Breached is hatched, so that it differs from met in grey, too."""
    strokes = svg.path([(-1, 5), (5, -1)], closed=False) + svg.path([(3, 9), (9, 3)], closed=False)
    pattern = svg.element(
        "pattern",
        svg.rect(0, 0, 8, 8, fill=theme.BREACHED)
        + svg.group([strokes], stroke="#fff", stroke_width=1.1),
        id=key,
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
    )
    return svg.element("defs", pattern)


def _share_axis(
    starts: Sequence[float], step: float, foot: float, size: Size, language: Language
) -> list[str]:
    font = size.font
    y = foot + 1.3 * font
    marks: list[tuple[float, str, Anchor]] = [
        (place * step, f"{place * 10}%", "middle" if place else "start") for place in (0, 5, 10, 15)
    ]
    marks.append((starts[-1] + step, "≥ 200%", "end"))
    axis = Text("响应用时占时限的比例", "Share of the target used until the response")
    return [
        *(_label(x, y, name, font - 1, anchor) for x, name, anchor in marks),
        _label(
            size.width / 2, y + 1.4 * font, axis.in_language(language), font - 1, "middle",
            theme.MUTED,
        ),
    ]  # fmt: skip


def level_grid(heat: Mapping[str, Any], label: Text, language: Language) -> Drawing:
    """The compliance of each level in each tier, as ``management.heat`` gives it."""
    size = WIDE
    font, left, top, height = size.font, 110.0, 2 * size.font, 62.0
    columns, rows = heat["columns"], heat["rows"]
    width = (size.width - left) / max(len(columns), 1)
    parts = [
        _label(left + at * width + 0.8 * font, font, name.in_language(language), font - 0.5,
               fill=theme.MUTED)
        for at, name in enumerate(columns)
    ]  # fmt: skip
    for line, row in enumerate(rows):
        y = top + line * height
        name = row["label"].in_language(language)
        parts.append(_label(0, y + 0.58 * height, name, font + 1, is_bold=True))
        for at, cell in enumerate(row["cells"]):
            parts.append(_cell(cell, (left + at * width, y), (width, height), font, language))
    parts.append(_scale(left, top + len(rows) * height + 1.4 * font, font, language))
    return Drawing(
        "".join(parts), size.width, top + len(rows) * height + 2 * font, label.in_language(language)
    )


def _cell(
    cell: Mapping[str, Any],
    place: tuple[float, float],
    room: tuple[float, float],
    font: float,
    language: Language,
) -> str:
    people: Population = cell["people"]
    shade = cell["shade"]
    x, y = place
    parts = [
        svg.rect(
            x + 1.5,
            y + 1.5,
            room[0] - 3,
            room[1] - 3,
            fill=_SHADES[shade],
            stroke=theme.UNMEASURABLE if shade == "hfew" else None,
            stroke_dasharray="3 3" if shade == "hfew" else None,
        )
    ]
    inside = x + 0.8 * font
    if people.rate is None:
        say = Text("均未判定", "none decided") if people.total else Text("无工单", "no tickets")
        shown = f"{lang.count(people.total)} · " if people.total else ""
        parts.append(
            _label(inside, y + 0.58 * room[1], shown + say.in_language(language), font - 1,
                   fill=theme.MUTED)
        )  # fmt: skip
        return "".join(parts)
    rate, of_all = lang.percent(people.rate), f"{people.met:,}/{people.decided:,}"
    parts.append(_label(inside, y + 0.47 * room[1], rate, font + 5, is_bold=True))
    if cell["difference"] is not None:
        vs = Text("较上月", "vs last month").in_language(language)
        of_all += f"  ·  {vs} {lang.points(cell['difference'])}"
    parts.append(_label(inside, y + 0.8 * room[1], of_all, font - 1))
    return "".join(parts)


def _scale(x: float, y: float, font: float, language: Language) -> str:
    few = Text("少于 10 张，不足以下结论", "fewer than 10: too few to say")
    steps = (
        ("h0", "≥ 98%"),
        ("h1", "95–98%"),
        ("h2", "90–95%"),
        ("h3", "80–90%"),
        ("h4", "< 80%"),
        ("hfew", few.in_language(language)),
    )
    parts = []
    for shade, name in steps:
        parts.append(
            svg.rect(x, y - 9, 18, 11, fill=_SHADES[shade], stroke=theme.RULE)
            + _label(x + 24, y, name, font - 2, fill=theme.MUTED)
        )
        x += 24 + svg.text_width(name, font - 2) + 18
    return "".join(parts)


def slide(
    drawing: Drawing, title: Text, sentence: Text, source: Text, language: Language
) -> Drawing:
    """``drawing`` with its title, sentence and source around it, to be put on a slide."""
    margin, width = 40.0, drawing.width + 80
    y = margin + 12
    parts = [_label(margin, y, title.in_language(language), 24, is_bold=True)]
    for line in svg.wrapped(sentence.in_language(language), 15, drawing.width):
        y += 23
        parts.append(_label(margin, y, line, 15, fill=theme.MUTED))
    y += 26
    parts.append(
        svg.group([drawing.content], transform=f"translate({svg.number(margin)} {svg.number(y)})")
    )
    y += drawing.height + 30
    parts.append(_label(margin, y, source.in_language(language), 11, fill=theme.MUTED))
    return Drawing("".join(parts), width, y + 24, drawing.label)


def wide_and_narrow(draw: Callable[[Size], Drawing]) -> str:
    """A drawing for wide pages and one for narrow ones; the style sheet shows one of them."""
    return draw(WIDE).inline("wide") + draw(NARROW).inline("narrow")
