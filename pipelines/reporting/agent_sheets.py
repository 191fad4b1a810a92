"""The sheets of the agents: ``agents/<agent_id>.html`` and ``.xlsx``, each agent's own rows only.

Belongs here: which rows each agent is given, and its workbook. Does not belong here: what a
finding means (``models``) or how the page looks (``dashboards.agent_sheet``). The same warehouse
gives the same bytes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from dashboards import words
from dashboards.agent_sheet import WORDS, AgentSheet, sheet_html, sheet_path, to_do
from dashboards.language import LANGUAGES
from dashboards.workbook import cell_text, fitted_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb
    from xlsxwriter.format import Format

    from dashboards.language import Text

#: Most rows of one agent on one sheet of its workbook; the longest due come first.
MOST_ROWS: Final = 2000
_COUNTS: Final = (
    "due",
    "filed_on_time",
    "filed_late",
    "missing",
    "incomplete",
    "wrong_form",
    "pending",
    "unmeasurable",
)

_OWED: Final = """
select
    filing.agent_id,
    filing.ticket_id,
    ticket.customer_id,
    ticket.customer_name,
    ticket.service_code,
    service.name_zh as service_zh,
    service.name_en as service_en,
    filing.form,
    filing.service_finished_at,
    filing.due_at,
    (epoch(run.as_of) - epoch(filing.due_at)) / 86400 as overdue_days,
    filing.finding,
    filing.record_id,
    filing.missing_fields,
    count(*) over (partition by filing.agent_id) as of_agent
from facts.filings as filing
cross join meta.run as run
left join staging.tickets as ticket on ticket.ticket_id = filing.ticket_id
left join terms.days as opened on opened.day = cast(ticket.opened_at as date)
left join terms.services as service
    on service.period_id = opened.period_id and service.service_code = ticket.service_code
where filing.agent_id is not null
    and filing.finding in ('missing', 'incomplete', 'wrong_form', 'pending')
qualify row_number() over (partition by filing.agent_id order by filing.due_at, filing.ticket_id)
    <= $most
order by filing.agent_id, filing.due_at, filing.ticket_id
"""

_NOT_COUNTED: Final = """
select agent_id, record_id, ticket_id, submitted_at, reason, reason_zh,
    count(*) over (partition by agent_id) as of_agent
from marts.record_exceptions
where agent_id is not null
qualify row_number() over (partition by agent_id order by submitted_at desc, record_id) <= $most
order by agent_id, submitted_at desc nulls last, record_id
"""

_MONTHS: Final = """
select agent_id, month, due, filed_on_time, filed_late, missing, incomplete, wrong_form, pending,
    unmeasurable
from marts.agent_filing
where agent_id is not null
order by agent_id, month desc nulls last
"""


def write_agent_sheets(con: duckdb.DuckDBPyConnection, report_dir: Path) -> list[Path]:
    """Write the page and the workbook of every agent that owed or filed a record.

    Args:
        con: the finished warehouse; nothing in it is changed.
        report_dir: the report's folder, made when it is not there.

    Returns:
        The files written, in order.
    """
    written = []
    for sheet in agent_sheets(con):
        page = report_dir / f"{sheet_path(sheet.agent_id)}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(sheet_html(sheet), encoding="utf-8", newline="\n")
        book = page.with_suffix(".xlsx")
        book.write_bytes(workbook(sheet))
        written += [page, book]
    return written


def agent_sheets(con: duckdb.DuckDBPyConnection) -> list[AgentSheet]:
    """The sheet of every agent that owed or filed a record, in order of agent id.

    None without an export of service records: nobody can be said not to have filed then.
    """
    given = con.execute("select 1 from meta.files where export = 'service_records'").fetchone()
    if given is None:
        return []
    owed, not_counted, months = (_by_agent(con, sql) for sql in (_OWED, _NOT_COUNTED, _MONTHS))
    names = dict(con.execute("select agent_id, agent_name from staging.agents").fetchall())
    rules = con.execute(
        "select run.as_of, run.timezone, rule.record_due_seconds // 3600, rule.period_id, "
        "(select count(distinct other.record_due_seconds) > 1 from terms.rules as other "
        "inner join terms.days as begun on begun.period_id = other.period_id "
        "and begun.day <= cast(run.as_of as date)) "
        "from meta.run as run "
        "inner join terms.days as today on today.day = cast(run.as_of as date) "
        "inner join terms.rules as rule on rule.period_id = today.period_id"
    ).fetchone()
    if rules is None:
        return []
    as_of, timezone, due_hours, period_id, has_other_limits = rules
    fields: dict[str, list[str]] = {}
    for form, name in con.execute(
        "select form, field from terms.form_fields where period_id = $1", [period_id]
    ).fetchall():
        fields.setdefault(form, []).append(name)
    return [
        AgentSheet(
            agent_id=agent_id,
            agent_name=names.get(agent_id),
            as_of=as_of,
            timezone=timezone,
            due_hours=due_hours,
            has_other_limits=has_other_limits,
            fields=fields,
            totals={name: sum(row[name] for row in months.get(agent_id, ())) for name in _COUNTS},
            owed=owed.get(agent_id, ()),
            not_counted=not_counted.get(agent_id, ()),
            months=months.get(agent_id, ()),
        )
        for agent_id in sorted({*owed, *not_counted, *months})
    ]


Rows = list[dict[str, Any]]


def _by_agent(con: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Rows]:
    result = con.execute(sql, {"most": MOST_ROWS} if "$most" in sql else None)
    columns = [column[0] for column in result.description]
    agents: dict[str, Rows] = {}
    for values in result.fetchall():
        row = dict(zip(columns, values, strict=True))
        agents.setdefault(row["agent_id"], []).append(row)
    return agents


def workbook(sheet: AgentSheet) -> bytes:
    """The agent's workbook: records outstanding and to come, records not counted, months."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        # The as-of stands where a clock would: equal inputs must give equal bytes.
        title = f"{sheet.agent_id} {WORDS['title'].zh} {WORDS['title'].en}"
        book.set_properties({"title": title, "created": sheet.as_of})
        styles = {
            "header": book.add_format({"bold": True, "bg_color": "#E8EDF2", "text_wrap": True}),
            "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "days": book.add_format({"num_format": "0.0"}),
            "wrapped": book.add_format({"text_wrap": True}),
        }
        _write(
            book,
            styles,
            "欠交待交 Owed",
            ("ticket", "state", "customer", "service", "finished", "form", "due", "overdue",
             "record", "to_do"),
            [*map(_owed_cells, sheet.owed), *_cut(sheet.owed)],
        )  # fmt: skip
        _write(
            book,
            styles,
            "不计入 Not counted",
            ("record", "ticket", "submitted", "reason"),
            [
                *((row["record_id"], row["ticket_id"], row["submitted_at"],
                   f"{row['reason_zh']} {row['reason']}")
                  for row in sheet.not_counted),
                *_cut(sheet.not_counted),
            ],
        )  # fmt: skip
        _write(
            book,
            styles,
            "各月 Months",
            ("month", *_COUNTS),
            [
                (None if row["month"] is None else f"{row['month']:%Y-%m}",
                 *(row[name] for name in _COUNTS))
                for row in sheet.months
            ],
        )  # fmt: skip
    return content.getvalue()


