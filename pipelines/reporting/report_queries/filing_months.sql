-- filing_months: the records owed by the month their tickets were opened, and what became of them.
-- grain: one row per month, the last for tickets without an opening time
select month,
       cast(sum(due) as bigint) as due,
       cast(sum(filed_on_time) as bigint) as filed_on_time,
       cast(sum(filed_late) as bigint) as filed_late,
       cast(sum(missing) as bigint) as missing,
       cast(sum(incomplete) as bigint) as incomplete,
       cast(sum(wrong_form) as bigint) as wrong_form,
       cast(sum(pending) as bigint) as pending,
       cast(sum(unmeasurable) as bigint) as unmeasurable
from marts.agent_filing
group by month
order by month nulls last
