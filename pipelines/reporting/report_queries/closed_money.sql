-- closed_money: the money of a closed month, as published and as it is now.
-- grain: one row per closed month and currency
select *
from marts.closed_money
order by month desc, currency
