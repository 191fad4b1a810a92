"""Logs of changes folded into one row per ticket, and into its pauses.

Belongs here: what the rows of ``staging.ticket_events`` say together. Does not belong here:
reading them (``staging`` stages a log like any export), and reading the texts that come out
(``staging`` does that too, as of any file of tickets), but for times whose meaning hangs on the
file they stand in.

How rows are counted. A row of a log is staged in ``staging.ticket_events``, or rejected when it
names no ticket: rows in = staged + rejected holds for the file as for any. What is folded out
of it is counted by itself, as tickets and as pauses of that file: rows in are then the rows
folded, each at the place of the row it begins with. So the file is listed up to three times,
and adds up each time.

What is told. Changes go by their time, then by ``change_no`` where the log has one, never by
their place in a file: how rows are sorted and cut into files is nothing to the outcome. Of
changes at the same instant the last is the one whose value no other of them started from. What
the order of two changes, a change without a readable time, or a log that begins after its ticket
leaves open is not guessed: the cell is blank and listed; a pause is kept without its times, which
makes its ticket unmeasurable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.contract import EXPORTS, TICKET_EVENTS, Column, Kind
from pipelines.exports import conventions, values
from pipelines.exports.deciding import decide
from pipelines.exports.finding import WORKBOOK_SUFFIXES
from pipelines.exports.mapping import ColumnRule, ExportMapping, Fold
from pipelines.exports.quoting import identifier, literal
from pipelines.exports.reasons import BEFORE_THE_LOG, NO_TIME_OF_CHANGE, SAME_TIME
from pipelines.exports.source import Finding, Source

if TYPE_CHECKING:
    import duckdb

    from pipelines.contract import Export
    from pipelines.exports.conventions import Convention
    from pipelines.exports.mapping import LogRules, Mapping

_KEYS = ("ticket_id", "changed_at", "change_no")
_OF_WORKBOOK = re.compile(
    rf"({'|'.join(map(re.escape, WORKBOOK_SUFFIXES))})( \[.*\])?\Z", re.IGNORECASE | re.DOTALL
)
"""How the source of a workbook's rows ends, be it the book or one of its sheets."""


def log_export(rules: ExportMapping | None) -> Export:
    """The log as an export: its own columns, and those below which cells of tickets stand."""
    own = {column.name for column in TICKET_EVENTS.columns}
    cells = [name for name in (rules.columns if rules else ()) if name not in own]
    needed = TICKET_EVENTS.needed
    if rules and rules.log and rules.log.state is not None:
        needed = (*needed, "field")
    return replace(
        TICKET_EVENTS,
        columns=(*TICKET_EVENTS.columns, *(Column(name, Kind.TEXT) for name in cells)),
        needed=needed,
    )


@dataclass(frozen=True)
class Folded:
    """Sources of rows that came out of logs, one for each file, and the rules to read them by."""

    rules: ExportMapping
    sources: list[Source]


def fold_tickets(con: duckdb.DuckDBPyConnection, mapping: Mapping, timezone: str) -> Folded | None:
    """One row for each ticket of the logs; None when the mapping asks for none.

    ``timezone`` is the one staged times are in.
    """
    rules = mapping.exports[TICKET_EVENTS.name]
    log = rules.log
    if log is None or not log.tickets:
        return None
    names = list(log.tickets)
    _create_changes(con, log)
    kinds = _are_workbooks(con)
    ways = {
        name: _ways_of_time(con, name, rules, timezone, kinds)
        for name, ticket in log.tickets.items()
        if ticket.fold is Fold.CELL and not ticket.rule.formats and _is_time(name)
    }
    con.execute(
        "create or replace temp table _folded as select ticket_id as c0,"
        " arg_min(source_file, first) as source_file, arg_min(source_row, first) as line,"
        " count(*) as changes from (select *,"
        " row(changed_at is null, changed_at, change_no, id) as first from _changes)"
        " group by ticket_id"
    )
    for place, (name, ticket) in enumerate(log.tickets.items(), 1):
        if ticket.fold is Fold.FIRST_ENTRY:
            told = _first_entry(ticket.of, is_opening=name == "opened_at")
        elif ticket.fold is Fold.SINCE:
            told = _since(ticket.of)
        elif ticket.fold is Fold.LAST_VALUE:
            is_field = f"lower(field) = {literal(ticket.of[0].lower())}"
            told = _last("coalesce(new_value, '')", "coalesce(old_value, '')", is_field)
        elif log.state is None:
            told = _last(f"coalesce({identifier(name)}, '')", "null", "true")
        else:
            told = _last(identifier(name), "null", f"{identifier(name)} is not null")
        con.execute(
            f"create or replace temp table _folded as select f.*, t.said as c{place},"  # noqa: S608 - quoted
            f" t.why as why{place}, t.shown as shown{place}"
            f" from _folded as f left join ({told}) as t on t.ticket_id = f.c0"
        )
    tickets = mapping.exports.get("tickets")
    derived = ExportMapping(
        columns={name: _reading_rule(name, rules, timezone) for name in names},
        constants=tickets.constants if tickets else {},
        null_values=rules.null_values,
    )
    sources = _sources(con, EXPORTS["tickets"], "_folded", ["ticket_id", *names])
    for source in sources:
        source.has_serials = all(kinds.values())
        source.conventions = dict(ways)
    return Folded(derived, sources)


