-- response_bins: how much of its target each answered fault used, in steps of a tenth. Of a target
-- that ended before the fault was opened, or as it was, any answer used more than all.
-- grain: one row per month, step (0 = under 10 %, 20 = 200 % and more) and verdict
select month,
       case
           when target_seconds > 0 then least(elapsed_seconds * 10 // target_seconds, 20)::integer
           when verdict = 'met' then 10
           else 20
       end as step,
       verdict,
       count(*) as tickets
from facts.responses
where verdict in ('met', 'breached') and not is_open
group by all
order by all
