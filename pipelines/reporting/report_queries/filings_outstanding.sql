-- filings_outstanding: records owed and not filed as they must be, the longest overdue first.
-- grain: one row per record owed, at most 2000
select filing.ticket_id,
       filing.agent_id,
       agent.agent_name,
       ticket.customer_name,
       ticket.service_code,
       filing.form,
       filing.service_finished_at,
       filing.due_at,
       (epoch(run.as_of) - epoch(filing.due_at)) / 86400 as overdue_days,
       filing.finding,
       filing.record_id,
       filing.missing_fields,
       filing.reason,
       filing.reason_zh,
       filing.clause,
       ticket.source_file,
       ticket.source_row
from facts.filings as filing
cross join meta.run as run
left join staging.tickets as ticket on ticket.ticket_id = filing.ticket_id
left join staging.agents as agent on agent.agent_id = filing.agent_id
where filing.finding in ('missing', 'incomplete', 'wrong_form')
order by filing.due_at, filing.ticket_id
limit 2000
