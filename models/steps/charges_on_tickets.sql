-- steps.charges_on_tickets: what may be charged on each ticket, what was billed, and what to make of it.
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
--     Where no terms were in force on the day of opening, when it must be billed is not known.
--   * Without a provider or issuer a bill for what is free is still billed_but_free; a bill for what
--     is billable is undetermined, because reading 15 asks who.
--   * A bill for goods damaged in delivery is billed_but_free (AS-2), also within the warranty.
--   * A maintenance fee on the ticket of a service that needs none is billed_under_warranty before
--     the fee may begin, billed_but_free after.
--   * A line for a unit or contract without a ticket and without a period stands alone, undetermined.
--   * A maintenance fee that cites a ticket, and says which days it covers, covers the other services
--     of that ticket's unit on those days (without a unit, of its contract).
--   * A period fee of which the first or last day or the amount is not known may cover a ticket that
--     its known days do not rule out; whether that one was billed is undetermined.
-- grain: one row per ticket and charge type expected or billed, per currency; repeats and bills of another biller have rows of their own
-- clauses: T1, T2, AS-1, AS-2, AS-3, WA-1, WA-2, EC, AG, KA
-- materialized: table
-- What the ticket itself says is in steps.tickets, and not here once more.
-- columns:
--   billed_charge_id: of steps.charge_bills; null where nothing was billed
--   state: what was billed, as the table in the select names it
--   ground: what decided what is expected (steps.charge_entitlements)
--   ticket_id: the ticket
--   invoice_ids: the invoices of its lines, each once
--   invoice_lines: its lines as invoice#line; every line is in one charge
--   serial_no: the unit
--   line_customer_id: customer the lines name, of a ticket that names none
--   charge_type: service_fee, repair_replacement, maintenance_fee or other; null when unreadable
--   expected: billable, free, not_provided or undetermined
--   biller: who is to bill, company or agent
--   issuers: who billed: company or agent_ids
--   billed_amount: money, credits taken off; adds up to the invoice export
--   currency: of all money in the row
--   finding: what to make of it
--   clause: the clause the finding stands on
--   matrix_expected: of a service fee, what the matrix says of it (T1, T2), whatever reading 5 is
--   is_by_city: of a service fee, whether its service level asks for the city
--   is_city_unknown: and whether the two cities are the same is not known
--   charge_on: the day that counts for warranty and maintenance fee
--   bill_due_at: the last instant to bill in
--   month: first day of the month of opening
--   first_issued_on: day of the earliest line
--   last_issued_on: day of the latest line
--   line_count: invoice lines
--   unreadable_count: lines whose amount cannot be read
--   credit_count: lines below zero
--   repeats_invoice_id: the invoice that a repeat repeats
--   credited_amount: of a repeat of what is due, the part that credits among the other lines took back
--   covered_by: line of the period fee that covers this ticket, or may, as state says, invoice#line
--   rate_amount: the rate card's amount for it; null when it has none
--   rate_difference: billed, but for credits on repeats, less that amount; null unless billed as due and rated
--   is_off_rate: a bill that is due differs from that by more than the tolerance of the terms
--   other_expected: expected, under the other choice of reading 5; null where that is the same
--   other_finding: finding, under the other choice of reading 5; null where that is the same
with
entitlements as materialized (
    select
        ticket_id,
        customer_type,
        provider,
        service_code,
        product_type,
        serial_no,
        contract_id,
        unit_contract_id,
        period_id,
        month,
        charge_on,
        finished_at,
        bill_due_at,
        service_ground,
        service_expected,
        service_expected_other,
        repair_ground,
        repair_expected,
        maintenance_ground,
        maintenance_expected,
        is_maintenance_expected,
        matrix_expected,
        is_by_city,
        is_same_city
    from steps.charge_entitlements
),

-- Maintenance fees that cite a ticket and name the days they cover, and were not reversed.
fees_citing_tickets as (
    select
        charge_id,
        ticket_id,
        currency,
        coverage_start,
        coverage_end,
        sum(coalesce(amount, 0)) as net_amount,
        min(case when coalesce(amount, 1) > 0 then invoice_id || '#' || cast(line_no as varchar) end)
            as first_line
    from steps.invoice_lines
    where
        place = 'ticket'
        and charge_type = 'maintenance_fee'
        and coverage_start is not null
        and not is_duplicate
        and not is_other_biller
    group by charge_id, ticket_id, currency, coverage_start, coverage_end
    having sum(coalesce(amount, 0)) > 0 or count(*) > count(amount)
),

