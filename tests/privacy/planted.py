"""The sample with people planted in it whose names nothing else could contain.

Belongs here: the exports, and what of them nobody may read. The hostile spellings are those that
an escape could carry past a search or a replacement.
"""

from __future__ import annotations

import csv
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHORTEST_TEXT: Final = 8  # characters; shorter ones are words the report may use itself

SAMPLE: Final = Path(__file__).parents[2] / "sample_data"
_EXPORTS: Final = (
    "tickets_*",
    "service_records*",
    "invoices_*",
    "installed_base*",
    "agents*",
    "pauses*",
)

CUSTOMER: Final = '绝密"甲"<b>&客户有限公司'
NAMED_BY_ID: Final = "绝密乙客户公司"
MAILED_BY_ID: Final = "zhang.secret@planted.example"
AGENT: Final = "绝密丙&代理有限公司"
AGENT_BY_ID: Final = "绝密丁代理商"
ENGINEER: Final = "欧阳绝密"
ENGINEER_ABROAD: Final = "Quentin Plantedson"
DESCRIPTION: Final = f'绝密描述：</script>"联系{ENGINEER}"，{CUSTOMER} 的机房'
PAUSE: Final = "绝密暂停：等待QUENTIN PLANTEDSON到场"
FAULT: Final = "绝密故障说明：电源模块"
RESOLUTION: Final = "绝密处理结果：更换模块"
REJECTED_NAME: Final = "绝密戊客户，编号空缺"
MISPLACED: Final = "绝密己填错了列"
MISPLACED_TEXT: Final = "绝密庚 13900001111"

#: Names, and ids that are names or addresses.
NAMES: Final = (
    *(CUSTOMER, NAMED_BY_ID, MAILED_BY_ID, AGENT, AGENT_BY_ID, ENGINEER, ENGINEER_ABROAD),
    *(REJECTED_NAME, MISPLACED, MISPLACED_TEXT),
)
TEXTS: Final = (DESCRIPTION, PAUSE, FAULT, RESOLUTION)

_TICKETS: Final[Sequence[Mapping[str, str]]] = (
    # Breached by an agent, paused, with a name in its description; billed by the wrong party.
    {
        "ticket_id": "PT1", "customer_id": "PC1", "customer_name": CUSTOMER, "agent_id": "PA1",
        "provider": "agent", "fault_level": "1", "opened_at": "2025-06-02 09:00:00",
        "responded_at": "2025-06-06 09:00:00", "finished_at": "2025-06-06 12:00:00",
        "description": DESCRIPTION,
    },
    # Still open, of a customer whose id is its name.
    {
        "ticket_id": "PT2", "customer_id": NAMED_BY_ID, "customer_name": NAMED_BY_ID,
        "provider": "company", "fault_level": "2", "opened_at": "2025-06-28 09:00:00",
        "description": FAULT,
    },
    # Of a customer known by an address alone; its record is owed by an agent known by name alone.
    {
        "ticket_id": "PT3", "customer_id": MAILED_BY_ID, "agent_id": AGENT_BY_ID,
        "provider": "agent", "fault_level": "4", "opened_at": "2025-06-03 09:00:00",
        "responded_at": "2025-06-03 10:00:00", "finished_at": "2025-06-03 11:00:00",
    },
    # An agent that is itself the customer, and cells in the wrong column.
    {
        "ticket_id": "PT4", "customer_id": "PA1", "customer_name": AGENT, "provider": "company",
        "customer_type": MISPLACED, "fault_level": MISPLACED_TEXT, "service_code": NAMED_BY_ID,
        "opened_at": "2025-06-04 09:00:00", "responded_at": "2025-06-04 08:00:00",
    },
    # Rejected: no key.
    {"ticket_id": "", "customer_id": "PC9", "customer_name": REJECTED_NAME},
)  # fmt: skip
_RECORDS: Final[Sequence[Mapping[str, str]]] = (
    {
        "record_id": "PR1", "ticket_id": "PT1", "agent_id": "PA1", "form": "fault_record",
        "submitted_at": "2025-06-28 09:00:00", "engineer": ENGINEER, "fault_description": FAULT,
        "service_finished_at": "2025-06-06 12:00:00", "resolution": RESOLUTION,
    },
    {
        "record_id": "PR2", "ticket_id": "PT3", "agent_id": AGENT_BY_ID, "form": "presales_report",
        "submitted_at": "2025-06-05 09:00:00", "engineer": ENGINEER_ABROAD,
    },
)  # fmt: skip
_INVOICES: Final[Sequence[Mapping[str, str]]] = (
    {
        "invoice_id": "PF1", "line_no": "1", "issued_at": "2025-06-20", "issuer": AGENT_BY_ID,
        "customer_id": "PC1", "ticket_id": "PT1", "charge_type": "service_fee", "amount": "4321.07",
    },
    {
        "invoice_id": "PF2", "line_no": "1", "issued_at": "2025-06-20", "issuer": "company",
        "customer_id": NAMED_BY_ID, "charge_type": "service_fee", "amount": "8765.03",
        "payment_method": f"转账 {AGENT}",
    },
)  # fmt: skip
_AGENTS: Final[Sequence[Mapping[str, str]]] = ({"agent_id": "PA1", "agent_name": AGENT},)
_PAUSES: Final[Sequence[Mapping[str, str]]] = (
    {
        "ticket_id": "PT1", "paused_at": "2025-06-02 10:00:00",
        "resumed_at": "2025-06-02 11:00:00", "reason": PAUSE,
    },
)  # fmt: skip


def write_exports(folder: Path) -> Path:
    """The sample's exports and the planted ones beside them; the folder."""
    folder.mkdir(parents=True)
    for pattern in _EXPORTS:
        for path in SAMPLE.glob(pattern):
            shutil.copyfile(path, folder / path.name)
    defaults = {"customer_type": "end_customer", "city": "北京", "service_code": "SASR008"}
    tickets = [{**defaults, "category": "fault", **row} for row in _TICKETS]
    for name, rows in (
        ("tickets_planted", tickets),
        ("service_records_planted", _RECORDS),
        ("invoices_planted", _INVOICES),
        ("agents_planted", _AGENTS),
        ("pauses_planted", _PAUSES),
    ):
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def staged(warehouse: Path, column: str, table: str, shortest: int = 1) -> set[str]:
    """The different values of a column of ``staging``, those that are not too short."""
    with closing(duckdb.connect(str(warehouse), read_only=True)) as con:
        rows = con.execute(f"select distinct {column} from staging.{table}").fetchall()
    return {value for (value,) in rows if value and len(value) >= shortest}


def names(out: Path) -> set[str]:
    """Every name in the exports: those of the sample as staged, and the planted ones."""
    warehouse = out / "warehouse.duckdb"
    found = {*NAMES}
    for table, column in (
        ("tickets", "customer_name"), ("agents", "agent_name"), ("service_records", "engineer"),
    ):  # fmt: skip
        found |= staged(warehouse, column, table)
    return found


def free_texts(out: Path) -> set[str]:
    warehouse = out / "warehouse.duckdb"
    found = {*TEXTS}
    for table, column in (
        ("tickets", "description"), ("service_records", "fault_description"),
        ("service_records", "resolution"), ("pauses", "reason"),
    ):  # fmt: skip
        found |= staged(warehouse, column, table, _SHORTEST_TEXT)
    return found
