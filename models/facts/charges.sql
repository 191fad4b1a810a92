-- facts.charges: every charge expected or billed, its finding, and why in words.
--
-- steps.charges_on_tickets and steps.charges_elsewhere decide; here their rows get what the ticket says,
-- and their words. To write those down for a million charges takes longer than to make them when
-- they are read. What is counted and summed is read from steps.charge_findings.
-- grain: one row per ticket and charge type expected or billed, per currency; repeats, bills of another biller, periods and lines that belong to no ticket have rows of their own
-- clauses: T1, T2, AS-1, AS-2, AS-3, WA-1, WA-2, EC, AG, KA
-- materialized: view
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
--   overcredited_amount: money credited beyond what was billed, below zero; null when none was
--   unexplained_amount: money billed that cannot be judged; null when none is
--   unbilled_amount: money not billed, from the rate card; null when nothing is missing or no rate is known
--   is_unbilled: due and not billed; no bill is owed for a period, and more credited than billed is told apart
--   rate_amount: the rate card's amount for it; null when it has none
--   rate_difference: billed less the rate card's amount; null unless billed as due and rated
--   is_off_rate: the difference is beyond the tolerance of the terms
--   expected_other_reading: expected, under the other choice of reading 5
--   finding_other_reading: finding, under the other choice of reading 5
with
tickets_charged as (
    select
        charges.*,
        ticket.contract_id,
        coalesce(ticket.customer_id, charges.line_customer_id, unit.customer_id) as customer_id,
        ticket.customer_type,
        ticket.agent_id,
        ticket.service_code,
        ticket.service_level,
        ticket.stage,
        ticket.period_id,
        ticket.opened_on,
        ticket.finished_at,
        ticket.city,
        ticket.dispatched_from,
        ticket.is_same_city,
        unit.product_type,
        unit.purchased_on,
        unit.warranty_ends_on,
        unit.free_year_ends_on,
        unit.maintenance_from_on,
        -- The service fee, under the reading in force, is not what the matrix alone says.
        coalesce(
            charges.ground in ('free_year', 'missing')
            and charges.expected <> charges.matrix_expected,
            false
        ) as is_by_free_year
    from steps.charges_on_tickets as charges
    inner join steps.tickets as ticket on charges.ticket_id = ticket.ticket_id
    left join steps.units as unit on charges.serial_no = unit.serial_no
),

units_missing as (
    select
        *,
        -- What the unit lacks, for warranty and free year.
        case
            when serial_no is null then 'the unit (no serial number)'
            when purchased_on is null
                then 'the purchase date of unit ' || serial_no || ' in the installed base'
            when warranty_ends_on is null then 'the warranty months of unit ' || serial_no
            when free_year_ends_on is null then 'terms in force on ' || cast(purchased_on as varchar)
            when opened_on is null then 'the time of opening'
            when period_id is null then 'terms in force on ' || cast(opened_on as varchar)
            when charge_on is null then 'the day that counts (not finished yet)'
            else 'the service code in the catalogue'
        end as unit_missing,
        case
            when serial_no is null then '产品序列号'
            when purchased_on is null then '装机清单中 ' || serial_no || ' 的购买日期'
            when warranty_ends_on is null then serial_no || ' 的担保期月数'
            when free_year_ends_on is null then cast(purchased_on as varchar) || ' 有效的条款'
            when opened_on is null then '受理时间'
            when period_id is null then cast(opened_on as varchar) || ' 有效的条款'
            when charge_on is null then '计费日期（服务未完成）'
            else '目录中的服务编码'
        end as unit_missing_zh
    from tickets_charged
),

