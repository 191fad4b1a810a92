"""What is handed out of a run that hides names and texts: searched file by file, part by part."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipelines.deployment.editions import write_edition
from pipelines.deployment.owed import records_owed
from pipelines.errors import UsageError
from tests.privacy import planted
from tests.privacy.conftest import KEY
from tests.privacy.searching import search, texts

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.privacy_key import Discretion

_SHORTEST_TEXT = 8  # characters; shorter ones are words the report may use itself


def pseudonym(letter: str, value: str) -> str:
    """What is to stand in place of a value, counted apart from the product."""
    digest = hmac.new(KEY.encode(), value.casefold().encode(), hashlib.sha256).hexdigest()
    return f"{letter}-{digest[:8].upper()}"


def names(out: Path) -> set[str]:
    """Every name in the exports: those of the sample as staged, and the planted ones."""
    warehouse = out / "warehouse.duckdb"
    found = {*planted.NAMES}
    for table, column in (
        ("tickets", "customer_name"), ("agents", "agent_name"), ("service_records", "engineer"),
    ):  # fmt: skip
        found |= planted.staged(warehouse, column, table)
    return found


def free_texts(out: Path) -> set[str]:
    warehouse = out / "warehouse.duckdb"
    found = {*planted.TEXTS}
    for table, column in (
        ("tickets", "description"), ("service_records", "fault_description"),
        ("service_records", "resolution"), ("pauses", "reason"),
    ):  # fmt: skip
        found |= planted.staged(warehouse, column, table, _SHORTEST_TEXT)
    return found


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
    assert found == {value.casefold() for value in shown}
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
