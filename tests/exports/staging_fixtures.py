"""Fixtures: stage files that a test writes, and show what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.exports import StagingSummary, load_mapping, stage_exports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Staged:
    """A warehouse with staged exports."""

    con: duckdb.DuckDBPyConnection
    summary: StagingSummary

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.con.execute(sql).fetchall()

    def column(self, name: str, table: str = "tickets") -> list[Any]:
        """A column of a staging table in the order of files and rows."""
        return [row[0] for row in self.rows(f"select {name} from staging.{table} order by rowid")]

    def problems(self) -> list[tuple[Any, ...]]:
        """Row, column, value, reason of each problem."""
        return self.rows('select source_row, "column", value, reason from staging.problems')

    def rejects(self) -> list[tuple[Any, ...]]:
        """Row, reason, record of each reject."""
        return self.rows("select source_row, reason, record from staging.rejects")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory, in a session of another time zone than any test's."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'America/New_York'")
    yield connection
    connection.close()


@pytest.fixture
def stage(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> Callable[..., Staged]:
    """Write files (text as UTF-8, or bytes) into a folder and stage it."""
    folder = tmp_path / "exports"
    folder.mkdir()

    def run(
        files: dict[str, str | bytes], mapping: str | None = None, timezone: str = "Asia/Shanghai"
    ) -> Staged:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(data)
        rules = None
        if mapping is not None:
            path = tmp_path / "mapping.yaml"
            path.write_text(mapping, encoding="utf-8")
            rules = load_mapping(path)
        summary = stage_exports(con, folder, rules, timezone, temp_dir=tmp_path)
        assert not list(tmp_path.glob("exports-*")), "temporary files are left"
        return Staged(con, summary)

    return run
