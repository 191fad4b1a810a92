-- record_class_totals: every record filed, by what it is to the record owed.
-- grain: one row per class
select class, count(*) as records
from steps.classed_records
group by class
order by class
