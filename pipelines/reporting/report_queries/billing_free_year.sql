-- billing_free_year: what the other choice of reading 5 would change.
-- grain: one row per finding now, finding then and currency
select *
from marts.billing_free_year
order by currency, finding, finding_other_reading
