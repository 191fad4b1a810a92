"""The whole report: every page in two languages, escaped, policy kept, same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashboards.language import LANGUAGES, Text
from dashboards.pages import PAGES
from dashboards.site import template_words, write_report
from dashboards.tickets import part_of
from pipelines.reporting.office import write_office
from tests.dashboards.frames import HOSTILE, cells, files, report

if TYPE_CHECKING:
    from dashboards.report import Page

VENDOR = Path(__file__).parents[2] / "dashboards" / "static" / "vendor"


class _Reader(HTMLParser):
    """Collects tags and their attributes, and the ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _tags(path: Path) -> list[tuple[str, dict[str, str | None]]]:
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.tags


def _island(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    found = re.search(r'id="page-data">(.*?)</script>', text, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def pages() -> list[Page]:
    """The pages of the report of every test here: no month of it was published."""
    return [page for page in PAGES if page.is_in(report())]


def test_every_page_is_there_in_both_languages_and_the_entry_is_the_first(tmp_path: Path) -> None:
    written = write_report(report(), PAGES, tmp_path)
    for page in pages():
        for language in LANGUAGES:
            assert (tmp_path / language / f"{page.name}.html") in written
    entry = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in entry
    assert "72.0%" in entry


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    hashes = [
        {
            str(path.relative_to(tmp_path / name)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in write_report(report(), PAGES, tmp_path / name)
        }
        for name in ("one", "two")
    ]
    assert hashes[0] == hashes[1]


def test_no_inline_script_style_or_handler_and_nothing_remote(tmp_path: Path) -> None:
    for path in write_report(report(), PAGES, tmp_path):
        if path.suffix != ".html":
            continue
        for tag, attributes in _tags(path):
            assert tag != "style", path
            assert "style" not in attributes, (path, tag)
            assert not [name for name in attributes if name.startswith("on")], (path, tag)
            if tag == "script" and attributes.get("type") != "application/json":
                assert attributes.get("src"), path
            for name in ("src", "href"):
                assert "//" not in (attributes.get(name) or ""), (path, tag, attributes)
        policy = [
            attributes["content"]
            for tag, attributes in _tags(path)
            if attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        assert len(policy) == 1
        assert policy[0] is not None
        assert policy[0].startswith("default-src 'none'; script-src 'self' file:;")
        assert "unsafe" not in policy[0]


def test_links_and_assets_lead_to_files_that_are_there(tmp_path: Path) -> None:
    write_office(report(), tmp_path)
    for path in write_report(report(), PAGES, tmp_path):
        if path.suffix != ".html":
            continue
        for _, attributes in _tags(path):
            for name in ("src", "href"):
                target = (attributes.get(name) or "").split("#")[0]
                if target and not target.startswith("data:") and "ticket.html" not in target:
                    assert (path.parent / target).resolve().is_file(), (path, target)


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    write_report(report(), PAGES, tmp_path)
    for language in LANGUAGES:
        for page in pages():
            path = tmp_path / language / f"{page.name}.html"
            text = path.read_text(encoding="utf-8")
            assert HOSTILE not in text
            assert "<img" not in text
        rows = _island(tmp_path / language / "management.html")["tables"]["breached"]["rows"]
        assert rows[0][0] == f"T1{HOSTILE}"  # and yet nothing of it is lost


def test_the_download_holds_every_breached_ticket(tmp_path: Path) -> None:
    write_report(report(), PAGES, tmp_path)
    with (tmp_path / "data" / "breached.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["ticket_id"] for row in rows] == [f"T1{HOSTILE}", "T2"]


def test_a_page_without_its_export_says_what_to_bring(tmp_path: Path) -> None:
    frames = {"files": files(())}
    write_report(report(frames, exports=frozenset()), PAGES, tmp_path)
    text = (tmp_path / "en" / "management.html").read_text(encoding="utf-8")
    assert "tickets.csv" in text
    assert "sla run" in text
    assert "monthly response compliance" in text


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(date(2025, 3, 1), 1, "tier1", 1, 0, 0, 0, 0)],
        [(date(2025, 3, 1), 2, "other", 0, 0, 0, 4, 0)],
        [(date(2025, 3, 1), None, None, 0, 0, 0, 0, 2)],
        [(date(2020 + n // 12, n % 12 + 1, 1), 1, "tier1", 90, 10, 0, 0, 0) for n in range(60)],
    ],
    ids=["no tickets", "one ticket", "only open ones", "only unmeasurable", "five years"],
)
def test_odd_months_still_make_a_page(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    frames = {"response_cells": cells(rows), "files": files()}
    write_report(report(frames), PAGES, tmp_path)
    path = tmp_path / "zh" / "management.html"
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b", text.lower())
    sections = [a for _, a in _tags(path) if "data-month" in a]
    assert len(sections) <= 25
    if rows:
        assert sum("hidden" not in a for a in sections) == 1


def test_the_vendored_files_are_those_named() -> None:
    table = (VENDOR / "README.md").read_text(encoding="utf-8")
    sums = dict(re.findall(r"^\| (\S+\.js) .*\| ([0-9a-f]{64}) \|$", table, re.MULTILINE))
    assert set(sums) == {"plotly-basic.min.js", "plotly-locale-zh-cn.js"}
    for name, expected in sums.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == expected


def test_the_bundle_has_the_major_version_of_the_python_package() -> None:
    import plotly  # noqa: PLC0415 - half a second, for this test only

    package = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    versions = []
    for path in (package, VENDOR / "plotly-basic.min.js"):
        with path.open(encoding="utf-8") as file:
            found = re.search(r"plotly\.js .*?v(\d+)\.", file.read(300))
        assert found
        versions.append(found[1])
    assert versions[0] == versions[1]


@pytest.mark.parametrize(
    # FNV-1a 32 of "" is 0x811c9dc5, of "a" 0xe40c292c, of "foobar" 0xbf9cf968 (published vectors)
    ("ticket_id", "value"),
    [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)],
)
def test_the_part_of_a_ticket_is_its_published_hash(ticket_id: str, value: int) -> None:
    assert part_of(ticket_id, 2**32) == value
    assert part_of(ticket_id, 7) == value % 7


def test_a_word_named_like_a_method_is_still_a_word(tmp_path: Path) -> None:
    write_report(report(), PAGES, tmp_path)
    for path in tmp_path.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "built-in method" not in text, path
        assert "object at 0x" not in text, path
    assert template_words({"items": Text("项目", "Items")}).items.en == "Items"
