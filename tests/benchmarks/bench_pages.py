"""``make bench``: how soon each page of the sample's report can be used, opened from disk.

Until it answers (``data-ready``), and until all its charts are drawn (``data-drawn``), counted by
the page from being asked for, in a browser that has not seen it before; the best of three. An empty
page stands beside them: the least this machine needs. Needs Chromium. Writes
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
# Notes the page's own time when its body is first marked.
WATCH = """
window.seen = {};
new MutationObserver(() => {
  for (const mark of ["ready", "drawn"]) {
    if (document.body?.dataset[mark]) window.seen[mark] ??= performance.now();
  }
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
EMPTY = (
    "<!doctype html><title>Empty</title><body><script>"
    "document.body.dataset.ready = document.body.dataset.drawn = 'yes'</script>"
)


def test_pages(tmp_path: Path, browser: Browser) -> None:
    run(Settings(SAMPLE, tmp_path / "out"), Silent())
    report = tmp_path / "out" / "report"
    lines = [
        "## The sample's pages, from disk",
        "",
        "| page | kB | answers after, ms | charts drawn after, ms |",
        "|---|--:|--:|--:|",
    ]
    empty = report / "empty.html"
    empty.write_text(EMPTY, encoding="utf-8")
    pages = sorted(path for code in LANGUAGES for path in (report / code).glob("*.html"))
    for path in (empty, *pages):
        ready, drawn = min(milliseconds(browser, path) for _ in range(3))
        name = path.relative_to(report)
        lines.append(f"| {name} | {path.stat().st_size / 1000:.0f} | {ready:.0f} | {drawn:.0f} |")
    keep("pages.md", "\n".join([*lines, ""]))


def milliseconds(browser: Browser, path: Path) -> tuple[float, float]:
    """From asking for the page until it answers, and until its charts are drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_function("window.seen.drawn")
    ready, drawn = page.evaluate("[window.seen.ready, window.seen.drawn]")
    context.close()
    return float(ready), float(drawn)
