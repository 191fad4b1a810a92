-- steps.units: the installed base with the days on which warranty and free year end.
-- grain: one row per unit sold
-- clauses: AS-1, WA-1, WA-2
-- materialized: view
-- A unit's own warranty months come first, then those of its product type in the terms of the
-- day it was purchased. Each end is the first day out. More months than calendars have years for
-- are a warranty for life, which ends with them.
-- columns:
--   serial_no: key
--   product_type: as the installed base names it
--   customer_id: who bought it
--   customer_type: of that customer
--   contract_id: the contract it was sold under
--   purchased_on: day of purchase
--   warranty_months: length of the warranty, null when unknown
--   warranty_ends_on: first day out of warranty, null when unknown
--   free_year_ends_on: first day after the free year, null when unknown
--   maintenance_from_on: first day a maintenance fee is due, the later of both ends
with units as (
    select
        unit.serial_no,
        unit.product_type,
        unit.customer_id,
        unit.customer_type,
        unit.contract_id,
        unit.purchased_at as purchased_on,
        coalesce(unit.warranty_months, product.warranty_months) as warranty_months,
        rule.free_service_months
    from staging.installed_base as unit
    left join terms.days as purchase on purchase.day = unit.purchased_at
    left join terms.rules as rule on rule.period_id = purchase.period_id
    left join terms.products as product
        on product.period_id = purchase.period_id and product.product_type = unit.product_type
),
ends as (
    select
        *,
        case
            -- so many that no date could hold the sum
            when warranty_months > date_diff('day', purchased_on, date '9999-12-31')
                then date '9999-12-31'
            when purchased_on + to_months(warranty_months) > date '9999-12-31'
                then date '9999-12-31'
            else cast(purchased_on + to_months(warranty_months) as date)
        end as warranty_ends_on,
        cast(purchased_on + to_months(free_service_months) as date) as free_year_ends_on
    from units
)
select
    serial_no,
    product_type,
    customer_id,
    customer_type,
    contract_id,
    purchased_on,
    warranty_months,
    warranty_ends_on,
    free_year_ends_on,
    case
        when warranty_ends_on is null or free_year_ends_on is null then null
        when warranty_ends_on > free_year_ends_on then warranty_ends_on
        else free_year_ends_on
    end as maintenance_from_on
from ends
