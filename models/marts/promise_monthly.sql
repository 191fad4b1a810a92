-- marts.promise_monthly: every promise by month, kind, clause and party.
-- grain: one row per month, kind, clause and responsible party
-- clauses: T4, AG, KA, AS-5, AS-6, AS-7, AS-9, PS-1, PS-2, EC, OB, CAT
-- materialized: table
-- columns:
--   month: of the facts table, null when unknown
--   kind: response, filing, inspection, training, or the rule of conduct
--   clause: the clause that promises it
--   responsible: company or an agent's id, null when unknown
--   promises: all of them, the sum of the four verdicts
--   met: kept
--   breached: broken
--   pending: open and still in time
--   unmeasurable: cannot be judged
--   compliance_pct: 100 x met / (met + breached), null when none is decided
with counted as (
    select
        month,
        kind,
        clause,
        responsible,
        count(*) as promises,
        sum(case when verdict = 'met' then 1 else 0 end) as met,
        sum(case when verdict = 'breached' then 1 else 0 end) as breached,
        sum(case when verdict = 'pending' then 1 else 0 end) as pending,
        sum(case when verdict = 'unmeasurable' then 1 else 0 end) as unmeasurable
    from marts.obligations
    group by month, kind, clause, responsible
)
select
    month,
    kind,
    clause,
    responsible,
    cast(promises as bigint) as promises,
    cast(met as bigint) as met,
    cast(breached as bigint) as breached,
    cast(pending as bigint) as pending,
    cast(unmeasurable as bigint) as unmeasurable,
    case when met + breached > 0 then cast(100 * met as double) / (met + breached) end
        as compliance_pct
from counted
order by month, kind, clause, responsible
