-- steps.charge_findings: what may be charged for each service, what was billed, and what to make of it.
--
-- Precedence, the first that holds:
--   1. duplicate_charge: the line repeats one on another invoice (steps.invoice_lines).
--   2. not_audited: charge type other, whatever the line cites.
--   3. orphan_charge: cites a ticket that is not there, or neither ticket nor unit nor contract.
--   4. undetermined: an unreadable charge type or amount.
--   5. wrong_biller: billed by someone who is not the provider (reading 15), free or not.
--   6. What is billable, free, not provided or undetermined, against billed or not billed: the table
--      in the select. Billed means a net above zero: a full reversal counts as not billed.
-- Decided where the terms leave room:
--   * An agent may provide what the company does not (X, reading 11), so its bill for that is
--     agent_business; without a bill it is free_as_due, as for everyone.
--   * What an agent left unbilled is agent_business where it was billable, free_as_due where not.
--   * "Within 30 days after the service was finished" holds up to that very instant 30 days later.
--   * Without a provider or issuer a bill for what is free is still billed_but_free; a bill for what
--     is billable is undetermined, because reading 15 asks who.
--   * A bill for goods damaged in delivery is billed_but_free (AS-2), also within the warranty.
--   * A maintenance fee on the ticket of a service that needs none is billed_under_warranty before
--     the fee may begin, billed_but_free after.
--   * A line for a unit or contract without a ticket and without a period stands alone, undetermined.
-- grain: one row per ticket and charge type expected or billed, per currency; repeats, bills of another biller, periods and lines that belong to no ticket have rows of their own
-- clauses: T1, T2, AS-1, AS-2, AS-3, WA-1, WA-2, EC, AG, KA
-- materialized: table
-- facts.charges is this table with its keys, money and reasons put in words.
-- columns:
--   billed_charge_id: of steps.charge_bills; null where nothing was billed
--   place: ticket, period or line (stands alone)
--   state: what was billed on a ticket, as the table in the select names it; null elsewhere
--   ground: what decided what is expected on a ticket (steps.charge_entitlements); null elsewhere
--   ticket_id: the ticket, as the lines cite it when it is not there
--   invoice_ids: the invoices of its lines, each once
--   invoice_lines: its lines as invoice#line; every line is in one charge
--   serial_no: the unit
--   contract_id: the contract
--   customer_id: of the ticket, else of the lines, else of the unit
--   customer_type: agent, end_customer or key_account
--   agent_id: the agent that provides or takes part
--   service_code: of the ticket
--   product_type: of the unit
--   service_level: X, S0, S1 or S2; null when unknown
--   charge_type: service_fee, repair_replacement, maintenance_fee or other; null when unreadable
--   expected: billable, free, not_provided or undetermined
--   biller: who is to bill, company or agent; without a ticket, who did
--   issuers: who billed: company or agent_ids
--   billed_amount: money, credits taken off
--   currency: of all money in the row
--   finding: what to make of it
--   month: first day of the month of opening; of issue without a ticket
--   opened_on: day of opening of the ticket
--   charge_on: the day that counts for warranty and maintenance fee
--   is_finished: whether the service of the ticket is finished
--   bill_due_at: the last instant to bill in
--   first_issued_on: day of the earliest line
--   last_issued_on: day of the latest line
--   line_count: invoice lines
--   unreadable_count: lines whose amount cannot be read
--   credit_count: lines below zero
--   repeats_invoice_id: the invoice that a repeat repeats
--   coverage_start: first day a period fee covers
--   coverage_end: last day a period fee covers
--   is_reversed: what was billed for a period was reversed in full
--   unit_count: units a period fee covers
--   early_unit_count: those of them for which it begins too early
--   unknown_unit_count: those of which that is not known
--   overlap_days: days a period fee covers before it may be charged
--   overlap_amount: share of the amount for those days
--   covered_by: line of the period fee that covers this ticket, invoice#line
--   purchased_on: day the unit of the ticket was bought
--   warranty_ends_on: first day out of its warranty
--   free_year_ends_on: first day after its free year
--   maintenance_from_on: first day a maintenance fee may be charged
--   period_id: terms in force on the day of opening
--   is_listed: the service code is in the catalogue of that day
--   is_by_city: the service level asks for the city
--   city: the customer's city, where the service level asks for it
--   dispatched_from: city the engineer came from, likewise
--   is_same_city: the two are one, null when unknown
--   matrix_expected: what the matrix says of the service fee, whatever reading 5 is
--   rate_amount: the rate card's amount for it; null when it has none
--   rate_tolerance_pct: per cent of that amount a bill may differ
--   expected_other_reading: expected, under the other choice of reading 5
--   finding_other_reading: finding, under the other choice of reading 5
with
-- Period fees that were not reversed, by the unit or contract they cover.
coverages as (
    select
        bills.serial_no,
        case when bills.serial_no is null then bills.contract_id end as contract_id,
        bills.coverage_start,
        bills.coverage_end,
        bills.invoice_lines || ' (' || cast(bills.coverage_start as varchar) || ' – '
            || cast(bills.coverage_end as varchar) || ')' as covering_words
    from steps.charge_bills as bills
    inner join steps.charge_periods as periods on bills.charge_id = periods.charge_id
    where
        not bills.is_duplicate
        and bills.billed_amount > 0
        and periods.period_amount > 0
        and bills.coverage_end is not null
),

