-- closed_months: the published versions of months, and whether the last one of each still holds.
-- grain: one row per month and version
select *
from marts.closed_months
order by month desc, version desc
