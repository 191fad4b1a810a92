-- steps.unread_times: the times of a ticket that are there and cannot be read.
-- grain: one row per ticket with a cell among the problems
-- clauses: OB
-- materialized: scratch
-- Such a time may be any, and is not taken for one that has not come. A cell that is listed and has a
-- value all the same was read.
-- columns:
--   ticket_id: key
--   responded_at: whether it is there and cannot be read
--   arrived_at: the same
--   finished_at: the same
--   agreed_due_at: the same
select
    ticket.ticket_id,
    bool_or(problem."column" = 'responded_at' and ticket.responded_at is null) as responded_at,
    bool_or(problem."column" = 'arrived_at' and ticket.arrived_at is null) as arrived_at,
    bool_or(problem."column" = 'finished_at' and ticket.finished_at is null) as finished_at,
    bool_or(problem."column" = 'agreed_due_at' and ticket.agreed_due_at is null) as agreed_due_at
from staging.tickets as ticket
inner join staging.problems as problem
    on problem.source_file = ticket.source_file and problem.source_row = ticket.source_row
where problem.export = 'tickets'
group by ticket.ticket_id