-- Credits on them that do not say for which days: whether a fee still stands is not certain then.
credits_citing_tickets as (
    select charge_id, currency, sum(amount) as amount
    from steps.invoice_lines
    where
        place = 'ticket'
        and charge_type = 'maintenance_fee'
        and coverage_start is null
        and amount < 0
    group by charge_id, currency
),

-- Fees that were not reversed and name the days they cover, by the unit or contract.
coverages as (
    select
        bills.serial_no,
        case when bills.serial_no is null then bills.contract_id end as contract_id,
        bills.coverage_start,
        bills.coverage_end,
        coalesce(
            bills.coverage_end is not null
            and bills.billed_amount > 0
            and periods.period_amount > 0
            and periods.period_unreadable_count = 0,
            false
        ) as is_certain,
        bills.invoice_lines || ' ('
            || coalesce(cast(bills.coverage_start as varchar), '?') || ' – '
            || coalesce(cast(bills.coverage_end as varchar), '?') || ')' as covering_words
    from steps.charge_bills as bills
    left join steps.charge_periods as periods on bills.charge_id = periods.charge_id
    where
        not bills.is_duplicate
        and bills.charge_type = 'maintenance_fee'
        and case bills.place
            when 'period'
                then (bills.billed_amount > 0 and periods.period_amount > 0)
                    or periods.period_unreadable_count > 0
            when 'line'
                then bills.ticket_id is null
                    and bills.coverage_end is not null
                    and (bills.billed_amount > 0 or bills.unreadable_count > 0)
            else false
        end
    union all
    select
        entitlements.serial_no,
        case when entitlements.serial_no is null then entitlements.contract_id end as contract_id,
        fees.coverage_start,
        fees.coverage_end,
        fees.coverage_end is not null
            and bills.unreadable_count = 0
            and fees.net_amount + coalesce(credits.amount, 0) > 0 as is_certain,
        fees.first_line || ' (' || cast(fees.coverage_start as varchar) || ' – '
            || coalesce(cast(fees.coverage_end as varchar), '?') || ')' as covering_words
    from fees_citing_tickets as fees
    inner join steps.charge_bills as bills on fees.charge_id = bills.charge_id
    inner join entitlements on fees.ticket_id = entitlements.ticket_id
    left join credits_citing_tickets as credits
        on fees.charge_id = credits.charge_id and fees.currency = credits.currency
    where bills.billed_amount > 0 or bills.unreadable_count > 0
),

tickets_to_cover as (
    select ticket_id, serial_no, contract_id, unit_contract_id, charge_on
    from entitlements
    where maintenance_expected = 'billable' and is_maintenance_expected
),

covered_tickets as (
    select
        ticket_id,
        bool_or(is_certain) as is_covered,
        coalesce(min(case when is_certain then covering_words end), min(covering_words))
            as covering_words
    from (
        select tickets.ticket_id, tickets.charge_on, coverages.*
        from tickets_to_cover as tickets
        inner join coverages on tickets.serial_no = coverages.serial_no
        union all
        select tickets.ticket_id, tickets.charge_on, coverages.*
        from tickets_to_cover as tickets
        inner join coverages on tickets.contract_id = coverages.contract_id
        union all
        select tickets.ticket_id, tickets.charge_on, coverages.*
        from tickets_to_cover as tickets
        inner join coverages on tickets.unit_contract_id = coverages.contract_id
        where tickets.unit_contract_id <> coalesce(tickets.contract_id, '')
    ) as coverings
    where
        coalesce(coverage_start <= charge_on, true)
        and coalesce(charge_on <= coverage_end, true)
    group by ticket_id
),

-- What was not billed is counted in the currency of the rate that is nearest to it; where the card
-- has none for it, or in two, in the card's only one.
card_currencies as (
    select period_id, charge_type, min(currency) as currency
    from terms.rate_card
    group by period_id, charge_type
    having min(currency) = max(currency)
),

