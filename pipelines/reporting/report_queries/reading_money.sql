-- reading_money: the amounts an alternative reading would move.
-- grain: one row per reading, alternative and currency
select *
from marts.reading_money
order by reading, alternative, currency
