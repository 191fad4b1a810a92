-- facts.charges: what may be charged for each service, what was billed, and what to make of it.
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
-- columns:
--   charge_id: key
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
--   billed_amount: money, credits taken off; adds up to the invoice export
--   currency: of all money in the row
--   finding: what to make of it
--   clause: the clause the finding stands on
--   readings: the readings and house rules used, by number
--   reason: why, in English
--   reason_zh: why, in Chinese
--   month: first day of the month of opening; of issue without a ticket
--   charge_on: the day that counts for warranty and maintenance fee
--   bill_due_at: the last instant to bill in
--   first_issued_on: day of the earliest line
--   last_issued_on: day of the latest line
--   line_count: invoice lines
--   coverage_start: first day a period fee covers
--   coverage_end: last day a period fee covers
--   maintenance_from_on: first day a maintenance fee may be charged
--   overlap_days: days a period fee covers before that day
--   overlap_amount: share of the amount for those days
--   covered_by: line of the period fee that covers this ticket, invoice#line
--   overbilled_amount: money to give back; null when nothing is
--   unexplained_amount: money billed that cannot be judged; null when none is
--   unbilled_amount: money not billed, from the rate card; null when nothing is missing or no rate is known
--   rate_amount: the rate card's amount for it; null when it has none
--   rate_difference: billed less the rate card's amount; null unless billed as due and rated
--   is_off_rate: the difference is beyond the tolerance of the terms
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
    from steps.charge_bills as bills
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
        ticket_id || '|' || charge_type || '|CNY' as charge_id,
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
        entitlements.charge_on,
        entitlements.finished_at,
        entitlements.bill_due_at,
        entitlements.warranty_ends_on,
        entitlements.maintenance_from_on,
        entitlements.free_year_ends_on,
        entitlements.unit_missing_words,
        entitlements.unit_missing_words_zh,
        entitlements.service_words,
        entitlements.service_words_zh,
        entitlements.service_other_words,
        entitlements.service_other_words_zh,
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

