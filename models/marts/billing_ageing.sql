-- marts.billing_ageing: how long the exceptions have been waiting, in billing periods of the terms.
-- grain: one row per exception, finding, currency and age
-- clauses: T2, WA-1, WA-2
-- materialized: table
-- columns:
--   exception: as in marts.billing_exceptions
--   finding: of the charges
--   currency: of the money
--   age_periods: whole billing periods waited; the last step holds all that is older; null when unknown
--   is_last_step: whether older ones are in it
--   from_days: least days waited
--   charges: number of charges
--   at_stake_amount: money in question, where known
--   unvalued_charges: charges of which it is not known
with
stepped as (
    select
        exceptions.exception,
        exceptions.finding,
        exceptions.currency,
        exceptions.at_stake_amount,
        greatest(rules.billing_due_days, 1) as period_days,
        case
            when exceptions.age_periods > 2 then 2 + 1
            when exceptions.age_periods < 0 then 0
            else exceptions.age_periods
        end as age_periods
    from marts.billing_exceptions as exceptions
    cross join meta.run as run
    left join terms.days as days on cast(run.as_of as date) = days.day
    left join terms.rules as rules on days.period_id = rules.period_id
)

select
    exception,
    finding,
    currency,
    age_periods,
    age_periods > 2 as is_last_step,
    age_periods * period_days as from_days,
    count(*) as charges,
    cast(sum(coalesce(at_stake_amount, 0)) as decimal(18, 2)) as at_stake_amount,
    count(*) - count(at_stake_amount) as unvalued_charges
from stepped
group by exception, finding, currency, age_periods, period_days
