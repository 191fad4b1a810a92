-- restatements: what changed in closed months since they were published, responses first, then
-- what moved the most money.
-- grain: one row per change, at most 100,000 (pages show the first 500)
select *
from marts.restatements
order by
    case when kind = 'response' then 0 else 1 end,
    coalesce(abs(overbilled_now - overbilled_was), 0) + coalesce(abs(billed_now - billed_was), 0) desc,
    month desc, kind, subject_id
limit 100000
