-- response_all: every fault with its verdict, for the download.
-- grain: one row per ticket, at most 100,000, the latest months first
select responses.*, tickets.customer_name, tickets.source_file, tickets.source_row
from facts.responses as responses
left join staging.tickets as tickets on tickets.ticket_id = responses.ticket_id
order by responses.month desc nulls last, responses.ticket_id
limit 100000
