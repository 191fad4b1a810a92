-- billing_reconciliation: the charges against the invoice export, to the cent.
-- grain: one row per month and currency
select *
from marts.billing_reconciliation
order by month nulls last, currency
