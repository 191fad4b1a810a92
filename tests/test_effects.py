"""What failing rows touch: worked cases, and bounds that no way of mending leaves."""

from __future__ import annotations

import itertools
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from expectations import SUITES
from pipelines.checks import effects
from pipelines.checks.effects import KINDS, TABLE, columns_of, compliance_bounds, keep_check_effects
from pipelines.checks.validation import CheckResult
from pipelines.contract import EXPORTS, REFERENCES
from pipelines.warehouse import lineage, models, open_warehouse
from pipelines.warehouse.reference import prepare
from tests.harness import build, case_id, load_cases, rows_of, stage, terms_with, unmatched

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb


def failed(name: str) -> CheckResult:
    """A check taken as failed; which rows break it is found in the warehouse."""
    table, check = name.split()
    return CheckResult(table, check, "", "", "warning", False, 1, 1, (), "T4", {})  # noqa: FBT003 - in order


@cache
def kinds() -> list[effects.Promise]:
    """What each kind of promise hangs on, drawn once."""
    with open_warehouse() as con:
        stage(con, {})
        prepare(con, terms_with(), datetime(2025, 12, 31))  # noqa: DTZ001 - local time of the terms
        schema = lineage.warehouse_schema(con)
    return effects.promises(effects.draw_lineage(models.load_models(), schema))


def kept(
    con: duckdb.DuckDBPyConnection,
    failing: Sequence[str] = (),
    problems: Sequence[dict[str, Any]] = (),
) -> list[dict[str, Any]]:
    """The rows of ``marts.check_effects``."""
    for one in problems:
        con.execute(
            "insert into staging.problems values (?, ?, ?, ?, 'x', 'not one of: y', '不是：y')",
            [one["export"], f"{one['export']}.csv", one["row"], one["column"]],
        )
    keep_check_effects(con, [failed(name) for name in failing], kinds())
    return rows_of(con, TABLE)


@pytest.mark.parametrize("case", load_cases("effects.yaml"), ids=case_id)
def test_worked_case(case: dict[str, Any]) -> None:
    con = build(case["exports"])

    found = kept(con, case.get("failing", ()), case.get("problems", ()))

    missing = unmatched(found, case["expected"])
    assert not missing, "\n".join(missing)
    if "kinds" in case or not case["expected"]:
        assert sorted(row["kind"] for row in found) == case.get("kinds", [])


# The bounds


@pytest.mark.parametrize(
    ("met", "breached", "free", "moving", "expected"),
    [
        (3, 1, 0, 0, (75, 75)),  # nothing hangs on anything
        (3, 1, 1, 0, (60, 80)),  # 3 of 5, 4 of 5
        (3, 1, 0, 1, (50, 100)),  # 2 of 4, 4 of 4
        (3, 1, 0, 2, (25, 100)),  # 1 of 4; there is only one breached to turn
        (0, 0, 2, 0, (0, 100)),
        (0, 0, 0, 3, (None, None)),  # of nothing there is no rate
    ],
)
def test_bounds(
    met: int, breached: int, free: int, moving: int, expected: tuple[float | None, float | None]
) -> None:
    assert compliance_bounds(met, breached, free, moving) == expected


TICKET = {
    "customer_type": "end_customer",
    "provider": "agent",
    "agent_id": "A1",
    "service_code": "SASR008",
    "city": "北京",
    "fault_level": 1,
    "opened_at": "2025-03-03 09:00",
    "responded_at": "2025-03-03 18:00",
    "finished_at": "2025-03-03 20:00",
}
COMPANY: dict[str, list[dict[str, Any]]] = {
    "tickets": [
        {**TICKET, "ticket_id": "T1"},
        {**TICKET, "ticket_id": "T2", "responded_at": "2025-03-06 10:00"},
        {**TICKET, "ticket_id": "T3", "fault_level": 3, "city": "成都"},
        {**TICKET, "ticket_id": "T4", "service_code": "SASL012", "parent_ticket_id": "T1"},
        {
            **TICKET,
            "ticket_id": "T5",
            "service_code": "SASL014",
            "parent_ticket_id": "T4",
            "fault_level": None,
            "training_hours": 4,
        },
        {**TICKET, "ticket_id": "T6", "fault_level": None, "customer_type": "key_account"},
    ],
    "service_records": [
        {
            "record_id": "R1",
            "ticket_id": "T1",
            "agent_id": "A1",
            "form": "fault_record",
            "submitted_at": "2025-03-05 09:00",
            "engineer": "王工",
            "service_finished_at": "2025-03-03 20:00",
            "fault_description": "断电",
            "resolution": "换电源",
        }
    ],
    "pauses": [
        {"ticket_id": "T2", "paused_at": "2025-03-03 10:00", "resumed_at": "2025-03-03 11:00"}
    ],
}
MENDED = {"tickets": (0, 3, 4), "service_records": (0,), "pauses": (0,)}
"""The rows that are mended: a call, the on-site support after it, the training after that."""
WAYS = {
    ("tickets", "fault_level"): (None, 2, 4),
    ("tickets", "city"): (None, "成都"),
    ("tickets", "opened_at"): (None, "2025-03-01 09:00", "2025-03-05 09:00"),
    ("tickets", "responded_at"): (None, "2025-03-20 09:00"),
    ("tickets", "finished_at"): (None, "2025-03-03 19:00", "2025-03-05 20:00"),
    ("tickets", "customer_type"): (None, "agent", "key_account"),
    ("tickets", "provider"): (None, "company"),
    ("tickets", "agent_id"): (None, "A2"),
    ("tickets", "service_code"): (None, "SASL012", "SASL014", "SPSL005"),
    ("tickets", "parent_ticket_id"): (None, "T4", "T9"),
    ("tickets", "training_hours"): (None, 9),
    ("service_records", "ticket_id"): (None, "T2", "T9"),
    ("service_records", "submitted_at"): (None, "2025-04-01 09:00"),
    ("service_records", "form"): (None, "presales_report"),
    ("pauses", "ticket_id"): (None, "T1", "T3"),
    ("pauses", "resumed_at"): (None, "2025-03-05 11:00"),
}
RATED = ("facts.responses", "facts.filings", "facts.trainings", "facts.conduct")


