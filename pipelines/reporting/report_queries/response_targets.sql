-- response_targets: the targets of each period with the clock they run on (T4, AS-7).
-- grain: one row per period, fault level and city tier
select periods.valid_from, periods.valid_to, targets.fault_level, targets.city_tier,
       targets.target_seconds, levels.clock
from terms.response_targets as targets
join terms.periods as periods on periods.period_id = targets.period_id
left join terms.fault_levels as levels
    on levels.period_id = targets.period_id and levels.fault_level = targets.fault_level
order by periods.valid_from, targets.fault_level, targets.city_tier desc
