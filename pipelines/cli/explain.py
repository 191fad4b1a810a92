"""``sla explain``: one ticket, every verdict and charge, and what each rests on.

Belongs here: reading one ticket's rows out of a finished warehouse and putting them in words.
Does not belong here: deciding anything; what the tables do not say is not said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipelines.errors import UsageError
from pipelines.months import store
from pipelines.service_hours import holidays_cn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime
    from pathlib import Path

    import duckdb

Row = dict[str, Any]

_MOST_INTERVALS = 24
_SATURDAY = 5


@dataclass(frozen=True)
class Interval:
    """A stretch of local time in which the clock ran, or stood and why."""

    starts_at: datetime
    ends_at: datetime
    why_not: str | None

    def length(self, zone: ZoneInfo) -> timedelta:
        """How long it lasted; a day of the zone may have 23 or 25 hours."""
        return _instant(self.ends_at, zone) - _instant(self.starts_at, zone)


def explain_ticket(con: duckdb.DuckDBPyConnection, ticket_id: str, out: Path | None = None) -> str:
    """Everything the warehouse says of one ticket, with clause and source row.

    ``out`` is where the run wrote; its store tells whether the ticket's month was published.

    Raises:
        UsageError: no such ticket; similar ids are named.
    """
    found = _rows(con, "select * from steps.tickets where ticket_id = $id", id=ticket_id)
    if not found:
        raise UsageError(_not_found(con, ticket_id))
    ticket = found[0]
    sections = [
        _ticket_section(con, ticket),
        _month_section(con, ticket, out),
        _response_section(con, ticket),
        _charge_section(con, ticket_id),
        _obligation_section(con, ticket_id),
        _problem_section(con, ticket),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _rows(con: duckdb.DuckDBPyConnection, sql: str, **values: object) -> list[Row]:
    result = con.execute(sql, values)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _has(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, name = table.split(".")
    sql = (
        "select 1 from information_schema.tables "
        "where table_schema = $schema and table_name = $name"
    )
    return bool(_rows(con, sql, schema=schema, name=name))


def _not_found(con: duckdb.DuckDBPyConnection, ticket_id: str) -> str:
    near = _rows(
        con,
        "select ticket_id from staging.tickets "
        "order by levenshtein(ticket_id, $id), ticket_id limit 3",
        id=ticket_id,
    )
    names = ", ".join(row["ticket_id"] for row in near) or "none at all"
    gone = _changes_since(con, ticket_id)
    if gone:
        one = gone[0]
        return (
            f"There is no ticket {ticket_id!r} any more. It was published in {one['month']:%Y-%m} "
            f"(version {one['version']}; {one['kind']}: {one['was']}). Since then: {one['cause']}."
        )
    return f"There is no ticket {ticket_id!r} in this warehouse. The nearest ids: {names}."


def _ticket_section(con: duckdb.DuckDBPyConnection, ticket: Row) -> list[str]:
    service = _rows(
        con,
        "select name_zh, name_en from terms.services where period_id = $p and service_code = $c",
        p=ticket["period_id"],
        c=ticket["service_code"],
    )
    name = f" {service[0]['name_zh']} {service[0]['name_en']}" if service else ""
    period = _rows(
        con, "select valid_from from terms.periods where period_id = $p", p=ticket["period_id"]
    )
    policy = "unknown, as the time of opening is"
    if ticket["opened_at"]:
        policy = "none on the day of opening"
    if period:
        policy = f"in force from {period[0]['valid_from']}"
    who = " ".join(_given(ticket["provider"], ticket["agent_id"])) or "unknown"
    return [
        f"Ticket {ticket['ticket_id']} · {ticket['customer_type'] or 'unknown customer type'} "
        f"{ticket['customer_name'] or ticket['customer_id'] or ''}".rstrip(),
        f"  service    {ticket['service_code'] or 'unknown'}{name}",
        f"  level      {ticket['service_level'] or 'unknown'} (T1)",
        (
            f"  city       {ticket['city'] or 'unknown'}, served from "
            f"{ticket['dispatched_from'] or 'unknown'}"
        ),
        f"  provider   {who}",
        f"  opened     {_time(ticket['opened_at'])}",
        f"  terms      {policy}",
        f"  source     {ticket['source_file']} row {ticket['source_row']}",
    ]


def _month_section(con: duckdb.DuckDBPyConnection, ticket: Row, out: Path | None) -> list[str]:
    """Whether the month is closed, and what of the ticket has changed since."""
    month = ticket["month"]
    version = store.latest(out).get(month) if out is not None and month is not None else None
    changes = _changes_since(con, ticket["ticket_id"])
    if version is None and not changes:
        return []
    head = f"Month {month:%Y-%m} · not published" if month else "Month · unknown"
    if version is not None:
        day = version.manifest["published_at"][:10]
        head = f"Month {month:%Y-%m} · published on {day} as version {version.number}"
        looked = _has(con, "marts.closed_months") and _rows(
            con,
            "select state, why_not from marts.closed_months where seal = $seal",
            seal=version.seal,
        )
        if not looked:
            return [head, "  since      no run has looked yet: it was published from this result"]
        if looked[0]["state"] == "not_compared":
            return [head, f"  since      not known: {looked[0]['why_not']}"]
    lines = [
        f"  {change['kind']} · {change['was'] or 'not there'} as published, "
        f"{change['is_now'] or 'gone'} now · {change['month']:%Y-%m}, version {change['version']}"
        + (f" · {change['detail']}" if change["detail"] else "")
        + f"\n    why      {change['cause']}"
        for change in changes
    ]
    return [head, *(lines or ["  since      nothing of this ticket has changed"])]


def _changes_since(con: duckdb.DuckDBPyConnection, ticket_id: str) -> list[Row]:
    """What of a ticket is not as it was published."""
    if not _has(con, "marts.restatements"):
        return []
    return _rows(
        con,
        "select * from marts.restatements where ticket_id = $id order by month, kind, subject_id",
        id=ticket_id,
    )


def _given(*values: str | None) -> list[str]:
    return [value for value in values if value]


def _time(value: datetime | None) -> str:
    return f"{value:%a %Y-%m-%d %H:%M:%S}" if value else "–"


def _hours(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    sign = "-" if seconds < 0 else ""
    minutes, second = divmod(abs(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{sign}{hour}:{minute:02}:{second:02} ({seconds} s)"


def _response_section(con: duckdb.DuckDBPyConnection, ticket: Row) -> list[str]:
    found = _rows(
        con,
        """
        select
            response.*, rule.service_calendar_id as calendar_id,
            coalesce(response.stopped_at, greatest(response.opened_at, run.as_of)) as ended_at,
            rule.strictness, rule.response_clock, rule.holidays, rule.clock_stops_at as stops_at,
            case when rule.clock_stops_at = 'arrived_at' and $mode <> 'onsite' then 'responded_at'
                else rule.clock_stops_at end as clock_stops_at
        from facts.responses as response
        cross join meta.run as run
        left join terms.days as opening on opening.day = cast(response.opened_at as date)
        left join terms.rules as rule on rule.period_id = opening.period_id
        where response.ticket_id = $id
        """,
        id=ticket["ticket_id"],
        mode=ticket["mode"],
    )
    if not found:
        return [_no_response(con, ticket)]
    row = found[0]
    by = f"level {row['fault_level'] or 'unknown'}"
    if ticket["agreed_due_at"]:
        by = "agreed for this ticket"
    tier = row["city_tier"] or "tier unknown"
    stop = _time(row["stopped_at"]) if row["stopped_at"] else "not yet, measured to the as-of"
    if row["stopped_at"] is None and not row["is_open"]:
        stop = "not recorded"
    lines = [
        f"Response · {row['verdict']} · clauses {row['clause']}, AS-7"
        + (" · still open" if row["is_open"] else ""),
        *([f"  why        {row['reason']}"] if row["reason"] else []),
    ]
    if row["strictness"] is None:  # without terms nothing is measured
        return [*lines, f"  stopped    {stop}", *_pause_lines(con, ticket["ticket_id"])]
    late = _late(row)
    lines += [
        (
            f"  target     {_hours(row['target_seconds'])}, {by}, {tier}, {row['clock'] or 'no'} "
            f"clock; time used must be {row['strictness']} the target"
        ),
        f"  stopped    {stop} ({row['clock_stops_at']}, reading 3)",
        f"  due        {_time(row['due_at'])}",
        (
            f"  used       {_hours(row['elapsed_seconds'])}, "
            f"pauses {_hours(row['paused_seconds'])} taken out"
        ),
        *([f"  late       {late}"] if late else []),
        f"  calendar   {_hours(row['calendar_seconds'])}",
        f"  service    {_hours(row['service_seconds'])}",
        (
            f"  readings   1 {row['response_clock']} · 2 {row['holidays']} · "
            f"3 {row['stops_at']} · 4 {row['strictness']}"
        ),
    ]
    return lines + _interval_lines(con, row) + _pause_lines(con, ticket["ticket_id"])


def _no_response(con: duckdb.DuckDBPyConnection, ticket: Row) -> str:
    """Why no response is judged: the ticket is no fault, or whether it is one cannot be read."""
    unread = _rows(
        con,
        """
        select problem."column" as name, problem.value
        from staging.problems as problem
        where problem.export = 'tickets' and problem."column" in ('fault_level', 'category')
            and problem.source_file = $file and problem.source_row = $row
        order by problem."column" desc
        """,
        file=ticket["source_file"],
        row=ticket["source_row"],
    )
    if not unread:
        return "Response · the ticket is no fault: no response time is promised (T4)"
    cells = ", ".join(f"{cell['name']} {cell['value']!r}" for cell in unread)
    return (
        f"Response · whether the ticket is a fault is not known: {cells} cannot be read, "
        "and no response time was applied (T4)"
    )


def _late(row: Row) -> str | None:
    """How much more than the target was used; None where nothing was, or nobody can tell."""
    if row["verdict"] != "breached":
        return None
    if over := row["elapsed_seconds"] - row["target_seconds"]:
        return f"by {_hours(over)}"
    if row["strictness"] == "<=":
        return "by less than a second"
    return "it used all of the target; less is promised"


def _interval_lines(con: duckdb.DuckDBPyConnection, row: Row) -> list[str]:
    opened, ended = row["opened_at"], row["ended_at"]
    if opened is None or ended is None or ended <= opened or row["clock"] is None:
        return []
    if row["clock"] == "calendar":
        return [f"  counted    {_time(opened)} to {_time(ended)}, every hour"]
    pieces = _rows(
        con,
        """
        with days as (
            select *, bool_or(is_open) over (partition by day) as is_day_open
            from clocks.segments
            where calendar_id = $calendar
                and day between cast($opened as date) and cast($ended as date)
        )
        select
            greatest(starts_at, $opened) as starts_at,
            least(ends_at, $ended) as ends_at,
            is_open,
            is_day_open
        from days
        where starts_at < $ended and ends_at > $opened
        order by starts_at
        """,
        calendar=row["calendar_id"],
        opened=opened,
        ended=ended,
    )
    intervals = _merged(
        Interval(
            piece["starts_at"],
            piece["ends_at"],
            None
            if piece["is_open"]
            else _why_not(piece["starts_at"].date(), row["holidays"], is_open=piece["is_day_open"]),
        )
        for piece in pieces
    )
    ((timezone,),) = con.execute("select timezone from meta.run").fetchall()
    zone = ZoneInfo(timezone)
    lines = [
        f"  {'not' if i.why_not else 'counted':<10} {_time(i.starts_at)} to {_time(i.ends_at)}"
        + (f", {i.why_not}" if i.why_not else f", {i.length(zone)}")
        for i in intervals
    ]
    if len(lines) > _MOST_INTERVALS:
        half = _MOST_INTERVALS // 2
        left_out = len(lines) - 2 * half
        lines = [*lines[:half], f"  …          {left_out} more stretches", *lines[-half:]]
    return lines


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _why_not(day: date, holidays: str, *, is_open: bool) -> str:
    if is_open:
        return "outside service hours"
    if holidays == "CN" and day in holidays_cn.statutory_days(day, day).holidays:
        return "public holiday"
    return "weekend" if day.weekday() >= _SATURDAY else "closed all day"


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Join stretches that touch and have the same reason."""
    merged: list[Interval] = []
    for interval in intervals:
        last = merged[-1] if merged else None
        if last and last.ends_at == interval.starts_at and last.why_not == interval.why_not:
            merged[-1] = Interval(last.starts_at, interval.ends_at, last.why_not)
        else:
            merged.append(interval)
    return merged


