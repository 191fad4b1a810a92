"""Page, mailable edition, PDF and workbook, read back: one set of numbers. Needs a browser."""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from pypdf import PdfReader

from dashboards.language import LANGUAGES
from dashboards.pages import PAGES
from dashboards.site import write_report
from pipelines.errors import UsageError
from pipelines.reporting.browser import find_browser
from pipelines.reporting.office import write_office
from tests.office.office_frames import report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[1] / "browser" / "vendor" / "axe.min.js"
NAMES = ("compliance", "total", "met", "breached", "open_late", "pending", "unmeasurable", "strict")


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return find_browser()
    except UsageError:
        pytest.skip("no Chromium on this machine: install chromium to run the browser tests")


@pytest.fixture(scope="module")
def folder(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole report of the hand-made frames, with PDF and PNG."""
    made = tmp_path_factory.mktemp("office")
    write_report(report(), PAGES, made)
    write_office(report(), made, program)
    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; afterwards: nothing said on the console, nothing asked for but the file itself."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def _shown(page: Page, within: str) -> dict[str, str]:
    return {name: page.locator(f"{within} [data-number={name}]").inner_text() for name in NAMES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_mailable_edition_show_the_same(language: str, page: Page, folder: Path) -> None:
    page.goto((folder / language / "management.html").as_uri())
    on_page = _shown(page, "section[data-month='2025-02']")
    trend = page.locator("#chart-trend table").text_content()
    page.goto((folder / f"management-mail.{language}.html").as_uri())
    assert _shown(page, "body") == on_page
    tables = page.locator("table").all_text_contents()
    assert trend is not None
    assert _words(trend) in [_words(table) for table in tables]


def _words(text: str) -> list[str]:
    return text.split()


def test_the_workbook_holds_what_the_mailable_edition_shows(page: Page, folder: Path) -> None:
    page.goto((folder / "management-mail.en.html").as_uri())
    shown = _shown(page, "body")
    rows = openpyxl.load_workbook(folder / "management.xlsx")["月度 Months"].values
    _, *counts, compliance, strict = next(
        row[:9] for row in rows if str(row[0]).startswith("2025-02")
    )
    assert counts == [
        int(shown[name])
        for name in ("total", "met", "breached", "open_late", "pending", "unmeasurable")
    ]
    assert [shown["compliance"], shown["strict"]] == [f"{compliance:.1%}", f"{strict:.1%}"]


def test_the_pdf_prints_the_same_numbers_in_both_languages(page: Page, folder: Path) -> None:
    page.goto((folder / "management-mail.en.html").as_uri())
    shown = _shown(page, "body")
    reader = PdfReader(folder / "management.pdf")
    # A font may give an ideograph the code of its radical; both read the same.
    text = unicodedata.normalize("NFKC", " ".join(one.extract_text() for one in reader.pages))
    english = re.search(
        r"All (\d+) = Met (\d+) \+ Breached (\d+) \( ?of them unanswered (\d+) ?\) \+ "
        r"In time, open (\d+) \+ Unmeasurable (\d+)",
        re.sub(r"\s+", " ", text),
    )
    chinese = re.search(
        r"全部(\d+)=达标(\d+)\+超时(\d+)\(其中未响应(\d+)\)\+未到期(\d+)\+无法判定(\d+)",
        re.sub(r"\s+", "", text),
    )
    assert english
    assert chinese
    counts = [
        shown[name] for name in ("total", "met", "breached", "open_late", "pending", "unmeasurable")
    ]
    assert list(english.groups()) == list(chinese.groups()) == counts
    assert text.count(shown["compliance"]) >= 4  # at a glance and in the months, twice


def test_the_pdf_is_a4_tagged_has_bookmarks_and_no_clock(folder: Path) -> None:
    reader = PdfReader(folder / "management.pdf")
    for one in reader.pages:
        assert [round(float(side)) for side in one.mediabox[2:]] in ([595, 842], [596, 842])
    assert reader.metadata is not None
    assert str(reader.metadata.creation_date)[:19] == "2025-03-10 09:30:00"
    assert [str(entry.title) for entry in reader.outline if not isinstance(entry, list)] == [
        "管理概览 · 2025-02",
        "Management · 2025-02",
    ]
    assert "/StructTreeRoot" in reader.root_object


def test_each_chart_is_a_picture_twice_its_size(folder: Path) -> None:
    pictures = sorted(path.name for path in (folder / "charts").glob("*.png"))
    assert pictures == [
        f"{name}.{language}.png"
        for name in ("levels", "time-used", "trend")
        for language in ("en", "zh")
    ]
    for name in pictures:
        drawing = (folder / "charts" / name).with_suffix(".svg").read_text(encoding="utf-8")
        size = re.search(r' width="(\d+)[\d.]*" height="([\d.]+)"', drawing)
        assert size
        header = (folder / "charts" / name).read_bytes()[:24]
        assert header[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
        assert (width, height) == (2 * int(size[1]), 2 * round(float(size[2])))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mailable_edition_opens_quietly_and_axe_finds_nothing(
    language: str, page: Page, folder: Path, tmp_path: Path
) -> None:
    # As a mail program keeps an attachment: alone in a folder of its own.
    alone = tmp_path / "attachment.html"
    shutil.copyfile(folder / f"management-mail.{language}.html", alone)
    page.goto(alone.as_uri())
    page.evaluate(f"{AXE.read_text(encoding='utf-8')};0")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_a_phone_and_shows_the_drawings_made_for_it(
    language: str, page: Page, folder: Path
) -> None:
    page.goto((folder / f"management-mail.{language}.html").as_uri())
    assert page.locator("svg.wide:visible").count() == 2
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("svg.wide:visible").count() == 0
    assert page.locator("svg.narrow:visible").count() == 2


def test_the_policy_holds_in_the_browser(browser: Browser, folder: Path) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto((folder / "management-mail.en.html").as_uri())
    assert (
        opened.evaluate("getComputedStyle(document.querySelector('h2')).borderTopStyle") == "solid"
    )
    opened.evaluate("document.body.insertAdjacentHTML('beforeend', '<b id=x style=\"color:red\">')")
    assert (
        opened.evaluate("getComputedStyle(document.querySelector('#x')).color") != "rgb(255, 0, 0)"
    )
    context.close()
