"""What became of a closed month: worked cases for each cause, and what a damaged store does."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipelines.checks import effects
from pipelines.cli.explain import explain_ticket
from pipelines.errors import UsageError
from pipelines.months import store
from pipelines.months.closing import close_month
from pipelines.months.restatements import TABLES, find_restatements, keep_restatements, summary
from pipelines.terms import Terms, load_terms
from pipelines.warehouse import lineage, models, open_warehouse
from pipelines.warehouse.models import run_models
from pipelines.warehouse.reference import prepare
from tests.harness import CASES, Exports, documents_with, rows_of, stage, unmatched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

JUNE = date(2025, 6, 1)
NOW = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)
_FILE = yaml.safe_load((CASES / "closed_months" / "june.yaml").read_text(encoding="utf-8"))
CLOSED: dict[str, Any] = _FILE["closed"]
WORKED: list[dict[str, Any]] = _FILE["cases"]
KEYS = {
    "tickets": "ticket_id",
    "service_records": "record_id",
    "installed_base": "serial_no",
    "invoices": "invoice_id",
}


def terms_in(folder: Path, overrides: Mapping[str, Any] | None = None) -> Terms:
    """The built-in terms with some changed, as files on disk."""
    folder.mkdir()
    for name, document in documents_with(overrides).items():
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load_terms(folder)


def built(
    exports: Exports, terms: Terms, as_of: object, path: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A warehouse of a run on ``exports``: in memory, or in the file ``path``."""
    con = open_warehouse(path)
    stage(con, exports)
    prepare(con, terms, datetime.fromisoformat(str(as_of)))
    run_models(con)
    con.execute(
        "create table meta.files (export varchar, source_file varchar, sha256 varchar, "
        "format varchar, encoding varchar, delimiter varchar, rows_in bigint, staged bigint, "
        "rejected bigint, problems bigint, note varchar)"
    )
    for name, rows in exports.items():
        digest = hashlib.sha256(json.dumps(rows, default=str).encode()).hexdigest()
        con.execute(
            "insert into meta.files values ($1, $2, $3, 'csv', 'utf-8', ',', $4, $4, 0, 0, '')",
            [name, f"{name}.csv", digest, len(rows)],
        )
    return con


