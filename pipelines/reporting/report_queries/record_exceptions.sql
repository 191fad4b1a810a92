-- record_exceptions: records filed that prove no service, the latest first.
-- grain: one row per record, at most 1000
select record_id, ticket_id, agent_id, ticket_agent_id, form, submitted_at, exception,
       reason, reason_zh, source_file, source_row
from marts.record_exceptions
order by submitted_at desc nulls last, record_id
limit 1000
