"""A draft of the terms on a history made for it: what flips is counted slowly, ticket by ticket."""

from __future__ import annotations

import hashlib
import re
import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from pipelines import cli, publish
from pipelines.errors import DataError, UsageError
from pipelines.other_terms.whatif import AMOUNTS, FOLDER, try_draft
from pipelines.terms.load import BUILT_IN
from tests.test_restatements import built, terms_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dashboards.office.whatif import WhatIf
    from tests.harness import Exports, Row

AS_OF = "2025-03-31 00:00:00"
HOUR = 3600
# Level 2 in a tier-1 city has 24 hours; the draft gives it 12. Either side of both, by a second.
ANSWERED = [1, 12 * HOUR - 1, 12 * HOUR, 12 * HOUR + 1, 24 * HOUR - 1, 24 * HOUR, 30 * HOUR]
# Open for so long at the as-of.
OPEN = [12 * HOUR - 1, 12 * HOUR, 23 * HOUR, 24 * HOUR]
NOW_HOURS, DRAFT_HOURS = 24, 12
DRAFT = {"response_targets": {"targets": {2: {"tier1": DRAFT_HOURS}}}}


def history() -> Exports:
    """Level 2 and 3 tickets in and out of tier 1, of two customers and an agent; some billed."""
    tickets: list[Row] = []
    opened = datetime.fromisoformat("2025-03-03 00:00:00")
    for city in ("北京", "成都"):
        for level in (2, 3):
            for number, seconds in enumerate(ANSWERED):
                tickets.append(
                    ticket(f"{city}{level}-{number}", city, level, opened)
                    | {"responded_at": str(opened + timedelta(seconds=seconds))}
                )
    as_of = datetime.fromisoformat(AS_OF)
    tickets += [
        ticket(f"open-{number}", "北京", 2, as_of - timedelta(seconds=seconds))
        for number, seconds in enumerate(OPEN)
    ]
    tickets.append(ticket("nowhere", None, 2, opened) | {"responded_at": str(opened)})
    for number, row in enumerate(tickets):
        row |= {"customer_id": f"C{number % 2}"}
        if number % 3 == 0:
            row |= {"provider": "agent", "agent_id": "A1"}
    return {
        "tickets": [*tickets, *VISITS],
        "installed_base": [
            {"serial_no": name, "purchased_at": day, "warranty_months": 36}
            for name, day in (("S1", "2024-06-01"), ("S2", "2023-01-01"))
        ],
        "invoices": [
            {
                "invoice_id": f"I{number}",
                "line_no": 1,
                "issued_at": "2025-03-10",
                "issuer": "company",
                "ticket_id": visit["ticket_id"],
                "charge_type": "service_fee",
                "amount": amount,
            }
            for number, (visit, amount) in enumerate(
                zip(VISITS, ("1200.05", "800.10"), strict=True)
            )
        ],
    }


def ticket(key: str, city: str | None, level: int, opened: datetime) -> Row:
    """A fault of an agent, answered by the company over the phone."""
    return {
        "ticket_id": key,
        "customer_type": "agent",
        "city": city,
        "service_code": "SASR008",
        "fault_level": level,
        "provider": "company",
        "opened_at": str(opened),
    }


# An agent's on-site visit in another city is charged by the matrix (S1). The reading that the free
# year covers the fee makes the first free, whose unit is in its first year, and not the second.
VISITS: list[Row] = [
    {
        "ticket_id": f"visit-{number}",
        "customer_id": "C9",
        "customer_type": "agent",
        "city": "成都",
        "service_code": "SPSL005",
        "provider": "company",
        "serial_no": f"S{number}",
        "opened_at": "2025-03-07 08:00:00",
        "finished_at": "2025-03-07 20:00:00",
    }
    for number in (1, 2)
]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OUT with the warehouse of a run on the history."""
    out = tmp_path_factory.mktemp("out")
    terms = terms_in(out / "terms")
    built(history(), terms, AS_OF, out / "warehouse.duckdb").close()
    return out


@pytest.fixture
def out(result: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test."""
    shutil.copytree(result, tmp_path / "out")
    return tmp_path / "out"


