-- response_open_totals: how many faults stand unanswered at as_of, beyond those listed.
-- grain: one row
select count(*) filter (where responses.verdict = 'pending') as pending,
       count(*) filter (
           where responses.verdict = 'pending'
           and responses.elapsed_seconds >= 0.8 * responses.target_seconds
       ) as pending_nearly_due,
       count(*) filter (where outlook.standing = 'stalled') as stalled,
       min(responses.due_at) filter (where outlook.standing = 'running') as next_due_at,
       count(*) filter (where responses.verdict = 'breached') as late
from facts.responses as responses
left join marts.outlook as outlook
       on outlook.kind = 'response' and outlook.subject_id = responses.ticket_id
where responses.is_open and responses.verdict in ('pending', 'breached')
