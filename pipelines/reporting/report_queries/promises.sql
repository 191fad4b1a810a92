-- promises: every promise of every kind, by the clause that makes it.
-- grain: one row per month, kind and clause
-- Without an export of service records nobody can be said not to have filed.
select month,
       kind,
       clause,
       cast(sum(promises) as bigint) as promises,
       cast(sum(met) as bigint) as met,
       cast(sum(breached) as bigint) as breached,
       cast(sum(pending) as bigint) as pending,
       cast(sum(unmeasurable) as bigint) as unmeasurable
from marts.promise_monthly
where kind <> 'filing'
    or exists (select 1 from meta.files where export = 'service_records')
group by month, kind, clause
order by month, kind, clause