def changed(case: Mapping[str, Any]) -> Exports:
    """June's exports with what the case adds, sets and removes."""
    exports: Exports = copy.deepcopy(CLOSED["exports"])
    for name, keys in case.get("remove", {}).items():
        exports[name] = [row for row in exports[name] if row[KEYS[name]] not in keys]
    for name, rows in case.get("set", {}).items():
        for row in exports[name]:
            row.update(rows.get(row[KEYS[name]], {}))
    for name, rows in case.get("add", {}).items():
        exports[name] = [*exports[name], *rows]
    if case.get("remove_pauses"):
        exports["pauses"] = []
    return exports


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OUT in which June was closed."""
    out = tmp_path_factory.mktemp("june")
    terms = terms_in(out / "terms_in_force")
    built(CLOSED["exports"], terms, CLOSED["as_of"], out / "warehouse.duckdb").close()
    close_month(out, JUNE, now=NOW)
    return out


@cache
def promises() -> Sequence[effects.Promise]:
    """What decides each kind, drawn once for all cases."""
    con = open_warehouse()
    stage(con, {})
    prepare(con, load_terms(), datetime(2025, 1, 1))  # noqa: DTZ001 - local time
    run_models(con)
    schema = lineage.warehouse_schema(con)
    return effects.promises(effects.draw_lineage(models.load_models(), schema))


def restated(
    case: Mapping[str, Any], out: Path, folder: Path
) -> tuple[duckdb.DuckDBPyConnection, dict[str, list[dict[str, Any]]]]:
    """A run on what the case makes of June, held against OUT; its tables."""
    terms = terms_in(folder / "terms", case.get("terms"))
    con = built(changed(case), terms, case.get("as_of", CLOSED["as_of"]))
    keep_restatements(con, find_restatements(con, out, terms, promises()))
    return con, {table: rows_of(con, table) for table in TABLES}


@pytest.mark.parametrize("case", WORKED, ids=lambda case: case["name"])
def test_worked_cases(case: dict[str, Any], june: Path, tmp_path: Path) -> None:
    _, tables = restated(case, june, tmp_path)
    wanted = [{"month": JUNE, "version": 1, **row} for row in case.get("expected", [])]
    kinds = case.get("kinds")
    found = [row for row in tables["marts.restatements"] if kinds is None or row["kind"] in kinds]
    missing = unmatched(found, wanted)
    assert not missing, "\n".join(missing)
    assert len(found) == len(wanted), found
    rates = {row["kind"]: row for row in tables["marts.closed_rates"]}
    assert not unmatched([rates["response"]], [case.get("rates", {})])
    if "money" in case:
        assert not unmatched(tables["marts.closed_money"], [case["money"]])
    (month,) = tables["marts.closed_months"]
    total = month["changed"] + month["late"] + month["vanished"]
    assert total == len(tables["marts.restatements"])
    assert month["state"] == ("restated" if total else "unchanged")
    for row in tables["marts.restatements"]:
        assert row["cause"], row
        assert row["cause_zh"], row


def test_a_visit_nothing_was_kept_of_is_no_new_one_where_only_the_terms_changed(
    tmp_path: Path,
) -> None:
    # Bought on 15 August: the last quarter ends in August 2025, by calendar quarters in June.
    exports: Exports = {
        "tickets": [
            {"ticket_id": "first", "opened_at": "2024-01-01 08:00:00"},
            {"ticket_id": "june", "opened_at": "2025-06-02 08:00:00"},
            {
                "ticket_id": "visit",
                "service_code": "SASL011",
                "contract_id": "K1",
                "opened_at": "2024-09-10 08:00:00",
                "finished_at": "2024-09-10 12:00:00",
            },
        ],
        "installed_base": [
            {
                "serial_no": "S1",
                "customer_id": "C1",
                "customer_type": "key_account",
                "contract_id": "K1",
                "purchased_at": "2024-08-15",
            }
        ],
    }
    out = tmp_path / "out"
    out.mkdir()
    as_of = "2025-06-30 18:00:00"
    terms = terms_in(out / "terms_in_force")
    built(exports, terms, as_of, out / "warehouse.duckdb").close()
    close_month(out, JUNE, now=NOW)
    other = terms_in(tmp_path / "terms", {"readings": {"inspection_quarters": "calendar"}})
    con = built(exports, other, as_of)
    keep_restatements(con, find_restatements(con, out, other, promises()))
    (late,) = [row for row in rows_of(con, "marts.restatements") if row["kind"] == "inspection"]
    assert (late["change"], late["cause_code"]) == ("late", "terms")
    assert "reading 9" in late["cause"]


def test_without_a_store_the_tables_are_there_and_empty(tmp_path: Path) -> None:
    con = open_warehouse()
    keep_restatements(con, find_restatements(con, tmp_path, load_terms()))
    assert {table: rows_of(con, table) for table in TABLES} == {table: [] for table in TABLES}
    assert summary(con) == (None, [])
    assert list(tmp_path.iterdir()) == []


def test_a_change_nothing_explains_says_so(june: Path, tmp_path: Path) -> None:
    terms = terms_in(tmp_path / "terms")
    con = built(CLOSED["exports"], terms, CLOSED["as_of"])
    con.execute("update facts.responses set verdict = 'met' where ticket_id = 'T2'")
    (row,) = find_restatements(con, june, terms, promises()).rows["marts.restatements"]
    assert row["cause_code"] == "unknown"
    assert "no row or term it is known to stand on changed" in row["cause"]


def test_models_that_changed_are_named_when_nothing_else_did(june: Path, tmp_path: Path) -> None:
    terms = terms_in(tmp_path / "terms")
    con = built(CLOSED["exports"], terms, CLOSED["as_of"])
    con.execute("update facts.responses set verdict = 'met' where ticket_id = 'T2'")
    con.execute("update meta.run set models_sha256 = 'other', product_version = '9.9'")
    (row,) = find_restatements(con, june, terms, promises()).rows["marts.restatements"]
    assert row["cause_code"] == "product"
    assert "→ 9.9" in row["cause"]


def test_a_row_read_differently_from_the_same_file_says_so(june: Path, tmp_path: Path) -> None:
    terms = terms_in(tmp_path / "terms")
    exports = changed({"set": {"tickets": {"T2": {"responded_at": "2025-06-03 10:00:00"}}}})
    con = built(exports, terms, CLOSED["as_of"])
    (sealed,) = [
        one["sha256"]
        for one in store.latest(june)[JUNE].manifest["inputs"]
        if one["file"] == "tickets.csv"
    ]
    con.execute("update meta.files set sha256 = $1 where export = 'tickets'", [sealed])
    (row,) = find_restatements(con, june, terms, promises()).rows["marts.restatements"]
    assert "the file itself is the same, it is read differently" in row["cause"]


def test_the_last_version_counts_and_a_ticket_that_moved_between_closed_months_is_no_new_one(
    tmp_path: Path,
) -> None:
    terms = terms_in(tmp_path / "in_force")
    built(CLOSED["exports"], terms, CLOSED["as_of"], tmp_path / "warehouse.duckdb").close()
    close_month(tmp_path, JUNE, now=NOW)
    close_month(tmp_path, date(2025, 5, 1), now=NOW)
    close_month(tmp_path, JUNE, "a figure was corrected", now=NOW)
    case = {"set": {"tickets": {"T1": {"opened_at": "2025-05-30 09:00:00"}}}}
    _, tables = restated(case, tmp_path, tmp_path)
    states = [
        (row["month"].month, row["version"], row["is_latest"], row["state"], row["reason"])
        for row in tables["marts.closed_months"]
    ]
    assert states == [
        (5, 1, True, "restated", None),
        (6, 1, False, "superseded", None),
        (6, 2, True, "restated", "a figure was corrected"),
    ]
    responses = [row for row in tables["marts.restatements"] if row["kind"] == "response"]
    assert {(r["month"].month, r["version"], r["change"], r["cause_code"]) for r in responses} == {
        (5, 1, "late", "row_changed"),
        (6, 2, "vanished", "row_changed"),
    }
    # published at 01:00 UTC is 09:00 in Shanghai
    assert str(tables["marts.closed_months"][0]["published_at"]) == "2025-07-01 09:00:00"


@pytest.fixture
def own_june(june: Path, tmp_path: Path) -> Path:
    """A copy of June's OUT to damage."""
    out = tmp_path / "out"
    shutil.copytree(june, out)
    return out


