"""The second run builds what a term reaches and nothing else, and says what a whole run says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.other_terms import beside as module
from pipelines.other_terms.beside import BESIDE, Judged, beside, compare
from pipelines.terms import schema
from pipelines.warehouse import models
from pipelines.warehouse.models import load_models
from tests.harness import build, rows_of, terms_with
from tests.test_readings import EXPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from pipelines.warehouse.models import Model

PROMISES = [
    "facts.responses",
    "facts.filings",
    "facts.charges",
    "facts.inspections",
    "facts.trainings",
    "facts.conduct",
    "marts.obligations",
]
CHANGES: list[Mapping[str, Any]] = [
    {"readings": {"response_clock": "calendar"}},
    {"readings": {"holidays": "CN"}},
    {"readings": {"clock_stops_at": "finished_at"}},
    {"readings": {"strictness": "<="}},
    {"readings": {"first_free_year": "free_year_covers_service_fee"}},
    {"readings": {"inspection_quarters": "calendar"}},
    {"readings": {"training_due": "end_of_next_day"}},
    {"readings": {"charge_day": "finished"}},
    {"response_targets": {"targets": {3: {"tier1": 5}}}},
    {"cities": {"tier1": ["成都"], "service_centre": "北京"}},
    {"service_hours": {"weekly": {"sat": [["08:00", "18:00"]]}}},
    {"charges": {"free_service_months": 1, "billing_due_days": 1}},
    {"products": {"warranty_months": {"防火墙": 1}}},
    {"filing": {"due_hours": 1, "copied_text_min_characters": 3}},
    {"obligations": {"inspection": {"windows": 2}, "training": {"due_hours": 1}}},
    {"service_levels": {"charging": {"S1": {"other_city": "free"}}}},
    {"rate_card": {"rates": [{"charge_type": "service_fee", "amount": 100}]}},
    {
        "charges": {
            "values": [
                {
                    "from": date.fromisoformat(day),
                    "free_service_months": months,
                    "maintenance_fee_services": ["SASL011", "SASL012"],
                    "billing_due_days": 30,
                    "duplicate_window_days": 31,
                }
                for day, months in (("2000-01-01", 12), ("2025-03-01", 0))
            ]
        }
    },
]
AS_OF = "2025-12-31 00:00:00"


def sample() -> Mapping[str, Any]:
    """Readings' tickets, and one of each other kind of promise."""
    return {
        **EXPORTS,
        "tickets": [
            *EXPORTS["tickets"],
            {
                "ticket_id": "T4",
                "customer_type": "key_account",
                "city": "成都",
                "service_code": "SASL012",
                "provider": "company",
                "agent_id": "A1",
                "serial_no": "S2",
                "contract_id": "K1",
                "customer_id": "C1",
                "fault_level": 2,
                "opened_at": "2025-04-30 17:00:00",
                "responded_at": "2025-05-01 10:00:00",
                "finished_at": "2025-05-02 10:00:00",
            },
            {
                "ticket_id": "T5",
                "customer_type": "key_account",
                "service_code": "SASL014",
                "provider": "company",
                "parent_ticket_id": "T4",
                "training_hours": "3",
                "opened_at": "2025-05-02 10:00:00",
                "finished_at": "2025-05-03 20:00:00",
            },
        ],
        "installed_base": [
            *EXPORTS["installed_base"],
            {
                "serial_no": "S2",
                "customer_id": "C1",
                "customer_type": "key_account",
                "contract_id": "K1",
                "product_type": "防火墙",
                "purchased_at": "2025-01-31",
            },
        ],
        "service_records": [
            {
                "record_id": f"R{number}",
                "ticket_id": "T4",
                "agent_id": "A1",
                "form": "fault_record",
                "submitted_at": "2025-05-05 10:00:00",
                "engineer": "李",
                "service_finished_at": "2025-05-02 10:00:00",
                "fault_description": "断线",
                "resolution": "重启设备",
            }
            for number in range(4)
        ],
    }


