-- ticket_rows: the tickets that have a section of their own in the report, as staged, with how
-- their response was judged and the calendar their service hours follow.
-- grain: one row per kept ticket
with names as (
    select service_code, max_by(name_zh, period_id) as service_zh, max_by(name_en, period_id) as service_en
    from terms.services
    group by service_code
)
select tickets.*,
       names.service_zh,
       names.service_en,
       rules.service_calendar_id as calendar_id,
       responses.city_tier,
       responses.clock,
       responses.target_seconds,
       responses.elapsed_seconds,
       responses.calendar_seconds,
       responses.service_seconds,
       responses.paused_seconds,
       responses.due_at,
       responses.is_open,
       responses.verdict,
       responses.reason,
       responses.reason_zh,
       responses.clause
from report_tickets as kept
join staging.tickets as tickets on tickets.ticket_id = kept.ticket_id
left join names on names.service_code = tickets.service_code
left join terms.days as days on days.day = cast(tickets.opened_at as date)
left join terms.rules as rules on rules.period_id = days.period_id
left join facts.responses as responses on responses.ticket_id = tickets.ticket_id
order by tickets.ticket_id