tickets_to_cover as (
    select ticket_id, serial_no, contract_id, unit_contract_id, charge_on
    from steps.charge_entitlements as entitlements
    where maintenance_expected = 'billable' and is_maintenance_expected
),

covered_tickets as (
    select ticket_id, min(covering_words) as covering_words
    from (
        select tickets.ticket_id, coverages.covering_words
        from tickets_to_cover as tickets
        inner join coverages on tickets.serial_no = coverages.serial_no
        where tickets.charge_on between coverages.coverage_start and coverages.coverage_end
        union all
        select tickets.ticket_id, coverages.covering_words
        from tickets_to_cover as tickets
        inner join coverages on tickets.contract_id = coverages.contract_id
        where tickets.charge_on between coverages.coverage_start and coverages.coverage_end
        union all
        select tickets.ticket_id, coverages.covering_words
        from tickets_to_cover as tickets
        inner join coverages on tickets.unit_contract_id = coverages.contract_id
        where
            tickets.charge_on between coverages.coverage_start and coverages.coverage_end
            and tickets.unit_contract_id <> coalesce(tickets.contract_id, '')
    ) as coverings
    group by ticket_id
),

ticket_bills as (
    select
        charge_id,
        ticket_id,
        charge_type,
        currency,
        is_other_biller,
        is_duplicate,
        repeats_invoice_id,
        issuers,
        has_unknown_issuer,
        invoice_ids,
        invoice_lines,
        line_count,
        unreadable_count,
        credit_count,
        billed_amount,
        first_issued_on,
        last_issued_on
    from steps.charge_bills
    where place = 'ticket'
),

-- A repeat alone does not stand for the charge it repeats: that one has its own row.
charges_billed as (
    select distinct ticket_id, charge_type
    from ticket_bills
    where not is_duplicate
),

charges_unbilled as (
    select
        entitlements.ticket_id,
        'service_fee' as charge_type
    from steps.charge_entitlements as entitlements
    left join charges_billed as billed
        on entitlements.ticket_id = billed.ticket_id
        and billed.charge_type = 'service_fee'
    where billed.ticket_id is null
    union all
    select
        entitlements.ticket_id,
        'maintenance_fee' as charge_type
    from steps.charge_entitlements as entitlements
    left join charges_billed as billed
        on entitlements.ticket_id = billed.ticket_id
        and billed.charge_type = 'maintenance_fee'
    where billed.ticket_id is null and entitlements.is_maintenance_expected
),

ticket_charges as (
    select * from ticket_bills
    union all
    select
        null as charge_id,
        ticket_id,
        charge_type,
        'CNY' as currency,
        false as is_other_biller,
        false as is_duplicate,
        null as repeats_invoice_id,
        null as issuers,
        false as has_unknown_issuer,
        null as invoice_ids,
        null as invoice_lines,
        0 as line_count,
        0 as unreadable_count,
        0 as credit_count,
        cast(0 as decimal(18, 2)) as billed_amount,
        null as first_issued_on,
        null as last_issued_on
    from charges_unbilled
),

