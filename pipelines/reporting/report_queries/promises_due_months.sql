-- promises_due_months: how many promises are still to be kept, by kind and the month they are due in.
-- grain: one row per kind and month
select kind,
       due_month,
       count(*) as promises
from marts.outlook
where kind <> 'response'
group by kind, due_month
order by due_month, kind