def _pause_lines(con: duckdb.DuckDBPyConnection, ticket_id: str) -> list[str]:
    pauses = _rows(
        con,
        "select pause.* replace (case when pause.resumed_at <= run.as_of then pause.resumed_at end "
        "as resumed_at) from staging.pauses as pause cross join meta.run as run "
        "where pause.ticket_id = $id and coalesce(pause.paused_at <= run.as_of, true) "
        "order by pause.paused_at, pause.resumed_at",
        id=ticket_id,
    )
    return [
        f"  pause      {_time(pause['paused_at'])} to {_time(pause['resumed_at'])}"
        + (f", {pause['reason']}" if pause["reason"] else "")
        + f" ({pause['source_file']} row {pause['source_row']})"
        for pause in pauses
    ]


def _no_invoices(con: duckdb.DuckDBPyConnection) -> bool:
    given = "select 1 from meta.files where export = 'invoices'"
    return _has(con, "meta.files") and not _rows(con, given)


def _charge_section(con: duckdb.DuckDBPyConnection, ticket_id: str) -> list[str]:
    if not _has(con, "facts.charges"):
        return []
    charges = _rows(
        con,
        "select * from facts.charges where ticket_id = $id order by charge_type, charge_id",
        id=ticket_id,
    )
    lines = ["Charges"] if charges else []
    if lines and _no_invoices(con):
        lines.append("  No invoices export was given: whether any of them was billed is not known.")
    for charge in charges:
        lines += [
            f"  {charge['charge_type']} · {charge['finding']} · clause {charge['clause']}",
            (
                f"    expected {charge['expected']}, billed {charge['billed_amount']} "
                f"{charge['currency'] or ''}, biller {charge['biller'] or 'unknown'}"
            ),
            f"    why      {charge['reason'] or '–'}",
            *([f"    lines    {charge['invoice_ids']}"] if charge["invoice_ids"] else []),
        ]
    return lines


