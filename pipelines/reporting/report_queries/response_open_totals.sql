-- response_open_totals: how many faults stand unanswered at as_of, beyond those listed.
-- What was opened after the as-of does not stand there yet. And what stops the clock by the reading in
-- force, and the tickets that may be faults: what would say so cannot be read.
-- grain: one row
with faults as (
    select responses.*,
           outlook.standing,
           responses.is_open and (responses.opened_at > run.as_of) as is_later,
           responses.is_open and (responses.opened_at > run.as_of) is not true as is_unanswered
    from facts.responses as responses
    cross join meta.run as run
    left join marts.outlook as outlook
           on outlook.kind = 'response' and outlook.subject_id = responses.ticket_id
)
select count(*) as faults,
       count(*) filter (where is_unanswered and verdict = 'pending') as pending,
       count(*) filter (
           where is_unanswered and verdict = 'pending' and elapsed_seconds >= 0.8 * target_seconds
       ) as pending_nearly_due,
       count(*) filter (where is_unanswered and standing = 'stalled') as stalled,
       min(due_at) filter (where is_unanswered and standing = 'running') as next_due_at,
       count(*) filter (where is_unanswered and verdict = 'breached') as late,
       count(*) filter (where is_unanswered and verdict = 'unmeasurable') as unmeasurable,
       count(*) filter (where is_later) as later,
       (
           select readings.choice
           from terms.readings as readings
           join terms.days as days on days.period_id = readings.period_id
           join meta.run as run on days.day = cast(run.as_of as date)
           where readings.name = 'clock_stops_at'
       ) as clock_stops_at,
       (
           select count(distinct tickets.ticket_id)
           from staging.problems as problems
           join staging.tickets as tickets
               on tickets.source_file = problems.source_file
               and tickets.source_row = problems.source_row
           where problems.export = 'tickets'
               and problems."column" in ('fault_level', 'category')
               and tickets.fault_level is null
               and tickets.category is distinct from 'fault'
       ) as fault_unknown
from faults
