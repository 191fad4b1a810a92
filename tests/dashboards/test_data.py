"""The data page: rows that add up, checks with their failing rows."""

from __future__ import annotations

import polars as pl

from dashboards.pages import data
from expectations import SUITES
from pipelines.terms import load_terms, schema
from tests.dashboards.frames import HOSTILE, checks, files, report


def test_rows_in_are_those_staged_and_rejected() -> None:
    text = data.balance(files(("tickets", "agents")))
    assert text.en.startswith("2 files, 20 rows in = 18 staged + 2 rejected. It adds up in every")
    assert "4 fields could not be read" in text.en


def test_a_file_that_does_not_add_up_is_named() -> None:
    wrong = files().with_columns(staged=pl.lit(8))
    assert "It does not add up in: tickets.csv." in data.balance(wrong).en
    assert data.files_table(wrong).rows[0][6].en == "differs"  # type: ignore[union-attr]


def test_failed_checks_come_with_their_rows() -> None:
    built = data.build(report({"files": files(), "checks": checks()}))
    assert built["failed_count"] == 1
    assert built["check_count"] == 2
    (failed,) = built["failed"]
    assert failed["description"].en == "Every fault has a city."
    assert failed["sample"].rows == (("4", "–", HOSTILE),)


def test_every_check_guards_a_clause_or_a_line_that_has_words() -> None:
    clauses = set(load_terms(None).file(schema.Clauses).clauses)
    guarded = {check.guards for suite in SUITES for check in suite.checks}

    assert guarded - clauses == set(data.GUARDS)


def test_missing_exports_are_named() -> None:
    names = [name for name, _ in data.build(report())["missing"]]
    assert names == ["service_records", "invoices", "installed_base", "agents", "pauses"]