def draft(folder: Path, overrides: Mapping[str, Any]) -> Path:
    """A folder with the draft's changed files alone."""
    terms_in(folder, overrides)
    for path in folder.iterdir():
        if path.stem not in overrides:
            path.unlink()
    return folder


def slowly() -> Iterator[tuple[str, str, str]]:
    """Each level 2 ticket in 北京 whose verdict flips: was met or pending, would be breached."""
    for number, seconds in enumerate(ANSWERED):
        if DRAFT_HOURS * HOUR <= seconds < NOW_HOURS * HOUR:
            yield f"北京2-{number}", "met", "breached"
    for number, seconds in enumerate(OPEN):
        if DRAFT_HOURS * HOUR <= seconds < NOW_HOURS * HOUR:
            yield f"open-{number}", "pending", "breached"


def row_of(frame: pl.DataFrame, **wanted: object) -> Row:
    """The one row with these values."""
    for name, value in wanted.items():
        frame = frame.filter(pl.col(name).eq_missing(pl.lit(value)))
    assert frame.height == 1, frame
    return frame.row(0, named=True)


def test_one_target_changed_flips_the_tickets_a_slow_count_finds(out: Path, tmp_path: Path) -> None:
    found = try_draft(out, draft(tmp_path / "draft", DRAFT))
    flips = found.verdicts.select("subject_id", "was", "would").rows()
    assert sorted(flips) == sorted(slowly())
    assert set(found.verdicts["kind"]) == {"response"}
    assert found.charges.is_empty()
    assert [said.en for *_, said in found.differences] == [
        "response target, Level 2, Tier-1 cities: 24 h → 12 h"
    ]


def test_the_rates_before_and_after_are_those_of_a_slow_count(out: Path, tmp_path: Path) -> None:
    found = try_draft(out, draft(tmp_path / "draft", DRAFT))
    met = {hours: sum(one < hours * HOUR for one in ANSWERED) for hours in (12, 24)}
    late = {hours: sum(one >= hours * HOUR for one in OPEN) for hours in (12, 24)}
    # level 2: 北京 by the hours above, 成都 within its 72 at all times, one in no city
    level = row_of(found.compliance, dimension="level", value="2")
    assert (level["met_was"], level["met_would"]) == (met[24] + 7, met[12] + 7)
    assert level["breached_was"] == len(ANSWERED) - met[24] + late[24]
    assert level["breached_would"] == len(ANSWERED) - met[12] + late[12]
    assert level["pending_was"], level["pending_would"] == (4 - late[24], 4 - late[12])
    assert (level["unmeasurable_was"], level["unmeasurable_would"]) == (1, 1)
    assert level["flipped"] == len(list(slowly()))
    rate = 100 * level["met_would"] / (level["met_would"] + level["breached_would"])
    assert level["compliance_pct_would"] == pytest.approx(rate, abs=0.005)
    other = row_of(found.compliance, dimension="city_tier", value="other")
    assert (other["flipped"], other["met_was"]) == (0, other["met_would"])


@pytest.mark.parametrize("dimension", ["all", "level", "city_tier", "customer_type", "customer"])
def test_every_dimension_adds_up_to_the_whole(out: Path, tmp_path: Path, dimension: str) -> None:
    found = try_draft(out, draft(tmp_path / "draft", DRAFT))
    of_it = found.compliance.filter(dimension=dimension, kind="response")
    assert of_it["flipped"].sum() == found.verdicts.height
    counts = [name for name in of_it.columns if name.endswith(("_was", "_would"))][:8]
    total = of_it.select(counts).sum().row(0)
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute("select verdict, count(*) from facts.responses group by 1").fetchall()
    for verdict, count in rows:
        assert total[counts.index(f"{verdict}_was")] == count


def test_an_agents_flips_are_those_of_its_tickets(out: Path, tmp_path: Path) -> None:
    found = try_draft(out, draft(tmp_path / "draft", DRAFT))
    agents = {row["ticket_id"] for row in history()["tickets"] if row.get("agent_id") == "A1"}
    wanted = sum(key in agents for key, *_ in slowly())
    assert wanted
    assert row_of(found.compliance, dimension="agent", kind="response")["flipped"] == wanted


