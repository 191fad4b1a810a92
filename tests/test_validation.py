"""Validation: what runs, what blocks, what is kept, and that nothing leaves the machine."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expectations import vocabulary
from expectations.checks import Check, CheckFailedToRunError, NoRows, NotNull, Suite
from expectations.staging import STAGED_TYPES
from pipelines import contract
from pipelines.checks.validation import (
    SAMPLE_ROWS,
    CheckResult,
    blocking_message,
    keep_results,
    kept_results,
    suites,
    validate,
    write_results,
)
from pipelines.warehouse import open_warehouse

if TYPE_CHECKING:
    import duckdb

    from expectations.on_duckdb import Judgement

from tests.expectations.clean_warehouse import clean_warehouse
from tests.sample_result import build_warehouse

TICKETS = "staging.tickets"


def result_of(results: list[CheckResult], name: str) -> CheckResult:
    return next(result for result in results if result.check == name)


def planted(sql: str) -> duckdb.DuckDBPyConnection:
    con = clean_warehouse()
    con.execute(sql)
    return con


@pytest.mark.parametrize("as_of", ["2020-01-01", "2024-07-01 09:00", "2025-01-01", "2025-06-01"])
def test_the_sample_holds_at_every_as_of(as_of: str, tmp_path: Path) -> None:
    path = build_warehouse(tmp_path, as_of=datetime.fromisoformat(as_of))
    with contextlib.closing(open_warehouse(path)) as con:
        assert blocking_message(validate(con)) is None


# What a failure says


def test_a_failing_check_counts_its_rows_and_shows_where_they_are() -> None:
    con = planted("update staging.tickets set customer_type = 'vip' where ticket_id in ('T2','T5')")

    result = result_of(validate(con, [TICKETS]), "customer_type_known")

    assert (result.success, result.rows, result.unexpected_count) == (False, 5, 2)
    assert result.sample == (
        {
            "source_file": "tickets-2.csv",
            "source_row": 3,
            "ticket_id": "T5",
            "customer_type": "vip",
        },
        {"source_file": "tickets.csv", "source_row": 3, "ticket_id": "T2", "customer_type": "vip"},
    )


def test_the_sample_is_cut_and_the_count_is_not() -> None:
    con = planted(
        "insert into staging.tickets (ticket_id, provider, source_file, source_row) "
        "select 'N' || i, 'someone', 'many.csv', i from range(2, 1002) as t(i)"
    )

    result = result_of(validate(con, [TICKETS]), "provider_known")

    assert result.unexpected_count == 1000
    assert [row["source_row"] for row in result.sample] == list(range(2, 2 + SAMPLE_ROWS))


def test_money_in_a_sample_keeps_its_cents() -> None:
    con = planted("update staging.invoices set amount = 0.1 where invoice_id = 'I2'")

    result = result_of(validate(con, ["steps.charge_findings"]), "billed_equals_invoices")

    assert result.sample == ({"currency": "USD", "in_charges": "500.00", "in_invoices": "0.10"},)


# What blocks


def test_a_warning_does_not_block() -> None:
    con = planted("update staging.invoices set ticket_id = 'T9' where invoice_id = 'I2'")

    results = validate(con, ["staging.invoices"])

    assert not result_of(results, "ticket_id_in_tickets").success
    assert blocking_message(results) is None


def test_a_critical_failure_blocks_and_names_check_file_and_row() -> None:
    con = planted("update staging.tickets set channel = 'pigeon' where ticket_id = 'T4'")

    message = blocking_message(validate(con, [TICKETS]))

    assert message is not None
    for part in ("staging.tickets", "channel_known", "tickets-2.csv, row 2", "T4", "pigeon"):
        assert part in message


def test_only_severity_decides_what_blocks() -> None:
    failed: dict[str, Any] = {
        "table": "facts.responses",
        "check": "months",
        "description_en": "They add up.",
        "description_zh": "相符。",
        "success": False,
        "rows": 3,
        "unexpected_count": 1,
        "sample": ({"month": None},),
        "guards": "T4",
        "document": {},
    }

    assert blocking_message([CheckResult(severity="warning", **failed)]) is None
    assert "months" in (blocking_message([CheckResult(severity="critical", **failed)]) or "")


def test_nothing_blocks_a_clean_warehouse() -> None:
    assert blocking_message(validate(clean_warehouse())) is None


# What runs


def test_only_suites_of_tables_that_exist_run() -> None:
    con = planted("drop table facts.charges; drop table marts.response_monthly")

    tables = {result.table for result in validate(con)}

    assert {"facts.charges", "marts.response_monthly"}.isdisjoint(tables)
    assert "facts.responses" in tables


def test_a_check_is_left_out_where_a_table_it_reads_is_missing() -> None:
    con = planted("drop table terms.services")

    names = {result.check for result in validate(con, [TICKETS])}

    assert "service_code_in_catalogue" not in names
    assert "key_unique" in names


def test_nothing_runs_on_an_empty_warehouse() -> None:
    con = clean_warehouse()

    assert validate(con, []) == []
    assert validate(con, ["facts.nowhere"]) == []


def test_without_an_export_of_agents_an_issuer_is_one_the_tickets_name() -> None:
    con = planted("delete from staging.agents; update staging.invoices set issuer = '深圳公司'")
    found = result_of(validate(con, ["staging.invoices"]), "issuer_in_agents")
    assert not found.success
    assert {row["issuer"] for row in found.sample} == {"深圳公司"}


def test_references_into_an_export_that_was_not_given_are_not_flagged() -> None:
    con = planted("delete from staging.agents; delete from staging.installed_base")

    assert [r for r in validate(con, [TICKETS, "staging.invoices"]) if not r.success] == []


def test_empty_tables_of_exports_not_given_pass() -> None:
    optional = ["service_records", "invoices", "installed_base", "agents", "pauses"]
    con = planted(";".join(f"delete from staging.{export}" for export in optional))

    results = validate(con, [f"staging.{export}" for export in optional])

    assert [r for r in results if not r.success] == []
    assert {r.rows for r in results} == {0}


def test_the_connection_is_left_as_it_was() -> None:
    con = clean_warehouse()

    validate(con, [TICKETS])
    con.execute("create table staging.after as select 1 as one")

    assert con.execute("select one from staging.after").fetchall() == [(1,)]


def test_of_a_table_without_its_columns_only_that_is_said() -> None:
    con = planted("alter table staging.tickets drop column opened_at")

    results = validate(con, [TICKETS])

    assert [(r.check, r.success) for r in results] == [("columns", False)]
    assert results[0].sample == (
        {"column_name": "opened_at", "expected_type": "TIMESTAMP", "found_type": None},
    )
    assert "opened_at" in (blocking_message(results) or "")


# A declaration that is wrong fails loudly


@dataclass(frozen=True)
class Misspelt:
    """A form nobody knows."""

    column: str


def judged(check: Check, con: duckdb.DuckDBPyConnection) -> Judgement:
    from expectations import on_duckdb  # noqa: PLC0415 -- imports GX, which takes seconds

    judge = on_duckdb.Judge(con.cursor)
    try:
        return judge.judge(Suite(TICKETS, ("ticket_id",), (check,)), (check,))[check.name]
    finally:
        judge.close()


def check_of(form: Any) -> Check:  # noqa: ANN401 -- wrong forms are what is tested
    return Check("wrong", form, "critical", "T4", "A sentence.", "一句话。")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (Misspelt("ticket_id"), "Misspelt"),
        (NotNull("ticket_nr"), "wrong of staging.tickets could not run"),
        (NoRows("select ticket_nr from staging.tickets"), "ticket_nr"),
        (NoRows("selct 1"), "syntax error"),
    ],
    ids=["unknown form", "unknown column", "unknown column in SQL", "no SQL"],
)
def test_a_check_that_cannot_be_judged_raises(form: object, said: str) -> None:
    with pytest.raises(Exception, match=said):
        judged(check_of(form), clean_warehouse())


def test_no_query_holds_what_would_be_read_as_a_parameter() -> None:
    queries = [c.form.query for s in suites() for c in s.checks if isinstance(c.form, NoRows)]

    assert len(queries) > 50
    assert [query for query in queries if set(query) & set("{}:")] == []


@pytest.mark.parametrize(
    ("given", "rows"),
    [
        ("values ('T1'), ('T2'), ('T2')", 0),
        ("values ('T2'), ('T1'), ('T2')", 0),  # in another order
        ("values ('T1'), ('T2')", 1),  # not as often
        ("values ('T1'), ('T1'), ('T2')", 1),
        ("values ('T1'), ('T2'), ('T3')", 1),
        ("values ('T1'), ('T2'), (null)", 1),
        ("select cast(null as varchar) where false", 1),
    ],
)
def test_a_query_runs_only_where_keys_are_not_alike(given: str, rows: int) -> None:
    form = NoRows("select 1", alike=("values ('T1'), ('T2'), ('T2')", given))

    assert judged(check_of(form), clean_warehouse()).unexpected_count == rows


def test_keys_that_cannot_be_asked_for_are_said() -> None:
    form = NoRows("select 1", alike=("select 1", "select ticket_nr from staging.tickets"))

    with pytest.raises(CheckFailedToRunError, match="ticket_nr"):
        judged(check_of(form), clean_warehouse())


def test_an_agreed_due_time_stands_in_for_level_and_city() -> None:
    con = planted(
        "update staging.tickets set fault_level = null, city = null where ticket_id = 'T4'"
    )
    assert not result_of(validate(con, [TICKETS]), "fault_has_level").success

    con.execute(
        "update staging.tickets set agreed_due_at = '2025-03-11 09:00' where ticket_id = 'T4'"
    )

    assert [r for r in validate(con, [TICKETS]) if not r.success] == []


def test_a_result_says_what_data_docs_say_of_it() -> None:
    con = planted("update staging.tickets set customer_type = null where ticket_id = 'T2'")

    document = result_of(validate(con, [TICKETS]), "customer_type_given").document

    assert document["type"] == "expect_column_values_to_not_be_null"
    assert document["sentence"] == [["customer_type", True], [" values must never be null.", False]]
    assert document["observed"] == "80% not null"  # four of five
    assert document["by"].startswith("Great Expectations ")


def test_every_form_of_check_is_rendered_without_a_word_missing() -> None:
    for result in validate(clean_warehouse()):
        said = "".join(text for text, _ in result.document["sentence"])
        assert said, result.check
        assert "$" not in said, result.check
        assert result.document["observed"], result.check


def test_severity_and_meta_reach_great_expectations() -> None:
    from expectations import on_duckdb  # noqa: PLC0415 -- imports GX, which takes seconds

    for suite in suites():
        for check in suite.checks:
            made = on_duckdb.expectation(check)
            assert made.severity == check.severity
            assert made.meta == {
                "name": check.name,
                "guards": check.guards,
                "severity": check.severity,
                "en": check.en,
                "zh": check.zh,
            }


def test_every_check_says_what_it_guards_in_both_languages() -> None:
    for suite in suites():
        for check in suite.checks:
            assert check.guards, (suite.table, check.name)
            assert check.en.endswith("."), (suite.table, check.name)
            assert check.zh.endswith("。"), (suite.table, check.name)
            assert check.severity in {"critical", "warning"}


# The vocabulary and the types are stated apart from the contract's code; they agree


def test_staged_columns_are_the_contracts() -> None:
    expected = {
        f"staging.{export.name}": {c.name: c.kind.sql_type for c in export.columns}
        | {"source_file": "VARCHAR", "source_row": "BIGINT"}
        for export in contract.EXPORTS.values()
    }

    assert expected == STAGED_TYPES


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (vocabulary.CUSTOMER_TYPES, contract.CUSTOMER_TYPES),
        (vocabulary.PROVIDERS, contract.PROVIDERS),
        (vocabulary.CHANNELS, contract.CHANNELS),
        (vocabulary.REPORT_CHANNELS, contract.REPORT_CHANNELS),
        (vocabulary.CATEGORIES, contract.CATEGORIES),
        (vocabulary.FORMS, contract.FORMS),
        (vocabulary.CHARGE_TYPES, contract.CHARGE_TYPES),
        (vocabulary.EXPORTS, contract.EXPORTS),
        (vocabulary.INPUTS, contract.INPUTS),
    ],
)
def test_vocabulary_is_the_contracts(words: tuple[str, ...], choices: dict[str, Any]) -> None:
    assert set(words) == set(choices)


# What is kept


def test_results_are_kept_in_the_warehouse_and_read_back() -> None:
    con = planted("update staging.tickets set city = null where ticket_id = 'T1'")
    results = validate(con)

    keep_results(con, results)

    assert kept_results(con) == results


def test_keeping_again_replaces_the_tables_checked_and_no_other() -> None:
    con = planted("update staging.tickets set city = null where ticket_id = 'T1'")
    keep_results(con, validate(con, [TICKETS, "staging.agents"]))
    con.execute("update staging.tickets set city = '深圳' where ticket_id = 'T1'")

    keep_results(con, validate(con, [TICKETS]))

    kept = kept_results(con)
    assert len(kept) == len({(r.table, r.check) for r in kept})
    assert {r.table for r in kept} == {TICKETS, "staging.agents"}
    assert [r for r in kept if not r.success] == []


def test_the_checks_file_is_the_same_bytes_for_the_same_data(tmp_path: Path) -> None:
    for name in ("one.json", "two.json"):
        con = planted("update staging.invoices set amount = 0.1 where invoice_id = 'I2'")
        write_results(validate(con), tmp_path / name)

    text = (tmp_path / "one.json").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.json").read_text(encoding="utf-8")
    found = {(entry["table"], entry["check"]): entry for entry in json.loads(text)}
    entry = found["steps.charge_findings", "billed_equals_invoices"]
    assert entry["sample"] == [{"currency": "USD", "in_charges": "500.00", "in_invoices": "0.10"}]
    assert entry["severity"] == "critical"


# What it costs and where it reaches


def run_python(code: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **environment},
    ).stdout


def test_suites_can_be_listed_without_great_expectations() -> None:
    code = """
        import sys
        from pipelines.checks.validation import suites
        assert sum(len(suite.checks) for suite in suites()) > 100
        print([name for name in ("great_expectations", "pandas") if name in sys.modules])
    """

    assert run_python(code).strip() == "[]"


def test_statistics_no_suite_asks_for_are_imported_once_they_are_used() -> None:
    code = """
        import sys
        import duckdb
        from pipelines.checks.validation import validate, warm_up
        warm_up().join()
        assert "great_expectations" in sys.modules
        with duckdb.connect() as con:
            con.execute("create schema meta; create table meta.files (export varchar)")
            assert validate(con)
        from scipy import stats
        assert "scipy.stats._stats_py" not in sys.modules
        print(stats.norm.cdf(0), "scipy.stats._stats_py" in sys.modules)
    """

    assert run_python(code).strip() == "0.5 True"


def test_validation_writes_no_file_and_opens_no_connection(tmp_path: Path) -> None:
    code = """
        import os, socket

        def refuse(*args, **kwargs):
            raise AssertionError("a network connection was opened")

        socket.socket.connect = refuse
        socket.getaddrinfo = refuse
        from tests.expectations.clean_warehouse import clean_warehouse
        from pipelines.checks.validation import validate, warm_up
        warm_up().join()
        assert validate(clean_warehouse())
        assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    """

    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    assert run_python(code, **places) == ""
    assert list(tmp_path.iterdir()) == []