worded_on_tickets as (
    select
        *,
        case
            when charge_type = 'service_fee' then
                case
                    when matrix_expected = 'undetermined' and expected = 'free'
                        then service_level || ', city unknown'
                    when matrix_expected = 'undetermined'
                        then 'Cannot be determined, missing: ' || concat_ws(
                            ', ',
                            case when opened_on is null then 'the time of opening' end,
                            case when period_id is null and opened_on is not null
                                then 'terms in force on ' || cast(opened_on as varchar) end,
                            case when customer_type is null then 'the customer type' end,
                            case
                                when service_code is null then 'the service code'
                                when period_id is not null and stage is null
                                    then 'the service code ' || service_code || ' in the catalogue'
                            end,
                            case when is_city_unknown and city is null
                                then 'the customer''s city' end,
                            case when is_city_unknown and dispatched_from is null
                                then 'the city the engineer came from' end
                        )
                    when is_by_city then
                        service_level || ', ' || city
                        || case when is_same_city then ' = ' else ' ≠ ' end || dispatched_from
                        || case when is_same_city then ': same city, ' else ': another city, ' end
                        || case matrix_expected
                            when 'billable' then 'charged' when 'free' then 'free'
                            else 'not provided' end
                    else
                        service_level || ': '
                        || case matrix_expected
                            when 'billable' then 'charged' when 'free' then 'free'
                            else 'not provided by the company' end
                end
                || case
                    when not is_by_free_year then ''
                    when expected = 'free'
                        then ', but within the first free year (first day after: '
                            || cast(free_year_ends_on as varchar) || '): free'
                    else ', free year cannot be determined, missing: ' || unit_missing
                end
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
            when ground = 'not_needed' then service_code || ' needs no maintenance fee'
            when ground = 'after_fee'
                then cast(charge_on as varchar)
                    || ' is after warranty and free year (first day of the fee: '
                    || cast(maintenance_from_on as varchar) || '): maintenance fee due'
            when charge_type = 'other' then 'Charge type other is not audited'
            when charge_type is null then 'Cannot be determined, missing: the charge type'
            else 'Cannot be determined, missing: ' || unit_missing
        end as entitlement_words,
        case
            when charge_type = 'service_fee' then
                case
                    when matrix_expected = 'undetermined' and expected = 'free'
                        then service_level || '，城市未知'
                    when matrix_expected = 'undetermined'
                        then '无法判断，缺少：' || concat_ws(
                            '、',
                            case when opened_on is null then '受理时间' end,
                            case when period_id is null and opened_on is not null
                                then cast(opened_on as varchar) || ' 有效的条款' end,
                            case when customer_type is null then '客户类型' end,
                            case
                                when service_code is null then '服务编码'
                                when period_id is not null and stage is null
                                    then '目录中的服务编码 ' || service_code
                            end,
                            case when is_city_unknown and city is null then '客户城市' end,
                            case when is_city_unknown and dispatched_from is null
                                then '派出城市' end
                        )
                    when is_by_city then
                        service_level || '，' || city
                        || case when is_same_city then ' = ' else ' ≠ ' end || dispatched_from
                        || case when is_same_city then '：同城，' else '：异城，' end
                        || case matrix_expected
                            when 'billable' then '收费' when 'free' then '免费' else '不提供' end
                    else
                        service_level || '：'
                        || case matrix_expected
                            when 'billable' then '收费' when 'free' then '免费'
                            else '公司不提供' end
                end
                || case
                    when not is_by_free_year then ''
                    when expected = 'free'
                        then '，但在一年免费服务期内（期满后首日：'
                            || cast(free_year_ends_on as varchar) || '）：免费'
                    else '，免费服务期无法判断，缺少：' || unit_missing_zh
                end
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
            else '无法判断，缺少：' || unit_missing_zh
        end as entitlement_words_zh,
        case
            when state = 'repeat' then 'repeats ' || repeats_invoice_id
                || case when credited_amount > 0
                    then ', of which ' || cast(credited_amount as varchar) || ' ' || currency
                        || ' was credited'
                    else '' end
            when finding = 'undetermined' and unreadable_count > 0
                then 'the amount of a line cannot be read'
            when finding = 'undetermined' and expected <> 'undetermined'
                then case
                    when state = 'perhaps_covered'
                        then 'it may be covered by ' || covered_by || ', of which not all is known'
                    when state = 'unbilled_without_terms'
                        then 'no terms in force then say when it must be billed'
                    when biller is null then 'the provider is not given'
                    else 'the issuer is not given'
                end
            when state = 'other_biller' and biller = 'agent'
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
                || case when credited_amount > 0
                    then '，其中已红冲 ' || cast(credited_amount as varchar) || ' ' || currency
                    else '' end
            when finding = 'undetermined' and unreadable_count > 0 then '有一行金额无法读取'
            when finding = 'undetermined' and expected <> 'undetermined'
                then case
                    when state = 'perhaps_covered'
                        then '可能已含于 ' || covered_by || '，但其期间或金额不全'
                    when state = 'unbilled_without_terms' then '当时没有生效的条款规定开票期限'
                    when biller is null then '未写明服务方'
                    else '未写明开票方'
                end
            when state = 'other_biller' and biller = 'agent'
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
    from units_missing
),

