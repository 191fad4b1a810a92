-- marts.billing_exceptions: every charge somebody must look at, with the money in it and how long it waits.
-- grain: one row per charge with an exception
-- clauses: T1, T2, AS-1, AS-2, WA-1, WA-2, EC, AG, KA
-- materialized: table
-- Kinds: overbilled (to give back), unbilled (leakage), unexplained (billed or to be billed, but what
-- may be charged, or how much of it, is not known), off_rate (as due, but not at the rate card's
-- amount), overcredited (more was credited than billed). What an agent bills or leaves unbilled is
-- told apart by biller.
-- columns:
--   charge_id: key
--   exception: overbilled, unbilled, unexplained, off_rate or overcredited
--   finding: of the charge
--   clause: the finding stands on
--   readings: and on these readings and house rules
--   ticket_id: as the lines cite it
--   customer_id: who is billed
--   customer_name: as the tickets name the customer
--   customer_type: agent, end_customer or key_account
--   agent_id: the agent that provides or takes part
--   serial_no: the unit
--   contract_id: the contract
--   service_code: of the ticket
--   service_level: X, S0, S1 or S2
--   charge_type: what is charged
--   expected: billable, free, not_provided or undetermined
--   biller: who is to bill, company or agent; without a ticket, who did
--   issuers: who billed
--   invoice_ids: the invoices
--   invoice_lines: the lines, invoice#line
--   month: of the charge
--   waiting_since_on: day of issue; for what is not billed, the last day to bill on; else the day that counts
--   age_days: days from there to the as-of; 0 for a bill issued after it
--   age_periods: whole billing periods of the terms in that
--   billed_amount: money
--   at_stake_amount: money in question; null when no rate says how much
--   currency: of both
--   overlap_days: days a period fee began too early
--   money_rank: 1 is the most money, by currency
--   reason: why, in English
--   reason_zh: why, in Chinese
--   ticket_file: file the ticket came in
--   ticket_row: its row in that file
with
names as (
    select
        customer_id,
        min(customer_name) as customer_name
    from staging.tickets
    where customer_id is not null
    group by customer_id
),

kinds as (
    select
        *,
        case
            when finding = 'billed_under_warranty' and unexplained_amount is not null
                then 'unexplained'
            when overbilled_amount is not null then 'overbilled'
            when finding in ('orphan_charge', 'undetermined') then 'unexplained'
            when overcredited_amount < 0 then 'overcredited'
            when is_unbilled then 'unbilled'
            when is_off_rate then 'off_rate'
        end as exception
    from facts.charges
    where
        finding <> 'not_audited'
        -- Most charges can be none by what is stored of them, and are not put into words then.
        and (
            finding not in ('billed_as_due', 'free_as_due', 'agent_business', 'not_yet_due')
            or is_off_rate
            or overcredited_amount < 0
        )
),

weighed as (
    select
        kinds.*,
        names.customer_name,
        tickets.source_file as ticket_file,
        tickets.source_row as ticket_row,
        cast(run.as_of as date) as as_of_on,
        case kinds.exception
            when 'overbilled' then kinds.overbilled_amount
            when 'unbilled' then kinds.unbilled_amount
            when 'unexplained' then kinds.unexplained_amount
            when 'off_rate' then kinds.rate_difference
            when 'overcredited' then kinds.overcredited_amount
        end as at_stake_amount,
        case
            when kinds.exception = 'unbilled' then cast(kinds.bill_due_at as date)
            else coalesce(kinds.last_issued_on, kinds.charge_on)
        end as waiting_since_on,
        rules.billing_due_days
    from kinds
    cross join meta.run as run
    left join names on kinds.customer_id = names.customer_id
    left join staging.tickets as tickets on kinds.ticket_id = tickets.ticket_id
    left join terms.days as days on cast(run.as_of as date) = days.day
    left join terms.rules as rules on days.period_id = rules.period_id
    where kinds.exception is not null
),

aged as (
    select
        *,
        case
            when waiting_since_on is not null
                then greatest(date_diff('day', waiting_since_on, as_of_on), 0)
        end as age_days
    from weighed
)

select
    charge_id,
    exception,
    finding,
    clause,
    readings,
    ticket_id,
    customer_id,
    customer_name,
    customer_type,
    agent_id,
    serial_no,
    contract_id,
    service_code,
    service_level,
    charge_type,
    expected,
    biller,
    issuers,
    invoice_ids,
    invoice_lines,
    month,
    waiting_since_on,
    age_days,
    cast(floor(age_days / greatest(billing_due_days, 1)) as integer) as age_periods,
    billed_amount,
    at_stake_amount,
    currency,
    overlap_days,
    row_number() over (
        partition by currency
        order by abs(coalesce(at_stake_amount, 0)) desc, charge_id
    ) as money_rank,
    reason,
    reason_zh,
    ticket_file,
    ticket_row
from aged
