"""The sample company: written the same each time, and its list of defects held against a run.

The list is the sample's own: it comes from how the rows were made and from a count of hours
written apart from the product. A run must find every row of it where it says, and for what the
list calls complete, nothing else.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
import yaml

from pipelines.session import Settings, build_models, open_session, stage, write_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_data"
LIST = yaml.safe_load((SAMPLE / "defects.yaml").read_text(encoding="utf-8"))
DEFECTS: list[dict[str, Any]] = LIST["defects"]
COMPLETE: list[dict[str, Any]] = LIST["complete"]
WRITTEN = (
    "README.md",
    "agents.csv",
    "defects.yaml",
    "installed_base.xlsx",
    "invoices_agents.csv",
    "invoices_company.csv",
    "pauses.csv",
    "service_records.csv",
    "tickets_2024h2.csv",
    "tickets_2025h1.xlsx",
)
FINDINGS = (
    *("billed_as_due", "billed_but_free", "billed_under_warranty", "billed_not_provided"),
    *("not_billed", "not_yet_due", "duplicate_charge", "orphan_charge", "wrong_biller"),
    *("not_audited", "undetermined", "free_as_due", "agent_business"),
)
RULES = (
    *("expert_team", "provider_routing", "service_catalogue", "trial_contract"),
    *("assessment_consent", "phone_before_onsite"),
)

Condition = dict[str, Any]


def condition_of(defect: dict[str, Any]) -> Condition:
    return {**defect["expect"]["where"], **defect["expect"]["values"]}


def sql_condition(condition: Condition) -> tuple[str, list[Any]]:
    """The condition as SQL with its parameters; a value of None wants null."""
    parts = [
        f'"{column}" is null' if value is None else f'"{column}"::varchar = ?'
        for column, value in condition.items()
    ]
    texts = [
        str(value).lower() if isinstance(value, bool) else str(value)
        for value in condition.values()
        if value is not None
    ]
    return " and ".join(parts) or "true", texts


def rows_where(con: duckdb.DuckDBPyConnection, table: str, condition: Condition) -> list[Any]:
    sql, texts = sql_condition(condition)
    return con.execute(f"select * from {table} where {sql}", texts).fetchall()


@pytest.fixture(scope="session")
def warehouse(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample staged and every model built, as a run does it."""
    settings = Settings(exports=SAMPLE, out=tmp_path_factory.mktemp("sample"))
    with open_session(settings) as session:
        stage(session)
        write_reference(session)
        for _ in build_models(session):
            pass
        yield session.con


def test_the_same_bytes_are_written_each_time(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sample_data.generate", "--out", str(tmp_path)]
    # Another hash seed shows whether the order of a set slipped into a file.
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "America/New_York"}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(WRITTEN)
    different = [
        name for name in WRITTEN if (tmp_path / name).read_bytes() != (SAMPLE / name).read_bytes()
    ]
    assert not different


def test_the_readme_lists_exactly_the_defects() -> None:
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| D")]
    listed = [tuple(cell.strip() for cell in row.split("|")[1:7]) for row in rows]
    wanted = [
        tuple(str(defect[name]) for name in ("id", "kind", "file", "row", "key", "what"))
        for defect in DEFECTS
    ]
    assert listed == wanted


def rows_of_file(name: str) -> list[tuple[str, ...]]:
    """The cells of a file as a person opening it sees them; row 1 comes first."""
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(SAMPLE / name, read_only=True)
        rows = book.worksheets[0].iter_rows(values_only=True)
        return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    encoding = "gb18030" if name == "tickets_2024h2.csv" else "utf-8-sig"
    with (SAMPLE / name).open(encoding=encoding, newline="") as text:
        return [tuple(row) for row in csv.reader(text)]


def test_each_defect_names_its_row() -> None:
    files = {name: rows_of_file(name) for name in {defect["file"] for defect in DEFECTS}}
    astray = [
        defect["id"]
        for defect in DEFECTS
        if not set(defect["key"].split(" / ")) <= {*files[defect["file"]][defect["row"] - 1], ""}
    ]
    assert not astray


def test_every_kind_is_planted() -> None:
    values = [condition_of(defect) for defect in DEFECTS]
    findings = {value["finding"] for value in values if "finding" in value}
    rules = {
        value["rule"] for value in values if "rule" in value and value["verdict"] == "breached"
    }
    reasons = Counter(value["reason"] for value in values if "reason" in value)
    assert findings >= set(FINDINGS)
    assert findings >= {"filed_late", "missing", "wrong_form", "incomplete", "pending"}
    assert rules == set(RULES)
    assert set(reasons) == {"missing_key", "duplicate", "superseded"}


def test_the_run_is_as_of_the_last_event(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert rows_where(warehouse, "meta.run", {"as_of": LIST["as_of"]})


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: f"{each['id']}-{each['kind']}")
def test_each_defect_is_found_where_the_list_says(
    warehouse: duckdb.DuckDBPyConnection, defect: dict[str, Any]
) -> None:
    table = defect["expect"]["table"]
    found = rows_where(warehouse, table, condition_of(defect))
    shown = warehouse.execute(
        f"from {table} where {sql_condition(defect['expect']['where'])[0]}",
        sql_condition(defect["expect"]["where"])[1],
    )
    assert found, f"{defect['what']}: found {shown.fetchall()}"


@pytest.mark.parametrize("entry", COMPLETE, ids=lambda each: f"{each['table']}{each['where']}")
def test_nothing_else_is_found(warehouse: duckdb.DuckDBPyConnection, entry: dict[str, Any]) -> None:
    table, wanted = entry["table"], entry["where"]
    listed = [
        condition_of(defect)
        for defect in DEFECTS
        if defect["expect"]["table"] == table and wanted.items() <= condition_of(defect).items()
    ]
    covered: set[Any] = set()
    for condition in listed:
        covered |= set(rows_where(warehouse, table, condition))
    others = [row for row in rows_where(warehouse, table, wanted) if row not in covered]
    assert not others
    assert len(covered) == len({str(sorted(each.items(), key=str)) for each in listed})


def test_the_sample_is_mostly_in_order(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Compliance as a customer would believe it, so that what is planted stands out."""
    counted = dict(
        warehouse.execute("select verdict, count(*) from facts.responses group by all").fetchall()
    )
    assert 0.88 <= counted["met"] / (counted["met"] + counted["breached"]) <= 0.95