elsewhere_missing as (
    select
        *,
        case
            when coverage_end < coverage_start then 'a coverage that ends after it begins'
            when expected <> 'undetermined' then null
            when unit_count = 0 and serial_no is not null
                then 'unit ' || serial_no || ' in the installed base'
            when unit_count = 0
                then 'any unit of contract ' || contract_id || ' in the installed base'
            when serial_no is not null
                then 'the purchase date or the warranty months of unit ' || serial_no
            else 'the purchase date or the warranty months of '
                || cast(unknown_unit_count as varchar) || ' of the units of contract ' || contract_id
        end as missing,
        case
            when coverage_end < coverage_start then '服务期止早于服务期起'
            when expected <> 'undetermined' then null
            when unit_count = 0 and serial_no is not null then '装机清单中的 ' || serial_no
            when unit_count = 0 then '装机清单中合同 ' || contract_id || ' 的产品'
            when serial_no is not null then serial_no || ' 的购买日期或担保期月数'
            else '合同 ' || contract_id || ' 中 ' || cast(unknown_unit_count as varchar)
                || ' 台产品的购买日期或担保期月数'
        end as missing_zh
    from steps.charges_elsewhere
)

select
    coalesce(billed_charge_id, ticket_id || '|' || charge_type || '|' || currency) as charge_id,
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
    biller,
    issuers,
    billed_amount,
    currency,
    finding,
    clause,
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
    line_count,
    cast(null as date) as coverage_start,
    cast(null as date) as coverage_end,
    maintenance_from_on,
    cast(null as bigint) as overlap_days,
    cast(null as decimal(18, 2)) as overlap_amount,
    case when state = 'covered' then covered_by end as covered_by,
    case
        -- in two lists: for a longer one the engine joins all rows, whatever is asked of them
        when finding in ('billed_but_free', 'billed_under_warranty', 'billed_not_provided')
            or finding in ('duplicate_charge', 'wrong_biller')
            then cast(billed_amount - coalesce(credited_amount, 0) as decimal(18, 2))
    end as overbilled_amount,
    case when billed_amount < 0 then billed_amount end as overcredited_amount,
    case when finding = 'undetermined' and line_count > 0 then billed_amount end
        as unexplained_amount,
    case when finding = 'not_billed' and billed_amount = 0 then rate_amount end
        as unbilled_amount,
    finding = 'not_billed' and billed_amount = 0 as is_unbilled,
    rate_amount,
    rate_difference,
    is_off_rate,
    coalesce(other_expected, expected) as expected_other_reading,
    coalesce(other_finding, finding) as finding_other_reading