def sorted_rows(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    return con.execute(f"select * from {table} order by all").fetchall()


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_what_it_builds_is_what_a_whole_run_builds(change: Mapping[str, Any]) -> None:
    con = build(dict(sample()), None, AS_OF)
    whole = build(dict(sample()), None, AS_OF, change)
    with beside(con, (terms_with(), terms_with(change)), PROMISES):
        for table in PROMISES:
            assert sorted_rows(con, table) == sorted_rows(whole, table), table


def built_for(
    monkeypatch: pytest.MonkeyPatch, change: Mapping[str, Any], tables: list[str]
) -> set[str]:
    """The tables (not views, not those in memory) that are built for a change."""
    built: set[str] = set()
    stored = {one.name for one in load_models() if not one.is_view and not one.is_scratch}

    def run_model(con: duckdb.DuckDBPyConnection, model: Model) -> None:
        if model.name in stored:
            built.add(model.name)
        original(con, model)

    original = models.run_model
    con = build(dict(sample()), None, AS_OF)
    monkeypatch.setattr(models, "run_model", run_model)
    with beside(con, (terms_with(), terms_with(change)), tables):
        pass
    return built


def test_nothing_is_built_for_terms_that_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert built_for(monkeypatch, {}, PROMISES) == set()


def test_the_strictness_of_responses_builds_the_responses_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change = {"readings": {"strictness": "<="}}
    assert built_for(monkeypatch, change, PROMISES) == {"facts.responses"}


def test_a_price_builds_charges_and_no_response(monkeypatch: pytest.MonkeyPatch) -> None:
    change = {"rate_card": {"rates": [{"charge_type": "service_fee", "amount": 100}]}}
    built = built_for(monkeypatch, change, PROMISES)
    assert built
    assert not {name for name in built if "charge" not in name}


def test_the_run_is_as_it_was_and_nothing_is_left_behind() -> None:
    con = build(dict(sample()), None, AS_OF)
    models = [model.name for model in load_models() if not model.is_scratch]
    before = {name: sorted_rows(con, name) for name in models}
    change = {"cities": {"tier1": ["成都"]}, "charges": {"free_service_months": 1}}
    with beside(con, (terms_with(), terms_with(change)), PROMISES) as home:
        assert con.execute("select current_catalog()").fetchone() == (BESIDE,)
        assert home != BESIDE
    assert {name: sorted_rows(con, name) for name in models} == before
    catalogs = con.execute("select database_name from duckdb_databases()").fetchall()
    assert (BESIDE,) not in catalogs


def test_a_run_that_fails_beside_leaves_the_run_current() -> None:
    con = build(dict(sample()), None, AS_OF)
    home = con.execute("select current_catalog()").fetchone()
    with (
        pytest.raises(ZeroDivisionError),
        beside(con, (terms_with(), terms_with()), PROMISES),
    ):
        raise ZeroDivisionError
    assert con.execute("select current_catalog()").fetchone() == home


def test_pairs_hold_the_rows_of_both_runs() -> None:
    con = build(dict(sample()), None, AS_OF)
    change = {"fault_levels": {"levels": {3: {"expert_team": True}}}}
    with beside(con, (terms_with(), terms_with(change)), ["facts.conduct"]) as home:
        compare(con, home, Judged("facts.conduct", "ticket_id || ' ' || rule", "verdict"))
        pairs = {
            row["subject"]: (row["was"], row["would_be"]) for row in rows_of(con, "beside_pairs")
        }
    # T1 is of level 3: experts are owed by the other terms alone
    assert pairs["T1 expert_team"] == (None, "unmeasurable")
    assert pairs["T2 expert_team"] == ("unmeasurable", "unmeasurable")


def test_every_switch_changes_a_column_some_model_names() -> None:
    """A switch that no model named would never be found to reach one."""
    con = build({}, None, AS_OF)
    by_model = module._names(con)  # noqa: SLF001 - what reaches a model is found by it
    names = {name for named in by_model.values() for name in named}
    in_other_tables = {"response_clock", "holidays"}  # terms.fault_levels, clocks.*
    assert set(schema.SWITCHES) - in_other_tables <= names
