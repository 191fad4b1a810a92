-- closed_causes: why figures of closed months changed, counted.
-- grain: one row per closed month and cause
select month, cause_code, count(*) as changes
from marts.restatements
group by month, cause_code
order by month desc, changes desc, cause_code
