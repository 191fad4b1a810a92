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
    """Small: little data needs few partitions and no pages."""
    running = open_session(
        "local[2]",
        {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.memory": "2g",
        },
    )
    running.sparkContext.setLogLevel("OFF")
    yield running
    running.stop()
