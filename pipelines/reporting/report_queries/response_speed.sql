-- response_speed: how fast faults were answered: time used in seconds, and as a share of the target.
-- grain: one row per month and fault level of answered faults, and one per month for all levels
with answered as (
    select month, fault_level, elapsed_seconds,
           -- no share of a target that ended before the fault was opened, or as it was
           case when target_seconds > 0 then elapsed_seconds / target_seconds end as used_share
    from facts.responses
    where verdict in ('met', 'breached') and not is_open
)
select month,
       case when grouping(fault_level) = 0 then fault_level end as fault_level,
       grouping(fault_level) = 1 as is_all_levels,
       count(*) as tickets,
       avg(elapsed_seconds) as mean_seconds,
       quantile_cont(elapsed_seconds, 0.5) as median_seconds,
       quantile_cont(elapsed_seconds, 0.9) as p90_seconds,
       quantile_cont(elapsed_seconds, 0.95) as p95_seconds,
       quantile_cont(used_share, 0.5) as median_share,
       quantile_cont(used_share, 0.9) as p90_share,
       quantile_cont(used_share, 0.95) as p95_share
from answered
group by grouping sets ((month, fault_level), (month))
order by month, is_all_levels, fault_level
