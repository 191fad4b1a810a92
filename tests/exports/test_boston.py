"""A city's real export, read through the mapping kept beside the sample data."""

from __future__ import annotations

import csv
import gzip
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.exports import load_mapping, stage_exports

if TYPE_CHECKING:
    import duckdb

pytest_plugins = ("tests.exports.staging_fixtures",)

ROOT = Path(__file__).parents[2]
EXPORT = Path(
    os.environ.get("SLA_BOSTON_EXPORT", ROOT.parent / "shared" / "real" / "boston311_2011.csv.gz")
)


@pytest.mark.skipif(not EXPORT.exists(), reason=f"the city's export is not at hand ({EXPORT})")
def test_every_request_is_staged_with_its_times(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    shutil.copy(EXPORT, tmp_path / EXPORT.name)
    mapping = load_mapping(ROOT / "sample_data" / "boston" / "mapping.yaml")
    summary = stage_exports(con, tmp_path, mapping, "America/New_York")
    with gzip.open(EXPORT, "rt", encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    (file,) = summary.files
    assert (file.rows_in, file.staged, file.rejected) == (len(rows), len(rows), 0)
    blank = {
        name: sum(not row[source].strip() for row in rows)
        for name, source in (
            ("opened_at", "open_dt"),
            ("finished_at", "closed_dt"),
            ("agreed_due_at", "target_dt"),
        )
    }
    for name, count in blank.items():
        staged = con.execute(f"select count(*) - count({name}) from staging.tickets").fetchall()
        assert staged == [(count,)]
    late = sum(
        bool(r["closed_dt"] and r["target_dt"] and r["closed_dt"] > r["target_dt"]) for r in rows
    )
    assert con.execute(
        "select count(*) from staging.tickets where finished_at > agreed_due_at"
    ).fetchall() == [(late,)]
    first = rows[0]["case_enquiry_id"]
    assert con.execute(
        "select source_row from staging.tickets where ticket_id = ?", [first]
    ).fetchall() == [(2,)]
