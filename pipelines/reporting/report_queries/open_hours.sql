-- open_hours: when service hours are open, over the time the kept tickets span.
-- grain: one row per open stretch within a day, per calendar
with span as (
    select min(tickets.opened_at) as opens_at, max(run.as_of) + interval 60 day as ends_at
    from report_tickets as kept
    join staging.tickets as tickets on tickets.ticket_id = kept.ticket_id
    cross join meta.run as run
)
select segments.calendar_id, segments.starts_at, segments.ends_at
from clocks.segments as segments
join span on segments.ends_at > span.opens_at and segments.starts_at < span.ends_at
where segments.is_open
order by segments.calendar_id, segments.starts_at desc
limit 5000
