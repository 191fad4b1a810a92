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
numbered as (
    select
        agent_id,
        happened_at,
        is_filing,
        sum(is_filing) over (
            partition by agent_id
            order by happened_at, is_filing
            rows between unbounded preceding and current row
        ) as filings_so_far
    from events
),
stretches as (
    select
        agent_id,
        filings_so_far,
        min(case when is_filing = 1 then happened_at end) as filed_at,
        min(case when is_filing = 0 then happened_at end) as begins_at,
        sum(1 - is_filing) as services
    from numbered
    group by agent_id, filings_so_far
),
bounded as (
    select
        agent_id,
        begins_at,
        services,
        lead(filed_at) over (partition by agent_id order by filings_so_far) as ends_at
    from stretches
)
select
    bounded.agent_id,
    bounded.begins_at,
    bounded.ends_at,
    (epoch_us(coalesce(bounded.ends_at, run.as_of)) - epoch_us(bounded.begins_at)) // 1000000
        as silent_seconds,
    cast(bounded.services as bigint) as services,
    bounded.ends_at is null as is_current
from bounded
cross join meta.run as run
where bounded.begins_at is not null
