-- steps.charge_bills: the invoice lines of each charge, netted.
-- grain: one row per charge that has at least one invoice line
-- clauses: AS-3
-- materialized: scratch
-- columns:
--   charge_id: key
--   place: ticket, period or line (stands alone)
--   period_key: what the charges of one period fee share over all months; null elsewhere
--   ticket_id: the ticket the lines cite, there or not
--   charge_type: what is billed; null when unreadable
--   currency: of the charge
--   is_other_biller: billed by an issuer who is not the provider
--   is_duplicate: repeats an earlier line that was not reversed
--   repeats_invoice_id: the invoice repeated
--   credited_amount: of a repeat, the part that credits among the other lines took back
--   serial_no: unit the lines name; null on a ticket, which has its own
--   contract_id: contract the lines name; null on a ticket
--   customer_id: customer the lines name, when they agree; null on a ticket that has its own
--   coverage_start: first day covered
--   coverage_end: last day covered
--   issuers: who issued the lines, each once
--   has_unknown_issuer: a line does not say who issued it
--   invoice_ids: the invoices, each once
--   invoice_lines: the lines as invoice#line
--   line_count: invoice lines
--   unreadable_count: lines whose amount cannot be read; they count as 0
--   credit_count: lines below zero
--   billed_amount: sum of the lines, credits taken off
--   first_issued_on: day of the earliest line
--   last_issued_on: day of the latest line
with
shared_lines as (
    select
        *,
        invoice_id || '#' || cast(line_no as varchar) as invoice_line
    from steps.invoice_lines
    where is_shared
),

shared_charges as (
    select
        charge_id,
        any_value(place) as place,
        any_value(period_key) as period_key,
        any_value(ticket_id) as ticket_id,
        any_value(charge_type) as charge_type,
        any_value(charge_currency) as currency,
        bool_or(is_other_biller) as is_other_biller,
        bool_or(is_duplicate) as is_duplicate,
        any_value(repeats_invoice_id) as repeats_invoice_id,
        any_value(credited_amount) as credited_amount,
        min(serial_no) as serial_no,
        min(contract_id) as contract_id,
        case when min(customer_id) = max(customer_id) then min(customer_id) end as customer_id,
        min(coverage_start) as coverage_start,
        min(coverage_end) as coverage_end,
        min(issuer) as first_issuer,
        max(issuer) as last_issuer,
        count(*) > count(issuer) as has_unknown_issuer,
        count(*) as line_count,
        count(*) - count(amount) as unreadable_count,
        count(case when amount < 0 then 1 end) as credit_count,
        sum(coalesce(amount, 0)) as billed_amount,
        min(issued_on) as first_issued_on,
        max(issued_on) as last_issued_on,
        min(invoice_id) as first_invoice_id,
        max(invoice_id) as last_invoice_id,
        string_agg(invoice_line, ', ' order by invoice_id, line_no) as invoice_lines
    from shared_lines
    group by charge_id
),

-- Invoices and issuers are listed only where there is more than one.
invoice_lists as (
    select charge_id, string_agg(invoice_id, ', ' order by invoice_id) as invoice_ids
    from (
        select distinct shared_lines.charge_id, shared_lines.invoice_id
        from shared_lines
        inner join shared_charges on shared_lines.charge_id = shared_charges.charge_id
        where shared_charges.first_invoice_id <> shared_charges.last_invoice_id
    ) as invoices
    group by charge_id
),

issuer_lists as (
    select charge_id, string_agg(issuer, ', ' order by issuer) as issuers
    from (
        select distinct shared_lines.charge_id, shared_lines.issuer
        from shared_lines
        inner join shared_charges on shared_lines.charge_id = shared_charges.charge_id
        where
            shared_charges.first_issuer <> shared_charges.last_issuer
            and shared_lines.issuer is not null
    ) as issuers
    group by charge_id
)

select
    charges.charge_id,
    charges.place,
    charges.period_key,
    charges.ticket_id,
    charges.charge_type,
    charges.currency,
    charges.is_other_biller,
    charges.is_duplicate,
    charges.repeats_invoice_id,
    charges.credited_amount,
    charges.serial_no,
    charges.contract_id,
    charges.customer_id,
    charges.coverage_start,
    charges.coverage_end,
    coalesce(issuer_lists.issuers, charges.first_issuer) as issuers,
    charges.has_unknown_issuer,
    coalesce(invoice_lists.invoice_ids, charges.first_invoice_id) as invoice_ids,
    charges.invoice_lines,
    charges.line_count,
    charges.unreadable_count,
    charges.credit_count,
    cast(charges.billed_amount as decimal(18, 2)) as billed_amount,
    charges.first_issued_on,
    charges.last_issued_on
from shared_charges as charges
left join invoice_lists on charges.charge_id = invoice_lists.charge_id
left join issuer_lists on charges.charge_id = issuer_lists.charge_id
union all
select
    charge_id,
    place,
    period_key,
    ticket_id,
    charge_type,
    charge_currency as currency,
    is_other_biller,
    is_duplicate,
    repeats_invoice_id,
    credited_amount,
    serial_no,
    contract_id,
    customer_id,
    coverage_start,
    coverage_end,
    issuer as issuers,
    issuer is null as has_unknown_issuer,
    invoice_id as invoice_ids,
    invoice_id || '#' || cast(line_no as varchar) as invoice_lines,
    cast(1 as bigint) as line_count,
    cast(case when amount is null then 1 else 0 end as bigint) as unreadable_count,
    cast(case when amount < 0 then 1 else 0 end as bigint) as credit_count,
    cast(coalesce(amount, 0) as decimal(18, 2)) as billed_amount,
    issued_on as first_issued_on,
    issued_on as last_issued_on
from steps.invoice_lines
where not is_shared