def test_terms_equal_to_those_in_force_change_nothing(out: Path) -> None:
    found = try_draft(out, BUILT_IN)
    assert found.changes_nothing
    assert found.differences == ()
    moved = found.compliance.filter(pl.col("flipped") > 0)
    assert moved.is_empty()
    for one in AMOUNTS:
        assert found.money[f"{one}_was"].equals(found.money[f"{one}_would"])
    assert "nothing would change" in (out / FOLDER / "whatif.en.html").read_text(encoding="utf-8")


def test_money_before_and_after_to_the_cent(out: Path, tmp_path: Path) -> None:
    reading = {"readings": {"first_free_year": "free_year_covers_service_fee"}}
    found = try_draft(out, draft(tmp_path / "draft", reading))
    (charge,) = found.charges.to_dicts()
    assert (charge["ticket_id"], charge["was"], charge["would"]) == (
        "visit-1",
        "billed_as_due",
        "billed_but_free",
    )
    money = row_of(found.money, dimension="customer", value="C9", currency="CNY")
    assert (money["overbilled_was"], money["overbilled_would"]) == (
        Decimal("0.00"),
        Decimal("1200.05"),
    )
    assert money["billed_was"] == money["billed_would"] == Decimal("2000.15")
    assert found.verdicts.is_empty()


