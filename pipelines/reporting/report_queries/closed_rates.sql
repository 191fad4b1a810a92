-- closed_rates: each promise of a closed month, as published and as it is now.
-- grain: one row per closed month and kind of promise
select *
from marts.closed_rates
order by month desc, kind
