"""Every table means the same on DuckDB and on Spark, over rows no company has.

The sample company is compared in ``test_run``, generated tickets by the benchmark.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipelines.contract import EXPORTS, Column, Kind
from pipelines.spark.cluster import Cluster
from pipelines.warehouse import open_warehouse, reference
from pipelines.warehouse.models import load_models, run_models
from tests.harness import stage, terms_with
from tests.spark.parity import TABLES, differences

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.slow

AS_OF: Final = datetime.fromisoformat("2025-06-30 18:00:00")
ROWS: Final = range(1, 61)
NUMBERS: Final = range(1, 9)

# Few values, so that keys meet, lines repeat and times fall on one another and on boundaries.
POOLS: Final[dict[Kind, list[Any]]] = {
    Kind.YES_NO: [True, False],
    Kind.INSTANT: [
        datetime.fromisoformat(text)
        for text in (
            *("2024-02-29 23:59:59", "2024-12-31 23:59:59.999999", "2025-01-01 00:00:00"),
            *("2025-03-07 17:00:00", "2025-03-07 18:00:00", "2025-03-10 08:00:00"),
            *("2025-03-31 12:00:00", "2025-04-01 00:00:00", "2025-06-28 10:00:00"),
            "2025-06-30 18:00:00",
        )
    ],
    Kind.DATE: [
        date.fromisoformat(text)
        for text in (
            *("2023-08-31", "2024-02-29", "2024-06-30"),
            *("2025-01-01", "2025-03-31", "2025-06-30"),
        )
    ],
    Kind.INTEGER: [1, 2, 3, 4, 24],
    Kind.DECIMAL: [Decimal("0.25"), Decimal(8), Decimal("8.01")],
    Kind.MONEY: [
        Decimal(text)
        for text in (
            *("0.02", "0.01", "500", "500", "-500", "-0.01", "300.10", "99999999999.99", "0"),
        )
    ],
    Kind.CITY: ["北京", "深圳", "成都"],
    Kind.CODE: ["SPSL005", "SPSR004", "SPSL007", "SASR008", "SASL011", "SASL012", "SASL014"],
    Kind.ISSUER: ["company", "agent_id1"],
    Kind.TEXT: ["A", "中", "it's", "更换电源模块后恢复正常，客户确认"],
}


def value(column: Column, chance: Random) -> object:
    """A value the contract allows in a column, or none."""
    if column.kind is Kind.CHOICE:
        pool: list[Any] = list(column.choices or {})
    elif column.kind is Kind.ID:
        pool = [f"{column.name.removeprefix('parent_')}{number}" for number in NUMBERS]
    else:
        pool = POOLS[column.kind]
    return chance.choice([*pool, *pool, None])


def rows(export: str, chance: Random) -> list[dict[str, Any]]:
    """Rows of an export: their own keys counted, the rest as it falls."""
    declared = EXPORTS[export]
    made = []
    for number in ROWS:
        row = {column.name: value(column, chance) for column in declared.columns}
        if declared.key:
            *named, last = declared.key
            row |= {name: f"{name}{number % len(NUMBERS)}" for name in named}
            row[last] = number if named else f"{last}{number}"
        made.append(row)
    return made


@settings(
    max_examples=3,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(0, 1 << 32))
def test_every_table_of_made_data_is_the_same_on_both(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - a test's rows
    exports = {name: rows(name, chance) for name in EXPORTS}

    def prepared() -> duckdb.DuckDBPyConnection:
        con = open_warehouse()
        stage(con, exports)
        reference.prepare(con, terms_with(), AS_OF)
        return con

    ours, home = prepared(), prepared()
    run_models(ours)
    cluster = Cluster(spark, str(tmp_path_factory.mktemp("tables")))
    for model in load_models():
        cluster.build(home, model)
    assert {table: found for table in TABLES if (found := differences(ours, cluster, table))} == {}
    cluster.close()
