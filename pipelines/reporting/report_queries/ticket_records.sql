-- ticket_records: the service records filed for the kept tickets by the as-of.
-- grain: one row per record
select records.ticket_id, records.record_id, records.agent_id, records.form, records.submitted_at,
       records.engineer, records.service_started_at, records.service_finished_at,
       records.source_file, records.source_row
from report_tickets as kept
cross join meta.run as run
join staging.service_records as records on records.ticket_id = kept.ticket_id
where records.submitted_at is null or records.submitted_at <= run.as_of
order by records.ticket_id, records.submitted_at, records.record_id