worded_on_tickets as (
    select
        *,
        case
            when charge_type = 'service_fee' and service_other_words is not null
                and expected <> expected_other_reading and ground in ('free_year', 'missing')
                then service_words || ', ' || service_other_words
            when charge_type = 'service_fee' then service_words
            when ground = 'delivery_damage' then 'Goods damaged in delivery: never charged'
            when ground = 'in_warranty'
                then cast(charge_on as varchar) || ' is within the warranty (first day out: '
                    || cast(warranty_ends_on as varchar) || '): free'
            when ground = 'out_of_warranty'
                then cast(charge_on as varchar) || ' is out of warranty (first day out: '
                    || cast(warranty_ends_on as varchar) || '): charged'
            when ground = 'before_fee'
                then cast(charge_on as varchar)
                    || ' is before the first day of a maintenance fee ('
                    || coalesce(
                        cast(maintenance_from_on as varchar),
                        'warranty or free year still running'
                    ) || '): none due'
            when ground = 'not_needed'
                then service_code || ' needs no maintenance fee'
            when ground = 'after_fee'
                then cast(charge_on as varchar)
                    || ' is after warranty and free year (first day of the fee: '
                    || cast(maintenance_from_on as varchar) || '): maintenance fee due'
            when charge_type = 'other' then 'Charge type other is not audited'
            when charge_type is null then 'Cannot be determined, missing: the charge type'
            else 'Cannot be determined, missing: ' || unit_missing_words
        end as entitlement_words,
        case
            when charge_type = 'service_fee' and service_other_words is not null
                and expected <> expected_other_reading and ground in ('free_year', 'missing')
                then service_words_zh || '，' || service_other_words_zh
            when charge_type = 'service_fee' then service_words_zh
            when ground = 'delivery_damage' then '运送损坏：一律不收费'
            when ground = 'in_warranty'
                then cast(charge_on as varchar) || ' 在担保期内（期满后首日：'
                    || cast(warranty_ends_on as varchar) || '）：免费'
            when ground = 'out_of_warranty'
                then cast(charge_on as varchar) || ' 已过担保期（期满后首日：'
                    || cast(warranty_ends_on as varchar) || '）：收费'
            when ground = 'before_fee'
                then cast(charge_on as varchar) || ' 早于维护费可收首日（'
                    || coalesce(cast(maintenance_from_on as varchar), '仍在担保期或免费服务期内')
                    || '）：不应收'
            when ground = 'not_needed' then service_code || ' 不收维护费'
            when ground = 'after_fee'
                then cast(charge_on as varchar) || ' 已过担保期和免费服务期（可收首日：'
                    || cast(maintenance_from_on as varchar) || '）：应收维护费'
            when charge_type = 'other' then '其他收费不在审计范围'
            when charge_type is null then '无法判断，缺少：收费类型'
            else '无法判断，缺少：' || unit_missing_words_zh
        end as entitlement_words_zh,
        case
            when state = 'repeat' then 'repeats ' || repeats_invoice_id
            when finding = 'undetermined' and unreadable_count > 0
                then 'the amount of a line cannot be read'
            when finding = 'undetermined' and expected <> 'undetermined'
                then case when provider is null then 'the provider is not given'
                    else 'the issuer is not given' end
            when state = 'other_biller' and provider = 'agent'
                then 'provided by agent ' || coalesce(agent_id, '(not named)')
                    || ', billed by ' || issuers
            when state = 'other_biller' then 'provided by the company, billed by ' || issuers
            when state = 'covered' then 'covered by ' || covered_by
            when finding = 'agent_business' and billed_amount > 0
                then 'the agent''s own business'
            when billed_amount > 0
                then case
                    when finding in ('billed_but_free', 'billed_under_warranty', 'billed_not_provided')
                        then 'but billed '
                    else 'billed '
                end || cast(billed_amount as varchar) || ' ' || currency
            when billed_amount < 0
                then 'credited ' || cast(-billed_amount as varchar) || ' ' || currency
                    || ' more than was billed'
            when line_count > 0 and credit_count > 0 then 'billed and reversed in full'
            when line_count > 0 then 'billed at zero'
        end as billing_words,
        case
            when state = 'repeat' then '与 ' || repeats_invoice_id || ' 重复'
            when finding = 'undetermined' and unreadable_count > 0 then '有一行金额无法读取'
            when finding = 'undetermined' and expected <> 'undetermined'
                then case when provider is null then '未写明服务方' else '未写明开票方' end
            when state = 'other_biller' and provider = 'agent'
                then '由代理商 ' || coalesce(agent_id, '（未写明）') || ' 服务，开票方为 '
                    || replace(issuers, 'company', '公司')
            when state = 'other_biller'
                then '由公司服务，开票方为 ' || replace(issuers, 'company', '公司')
            when state = 'covered' then '已含于 ' || covered_by
            when finding = 'agent_business' and billed_amount > 0 then '属代理商自身业务'
            when billed_amount > 0
                then case
                    when finding in ('billed_but_free', 'billed_under_warranty', 'billed_not_provided')
                        then '但已收 '
                    else '已收 '
                end || cast(billed_amount as varchar) || ' ' || currency
            when billed_amount < 0
                then '红冲超出已收 ' || cast(-billed_amount as varchar) || ' ' || currency
            when line_count > 0 and credit_count > 0 then '已收后全额红冲'
            when line_count > 0 then '开票金额为零'
        end as billing_words_zh,
        case finding
            when 'not_billed' then 'not billed by ' || strftime(bill_due_at, '%Y-%m-%d %H:%M')
            when 'not_yet_due'
                then case when finished_at is null then 'service not finished yet'
                    else 'to be billed by ' || strftime(bill_due_at, '%Y-%m-%d %H:%M') end
            when 'agent_business'
                then case when billed_amount <= 0 then 'left to the agent, who provided it' end
        end as timing_words,
        case finding
            when 'not_billed'
                then '到 ' || strftime(bill_due_at, '%Y-%m-%d %H:%M') || ' 仍未收'
            when 'not_yet_due'
                then case when finished_at is null then '服务尚未完成'
                    else '应于 ' || strftime(bill_due_at, '%Y-%m-%d %H:%M') || ' 前收取' end
            when 'agent_business'
                then case when billed_amount <= 0 then '由提供服务的代理商自行处理' end
        end as timing_words_zh
    from found_on_tickets
),

