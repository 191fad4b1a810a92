"""Folders of exports as they seldom are: a company of a few hundred tickets, bent in one way.

Belongs here: the ways of bending it, and a warehouse of it. Does not belong here: what is asked
of the report (the tests).
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from pipelines import warehouse
from pipelines.exports import latest_event, stage_exports
from pipelines.warehouse.models import run_models
from pipelines.warehouse.reference import prepare
from tests.benchmarks.generate import generate
from tests.harness import terms_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

TICKETS: Final = 700
LONG_NAME: Final = "国家高性能网络与信息安全联合实验室暨华南地区灾备运营管理办公室" * 3
LARGE: Final = "987654321.00"
_EVENTS: Final = ("responded_at", "arrived_at", "finished_at")

Rows = list[dict[str, str]]
Tables = dict[str, Rows]


def _without(export: str) -> Callable[[Tables], None]:
    def bend(tables: Tables) -> None:
        del tables[export]

    return bend


def _months_without_tickets(tables: Tables) -> None:
    """None in spring, and none in the last month but what came of earlier ones."""
    gone = {
        row["ticket_id"]
        for row in tables["tickets"]
        if row["opened_at"][:7] in {"2025-03", "2025-04", "2025-06"}
    }
    for rows in tables.values():
        rows[:] = [row for row in rows if row.get("ticket_id") not in gone]


def _one_ticket(tables: Tables) -> None:
    fault = next(row for row in tables["tickets"] if row["fault_level"])
    tables.clear()
    tables["tickets"] = [fault]


def _only_open(tables: Tables) -> None:
    last = max(row["opened_at"] for row in tables["tickets"])[:7]
    rows = [row for row in tables["tickets"] if row["opened_at"].startswith(last)]
    for row in rows:
        row.update(dict.fromkeys(_EVENTS, ""))
    tables.clear()
    tables["tickets"] = rows


def _hundred_agents(tables: Tables) -> None:
    tables["agents"] = [
        {**tables["agents"][0], "agent_id": f"A{n:03d}", "agent_name": f"第{n}代理商服务有限公司"}
        for n in range(100)
    ]
    of_ticket = {}
    for number, row in enumerate(tables["tickets"]):
        if row["agent_id"]:
            row["agent_id"] = of_ticket[row["ticket_id"]] = f"A{number % 100:03d}"
    for row in tables["service_records"]:
        row["agent_id"] = of_ticket.get(row["ticket_id"], row["agent_id"])


def _long_and_large(tables: Tables) -> None:
    for row in tables["tickets"]:
        row["customer_name"] = LONG_NAME[:80]
        row["city"] = row["city"] and "呼伦贝尔市鄂伦春自治旗大杨树镇"
    for row in tables["agents"]:
        row["agent_name"] = LONG_NAME[:80]
    for row in tables["invoices"]:
        row["amount"] = LARGE
        row["currency"] = "USD" if row["line_no"] == "1" else "CNY"


ODD: Final[dict[str, Callable[[Tables], None]]] = {
    "months without tickets": _months_without_tickets,
    "one ticket": _one_ticket,
    "only open tickets": _only_open,
    "a hundred agents": _hundred_agents,
    "long names and large amounts": _long_and_large,
    "no service records": _without("service_records"),
    "no invoices": _without("invoices"),
    "no installed base": _without("installed_base"),
    "no agents": _without("agents"),
    "no tickets of faults": lambda tables: tables.update(
        tickets=[{**row, "fault_level": "", "category": "other"} for row in tables["tickets"]]
    ),
}


def write_folder(name: str, folder: Path) -> Path:
    """The folder of exports bent in the way called ``name``."""
    generate(TICKETS, folder)
    tables: Tables = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            tables[path.stem] = list(csv.DictReader(stream))
        path.unlink()
    ODD[name](tables)
    for export, rows in tables.items():
        with (folder / f"{export}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return folder


def build_warehouse(folder: Path) -> duckdb.DuckDBPyConnection:
    """A warehouse of the folder, every model built, as of the latest event."""
    con = warehouse.open_warehouse()
    stage_exports(con, folder)
    as_of = latest_event(con)
    assert as_of is not None
    prepare(con, terms_with(), as_of)
    run_models(con)
    return con
