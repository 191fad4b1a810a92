"""The report in a real browser, opened from disk: quiet, accessible, its controls at work."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from dashboards.language import LANGUAGES
from dashboards.pages import PAGES, data, management
from dashboards.site import write_report
from pipelines.reporting.report import read_frames, report_of
from tests.dashboards import test_closed_page as closed_months

if TYPE_CHECKING:
    import duckdb

    from tests.browser.conftest import Opened

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PATHS = [
    "index.html",
    *(f"{language}/{page.name}.html" for page in PAGES for language in LANGUAGES),
]
LATE = "from facts.responses where verdict = 'breached'"


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:  # noqa: ANN401 - whatever the query gives
    row = con.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture(scope="session")
def closed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with a published month: only then the page of closed months is there."""
    folder = tmp_path_factory.mktemp("closed")
    made = closed_months.report(
        closed_months=[closed_months.MONTH],
        closed_rates=[closed_months.RATE],
        restatements=[closed_months.CHANGE],
    )
    write_report(made, PAGES, folder)
    return folder


@pytest.fixture
def folder(path: str, report_dir: Path, closed_dir: Path) -> Path:
    """Where the page at ``path`` is."""
    return closed_dir if path.endswith("/closed.html") else report_dir


@pytest.mark.parametrize("path", PATHS)
def test_a_page_opens_quietly_and_axe_finds_nothing(
    path: str, opened: Opened, folder: Path
) -> None:
    page = opened.go(folder, path)
    page.evaluate(f"{AXE};0")
    # preload would fetch the style sheet, which the page's own policy forbids
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_phone(path: str, opened: Opened, folder: Path) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 844})
    page = opened.go(folder, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_shows_whole_captions_cells_and_labels(
    language: str, opened: Opened, report_dir: Path
) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 844})
    page = opened.go(report_dir, f"{language}/management.html#month=2025-06")
    cut = "nodes => nodes.filter(n => n.scrollWidth > n.clientWidth).length"
    assert page.locator("section:visible .heat td > *").evaluate_all(cut) == 0
    # The page says that a cell has the difference to last month.
    assert page.locator("section:visible .heat small.vs:not(.year):visible").count() > 0
    used = page.locator("[data-chart='used-2025-06'] .xtick text").all_text_contents()
    assert used[-1] == "≥200%"
    right = "nodes => Math.max(...nodes.map(n => n.getBoundingClientRect().right))"
    assert page.locator("caption:visible").evaluate_all(right) <= 390
    page.goto((report_dir / f"management-mail.{language}.html").as_uri())
    assert page.locator("caption:visible").evaluate_all(right) <= 390


