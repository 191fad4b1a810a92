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
-- Few ways of paying are written, on many lines.
written as (
    select
        lines.payment_method,
        days.period_id,
        coalesce(lines.currency, 'CNY') as currency,
        count(*) as invoice_lines,
        sum(coalesce(lines.amount, 0)) as amount
    from staging.invoices as lines
    left join terms.days as days on cast(lines.issued_at as date) = days.day
    group by lines.payment_method, days.period_id, coalesce(lines.currency, 'CNY')
),

judged as (
    select
        coalesce(methods.payment_method, written.payment_method) as payment_method,
        case
            when written.payment_method is null or listed.period_id is null then null
            else methods.payment_method is not null
        end as is_named,
        written.currency,
        written.invoice_lines,
        written.amount
    from written
    left join (select distinct period_id from terms.payment_methods) as listed
        on written.period_id = listed.period_id
    left join terms.payment_methods as methods
        on written.period_id = methods.period_id
        -- Latin capitals alone: of others each engine has an opinion of its own.
        and translate(
            written.payment_method, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
        ) = methods.spelling
)

select
    payment_method,
    bool_and(is_named) as is_named,
    currency,
    cast(sum(invoice_lines) as bigint) as invoice_lines,
    cast(sum(amount) as decimal(18, 2)) as amount
from judged
group by payment_method, currency
