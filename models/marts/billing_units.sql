-- marts.billing_units: every unit that was served or billed, with its dates and how its charges stand.
--
-- A history begins with the day of purchase: a unit without one has none, and its charges are among
-- the exceptions (marts.billing_exceptions) all the same.
-- grain: one row per unit of the installed base with a day of purchase and a charge
-- clauses: AS-1, WA-1, WA-2
-- materialized: table
-- columns:
--   serial_no: key
--   product_type: as the installed base names it
--   customer_id: who bought it
--   contract_id: the contract it was sold under
--   purchased_on: day of purchase
--   warranty_ends_on: first day out of warranty
--   free_year_ends_on: first day after the free year
--   maintenance_from_on: first day a maintenance fee may be charged
--   charges: charges on the unit
--   exceptions: those somebody must look at
--   best_money_rank: the best rank of its exceptions by money; null without any
--   unit_rank: 1 is to be looked at first: exceptions by money, then units by charges
with
charged as (
    select
        charges.serial_no,
        count(*) as charges,
        count(exceptions.charge_id) as exceptions,
        min(exceptions.money_rank) as best_money_rank
    from steps.charge_findings as charges
    left join marts.billing_exceptions as exceptions on charges.charge_id = exceptions.charge_id
    where charges.serial_no is not null
    group by charges.serial_no
)

select
    units.serial_no,
    units.product_type,
    units.customer_id,
    units.contract_id,
    units.purchased_on,
    units.warranty_ends_on,
    units.free_year_ends_on,
    units.maintenance_from_on,
    charged.charges,
    charged.exceptions,
    charged.best_money_rank,
    row_number() over (
        order by charged.best_money_rank nulls last, charged.charges desc, units.serial_no
    ) as unit_rank
from charged
inner join steps.units as units on charged.serial_no = units.serial_no
where units.purchased_on is not null
