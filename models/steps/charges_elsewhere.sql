-- steps.charges_elsewhere: the charges of invoice lines that belong to no ticket, and what to make of them.
--
-- The precedence is that of steps.charges_on_tickets. A maintenance fee for a period is judged against
-- the day it may begin (steps.charge_periods); any other line has no ticket to be judged by.
-- grain: one row per period fee and month of issue, per repeat of one, and per line that stands alone
-- clauses: AS-1, AS-3, T2, WA-1, WA-2
-- materialized: table
-- columns:
--   charge_id: key
--   place: period or line (stands alone)
--   ticket_id: the ticket cited, which is not there
--   invoice_ids: the invoices of its lines, each once
--   invoice_lines: its lines as invoice#line
--   serial_no: the unit
--   contract_id: the contract
--   customer_id: of the lines, else of the unit
--   customer_type: of the units, when they agree
--   product_type: of the units, when they agree
--   charge_type: service_fee, repair_replacement, maintenance_fee or other; null when unreadable
--   expected: billable, free or undetermined
--   biller: who billed, company or agent
--   issuers: who billed: company or agent_ids
--   billed_amount: money, credits taken off
--   currency: of all money in the row
--   finding: what to make of it
--   clause: the clause the finding stands on
--   month: first day of the month of issue
--   first_issued_on: day of the earliest line
--   last_issued_on: day of the latest line
--   line_count: invoice lines
--   unreadable_count: lines whose amount cannot be read
--   repeats_invoice_id: the invoice that a repeat repeats
--   credited_amount: of a repeat, the part that credits among the other lines took back, as far as the
--     period is due
--   coverage_start: first day a period fee covers
--   coverage_end: last day a period fee covers
--   is_reversed: what was billed for a period was reversed in full
--   period_amount: money of the period over all months, net
--   unit_count: units a period fee covers
--   early_unit_count: those of them for which it begins too early
--   unknown_unit_count: those of which that is not known
--   maintenance_from_on: first day a maintenance fee may be charged for all of them
--   overlap_days: days a period fee covers before that day
--   overlap_amount: share of the amount for those days
--   overcredited_amount: in the last month of a period, what was credited beyond what was billed
with
found_elsewhere as (
    select
        bills.charge_id,
        bills.place,
        bills.ticket_id,
        bills.invoice_ids,
        bills.invoice_lines,
        bills.serial_no,
        coalesce(bills.contract_id, periods.contract_id) as contract_id,
        coalesce(periods.customer_id, bills.customer_id, units.customer_id) as customer_id,
        coalesce(periods.customer_type, units.customer_type) as customer_type,
        coalesce(periods.product_type, units.product_type) as product_type,
        bills.charge_type,
        coalesce(periods.period_expected, 'undetermined') as expected,
        bills.issuers,
        bills.billed_amount,
        bills.currency,
        bills.first_issued_on,
        bills.last_issued_on,
        bills.line_count,
        bills.unreadable_count,
        bills.repeats_invoice_id,
        -- Of what is early, the other lines are too much as well, credits taken off: in whole cents,
        -- as in steps.charge_periods. A period without an end may still have nothing early.
        case
            when not bills.is_duplicate then null
            when periods.early_unit_days = 0 then bills.credited_amount
            else cast(
                (
                    2 * cast(bills.credited_amount * 100 as hugeint)
                        * (periods.unit_days - periods.early_unit_days)
                    + periods.unit_days
                ) // (2 * periods.unit_days) as decimal(18, 0)
            ) * 0.01
        end as credited_amount,
        bills.coverage_start,
        bills.coverage_end,
        coalesce(periods.period_amount = 0 and periods.period_credit_count > 0, false)
            as is_reversed,
        periods.period_amount,
        case when not bills.is_duplicate then periods.overcredited_amount end
            as overcredited_amount,
        periods.unit_count,
        periods.early_unit_count,
        periods.unknown_unit_count,
        periods.overlap_days,
        periods.overlap_amount,
        periods.maintenance_from_on,
        case
            when bills.is_duplicate then 'duplicate_charge'
            when bills.charge_type = 'other' then 'not_audited'
            when bills.place = 'line'
                and (
                    bills.ticket_id is not null
                    or (bills.serial_no is null and bills.contract_id is null)
                )
                then 'orphan_charge'
            when bills.place = 'line' or bills.unreadable_count > 0 then 'undetermined'
            when periods.period_unreadable_count > 0 then 'undetermined'
            when periods.period_expected = 'undetermined' then 'undetermined'
            when periods.period_amount > 0 and periods.period_expected = 'free'
                then 'billed_under_warranty'
            when periods.period_amount > 0 then 'billed_as_due'
            when periods.period_expected = 'free' then 'free_as_due'
            else 'not_billed'
        end as finding
    from steps.charge_bills as bills
    left join steps.charge_periods as periods on bills.charge_id = periods.charge_id
    left join steps.units as units on bills.serial_no = units.serial_no
    where bills.place <> 'ticket'
)

select
    charge_id,
    place,
    ticket_id,
    invoice_ids,
    invoice_lines,
    serial_no,
    contract_id,
    customer_id,
    customer_type,
    product_type,
    charge_type,
    expected,
    case when issuers = 'company' then 'company' when issuers is not null then 'agent' end
        as biller,
    issuers,
    billed_amount,
    currency,
    finding,
    case charge_type
        when 'service_fee' then 'T2'
        when 'repair_replacement' then 'WA-1'
        when 'maintenance_fee' then 'WA-2'
        else 'AS-3'
    end as clause,
    cast(date_trunc('month', first_issued_on) as date) as month,
    first_issued_on,
    last_issued_on,
    line_count,
    unreadable_count,
    repeats_invoice_id,
    credited_amount,
    case when place = 'period' then coverage_start end as coverage_start,
    case when place = 'period' then coverage_end end as coverage_end,
    is_reversed,
    period_amount,
    unit_count,
    early_unit_count,
    unknown_unit_count,
    maintenance_from_on,
    case when finding = 'billed_under_warranty' then overlap_days end as overlap_days,
    case when finding = 'billed_under_warranty' then overlap_amount end as overlap_amount,
    overcredited_amount
from found_elsewhere
