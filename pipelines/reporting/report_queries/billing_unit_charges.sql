-- billing_unit_charges: the services and bills of those units.
-- grain: one row per charge, at most the latest 40 of each unit
with placed as (
    select charges.serial_no, charges.charge_id, charges.ticket_id, charges.service_code,
           charges.charge_type, charges.finding, charges.clause, charges.billed_amount,
           charges.currency, charges.invoice_lines, charges.charge_on, charges.first_issued_on,
           charges.coverage_start, charges.coverage_end, charges.overlap_days,
           charges.reason, charges.reason_zh,
           coalesce(charges.charge_on, charges.coverage_start, charges.first_issued_on) as day,
           row_number() over (
               partition by charges.serial_no
               order by coalesce(charges.charge_on, charges.coverage_start,
                                 charges.first_issued_on) desc nulls last,
                        charges.charge_id
           ) as place
    from report_charges as charges
    join marts.billing_units as units on units.serial_no = charges.serial_no
    where units.unit_rank <= 30
)
select *
from placed
where place <= 40
order by serial_no, day nulls last, charge_id
