-- promises: every promise of every kind, by the clause that makes it.
-- grain: one row per month, kind and clause
select month,
       kind,
       clause,
       count(*) as promises,
       count(*) filter (where verdict = 'met') as met,
       count(*) filter (where verdict = 'breached') as breached,
       count(*) filter (where verdict = 'pending') as pending,
       count(*) filter (where verdict = 'unmeasurable') as unmeasurable
from marts.obligations
group by all
order by all
