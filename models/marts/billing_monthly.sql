-- marts.billing_monthly: the money of each finding, month by month.
-- grain: one row per month, finding, charge type, clause, biller, issuer and currency
-- clauses: T2, AS-1, AS-2, WA-1, WA-2, EC
-- materialized: table
-- columns:
--   month: of the charges; null when unknown
--   finding: of the charges
--   charge_type: what is charged; null when unreadable
--   clause: the finding stands on
--   biller: who is to bill, company or agent; null when unknown
--   billed_by: who did bill, company, agent or both; null when nobody or unknown
--   currency: of all money in the row
--   charges: number of charges
--   billed_amount: money billed
--   overbilled_amount: money to give back
--   unexplained_amount: money that cannot be judged
--   unbilled_amount: money not billed, where the rate card knows it
--   overbilled_charges: charges with money to give back
--   unexplained_charges: charges that cannot be judged, or not to which part
--   unbilled_charges: charges due and not billed
--   unrated_charges: those of them of which no rate is known
with
charges as (
    select
        *,
        case
            when issuers = 'company' then 'company'
            when ', ' || issuers || ', ' like '%, company, %' then 'both'
            when issuers is not null then 'agent'
        end as billed_by
    from steps.charge_findings
)

select
    month,
    finding,
    charge_type,
    clause,
    biller,
    billed_by,
    currency,
    count(*) as charges,
    cast(sum(billed_amount) as decimal(18, 2)) as billed_amount,
    cast(sum(coalesce(overbilled_amount, 0)) as decimal(18, 2)) as overbilled_amount,
    cast(sum(coalesce(unexplained_amount, 0)) as decimal(18, 2)) as unexplained_amount,
    cast(sum(coalesce(unbilled_amount, 0)) as decimal(18, 2)) as unbilled_amount,
    count(case when overbilled_amount <> 0 then 1 end) as overbilled_charges,
    count(
        case
            when finding in ('orphan_charge', 'undetermined')
                or (finding = 'billed_under_warranty' and unexplained_amount is not null)
                then 1
        end
    ) as unexplained_charges,
    count(case when is_unbilled then 1 end) as unbilled_charges,
    count(case when is_unbilled and unbilled_amount is null then 1 end) as unrated_charges
from charges
group by month, finding, charge_type, clause, biller, billed_by, currency
