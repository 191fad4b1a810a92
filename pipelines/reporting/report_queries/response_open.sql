-- response_open: faults not answered at as_of, those due first at the top; none opened after it.
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
       case
           when responses.target_seconds > 0 then responses.elapsed_seconds / responses.target_seconds
       end as used_share,
       responses.clock,
       outlook.standing,
       outlook.seconds_left,
       responses.verdict,
       tickets.source_file,
       tickets.source_row
from facts.responses as responses
cross join meta.run as run
left join marts.outlook as outlook
       on outlook.kind = 'response' and outlook.subject_id = responses.ticket_id
left join staging.tickets as tickets on tickets.ticket_id = responses.ticket_id
where responses.is_open and responses.verdict in ('pending', 'breached')
  and (responses.opened_at > run.as_of) is not true
order by responses.due_at nulls last, responses.ticket_id
limit 500
