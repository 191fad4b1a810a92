-- ticket_pauses: the pauses of the kept tickets.
-- grain: one row per pause
select pauses.ticket_id, pauses.paused_at, pauses.resumed_at, pauses.reason,
       pauses.source_file, pauses.source_row
from report_tickets as kept
join staging.pauses as pauses on pauses.ticket_id = kept.ticket_id
order by pauses.ticket_id, pauses.paused_at, pauses.source_file, pauses.source_row
