-- agent_silence_months: days of each month in which an agent had served and filed nothing.
-- grain: one row per agent and month with silence; the 30 agents with the longest one, 24 months
with agents as (
    select agent_id, longest_silence_seconds
    from marts.agent_standing
    where longest_silence_seconds > 0
    order by longest_silence_seconds desc, agent_id
    limit 30
),
months as (
    select distinct cast(date_trunc('month', day) as date) as month
    from terms.days
    cross join meta.run as run
    where day <= cast(run.as_of as date)
        and day >= cast(date_trunc('month', run.as_of) - interval 23 months as date)
)
select silence.agent_id,
       months.month,
       sum(
           epoch(least(coalesce(silence.ends_at, run.as_of), months.month + interval 1 month))
           - epoch(greatest(silence.begins_at, cast(months.month as timestamp)))
       ) / 86400 as silent_days
from steps.agent_silences as silence
join agents on agents.agent_id = silence.agent_id
cross join meta.run as run
join months
    on months.month + interval 1 month > silence.begins_at
    and months.month < coalesce(silence.ends_at, run.as_of)
group by silence.agent_id, months.month
order by silence.agent_id, months.month
