-- promise_parties: every promise by kind, clause and who is responsible, most breaches first.
-- grain: one row per kind, clause and party, at most 1000
select kind,
       clause,
       responsible,
       cast(sum(met) as bigint) as met,
       cast(sum(breached) as bigint) as breached,
       cast(sum(pending) as bigint) as pending,
       cast(sum(unmeasurable) as bigint) as unmeasurable,
       count(*) over () as parties
from marts.promise_monthly
where kind <> 'filing'
    or exists (select 1 from meta.files where export = 'service_records')
group by kind, clause, responsible
order by breached desc, kind, clause, responsible nulls last
limit 1000
