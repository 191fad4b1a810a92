"""The list of planted defects: for tests as YAML, for people as a table in the README.

Belongs here: how the list is written. What is planted stands in ``planted`` and beside it.
"""

# ruff: noqa: E501 - a row of the page stays on one line

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import yaml

from sample_data.cells import key_of
from sample_data.world import Record, Ticket, Unit, World

if TYPE_CHECKING:
    from sample_data.world import Defect
    from sample_data.writing import Place

COMPLETE: tuple[tuple[str, dict[str, str]], ...] = (
    ("staging.rejects", {}),
    ("staging.problems", {}),
    ("facts.responses", {"verdict": "breached"}),
    ("facts.responses", {"verdict": "pending"}),
    ("facts.responses", {"verdict": "unmeasurable"}),
    ("facts.charges", {"finding": "billed_but_free"}),
    ("facts.charges", {"finding": "billed_under_warranty"}),
    ("facts.charges", {"finding": "billed_not_provided"}),
    ("facts.charges", {"finding": "not_billed"}),
    ("facts.charges", {"finding": "not_yet_due"}),
    ("facts.charges", {"finding": "duplicate_charge"}),
    ("facts.charges", {"finding": "orphan_charge"}),
    ("facts.charges", {"finding": "wrong_biller"}),
    ("facts.charges", {"finding": "not_audited"}),
    ("facts.charges", {"finding": "undetermined"}),
    ("facts.filings", {"finding": "filed_late"}),
    ("facts.filings", {"finding": "missing"}),
    ("facts.filings", {"finding": "wrong_form"}),
    ("facts.filings", {"finding": "incomplete"}),
    ("facts.filings", {"finding": "pending"}),
    ("facts.inspections", {"verdict": "breached"}),
    ("facts.inspections", {"verdict": "pending"}),
    ("facts.trainings", {"verdict": "breached"}),
    ("facts.conduct", {"verdict": "breached"}),
    ("facts.conduct", {"verdict": "unmeasurable"}),
    ("marts.record_exceptions", {}),
    ("marts.agent_flags", {}),
)

README = """\
# The sample company

A vendor of network-security products in 深圳, twelve months of it (July 2024 to June 2025, times
of Asia/Shanghai): {tickets} tickets of {customers} customers in nine cities, {agents} agents who serve the
end customers, {records} service records, {lines} invoice lines, {units} units sold since 2021. All names
are invented. The last event, and so the as-of of a run, is {as_of}.

| file | export | how it comes |
|---|---|---|
| `tickets_2024h2.csv` | tickets opened in 2024 | GB18030, Chinese headers and values, dates with slashes |
| `tickets_2025h1.xlsx` | tickets opened in 2025 | workbook with real date cells, Chinese headers and values |
| `service_records.csv` | records filed by agents | UTF-8 with byte order mark, Chinese |
| `invoices_company.csv` | the company's invoice lines | UTF-8, English headers and values |
| `invoices_agents.csv` | the agents' invoice lines | UTF-8 with byte order mark, Chinese, currency left blank |
| `installed_base.xlsx` | units sold | workbook, English |
| `agents.csv` | agents | UTF-8 with byte order mark, Chinese |
| `pauses.csv` | pauses | UTF-8, English |

The folder `boston/` is an example of its own: a mapping file and terms for the public service
requests of a city. Nothing in it belongs to this company.

Write everything here anew, byte for byte the same, with

    python -m sample_data.generate

which also writes `defects.yaml` and this page. `python -m sample_data.generate --out DIR` writes elsewhere.

## What is wrong in it

Most of it is in order. What is not is listed here row by row (row 1 is the header), and in
`defects.yaml` for the test that holds this list against a real run. For the following the list
is complete, a run finds these rows and no others:

{complete}

| id | kind | file | row | key | what is wrong | where a run shows it |
|---|---|---|---|---|---|---|
"""


def describe(world: World, places: dict[int, Place]) -> tuple[str, str]:
    """The text of defects.yaml and of README.md."""
    ordered = sorted(
        world.defects,
        key=lambda each: (each.kind, places[id(each.row)], str(each.where.get("rule"))),
    )
    entries = [
        _entry(number, defect, places[id(defect.row)]) for number, defect in enumerate(ordered, 1)
    ]
    content = {
        "as_of": str(world_end(world)),
        "complete": [{"table": table, "where": where} for table, where in COMPLETE],
        "defects": entries,
    }
    note = "# Written by sample_data/generate.py: what is wrong in the sample and where a run shows it.\n"
    text = note + yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    return text, _readme(world, entries)


def world_end(world: World) -> datetime:
    """The latest moment a ticket was opened: the last event of the exports."""
    return max(ticket.opened_at for ticket in world.tickets)


def _entry(number: int, defect: Defect, place: Place) -> dict[str, object]:
    file, row = place
    where = {column: _plain(value) for column, value in defect.where.items()}
    if defect.table in ("staging.rejects", "staging.problems"):
        where |= {"source_file": file, "source_row": row}
    return {
        "id": f"D{number:03d}",
        "kind": defect.kind,
        "file": file,
        "row": row,
        "key": key_of(defect.row),
        "what": defect.what,
        "expect": {
            "table": defect.table,
            "where": where,
            "values": {column: _plain(value) for column, value in defect.values.items()},
        },
    }


def _plain(value: object) -> object:
    if isinstance(value, Ticket):
        return value.ticket_id
    if isinstance(value, Record):
        return value.record_id
    if isinstance(value, Unit):
        return value.serial_no
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    return value


def _readme(world: World, entries: list[dict[str, object]]) -> str:
    complete = "\n".join(f"- `{table}`{_condition(where)}" for table, where in COMPLETE)
    head = README.format(
        tickets=len(world.tickets),
        customers=len(world.customers),
        agents=len(world.agents),
        records=len(world.records),
        lines=len(world.lines),
        units=len(world.units),
        as_of=world_end(world),
        complete=complete,
    )
    return head + "".join(f"{_table_row(entry)}\n" for entry in entries)


def _condition(where: dict[str, str]) -> str:
    return "".join(f", {column} `{value}`" for column, value in where.items())


def _table_row(entry: dict[str, object]) -> str:
    expect = entry["expect"]
    if not isinstance(expect, dict):
        raise TypeError(expect)
    shown = {
        column: value
        for column, value in {**expect["where"], **expect["values"]}.items()
        if column not in ("source_file", "source_row")
    }
    listed = ", ".join(
        f"{column} {'blank' if value is None else value}" for column, value in shown.items()
    )
    where = f"`{expect['table']}`: {listed}"
    columns = [entry[name] for name in ("id", "kind", "file", "row", "key", "what")]
    return "| " + " | ".join(str(column) for column in (*columns, where)) + " |"
