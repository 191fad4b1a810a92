"""The mailable edition: one small file that runs nothing, asks for nothing and hides nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from dashboards import words
from dashboards.language import LANGUAGES, Language
from dashboards.office import mail
from dashboards.pages import management
from tests.office.office_frames import FEBRUARY, HOSTILE, LONG, breached, cells, report

#: Elements without an end.
_VOID = {"meta", "link", "br", "hr", "img", "wbr"}


class _Reader(HTMLParser):
    """Tags with attributes, the text of elements with a data-number, and what stays open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.numbers: dict[str, str] = {}
        self.texts: list[str] = []
        self.open: list[str] = []
        self._number: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._number = dict(attrs).get("data-number")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._number:
            self.numbers[self._number] = data
            self._number = None
        self.texts.append(data)


def _read(language: Language = "en", **changes: object) -> _Reader:
    return _Reader(mail.edition(mail.management_parts(report(**changes)), language))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_shows_the_numbers_counted_by_hand(language: Language) -> None:
    # February: met 6 + 12, breached 4 + 3 (one of them open), unmeasurable 2 + 3
    assert _read(language).numbers == {
        "compliance": "72.0%",
        "total": "30",
        "met": "18",
        "breached": "7",
        "open_late": "1",
        "pending": "0",
        "unmeasurable": "5",
        "strict": "60.0%",
        # 18 met and 5 unmeasurable of 30
        "generous": "76.7%",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_runs_nothing_and_asks_for_nothing(language: Language) -> None:
    reader = _read(language)
    assert {tag for tag, _ in reader.tags} & {"script", "iframe", "object", "form", "img"} == set()
    for tag, attributes in reader.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("href", "src", "xlink:href", "action"):
            assert (attributes.get(name) or "data:").startswith("data:"), tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_policy_allows_its_own_style_and_nothing_else(language: Language) -> None:
    html = mail.edition(mail.management_parts(report()), language)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert style
    assert policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "url(" not in style[1]
    assert "@import" not in style[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_small_also_with_many_tickets(language: Language) -> None:
    parts = mail.management_parts(report(response_breached=breached(500)))
    html = mail.edition(parts, language)
    assert len(html.encode()) < 100_000
    assert html.count("成都软件园") <= mail.TICKETS_SHOWN


def test_texts_from_the_exports_are_shown_as_they_are() -> None:
    reader = _read()
    shown = [text.strip() for text in reader.texts]
    assert shown.count(HOSTILE) >= 2  # among the breached and the open
    assert LONG in shown


def test_every_element_is_closed_and_every_id_is_there_once() -> None:
    for language in LANGUAGES:
        reader = _read(language)
        assert reader.open == []
        ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_both_languages_in_one_document_keep_their_ids_apart() -> None:
    reader = _Reader(mail.print_edition(mail.management_parts(report())))
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) == 4
    assert [a["lang"] for tag, a in reader.tags if tag == "div" and "lang" in a] == ["zh-CN", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_the_page_says(language: Language) -> None:
    text = "".join(_read(language).texts)
    view = management.view(report(), FEBRUARY)
    for said in (*view["changes"], view["distribution"].sentence, view["last"].note):
        assert said.in_language(language) in text


def test_each_chart_has_its_sentence_as_label_and_its_numbers_as_a_table() -> None:
    reader = _read()
    drawings = [
        attributes for tag, attributes in reader.tags if tag == "svg" and "role" in attributes
    ]
    assert [one["class"] for one in drawings] == ["wide", "narrow", "wide", "narrow"]
    assert all(len(one["aria-label"] or "") > 30 for one in drawings)
    assert sum(tag == "details" for tag, _ in reader.tags) == 2


def test_the_same_frames_give_the_same_bytes() -> None:
    first, second = (mail.edition(mail.management_parts(report()), "zh") for _ in range(2))
    assert first == second


def test_without_tickets_it_says_so() -> None:
    reader = _read(response_cells=cells([]), response_breached=None, response_open=None)
    text = "".join(reader.texts)
    assert "The exports hold no tickets with a fault" in text
    assert reader.numbers == {}


def test_a_month_with_only_open_faults_has_counts_and_no_rate() -> None:
    rows = [(FEBRUARY, 3, "other", 0, 0, 0, 4, 0)]
    reader = _read(
        response_cells=cells(rows), response_bins=None, response_speed=None, response_breached=None
    )
    assert reader.numbers["compliance"] == "–"
    assert reader.numbers["pending"] == "4"


def test_one_ticket_is_too_few_to_say() -> None:
    rows = [(FEBRUARY, 3, "other", 1, 0, 0, 0, 0)]
    reader = _read(response_cells=cells(rows), response_bins=None, response_speed=None)
    assert "too few to say" in "".join(reader.texts)


def test_only_the_needed_frame_is_needed() -> None:
    reader = _read(
        response_bins=None,
        response_speed=None,
        response_breached=None,
        response_open=None,
        response_open_totals=None,
        response_causes=None,
        response_unmeasurable=None,
        files=None,
    )
    assert reader.numbers["compliance"] == "72.0%"


def test_time_left_is_said_as_left_or_over_on_the_ticket_s_own_clock() -> None:
    table = mail.open_table(report())
    assert table is not None
    left = [row[6] for row in table.rows]
    assert [getattr(one, "en", one) for one in left] == ["1:30 over", "0:15"]
    assert [row[7] for row in table.rows] == [
        words.CLOCKS["calendar"],
        words.CLOCKS["service_hours"],
    ]
