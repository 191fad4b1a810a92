"""A whole set of management frames, small enough to count by hand, with hostile texts."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.dashboards.frames import AS_OF, HOSTILE, cells, files
from tests.dashboards.frames import report as page_report

if TYPE_CHECKING:
    from dashboards.report import Report

FEBRUARY = date(2025, 2, 1)
FORMULA = '=HYPERLINK("http://example.invalid","x")'
LONG = "国家高性能网络与信息安全联合实验室暨华南地区灾备运营管理办公室" * 3


def bins() -> pl.DataFrame:
    """``response_bins``: in February 18 answered in time and 6 late; one more is still open."""
    rows = [(0, "met", 11), (4, "met", 5), (9, "met", 2), (10, "breached", 4), (20, "breached", 2)]
    return pl.DataFrame(
        [
            {"month": FEBRUARY, "step": step, "verdict": verdict, "tickets": tickets}
            for step, verdict, tickets in rows
        ]
    )


def speed() -> pl.DataFrame:
    """``response_speed``: one level, and all of them; a median of 1 h 30 min."""
    row = {
        "month": FEBRUARY,
        "fault_level": 1,
        "is_all_levels": False,
        "tickets": 9,
        "mean_seconds": 7200.0,
        "median_seconds": 5400.0,
        "p90_seconds": 43200.0,
        "p95_seconds": 90000.0,
        "median_share": 0.125,
        "p90_share": 1.0,
        "p95_share": 2.08,
    }
    return pl.DataFrame([row, {**row, "fault_level": None, "is_all_levels": True, "tickets": 24}])


def _ticket(ticket_id: str, name: str, **values: object) -> dict[str, Any]:
    return {
        "ticket_id": ticket_id,
        "customer_name": name,
        "city": "北京",
        "city_tier": "tier1",
        "fault_level": 1,
        "service_code": "SASR008",
        "provider": "company",
        "agent_id": None,
        "opened_at": datetime(2025, 2, 3, 8),  # noqa: DTZ001 - local time, as the warehouse has it
        "due_at": datetime(2025, 2, 3, 20),  # noqa: DTZ001 - as above
        "target_seconds": 43200,
        "elapsed_seconds": 48600,
        "used_share": 1.125,
        "clock": "calendar",
        "source_file": "tickets.csv",
        "source_row": 7,
        **values,
    }


def breached(count: int = 3) -> pl.DataFrame:
    """``response_breached``: a hostile name, a formula, a name of 90 characters, then plain."""
    names = [HOSTILE, FORMULA, LONG, *["成都软件园"] * count][:count]
    return pl.DataFrame(
        [
            _ticket(
                f"T{number}",
                name,
                month=FEBRUARY,
                customer_id="C1",
                responded_at=datetime(2025, 2, 3, 21, 30),  # noqa: DTZ001 - as above
                clock="calendar",
                is_open=False,
                clause="T4",
                reason=None,
                reason_zh=None,
            )
            for number, name in enumerate(names, start=1)
        ],
        schema_overrides={"agent_id": pl.String, "reason": pl.String, "reason_zh": pl.String},
    )


def still_open() -> pl.DataFrame:
    """``response_open``: one overdue by 1:30, one with a quarter of an hour left."""
    return pl.DataFrame(
        [
            _ticket(
                "T8",
                HOSTILE,
                verdict="breached",
                standing="late",
                seconds_left=-5400,
            ),
            _ticket(
                "T9",
                FORMULA,
                verdict="pending",
                standing="running",
                seconds_left=900,
                clock="service_hours",
            ),
        ],
        schema_overrides={"agent_id": pl.String},
    )


def report(**changes: pl.DataFrame | None) -> Report:
    """A report with every frame of the management page; a change of None leaves a frame out."""
    frames: dict[str, pl.DataFrame | None] = {
        "response_cells": cells(),
        "response_bins": bins(),
        "response_speed": speed(),
        "response_breached": breached(),
        "response_open": still_open(),
        "response_open_totals": pl.DataFrame(
            {
                "faults": [4],
                "unmeasurable": [0],
                "later": [0],
                "pending": [1],
                "pending_nearly_due": [1],
                "stalled": [0],
                "fault_unknown": [0],
                "clock_stops_at": ["responded_at"],
                "next_due_at": [datetime(2025, 2, 3, 20)],  # noqa: DTZ001 - as above
                "late": [1],
            }
        ),
        "response_causes": pl.DataFrame(
            [
                {
                    "month": FEBRUARY,
                    "service_code": "SASR008",
                    "name_zh": HOSTILE,
                    "name_en": HOSTILE,
                    "category": "fault",
                    "tickets": 25,
                    "met": 18,
                    "breached": 7,
                }
            ]
        ),
        "response_unmeasurable": pl.DataFrame(
            [{"month": FEBRUARY, "reason": "no city", "reason_zh": "城市空白", "tickets": 5}]
        ),
        "files": files(),
        **changes,
    }
    return page_report({name: frame for name, frame in frames.items() if frame is not None})


__all__ = ["AS_OF", "FEBRUARY", "FORMULA", "HOSTILE", "LONG", "breached", "cells", "report"]