def test_a_tampered_version_is_told_and_nothing_is_compared_with_it(
    own_june: Path, tmp_path: Path
) -> None:
    path = own_june / "published/2025-06/v1/tables/facts.responses.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    case = {"set": {"tickets": {"T2": {"responded_at": "2025-06-03 10:00:00"}}}}
    con, tables = restated(case, own_june, tmp_path)
    (month,) = tables["marts.closed_months"]
    assert month["state"] == "not_compared"
    assert "not as it was published" in month["why_not"]
    assert tables["marts.restatements"] == []
    assert tables["marts.closed_rates"] == []
    (problem,) = tables["meta.closed_problems"]
    assert problem["place"] == "published/2025-06/v1/tables/facts.responses.parquet"
    assert problem["version"] == "2025-06/v1"
    _, problems = summary(con)
    assert problems == [
        "published/2025-06/v1/tables/facts.responses.parquet: was changed after it was published. "
        + problem["remedy"]
    ]


def test_a_version_of_another_make_is_not_compared_and_says_what_it_lacks(
    own_june: Path, tmp_path: Path
) -> None:
    path = own_june / "published/2025-06/v1"
    (path / "tables/facts.filings.parquet").unlink()
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]["tables/facts.filings.parquet"]
    (path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    line = f"{store.sha256(path / 'manifest.json')}  2025-06/v1/manifest.json\n"
    for chain in ("published/chain.sha256", ".closed.sha256"):
        (own_june / chain).write_text(line, encoding="utf-8")
    assert store.check(own_june) == []
    _, tables = restated({}, own_june, tmp_path)
    (month,) = tables["marts.closed_months"]
    assert month["state"] == "not_compared"
    assert "does not hold facts.filings" in month["why_not"]
    assert "facts.filings" in month["why_not_zh"]


def test_terms_this_product_cannot_read_any_more_are_compared_by_file(
    own_june: Path, tmp_path: Path
) -> None:
    folder = own_june / "published/2025-06/v1"
    text = "description: of another age\nclause: T4\nvalues: 7\n"
    (folder / "terms/response_targets.yaml").write_text(text, encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    file = manifest["files"]["terms/response_targets.yaml"]
    file["sha256"] = store.sha256(folder / "terms/response_targets.yaml")
    manifest["terms"] = [
        one | ({"sha256": file["sha256"]} if one["file"] == "response_targets.yaml" else {})
        for one in manifest["terms"]
    ]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    line = f"{store.sha256(folder / 'manifest.json')}  2025-06/v1/manifest.json\n"
    for chain in ("published/chain.sha256", ".closed.sha256"):
        (own_june / chain).write_text(line, encoding="utf-8")
    case = {"terms": {"response_targets": {"targets": {1: {"tier1": 14}}}}}
    _, tables = restated(case, own_june, tmp_path)
    (row,) = tables["marts.restatements"]
    assert (row["subject_id"], row["cause_code"]) == ("T2", "terms")
    assert row["cause"] == "the terms files response_targets.yaml changed"


def test_explain_finds_a_ticket_that_is_gone_or_left_a_closed_month(
    june: Path, tmp_path: Path
) -> None:
    case = {
        "remove": {"tickets": ["T2"]},
        "set": {"tickets": {"T1": {"opened_at": "2025-05-30 09:00:00"}}},
    }
    con, _ = restated(case, june, tmp_path)
    with pytest.raises(UsageError, match=r"'T2' any more.*published in 2025-06 \(version 1"):
        explain_ticket(con, "T2", june)
    text = explain_ticket(con, "T1", june)
    assert "Month 2025-05 · not published" in text
    assert "response · met as published, gone now · 2025-06, version 1" in text
