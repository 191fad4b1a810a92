"""The page of a ticket in a real browser: what was known at the as-of, to the second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipelines.reporting.report import build_report
from tests.harness import build, give_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Opened

AS_OF = "2025-03-03 23:00:00"
FAULT = {
    "customer_id": "C1",
    "customer_type": "end_customer",
    "city": "北京",
    "service_code": "SASL012",
    "provider": "company",
    "fault_level": 1,
    "category": "fault",
}
# Level 1 in the first tier: 12 hours, every hour counted.
TICKETS: list[dict[str, Any]] = [
    {**FAULT, "ticket_id": "NO-OPENING", "responded_at": "2025-03-03 10:00:00"},
    {
        **FAULT,
        "ticket_id": "LATER",
        "opened_at": "2025-03-03 09:00:00",
        "responded_at": "2025-03-04 20:00:00",
        "finished_at": "2025-03-05 20:00:00",
        "provider": "agent",
        "agent_id": "A1",
    },
    {
        **FAULT,
        "ticket_id": "BY-A-SECOND",
        "opened_at": "2025-03-03 09:00:00",
        "responded_at": "2025-03-03 21:00:01",
    },
    {
        **FAULT,
        "ticket_id": "ALL-OF-IT",
        "opened_at": "2025-03-03 09:00:00",
        "responded_at": "2025-03-03 21:00:00",
    },
    {
        **FAULT,
        "ticket_id": "UNREAD",
        "fault_level": {"unread": "Sev-X"},
        "category": None,
        "opened_at": "2025-03-03 09:00:00",
    },
    {
        **FAULT,
        "ticket_id": "FINISHED",
        "opened_at": "2025-03-01 09:00:00",
        "responded_at": "2025-03-01 10:00:00",
        "finished_at": "2025-03-02 15:00:00",
    },
    {
        **FAULT,
        "ticket_id": "ANSWERED",
        "opened_at": "2025-03-03 09:00:00",
        "responded_at": "2025-03-03 10:00:00",
    },
]
EXPORTS = {
    "tickets": TICKETS,
    "service_records": [
        {"record_id": "R1", "ticket_id": "LATER", "agent_id": "A1", "form": "fault_record"}
        | {"submitted_at": "2025-03-06 09:00:00"}
    ],
    "pauses": [
        {"ticket_id": "LATER", "paused_at": "2025-03-04 01:00:00", "reason": "后来"},
        {"ticket_id": "LATER", "paused_at": "2025-03-03 12:00:00"}
        | {"resumed_at": "2025-03-03 13:00:00", "reason": "等客户"},
    ],
    "agents": [{"agent_id": "A1", "agent_name": "甲"}],
}


def report_of(folder: Path, stops_at: str) -> Path:
    with build(EXPORTS, None, AS_OF, {"readings": {"clock_stops_at": stops_at}}) as con:
        give_files(con, EXPORTS)
        build_report(con, folder)
    return folder


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_of(tmp_path_factory.mktemp("answered"), "responded_at")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_of(tmp_path_factory.mktemp("finished"), "finished_at")


def text_of(opened: Opened, folder: Path, ticket_id: str) -> str:
    page = opened.go(folder, f"en/ticket.html#id={ticket_id}")
    page.wait_for_selector("#ticket dl")
    return page.locator("main").inner_text()


def widths(opened: Opened, kind: str) -> float:
    bars = opened.page.locator(f"svg.timeline rect.{kind}").all()
    return sum(float(bar.get_attribute("width") or 0) for bar in bars)


def test_a_ticket_without_an_opening_says_why_and_shows_the_rest(
    opened: Opened, answered: Path
) -> None:
    text = text_of(opened, answered, "NO-OPENING")
    assert "Cannot be judged: the opening time is missing" in text
    assert "2025-03-03 10:00:00" in text
    assert opened.page.locator("svg.timeline").count() == 0


def test_what_happened_after_the_as_of_is_not_there(opened: Opened, answered: Path) -> None:
    text = text_of(opened, answered, "LATER")
    # 09:00 to 23:00 less an hour paused
    assert "Still unanswered after 13:00:00 against 12:00:00" in text
    assert "breached by 1:00:00" in text
    for later in ("2025-03-04", "2025-03-05", "2025-03-06", "R1", "后来"):
        assert later not in text
    assert "等客户" in text
    assert "As of 03-03 23:00" in text


def test_a_time_stands_on_one_line_on_a_phone(opened: Opened, answered: Path) -> None:
    opened.page.set_viewport_size({"width": 390, "height": 900})
    text_of(opened, answered, "BY-A-SECOND")
    cells = opened.page.locator("td.time")
    assert cells.count() > 0
    for cell in cells.all():
        box = cell.bounding_box()
        assert box is not None
        assert box["width"] > 2 * box["height"], cell.inner_text()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_second_too_late_is_told_from_just_in_time(opened: Opened, answered: Path) -> None:
    assert "Answered in 12:00:01 against 12:00:00" in text_of(opened, answered, "BY-A-SECOND")
    assert "breached by 0:00:01" in opened.page.locator("main").inner_text()
    assert "all of the target of 12:00:00" in text_of(opened, answered, "ALL-OF-IT")


def test_a_level_that_cannot_be_read_is_not_called_no_fault(opened: Opened, answered: Path) -> None:
    assert "whether it is a fault is not known" in text_of(opened, answered, "UNREAD")


def test_the_clock_that_stops_at_the_finish_is_drawn_to_the_finish(
    opened: Opened, finished: Path
) -> None:
    text = text_of(opened, finished, "FINISHED")
    assert "Finished in 30:00:00 against 12:00:00" in text
    assert "breached by 18:00:00" in text
    # 12 h of the 30 were the target's
    assert widths(opened, "over") == pytest.approx(widths(opened, "used") * 18 / 12, rel=0.02)
    text = text_of(opened, finished, "ANSWERED")
    assert "Still unfinished after 14:00:00 against 12:00:00" in text
    assert "unanswered" not in text
