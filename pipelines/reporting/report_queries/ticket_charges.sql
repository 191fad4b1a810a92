-- ticket_charges: what was charged or due on the kept tickets.
-- grain: one row per charge
select charges.*
from report_tickets as kept
join report_charges as charges on charges.ticket_id = kept.ticket_id
order by charges.ticket_id, charges.charge_id
