"""What is handed out of a run that hides names and texts: searched file by file, part by part.

First the report whole, then each audience's folder: what must be in it, what must not, and that it
stands by itself. One file, so that one process makes the one result they all search.
"""

from __future__ import annotations

import html
import io
import json
import re
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag

import duckdb
import openpyxl
import polars as pl
import pytest

from dashboards.audiences import AUDIENCES, blank, drop_rows, report_for
from dashboards.language import LANGUAGES
from dashboards.pages import PAGES
from pipelines.deployment.editions import write_edition
from pipelines.deployment.owed import records_owed
from pipelines.errors import UsageError
from tests.dashboards import frames
from tests.privacy import planted
from tests.privacy.conftest import KEY, pseudonym
from tests.privacy.planted import free_texts, names
from tests.privacy.searching import search, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.privacy.key import Discretion

DESKS = ("management", "finance", "quality")
AMOUNTS = {"PF1": "4321.07", "PF2": "8765.03"}


def test_the_exports_hold_what_is_looked_for(hiding: Path) -> None:
    assert len(names(hiding)) > 90
    assert len(free_texts(hiding)) > 500
    assert search(hiding.parent / "exports", planted.NAMES)


def test_no_name_and_no_text_is_anywhere_in_the_report(hiding: Path) -> None:
    assert search(hiding / "report", names(hiding) | free_texts(hiding)) == []


def test_who_is_meant_can_still_be_told_apart(hiding: Path) -> None:
    report = hiding / "report"
    shown = {
        pseudonym("C", planted.CUSTOMER),
        pseudonym("C", planted.NAMED_BY_ID),
        pseudonym("C", planted.MAILED_BY_ID),
        pseudonym("A", planted.AGENT),
        pseudonym("A", planted.AGENT_BY_ID),
        pseudonym("P", planted.ENGINEER),
        "PC1",
        "PA1",
        "PT1",
        "PF1",
    }
    found = {one.value for one in search(report, shown)}
    assert found == shown
    assert (report / "agents" / f"{pseudonym('A', planted.AGENT_BY_ID)}.html").is_file()


def test_every_page_says_that_something_is_hidden(hiding: Path) -> None:
    for page in (*hiding.glob("report/zh/*.html"), *hiding.glob("report/en/*.html")):
        said = "按隐私设置：" if page.parent.name == "zh" else "By the privacy settings:"
        assert said in page.read_text(encoding="utf-8"), page


def test_the_rows_to_mend_lie_beside_the_report_as_they_came(hiding: Path) -> None:
    assert not (hiding / "report" / "data" / "mend").exists()
    whole = "".join(text for path in hiding.glob("mend/*.csv") for _, text in texts(path))
    assert planted.REJECTED_NAME in whole
    assert planted.MISPLACED in whole


def test_the_edition_of_a_month_hides_the_same(hiding: Path, hidden: Discretion) -> None:
    with pytest.raises(UsageError, match="--settings FILE, or SLA_SETTINGS"):
        write_edition(hiding, date(2025, 6, 1))
    made = write_edition(hiding, date(2025, 6, 1), hidden)
    folder = made.files[0].parent
    assert search(folder, names(hiding) | free_texts(hiding)) == []
    assert search(folder, [pseudonym("C", planted.NAMED_BY_ID)])


def test_a_message_on_records_owed_names_nobody(hiding: Path, hidden: Discretion) -> None:
    with pytest.raises(UsageError, match="The last run hid names or texts"):
        records_owed(hiding)
    found = records_owed(hiding, hidden)
    assert found is not None
    owing = {agent.agent_id for agent in found.agents}
    assert pseudonym("A", planted.AGENT_BY_ID) in owing
    assert not owing & names(hiding)


def test_the_key_is_nowhere_in_the_result(hiding: Path) -> None:
    assert not [path for path in hiding.rglob("*") if path.is_file() and _holds(path, KEY)]


def _holds(path: Path, text: str) -> bool:
    return text.encode() in path.read_bytes()


def folder(out: Path, name: str) -> Path:
    return out / "audiences" / name


def written(amount: str) -> set[str]:
    """The ways an amount may be written: 4321.07 and 4,321.07."""
    return {amount, f"{float(amount):,.2f}"}


def asked(out: Path, query: str) -> set[str]:
    with closing(duckdb.connect(str(out / "warehouse.duckdb"), read_only=True)) as con:
        return {str(value) for (value,) in con.execute(query).fetchall()}


