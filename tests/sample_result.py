"""The sample's warehouse, without what takes a run its time: no validation, no pages, no Dagster.

Belongs here: a published warehouse for tests of what reads one. Tests of the run itself run it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.checks import validation
from pipelines.exports import latest_event, stage_exports
from pipelines.reporting.finance import draw_audit_sample
from pipelines.terms import load_terms
from pipelines.warehouse import open_warehouse, reference
from pipelines.warehouse.models import run_models

if TYPE_CHECKING:
    from datetime import datetime

SAMPLE = Path(__file__).parents[1] / "sample_data"


def build_warehouse(out: Path, exports: Path = SAMPLE, as_of: datetime | None = None) -> Path:
    """Build ``OUT/warehouse.duckdb`` over ``exports``; the file."""
    out.mkdir(parents=True, exist_ok=True)
    checked = load_terms()
    path = out / "warehouse.duckdb"
    with open_warehouse(path) as con:
        stage_exports(con, exports, timezone=checked.timezone, temp_dir=out)
        at = as_of or latest_event(con)
        assert at is not None
        reference.prepare(con, checked, at)
        run_models(con)
        validation.keep_results(con, [])
        draw_audit_sample(con)
    return path
