-- response_unmeasurable: why faults could not be judged.
-- grain: one row per month and reason
select month, reason, reason_zh, count(*) as tickets
from facts.responses
where verdict = 'unmeasurable'
group by all
order by month, tickets desc, reason
