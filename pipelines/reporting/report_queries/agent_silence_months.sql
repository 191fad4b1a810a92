-- agent_silence_months: days of each month in which an agent had served and filed nothing.
-- grain: one row per agent and month with silence; the last twelve months, and in them the 30 agents
-- with the most silence in one
with months as (
    select distinct cast(date_trunc('month', day) as date) as month
    from terms.days
    cross join meta.run as run
    where day <= cast(run.as_of as date)
        and day >= cast(date_trunc('month', run.as_of) - interval 11 months as date)
),
silent as (
    select silence.agent_id,
           months.month,
           sum(
               epoch(least(coalesce(silence.ends_at, run.as_of), months.month + interval 1 month))
               - epoch(greatest(silence.begins_at, cast(months.month as timestamp)))
           ) / 86400 as silent_days
    from steps.agent_silences as silence
    cross join meta.run as run
    join months
        on months.month + interval 1 month > silence.begins_at
        and months.month < coalesce(silence.ends_at, run.as_of)
    group by silence.agent_id, months.month
),
agents as (
    select agent_id
    from silent
    group by agent_id
    order by max(silent_days) desc, sum(silent_days) desc, agent_id
    limit 30
)
select silent.agent_id, silent.month, silent.silent_days
from silent
join agents on agents.agent_id = silent.agent_id
order by silent.agent_id, silent.month