def found(where: Path, values: set[str]) -> set[str]:
    return {one.value for one in search(where, values)}


def codes_of(out: Path, letter: str, table: str, column: str) -> set[str]:
    """The pseudonyms of every value of a column, counted apart from the product."""
    return {
        pseudonym(letter, value)
        for value in planted.staged(out / "warehouse.duckdb", column, table)
    }


def test_no_folder_holds_a_name_or_a_text(hiding: Path) -> None:
    assert search(hiding / "audiences", names(hiding) | free_texts(hiding) | {KEY}) == []


def test_single_amounts_are_for_finance_alone(hiding: Path) -> None:
    planted_ones = {shape for amount in AMOUNTS.values() for shape in written(amount)}
    every = asked(hiding, "select distinct amount from staging.invoices where amount >= 100")
    shapes = {shape for amount in every for shape in written(amount)}
    assert planted_ones <= shapes
    assert found(folder(hiding, "finance"), planted_ones) == planted_ones
    assert search(folder(hiding, "quality"), shapes) == []
    assert search(folder(hiding, "agents"), shapes) == []
    assert search(folder(hiding, "management"), shapes) == []


def test_totals_of_money_are_not_for_quality(hiding: Path) -> None:
    totals = asked(hiding, "select distinct overbilled_amount from marts.reading_money")
    totals |= asked(hiding, "select sum(billed_amount) from marts.billing_monthly group by finding")
    shapes = {shape for amount in totals if float(amount) >= 100 for shape in written(amount)}
    assert shapes
    assert search(folder(hiding, "quality"), shapes) == []
    assert found(folder(hiding, "finance"), shapes)


def test_engineers_are_for_quality_alone(hiding: Path) -> None:
    engineers = codes_of(hiding, "P", "service_records", "engineer")
    assert pseudonym("P", planted.ENGINEER) in found(folder(hiding, "quality"), engineers)
    for name in ("management", "finance", "agents"):
        assert search(folder(hiding, name), engineers) == []


def test_free_texts_are_for_quality_alone(hiding: Path) -> None:
    said = codes_of(hiding, "T", "tickets", "description") | codes_of(
        hiding, "T", "pauses", "reason"
    )
    assert len(found(folder(hiding, "quality"), said)) > 10
    for name in ("management", "finance", "agents"):
        assert search(folder(hiding, name), said) == []


def test_service_records_are_not_for_finance(hiding: Path) -> None:
    records = asked(hiding, "select record_id from staging.service_records")
    assert search(folder(hiding, "finance"), records) == []
    assert "PR1" in found(folder(hiding, "quality"), records)


def test_money_in_question_leads_finance_to_its_tickets(hiding: Path) -> None:
    shown = {"PT1", "PF1", "PF2", "PC1"}
    assert found(folder(hiding, "finance"), shown) == shown


def test_an_agent_finds_itself_and_no_other(hiding: Path) -> None:
    everyone = asked(hiding, "select agent_id from staging.agents")
    everyone |= {pseudonym("A", planted.AGENT_BY_ID)}
    called = codes_of(hiding, "A", "agents", "agent_name")
    folders = sorted(folder(hiding, "agents").iterdir())
    assert len(folders) > 12
    for one in folders:
        own = one.name
        assert sorted(path.name for path in one.iterdir()) == [f"{own}.html", f"{own}.xlsx"]
        said = "\n".join(words(one))
        assert {agent for agent in everyone if stands_alone(agent, said)} == {own}
        assert sum(name in said for name in called) <= 1


def words(where: Path) -> Iterator[str]:
    """What a person reads in the files of a folder: pages, cells, names of sheets."""
    for path in where.iterdir():
        if path.suffix == ".html":
            yield re.sub(
                r"<style>.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
            )
            continue
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()))
        yield f"{book.properties.title} {book.properties.creator} {book.sheetnames}"
        for sheet in book:
            yield from (str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)


def stands_alone(value: str, text: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])", text) is not None


@pytest.mark.parametrize("name", DESKS)
def test_a_folder_shows_its_own_pages_and_says_what_it_leaves_out(hiding: Path, name: str) -> None:
    audience = next(one for one in AUDIENCES if one.name == name)
    for language in LANGUAGES:
        pages = sorted(folder(hiding, name).glob(f"{language}/*.html"))
        assert {page.stem for page in pages} == {*audience.pages} - {"closed"}  # none is closed
        for page in pages:
            text = page.read_text(encoding="utf-8")
            assert audience.told.in_language(language) in html.unescape(text)
            shown = re.findall(r'<li><a href="[^"]*?([a-z-]+)\.html"', text.split("</nav>")[0])
            in_navigation = [page.name for page in audience.pages_of() if page.in_navigation]
            assert shown == [name for name in in_navigation if name != "closed"]


