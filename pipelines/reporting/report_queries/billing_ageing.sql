-- billing_ageing: how long the exceptions have been waiting.
-- grain: one row per exception, currency and age
select exception, currency, age_periods, is_last_step, from_days,
       sum(charges)::bigint as charges,
       sum(at_stake_amount) as at_stake_amount,
       sum(unvalued_charges)::bigint as unvalued_charges
from marts.billing_ageing
group by all
order by exception, currency, age_periods
