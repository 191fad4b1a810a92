-- marts.billing_reconciliation: the charges against the invoice export, month by month, to the cent.
-- grain: one row per month and currency
-- clauses: AS-3
-- materialized: table
-- The month of a line is that of its ticket's opening; of its issue when its ticket is not there.
-- The months together are the whole invoice export.
-- columns:
--   month: first day of the month; null when unknown
--   currency: of the money
--   invoice_lines: lines of the invoice export that count in the month
--   placed_lines: those that are in a charge
--   invoice_amount: sum of those lines
--   charges: charges with money in that month
--   charge_amount: sum of steps.charge_findings
--   difference: charge_amount less invoice_amount; 0 in every row of a sound run
with
invoiced as (
    select
        cast(
            date_trunc(
                'month',
                case when tickets.ticket_id is null then lines.issued_at else tickets.opened_at end
            ) as date
        ) as month,
        coalesce(lines.currency, 'CNY') as currency,
        count(*) as invoice_lines,
        count(placed.charge_id) as placed_lines,
        sum(coalesce(lines.amount, 0)) as invoice_amount
    from staging.invoices as lines
    left join staging.tickets as tickets on lines.ticket_id = tickets.ticket_id
    left join steps.invoice_lines as placed
        on lines.invoice_id = placed.invoice_id
        and lines.line_no = placed.line_no
    group by 1, 2
),

charged as (
    select
        month,
        currency,
        count(*) as charges,
        sum(billed_amount) as charge_amount
    from steps.charge_findings
    where line_count > 0
    group by month, currency
),

both_sides as (
    select
        month,
        currency,
        invoice_lines,
        placed_lines,
        invoice_amount,
        0 as charges,
        0 as charge_amount
    from invoiced
    union all
    select
        month,
        currency,
        0 as invoice_lines,
        0 as placed_lines,
        0 as invoice_amount,
        charges,
        charge_amount
    from charged
)

select
    month,
    currency,
    cast(sum(invoice_lines) as bigint) as invoice_lines,
    cast(sum(placed_lines) as bigint) as placed_lines,
    cast(sum(invoice_amount) as decimal(18, 2)) as invoice_amount,
    cast(sum(charges) as bigint) as charges,
    cast(sum(charge_amount) as decimal(18, 2)) as charge_amount,
    cast(sum(charge_amount) - sum(invoice_amount) as decimal(18, 2)) as difference
from both_sides
group by month, currency
order by month, currency
