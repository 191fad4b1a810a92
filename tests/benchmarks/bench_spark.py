"""``make bench``: every table of a million generated tickets is the same on DuckDB and on Spark.

Also what each stage takes of storage as Parquet, per ticket. ``BENCH_TICKETS`` sets the size.
Writes ``out/bench/spark.md``. Spark runs in this machine, on two workers.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipelines import terms
from pipelines.exports import latest_event, stage_exports
from pipelines.spark.cluster import Cluster
from pipelines.spark.session import open_session
from pipelines.warehouse import open_warehouse, reference
from pipelines.warehouse.models import load_models, run_models
from tests.benchmarks.bench_run import TICKETS
from tests.benchmarks.generate import generate
from tests.benchmarks.results import keep
from tests.spark.parity import TABLES, differences

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb


def prepared(exports: Path, file: Path) -> duckdb.DuckDBPyConnection:
    """The exports staged, with what the models read; no models."""
    con = open_warehouse(file, "4GB")
    checked = terms.load_terms()
    stage_exports(con, exports, None, checked.timezone)
    as_of = latest_event(con)
    assert as_of is not None
    reference.prepare(con, checked, as_of)
    return con


def test_every_table_is_the_same_and_what_it_takes(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    generate(TICKETS, exports)
    ours, home = (prepared(exports, tmp_path / f"{name}.duckdb") for name in ("ours", "home"))
    started = time.perf_counter()
    run_models(ours)
    on_duckdb = time.perf_counter() - started
    spark = open_session("local[2]", {"spark.driver.memory": "4g"})
    cluster = Cluster(spark, str(tmp_path / "tables"))
    started = time.perf_counter()
    for model in load_models():
        cluster.build(home, model)
    on_spark = time.perf_counter() - started
    folder = cluster.storage.here
    assert folder is not None
    (tickets,) = ours.execute("select count(*) from staging.tickets").fetchall()[0]
    stages = {
        stage.name: sum(file.stat().st_size for file in stage.rglob("*.parquet"))
        for stage in sorted(folder.iterdir())
    }
    differ = {table: found for table in TABLES if (found := differences(ours, cluster, table))}
    cluster.close()
    spark.stop()
    csv = sum(file.stat().st_size for file in exports.iterdir())
    lines = [
        f"# Spark, {tickets:,} tickets, two workers in this machine",
        "",
        f"Models: {on_duckdb:.0f} s on DuckDB, {on_spark:.0f} s on Spark, there and back.",
        f"Tables that differ: {len(differ)} of {len(TABLES)}.",
        "",
        "| stage | MB | bytes a ticket |",
        "|---|--:|--:|",
        *(
            f"| {name} | {size / 1e6:.1f} | {size / tickets:.0f} |"
            for name, size in {"exports (CSV)": csv, **stages}.items()
        ),
        "",
    ]
    keep("spark.md", "\n".join(lines))
    assert differ == {}
