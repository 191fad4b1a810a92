"""The static charts: marks in proportion to their counts, apart in grey, well formed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from dashboards import theme
from dashboards.language import LANGUAGES, Language, both
from dashboards.office import charts, mail
from dashboards.population import Population
from tests.office.office_frames import HOSTILE, report

if TYPE_CHECKING:
    from dashboards.office.svg import Drawing

LABEL = both(HOSTILE)


def _parsed(drawing: Drawing) -> ET.Element:
    return ET.fromstring(mail.slide_file(drawing))  # noqa: S314 - our own output


def _rects(drawing: Drawing, fill: str) -> list[ET.Element]:
    """The rectangles of a group with this fill."""
    return [
        rect
        for group in _parsed(drawing).iter("{http://www.w3.org/2000/svg}g")
        if group.get("fill") == fill
        for rect in group
    ]


def _texts(drawing: Drawing) -> list[str]:
    return [text.text or "" for text in _parsed(drawing).iter("{http://www.w3.org/2000/svg}text")]


def _months(count: int, *, year: int = 2024) -> dict[date, Population]:
    return {
        date(year + at // 12, at % 12 + 1, 1): Population(met=10 + at, breached=2)
        for at in range(count)
    }


def _step_rows() -> list[dict[str, object]]:
    return [
        {"step": 0, "verdict": "met", "tickets": 8},
        {"step": 3, "verdict": "met", "tickets": 4},
        {"step": 10, "verdict": "breached", "tickets": 2},
        {"step": 20, "verdict": "breached", "tickets": 4},
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 2, 12, 36, 50])
def test_a_trend_of_any_length_stays_within_its_drawing(count: int, language: Language) -> None:
    months = _months(count)
    for size in (charts.WIDE, charts.NARROW):
        drawing = charts.trend(months, months, LABEL, language, size)
        root = _parsed(drawing)
        assert root.get("aria-label") == HOSTILE
        for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
            x, y = float(rect.get("x", "0")), float(rect.get("y", "0"))
            assert x >= 0
            assert y >= 0
            assert x + float(rect.get("width", "0")) <= size.width + 0.5
            assert y + float(rect.get("height", "0")) <= size.height + 0.5


def test_month_to_date_is_a_square_and_closed_months_are_circles() -> None:
    months = _months(3)
    closed = dict(list(months.items())[:2])
    drawing = charts.trend(months, closed, LABEL, "en")
    marks = next(
        group
        for group in _parsed(drawing).iter("{http://www.w3.org/2000/svg}g")
        if group.get("stroke") == theme.MET
    )
    assert [mark.tag.rpartition("}")[2] for mark in marks] == ["circle", "circle", "rect"]


def test_a_month_of_few_is_hollow_and_a_signal_a_diamond() -> None:
    months = {
        date(2024, 1, 1): Population(95, 5),
        date(2024, 2, 1): Population(9, 0),
        date(2024, 3, 1): Population(50, 50),
    }
    drawing = charts.trend(months, months, LABEL, "en")
    marks = next(
        group
        for group in _parsed(drawing).iter("{http://www.w3.org/2000/svg}g")
        if group.get("stroke") == theme.MET
    )
    assert marks[1].get("fill") == "#fff"
    # March: 50 % of 100 is far below the centre of 154/209
    assert marks[2].get("fill") == theme.BREACHED
    assert marks[2].tag.endswith("path")


def test_the_bars_of_the_trend_are_in_proportion() -> None:
    months = {date(2024, 1, 1): Population(40, 10), date(2024, 2, 1): Population(20, 0)}
    drawing = charts.trend(months, months, LABEL, "en")
    met = [float(rect.get("height", "0")) for rect in _rects(drawing, "#b9d6e8")]
    late = [float(rect.get("height", "0")) for rect in _rects(drawing, theme.BREACHED)]
    assert met[0] == pytest.approx(2 * met[1], abs=0.2)
    assert late == [pytest.approx(met[0] / 4, abs=0.2)]
    assert {"50", "20"} <= set(_texts(drawing))


def test_a_month_without_tickets_has_no_mark() -> None:
    months = {
        date(2024, 1, 1): Population(40, 10),
        date(2024, 2, 1): Population(),
        date(2024, 3, 1): Population(40, 10),
    }
    drawing = charts.trend(months, months, LABEL, "en")
    assert len(_rects(drawing, "#b9d6e8")) == 2


def test_time_used_has_a_bar_for_each_step_with_tickets_and_the_target_between() -> None:
    drawing = charts.time_used(_step_rows(), LABEL, "en")
    met = _rects(drawing, theme.MET)
    late = _rects(drawing, "url(#used-late)")
    heights = [float(rect.get("height", "0")) for rect in (*met, *late)]
    assert heights == [pytest.approx(heights[0] * part, abs=0.1) for part in (1, 0.5, 0.25, 0.5)]
    target = next(
        line
        for line in _parsed(drawing).iter("{http://www.w3.org/2000/svg}line")
        if line.get("stroke") == theme.INK
    )
    at = float(target.get("x1", "0"))
    assert max(float(rect.get("x", "0")) + float(rect.get("width", "0")) for rect in met) < at
    assert min(float(rect.get("x", "0")) for rect in late) >= at
    assert {"answered in time 12", "answered late 6"} <= set(_texts(drawing))


def test_counts_that_do_not_fit_above_their_bars_are_left_to_the_table() -> None:
    rows = [{"step": 0, "verdict": "met", "tickets": 12_345}]
    assert "12,345" in _texts(charts.time_used(rows, LABEL, "en", charts.WIDE))
    assert "12,345" not in _texts(charts.time_used(rows, LABEL, "en", charts.NARROW))


def test_slides_carry_title_sentence_and_source() -> None:
    found = mail.slides(mail.management_parts(report()), "en")
    assert list(found) == ["trend", "levels", "time-used"]
    texts = _texts(found["trend"])
    assert texts[0] == "Monthly response compliance"
    assert texts[-1] == "Service Terms Audit · as of 2025-03-10 09:30 (Asia/Shanghai)"
    # closed: 19/20 and 18/25, together 37/45
    assert any("82.2% (37 of 45)" in text for text in texts)


def test_the_grid_of_levels_shows_each_cell_with_its_counts() -> None:
    texts = _texts(mail.slides(mail.management_parts(report()), "en")["levels"])
    # February, level 1 in tier-1 cities: 6 of 10, in January 9 of 10
    assert "60.0%" in texts
    assert "6/10  ·  vs last month −30.0" in texts
    assert "3 · none decided" in texts  # no level: three unmeasurable
