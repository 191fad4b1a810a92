-- steps.record_classes: what each filed record is to the record that was owed.
-- grain: one row per service record
-- clauses: AG, KA
-- materialized: scratch
-- Every staged record is in exactly one class. The earliest complete record of the right form,
-- filed by the agent who owes it, is counted; an incomplete one or one of the wrong form tells
-- what was wrong; everything else is an exception (marts.record_exceptions). A record that does
-- not name its form is incomplete. A record submitted before the ticket was closed counts: the
-- record is often what closes it. What was submitted after the as-of had not happened yet, whatever
-- else is wrong with it.
-- columns:
--   record_id: key
--   ticket_id: as filed
--   agent_id: who filed it, null when it does not say
--   ticket_agent_id: the agent the ticket names
--   form: as filed
--   submitted_at: local time
--   missing_fields: required fields of its form, or where it names none of the form owed, that are
--     blank, separated by commas
--   class: counted, repeat, incomplete, wrong_form, not_submitted_yet, no_ticket, no_agent, other_agent, not_finished, not_owed, owed_unknown, agent_not_named, form_unknown or no_time
--   filing_rank: 1 for the record that decides the ticket's filing, best first; where the agent or
--     the form owed is not known, by what can be told of it without
--   is_by_finish: filed by the agent who owes it when the service was finished, or it does not say when
--   might_be_on_time: what it does not say could make it the counted record, filed on time
--   source_file: where the row came from
--   source_row: its line there
with form_needs as (
    select
        period_id,
        form,
        max(case when field = 'engineer' then 1 else 0 end) as engineer,
        max(case when field = 'fault_description' then 1 else 0 end) as fault_description,
        max(case when field = 'resolution' then 1 else 0 end) as resolution,
        max(case when field = 'service_started_at' then 1 else 0 end) as service_started_at,
        max(case when field = 'service_finished_at' then 1 else 0 end) as service_finished_at,
        max(case when field = 'customer_confirmed' then 1 else 0 end) as customer_confirmed
    from terms.form_fields
    group by period_id, form
),
records as (
    select
        record.record_id,
        record.ticket_id,
        record.agent_id,
        ticket.agent_id as ticket_agent_id,
        record.form,
        record.submitted_at,
        nullif(
            concat_ws(
                ', ',
                case when record.form is null then 'form' end,
                case
                    when need.engineer = 1 and record.engineer is null
                        then 'engineer'
                end,
                case
                    when need.fault_description = 1 and record.fault_description is null
                        then 'fault_description'
                end,
                case
                    when need.resolution = 1 and record.resolution is null
                        then 'resolution'
                end,
                case
                    when need.service_started_at = 1 and record.service_started_at is null
                        then 'service_started_at'
                end,
                case
                    when need.service_finished_at = 1 and record.service_finished_at is null
                        then 'service_finished_at'
                end,
                case
                    when need.customer_confirmed = 1 and record.customer_confirmed is null
                        then 'customer_confirmed'
                end
            ),
            ''
        ) as missing_fields,
        ticket.ticket_id is not null as has_ticket,
        record.submitted_at > run.as_of as is_later,
        coalesce(ticket.finished_at <= run.as_of, false) as is_finished,
        duty.ticket_id is not null as is_owed,
        duty.agent_id as owed_by,
        duty.form as owed_form,
        duty.due_at,
        -- owed by a provider who is an agent, or by an agent named on a key account's ticket
        ticket.provider is null
        or (ticket.customer_type is null and ticket.agent_id is not null) as is_owing_unknown,
        coalesce(
            record.agent_id = duty.agent_id
            and (record.submitted_at is null or record.submitted_at <= duty.service_finished_at),
            false
        ) as is_by_finish,
        record.source_file,
        record.source_row
    from staging.service_records as record
    cross join meta.run as run
    left join staging.tickets as ticket on ticket.ticket_id = record.ticket_id
    left join steps.filing_duties as duty on duty.ticket_id = record.ticket_id
    left join form_needs as need
        on need.period_id = duty.period_id and need.form = coalesce(record.form, duty.form)
),
sorted as (
    select
        *,
        case
            when is_later then 'not_submitted_yet'
            when not has_ticket then 'no_ticket'
            when agent_id is null then 'no_agent'
            when agent_id <> ticket_agent_id then 'other_agent'
            when not is_finished then 'not_finished'
            when not is_owed and is_owing_unknown then 'owed_unknown'
            when not is_owed then 'not_owed'
            when owed_by is null then 'agent_not_named'
            when owed_form is null then 'form_unknown'
            when form <> owed_form then 'wrong_form'
            when missing_fields is not null then 'incomplete'
            when submitted_at is null then 'no_time'
            else 'complete'
        end as kind
    from records
),
told as (
    select
        *,
        case
            when kind in ('complete', 'incomplete', 'wrong_form') then kind
            when kind not in ('agent_not_named', 'form_unknown') then null
            when form <> owed_form then 'wrong_form'
            when missing_fields is not null then 'incomplete'
            when submitted_at is not null then 'complete'
        end as standing,
        -- it is the record owed, but for what is not said
        case when kind in ('agent_not_named', 'form_unknown', 'no_time') then 1 else 0 end
            as might_count
    from sorted
),
ranked as (
    select
        *,
        row_number() over (
            partition by ticket_id
            order by
                -- in this order by their names
                standing nulls last,
                might_count desc,
                submitted_at nulls last,
                record_id
        ) as filing_rank,
        -- a complete one, if there is any, comes first
        first_value(case when kind = 'complete' then submitted_at end) over (
            partition by ticket_id
            order by standing nulls last, might_count desc, submitted_at nulls last, record_id
        ) as counted_at
    from told
)
select
    record_id,
    ticket_id,
    agent_id,
    ticket_agent_id,
    form,
    submitted_at,
    missing_fields,
    case
        when kind = 'complete' and filing_rank = 1 then 'counted'
        when kind = 'complete' then 'repeat'
        when kind = 'incomplete' and submitted_at >= counted_at then 'repeat'
        else kind
    end as class,
    filing_rank,
    is_by_finish,
    coalesce(
        kind in ('no_agent', 'agent_not_named', 'form_unknown', 'no_time')
            and is_owed
            and missing_fields is null
            and (owed_form is null or form = owed_form)
            and (submitted_at is null or due_at is null or submitted_at <= due_at),
        false
    ) as might_be_on_time,
    source_file,
    source_row
from ranked
