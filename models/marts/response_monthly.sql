-- marts.response_monthly: response verdicts by month, fault level and city tier.
-- grain: one row per month, fault level and city tier that had a fault (unknown ones as null)
-- clauses: T4
-- materialized: table
-- columns:
--   month: first day of the month of opening
--   fault_level: 1 to 4, null when unknown
--   city_tier: tier1 or other, null when unknown
--   tickets: all faults, the sum of the four verdicts
--   met: answered in time
--   breached: answered too late, or open and already too late
--   pending: open and still in time
--   unmeasurable: cannot be judged
--   compliance_pct: 100 x met / (met + breached), null when none is decided
with counted as (
    select
        month,
        fault_level,
        city_tier,
        count(*) as tickets,
        sum(case when verdict = 'met' then 1 else 0 end) as met,
        sum(case when verdict = 'breached' then 1 else 0 end) as breached,
        sum(case when verdict = 'pending' then 1 else 0 end) as pending,
        sum(case when verdict = 'unmeasurable' then 1 else 0 end) as unmeasurable
    from facts.responses
    group by month, fault_level, city_tier
)
select
    month,
    fault_level,
    city_tier,
    cast(tickets as bigint) as tickets,
    cast(met as bigint) as met,
    cast(breached as bigint) as breached,
    cast(pending as bigint) as pending,
    cast(unmeasurable as bigint) as unmeasurable,
    case when met + breached > 0 then cast(100 * met as double) / (met + breached) end
        as compliance_pct
from counted
order by month, fault_level, city_tier
