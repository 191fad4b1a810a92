-- marts.billing_payments: how invoice lines were paid, and whether the terms name that way.
-- grain: one row per way of paying and currency
-- clauses: AS-3
-- materialized: table
-- The terms in force are those of the day of issue. Without a list in the terms nothing is judged.
-- columns:
--   payment_method: as the terms name it, else as the lines do; null when not given
--   is_named: whether AS-3 names it, on every day of issue that is known; null when not given, on
--     no such day, or without a list in the terms
--   currency: of the amount
--   invoice_lines: lines paid so
--   amount: sum of the lines
with
judged as (
    select
        coalesce(methods.payment_method, lines.payment_method) as payment_method,
        case
            when lines.payment_method is null or listed.period_id is null then null
            else methods.payment_method is not null
        end as is_named,
        coalesce(lines.currency, 'CNY') as currency,
        lines.amount
    from staging.invoices as lines
    left join terms.days as days on cast(lines.issued_at as date) = days.day
    left join (select distinct period_id from terms.payment_methods) as listed
        on days.period_id = listed.period_id
    left join terms.payment_methods as methods
        on days.period_id = methods.period_id
        and translate(lines.payment_method, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
            = methods.spelling
)

select
    payment_method,
    bool_and(is_named) as is_named,
    currency,
    count(*) as invoice_lines,
    cast(sum(coalesce(amount, 0)) as decimal(18, 2)) as amount
from judged
group by payment_method, currency
