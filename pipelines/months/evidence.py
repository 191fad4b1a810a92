# ruff: noqa: S608 - the SQL is put together from the names of the contract
"""The input rows that verdicts and charges stand on, so that a change can be traced to its row.

What is judged has an anchor: the ticket, an inspection's contract, or a charge that no ticket
bears. An anchor stands on rows of the exports, each in a role: the ticket itself, its pauses, the
ticket before it. ``edges`` are these pairs, ``rows`` what each row says, as far as anything is
judged by it: names and free text are left out, of a record's texts it is kept whether they are
filled in.

Belongs here: finding those rows in ``staging.*``. Does not belong here: comparing them with what
was published (``restatements``) or keeping them (``closing``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.contract import EXPORTS

if TYPE_CHECKING:
    import duckdb

    from pipelines.contract import Export

EDGES: Final = "temp.evidence_edges"
ROWS: Final = "temp.evidence_rows"
ANCHORS: Final = "temp.evidence_anchors"

_LEFT_OUT: Final = frozenset({"customer_name", "description", "agent_name", "reason"})
_FILLED_IN: Final = frozenset({"engineer", "fault_description", "resolution"})

_ROW_KEYS: Final = {
    "tickets": "ticket_id",
    "service_records": "record_id",
    "invoices": "invoice_id || '#' || line_no",
    "installed_base": "serial_no",
    "agents": "agent_id",
    "pauses": (
        "ticket_id || ' ' || coalesce(cast(paused_at as varchar), '-') || ' ' "
        "|| coalesce(cast(resumed_at as varchar), '-')"
    ),
}
"""What tells the rows of an export apart; pauses have no key, so what they say does."""

_EDGES: Final = """
with anchors as (
    select distinct kind, anchor from temp.evidence_anchors
),
tickets as (
    select ticket.* from anchors
    join staging.tickets as ticket on ticket.ticket_id = anchors.anchor
    where anchors.kind = 'ticket'
),
units as (
    select ticket_id, serial_no from tickets where serial_no is not null
    union
    select tickets.ticket_id, line.serial_no from tickets
    join staging.invoices as line on line.ticket_id = tickets.ticket_id
    where tickets.serial_no is null and line.serial_no is not null
),
contracts as (
    select ticket_id, contract_id from tickets where contract_id is not null
    union
    select units.ticket_id, unit.contract_id from units
    join staging.installed_base as unit on unit.serial_no = units.serial_no
    where unit.contract_id is not null
),
periods as (
    select *, invoice_id || '#' || line_no as row_key from staging.invoices
    where ticket_id is null and coalesce(charge_type, 'maintenance_fee') = 'maintenance_fee'
),
charged as (
    select anchors.anchor, line.*, line.invoice_id || '#' || line.line_no as row_key
    from anchors
    join steps.invoice_lines as placed on placed.charge_id = anchors.anchor
    join staging.invoices as line
        on line.invoice_id = placed.invoice_id and line.line_no = placed.line_no
    where anchors.kind = 'charge'
),
sold as (
    select anchors.anchor, unit.serial_no, unit.customer_id from anchors
    join staging.installed_base as unit on unit.contract_id = anchors.anchor
    where anchors.kind = 'contract'
),
visit_codes as (
    select distinct inspection_service_code as service_code from terms.rules
),
visits as (
    select ticket.ticket_id, ticket.contract_id, ticket.serial_no, ticket.customer_id,
        unit.contract_id as unit_contract_id
    from staging.tickets as ticket
    join visit_codes on visit_codes.service_code = ticket.service_code
    left join staging.installed_base as unit on unit.serial_no = ticket.serial_no
),
edges as (
    select 'ticket' as kind, ticket_id as anchor, 'ticket' as role, 'tickets' as export,
        ticket_id as row_key
    from tickets
    union all
    select 'ticket', tickets.ticket_id, 'parent', 'tickets', parent.ticket_id
    from tickets
    join staging.tickets as parent on parent.ticket_id = tickets.parent_ticket_id
    union all
    select 'ticket', anchors.anchor, 'follow_up', 'tickets', child.ticket_id
    from anchors
    join staging.tickets as child on child.parent_ticket_id = anchors.anchor
    where anchors.kind = 'ticket'
    union all
    select 'ticket', anchors.anchor, 'pause', 'pauses', {pause_key}
    from anchors
    join staging.pauses on pauses.ticket_id = anchors.anchor
    where anchors.kind = 'ticket'
    union all
    select 'ticket', anchors.anchor, 'record', 'service_records', record.record_id
    from anchors
    join staging.service_records as record on record.ticket_id = anchors.anchor
    where anchors.kind = 'ticket'
    union all
    select 'ticket', anchors.anchor, 'invoice', 'invoices', line.invoice_id || '#' || line.line_no
    from anchors
    join staging.invoices as line on line.ticket_id = anchors.anchor
    where anchors.kind = 'ticket'
    union all
    select 'ticket', units.ticket_id, 'unit', 'installed_base', units.serial_no from units
    union all
    select 'ticket', units.ticket_id, 'period', 'invoices', periods.row_key
    from units
    join periods on periods.serial_no = units.serial_no
    union all
    select 'ticket', contracts.ticket_id, 'period', 'invoices', periods.row_key
    from contracts
    join periods on periods.contract_id = contracts.contract_id
    where periods.serial_no is null
    union all
    select 'ticket', ticket_id, 'agent', 'agents', agent_id from tickets where agent_id is not null
    union all
    select 'contract', anchor, 'unit', 'installed_base', serial_no from sold
    union all
    select 'contract', anchors.anchor, 'visit', 'tickets', visits.ticket_id
    from anchors
    join visits on visits.contract_id = anchors.anchor
    where anchors.kind = 'contract'
    union all
    select 'contract', sold.anchor, 'visit', 'tickets', visits.ticket_id
    from sold
    join visits on visits.serial_no = sold.serial_no
    where visits.contract_id is null
    union all
    select 'contract', sold.anchor, 'visit', 'tickets', visits.ticket_id
    from sold
    join visits on visits.customer_id = sold.customer_id
    where visits.contract_id is null and visits.unit_contract_id is null
    union all
    select 'charge', anchor, 'invoice', 'invoices', row_key from charged
    union all
    select 'charge', anchor, 'ticket', 'tickets', ticket_id from charged where ticket_id is not null
    union all
    select 'charge', anchor, 'unit', 'installed_base', serial_no
    from charged where serial_no is not null
    union all
    select 'charge', charged.anchor, 'period', 'invoices', periods.row_key
    from charged
    join periods on periods.serial_no = charged.serial_no
)
select distinct * from edges where row_key is not null
"""


def find_edges(con: duckdb.DuckDBPyConnection) -> None:
    """Write the temporary table ``EDGES`` for the anchors in the temporary table ``ANCHORS``.

    ``ANCHORS`` has ``kind`` (ticket, contract or charge) and ``anchor``; ``EDGES`` has those and
    ``role``, ``export``, ``row_key``.
    """
    con.execute(
        f"create or replace temp table evidence_edges as {_EDGES.format(pause_key=_pause_key())}"
    )


def find_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Write the temporary table ``ROWS``: the rows that ``EDGES`` names, as far as they are there.

    Its columns: ``export``, ``row_key``, ``source_file``, ``source_row`` and ``content``, a JSON
    object of what the row says.
    """
    parts = [_rows_of(export) for export in EXPORTS.values()]
    con.execute(f"create or replace temp table evidence_rows as {' union all '.join(parts)}")


def _pause_key() -> str:
    return _ROW_KEYS["pauses"].replace("ticket_id", "pauses.ticket_id")


def _rows_of(export: Export) -> str:
    """The rows of an export that an edge names, each once."""
    fields = ", ".join(
        f"'{column.name}': "
        + (
            f"case when {column.name} is not null then true end"
            if column.name in _FILLED_IN
            else column.name
        )
        for column in export.columns
        if column.name not in _LEFT_OUT
    )
    return f"""
        select '{export.name}' as export, keyed.row_key,
            min(keyed.source_file) as source_file,
            min_by(keyed.source_row, keyed.source_file) as source_row,
            min(keyed.content) as content
        from (
            select {_ROW_KEYS[export.name]} as row_key, source_file, source_row,
                cast(to_json({{{fields}}}) as varchar) as content
            from staging.{export.name}
        ) as keyed
        where keyed.row_key in (select row_key from {EDGES} where export = '{export.name}')
        group by keyed.row_key
    """
