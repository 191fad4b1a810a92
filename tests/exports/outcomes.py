"""What becomes of a file, whatever is in it: one of two ends, and no third."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from pipelines.errors import SlaError
from pipelines.exports import stage_exports


def outcome(name: str, data: bytes) -> str:
    """Stage one file: the words it was refused with, or "staged", with every row in one place."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as con:
        (Path(folder) / name).write_bytes(data)
        try:
            stage_exports(con, Path(folder))
        except SlaError as error:
            assert name in str(error)  # noqa: PT017 - either outcome is fine
            return str(error)
        counts = con.execute("select rows_in, staged + rejected from meta.files").fetchall()
        assert counts
        assert all(rows_in == found for rows_in, found in counts)
        return "staged"