nearest_currencies as (
    select period_id, charge_type, service_code, product_type, min(currency) as currency
    from steps.charge_rates
    where is_nearest
    group by period_id, charge_type, service_code, product_type
    having min(currency) = max(currency)
),

-- A repeat alone does not stand for the charge it repeats: that one has its own row.
charges_billed as (
    select distinct ticket_id, charge_type
    from steps.charge_bills
    where place = 'ticket' and not is_duplicate
),

tickets_charged as (
    select
        bills.charge_id,
        bills.customer_id as line_customer_id,
        bills.charge_type,
        bills.currency,
        bills.is_other_biller,
        bills.is_duplicate,
        bills.repeats_invoice_id,
        bills.credited_amount,
        bills.issuers,
        bills.has_unknown_issuer,
        bills.invoice_ids,
        bills.invoice_lines,
        bills.line_count,
        bills.unreadable_count,
        bills.credit_count,
        bills.billed_amount,
        bills.first_issued_on,
        bills.last_issued_on,
        entitlements.*
    from entitlements
    inner join steps.charge_bills as bills on entitlements.ticket_id = bills.ticket_id
    where bills.place = 'ticket'
    union all
    select
        null as charge_id,
        null as line_customer_id,
        'service_fee' as charge_type,
        coalesce(nearest.currency, card.currency, 'CNY') as currency,
        false as is_other_biller,
        false as is_duplicate,
        null as repeats_invoice_id,
        cast(null as decimal(18, 2)) as credited_amount,
        null as issuers,
        false as has_unknown_issuer,
        null as invoice_ids,
        null as invoice_lines,
        0 as line_count,
        0 as unreadable_count,
        0 as credit_count,
        cast(0 as decimal(18, 2)) as billed_amount,
        null as first_issued_on,
        null as last_issued_on,
        entitlements.*
    from entitlements
    left join charges_billed as billed
        on entitlements.ticket_id = billed.ticket_id
        and billed.charge_type = 'service_fee'
    left join nearest_currencies as nearest
        on entitlements.period_id = nearest.period_id
        and nearest.charge_type = 'service_fee'
        and coalesce(entitlements.service_code, '') = nearest.service_code
        and coalesce(entitlements.product_type, '') = nearest.product_type
    left join card_currencies as card
        on entitlements.period_id = card.period_id and card.charge_type = 'service_fee'
    where billed.ticket_id is null
    union all
    select
        null as charge_id,
        null as line_customer_id,
        'maintenance_fee' as charge_type,
        coalesce(nearest.currency, card.currency, 'CNY') as currency,
        false as is_other_biller,
        false as is_duplicate,
        null as repeats_invoice_id,
        cast(null as decimal(18, 2)) as credited_amount,
        null as issuers,
        false as has_unknown_issuer,
        null as invoice_ids,
        null as invoice_lines,
        0 as line_count,
        0 as unreadable_count,
        0 as credit_count,
        cast(0 as decimal(18, 2)) as billed_amount,
        null as first_issued_on,
        null as last_issued_on,
        entitlements.*
    from entitlements
    left join charges_billed as billed
        on entitlements.ticket_id = billed.ticket_id
        and billed.charge_type = 'maintenance_fee'
    left join nearest_currencies as nearest
        on entitlements.period_id = nearest.period_id
        and nearest.charge_type = 'maintenance_fee'
        and coalesce(entitlements.service_code, '') = nearest.service_code
        and coalesce(entitlements.product_type, '') = nearest.product_type
    left join card_currencies as card
        on entitlements.period_id = card.period_id and card.charge_type = 'maintenance_fee'
    where billed.ticket_id is null and entitlements.is_maintenance_expected
),

