-- billing_payments: how invoice lines were paid, ways the terms do not name first.
-- grain: one row per way of paying and currency, at most 50
select *
from marts.billing_payments
order by is_named nulls last, amount desc, payment_method nulls last, currency
limit 50
