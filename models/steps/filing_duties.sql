-- steps.filing_duties: the records agents owe, and until when.
-- grain: one row per ticket for which an agent owes a record
-- clauses: AG, KA
-- materialized: scratch
-- Owed for every finished ticket whose provider is an agent (AG), and for every finished key
-- account ticket of another provider that names a participating agent (KA). Due the seconds of
-- the terms (reading 8) after the finish, every second counted: where the zone changes its
-- offset on the way, the due time shows it. The terms are those of the day of opening; where that is
-- missing, of the finish, which is what the time runs from.
-- columns:
--   ticket_id: key
--   agent_id: who owes the record, null when the ticket does not say
--   customer_type: agent, end_customer or key_account
--   period_id: the terms that count, null when none were in force
--   form: the form owed, null when the service is unknown
--   service_finished_at: local time
--   due_at: local time, submitted at that instant is on time; null when no terms were in force
--   clause: AG or KA
--   month: first day of the month of opening
with served as (
    select
        ticket.ticket_id,
        ticket.agent_id,
        ticket.customer_type,
        coalesce(ticket.period_id, finish.period_id) as period_id,
        service.form,
        ticket.finished_at,
        ticket.month,
        coalesce(ticket.provider = 'agent', false) as is_provider
    from steps.dated_tickets as ticket
    left join terms.days as finish
        on ticket.opened_at is null and finish.day = cast(ticket.finished_at as date)
    left join terms.services as service
        on service.period_id = coalesce(ticket.period_id, finish.period_id)
        and service.service_code = ticket.service_code
    where ticket.is_finished
        and (
            ticket.provider = 'agent'
            or (ticket.customer_type = 'key_account' and ticket.agent_id is not null)
        )
),
due as (
    select
        served.*,
        rule.service_calendar_id,
        segment.calendar_position + epoch_us(served.finished_at) - epoch_us(segment.starts_at)
            + rule.record_due_seconds * 1000000 as due_position
    from served
    left join terms.rules as rule on rule.period_id = served.period_id
    left join clocks.segments as segment
        on segment.calendar_id = rule.service_calendar_id
        and segment.day = cast(served.finished_at as date)
        and segment.starts_at <= served.finished_at
        and served.finished_at < segment.ends_at
)
select
    due.ticket_id,
    due.agent_id,
    due.customer_type,
    due.period_id,
    due.form,
    due.finished_at as service_finished_at,
    segment.starts_at + to_microseconds(due.due_position - segment.position_from) as due_at,
    case when due.is_provider then 'AG' else 'KA' end as clause,
    due.month
from due
left join clocks.due_segments as segment
    on segment.calendar_id = due.service_calendar_id
    and segment.clock = 'calendar'
    and segment.bucket = (due.due_position - 1) // 86400000000
    and segment.position_from < due.due_position
    and due.due_position <= segment.position_to
