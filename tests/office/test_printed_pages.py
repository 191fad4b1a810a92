"""Finance's and quality's PDF, read back: the numbers of the page, of the marts, and no others.

Needs a browser.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from dashboards.language import LANGUAGES
from pipelines.errors import UsageError
from pipelines.reporting.browser import find_browser
from pipelines.reporting.office import PRINTED
from pipelines.reporting.report import build_report
from tests.odd_folders import build_warehouse, write_folder

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from playwright.sync_api import Browser

NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# What a reader of the screen clicks and what is hidden from the eye has no place on paper; labels
# of charts may be broken by the printer, and the tables say the same.
TEXT = """() => {
  for (const node of document.querySelectorAll("svg, option:not(:checked)")) node.remove();
  return document.body.innerText;
}"""


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("exports")
    return build_warehouse(write_folder("long names and large amounts", folder))


@pytest.fixture(scope="module")
def folder(con: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        program = find_browser()
    except UsageError:
        pytest.skip("no Chromium on this machine: install chromium to run the browser tests")
    made = tmp_path_factory.mktemp("report")
    build_report(con, made, browser=program)
    return made


def printed(folder: Path, name: str) -> str:
    """The text of a PDF on one line. Ideographs may come out as their radicals."""
    reader = PdfReader(folder / name)
    text = " ".join(page.extract_text() for page in reader.pages)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(PRINTED))
def test_the_numbers_of_the_page_are_on_paper(
    name: str, language: str, browser: Browser, folder: Path
) -> None:
    page = browser.new_page()
    page.goto((folder / language / f"{name}.html").as_uri())
    page.wait_for_selector("body[data-drawn]")
    page.emulate_media(media="print")
    shown = unicodedata.normalize("NFKC", page.evaluate(TEXT))
    page.close()
    on_page = Counter(NUMBER.findall(shown))
    on_paper = Counter(NUMBER.findall(printed(folder, f"{name}.{language}.pdf")))
    assert len(on_page) > 50
    assert on_page - on_paper == Counter()


def test_what_is_printed_for_finance_is_what_the_invoices_add_up_to(
    con: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    rows = con.execute(
        "select count(*), sum(amount) from staging.invoices where currency = 'CNY'"
    ).fetchall()
    text = printed(folder, "finance.en.pdf")
    [(lines, amount)] = rows
    assert f"{amount:,.2f} CNY" in text
    assert re.search(rf"\b{lines:,} invoice lines", text), text[:3000]


def test_what_is_printed_for_quality_is_what_the_duties_count(
    con: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    counts = dict(
        con.execute(
            "select coalesce(finding, verdict), count(*) from facts.filings group by all"
        ).fetchall()
    )
    text = printed(folder, "quality.en.pdf")
    found = re.search(
        r"Records owed ([\d,]+) = Filed on time ([\d,]+) \+ Filed late ([\d,]+) \+ "
        r"Incomplete ([\d,]+) \+ Wrong form ([\d,]+) \+ Missing ([\d,]+) \+ "
        r"Pending ([\d,]+) \+ Unmeasurable ([\d,]+)",
        text,
    )
    assert found, text[:1000]
    owed, *others = (int(group.replace(",", "")) for group in found.groups())
    findings = (
        "filed_on_time",
        "filed_late",
        "incomplete",
        "wrong_form",
        "missing",
        "pending",
        "unmeasurable",
    )
    assert others == [counts.get(finding, 0) for finding in findings]
    assert owed == sum(others)


@pytest.mark.parametrize("name", sorted(PRINTED))
def test_a_page_prints_on_a4_with_no_clock_but_the_as_of(
    name: str, con: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    [(as_of,)] = con.execute("select as_of from meta.run").fetchall()
    for language in LANGUAGES:
        reader = PdfReader(folder / f"{name}.{language}.pdf")
        for one in reader.pages:
            assert [round(float(side)) for side in one.mediabox[2:]] in ([595, 842], [596, 842])
        assert reader.metadata is not None
        assert str(reader.metadata.creation_date)[:19] == f"{as_of:%Y-%m-%d %H:%M:%S}"
