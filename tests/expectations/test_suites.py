"""Every declared check catches the defect planted for it, and only it does."""

from __future__ import annotations

import pytest

from expectations import SUITES
from pipelines.checks.validation import validate
from tests.expectations.clean_warehouse import clean_warehouse
from tests.expectations.plantings import PLANTINGS

DECLARED = [(suite.table, check.name) for suite in SUITES for check in suite.checks]


def test_a_clean_warehouse_passes_every_check() -> None:
    results = validate(clean_warehouse())

    assert [(r.table, r.check) for r in results] == DECLARED
    assert [r for r in results if not r.success] == []
    assert {r.unexpected_count for r in results} == {0}


def test_every_declared_check_has_a_planting() -> None:
    planted = {(table, name) for table, checks in PLANTINGS.items() for name in checks}

    assert planted == set(DECLARED)
    assert len(DECLARED) == len(planted), "two checks of a table share a name"


@pytest.mark.parametrize(
    "defect",
    [
        "update steps.invoice_lines set charge_id = 'another' where invoice_id = 'I1'",
        "update steps.invoice_lines set charge_id = null where invoice_id = 'I1'",
        "delete from steps.invoice_lines where invoice_id = 'I1'",
        "insert into steps.invoice_lines select * from steps.invoice_lines",
    ],
)
def test_a_line_placed_elsewhere_than_its_charge_says_is_found(defect: str) -> None:
    con = clean_warehouse()
    con.execute(defect)

    failed = {
        result.check for result in validate(con, ["steps.charge_findings"]) if not result.success
    }
    assert failed == {"every_line_in_one_charge"}


@pytest.mark.parametrize(("table", "name"), DECLARED, ids=lambda value: value)
def test_a_planted_defect_fails_exactly_its_check(table: str, name: str) -> None:
    planting = PLANTINGS[table][name]
    con = clean_warehouse()
    con.execute(planting.sql)

    results = validate(con, [table])

    failed = {r.check: r for r in results if not r.success}
    assert set(failed) == {name, *planting.also}
    assert failed[name].unexpected_count == planting.rows
    assert len(failed[name].sample) == planting.rows
