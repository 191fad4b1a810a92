-- billing_months: the money of each finding, month by month.
-- grain: one row per month, finding, charge type, clause, biller, issuer and currency
select *
from marts.billing_monthly
order by month, finding, charge_type, clause, biller, billed_by, currency
