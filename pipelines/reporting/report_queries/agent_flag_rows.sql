-- agent_flag_rows: the records and tickets behind the flags, at most 20 of each case.
-- grain: one row per flag, case and record or ticket, at most 2000
with placed as (
    select evidence.*,
           row_number() over (
               partition by flag, agent_id, case_id order by happened_at, ticket_id, record_id
           ) as place
    from marts.agent_flag_rows as evidence
)
select placed.flag,
       placed.agent_id,
       placed.case_id,
       placed.ticket_id,
       placed.record_id,
       placed.happened_at,
       coalesce(record.source_file, ticket.source_file) as source_file,
       coalesce(record.source_row, ticket.source_row) as source_row
from placed
left join staging.service_records as record on record.record_id = placed.record_id
left join staging.tickets as ticket on ticket.ticket_id = placed.ticket_id
where placed.place <= 20
order by placed.flag, placed.agent_id, placed.case_id, placed.place
limit 2000
