-- steps.charge_periods: maintenance fees billed for a period, against the day they may begin.
--
-- A fee for a unit is measured against that unit. A fee for a contract covers all units sold under
-- it, so it begins too early when it begins before the last of them is out; its share of the amount
-- then counts unit by unit and day by day, each unit weighing the same. What was sold under the
-- contract after the last day covered is not part of it, where anything had been sold by then.
-- What was billed is judged over all months of issue together; the money stays in its month.
-- grain: one row per period charge
-- clauses: AS-1, WA-2
-- materialized: scratch
-- columns:
--   charge_id: key
--   serial_no: the unit; null when the fee is for a contract
--   contract_id: the contract; of the unit, when the fee is for a unit
--   customer_id: who is billed; else who bought, when that is one customer
--   customer_type: of the units, when they agree
--   product_type: of the units, when they agree
--   coverage_start: first day covered
--   coverage_end: last day covered; null when not given
--   billed_amount: money of this charge's month, net
--   period_amount: money of the period over all months, net
--   period_credit_count: credits among the lines of the period
--   period_unreadable_count: lines of the period whose amount cannot be read
--   unit_count: units covered
--   early_unit_count: units whose fee may not be charged yet on coverage_start
--   unknown_unit_count: units of which that day is unknown
--   maintenance_from_on: first day on which the fee may be charged for every unit; null when unknown
--   period_expected: billable, free or undetermined
--   overlap_days: days from coverage_start before maintenance_from_on, within the coverage; known
--     without that day where all of the coverage is before it
--   early_unit_days: days of the coverage before that day, of each unit; 0 when none, null when unknown
--   unit_days: days of the coverage, of each unit; null when unknown
--   overlap_amount: share of billed_amount for those days; null when the coverage has no end
--   overcredited_amount: in the last month of the period, what was credited beyond what was billed
with
periods as (
    select *
    from steps.charge_bills
    where place = 'period'
),

totals as (
    select
        period_key,
        sum(billed_amount) as period_amount,
        sum(credit_count) as period_credit_count,
        sum(unreadable_count) as period_unreadable_count
    from periods
    where period_key is not null
    group by period_key
),

covered as (
    select
        periods.charge_id,
        periods.coverage_start,
        periods.coverage_end,
        units.*
    from periods
    inner join steps.units as units on periods.serial_no = units.serial_no
    union all
    select
        periods.charge_id,
        periods.coverage_start,
        periods.coverage_end,
        units.*
    from periods
    inner join steps.units as units on periods.contract_id = units.contract_id
    where periods.serial_no is null
),

ends as (
    select
        *,
        case
            when maintenance_from_on is not null then maintenance_from_on
            when coverage_start < warranty_ends_on then warranty_ends_on
            when coverage_start < free_year_ends_on then free_year_ends_on
        end as early_until
    from covered
),

sold_in_time as (
    select
        *,
        min(case when purchased_on > coverage_end then 1 else 0 end) over (partition by charge_id) = 1
            as are_all_later
    from ends
),

units_by_charge as (
    select
        charge_id,
        count(*) as unit_count,
        count(case when coverage_start < early_until then 1 end) as early_unit_count,
        count(*) - count(early_until) as unknown_unit_count,
        count(
            case
                when maintenance_from_on is null and not coalesce(coverage_end < early_until, false)
                    then 1
            end
        ) as open_unit_count,
        max(early_until) as early_until,
        case when count(*) = count(maintenance_from_on) then max(maintenance_from_on) end
            as maintenance_from_on,
        sum(
            case
                when coverage_start >= early_until then 0
                when coverage_end < early_until
                    then date_diff('day', coverage_start, coverage_end) + 1
                else date_diff('day', coverage_start, early_until)
            end
        ) as early_unit_days,
        min(contract_id) as contract_id,
        case when min(customer_id) = max(customer_id) then min(customer_id) end as customer_id,
        case when min(customer_type) = max(customer_type) then min(customer_type) end
            as customer_type,
        case when min(product_type) = max(product_type) then min(product_type) end as product_type
    from sold_in_time
    where are_all_later or not coalesce(purchased_on > coverage_end, false)
    group by charge_id
),

judged as (
    select
        periods.charge_id,
        periods.serial_no,
        coalesce(periods.contract_id, units.contract_id) as contract_id,
        coalesce(periods.customer_id, units.customer_id) as customer_id,
        units.customer_type,
        units.product_type,
        periods.coverage_start,
        periods.coverage_end,
        periods.billed_amount,
        coalesce(totals.period_amount, periods.billed_amount) as period_amount,
        coalesce(totals.period_credit_count, periods.credit_count) as period_credit_count,
        coalesce(totals.period_unreadable_count, periods.unreadable_count)
            as period_unreadable_count,
        coalesce(units.unit_count, 0) as unit_count,
        coalesce(units.early_unit_count, 0) as early_unit_count,
        units.unknown_unit_count,
        units.open_unit_count,
        units.early_unit_days,
        units.early_until,
        units.maintenance_from_on,
        row_number() over (
            partition by periods.period_key order by periods.last_issued_on desc nulls first
        ) = 1 as is_last_of_period,
        date_diff('day', periods.coverage_start, periods.coverage_end) + 1 as coverage_days,
        case
            when periods.coverage_end < periods.coverage_start then 'undetermined'
            when units.early_unit_count > 0 then 'free'
            when units.unknown_unit_count = 0 then 'billable'
            else 'undetermined'
        end as period_expected
    from periods
    left join units_by_charge as units on periods.charge_id = units.charge_id
    left join totals on periods.period_key = totals.period_key
)

select
    charge_id,
    serial_no,
    contract_id,
    customer_id,
    customer_type,
    product_type,
    coverage_start,
    coverage_end,
    billed_amount,
    cast(period_amount as decimal(18, 2)) as period_amount,
    cast(period_credit_count as bigint) as period_credit_count,
    cast(period_unreadable_count as bigint) as period_unreadable_count,
    unit_count,
    early_unit_count,
    coalesce(unknown_unit_count, 0) as unknown_unit_count,
    maintenance_from_on,
    period_expected,
    case
        when period_expected <> 'free' or open_unit_count > 0 then null
        when coverage_end < early_until then coverage_days
        else date_diff('day', coverage_start, early_until)
    end as overlap_days,
    case
        when period_expected = 'billable' then 0
        when period_expected = 'free' and open_unit_count = 0
            then cast(early_unit_days as bigint)
    end as early_unit_days,
    cast(unit_count * coverage_days as bigint) as unit_days,
    -- Reckoned in whole cents, a half one away from zero: as a double it would be near it.
    case
        when period_expected = 'free' and open_unit_count = 0 and coverage_end is not null
            then cast(
                (
                    2 * cast(abs(billed_amount) * 100 as hugeint) * early_unit_days
                    + unit_count * coverage_days
                ) // (2 * unit_count * coverage_days) as decimal(18, 0)
            ) * case when billed_amount < 0 then -0.01 else 0.01 end
    end as overlap_amount,
    case when is_last_of_period and period_amount < 0
        then cast(period_amount as decimal(18, 2)) end as overcredited_amount
from judged
