-- marts.outlook: what is still to be done, and until when: open faults and promises still in time.
-- grain: one row per kind and subject
-- clauses: T4, AG, KA, AS-5, AS-9
-- materialized: table
-- A fault is here until it is answered, also when it is late already; a promise of another kind
-- while it can still be kept. What cannot be measured is not here: nobody knows when it is due; nor
-- is a ticket opened after the as-of.
-- A fault stands still while a pause is open; its due time is then that of a clock that goes on
-- at the as-of, and moves on with every minute until it does.
-- columns:
--   kind: response, filing, inspection or training
--   subject_id: key, with kind: the ticket, or contract and quarter of an inspection
--   ticket_id: the ticket that owes it, null for an inspection
--   responsible: company or an agent's id, null when unknown
--   customer_id: who asked or bought
--   customer_type: agent, end_customer or key_account
--   clock: calendar or service_hours; calendar for all but responses
--   standing: late, stalled (a pause is open) or running
--   due_at: local time until when
--   due_on: the last day, of an inspection the last of its quarter, of a training due by the end of a day that day
--   due_month: first day of the month of due_on
--   seconds_left: on its own clock, negative when late
--   clause: the clause that promises it
--   month: of the ledger
with
stalled as (
    select pause.ticket_id
    from staging.pauses as pause
    cross join meta.run as run
    where
        pause.paused_at <= run.as_of
        and (pause.resumed_at is null or run.as_of < pause.resumed_at)
    group by pause.ticket_id
),

waiting as (
    select
        promise.*,
        ticket.customer_id as ticket_customer_id,
        inspection.customer_id as contract_customer_id,
        inspection.window_end,
        coalesce(rule.training_due = 'end_of_next_day', false) as is_due_by_day,
        response.clock,
        response.target_seconds - response.elapsed_seconds as response_seconds_left,
        stalled.ticket_id is not null as is_stalled,
        run.as_of,
        (epoch_us(promise.due_at) - epoch_us(run.as_of)) // 1000000 as calendar_seconds_left
    from marts.obligations as promise
    cross join meta.run as run
    left join facts.responses as response
        on promise.kind = 'response' and response.ticket_id = promise.subject_id
    left join stalled
        on promise.kind = 'response' and stalled.ticket_id = promise.subject_id
    left join facts.inspections as inspection
        on
            promise.kind = 'inspection'
            and concat(inspection.contract_id, '/', inspection.quarter_no) = promise.subject_id
    left join staging.tickets as ticket on ticket.ticket_id = promise.ticket_id
    left join terms.days as served
        on served.day = cast(coalesce(ticket.opened_at, ticket.finished_at) as date)
    left join terms.rules as rule on rule.period_id = served.period_id
    where
        promise.due_at is not null
        and coalesce(ticket.opened_at <= run.as_of, true)
        and promise.verdict in ('pending', 'breached')
        and (
            promise.verdict = 'pending'
            or (promise.verdict = 'breached' and response.is_open)
        )
),

dated as (
    select
        *,
        case
            when kind = 'inspection' then window_end
            when kind = 'training' and is_due_by_day then cast(due_at - interval 1 day as date)
            else cast(due_at as date)
        end as due_on
    from waiting
)

select
    kind,
    subject_id,
    ticket_id,
    responsible,
    coalesce(ticket_customer_id, contract_customer_id) as customer_id,
    customer_type,
    coalesce(clock, 'calendar') as clock,
    case
        when verdict = 'breached' then 'late'
        when is_stalled then 'stalled'
        else 'running'
    end as standing,
    due_at,
    due_on,
    cast(date_trunc('month', due_on) as date) as due_month,
    case when kind = 'response' then response_seconds_left else calendar_seconds_left end
        as seconds_left,
    clause,
    month
from dated
