"""The data of single tickets, in files the ticket page loads one at a time.

Belongs here: one document per kept ticket, cut into parts so that no page grows with them.
Does not belong here: how a ticket is shown (``static/ticket.js``). A browser may not fetch a
file from disk but may run one, so each part is a script that only assigns data.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dashboards import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import polars as pl

    from dashboards.report import Report

_PER_PART = 60
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193
#: What belongs to a ticket, by the name it has in the ticket's document.
_BELONGINGS = {
    "pauses": "ticket_pauses",
    "promises": "ticket_promises",
    "charges": "ticket_charges",
    "records": "ticket_records",
}


def part_count(report: Report) -> int:
    """Into how many files the kept tickets are cut; 0 when there are none."""
    return -(-report.frame("ticket_rows").height // _PER_PART)


def part_of(ticket_id: str, parts: int) -> int:
    """The file a ticket is in (FNV-1a of its UTF-8 bytes; ``ticket.js`` counts alike)."""
    value = _FNV_OFFSET
    for byte in ticket_id.encode():
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value % parts


def write_tickets(report: Report, out_dir: Path) -> list[Path]:
    """Write the parts and the open hours under ``data/``; the files written, in order."""
    parts = part_count(report)
    if not parts:
        return []
    folder = out_dir / "data"
    folder.mkdir(parents=True, exist_ok=True)
    contents: list[dict[str, Any]] = [{} for _ in range(parts)]
    for ticket_id, document in documents(report).items():
        contents[part_of(ticket_id, parts)][ticket_id] = document
    written = [
        _write(folder / f"tickets-{part}.js", f"tickets-{part}", content)
        for part, content in enumerate(contents)
    ]
    written.append(_write(folder / "hours.js", "hours", _hours(report.frame("open_hours"))))
    return written


def _write(path: Path, name: str, content: object) -> Path:
    text = f"(window.slaData ??= {{}})[{safe.json_text(name)}]={safe.json_text(content)};\n"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def documents(report: Report) -> dict[str, dict[str, Any]]:
    """One document per kept ticket: its columns, and lists of what belongs to it; no nulls."""
    belongings = {name: _by_ticket(report.frame(frame)) for name, frame in _BELONGINGS.items()}
    found = {}
    for row in report.frame("ticket_rows").iter_rows(named=True):
        ticket_id = row["ticket_id"]
        found[ticket_id] = _without_nulls(row) | {
            name: rows[ticket_id] for name, rows in belongings.items() if ticket_id in rows
        }
    return found


def _by_ticket(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        groups[row["ticket_id"]].append(
            {key: value for key, value in _without_nulls(row).items() if key != "ticket_id"}
        )
    return dict(groups)


def _without_nulls(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in row.items() if value is not None and value != []}


def _plain(value: object) -> object:
    """Instants to the second as text, money with its digits as text."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return value


def _hours(frame: pl.DataFrame) -> dict[str, list[list[str]]]:
    calendars: defaultdict[str, list[list[str]]] = defaultdict(list)
    for calendar_id, starts_at, ends_at in _ascending(frame):
        calendars[str(calendar_id)].append([_minute(starts_at), _minute(ends_at)])
    return dict(calendars)


def _ascending(frame: pl.DataFrame) -> Iterable[tuple[Any, ...]]:
    if frame.is_empty():
        return []
    return frame.sort("calendar_id", "starts_at").iter_rows()


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"
