-- marts.renewals: the units whose warranty ends soon, for an offer of maintenance before it does.
-- grain: one row per unit of the installed base whose warranty ends within the notice of the terms
-- clauses: WA-1, WA-2
-- materialized: table
-- How long before is a house rule of the terms in force at the as-of; without one nothing is here.
-- A unit whose warranty is unknown is not here: nobody knows when it ends.
-- columns:
--   serial_no: key
--   product_type: as the installed base names it
--   customer_id: who bought it
--   customer_type: agent, end_customer or key_account
--   contract_id: the contract it was sold under
--   purchased_on: day of purchase
--   warranty_ends_on: first day out of warranty
--   days_left: days of warranty left, the day of the as-of counted
--   maintenance_from_on: first day a maintenance fee may be charged
--   covered_to_on: last day of a maintenance period billed already, for the unit or its contract, that runs past the warranty; null without one
--   notice_days: days before the end of the warranty from which a unit is here
with
notice as (
    select
        cast(run.as_of as date) as as_of_on,
        rule.renewal_notice_days as notice_days
    from meta.run as run
    inner join terms.days as term_day on term_day.day = cast(run.as_of as date)
    inner join terms.rules as rule on rule.period_id = term_day.period_id
),

ending as (
    select
        unit.*,
        date_diff('day', notice.as_of_on, unit.warranty_ends_on) as days_left,
        notice.notice_days
    from steps.units as unit
    cross join notice
    where notice.as_of_on < unit.warranty_ends_on
),

soon as (
    select *
    from ending
    where days_left <= notice_days
),

covered as (
    select
        soon.serial_no,
        max(period.coverage_end) as covered_to_on
    from soon
    inner join steps.charge_periods as period
        on
            period.serial_no = soon.serial_no
            or (period.serial_no is null and period.contract_id = soon.contract_id)
    where
        period.period_amount > 0
        and soon.warranty_ends_on <= period.coverage_end
        and period.coverage_start <= period.coverage_end
    group by soon.serial_no
)

select
    soon.serial_no,
    soon.product_type,
    soon.customer_id,
    soon.customer_type,
    soon.contract_id,
    soon.purchased_on,
    soon.warranty_ends_on,
    soon.days_left,
    soon.maintenance_from_on,
    covered.covered_to_on,
    soon.notice_days
from soon
left join covered on covered.serial_no = soon.serial_no