def _obligation_section(con: duckdb.DuckDBPyConnection, ticket_id: str) -> list[str]:
    if not _has(con, "marts.obligations"):
        return []
    promises = _rows(
        con,
        "select * from marts.obligations where ticket_id = $id and kind <> 'response' "
        "order by kind, subject_id",
        id=ticket_id,
    )
    lines = ["Promises"] if promises else []
    for promise in promises:
        due = f", due {_due(promise)}" if promise["due_at"] else ""
        done = f", done {_time(promise['done_at'])}" if promise["done_at"] else ""
        lines.append(
            f"  {promise['kind']} · {promise['verdict']} · clause {promise['clause']} · "
            f"by {promise['responsible'] or 'unknown'}{due}{done}"
        )
        if promise["reason"]:
            lines.append(f"    why      {promise['reason']}")
    return lines


def _due(promise: Row) -> str:
    """Until when; an inspection is due by the end of its last day, not at 0:00 of the next."""
    if promise["kind"] != "inspection":
        return _time(promise["due_at"])
    return f"by the end of {promise['due_at'] - timedelta(days=1):%a %Y-%m-%d}"


def _problem_section(con: duckdb.DuckDBPyConnection, ticket: Row) -> list[str]:
    problems: Sequence[Row] = _rows(
        con,
        'select "column", value, reason from staging.problems '
        "where export = 'tickets' and source_file = $file and source_row = $row order by 1",
        file=ticket["source_file"],
        row=ticket["source_row"],
    )
    head = ["Unreadable fields of its row (taken as blank)"] if problems else []
    return head + [f"  {p['column']} = {p['value']!r}: {p['reason']}" for p in problems]
