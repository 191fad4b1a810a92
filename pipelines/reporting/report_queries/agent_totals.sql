-- agent_totals: how many agents owed records, and how many records were owed and not filed;
-- outstanding_all also counts those of tickets that name no agent.
-- grain: one row
select count(*) as agents,
       count(*) filter (where missing > 0) as agents_missing,
       count(*) filter (where outstanding > 0) as agents_outstanding,
       cast(coalesce(sum(outstanding), 0) as bigint) as outstanding,
       cast(coalesce(sum(missing), 0) as bigint) as missing,
       cast(coalesce(sum(decided), 0) as bigint) as decided,
       (
           select count(*) from facts.filings
           where finding in ('missing', 'incomplete', 'wrong_form')
       ) as outstanding_all
from marts.agent_standing
where due > 0
