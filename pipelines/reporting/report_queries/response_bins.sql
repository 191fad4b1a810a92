-- response_bins: how much of its target each answered fault used, in steps of a tenth.
-- grain: one row per month, step (0 = under 10 %, 20 = 200 % and more) and verdict
select month,
       least(elapsed_seconds * 10 // target_seconds, 20)::integer as step,
       verdict,
       count(*) as tickets
from facts.responses
where verdict in ('met', 'breached') and not is_open and target_seconds > 0
group by all
order by all