on_tickets as (
    select
        charge_id,
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
        case
            when finding = 'wrong_biller'
                then case customer_type
                    when 'agent' then 'AG' when 'key_account' then 'KA' else 'EC' end
            when finding = 'agent_business' and expected = 'not_provided' then 'EC'
            when charge_type = 'service_fee'
                then case ground when 'free_year' then 'AS-1' when 'missing' then 'T1' else 'T2' end
            when charge_type = 'repair_replacement'
                then case ground when 'delivery_damage' then 'AS-2' else 'WA-1' end
            when charge_type = 'maintenance_fee' then 'WA-2'
            else 'AS-3'
        end as clause,
        concat_ws(
            ', ',
            case when charge_type in ('service_fee', 'repair_replacement', 'maintenance_fee')
                then '5' end,
            case when charge_type = 'service_fee' and ground = 'city' then '6' end,
            case when expected = 'not_provided' then '11' end,
            case when charge_type in ('repair_replacement', 'maintenance_fee') then '12' end,
            case when charge_type = 'maintenance_fee' then '13' end,
            case when finding in ('not_billed', 'not_yet_due') then '14' end,
            case when finding in ('agent_business', 'wrong_biller') then '15' end
        ) as readings,
        concat_ws('; ', entitlement_words, billing_words, timing_words) as reason,
        concat_ws('；', entitlement_words_zh, billing_words_zh, timing_words_zh) as reason_zh,
        month,
        charge_on,
        bill_due_at,
        first_issued_on,
        last_issued_on,
        cast(line_count as bigint) as line_count,
        cast(null as date) as coverage_start,
        cast(null as date) as coverage_end,
        maintenance_from_on,
        cast(null as bigint) as overlap_days,
        cast(null as decimal(18, 2)) as overlap_amount,
        covered_by,
        case
            when finding in (
                'billed_but_free', 'billed_under_warranty', 'billed_not_provided',
                'duplicate_charge', 'wrong_biller'
            )
                then billed_amount
        end as overbilled_amount,
        case when finding = 'undetermined' and line_count > 0 then billed_amount end
            as unexplained_amount,
        case when finding = 'not_billed' then rate_amount end as unbilled_amount,
        rate_amount,
        case when finding = 'billed_as_due' and state <> 'covered'
            then cast(billed_amount - rate_amount as decimal(18, 2)) end as rate_difference,
        coalesce(
            finding = 'billed_as_due' and state <> 'covered'
            and abs(billed_amount - rate_amount) * 100 > rate_amount * rate_tolerance_pct,
            false
        ) as is_off_rate,
        expected_other_reading,
        finding_other_reading
    from worded_on_tickets
),

found_elsewhere as (
    select
        bills.*,
        periods.contract_id as period_contract_id,
        coalesce(periods.customer_id, bills.customer_id, units.customer_id) as known_customer_id,
        coalesce(periods.customer_type, units.customer_type) as customer_type,
        coalesce(periods.product_type, units.product_type) as product_type,
        periods.unit_count,
        periods.early_unit_count,
        periods.period_expected,
        periods.period_amount,
        periods.maintenance_from_on,
        periods.overlap_days,
        periods.overlap_amount,
        periods.missing_words,
        periods.missing_words_zh,
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
),