entitled as (
    select
        charges.*,
        entitlements.serial_no,
        entitlements.contract_id,
        entitlements.customer_id,
        entitlements.customer_type,
        entitlements.agent_id,
        entitlements.provider,
        entitlements.service_code,
        entitlements.product_type,
        entitlements.service_level,
        entitlements.period_id,
        entitlements.month,
        entitlements.opened_on,
        entitlements.charge_on,
        entitlements.finished_at,
        entitlements.bill_due_at,
        entitlements.purchased_on,
        entitlements.warranty_ends_on,
        entitlements.free_year_ends_on,
        entitlements.maintenance_from_on,
        entitlements.matrix_expected,
        entitlements.is_by_city,
        entitlements.is_listed,
        entitlements.city,
        entitlements.dispatched_from,
        entitlements.is_same_city,
        case charges.charge_type
            when 'service_fee' then entitlements.service_ground
            when 'repair_replacement' then entitlements.repair_ground
            when 'maintenance_fee' then entitlements.maintenance_ground
        end as ground,
        case charges.charge_type
            when 'service_fee' then entitlements.service_expected
            when 'repair_replacement' then entitlements.repair_expected
            when 'maintenance_fee' then entitlements.maintenance_expected
            else 'undetermined'
        end as expected,
        case charges.charge_type
            when 'service_fee' then entitlements.service_expected_other
            when 'repair_replacement' then entitlements.repair_expected
            when 'maintenance_fee' then entitlements.maintenance_expected
            else 'undetermined'
        end as expected_other_reading,
        case when charges.charge_type = 'maintenance_fee' and charges.billed_amount <= 0
            then covered_tickets.covering_words end as covered_by
    from ticket_charges as charges
    inner join steps.charge_entitlements as entitlements on charges.ticket_id = entitlements.ticket_id
    left join covered_tickets on charges.ticket_id = covered_tickets.ticket_id
),

states as (
    select
        entitled.*,
        case
            when is_duplicate then 'repeat'
            when charge_type = 'other' then 'other'
            when charge_type is null or unreadable_count > 0 then 'unreadable'
            when is_other_biller then 'other_biller'
            when billed_amount > 0 and ground in ('in_warranty', 'before_fee') then 'billed_early'
            when billed_amount > 0 and (provider is null or has_unknown_issuer)
                then 'billed_by_unknown'
            when billed_amount > 0 and provider = 'agent' then 'billed_by_agent'
            when billed_amount > 0 then 'billed_by_company'
            when covered_by is not null then 'covered'
            when provider is null then 'unbilled_by_unknown'
            when provider = 'agent' then 'unbilled_by_agent'
            when finished_at is null or run.as_of <= bill_due_at then 'unbilled_in_time'
            else 'unbilled'
        end as state
    from entitled
    cross join meta.run as run
),

-- What is not in this table is undetermined.
decisions as (
    select *
    from (
        values
            ('repeat', 'any', 'duplicate_charge'),
            ('other', 'any', 'not_audited'),
            ('other_biller', 'any', 'wrong_biller'),
            ('billed_early', 'any', 'billed_under_warranty'),
            ('billed_by_company', 'billable', 'billed_as_due'),
            ('billed_by_company', 'free', 'billed_but_free'),
            ('billed_by_company', 'not_provided', 'billed_not_provided'),
            ('billed_by_agent', 'billable', 'billed_as_due'),
            ('billed_by_agent', 'free', 'billed_but_free'),
            ('billed_by_agent', 'not_provided', 'agent_business'),
            ('billed_by_unknown', 'free', 'billed_but_free'),
            ('covered', 'billable', 'billed_as_due'),
            ('unbilled', 'billable', 'not_billed'),
            ('unbilled_in_time', 'billable', 'not_yet_due'),
            ('unbilled_by_agent', 'billable', 'agent_business'),
            ('unbilled', 'free', 'free_as_due'),
            ('unbilled_in_time', 'free', 'free_as_due'),
            ('unbilled_by_agent', 'free', 'free_as_due'),
            ('unbilled_by_unknown', 'free', 'free_as_due'),
            ('unbilled', 'not_provided', 'free_as_due'),
            ('unbilled_in_time', 'not_provided', 'free_as_due'),
            ('unbilled_by_agent', 'not_provided', 'free_as_due'),
            ('unbilled_by_unknown', 'not_provided', 'free_as_due')
    ) as decision (state, expected, finding)
),

