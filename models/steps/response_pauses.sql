-- steps.response_pauses: what the pauses take out of each fault's clock.
-- grain: one row per ticket with a fault and at least one pause
-- clauses: T4, AS-7
-- materialized: scratch
-- Overlapping pauses are merged first, so that they count once. A pause without an end by the
-- as-of runs to the stop, or to the as-of while the clock runs. A pause that lacks its start, or
-- ends before it starts, can't be measured, unless it lies before the opening, or from that end
-- on: it took nothing then; nor one whose end cannot be read, unless it begins after the stop. Nor
-- can one that begins or ends, before the clock stops, at a local time
-- that never was.
-- columns:
--   ticket_id: key
--   paused_us: microseconds taken out between opening and the end, on the ticket's own clock
--   due_shift_us: microseconds the due time moves on, by pauses that begin before it; null when a
--     pause's end is on no clock
--   is_unusable: a pause of the ticket lacks its start, ends before it starts, or its end cannot be read
--   is_nowhere: a pause of the ticket begins or ends at a local time that never was
with unread_ends as (
    select distinct source_file, source_row
    from staging.problems
    where export = 'pauses' and "column" = 'resumed_at'
),
pauses as (
    select
        span.ticket_id,
        span.opened_at,
        span.ended_at,
        span.calendar_id,
        span.clock,
        span.target_us,
        span.opened_position,
        span.ended_position,
        (
            (pause.paused_at is null or coalesce(pause.resumed_at < pause.paused_at, false))
            and not coalesce(
                pause.resumed_at <= span.opened_at
                and coalesce(pause.paused_at, pause.resumed_at) <= span.opened_at,
                false
            )
            and not coalesce(
                pause.resumed_at >= span.ended_at and pause.paused_at >= span.ended_at, false
            )
        )
        or (
            unread.source_row is not null
            and pause.resumed_at is null
            and coalesce(pause.paused_at < span.ended_at, false)
        ) as is_unusable,
        case when pause.paused_at > span.opened_at then pause.paused_at else span.opened_at end
            as from_at,
        case when pause.resumed_at <= run.as_of then pause.resumed_at else span.ended_at end
            as to_at
    from steps.response_spans as span
    inner join staging.pauses as pause on pause.ticket_id = span.ticket_id
    left join unread_ends as unread
        on unread.source_file = pause.source_file and unread.source_row = pause.source_row
    cross join meta.run as run
),
usable as (
    select
        *,
        max(to_at) over (
            partition by ticket_id order by from_at, to_at
            rows between unbounded preceding and 1 preceding
        ) as reached_at
    from pauses
    where not is_unusable and from_at < to_at
),
numbered as (
    select
        *,
        sum(case when from_at <= reached_at then 0 else 1 end) over (
            partition by ticket_id order by from_at, to_at
            rows between unbounded preceding and current row
        ) as island
    from usable
),
islands as (
    select
        ticket_id,
        island,
        calendar_id,
        clock,
        target_us,
        opened_position,
        ended_at,
        ended_position,
        min(from_at) as from_at,
        max(to_at) as to_at
    from numbered
    group by
        ticket_id, island, calendar_id, clock, target_us, opened_position, ended_at,
        ended_position
),
-- The first local time beyond each clock.
clock_ends as (
    select
        calendar_id,
        max(ends_at) as calendar_ends_at,
        max(case when service_position is not null then ends_at end) as service_ends_at
    from clocks.segments
    group by calendar_id
),
placed as (
    select
        island.ticket_id,
        island.island,
        island.target_us,
        island.opened_position,
        island.ended_at,
        island.ended_position,
        island.from_at,
        island.to_at,
        case when island.clock = 'calendar' then clock.calendar_ends_at else clock.service_ends_at end
            as clock_ends_at,
        case
            when island.clock = 'calendar'
                then starting.calendar_position
                + epoch_us(island.from_at) - epoch_us(starting.starts_at)
            when starting.is_open
                then starting.service_position
                + epoch_us(island.from_at) - epoch_us(starting.starts_at)
            else starting.service_position
        end as from_position,
        case
            when island.clock = 'calendar'
                then ending.calendar_position
                + epoch_us(island.to_at) - epoch_us(ending.starts_at)
            when ending.is_open
                then ending.service_position
                + epoch_us(island.to_at) - epoch_us(ending.starts_at)
            else ending.service_position
        end as to_position
    from islands as island
    left join clock_ends as clock on clock.calendar_id = island.calendar_id
    left join clocks.segments as starting
        on starting.calendar_id = island.calendar_id
        and starting.day = cast(island.from_at as date)
        and starting.starts_at <= island.from_at
        and island.from_at < starting.ends_at
    left join clocks.segments as ending
        on ending.calendar_id = island.calendar_id
        and ending.day = cast(island.to_at as date)
        and ending.starts_at <= island.to_at
        and island.to_at < ending.ends_at
),
running as (
    select
        *,
        to_position - from_position as length_us,
        coalesce(
            sum(to_position - from_position) over (
                partition by ticket_id order by island
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as paused_before_us
    from placed
),
timed as (
    select
        *,
        coalesce(from_position - opened_position - paused_before_us < target_us, false)
            as begins_in_time
    from running
),
taken as (
    select
        ticket_id,
        sum(
            case
                when from_position is null or from_position >= ended_position then 0
                when to_position <= ended_position then length_us
                when to_at >= ended_at then ended_position - from_position
                else 0
            end
        ) as paused_us,
        sum(case when begins_in_time then length_us else 0 end) as due_shift_us,
        max(
            case
                when begins_in_time and length_us is null then 1
                -- beyond the clock, it is beyond every due time on it
                when from_position is null and from_at < clock_ends_at then 1
                else 0
            end
        ) = 1 as is_shift_unknown,
        max(
            case
                when from_position is null and from_at < ended_at then 1
                when to_position is null and to_at < ended_at then 1
                else 0
            end
        ) = 1 as is_nowhere
    from timed
    group by ticket_id
),
paused_tickets as (
    select ticket_id, max(case when is_unusable then 1 else 0 end) = 1 as is_unusable
    from pauses
    group by ticket_id
)
select
    ticket.ticket_id,
    cast(coalesce(taken.paused_us, 0) as bigint) as paused_us,
    case when not coalesce(taken.is_shift_unknown, false)
        then cast(coalesce(taken.due_shift_us, 0) as bigint) end as due_shift_us,
    ticket.is_unusable,
    coalesce(taken.is_nowhere, false) as is_nowhere
from paused_tickets as ticket
left join taken on taken.ticket_id = ticket.ticket_id
