-- agent_standing: where each agent stands with its records, most certain to miss most at the top.
-- grain: one row per agent that owed a record, at most 2000
with today as (
    select as_of, date_trunc('month', cast(as_of as date) + 1) as open_month from meta.run
),
ages as (
    select filing.agent_id,
           count(*) filter (where filing.due_at >= today.as_of - interval 7 days) as overdue_7,
           count(*) filter (where filing.due_at < today.as_of - interval 7 days
               and filing.due_at >= today.as_of - interval 30 days) as overdue_30,
           count(*) filter (where filing.due_at < today.as_of - interval 30 days
               and filing.due_at >= today.as_of - interval 90 days) as overdue_90,
           count(*) filter (where filing.due_at < today.as_of - interval 90 days) as overdue_more
    from facts.filings as filing
    cross join today
    where filing.finding in ('missing', 'incomplete', 'wrong_form')
    group by filing.agent_id
),
recent as (
    select filing.agent_id,
           sum(filing.missing) filter (where filing.month >= today.open_month - interval 3 months)
               as recent_missing,
           sum(filing.due - filing.pending - filing.unmeasurable)
               filter (where filing.month >= today.open_month - interval 3 months)
               as recent_decided,
           sum(filing.missing) filter (where filing.month < today.open_month - interval 3 months)
               as earlier_missing,
           sum(filing.due - filing.pending - filing.unmeasurable)
               filter (where filing.month < today.open_month - interval 3 months)
               as earlier_decided
    from marts.agent_filing as filing
    cross join today
    where filing.month < today.open_month
    group by filing.agent_id
)
select standing.*,
       coalesce(ages.overdue_7, 0) as overdue_7,
       coalesce(ages.overdue_30, 0) as overdue_30,
       coalesce(ages.overdue_90, 0) as overdue_90,
       coalesce(ages.overdue_more, 0) as overdue_more,
       cast(coalesce(recent.recent_missing, 0) as bigint) as recent_missing,
       cast(coalesce(recent.recent_decided, 0) as bigint) as recent_decided,
       cast(coalesce(recent.earlier_missing, 0) as bigint) as earlier_missing,
       cast(coalesce(recent.earlier_decided, 0) as bigint) as earlier_decided
from marts.agent_standing as standing
left join ages on ages.agent_id = standing.agent_id
left join recent on recent.agent_id = standing.agent_id
where standing.due > 0
order by standing.missing_rank nulls last, standing.agent_id
limit 2000