def _are_workbooks(con: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """The files (or sheets) that changes stand in, and whether each is of a workbook."""
    rows = con.execute("select distinct source_file from _changes order by all").fetchall()
    return {file: _OF_WORKBOOK.search(file) is not None for (file,) in rows}


def _is_time(name: str) -> bool:
    return any(c.name == name and c.kind is Kind.INSTANT for c in EXPORTS["tickets"].columns)


def _ways_of_time(
    con: duckdb.DuckDBPyConnection,
    name: str,
    rules: ExportMapping,
    timezone: str,
    kinds: dict[str, bool],
) -> Convention | None:
    """The convention of a column of cells that are times, whatever files they stand in.

    A day number is a time in a workbook alone, and whether the day or the month comes first is
    each file's own way. But the row of a ticket is counted with the file its log begins in,
    where neither can be told of a cell out of another. So where files differ the cells that hang
    on it are read here, and put down in ``_changes`` as times in UTC; the rest stay as they came.
    """
    rule = rules.log.tickets[name].rule if rules.log else ColumnRule(name)
    column = next(column for column in EXPORTS["tickets"].columns if column.name == name)
    plain = values.Reading(
        timezone="UTC",
        source_timezone=rule.timezone or rules.timezone or timezone,
        values=rule.values,
        null_words=rules.null_values,
        moves_days=True,
    )
    con.execute(
        f"create or replace temp table _cells as"  # noqa: S608 - quoted
        f" select *, {values.cleaned(column, 'cell', plain)} as text from"
        f" (select distinct source_file, {identifier(name)} as cell from _changes)"
    )
    ways: dict[str, Convention] = {}
    if rule.way is None:
        two_way = con.execute(
            "select distinct source_file from _cells"  # noqa: S608 - quoted
            f" where {conventions.is_two_way(column.kind, 'text')} order by all"
        ).fetchall()
        for (file,) in two_way:
            cells = f"(from _cells where source_file = {literal(file)})"
            looked_at = {name: (column, "text", replace(plain, has_serials=kinds[file]))}
            way = decide(con, cells, looked_at, f"{TICKET_EVENTS.name}.tickets")[name]
            if way:
                ways[file] = way
    told = {way.way for way in ways.values()}
    if len(told) > 1 or len({*kinds.values()}) > 1:
        for file, has_serials in kinds.items():
            way_of_file = rule.way or (ways[file].way if file in ways else None)
            reading = replace(plain, has_serials=has_serials, way=way_of_file)
            _put_down(con, column, file, plain, reading)
    if len(told) > 1 and conventions.UNDECIDED not in told:
        return None
    # Where a file is undecided, no other's way may be taken for what stays unread.
    undecided = [way for way in ways.values() if way.way == conventions.UNDECIDED]
    asked = [way for way in undecided if way.question]
    return next(iter([*asked, *undecided, *ways.values()]), None)


def _put_down(
    con: duckdb.DuckDBPyConnection,
    column: Column,
    file: str,
    plain: values.Reading,
    reading: values.Reading,
) -> None:
    """Put down, in ``_changes``, the times of a file that ``reading`` reads and ``plain`` not."""
    usual, said = (
        values.typed(column, values.found(column, "text", each), each) for each in (plain, reading)
    )
    name = identifier(column.name)
    con.execute(
        f"update _changes set {name} = cast(said as varchar) || 'Z' from (select cell, {said} as said"  # noqa: S608, E501 - quoted
        f" from _cells where source_file = {literal(file)} and {usual} is null) as cells"
        f" where source_file = {literal(file)} and {name} = cell and said is not null"
    )


def _reading_rule(name: str, rules: ExportMapping, timezone: str) -> ColumnRule:
    ticket = rules.log.tickets[name] if rules.log else None
    if ticket is None or ticket.fold in (Fold.FIRST_ENTRY, Fold.SINCE):
        return ColumnRule(name, timezone=timezone)
    rule = ticket.rule
    return ColumnRule(name, rule.values, rule.formats, rule.way, rule.timezone or rules.timezone)


def _create_changes(con: duckdb.DuckDBPyConnection, log: LogRules) -> None:
    """Temporary tables: ``_changes`` of a ticket, ``_moments`` of its state.

    ``_moments`` has a row for each instant (and number) at which the state changed:
    ``states`` it may have come to, one where that can be told, ``befores`` it may have come
    from, and ``n``, its number in the ticket.
    """
    con.execute(
        """
        create or replace temp table _changes as
        select * replace (case when is_numbered then change_no else 0 end as change_no)
        from (
            select *, rowid as id,
                bool_and(change_no is not null) over (partition by ticket_id, changed_at)
                    as is_numbered
            from staging.ticket_events where ticket_id is not null
        )
        """
    )
    is_state = "true" if log.state is None else f"lower(field) = {literal(log.state.lower())}"
    con.execute(
        "create or replace temp view _state_changes as"  # noqa: S608 - quoted
        f" select ticket_id, changed_at, change_no, id, {_state('new_value')} as new,"
        f" {_state('old_value')} as old from _changes where {is_state}"
    )
    con.execute(
        f"create or replace temp table _moments as select *, row_number() over"  # noqa: S608 - names of our own
        f" (partition by ticket_id order by changed_at, change_no) as n from"
        f" ({_moments('_state_changes', 'new', 'old')})"
    )


def _moments(table: str, new: str, old: str) -> str:
    """SQL of the instants of changes: what each may have led to, and come from."""
    return (
        f"select {', '.join(_KEYS)}, id, {_ends('news', 'olds')} as states,"  # noqa: S608 - quoted
        f" {_ends('olds', 'news')} as befores from (select {', '.join(_KEYS)}, min(id) as id,"
        f" list_sort(list(distinct {new})) as news,"
        f" coalesce(list(distinct {old}) filter (where {old} is not null), []) as olds"
        f" from {table} where changed_at is not null group by all)"
    )


def _ends(these: str, those: str) -> str:
    """SQL of the values of the list ``these`` that are not in ``those``; all, where none is."""
    ends = f"list_filter({these}, lambda value: not list_contains({those}, value))"
    return f"(case when len({these}) = 1 or len({ends}) = 0 then {these} else {ends} end)"


def _last(value: str, before: str, condition: str) -> str:
    """SQL of ticket, the last ``value``, or why it cannot be told and what it may be."""
    rows = f"(select ticket_id, changed_at, change_no, id, {value} as new, {before} as old from _changes where {condition})"  # noqa: S608, E501 - quoted
    return f"""
        with spread as (
            select ticket_id, count(distinct new) as ways, min(new) as any_value,
                bool_or(changed_at is null) as is_unplaced, list_sort(list(distinct new)) as news
            from {rows} group by ticket_id
        ),
        lasts as (
            select ticket_id, arg_max(states, row(changed_at, change_no)) as states
            from ({_moments(rows, "new", "old")}) group by ticket_id
        )
        select ticket_id,
            case when ways = 1 then any_value
                when not is_unplaced and len(states) = 1 then states[1] end as said,
            case when ways = 1 then null
                when is_unplaced then {literal(NO_TIME_OF_CHANGE)}
                when len(states) > 1 then {literal(SAME_TIME)} end as why,
            array_to_string(case when is_unplaced then news else states end, ' / ') as shown
        from spread left join lasts using (ticket_id)
    """  # noqa: S608 - quoted


def _state(column: str) -> str:
    return f"lower(trim(coalesce({column}, '')))"


def _states(states: tuple[str, ...]) -> str:
    return "[" + ", ".join(literal(state.strip().lower()) for state in states) + "]"


def _is_in(states: str, column: str = "states") -> str:
    """SQL: whether the state is one of ``states``; null where that cannot be told."""
    return (
        f"(case when list_has_all({states}, {column}) then true"
        f" when not list_has_any({states}, {column}) then false end)"
    )


def _unplaced(states: str) -> str:
    """SQL of each ticket: what it has to do with ``states``, and with changes without a time.

    It is concerned when it comes into one of them, touched when it comes into one or leaves it.
    ``shown`` is a state that a change without a time led to.
    """
    return (
        f"select ticket_id, bool_or(list_contains({states}, new)) as is_concerned,"  # noqa: S608 - quoted
        f" bool_or(list_contains({states}, new) or list_contains({states}, old)) as is_touched,"
        f" bool_or(changed_at is null) as is_unplaced,"
        f" bool_or(changed_at is null and list_contains({states}, new)) as is_entry_unplaced,"
        f" bool_or(changed_at is null and list_contains({states}, old)) as is_exit_unplaced,"
        " min(new) filter (where changed_at is null) as shown"
        " from _state_changes group by ticket_id"
    )


def _first_entry(of: tuple[str, ...], *, is_opening: bool) -> str:
    """SQL of ticket, when it first came into one of the states, or why that cannot be told.

    A ticket whose log begins by leaving such a state came into it before: a later entry is not
    the first one. Nor need it be where a change out of such a state has no time, unless the log
    begins with a change from nothing, which is the ticket's beginning. A ticket that the log finds
    in any state was opened before.
    """
    states = _states(of)
    return f"""
        with entries as (
            select ticket_id, min(changed_at) as at_first from _state_changes
            where list_contains({states}, new) group by ticket_id
        ),
        starts as (
            select ticket_id, befores, {_is_in(states, "befores")} as was_in,
                list_contains(befores, '') as is_beginning
            from _moments where n = 1
        ),
        whys as (
            select ticket_id, at_first, shown, befores,
                case when is_entry_unplaced then {literal(NO_TIME_OF_CHANGE)}
                    when was_in and at_first is not null then {literal(BEFORE_THE_LOG)}
                    when was_in is null and befores is not null then {literal(SAME_TIME)}
                    when is_exit_unplaced and at_first is not null and not is_beginning
                        then {literal(NO_TIME_OF_CHANGE)}
                    when {is_opening} and at_first is not null and not is_beginning
                        then {literal(BEFORE_THE_LOG)} end as why
            from ({_unplaced(states)}) left join entries using (ticket_id)
                left join starts using (ticket_id)
        )
        select ticket_id, case when why is null then cast(at_first as varchar) end as said, why,
            case when why = {literal(NO_TIME_OF_CHANGE)} then shown
                else array_to_string(befores, ' / ') end as shown
        from whys
    """  # noqa: S608 - quoted


def _since(of: tuple[str, ...]) -> str:
    """SQL of ticket, since when it has been in one of the states, or why that cannot be told.

    A ticket that was in one of them when its log begins, and has been all along, came into it
    before.
    """
    states = _states(of)
    return f"""
        with moments as (
            select ticket_id, changed_at, n, states, {_is_in(states)} as is_in from _moments
        ),
        breaks as (
            select ticket_id, coalesce(max(n) filter (where is_in is distinct from true), 0) as n,
                max(n) filter (where is_in is null) as unknown_n,
                arg_max(states, n) filter (where is_in is null) as unknown_states
            from moments group by ticket_id
        ),
        runs as (
            select b.ticket_id, min(m.changed_at) as since, unknown_states,
                b.n is not distinct from b.unknown_n as is_unknown, b.n = 0 as is_unbroken
            from breaks as b left join moments as m on m.ticket_id = b.ticket_id and m.n > b.n
            group by all
        ),
        starts as (
            select ticket_id, befores, {_is_in(states, "befores")} as was_in
            from _moments where n = 1
        ),
        whys as (
            select *,
                case when is_unplaced and is_concerned then {literal(NO_TIME_OF_CHANGE)}
                    when is_unknown then {literal(SAME_TIME)}
                    when is_unbroken and was_in then {literal(BEFORE_THE_LOG)}
                    when is_unbroken and was_in is null and befores is not null
                        then {literal(SAME_TIME)} end as why
            from ({_unplaced(states)}) left join runs using (ticket_id)
                left join starts using (ticket_id)
        )
        select ticket_id, case when why is null then cast(since as varchar) end as said, why,
            case when is_unplaced then shown
                else array_to_string(coalesce(unknown_states, befores), ' / ') end as shown
        from whys
    """  # noqa: S608 - quoted


def fold_pauses(con: duckdb.DuckDBPyConnection, mapping: Mapping, timezone: str) -> Folded | None:
    """A row for each stay in the states in which the clock stands still; None without such.

    A ticket whose log begins by leaving such a state was in it from the time it was opened, as
    ``staging.tickets`` says.
    """
    log = mapping.exports[TICKET_EVENTS.name].log
    if log is None or not log.pauses:
        return None
    _create_changes(con, log)
    states = _states(log.pauses)
    con.execute(
        f"""
        create or replace temp table _folded as
        with moments as (
            select *, {_is_in(states)} as is_pause,
                lead(changed_at) over (partition by ticket_id order by n) as next_at
            from _moments
        ),
        starts as (
            select ticket_id, id, changed_at,
                case when list_has_any({states}, befores) then {_is_in(states, "befores")}
                    else false end as is_pause,
                array_to_string(befores, ' / ') as shown
            from moments where n = 1
        ),
        doubts as (
            select ticket_id,
                case when is_unplaced then {literal(NO_TIME_OF_CHANGE)}
                    else {literal(SAME_TIME)} end as why,
                case when is_unplaced then shown else array_to_string(states, ' / ') end as shown
            from ({_unplaced(states)})
            left join (
                select ticket_id, arg_min(states, n) as states from moments
                where is_pause is null group by ticket_id
            ) as unknown using (ticket_id)
            left join (
                select ticket_id, is_pause as starts_paused from starts
            ) using (ticket_id)
            where is_touched and (is_unplaced or states is not null or starts_paused is null)
        ),
        runs as (
            select *, n - row_number() over (partition by ticket_id, is_pause order by n) as run
            from moments
        ),
        stays as (
            select ticket_id, min(id) as id, min(changed_at) as paused_at,
                case when bool_and(next_at is not null) then max(next_at) end as resumed_at,
                array_to_string(list_sort(list_distinct(flatten(list(states)))), ' / ') as reason
            from runs where is_pause group by ticket_id, run
        ),
        firsts as (
            select ticket_id, id, opened_at as paused_at, changed_at as resumed_at, shown as reason
            from starts left join staging.tickets using (ticket_id) where is_pause
        ),
        rows as (
            select * from (from stays union all from firsts)
            where paused_at is distinct from resumed_at
        )
        select ticket_id as c0, cast(paused_at as varchar) as c1, cast(resumed_at as varchar) as c2,
            reason as c3, null as why1, null as shown1, source_file, source_row as line
        from rows join _changes using (ticket_id, id)
        where ticket_id not in (select ticket_id from doubts)
        union all
        select ticket_id, null, null, shown, why, shown, arg_min(source_file, id),
            arg_min(source_row, id)
        from doubts join _changes using (ticket_id) group by all
        """  # noqa: S608 - quoted
    )
    names = ["ticket_id", "paused_at", "resumed_at", "reason"]
    times = ("paused_at", "resumed_at")
    derived = ExportMapping(columns={name: ColumnRule(name, timezone=timezone) for name in times})
    return Folded(derived, _sources(con, EXPORTS["pauses"], "_folded", names))


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what folding kept beside ``staging.ticket_events``."""
    con.execute("drop view if exists _state_changes")
    for table in ("_changes", "_moments", "_cells", "_folded", "_folded_tickets", "_folded_pauses"):
        con.execute(f"drop table if exists {table}")


def _sources(
    con: duckdb.DuckDBPyConnection, export: Export, table: str, names: list[str]
) -> list[Source]:
    """The folded rows of each file, in the order of the rows they begin with."""
    kept = f"_folded_{export.name}"
    con.execute(f"create or replace temp table {kept} as from {table} order by source_file, line")
    columns = ", ".join(f"c{place}" for place in range(len(names)))
    described = {row[0] for row in con.execute(f"describe {kept}").fetchall()}
    sources = []
    for name, rows in con.execute(
        f"select source_file, count(*) from {kept} group by all order by all"  # noqa: S608 - names of our own
    ).fetchall():
        of_file = f"from {kept} where source_file = {literal(name)}"
        findings = [
            Finding(line, place, shown, why)
            for place in range(1, len(names))
            if f"why{place}" in described
            for line, shown, why in con.execute(
                f"select line, shown{place}, why{place} {of_file}"
                f" and why{place} is not null order by line"
            ).fetchall()
        ]
        sources.append(
            Source(
                export=export.name,
                source_file=name,
                headers=names,
                relation=f"(select {columns}, line {of_file} order by line)",
                format="folded",
                expected_rows=rows,
                findings=sorted(findings, key=lambda finding: finding.line),
                notes=[f"folded from the changes in {TICKET_EVENTS.name}"],
            )
        )
    return sources
