"""Odd folders in a real browser: every page opens quietly, fits, and says what is not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dashboards.pages import PAGES
from pipelines.reporting.report import build_report
from tests.odd_folders import ODD, build_warehouse, write_folder

if TYPE_CHECKING:
    from tests.browser.conftest import Opened

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
MISSING = {
    "no service records": ("quality", "service_records.csv"),
    "no invoices": ("finance", "invoices.csv"),
    "one ticket": ("finance", "invoices.csv"),
    "no tickets of faults": ("management", ""),
}
"""The page that has nothing to show, and the file it asks for."""


SLOW = {
    "no agents",
    "no installed base",
    "no service records",
    "only open tickets",
    "a hundred agents",
    "months without tickets",
}
"""Those the gate leaves out: each opens every page, as the others do."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[pytest.mark.slow] if one in SLOW else []) for one in ODD]
)
def test_every_page_of_an_odd_folder(name: str, opened: Opened, tmp_path: Path) -> None:
    con = build_warehouse(write_folder(name, tmp_path / "exports"))
    folder = tmp_path / "report"
    build_report(con, folder)
    for language, width in (("zh", 390), ("en", 1440)):
        opened.page.set_viewport_size({"width": width, "height": 900})
        for one in (one for one in PAGES if one.name != "closed"):  # no month was published
            page = opened.go(folder, f"{language}/{one.name}.html")
            where = (name, language, one.name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
            assert page.locator("h1").inner_text(), where
            text = page.locator("main").inner_text()
            assert not [word for word in ("NaN", "undefined", "None", "null") if word in text], (
                where
            )
            for chart in page.locator(".plot[data-drawn]").all():
                assert chart.locator(".main-svg").count() > 0, where
    empty, file = MISSING.get(name, ("", ""))
    if file:
        page = opened.go(folder, f"en/{empty}.html")
        assert file in page.locator(".missing").inner_text()
        page.evaluate(f"{AXE};0")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        assert [one["id"] for one in found["violations"]] == []
