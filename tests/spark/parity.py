"""A warehouse built on DuckDB and on Spark, and whether a table is the same in both.

Belongs here: the comparison. Does not belong here: the builds and their data (the tests beside this
file, and the benchmark).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.exports.quoting import literal
from pipelines.spark.steps import view_name
from pipelines.warehouse.models import load_models

if TYPE_CHECKING:
    import duckdb

    from pipelines.spark.cluster import Cluster

TABLES = [model.name for model in load_models()]


def differences(con: duckdb.DuckDBPyConnection, cluster: Cluster, table: str) -> list[str]:
    """Rows of a model that only one engine has; doubles are compared to nine places."""
    model = next(one for one in load_models() if one.name == table)
    if model.is_view:
        frame = cluster.spark.table(view_name(table))
        frame.write.mode("overwrite").parquet(cluster.storage.path(table))
    shown = ", ".join(
        f'round("{name}", 9) as "{name}"' if kind == "DOUBLE" else f'"{name}"'
        for name, kind, *_ in con.execute(f"describe {model.place}").fetchall()
    )
    files = cluster.storage.fetch(table, Path()) / "*.parquet"
    ours = f"select {shown} from {model.place}"
    theirs = f"select {shown} from read_parquet({literal(str(files))})"
    found = []
    for name, query in (
        ("DuckDB", f"{ours} except all {theirs}"),
        ("Spark", f"{theirs} except all {ours}"),
    ):
        rows = con.execute(f"select * from ({query}) order by all limit 3").fetchall()
        found += [f"only {name}: {row}" for row in rows]
    return found
