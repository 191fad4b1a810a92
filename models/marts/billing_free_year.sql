-- marts.billing_free_year: what the other choice of reading 5 would change, in charges and in money.
-- grain: one row per finding now, finding then and currency
-- clauses: AS-1, T2
-- materialized: table
-- columns:
--   finding: under the choice in force
--   finding_other_reading: under the other choice
--   currency: of the money
--   charges: number of charges that change
--   billed_amount: money billed on them
--   overbilled_amount: money to give back now
--   overbilled_amount_other_reading: money to give back then
--   unbilled_charges: charges not billed now
--   unbilled_charges_other_reading: charges not billed then
select
    finding,
    finding_other_reading,
    currency,
    count(*) as charges,
    cast(sum(billed_amount) as decimal(18, 2)) as billed_amount,
    cast(sum(coalesce(overbilled_amount, 0)) as decimal(18, 2)) as overbilled_amount,
    cast(
        sum(case when finding_other_reading = 'billed_but_free' then billed_amount else 0 end)
        as decimal(18, 2)
    ) as overbilled_amount_other_reading,
    count(case when is_unbilled then 1 end) as unbilled_charges,
    count(case when finding_other_reading = 'not_billed' and billed_amount = 0 then 1 end)
        as unbilled_charges_other_reading
from steps.charge_findings
where finding <> finding_other_reading
group by finding, finding_other_reading, currency
