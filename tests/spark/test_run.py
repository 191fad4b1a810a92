"""A whole run on Spark leaves what a run on one machine leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pytest
from click.testing import CliRunner

from pipelines import cli, terms
from pipelines.exports import latest_event, stage_exports
from pipelines.publish import SPARK_TABLES as PLACE
from pipelines.spark.cluster import Cluster
from pipelines.warehouse import open_warehouse, reference
from pipelines.warehouse.models import load_models, run_models
from tests.spark.parity import TABLES, differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


class Runs(NamedTuple):
    """OUT of a run on either engine, and what Spark holds."""

    duckdb: Path
    spark: Path
    warehouse: Path
    cluster: Cluster


def sla(*arguments: object) -> str:
    """What a run that succeeds says."""
    result = CliRunner().invoke(cli.main, [str(one) for one in arguments])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def runs(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    folder = tmp_path_factory.mktemp("runs")
    # The session of these tests, started once.
    warehouse = folder / "env=prod"  # as folders of a data lake are called
    cluster = Cluster(spark, str(warehouse))
    made = Runs(folder / "duckdb", folder / "spark", warehouse, cluster)
    sla("run", "--exports", SAMPLE, "--out", made.duckdb)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cluster, "start", lambda *_: cluster)
        where = ("--engine", "spark", "--master", "local[2]", "--warehouse", made.warehouse)
        sla("run", "--exports", SAMPLE, "--out", made.spark, *where)
    return made


def files(out: Path) -> dict[str, bytes]:
    """What is the same to the byte in runs over the same exports: all but the warehouse."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and not path.relative_to(out).as_posix().startswith(".")
        and path.name not in {"warehouse.duckdb", PLACE}
    }


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample's tables as DuckDB builds them, those that are gone after a run as well."""
    with open_warehouse() as con:
        checked = terms.load_terms()
        stage_exports(con, SAMPLE, None, checked.timezone)
        as_of = latest_event(con)
        assert as_of is not None
        reference.prepare(con, checked, as_of)
        run_models(con)
        yield con


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_the_same_on_both(
    runs: Runs, con: duckdb.DuckDBPyConnection, table: str
) -> None:
    assert differences(con, runs.cluster, table) == []


def test_a_difference_of_a_cent_is_seen(runs: Runs, con: duckdb.DuckDBPyConnection) -> None:
    con.execute("begin")
    con.execute("update steps.invoice_lines set amount = amount + 0.01 where line_no = 1")
    assert differences(con, runs.cluster, "steps.invoice_lines")
    con.execute("rollback")


def test_pages_workbooks_and_checks_are_the_same_to_the_byte(runs: Runs) -> None:
    ours, theirs = files(runs.duckdb), files(runs.spark)
    assert ours.keys() == theirs.keys()
    assert [name for name, content in ours.items() if theirs[name] != content] == []
    assert json.loads(ours["checks.json"]), "there are checks to compare"


def test_the_warehouse_holds_the_same_tables(runs: Runs) -> None:
    held = []
    for out in (runs.duckdb, runs.spark):
        with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
            held.append(
                con.execute(
                    "select schema_name, table_name, column_name, data_type "
                    "from duckdb_columns() where not internal order by all"
                ).fetchall()
            )
    assert held[0] == held[1]


def test_the_tables_stay_as_parquet_without_what_was_needed_on_the_way(runs: Runs) -> None:
    (folder,) = runs.warehouse.iterdir()
    assert json.loads((runs.spark / PLACE).read_text())["folder"] == f"file://{folder}"
    with duckdb.connect(str(runs.spark / "warehouse.duckdb"), read_only=True) as con:
        for model in load_models():
            if not model.is_view and not model.is_scratch:
                path = folder.joinpath(model.schema, model.table, "*.parquet")
                kept = con.execute(f"select count(*) from '{path}'").fetchone()
                assert kept == con.execute(f"select count(*) from {model.name}").fetchone()
    assert not (folder / "once").exists()


def test_explain_reads_the_result(runs: Runs) -> None:
    with duckdb.connect(str(runs.spark / "warehouse.duckdb"), read_only=True) as con:
        (ticket,) = con.execute("select min(ticket_id) from facts.responses").fetchall()[0]
    assert sla("explain", ticket, "--out", runs.spark) == sla(
        "explain", ticket, "--out", runs.duckdb
    )


def test_a_run_that_is_stopped_leaves_no_tables(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Cluster, "start", lambda _, uri: Cluster(spark, uri))
    exports, warehouse = tmp_path / "exports", tmp_path / "warehouse"
    exports.mkdir()
    (exports / "tickets.csv").write_text("ticket_id\nT1\n", encoding="utf-8")
    where = ("--engine", "spark", "--master", "local[2]", "--warehouse", str(warehouse))
    told = ["run", "--exports", str(exports), "--out", str(tmp_path / "out"), *where]
    result = CliRunner().invoke(cli.main, told)
    assert result.exit_code == 1
    assert "no date or time" in result.output
    assert not warehouse.exists() or not list(warehouse.iterdir())


def parquet_files(folder: Path) -> int:
    """How many there are; some may go while they are counted."""
    return sum(name.endswith(".parquet") for _, _, names in os.walk(folder) for name in names)


def test_ctrl_c_leaves_no_tables_and_no_session(tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse"
    where = ("--engine", "spark", "--master", "local[2]", "--warehouse", str(warehouse))
    script = "from pipelines.cli import main; main(prog_name='sla')"
    told = ("run", "--exports", str(SAMPLE), "--out", str(tmp_path / "out"), *where)
    with subprocess.Popen(
        [sys.executable, "-c", script, *told],
        cwd=SAMPLE.parent,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as run:
        until = time.monotonic() + 180
        while time.monotonic() < until and parquet_files(warehouse) < 60:
            time.sleep(0.2)
        os.kill(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=120)
    assert run.returncode == 130, said
    assert "Stopped by you" in said
    assert parquet_files(warehouse) == 0


def test_a_run_without_spark_says_what_of_spark_may_go(runs: Runs, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(runs.spark, out)
    (tables,) = runs.warehouse.iterdir()
    said = CliRunner().invoke(cli.main, ["run", "--exports", str(SAMPLE), "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert f"remove file://{tables}" in said.output
    assert not (out / PLACE).exists()
