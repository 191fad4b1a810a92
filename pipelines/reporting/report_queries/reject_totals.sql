-- reject_totals: how many rows were rejected and why.
-- grain: one row per export and reason
select export, reason, count(*) as rejected
from staging.rejects
group by all
order by all