def rates(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Compliance by kind, counted here from the facts."""
    parts = [
        f"select {'rule' if KINDS[table] == 'rule' else repr(KINDS[table])} as kind, verdict "
        f"from {table}"
        for table in RATED
    ]
    found = con.execute(
        "select kind, 100.0 * count(case when verdict = 'met' then 1 end) / count(*) "
        f"from ({' union all '.join(parts)}) where verdict in ('met', 'breached') group by kind"
    ).fetchall()
    return {kind: float(rate) for kind, rate in found}


SLOW = {"provider", "agent_id", "service_code", "finished_at", "training_hours", "form"}
"""Those the gate leaves out: they take the same ways through the references as the others."""


@pytest.mark.parametrize(
    ("export", "column"),
    [
        pytest.param(*way, id="-".join(way), marks=[pytest.mark.slow] if way[1] in SLOW else [])
        for way in WAYS
    ],
)
def test_no_way_of_mending_leaves_the_bounds(export: str, column: str) -> None:
    before = build(COMPANY, RATED)
    rate_before = rates(before)
    effects_of = {}
    for line in MENDED[export]:
        before.execute("delete from staging.problems")
        problem = {"export": export, "column": column, "row": line + 2}
        effects_of[line] = {row["kind"]: row for row in kept(before, (), [problem])}
    for line, value in itertools.product(MENDED[export], WAYS[export, column]):
        rows = [dict(row) for row in COMPANY[export]]
        rows[line][column] = value
        after = rates(build({**COMPANY, export: rows}, RATED))
        for kind, rate in after.items():
            bounds = effects_of[line].get(kind)
            if bounds is None:
                assert rate == pytest.approx(rate_before[kind]), (kind, line, value)
            else:
                assert bounds["lowest_pct"] - 1e-9 <= rate <= bounds["highest_pct"] + 1e-9, (
                    f"{kind}: row {line} with {value} gives {rate}, not within {bounds}"
                )


# What it rests on


def test_every_facts_table_is_a_kind_of_promise() -> None:
    assert {model.name for model in models.load_models() if model.schema == "facts"} == set(KINDS)


def test_every_reference_is_between_columns_of_the_contract() -> None:
    for (export, column), target in REFERENCES.items():
        assert EXPORTS[export].column(column)
        assert len(EXPORTS[target].key) == 1, target


def test_every_check_of_an_export_concerns_columns_of_it() -> None:
    concerned = {
        (suite.table, check.name): columns_of(suite, check)
        for suite in SUITES
        for check in suite.checks
        if check.severity == "warning" and suite.table.partition(".")[2] in EXPORTS
    }
    assert all(concerned.values())
    assert concerned["staging.tickets", "fault_has_city"] == {
        "fault_level", "city", "agreed_due_at",
    }  # fmt: skip
    assert concerned["staging.service_records", "ticket_id_in_tickets"] == {"ticket_id"}
    assert concerned["staging.invoices", "issuer_in_agents"] == {"issuer"}
    assert concerned["staging.tickets", "parent_ticket_in_tickets"] == {"parent_ticket_id"}


def test_the_rules_of_conduct_are_told_apart() -> None:
    columns = {
        kind.kind: {column for table, column in kind.decided_by if table.startswith("staging.")}
        for kind in kinds()
    }
    assert "trial_contract_id" in columns["trial_contract"]
    assert "trial_contract_id" not in columns["service_catalogue"]
    assert "customer_type" not in columns["response"]
    assert {"purchased_at", "warranty_months", "amount"} <= columns["charge"]


def test_a_warehouse_without_a_failing_row_has_an_empty_table() -> None:
    assert kept(build({"tickets": [{**TICKET, "ticket_id": "T1"}]})) == []


def test_a_log_that_is_folded_into_tickets_is_passed_over() -> None:
    con = build({"tickets": [{**TICKET, "ticket_id": "T1"}]})
    assert kept(con, (), [{"export": "ticket_events", "column": "changed_at", "row": 2}]) == []