elsewhere as (
    select
        charge_id,
        ticket_id,
        invoice_ids,
        invoice_lines,
        serial_no,
        coalesce(contract_id, period_contract_id) as contract_id,
        known_customer_id as customer_id,
        customer_type,
        cast(null as varchar) as agent_id,
        cast(null as varchar) as service_code,
        product_type,
        cast(null as varchar) as service_level,
        charge_type,
        coalesce(period_expected, 'undetermined') as expected,
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
        case when place = 'period' then '5' else '' end as readings,
        case
            when finding = 'duplicate_charge'
                then 'Same unit and period, amount and currency as ' || repeats_invoice_id
            when finding = 'not_audited' then 'Charge type other is not audited'
            when finding = 'orphan_charge' and ticket_id is not null
                then 'Cites ticket ' || ticket_id || ', which is not in the tickets'
            when finding = 'orphan_charge' then 'Cites neither ticket nor unit nor contract'
            when charge_type is null then 'Cannot be determined, missing: the charge type'
            when unreadable_count > 0
                then 'Cannot be determined, missing: an amount that can be read'
            when finding = 'undetermined' and place = 'period'
                then 'Cannot be determined, missing: '
                    || coalesce(missing_words, 'an amount that can be read')
            when charge_type = 'maintenance_fee' and place = 'line'
                then 'Cannot be determined, missing: the ticket or the first day covered'
            when finding = 'undetermined' then 'Cannot be determined, missing: the ticket'
            when finding = 'billed_under_warranty'
                then 'Covers ' || cast(coverage_start as varchar) || ' – '
                    || coalesce(cast(coverage_end as varchar), '?')
                    || case when unit_count > 1
                        then ', too early for ' || cast(early_unit_count as varchar) || ' of '
                            || cast(unit_count as varchar) || ' units'
                        else '' end
                    || ', begins before the first day of a maintenance fee ('
                    || coalesce(
                        cast(maintenance_from_on as varchar)
                            || '): ' || cast(overlap_days as varchar) || ' days too early',
                        'warranty or free year still running)'
                    )
            when period_amount <= 0 then 'Billed for the period and reversed in full'
            else 'Covers ' || cast(coverage_start as varchar) || ' – '
                || coalesce(cast(coverage_end as varchar), '?')
                || ', from the first day of a maintenance fee ('
                || cast(maintenance_from_on as varchar) || ') on: due'
        end as reason,
        case
            when finding = 'duplicate_charge'
                then '与 ' || repeats_invoice_id || ' 的产品、服务期、金额和币种相同'
            when finding = 'not_audited' then '其他收费不在审计范围'
            when finding = 'orphan_charge' and ticket_id is not null
                then '所引工单 ' || ticket_id || ' 不存在'
            when finding = 'orphan_charge' then '未引工单、产品或合同'
            when charge_type is null then '无法判断，缺少：收费类型'
            when unreadable_count > 0 then '无法判断，缺少：可读取的金额'
            when finding = 'undetermined' and place = 'period'
                then '无法判断，缺少：' || coalesce(missing_words_zh, '可读取的金额')
            when charge_type = 'maintenance_fee' and place = 'line'
                then '无法判断，缺少：工单或服务期起'
            when finding = 'undetermined' then '无法判断，缺少：工单'
            when finding = 'billed_under_warranty'
                then '服务期 ' || cast(coverage_start as varchar) || ' – '
                    || coalesce(cast(coverage_end as varchar), '?')
                    || case when unit_count > 1
                        then '，' || cast(unit_count as varchar) || ' 台中 '
                            || cast(early_unit_count as varchar) || ' 台过早'
                        else '' end
                    || '，早于维护费可收首日（'
                    || coalesce(
                        cast(maintenance_from_on as varchar)
                            || '）：早 ' || cast(overlap_days as varchar) || ' 天',
                        '仍在担保期或免费服务期内）'
                    )
            when period_amount <= 0 then '服务期费用已收后全额红冲'
            else '服务期 ' || cast(coverage_start as varchar) || ' – '
                || coalesce(cast(coverage_end as varchar), '?')
                || '，自维护费可收首日（' || cast(maintenance_from_on as varchar) || '）起：应收'
        end as reason_zh,
        cast(date_trunc('month', first_issued_on) as date) as month,
        cast(null as date) as charge_on,
        cast(null as timestamp) as bill_due_at,
        first_issued_on,
        last_issued_on,
        cast(line_count as bigint) as line_count,
        case when place = 'period' then coverage_start end as coverage_start,
        case when place = 'period' then coverage_end end as coverage_end,
        maintenance_from_on,
        case when finding = 'billed_under_warranty' then overlap_days end as overlap_days,
        case when finding = 'billed_under_warranty' then overlap_amount end as overlap_amount,
        cast(null as varchar) as covered_by,
        case finding
            when 'billed_under_warranty' then overlap_amount
            when 'duplicate_charge' then billed_amount
        end as overbilled_amount,
        case
            when finding in ('orphan_charge', 'undetermined') then billed_amount
            when finding = 'billed_under_warranty' and overlap_amount is null then billed_amount
        end as unexplained_amount,
        cast(null as decimal(18, 2)) as unbilled_amount,
        cast(null as decimal(18, 2)) as rate_amount,
        cast(null as decimal(18, 2)) as rate_difference,
        false as is_off_rate,
        coalesce(period_expected, 'undetermined') as expected_other_reading,
        finding as finding_other_reading
    from found_elsewhere
)

select * from on_tickets
union all
select * from elsewhere
