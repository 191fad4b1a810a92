-- response_unmeasurable_tickets: the faults that could not be judged, each with its reason; the
-- months take turns, so that a short list has some of every month.
-- grain: one row per ticket, at most 100,000 (pages show the first 500)
select responses.month,
       responses.ticket_id,
       tickets.customer_name,
       responses.city,
       responses.city_tier,
       responses.fault_level,
       responses.service_code,
       responses.agent_id,
       responses.opened_at,
       responses.responded_at,
       responses.reason,
       responses.reason_zh,
       tickets.source_file,
       tickets.source_row
from facts.responses as responses
left join staging.tickets as tickets on tickets.ticket_id = responses.ticket_id
where responses.verdict = 'unmeasurable'
order by row_number() over (partition by responses.month order by responses.ticket_id),
         responses.month desc nulls last, responses.ticket_id
limit 100000
