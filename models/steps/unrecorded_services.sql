-- steps.unrecorded_services: the finished services whose record was not there when they were finished.
-- grain: one row per service that a named agent owes a record for
-- clauses: AG, KA
-- materialized: scratch
-- The record is often what closes the ticket: who files it so is not silent. A record that does not
-- say since when it is there may have been.
-- columns:
--   ticket_id: key
--   agent_id: who owes the record
--   service_finished_at: local time
with recorded as (
    select distinct ticket_id
    from steps.record_classes
    where is_by_finish
)
select
    duty.ticket_id,
    duty.agent_id,
    duty.service_finished_at
from steps.filing_duties as duty
left join recorded on recorded.ticket_id = duty.ticket_id
where duty.agent_id is not null and recorded.ticket_id is null
