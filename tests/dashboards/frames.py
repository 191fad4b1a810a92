"""Hand-made frames for page tests: small enough to count by hand."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

AS_OF = datetime(2025, 3, 10, 9, 30)  # noqa: DTZ001 - local time of the terms, as the warehouse has it
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028\"'&"

# month, level, tier, met, breached, open_late, pending, unmeasurable
_CELLS = [
    (date(2025, 1, 1), 1, "tier1", 9, 1, 0, 0, 0),
    (date(2025, 1, 1), 3, "other", 10, 0, 0, 0, 1),
    (date(2025, 2, 1), 1, "tier1", 6, 4, 1, 0, 0),
    (date(2025, 2, 1), 3, "other", 12, 3, 0, 0, 2),
    (date(2025, 2, 1), None, "other", 0, 0, 0, 0, 3),
    (date(2025, 3, 1), 3, "other", 2, 0, 0, 5, 0),
]


def cells(rows: list[tuple[Any, ...]] | None = None) -> pl.DataFrame:
    """``response_cells``: by default three months, the last not over at ``AS_OF``."""
    return pl.DataFrame(
        [
            {
                "month": row[0],
                "fault_level": row[1],
                "city_tier": row[2],
                "tickets": sum(row[3:5]) + sum(row[6:]),
                "met": row[3],
                "breached": row[4],
                "open_late": row[5],
                "pending": row[6],
                "unmeasurable": row[7],
            }
            for row in (_CELLS if rows is None else rows)
        ],
        schema={
            "month": pl.Date,
            "fault_level": pl.Int32,
            "city_tier": pl.String,
            **dict.fromkeys(
                ("tickets", "met", "breached", "open_late", "pending", "unmeasurable"), pl.Int64
            ),
        },
    )


def files(exports: tuple[str, ...] = ("tickets",)) -> pl.DataFrame:
    """``files``: one file per export, ten rows in, nine staged."""
    return pl.DataFrame(
        [
            {
                "export": name,
                "source_file": f"{name}.csv",
                "sha256": "ab" * 32,
                "format": "csv",
                "encoding": "gb18030",
                "delimiter": ",",
                "rows_in": 10,
                "staged": 9,
                "rejected": 1,
                "problems": 2,
                "note": HOSTILE,
            }
            for name in exports
        ]
    )


def checks() -> pl.DataFrame:
    """``checks``: one not met with a failing row, one met; what Data Docs say of them."""
    query = f"select '{HOSTILE}' from staging.tickets where city is null"
    not_met = {
        "table_name": "staging.tickets",
        "check_name": "city_given",
        "severity": "warning",
        "success": False,
        "rows": 9,
        "unexpected_count": 1,
        "description_en": "Every fault has a city.",
        "description_zh": "故障都有城市。",
        "guards": "T4",
        "sample": json.dumps([{"source_row": 4, "city": None, "description": HOSTILE}]),
        "document": json.dumps(
            {
                "type": "expect_no_rows",
                "sentence": [["Unexpected rows query: ", False], [query, True]],
                "observed": "1",
                "by": "Great Expectations 1.2.3",
            }
        ),
    }
    met = {
        **not_met,
        "check_name": "key_given",
        "severity": "critical",
        "success": True,
        "unexpected_count": 0,
        "description_en": "Every row has a key.",
        "description_zh": "每行都有编号。",
        "guards": "contract: tables",
        "sample": "[]",
        "document": json.dumps(
            {
                "type": "expect_column_values_to_not_be_null",
                "sentence": [["ticket_id", True], [" values must never be null.", False]],
                "observed": "100% not null",
                "by": "Great Expectations 1.2.3",
            }
        ),
    }
    return pl.DataFrame([not_met, met])


def breached() -> pl.DataFrame:
    """``response_breached``: one answered late, one still open; hostile texts."""
    row = {
        "month": date(2025, 2, 1),
        "ticket_id": f"T1{HOSTILE}",
        "customer_name": HOSTILE,
        "customer_id": "C1",
        "city": "北京",
        "city_tier": "tier1",
        "fault_level": 1,
        "service_code": "SASR008",
        "provider": "company",
        "agent_id": None,
        "opened_at": datetime(2025, 2, 3, 8),  # noqa: DTZ001 - as above
        "due_at": datetime(2025, 2, 3, 20),  # noqa: DTZ001 - as above
        "responded_at": datetime(2025, 2, 3, 21, 30),  # noqa: DTZ001 - as above
        "target_seconds": 43200,
        "elapsed_seconds": 48600,
        "used_share": 1.125,
        "clock": "calendar",
        "is_open": False,
        "clause": "T4",
        "reason": None,
        "reason_zh": None,
        "source_file": "tickets.csv",
        "source_row": 7,
    }
    still_open = {**row, "ticket_id": "T2", "responded_at": None, "is_open": True}
    schema = {"agent_id": pl.String, "reason": pl.String, "reason_zh": pl.String}
    return pl.DataFrame([row, still_open], schema_overrides=schema)


def report(frames: Mapping[str, pl.DataFrame] | None = None, **values: Any) -> Report:  # noqa: ANN401 - any field of a report
    """A report over ``frames`` (by default cells, files, breached and checks), as of ``AS_OF``."""
    given = {
        "response_cells": cells(),
        "files": files(),
        "response_breached": breached(),
        "checks": checks(),
    }
    chosen = dict(given if frames is None else frames)
    months = (
        tuple(sorted(chosen["response_cells"]["month"].drop_nulls().unique()))
        if "response_cells" in chosen
        else ()
    )
    defaults: dict[str, Any] = {
        "frames": chosen,
        "as_of": AS_OF,
        "timezone": "Asia/Shanghai",
        "months": months,
        "month": months[-2] if len(months) > 1 else (months or (None,))[0],
        "exports": frozenset({"tickets"}),
        "version": "1.2.3",
    }
    return Report(**{**defaults, **values})