def test_a_city_the_draft_moves_counts_in_its_new_tier(out: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        tier1 = con.execute("select city from terms.tier1_cities").fetchall()
    moved = {"cities": {"tier1": [*(city for (city,) in tier1), "成都"]}}
    found = try_draft(out, draft(tmp_path / "draft", moved))
    was, would = (
        sum(found.compliance.filter(dimension="city_tier", value="tier1")[f"{verdict}_{side}"][0]
            for verdict in ("met", "breached", "pending"))
        for side in ("was", "would")
    )  # fmt: skip
    assert would - was == 2 * len(ANSWERED)
    flips = set(found.verdicts["subject_id"])
    # 24 hours instead of 72 for level 2; level 3 counts service hours, and keeps its day
    assert flips == {f"成都2-{number}" for number, s in enumerate(ANSWERED) if s >= 24 * HOUR}


def test_the_draft_replaces_files_of_the_terms_the_result_was_judged_by(
    tmp_path: Path,
) -> None:
    """Not of the built-in ones: the run's own days to bill in stay in force."""
    out = tmp_path / "out"
    out.mkdir()
    own = {"charges": {"billing_due_days": 3}}
    built(history(), terms_in(tmp_path / "own", own), AS_OF, out / "warehouse.duckdb").close()
    found = try_draft(out, draft(tmp_path / "draft", DRAFT))
    assert len(found.differences) == 1
    assert found.verdicts.height == len(list(slowly()))


def test_the_result_itself_is_not_touched(out: Path, tmp_path: Path) -> None:
    before = hashlib.sha256((out / "warehouse.duckdb").read_bytes()).hexdigest()
    try_draft(out, draft(tmp_path / "draft", DRAFT))
    assert hashlib.sha256((out / "warehouse.duckdb").read_bytes()).hexdigest() == before
    assert sorted(path.name for path in (out / FOLDER).iterdir()) == [
        "charges.csv",
        "compliance.csv",
        "money.csv",
        "verdicts.csv",
        "whatif.en.html",
        "whatif.zh.html",
    ]


def test_a_second_draft_replaces_the_first(out: Path, tmp_path: Path) -> None:
    try_draft(out, draft(tmp_path / "draft", DRAFT))
    try_draft(out, BUILT_IN)
    assert len((out / FOLDER / "verdicts.csv").read_text(encoding="utf-8").splitlines()) == 1


def sla(*arguments: object) -> tuple[int, str]:
    """Exit status and all that was said."""
    said = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    return said.exit_code, said.output


def test_the_command_tells_in_both_languages(out: Path, tmp_path: Path) -> None:
    folder = draft(tmp_path / "draft", DRAFT)
    flips = len(list(slowly()))
    status, said = sla("whatif", "--terms", folder, "--out", out)
    assert status == 0, said
    assert f"Under the draft {flips} verdicts and 0 charges would differ." in said
    assert "Level 2" in said
    assert f"Page  {out}/whatif/whatif.en.html" in said
    status, said = sla("whatif", "--terms", folder, "--out", out, "--lang", "zh")
    assert status == 0, said
    assert f"按草案，{flips} 项判定和 0 项收费会不同。" in said
    assert not re.search(r"[A-Za-z]{4,} [a-z]{3,}", said.replace(str(tmp_path), "")), said


def test_what_is_wrong_in_the_draft_is_said_by_file_and_key(out: Path, tmp_path: Path) -> None:
    folder = draft(tmp_path / "draft", DRAFT)
    path = folder / "response_targets.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("12", "soon"), encoding="utf-8")
    (folder / "respons_targets.yaml").write_text("values: []\n", encoding="utf-8")
    status, said = sla("whatif", "--terms", folder, "--out", out)
    assert status == UsageError.exit_status
    assert "response_targets.yaml" in said
    assert "respons_targets.yaml" in said
    assert "tier1" in said
    assert not (out / FOLDER).exists()


def test_a_draft_in_another_time_zone_is_refused(out: Path, tmp_path: Path) -> None:
    folder = tmp_path / "draft"
    folder.mkdir()
    text = (BUILT_IN / "service_hours.yaml").read_text(encoding="utf-8")
    (folder / "service_hours.yaml").write_text(
        text.replace("Asia/Shanghai", "Asia/Tokyo"), encoding="utf-8"
    )
    with pytest.raises(UsageError, match=r"timezone is Asia/Tokyo.*sla run --terms"):
        try_draft(out, folder)


@pytest.mark.parametrize(
    ("terms", "message"), [("nowhere", "does not exist"), ("file", "is a file")]
)
def test_a_folder_that_is_none_is_said(out: Path, tmp_path: Path, terms: str, message: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    status, said = sla("whatif", "--terms", tmp_path / terms, "--out", out)
    assert status == UsageError.exit_status
    assert message in said


def test_a_folder_without_terms_is_no_draft(out: Path, tmp_path: Path) -> None:
    (tmp_path / "draft").mkdir()
    status, said = sla("whatif", "--terms", tmp_path / "draft", "--out", out)
    assert status == UsageError.exit_status
    assert "holds no terms files" in said


def test_while_a_run_holds_the_folder_nothing_is_tried(out: Path, tmp_path: Path) -> None:
    with publish.only_run(out):
        status, said = sla("whatif", "--terms", draft(tmp_path / "draft", DRAFT), "--out", out)
    assert status == DataError.exit_status
    assert "run" in said
    assert not (out / FOLDER).exists()


def test_without_a_result_the_run_to_make_is_named(tmp_path: Path) -> None:
    status, said = sla("whatif", "--terms", BUILT_IN, "--out", tmp_path / "none")
    assert status == UsageError.exit_status
    assert "sla run" in said
    assert not (tmp_path / "none").exists()


def test_a_result_of_another_version_is_refused(out: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("update meta.run set models_sha256 = 'other'")
    with pytest.raises(UsageError, match="another version"):
        try_draft(out, draft(tmp_path / "draft", DRAFT))


def test_names_from_the_exports_are_text_on_the_page(tmp_path: Path) -> None:
    exports = history()
    hostile = "<script>alert(1)</script>"
    for row in exports["tickets"]:
        row["customer_id"] = hostile
    out = tmp_path / "out"
    out.mkdir()
    built(exports, terms_in(tmp_path / "own"), AS_OF, out / "warehouse.duckdb").close()
    found: WhatIf = try_draft(out, draft(tmp_path / "draft", DRAFT))
    assert row_of(found.compliance, dimension="customer", kind="response")["value"] == hostile
    for language in ("zh", "en"):
        page = (out / FOLDER / f"whatif.{language}.html").read_text(encoding="utf-8")
        assert hostile not in page
        assert "&lt;script&gt;" in page
