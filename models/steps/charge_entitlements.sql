-- steps.charge_entitlements: what each ticket may be charged for, by charge type, before any bill is looked at.
--
-- The three charges are three questions (reading 5): the service fee asks the matrix (T1, T2) and
-- the city (reading 6), repair and replacement ask the warranty (WA-1), the maintenance fee asks
-- whether warranty and free year are both over (AS-1, WA-2). Decided here, because the terms leave room:
--   * Damage in delivery (AS-2) makes repair and replacement free; the visit itself stays with the matrix.
--   * A product trial (PS-2) is free as a trial; the service fee of the visit stays with the matrix.
--   * Before the free year or the warranty is over no maintenance fee can be due, even where the
--     other of the two dates is unknown: it is the later one that counts.
--   * A ticket without a serial number takes the unit its invoice lines cite, when they cite one only.
--   * Which services need a maintenance fee is a term of the day of opening; where that day is unknown,
--     or had no terms, a service that ever needs one is expected to, and its fee is undetermined.
-- grain: one row per ticket
-- clauses: T1, T2, AS-1, AS-2, WA-1, WA-2
-- materialized: view
-- columns:
--   ticket_id: key
--   customer_type: agent, end_customer or key_account
--   service_code: service asked for
--   provider: company or agent; who provides also bills (reading 15)
--   serial_no: the unit, from the ticket or from its invoice lines
--   contract_id: the ticket's contract
--   unit_contract_id: the contract the unit was sold under
--   product_type: of the unit
--   period_id: period of the terms in force on the day of opening
--   month: first day of the month of opening
--   charge_on: the day that counts (reading 12)
--   finished_at: when the service was finished
--   bill_due_at: the last instant to bill in (reading 14)
--   is_maintenance_expected: a finished service that needs a maintenance fee once out (reading 13)
--   service_expected: billable, free, not_provided or undetermined, under the reading in force
--   service_expected_other: the same under the other choice of reading 5
--   service_ground: what decided the service fee: level, city, free_year or missing
--   repair_expected: as above, for repair and replacement
--   repair_ground: delivery_damage, in_warranty, out_of_warranty or missing
--   maintenance_expected: as above, for the maintenance fee
--   maintenance_ground: before_fee, not_needed, after_fee or missing
--   matrix_expected: what the matrix says of the service fee (T1, T2), whatever reading 5 is
--   is_by_city: the service level asks for the city; null when the level is unknown
--   is_same_city: the two are one, null when unknown
with
tickets as (
    select * from steps.tickets
),

cited_units as (
    select
        lines.ticket_id,
        min(lines.serial_no) as serial_no
    from staging.invoices as lines
    inner join staging.tickets as cited on lines.ticket_id = cited.ticket_id
    where cited.serial_no is null and lines.serial_no is not null
    group by lines.ticket_id
    having min(lines.serial_no) = max(lines.serial_no)
),

charging as (
    select
        period_id,
        service_level,
        max(case when is_same_city then expected end) as same_city_expected,
        max(case when not is_same_city then expected end) as other_city_expected
    from terms.charging
    group by period_id, service_level
),

fee_services as (
    select distinct service_code from terms.services where needs_maintenance_fee
),

known as (
    select
        tickets.*,
        coalesce(
            tickets.needs_maintenance_fee,
            tickets.period_id is null and fee_services.service_code is not null
        ) as may_need_maintenance_fee,
        rules.first_free_year,
        charging.same_city_expected,
        charging.other_city_expected,
        charging.same_city_expected <> charging.other_city_expected as is_by_city,
        coalesce(tickets.serial_no, cited_units.serial_no) as unit_serial_no,
        coalesce(tickets.product_type, units.product_type) as unit_product_type,
        coalesce(tickets.unit_contract_id, units.contract_id) as sold_under,
        coalesce(tickets.warranty_ends_on, units.warranty_ends_on) as warranty_until,
        coalesce(tickets.free_year_ends_on, units.free_year_ends_on) as free_until,
        case
            when rules.charge_day = 'finished' then cast(tickets.finished_at as date)
            else tickets.opened_on
        end as charge_on,
        tickets.finished_at + rules.billing_due_days * interval '1' day as bill_due_at
    from tickets
    left join cited_units on tickets.ticket_id = cited_units.ticket_id
    left join steps.units as units on cited_units.serial_no = units.serial_no
    left join terms.rules as rules on tickets.period_id = rules.period_id
    left join fee_services on tickets.service_code = fee_services.service_code
    left join charging
        on tickets.period_id = charging.period_id
        and tickets.service_level = charging.service_level
),

by_matrix as (
    select
        *,
        coalesce(
            case
                when not is_by_city then same_city_expected
                when is_same_city then same_city_expected
                when not is_same_city then other_city_expected
            end,
            'undetermined'
        ) as matrix_expected
    from known
),

by_free_year as (
    select
        *,
        case
            when matrix_expected in ('free', 'not_provided') then matrix_expected
            -- Charged in another city, free in the same one: in the free year free in either.
            when charge_on < free_until and is_by_city is not null then 'free'
            when matrix_expected = 'undetermined' then matrix_expected
            when charge_on is null then 'undetermined'
            when free_until is null and stage = 'aftersales' then 'undetermined'
            else matrix_expected
        end as free_year_expected
    from by_matrix
),

judged as (
    select
        *,
        case when first_free_year = 'matrix_only' then matrix_expected else free_year_expected end
            as service_expected,
        case when first_free_year = 'matrix_only' then free_year_expected else matrix_expected end
            as service_expected_other,
        case
            when matrix_expected = 'undetermined' then 'missing'
            when is_by_city then 'city'
            else 'level'
        end as matrix_ground,
        case
            when category = 'delivery_damage' then 'delivery_damage'
            when charge_on < warranty_until then 'in_warranty'
            when charge_on >= warranty_until then 'out_of_warranty'
            else 'missing'
        end as repair_ground,
        case
            when charge_on < warranty_until or charge_on < free_until then 'before_fee'
            when needs_maintenance_fee = false then 'not_needed'
            when warranty_until is null or free_until is null or charge_on is null then 'missing'
            when needs_maintenance_fee then 'after_fee'
            else 'missing'
        end as maintenance_ground
    from by_free_year
)

select
    ticket_id,
    customer_type,
    service_code,
    provider,
    unit_serial_no as serial_no,
    contract_id,
    sold_under as unit_contract_id,
    unit_product_type as product_type,
    period_id,
    month,
    charge_on,
    finished_at,
    bill_due_at,
    is_finished and may_need_maintenance_fee as is_maintenance_expected,
    service_expected,
    service_expected_other,
    case
        when service_expected = matrix_expected then matrix_ground
        when service_expected = 'undetermined' then 'missing'
        else 'free_year'
    end as service_ground,
    case repair_ground
        when 'missing' then 'undetermined'
        when 'out_of_warranty' then 'billable'
        else 'free'
    end as repair_expected,
    repair_ground,
    case maintenance_ground
        when 'missing' then 'undetermined'
        when 'after_fee' then 'billable'
        else 'free'
    end as maintenance_expected,
    maintenance_ground,
    matrix_expected,
    is_by_city,
    is_same_city
from judged
