"""``make bench``: how soon each page of the sample's report can be used, opened from disk.

Until it answers (``data-ready``), and until its first chart is drawn where it is in sight, in a
browser that has not seen it before; the best of three. Needs Chromium. Writes
``out/bench/pages.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.language import LANGUAGES
from pipelines.progress import Silent
from pipelines.run import run
from pipelines.session import Settings
from tests.benchmarks.results import keep

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAMPLE = Path(__file__).parents[2] / "sample_data"
# A chart that is not in sight is drawn later.
IN_SIGHT = """() => [...document.querySelectorAll(".plot")].slice(0, 1).some(
    (plot) => plot.getBoundingClientRect().top < innerHeight)"""


def test_pages(tmp_path: Path, browser: Browser) -> None:
    run(Settings(SAMPLE, tmp_path / "out"), Silent())
    report = tmp_path / "out" / "report"
    lines = [
        "## The sample's pages, from disk",
        "",
        "| page | kB | answers after, ms | chart drawn after, ms |",
        "|---|--:|--:|--:|",
    ]
    for path in sorted(path for code in LANGUAGES for path in (report / code).glob("*.html")):
        ready, drawn = min(milliseconds(browser, path) for _ in range(3))
        name = path.relative_to(report)
        lines.append(f"| {name} | {path.stat().st_size / 1000:.0f} | {ready:.0f} | {drawn:.0f} |")
    keep("pages.md", "\n".join([*lines, ""]))


def milliseconds(browser: Browser, path: Path) -> tuple[float, float]:
    """From asking for the page until it answers, and until its first chart is drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready]")
    ready = page.evaluate("performance.now()")  # counted from the asking
    if page.evaluate(IN_SIGHT):
        page.wait_for_selector(".plot[data-drawn]")
    drawn = page.evaluate("performance.now()")
    context.close()
    return float(ready), float(drawn)