from worded_on_tickets
union all
select
    charge_id,
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
    biller,
    issuers,
    billed_amount,
    currency,
    finding,
    clause,
    case when place = 'period' then '5' else '' end as readings,
    case
        when finding = 'duplicate_charge'
            then 'Same unit and period, amount and currency as ' || repeats_invoice_id
                || case when credited_amount > 0
                    then '; ' || cast(credited_amount as varchar) || ' ' || currency
                        || ' of it was credited'
                    else '' end
        when finding = 'not_audited' then 'Charge type other is not audited'
        when finding = 'orphan_charge' and ticket_id is not null
            then 'Cites ticket ' || ticket_id || ', which is not in the tickets'
        when finding = 'orphan_charge' then 'Cites neither ticket nor unit nor contract'
        when charge_type is null then 'Cannot be determined, missing: the charge type'
        when unreadable_count > 0
            then 'Cannot be determined, missing: an amount that can be read'
        when finding = 'undetermined' and place = 'period'
            then 'Cannot be determined, missing: '
                || coalesce(missing, 'an amount that can be read')
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
                || coalesce(cast(maintenance_from_on as varchar), 'warranty or free year still running')
                || ')' || coalesce(': ' || cast(overlap_days as varchar) || ' days too early', '')
        when period_amount < 0 and finding in ('not_billed', 'free_as_due')
            then 'Credited ' || cast(-period_amount as varchar) || ' ' || currency
                || ' more than was billed for the period'
        when is_reversed then 'Billed for the period and reversed in full'
        when finding in ('not_billed', 'free_as_due') then 'Billed for the period at zero'
        else 'Covers ' || cast(coverage_start as varchar) || ' – '
            || coalesce(cast(coverage_end as varchar), '?')
            || ', from the first day of a maintenance fee ('
            || cast(maintenance_from_on as varchar) || ') on: due'
    end as reason,
    case
        when finding = 'duplicate_charge'
            then '与 ' || repeats_invoice_id || ' 的产品、服务期、金额和币种相同'
                || case when credited_amount > 0
                    then '，其中已红冲 ' || cast(credited_amount as varchar) || ' ' || currency
                    else '' end
        when finding = 'not_audited' then '其他收费不在审计范围'
        when finding = 'orphan_charge' and ticket_id is not null
            then '所引工单 ' || ticket_id || ' 不存在'
        when finding = 'orphan_charge' then '未引工单、产品或合同'
        when charge_type is null then '无法判断，缺少：收费类型'
        when unreadable_count > 0 then '无法判断，缺少：可读取的金额'
        when finding = 'undetermined' and place = 'period'
            then '无法判断，缺少：' || coalesce(missing_zh, '可读取的金额')
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
                || coalesce(cast(maintenance_from_on as varchar), '仍在担保期或免费服务期内')
                || '）' || coalesce('：早 ' || cast(overlap_days as varchar) || ' 天', '')
        when period_amount < 0 and finding in ('not_billed', 'free_as_due')
            then '服务期费用红冲超出已收 ' || cast(-period_amount as varchar) || ' ' || currency
        when is_reversed then '服务期费用已收后全额红冲'
        when finding in ('not_billed', 'free_as_due') then '服务期费用开票金额为零'
        else '服务期 ' || cast(coverage_start as varchar) || ' – '
            || coalesce(cast(coverage_end as varchar), '?')
            || '，自维护费可收首日（' || cast(maintenance_from_on as varchar) || '）起：应收'
    end as reason_zh,
    month,
    cast(null as date) as charge_on,
    cast(null as timestamp) as bill_due_at,
    first_issued_on,
    last_issued_on,
    line_count,
    coverage_start,
    coverage_end,
    maintenance_from_on,
    overlap_days,
    overlap_amount,
    cast(null as varchar) as covered_by,
    case finding
        when 'billed_under_warranty' then overlap_amount
        when 'duplicate_charge'
            then cast(billed_amount - coalesce(credited_amount, 0) as decimal(18, 2))
    end as overbilled_amount,
    overcredited_amount,
    case
        when finding in ('orphan_charge', 'undetermined') then billed_amount
        when finding = 'billed_under_warranty' and overlap_amount is null then billed_amount
    end as unexplained_amount,
    cast(null as decimal(18, 2)) as unbilled_amount,
    false as is_unbilled,
    cast(null as decimal(18, 2)) as rate_amount,
    cast(null as decimal(18, 2)) as rate_difference,
    false as is_off_rate,
    expected as expected_other_reading,
    finding as finding_other_reading
from elsewhere_missing
