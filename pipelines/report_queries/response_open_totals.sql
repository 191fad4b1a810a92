-- response_open_totals: how many faults stand unanswered at as_of, beyond those listed.
-- grain: one row
select count(*) filter (where verdict = 'pending') as pending,
       count(*) filter (where verdict = 'pending' and elapsed_seconds >= 0.8 * target_seconds)
           as pending_nearly_due,
       count(*) filter (where verdict = 'breached') as late
from facts.responses
where is_open and verdict in ('pending', 'breached')
