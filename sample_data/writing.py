"""The sample exports as files, the same bytes each time.

Belongs here: numbering, file formats, encodings. One format after another on purpose.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import xlsxwriter

from sample_data.cells import HEADERS_ZH, Cell, Cells, cells_of, in_chinese
from sample_data.world import AS_OF, HALF_YEAR, Copy, Line, Row, Ticket, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Place = tuple[str, int]
HEADER_ROWS = 1


def number_rows(world: World) -> None:
    """Give tickets, records and invoices their numbers, in order of time."""
    world.tickets.sort(key=lambda each: each.opened_at)
    counts: Counter[str] = Counter()
    for ticket in world.tickets:
        month = f"{ticket.opened_at:%y%m}"
        counts[month] += 1
        ticket.ticket_id = f"GD{month}{counts[month]:04d}"
    world.records.sort(key=lambda each: each.submitted_at)
    for number, record in enumerate(world.records, start=1):
        record.record_id = f"JL{record.submitted_at:%y%m}{number:05d}"
    world.lines.sort(key=lambda each: (each.issued_on, each.agent.agent_id if each.agent else ""))
    for line in [each for each in world.lines if each.with_line is None]:
        issuer = line.agent.agent_id if line.agent else "FP"
        counts[issuer] += 1
        line.invoice_id = f"{issuer}-{line.issued_on:%y%m}-{counts[issuer]:04d}"
    for line in world.lines:
        if line.with_line is not None:
            line.invoice_id, line.line_no = line.with_line.invoice_id, 2
    world.lines.sort(key=lambda each: (each.issued_on, each.invoice_id, each.line_no))
    world.pauses.sort(key=lambda each: (each.paused_at, each.ticket.ticket_id))


def write_exports(world: World, folder: Path) -> dict[int, Place]:
    """Write the eight files; gives file and row (header = 1) by the ``id`` of each row."""
    places: dict[int, Place] = {}

    def put(name: str, rows: list[Row], write: Callable[[Sequence[Cells]], bytes]) -> None:
        (folder / name).write_bytes(write([cells_of(row) for row in rows]))
        for number, row in enumerate(rows, start=1 + HEADER_ROWS):
            places[id(row)] = (name, number)

    put(
        "tickets_2024h2.csv",
        _with_copies(world, world.tickets, _is_in_first_file),
        _chinese_gb18030,
    )
    put(
        "tickets_2025h1.xlsx",
        _with_copies(world, world.tickets, _is_in_second_file),
        _chinese_workbook,
    )
    put("service_records.csv", _with_copies(world, world.records), _chinese_utf8)
    put("invoices_company.csv", _with_copies(world, world.lines, _is_companys), _english_utf8)
    put("invoices_agents.csv", _with_copies(world, world.lines, _is_agents), _chinese_utf8)
    put("installed_base.xlsx", _with_copies(world, world.units), _english_workbook)
    put("agents.csv", _with_copies(world, world.agents), _chinese_utf8)
    put("pauses.csv", _with_copies(world, world.pauses), _english_utf8)
    return places


def _is_in_first_file(row: Row) -> bool:
    """Opened in 2024; a ticket carried over leaves only its old state there."""
    if isinstance(row, Copy):
        return _is_early(row.of)
    return _is_early(row) and not (isinstance(row, Ticket) and row.is_carried_over)


def _is_in_second_file(row: Row) -> bool:
    return not _is_in_first_file(row)


def _is_early(row: Row) -> bool:
    return isinstance(row, Ticket) and row.opened_at.date() < HALF_YEAR


def _is_companys(row: Row) -> bool:
    line = row.of if isinstance(row, Copy) else row
    return isinstance(line, Line) and line.agent is None


def _is_agents(row: Row) -> bool:
    return not _is_companys(row)


def _with_copies(
    world: World, rows: Iterable[Row], is_wanted: Callable[[Row], bool] = lambda _: True
) -> list[Row]:
    """The rows of a file in order, each with its copies before or after it."""
    found: list[Row] = []
    for row in rows:
        copies = [copy for copy in world.copies if copy.of is row]
        found += [copy for copy in copies if copy.place == "before" and is_wanted(copy)]
        if is_wanted(row):
            found.append(row)
        found += [copy for copy in copies if copy.place == "after" and is_wanted(copy)]
    return found


def _chinese_gb18030(rows: Sequence[Cells]) -> bytes:
    """As the ticket system of 2024 wrote it: GB18030, dates with slashes, CRLF."""
    return _csv(
        _in_chinese(rows),
        lambda moment: f"{moment.year}/{moment.month}/{moment.day} {moment:%H:%M:%S}",
    ).encode("gb18030")


def _chinese_utf8(rows: Sequence[Cells]) -> bytes:
    return _csv(_in_chinese(rows)).encode("utf-8-sig")


def _english_utf8(rows: Sequence[Cells]) -> bytes:
    return _csv(rows).encode()


def _chinese_workbook(rows: Sequence[Cells]) -> bytes:
    return _workbook(_in_chinese(rows), "工单")


def _english_workbook(rows: Sequence[Cells]) -> bytes:
    return _workbook(rows, "installed_base")


def _in_chinese(rows: Sequence[Cells]) -> list[Cells]:
    return [
        {HEADERS_ZH[column]: in_chinese(column, value) for column, value in row.items()}
        for row in rows
    ]


def _csv(rows: Sequence[Cells], moment_text: Callable[[datetime], str] = str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(_text(value, moment_text) for value in row.values())
    return text.getvalue()


def _text(value: Cell, moment_text: Callable[[datetime], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment_text(value)
    return str(value)


def _workbook(rows: Sequence[Cells], sheet_name: str) -> bytes:
    """Real date cells; the workbook's own creation date is the last day of the sample."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"created": AS_OF})
        moment_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day_format = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet(sheet_name)
        sheet.freeze_panes(HEADER_ROWS, 1)
        for column, header in enumerate(rows[0]):
            sheet.write_string(0, column, header)
        for number, row in enumerate(rows, start=HEADER_ROWS):
            for column, value in enumerate(row.values()):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, column, value, moment_format)
                elif isinstance(value, date):
                    sheet.write_datetime(number, column, value, day_format)
                elif isinstance(value, bool):
                    sheet.write_string(number, column, "yes" if value else "no")
                elif isinstance(value, int | Decimal):
                    sheet.write_number(number, column, value)
                elif value:
                    sheet.write_string(number, column, value)
    return content.getvalue()
