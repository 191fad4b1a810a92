-- ticket_promises: every promise the kept tickets are the subject of.
-- grain: one row per promise
select obligations.*
from report_tickets as kept
join marts.obligations as obligations on obligations.ticket_id = kept.ticket_id
order by all