def _cut(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str]]:
    """What a list that was cut says in its last row."""
    if not rows or rows[0]["of_agent"] == len(rows):
        return []
    numbers = {"shown": f"{len(rows):,}", "all": f"{rows[0]['of_agent']:,}"}
    return [(_both(WORDS["cut"]).format(**numbers),)]


def _owed_cells(row: Mapping[str, Any]) -> tuple[Any, ...]:
    form = words.FORMS.get(row["form"])
    finding = words.FINDINGS[row["finding"]]
    service = (row["service_code"], row["service_zh"], row["service_en"])
    overdue = row["overdue_days"]
    return (
        row["ticket_id"],
        _both(finding),
        row["customer_name"] or row["customer_id"],
        " ".join(part for part in service if part),
        row["service_finished_at"],
        _both(form) if form else None,
        row["due_at"],
        overdue if overdue > 0 else None,
        row["record_id"],
        "\n".join(to_do(row, language) for language in LANGUAGES),
    )


def _both(text: Text) -> str:
    return f"{text.zh} {text.en}"


_HEADERS: Final = {
    **{name: _both(text) for name, text in WORDS.items()},
    **{name: _both(text) for name, text in words.FINDINGS.items() if name in _COUNTS},
    "unmeasurable": _both(WORDS["undecided"]),
}
#: Of columns whose cells are no texts: an instant to the second.
_WIDTH: Final = 18


def _write(
    book: xlsxwriter.Workbook,
    styles: Mapping[str, Format],
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    sheet = book.add_worksheet(name)
    # The word for "due" is a date on one sheet and a number of records on another.
    headers = {**_HEADERS, "due": _HEADERS["records_due"]} if "missing" in columns else _HEADERS
    for place, column in enumerate(columns):
        # Rows with one cell are notes.
        cells = [row[place] for row in rows if len(row) == len(columns)]
        texts = [cell for cell in cells if isinstance(cell, str)]
        sheet.set_column(place, place, max(_WIDTH, fitted_width(texts)))
        sheet.write_string(0, place, headers[column], styles["header"])
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            _write_cell(sheet, number, place, value, styles)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)


def _write_cell(
    sheet: Any,  # noqa: ANN401 - xlsxwriter's Worksheet has no types for its writers
    row: int,
    column: int,
    value: str | float | datetime | None,
    styles: Mapping[str, Format],
) -> None:
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(row, column, cell_text(value), styles["wrapped"])
    elif isinstance(value, (int, float)):
        whole = isinstance(value, int)
        sheet.write_number(row, column, value, None if whole else styles["days"])
    else:
        sheet.write_datetime(row, column, value, styles["instant"])
