-- response_breached: the breached faults, the worst of each month first, so that a short list
-- holds the worst of every month.
-- grain: one row per ticket, at most 100,000 (pages show the first 500)
with breached as (
    select responses.*,
           -- A target that ended before the fault was opened, or as it was, has no share that
           -- was used: worse than any.
           case when target_seconds > 0 then elapsed_seconds / target_seconds end as used_share,
           row_number() over (
               partition by month
               order by case when target_seconds > 0 then elapsed_seconds / target_seconds end
                   desc nulls first, ticket_id
           ) as place_in_month
    from facts.responses as responses
    where verdict = 'breached'
)
select breached.month,
       breached.ticket_id,
       tickets.customer_name,
       breached.customer_id,
       breached.city,
       breached.city_tier,
       breached.fault_level,
       breached.service_code,
       breached.provider,
       breached.agent_id,
       breached.opened_at,
       breached.due_at,
       breached.responded_at,
       breached.stopped_at,
       breached.target_seconds,
       breached.elapsed_seconds,
       breached.used_share,
       breached.clock,
       breached.is_open,
       breached.clause,
       breached.reason,
       breached.reason_zh,
       tickets.source_file,
       tickets.source_row
from breached
left join staging.tickets as tickets on tickets.ticket_id = breached.ticket_id
order by breached.place_in_month, breached.month desc, breached.ticket_id
limit 100000