def test_no_page_is_heavy(report_dir: Path) -> None:
    sizes = {str(path): path.stat().st_size for path in report_dir.rglob("*.html")}
    assert {path: size for path, size in sizes.items() if size > 300_000} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_shows_what_the_mart_holds(
    language: str, opened: Opened, report_dir: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    page = opened.go(report_dir, f"{language}/management.html")
    expected = warehouse.execute(
        "select strftime(month, '%Y-%m'), sum(tickets)::int, sum(met)::int, sum(breached)::int, "
        "sum(pending)::int, sum(unmeasurable)::int from marts.response_monthly "
        "group by 1 order by 1"
    ).fetchall()
    assert len(expected) > 12
    for month, *counts in expected:
        page.select_option("#month", month)
        shown = page.locator("section[data-month]:visible")
        assert shown.count() == 1
        found = [
            int(shown.locator(f".equation [data-number={name}]").inner_text().replace(",", ""))
            for name in ("total", "met", "breached", "pending", "unmeasurable")
        ]
        assert found == counts, month
        decided = counts[1] + counts[2]
        rate = shown.locator("[data-number=compliance]").inner_text()
        if decided:
            assert abs(float(rate.rstrip("%")) - 100 * counts[1] / decided) <= 0.1
    assert f"month={expected[-1][0]}" in page.url


def test_the_picker_steps_and_the_link_carries_the_month(opened: Opened, report_dir: Path) -> None:
    page = opened.go(report_dir, "zh/management.html#month=2025-06")
    assert page.locator("#month").input_value() == "2025-06"
    page.click("[data-month-step='-1']")
    assert page.locator("section[data-month='2025-05']").is_visible()
    assert page.url.endswith("#month=2025-05")


def test_the_other_language_opens_the_same_page_in_the_same_state(
    opened: Opened, report_dir: Path
) -> None:
    page = opened.go(report_dir, "index.html#month=2025-06&level=3")
    page.click("a.language")
    page.wait_for_selector("body[data-drawn]")
    assert "/en/management.html#month=2025-06&level=3" in page.url
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#month").input_value() == "2025-06"


def test_tables_filter_search_sort_and_export(
    opened: Opened, report_dir: Path, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    page = opened.go(report_dir, "en/management.html#month=all")
    table = page.locator("#breached")
    everything = _one(warehouse, f"select count(*) {LATE}")
    assert table.locator("tbody tr").count() == everything
    table.locator("label", has_text="Level").locator("select").select_option("3")
    level = _one(warehouse, f"select count(*) {LATE} and fault_level = 3")
    assert 0 < level < everything
    assert table.locator("tbody tr").count() == level
    assert "level=3" in page.url
    header = table.locator("th", has_text="Used")
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    quickest = _one(
        warehouse, f"select min_by(ticket_id, elapsed_seconds) {LATE} and fault_level = 3"
    )
    assert table.locator("tbody tr").first.locator("th").inner_text() == quickest
    with page.expect_download() as download:
        table.locator("button", has_text="CSV").click()
    target = tmp_path / "table.csv"
    download.value.save_as(target)
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == level + 1
    table.locator("input[type=search]").fill(quickest)
    assert table.locator("tbody tr").count() == 1


def test_a_cell_of_the_heat_map_leads_to_its_tickets(
    opened: Opened, report_dir: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    page = opened.go(report_dir, "zh/management.html")
    page.select_option("#month", "all")
    page.locator("section:visible .heat a").first.click()
    state = dict(part.split("=") for part in page.url.split("#")[1].split("&"))
    expected = _one(
        warehouse,
        f"select count(*) {LATE} and fault_level::varchar = '{state['level']}' "
        f"and coalesce(city_tier, 'none') = '{state['tier']}'",
    )
    assert page.locator("#breached tbody tr").count() == expected


def test_the_unmeasurable_of_a_month_lead_to_their_reasons(
    opened: Opened, report_dir: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    page = opened.go(report_dir, "en/management.html#month=all")
    page.locator("section:visible .equation a", has_text="Unmeasurable").click()
    expected = _one(
        warehouse, "select count(*) from facts.responses where verdict = 'unmeasurable'"
    )
    assert expected > 0
    assert page.locator("#unmeasurable tbody tr").count() == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_tells_none_in_a_month_from_none_on_the_page(
    language: str, opened: Opened, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    frames = read_frames(warehouse)
    every = frames["response_unmeasurable_tickets"]
    counts = dict(every.drop_nulls("month").group_by("month").len().sort("month").iter_rows())
    first, none, *_, last = counts
    total = every.height - counts[none]
    frames["response_unmeasurable_tickets"] = every.filter(pl.col("month") == first).head(1)
    frames["response_cells"] = frames["response_cells"].with_columns(
        unmeasurable=pl.when(pl.col("month") != none).then("unmeasurable").otherwise(0)
    )
    write_report(report_of(frames), [management.PAGE], tmp_path)
    said = {
        first: {
            "zh": f"{first:%Y-%m}：1 / 1 行 · 本页只有 {counts[first]} 行中的 1 行",
            "en": f"{first:%Y-%m}: 1 of 1 row · this page has 1 of {counts[first]} rows",
        },
        last: {
            "zh": f"{last:%Y-%m} 有 {counts[last]} 行，都不在本页的行之中；见完整数据文件。",
            "en": f"{last:%Y-%m} has {counts[last]}, none of them among the rows on this page: "
            "see the complete data file.",
        },
        none: {
            "zh": f"{none:%Y-%m} 没有；全部月份共 {total} 行。",
            "en": f"No rows in {none:%Y-%m}; {total} in all months.",
        },
    }
    for month, words in said.items():
        page = opened.go(tmp_path, f"{language}/management.html#month={month:%Y-%m}")
        table = page.locator("#unmeasurable")
        assert words[language] in table.inner_text()
    assert table.locator("a[download]").get_attribute("href") == "../data/unmeasurable.csv"
    page = opened.go(tmp_path, f"{language}/management.html#month=all")
    page.locator("#unmeasurable input[type=search]").fill("nobody")
    assert {"zh": "没有符合条件的行。", "en": "No rows match."}[language] in page.locator(
        "#unmeasurable tbody"
    ).inner_text()


def test_a_click_on_a_month_of_the_trend_goes_there(opened: Opened, report_dir: Path) -> None:
    page = opened.go(report_dir, "en/management.html")
    page.locator("#chart-trend").scroll_into_view_if_needed()
    # the eighth bar of the counts below the line: fifteen months from 2024-11 on
    box = page.locator("#chart-trend .barlayer .trace.bars").first.locator(".point").nth(7)
    area = box.bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    page.mouse.click(area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    page.wait_for_url("**month=2025-06**")
    assert page.locator("section[data-month='2025-06']").is_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_leads_to_its_timeline_and_source_row(
    language: str, opened: Opened, report_dir: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    page = opened.go(report_dir, f"{language}/management.html#month=all")
    link = page.locator("#breached tbody a").first
    ticket_id = link.inner_text()
    link.click()
    page.wait_for_selector("#ticket dl")
    assert ticket_id in page.locator("h1").inner_text()
    source_row = _one(
        warehouse, f"select source_row from staging.tickets where ticket_id = '{ticket_id}'"
    )
    assert str(source_row) in page.locator("#ticket dl dd").last.inner_text()
    assert page.locator("svg.timeline rect.over").count() > 0


def test_a_hostile_ticket_is_shown_as_text(
    opened: Opened, report_dir: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    ticket_id = _one(warehouse, "select ticket_id from staging.tickets where ticket_id like 'T&%'")
    page = opened.go(report_dir, "zh/management.html")
    page.evaluate(
        "id => { location.href = 'ticket.html#id=' + encodeURIComponent(id); }", ticket_id
    )
    page.wait_for_selector("#ticket dl")
    assert ticket_id in page.locator("h1").inner_text()
    assert page.locator("main img").count() == 0


def test_every_ticket_a_table_names_has_its_section(report_dir: Path) -> None:
    kept = {
        ticket_id
        for path in (report_dir / "data").glob("tickets-*.js")
        for ticket_id in json.loads(path.read_text(encoding="utf-8").split("]=", 1)[1][:-2])
    }
    for path in report_dir.glob("en/*.html"):
        found = re.search(
            r'id="page-data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL
        )
        assert found
        for table in json.loads(found[1])["tables"].values():
            for at, column in enumerate(table["columns"]):
                if column["kind"] == "ticket":
                    assert {row[at] for row in table["rows"] if row[at]} <= kept, path


def test_a_ticket_that_is_not_kept_says_where_to_look(opened: Opened, report_dir: Path) -> None:
    page = opened.go(report_dir, "en/ticket.html#id=nobody")
    page.wait_for_selector("#ticket .note")
    assert "sla explain" in page.locator("#ticket").inner_text()


def test_charts_are_drawn_once_shown_without_a_share_button(
    opened: Opened, report_dir: Path
) -> None:
    page = opened.go(report_dir, "zh/management.html")
    assert page.locator("#chart-trend .main-svg").count() > 0
    assert page.locator(".modebar-btn").count() == 0
    ticks = page.locator("#chart-trend .xtick text").all_text_contents()
    assert ticks
    assert not any("一" in tick for tick in ticks)  # the zh-CN locale's "一 2025"
    assert page.locator("section[hidden] .main-svg").count() == 0


def test_printing_keeps_headers_and_hides_controls(opened: Opened, report_dir: Path) -> None:
    page = opened.go(report_dir, "en/management.html")
    page.emulate_media(media="print")
    assert page.locator("#breached thead .printed").first.is_visible()
    assert not page.locator("#breached .tools").is_visible()
    assert not page.locator(".top nav").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_ten_thousand_rows_stay_small_in_the_page_and_reach_the_end(
    opened: Opened, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    count = 10_000
    many = pl.DataFrame(
        {
            "table_name": [f"staging.t{n % 7}" for n in range(count)],
            "check_name": [f"check_{n:05d}" for n in range(count)],
            "severity": ["warning"] * count,
            "success": [True] * count,
            "rows": list(range(count)),
            "unexpected_count": [0] * count,
            "description_en": [f"Row {n:05d} is as it should be." for n in range(count)],
            "description_zh": ["每一行都如应有。"] * count,
            "guards": ["T4"] * count,
            "sample": ["[]"] * count,
        }
    )
    report = report_of({**read_frames(warehouse), "checks": many})
    write_report(report, [data.PAGE], tmp_path)
    page = opened.go(tmp_path, "en/data.html")
    table = page.locator("#checks")
    assert "10,000" in table.locator(".counter").inner_text()
    assert table.locator("tbody tr").count() < 100
    table.locator(".body").evaluate("node => { node.scrollTop = node.scrollHeight; }")
    page.locator("#checks tbody", has_text="Row 09999").wait_for()
    assert table.locator("tbody tr").count() < 100
    table.locator("input[type=search]").fill("check_0123")
    assert table.locator("tbody tr").count() == 10
