-- agent_totals: how many agents owed records, and how many records were owed and not filed.
-- grain: one row
select count(*) as agents,
       count(*) filter (where missing > 0) as agents_missing,
       count(*) filter (where outstanding > 0) as agents_outstanding,
       cast(coalesce(sum(outstanding), 0) as bigint) as outstanding,
       cast(coalesce(sum(missing), 0) as bigint) as missing,
       cast(coalesce(sum(decided), 0) as bigint) as decided
from marts.agent_standing
where due > 0
