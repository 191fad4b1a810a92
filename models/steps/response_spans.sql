-- steps.response_spans: where each fault's clock starts, stops and must stop, on both clocks.
-- grain: one row per ticket with a fault
-- clauses: T4, AS-7
-- materialized: scratch
-- Positions are microseconds on a clock (clocks.segments). What stops the clock is reading 3;
-- an open ticket is measured to the as-of. An agreed due time replaces the target, on the
-- calendar clock.
-- columns:
--   ticket_id: key
--   opened_at: local time
--   stopped_at: local time of what stops the clock, null while it runs
--   ended_at: local time measured to, the stop or the as-of
--   calendar_id: service calendar of the terms in force
--   clock: calendar or service_hours, null when the level is unknown
--   target_us: microseconds allowed on that clock, null when unknown
--   opened_position: of opening, on the ticket's own clock
--   ended_position: of the end, on the ticket's own clock
--   calendar_us: microseconds from opening to the end, every hour counted
--   service_us: microseconds from opening to the end, service hours counted
--   is_mode_unknown: reading 3 asks for arrival and the service is not known
--   is_stop_unrecorded: finished, yet the time that stops the clock is missing
--   is_stop_unread: the time that stops the clock, or of the finish, is there and cannot be read
--   is_due_unread: the agreed due time is there and cannot be read
with faults as (
    select
        ticket.ticket_id,
        ticket.opened_at,
        ticket.agreed_due_at,
        ticket.is_finished,
        ticket.mode,
        rule.clock_stops_at,
        rule.service_calendar_id as calendar_id,
        case
            when rule.clock_stops_at = 'finished_at' then ticket.finished_at
            when rule.clock_stops_at = 'arrived_at' and ticket.mode = 'onsite'
                then ticket.arrived_at
            else ticket.responded_at
        end as stopped_at,
        -- one that cannot be read may be any time, and so may what says whether it was finished
        coalesce(
            unread.finished_at
            or case
                when rule.clock_stops_at = 'finished_at' then unread.finished_at
                when rule.clock_stops_at = 'arrived_at' and ticket.mode = 'onsite'
                    then unread.arrived_at
                else unread.responded_at
            end,
            false
        ) as is_unread,
        coalesce(unread.agreed_due_at, false) as is_due_unread,
        case when ticket.agreed_due_at is not null then 'calendar' else level.clock end as clock,
        target.target_seconds,
        run.as_of
    from steps.tickets as ticket
    cross join meta.run as run
    left join terms.rules as rule on rule.period_id = ticket.period_id
    left join terms.fault_levels as level
        on level.period_id = ticket.period_id and level.fault_level = ticket.fault_level
    left join terms.response_targets as target
        on target.period_id = ticket.period_id
        and target.fault_level = ticket.fault_level
        and target.city_tier = ticket.city_tier
    left join steps.unread_times as unread on unread.ticket_id = ticket.ticket_id
    where ticket.is_fault
),
spans as (
    select
        *,
        case
            when stopped_at is not null then stopped_at
            when opened_at > as_of then opened_at
            else as_of
        end as ended_at
    from faults
),
placed as (
    select
        span.*,
        opening.calendar_position + epoch_us(span.opened_at) - epoch_us(opening.starts_at)
            as opened_calendar,
        opening.service_position + case
            when opening.is_open then epoch_us(span.opened_at) - epoch_us(opening.starts_at) else 0
        end as opened_service,
        ending.calendar_position + epoch_us(span.ended_at) - epoch_us(ending.starts_at)
            as ended_calendar,
        ending.service_position + case
            when ending.is_open then epoch_us(span.ended_at) - epoch_us(ending.starts_at) else 0
        end as ended_service,
        agreed.calendar_position + epoch_us(span.agreed_due_at) - epoch_us(agreed.starts_at)
            as agreed_calendar
    from spans as span
    left join clocks.segments as opening
        on opening.calendar_id = span.calendar_id
        and opening.day = cast(span.opened_at as date)
        and opening.starts_at <= span.opened_at
        and span.opened_at < opening.ends_at
    left join clocks.segments as ending
        on ending.calendar_id = span.calendar_id
        and ending.day = cast(span.ended_at as date)
        and ending.starts_at <= span.ended_at
        and span.ended_at < ending.ends_at
    left join clocks.segments as agreed
        on agreed.calendar_id = span.calendar_id
        and agreed.day = cast(span.agreed_due_at as date)
        and agreed.starts_at <= span.agreed_due_at
        and span.agreed_due_at < agreed.ends_at
)
select
    ticket_id,
    opened_at,
    stopped_at,
    ended_at,
    calendar_id,
    clock,
    case
        when is_due_unread then null
        when agreed_due_at is not null then agreed_calendar - opened_calendar
        else target_seconds * 1000000
    end as target_us,
    case when clock = 'service_hours' then opened_service else opened_calendar end
        as opened_position,
    case when clock = 'service_hours' then ended_service else ended_calendar end
        as ended_position,
    ended_calendar - opened_calendar as calendar_us,
    ended_service - opened_service as service_us,
    coalesce(clock_stops_at = 'arrived_at' and mode is null, false) as is_mode_unknown,
    stopped_at is null and is_finished as is_stop_unrecorded,
    stopped_at is null and is_unread as is_stop_unread,
    is_due_unread
from placed
