"""One Spark session for all tests of this folder, two workers in this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.spark.session import open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Small: little data needs few partitions."""
    running = open_session(
        "local[2]",
        {
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.memory": "2g",
            # Of a query over few rows most is compiling it.
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        },
    )
    running.sparkContext.setLogLevel("OFF")
    yield running
    running.stop()