found_on_tickets as (
    select
        states.*,
        coalesce(decided.finding, 'undetermined') as finding,
        coalesce(decided_other.finding, 'undetermined') as finding_other_reading,
        rates.amount as rate_amount,
        rules.rate_tolerance_pct
    from states
    left join decisions as decided
        on states.state = decided.state
        and case
            when states.state in ('repeat', 'other', 'other_biller', 'billed_early') then 'any'
            else states.expected
        end = decided.expected
    left join decisions as decided_other
        on states.state = decided_other.state
        and case
            when states.state in ('repeat', 'other', 'other_biller', 'billed_early') then 'any'
            else states.expected_other_reading
        end = decided_other.expected
    left join steps.charge_rates as rates
        on states.period_id = rates.period_id
        and states.charge_type = rates.charge_type
        and coalesce(states.service_code, '') = rates.service_code
        and coalesce(states.product_type, '') = rates.product_type
        and states.currency = rates.currency
    left join terms.rules as rules on states.period_id = rules.period_id
),

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
        bills.credit_count,
        bills.repeats_invoice_id,
        bills.coverage_start,
        bills.coverage_end,
        coalesce(periods.period_amount <= 0, false) as is_reversed,
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
    charge_id as billed_charge_id,
    'ticket' as place,
    state,
    ground,
    ticket_id,
    invoice_ids,
    invoice_lines,
    serial_no,
    contract_id,
    customer_id,
    customer_type,
    agent_id,
    service_code,
    product_type,
    service_level,
    charge_type,
    expected,
    provider as biller,
    issuers,
    billed_amount,
    currency,
    finding,
    month,
    opened_on,
    charge_on,
    finished_at is not null as is_finished,
    bill_due_at,
    first_issued_on,
    last_issued_on,
    cast(line_count as bigint) as line_count,
    cast(unreadable_count as bigint) as unreadable_count,
    cast(credit_count as bigint) as credit_count,
    repeats_invoice_id,
    cast(null as date) as coverage_start,
    cast(null as date) as coverage_end,
    cast(null as boolean) as is_reversed,
    cast(null as bigint) as unit_count,
    cast(null as bigint) as early_unit_count,
    cast(null as bigint) as unknown_unit_count,
    cast(null as bigint) as overlap_days,
    cast(null as decimal(18, 2)) as overlap_amount,
    covered_by,
    purchased_on,
    warranty_ends_on,
    free_year_ends_on,
    maintenance_from_on,
    period_id,
    is_listed,
    is_by_city,
    case when is_by_city then city end as city,
    case when is_by_city then dispatched_from end as dispatched_from,
    is_same_city,
    matrix_expected,
    rate_amount,
    rate_tolerance_pct,
    expected_other_reading,
    finding_other_reading
from found_on_tickets
union all
select
    charge_id as billed_charge_id,
    place,
    cast(null as varchar) as state,
    cast(null as varchar) as ground,
    ticket_id,
    invoice_ids,
    invoice_lines,
    serial_no,
    contract_id,
    customer_id,
    customer_type,
    cast(null as varchar) as agent_id,
    cast(null as varchar) as service_code,
    product_type,
    cast(null as varchar) as service_level,
    charge_type,
    expected,
    case when issuers = 'company' then 'company' when issuers is not null then 'agent' end
        as biller,
    issuers,
    billed_amount,
    currency,
    finding,
    cast(date_trunc('month', first_issued_on) as date) as month,
    cast(null as date) as opened_on,
    cast(null as date) as charge_on,
    cast(null as boolean) as is_finished,
    cast(null as timestamp) as bill_due_at,
    first_issued_on,
    last_issued_on,
    line_count,
    unreadable_count,
    credit_count,
    repeats_invoice_id,
    case when place = 'period' then coverage_start end as coverage_start,
    case when place = 'period' then coverage_end end as coverage_end,
    is_reversed,
    unit_count,
    early_unit_count,
    unknown_unit_count,
    case when finding = 'billed_under_warranty' then overlap_days end as overlap_days,
    case when finding = 'billed_under_warranty' then overlap_amount end as overlap_amount,
    cast(null as varchar) as covered_by,
    cast(null as date) as purchased_on,
    cast(null as date) as warranty_ends_on,
    cast(null as date) as free_year_ends_on,
    maintenance_from_on,
    cast(null as integer) as period_id,
    cast(null as boolean) as is_listed,
    cast(null as boolean) as is_by_city,
    cast(null as varchar) as city,
    cast(null as varchar) as dispatched_from,
    cast(null as boolean) as is_same_city,
    cast(null as varchar) as matrix_expected,
    cast(null as decimal(18, 2)) as rate_amount,
    cast(null as decimal(9, 4)) as rate_tolerance_pct,
    expected as expected_other_reading,
    finding as finding_other_reading
from found_elsewhere
