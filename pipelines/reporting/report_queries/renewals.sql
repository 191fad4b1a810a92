-- renewals: units whose warranty ends soon, the first to end at the top.
-- grain: one row per unit, at most 5000
select renewal.serial_no,
       renewal.product_type,
       renewal.customer_id,
       coalesce(customer.customer_name, renewal.customer_id) as customer_name,
       renewal.customer_type,
       renewal.contract_id,
       renewal.purchased_on,
       renewal.warranty_ends_on,
       renewal.days_left,
       renewal.maintenance_from_on,
       renewal.covered_to_on,
       renewal.notice_days
from marts.renewals as renewal
left join (
    select customer_id, min(customer_name) as customer_name
    from staging.tickets
    group by customer_id
) as customer on customer.customer_id = renewal.customer_id
order by renewal.warranty_ends_on, renewal.serial_no
limit 5000
