-- ticket_rows: the tickets that have a section of their own in the report, as staged but for what
-- happened after the as-of, with how their response was judged, when its clock stopped and on what,
-- and the calendar their service hours follow.
-- grain: one row per kept ticket
with names as (
    select service_code, max_by(name_zh, period_id) as service_zh, max_by(name_en, period_id) as service_en
    from terms.services
    group by service_code
)
select tickets.* replace (
           case when tickets.responded_at <= run.as_of then tickets.responded_at end as responded_at,
           case when tickets.arrived_at <= run.as_of then tickets.arrived_at end as arrived_at,
           case when tickets.finished_at <= run.as_of then tickets.finished_at end as finished_at
       ),
       names.service_zh,
       names.service_en,
       rules.service_calendar_id as calendar_id,
       case
           when rules.clock_stops_at = 'arrived_at' and services.mode <> 'onsite' then 'responded_at'
           else rules.clock_stops_at
       end as clock_stops_at,
       rules.strictness,
       unreadable.source_row is not null as is_fault_unknown,
       responses.city_tier,
       responses.clock,
       responses.target_seconds,
       responses.elapsed_seconds,
       responses.calendar_seconds,
       responses.service_seconds,
       responses.paused_seconds,
       responses.due_at,
       responses.stopped_at,
       responses.is_open,
       responses.verdict,
       responses.reason,
       responses.reason_zh,
       responses.clause
from report_tickets as kept
cross join meta.run as run
join staging.tickets as tickets on tickets.ticket_id = kept.ticket_id
left join names on names.service_code = tickets.service_code
left join terms.days as days on days.day = cast(tickets.opened_at as date)
left join terms.rules as rules on rules.period_id = days.period_id
left join terms.services as services
    on services.period_id = days.period_id and services.service_code = tickets.service_code
left join facts.responses as responses on responses.ticket_id = tickets.ticket_id
-- Whether it is a fault, its level would say.
left join (
    select distinct source_file, source_row
    from staging.problems
    where export = 'tickets' and "column" in ('fault_level', 'category')
) as unreadable
    on responses.ticket_id is null
    and unreadable.source_file = tickets.source_file and unreadable.source_row = tickets.source_row
order by tickets.ticket_id
