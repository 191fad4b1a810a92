-- marts.agent_filing: what each agent owed and filed, by month.
-- grain: one row per month and agent (an unnamed agent as null)
-- clauses: AG, KA
-- materialized: table
-- Each record owed is in exactly one of the findings, which add up to due together with the
-- unmeasurable ones. filing_pct is the compliance of the contract, met of decided: a record
-- still in time is not decided.
-- columns:
--   month: first day of the month of opening
--   agent_id: who owes, null when the tickets do not say
--   due: records owed
--   filed_on_time: filed complete and in time
--   filed_late: filed complete, too late
--   missing: nothing filed, too late
--   incomplete: filed with required fields blank, too late to mend in time
--   wrong_form: filed on the wrong form, too late to mend in time
--   pending: not filed, still in time
--   unmeasurable: cannot be judged
--   filing_pct: 100 x filed_on_time / (due - pending - unmeasurable), null when none is decided
with counted as (
    select
        month,
        agent_id,
        count(*) as due,
        sum(case when finding = 'filed_on_time' then 1 else 0 end) as filed_on_time,
        sum(case when finding = 'filed_late' then 1 else 0 end) as filed_late,
        sum(case when finding = 'missing' then 1 else 0 end) as missing,
        sum(case when finding = 'incomplete' then 1 else 0 end) as incomplete,
        sum(case when finding = 'wrong_form' then 1 else 0 end) as wrong_form,
        sum(case when finding = 'pending' then 1 else 0 end) as pending,
        sum(case when finding is null then 1 else 0 end) as unmeasurable
    from facts.filings
    group by month, agent_id
)
select
    month,
    agent_id,
    cast(due as bigint) as due,
    cast(filed_on_time as bigint) as filed_on_time,
    cast(filed_late as bigint) as filed_late,
    cast(missing as bigint) as missing,
    cast(incomplete as bigint) as incomplete,
    cast(wrong_form as bigint) as wrong_form,
    cast(pending as bigint) as pending,
    cast(unmeasurable as bigint) as unmeasurable,
    case
        when due > pending + unmeasurable
            then cast(100 * filed_on_time as double) / (due - pending - unmeasurable)
    end as filing_pct
from counted
order by month, agent_id
