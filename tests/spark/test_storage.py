"""Files at the warehouse URI: brought, fetched, removed; no folder but a run's own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import PropertyMock, patch

import pytest

from pipelines.errors import UsageError
from pipelines.spark.storage import Storage

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


def test_a_folder_of_this_machine_is_read_where_it_is(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, f"{tmp_path}/a folder/")
    storage.make()
    assert storage.here is not None
    assert storage.here.is_dir()
    assert storage.fetch("facts.x", tmp_path) == storage.here / "facts" / "x"


def test_elsewhere_files_are_carried_there_and_back(spark: SparkSession, tmp_path: Path) -> None:
    storage = Storage(spark, str(tmp_path / "far"))
    file = tmp_path / "part-0.parquet"
    file.write_bytes(b"rows")
    with patch.object(Storage, "here", new_callable=PropertyMock, return_value=None):
        storage.put(file, "facts.x")
        found = storage.fetch("facts.x", tmp_path / "home")
    assert not file.exists(), "it was moved"
    assert [(one.name, one.read_bytes()) for one in found.glob("*.parquet")] == [
        ("part-0.parquet", b"rows")
    ]


def test_only_the_folder_of_a_run_is_removed(spark: SparkSession, tmp_path: Path) -> None:
    before, other = Storage(spark, str(tmp_path)), Storage(spark, str(tmp_path / "other"))
    for storage in (before, other):
        storage.make()
    (tmp_path / "precious").mkdir()
    now = Storage(spark, str(tmp_path))
    root = f"file://{tmp_path}"
    for folder in (
        *(root, f"{root}/precious", "file:///", "", "sla-"),
        *(other.folder, f"{before.folder}/..", f"{before.folder}/../precious"),
    ):
        now.remove(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["other", "precious", before.folder.rpartition("/")[2]]
    )
    now.remove(before.folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "precious"]


@pytest.mark.parametrize("name", ["wh[1]", "wh{a}", "wh*"])
def test_a_warehouse_whose_name_is_a_pattern_is_refused(
    spark: SparkSession, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UsageError, match="which Spark takes for a pattern"):
        Storage(spark, str(tmp_path / name)).make()


@pytest.mark.parametrize("uri", ["nowhere://bucket/sla", "/proc/sla"])
def test_a_warehouse_that_cannot_be_written_is_said(spark: SparkSession, uri: str) -> None:
    with pytest.raises(UsageError, match=r"--warehouse .* cannot be written to: .*connector"):
        Storage(spark, uri).make()