@pytest.mark.parametrize("name", DESKS)
def test_no_link_leads_out_of_a_folder_or_nowhere(hiding: Path, name: str) -> None:
    root = folder(hiding, name)
    pages = sorted(root.rglob("*.html"))
    assert (root / "index.html") in pages
    dead = {
        (page.relative_to(root).as_posix(), link)
        for page in pages
        for link in links(page)
        if not leads_somewhere(root, page, link)
    }
    assert dead == set()


@pytest.mark.parametrize("name", DESKS)
def test_every_ticket_of_a_table_has_its_section(hiding: Path, name: str) -> None:
    root = folder(hiding, name)
    kept: set[str] = set()
    for part in root.glob("data/tickets-*.js"):
        kept |= {*json.loads(part.read_text(encoding="utf-8").split("]=", 1)[1].rstrip(";\n"))}
    linked = {
        row[place]
        for page in root.rglob("*.html")
        for table in island(page).get("tables", {}).values()
        for place, column in enumerate(table["columns"])
        if column["kind"] == "ticket"
        for row in table["rows"]
    } - {None}
    known = asked(hiding, "select ticket_id from staging.tickets")
    assert kept
    assert linked & known <= kept


def links(page: Path) -> Iterator[str]:
    """Every address a page asks for or leads to, those in its tables too."""
    text = page.read_text(encoding="utf-8")
    yield from (html.unescape(link) for link in re.findall(r'(?:href|src)="([^"]*)"', text))
    for table in island(page).get("tables", {}).values():
        for place, column in enumerate(table["columns"]):
            if column["kind"] == "link":
                cells = (row[place] for row in table["rows"])
                yield from (cell[1] for cell in cells if cell and cell[1])


def island(page: Path) -> dict[str, Any]:
    found = re.search(
        r'<script type="application/json" id="page-data">(.*?)</script>',
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    return json.loads(found[1]) if found else {}


def leads_somewhere(root: Path, page: Path, link: str) -> bool:
    address = unquote(urldefrag(link).url)
    if not address or address.startswith("data:"):
        return True
    # index.html lies one folder up; links in its tables are from the language's folder
    starts = [page.parent, root / "zh"] if page.name == "index.html" else [page.parent]
    targets = [(start / address).resolve() for start in starts]
    return any(target.is_file() and target.is_relative_to(root.resolve()) for target in targets)


def test_a_dead_link_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "in" / "page.html"
    page.parent.mkdir()
    (tmp_path / "outside.html").write_text("", encoding="utf-8")
    page.write_text('<a href="gone.html#x"></a><a href="../outside.html"></a>', encoding="utf-8")
    assert [link for link in links(page) if not leads_somewhere(page.parent, page, link)] == [
        "gone.html#x",
        "../outside.html",
    ]


def test_the_audiences_name_pages_and_frames_that_there_are() -> None:
    known = {page.name: page for page in PAGES}
    for audience in AUDIENCES:
        assert {*audience.pages} <= {*known}
        used = {
            frame for name in audience.pages for frame in (*known[name].needs, *known[name].uses)
        }
        assert {*audience.without, *audience.changed} <= used, audience.name
        # what its own tables lead to is among them
        assert {"terms", "ticket"} <= {*audience.pages}
        assert ("data" in audience.pages) == ("data-docs" in audience.pages)


def test_rows_of_money_are_left_out_of_what_quality_gets() -> None:
    rows = pl.DataFrame({"export": ["tickets", "invoices", None], "value": ["a", "9.99", "b"]})
    assert drop_rows("export", "invoices")(rows)["value"].to_list() == ["a", "b"]
    checks = pl.DataFrame(
        {"table_name": ["staging.tickets", "facts.charges"], "sample": ["x", "y"]}
    )
    assert blank("sample", where="charge")(checks)["sample"].to_list() == ["x", None]
    assert blank("sample", "absent")(checks)["sample"].to_list() == [None, None]


def test_an_empty_report_can_be_cut_down_too() -> None:
    for audience in AUDIENCES:
        narrowed = report_for(frames.report(), audience)
        assert narrowed.edition == audience.told
        assert not audience.without & {*narrowed.frames}
