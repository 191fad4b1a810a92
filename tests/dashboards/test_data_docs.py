"""The Data Docs page: Great Expectations' own sentences, offline, every suite with its counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.pages import data, data_docs
from dashboards.site import write_report
from tests.dashboards.frames import HOSTILE, report

if TYPE_CHECKING:
    from pathlib import Path


def test_suites_count_what_was_evaluated_and_what_failed() -> None:
    built = data_docs.build(report())

    (suite,) = built["suites"]
    assert (suite["table"], suite["evaluated"], suite["failed"]) == ("staging.tickets", 2, 1)
    assert [one["success"] for one in suite["expectations"]] == [False, True]
    assert "Great Expectations 1.2.3" in built["lead"].en
    assert "Great Expectations 1.2.3" in built["lead"].zh


def test_a_query_is_folded_away_from_its_sentence() -> None:
    (suite,) = data_docs.build(report())["suites"]
    query, plain = suite["expectations"]

    assert query["sentence"] == [("Unexpected rows query: ", False)]
    assert query["query"].startswith("select ")
    assert plain["sentence"] == [("ticket_id", True), (" values must never be null.", False)]
    assert plain["query"] == ""


def test_the_data_page_links_each_failing_check_to_its_place(tmp_path: Path) -> None:
    write_report(report(), (data.PAGE, data_docs.PAGE), tmp_path)
    here = (tmp_path / "en" / "data.html").read_text(encoding="utf-8")
    there = (tmp_path / "en" / "data-docs.html").read_text(encoding="utf-8")

    assert 'href="../en/data-docs.html#at=check-staging.tickets-city_given"' in here
    assert 'id="check-staging.tickets-city_given"' in there
    assert HOSTILE not in there