entitled as (
    select
        charged.*,
        case charged.charge_type
            when 'service_fee' then service_ground
            when 'repair_replacement' then repair_ground
            when 'maintenance_fee' then maintenance_ground
        end as ground,
        case charged.charge_type
            when 'service_fee' then service_expected
            when 'repair_replacement' then repair_expected
            when 'maintenance_fee' then maintenance_expected
            else 'undetermined'
        end as expected,
        case charged.charge_type
            when 'service_fee' then service_expected_other
            when 'repair_replacement' then repair_expected
            when 'maintenance_fee' then maintenance_expected
            else 'undetermined'
        end as expected_other_reading,
        case when charged.charge_type = 'maintenance_fee' and charged.billed_amount <= 0
            then covered_tickets.covering_words end as covered_by,
        covered_tickets.is_covered
    from tickets_charged as charged
    left join covered_tickets on charged.ticket_id = covered_tickets.ticket_id
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
            when covered_by is not null and is_covered then 'covered'
            when provider is null then 'unbilled_by_unknown'
            when provider = 'agent' then 'unbilled_by_agent'
            when covered_by is not null then 'perhaps_covered'
            when finished_at is null or run.as_of <= bill_due_at then 'unbilled_in_time'
            when bill_due_at is null then 'unbilled_without_terms'
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
            ('unbilled_without_terms', 'free', 'free_as_due'),
            ('unbilled_by_agent', 'free', 'free_as_due'),
            ('unbilled_by_unknown', 'free', 'free_as_due'),
            ('unbilled', 'not_provided', 'free_as_due'),
            ('unbilled_in_time', 'not_provided', 'free_as_due'),
            ('unbilled_without_terms', 'not_provided', 'free_as_due'),
            ('unbilled_by_agent', 'not_provided', 'free_as_due'),
            ('unbilled_by_unknown', 'not_provided', 'free_as_due')
    ) as decision (state, expected, finding)
),

-- Of a charge with repeats the credits lie on its own lines, though they took back of the repeats.
credits_of_repeats as (
    select ticket_id, charge_type, currency, sum(credited_amount) as credited_amount
    from steps.charge_bills
    where place = 'ticket' and is_duplicate and not is_other_biller and credited_amount > 0
    group by ticket_id, charge_type, currency
),

found_on_tickets as (
    select
        states.*,
        states.billed_amount + coalesce(credits.credited_amount, 0) - rates.amount
            as amount_off_rate,
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
    left join credits_of_repeats as credits
        on states.ticket_id = credits.ticket_id
        and states.charge_type = credits.charge_type
        and states.currency = credits.currency
        and not states.is_other_biller
)

select
    charge_id as billed_charge_id,
    state,
    ground,
    ticket_id,
    invoice_ids,
    invoice_lines,
    serial_no,
    line_customer_id,
    charge_type,
    expected,
    provider as biller,
    issuers,
    billed_amount,
    currency,
    finding,
    case
        when finding = 'wrong_biller'
            then case customer_type when 'agent' then 'AG' when 'key_account' then 'KA' else 'EC' end
        when finding = 'agent_business' and expected = 'not_provided' then 'EC'
        when charge_type = 'service_fee'
            then case ground when 'free_year' then 'AS-1' when 'missing' then 'T1' else 'T2' end
        when charge_type = 'repair_replacement'
            then case ground when 'delivery_damage' then 'AS-2' else 'WA-1' end
        when charge_type = 'maintenance_fee' then 'WA-2'
        else 'AS-3'
    end as clause,
    case when charge_type = 'service_fee' then matrix_expected end as matrix_expected,
    case when charge_type = 'service_fee' then is_by_city end as is_by_city,
    case when charge_type = 'service_fee' then is_by_city and is_same_city is null end
        as is_city_unknown,
    charge_on,
    bill_due_at,
    month,
    first_issued_on,
    last_issued_on,
    cast(line_count as bigint) as line_count,
    cast(unreadable_count as bigint) as unreadable_count,
    cast(credit_count as bigint) as credit_count,
    repeats_invoice_id,
    -- Where nothing is due, the other lines are too much as well, credits taken off.
    case when state = 'repeat' and expected = 'billable' and not is_other_biller
        then credited_amount end as credited_amount,
    covered_by,
    rate_amount,
    case when finding = 'billed_as_due' and state <> 'covered'
        then cast(amount_off_rate as decimal(18, 2)) end as rate_difference,
    coalesce(
        finding = 'billed_as_due' and state <> 'covered'
        and abs(amount_off_rate) * 100 > rate_amount * rate_tolerance_pct,
        false
    ) as is_off_rate,
    case when expected_other_reading <> expected then expected_other_reading end as other_expected,
    case when finding_other_reading <> finding then finding_other_reading end as other_finding
from found_on_tickets
