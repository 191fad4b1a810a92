-- ticket_pauses: the pauses of the kept tickets, as far as they had come by the as-of.
-- grain: one row per pause
select pauses.ticket_id, pauses.paused_at,
       case when pauses.resumed_at <= run.as_of then pauses.resumed_at end as resumed_at,
       pauses.reason,
       pauses.source_file, pauses.source_row
from report_tickets as kept
cross join meta.run as run
join staging.pauses as pauses on pauses.ticket_id = kept.ticket_id
where pauses.paused_at is null or pauses.paused_at <= run.as_of
order by pauses.ticket_id, pauses.paused_at, pauses.source_file, pauses.source_row
