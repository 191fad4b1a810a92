-- response_open: faults not answered at as_of, those due first at the top.
-- grain: one row per ticket, at most 500
select responses.ticket_id,
       tickets.customer_name,
       responses.city,
       responses.city_tier,
       responses.fault_level,
       responses.service_code,
       responses.provider,
       responses.agent_id,
       responses.opened_at,
       responses.due_at,
       responses.target_seconds,
       responses.elapsed_seconds,
       responses.elapsed_seconds / nullif(responses.target_seconds, 0) as used_share,
       responses.clock,
       outlook.standing,
       outlook.seconds_left,
       outlook.calendar_seconds_left,
       responses.verdict,
       tickets.source_file,
       tickets.source_row
from facts.responses as responses
left join marts.outlook as outlook
       on outlook.kind = 'response' and outlook.subject_id = responses.ticket_id
left join staging.tickets as tickets on tickets.ticket_id = responses.ticket_id
where responses.is_open and responses.verdict in ('pending', 'breached')
order by responses.due_at nulls last, responses.ticket_id
limit 500
