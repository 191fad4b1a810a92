"""Loading the terms: what is refused, how it is said, and which value is in force when."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import UsageError
from pipelines.terms import load_terms, longest_target_seconds, service_weeks, write_terms
from pipelines.terms.load import BUILT_IN
from pipelines.warehouse import open_warehouse
from tests.harness import terms_with

if TYPE_CHECKING:
    from pathlib import Path


def folder_with(tmp_path: Path, **replaced: tuple[str, str]) -> Path:
    """A copy of the built-in terms with a text replaced in some files."""
    folder = tmp_path / "terms"
    shutil.copytree(BUILT_IN, folder)
    for name, (old, new) in replaced.items():
        path = folder / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_every_problem_of_every_file_is_named_at_once(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path,
        response_targets=("3: {tier1: 48, other: 120}", "3: {tier1: 48, othr: 120}"),
        charges=("free_service_months: 12", "free_service_months: twelve"),
        service_levels=("clause: T1", "clause: T9"),
        cities=("service_centre: 深圳", "service_center: 深圳"),
    )
    with pytest.raises(UsageError) as refusal:
        load_terms(folder)
    message = str(refusal.value)
    assert f"{folder}/response_targets.yaml: values.0.targets.3.other: is missing" in message
    assert "values.0.targets.3.othr: is not a key of this file" in message
    assert "charges.yaml: values.0.free_service_months: Input should be a valid integer" in message
    assert "(it says 'twelve')" in message
    assert "service_levels.yaml: clause: unknown clause; write one of OB, T1" in message
    assert "cities.yaml: values.0.service_centre: is missing; add it" in message
    assert "cities.yaml: values.0.service_center: is not a key of this file" in message
    assert refusal.value.exit_status == 2


FEE = "{charge_type: service_fee, amount: 500"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("response_targets", "  4: {tier1: 120, other: 168}\n", "", "fault level 4 missing"),
        ("response_targets", "tier1: 12,", "tier1: 0,", "greater than 0"),
        ("service_hours", '[["08:00", "18:00"]]', '[["18:00", "08:00"]]', "is not before"),
        ("service_hours", '[["08:00", "18:00"]]', '[["08:00", "25:00"]]', "two quoted times"),
        (
            "service_hours",
            'mon: [["08:00", "18:00"]]',
            'mon: [["08:00", "12:00"], ["11:59", "18:00"]]',
            "overlap at 11:59",
        ),
        ("service_hours", "Asia/Shanghai", "Asia/Nowhere", "no such time zone"),
        ("services", "SPSR001: {zh", "SPSL001: {zh", "the code says presales onsite"),
        ("charges", "[SASL011, SASL012]", "[SASL011, SASL099]", "SASL099 is not in the catalogue"),
        ("readings", 'strictness: "<"', 'strictness: "<<"', "strictness"),
        ("rate_card", "tolerance_pct: 0", "tolerance_pct: -1", "greater than or equal to 0"),
        ("rate_card", "tolerance_pct: 0", "tolerance_pct: 1000.1", "less than or equal to 1000"),
        ("rate_card", "tolerance_pct: 0", "tolerance_pct: .inf", "tolerance_pct"),
        ("rate_card", "tolerance_pct: 0", "tolerance_pct: 33.33333", "more than four decimals"),
        ("filing", "silence_days: 30", "silence_days: 1000001", "less than or equal to 1000000"),
        (
            "charges",
            "电汇, bank transfer",
            "电汇, Cash Cheque",
            "Cash Cheque stands under 现金支票",
        ),
        ("filing", "due_hours: 168", "due_hours: 500001", "less than or equal to 500000"),
        *(
            ("rate_card", "rates: []", f"rates: {rates}", words)
            for rates, words in (
                ("[{charge_type: service_fee, amount: -500}]", "below zero"),
                ("[{charge_type: service_fee, amount: 5, currency: Taler}]", "not a currency"),
                (f"[{FEE}, currency: 元}}, {FEE}}}]", "two prices for service_fee, CNY"),
            )
        ),
        ("rate_card", "from: 2000-01-01", "from: 2025-02-30", "2025-02-30 is no day of the"),
        ("cities", "tier1: [", "tier1: {", "cannot be read as YAML"),
        (
            "cities",
            "service_centre: 深圳",
            "service_centre: 深圳\n    service_centre: 北京",
            "twice",
        ),
        ("clauses", "description", "describe", "description: is missing"),
    ],
)
def test_what_is_wrong_is_refused_with_file_key_and_reason(
    tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    folder = folder_with(tmp_path, **{name: (old, new)})
    with pytest.raises(UsageError) as refusal:
        load_terms(folder)
    assert f"{name}.yaml" in str(refusal.value)
    assert words in str(refusal.value)


def test_a_gap_before_the_first_value_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, response_targets=("from: 2000-01-01", "from: 2025-01-01"))
    with pytest.raises(UsageError, match="starts on 2025-01-01, but other terms start on 2000-01"):
        load_terms(folder)


def test_values_out_of_order_are_refused(tmp_path: Path) -> None:
    text = (BUILT_IN / "cities.yaml").read_text(encoding="utf-8")
    folder = folder_with(tmp_path)
    again = text[text.index("  - from:") :]
    (folder / "cities.yaml").write_text(text + again, encoding="utf-8")
    with pytest.raises(UsageError, match="write the values in order of their first day"):
        load_terms(folder)


def test_an_unknown_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    (folder / "discounts.yaml").write_text("a: 1", encoding="utf-8")
    with pytest.raises(UsageError, match=r"discounts\.yaml: not a terms file"):
        load_terms(folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="holds no terms files"):
        load_terms(empty)
    with pytest.raises(UsageError, match="no such folder"):
        load_terms(tmp_path / "nowhere")


def test_a_folder_with_some_files_replaces_only_those(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    text = (BUILT_IN / "cities.yaml").read_text(encoding="utf-8").replace("深圳]", "深圳, 成都]")
    (folder / "cities.yaml").write_text(text, encoding="utf-8")
    terms = load_terms(folder)
    assert {s.file: s.origin for s in terms.sources}["cities.yaml"] == "given"
    assert {s.file: s.origin for s in terms.sources}["charges.yaml"] == "built-in"
    con = open_warehouse()
    write_terms(con, terms, date(2025, 1, 1), date(2025, 1, 2))
    cities = con.execute("select city from terms.tier1_cities order by city").fetchall()
    assert ("成都",) in cities


def test_yaml_can_not_run_code(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    marker = tmp_path / "ran"
    (folder / "cities.yaml").write_text(
        "!!python/object/apply:pathlib.Path.touch "
        f"[!!python/object/apply:pathlib.Path ['{marker}']]",
        encoding="utf-8",
    )
    with pytest.raises(UsageError, match="cannot be read as YAML"):
        load_terms(folder)
    assert not marker.exists()


def test_days_get_the_period_in_force() -> None:
    terms = terms_with(
        {
            "cities": {
                "values": [
                    {"from": date(2000, 1, 1), "tier1": ["北京市"], "service_centre": "Shenzhen"},
                    {"from": date(2025, 7, 1), "tier1": ["成都"], "service_centre": "深圳"},
                ]
            }
        }
    )
    con = open_warehouse()
    write_terms(con, terms, date(1999, 12, 30), date(2025, 7, 2))
    days = dict(con.execute("select day, period_id from terms.days").fetchall())
    assert date(1999, 12, 31) not in days
    assert days[date(2000, 1, 1)] == days[date(2025, 6, 30)] == 1
    assert days[date(2025, 7, 1)] == days[date(2025, 7, 2)] == 2
    # A suffix or an English name in the terms meets the exports' own spelling.
    assert con.execute("select * from terms.tier1_cities order by all").fetchall() == [
        (1, "北京"),
        (2, "成都"),
    ]
    assert con.execute("select distinct service_centre_city from terms.rules").fetchall() == [
        ("深圳",)
    ]


def test_the_twelve_cells_and_fourteen_services_are_those_of_the_clauses() -> None:
    con = open_warehouse()
    write_terms(con, load_terms(), date(2025, 1, 1), date(2025, 1, 1))
    cells = con.execute(
        "select customer_type, stage, mode, service_level from terms.service_levels"
    ).fetchall()
    # Chart 1, row by row: presales onsite, remote, aftersales onsite, remote.
    chart = {
        "agent": ["S1", "S2", "S1", "S2"],
        "end_customer": ["X", "S2", "S0", "S2"],
        "key_account": ["S1", "S2", "S2", "S2"],
    }
    order = [
        ("presales", "onsite"),
        ("presales", "remote"),
        ("aftersales", "onsite"),
        ("aftersales", "remote"),
    ]
    wanted = {
        (customer, *place, level)
        for customer, levels in chart.items()
        for place, level in zip(order, levels, strict=True)
    }
    assert set(cells) == wanted
    hours = con.execute(
        "select fault_level, city_tier, target_seconds // 3600 from terms.response_targets"
    ).fetchall()
    # Chart 4.
    assert set(hours) == {
        (1, "tier1", 12), (1, "other", 48), (2, "tier1", 24), (2, "other", 72),
        (3, "tier1", 48), (3, "other", 120), (4, "tier1", 120), (4, "other", 168),
    }  # fmt: skip
    offered = con.execute(
        "select customer_type, count(*) from terms.catalogue group by all order by all"
    ).fetchall()
    assert offered == [("agent", 14), ("end_customer", 13), ("key_account", 13)]
    assert longest_target_seconds(load_terms()) == 168 * 3600


def test_equal_service_hours_share_a_calendar() -> None:
    weekly = {"mon": [("08:00", "12:00")]}
    terms = terms_with(
        {
            "cities": {
                "values": [
                    {"from": date(2000, 1, 1), "tier1": [], "service_centre": "深圳"},
                    {"from": date(2025, 1, 1), "tier1": [], "service_centre": "深圳"},
                ]
            },
            "service_hours": {
                "values": [
                    {"from": date(2000, 1, 1), "weekly": {"mon": [["08:00", "18:00"]]}},
                    {"from": date(2025, 7, 1), "weekly": {"mon": [list(weekly["mon"][0])]}},
                ]
            },
        }
    )
    weeks = service_weeks(terms)
    assert [weeks[n].calendar_id for n in (1, 2, 3)] == [1, 1, 2]
    assert weeks[3].hours.weekly == weekly


def test_terms_kept_by_a_run_can_be_read_again_and_replaced_file_by_file(tmp_path: Path) -> None:
    given = load_terms(
        folder_with(tmp_path, charges=("billing_due_days: 30", "billing_due_days: 20"))
    )
    con = open_warehouse()
    write_terms(con, given, date(2025, 1, 1), date(2025, 1, 2))
    kept = {
        name.removesuffix(".yaml"): content
        for name, content in con.execute("select file, content from terms.files").fetchall()
    }
    again = load_terms(in_force=kept)
    assert again.files == given.files
    assert [source.sha256 for source in again.sources] == [s.sha256 for s in given.sources]
    assert {source.origin for source in again.sources} == {"in force"}
    draft = tmp_path / "draft"
    draft.mkdir()
    shutil.copy(BUILT_IN / "cities.yaml", draft)
    origins = {source.file: source.origin for source in load_terms(draft, kept).sources}
    assert origins["cities.yaml"] == "given"
    assert origins["charges.yaml"] == "in force"
