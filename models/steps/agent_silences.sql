-- steps.agent_silences: the stretches in which an agent served and filed nothing.
-- grain: one row per agent and stretch
-- clauses: AG, KA
-- materialized: table
-- A stretch begins with the first service finished after a filing (or the first of all), not
-- with the filing: who serves no one has nothing to file. It ends with the next record filed,
-- for whatever ticket, and goes on to the as-of when none was.
-- columns:
--   agent_id: key, with begins_at
--   begins_at: local time of the first service that owes a record
--   ends_at: local time of the next record filed, null when none was
--   silent_seconds: from the beginning to the end, or to the as-of
--   services: services finished in it that owe a record
--   is_current: it goes on at the as-of
with events as (
    select
        agent_id,
        service_finished_at as happened_at,
        0 as is_filing
    from steps.filing_duties
    where agent_id is not null
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
-- By how many filings there are from here on: a filing and the services since the one before it.
numbered as (
    select
        agent_id,
        happened_at,
        is_filing,
        sum(is_filing) over (
            partition by agent_id
            order by happened_at desc, is_filing desc
            rows between unbounded preceding and current row
        ) as filings_to_come
    from events
),
stretches as (
    select
        agent_id,
        min(case when is_filing = 0 then happened_at end) as begins_at,
        min(case when is_filing = 1 then happened_at end) as ends_at,
        sum(1 - is_filing) as services
    from numbered
    group by agent_id, filings_to_come
)
select
    stretches.agent_id,
    stretches.begins_at,
    stretches.ends_at,
    (epoch_us(coalesce(stretches.ends_at, run.as_of)) - epoch_us(stretches.begins_at)) // 1000000
        as silent_seconds,
    cast(stretches.services as bigint) as services,
    stretches.ends_at is null as is_current
from stretches
cross join meta.run as run
where stretches.begins_at is not null
