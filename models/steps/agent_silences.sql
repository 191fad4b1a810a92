-- steps.agent_silences: the stretches in which an agent served and filed nothing.
-- grain: one row per agent and stretch
-- clauses: AG, KA
-- materialized: table
-- A stretch begins with the first service finished after a filing (or the first of all), not
-- with the filing: who serves no one has nothing to file. It ends with the next record filed,
-- for whatever ticket, and goes on to the as-of when none was.
-- A service whose record was there when it was finished begins none (steps.unrecorded_services).
-- columns:
--   agent_id: key, with begins_at
--   begins_at: local time of the first service that owes a record
--   ends_at: local time of the next record filed, null when none was
--   silent_seconds: from the beginning to the end, or to the as-of
--   services: services finished in it that owe a record, and had none when they were finished
--   is_current: it goes on at the as-of
with events as (
    select
        agent_id,
        service_finished_at as happened_at,
        0 as is_filing
    from steps.unrecorded_services
    union all
    select
        agent_id,
        submitted_at as happened_at,
        1 as is_filing
    from steps.record_classes
    where agent_id is not null
        and submitted_at is not null
        and class <> 'not_submitted_yet'
),
placed as (
    select
        *,
        lag(is_filing) over (partition by agent_id order by happened_at, is_filing) as before,
        row_number() over (partition by agent_id order by happened_at, is_filing) as place,
        count(*) over (partition by agent_id) as events
    from events
),
-- The first service of each stretch, and the filing that ends it.
turns as (
    select
        agent_id,
        is_filing,
        happened_at as begins_at,
        lead(happened_at) over (partition by agent_id order by place) as ends_at,
        coalesce(lead(place) over (partition by agent_id order by place), events + 1) - place
            as services
    from placed
    where is_filing <> coalesce(before, 1)
)
select
    turn.agent_id,
    turn.begins_at,
    turn.ends_at,
    (epoch_us(coalesce(turn.ends_at, run.as_of)) - epoch_us(turn.begins_at)) // 1000000
        as silent_seconds,
    cast(turn.services as bigint) as services,
    turn.ends_at is null as is_current
from turns as turn
cross join meta.run as run
where turn.is_filing = 0
