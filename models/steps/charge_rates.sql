-- steps.charge_rates: the rate card written out, for every service and product type it may meet.
--
-- A rate that names the service goes before one that names the product type, and one that names
-- both before either; an empty string stands for a service or product type that is not known.
-- grain: one row per period, charge type, service, product type and currency that has a rate
-- clauses: WA-2
-- materialized: scratch
-- columns:
--   period_id: terms in force
--   charge_type: what is charged
--   service_code: of the service; '' when not known
--   product_type: of the unit; '' when not known
--   currency: of the amount
--   amount: money per service
--   is_nearest: no rate in another currency names the service or the product more closely
with
rates as (
    select * from terms.rate_card
),

service_codes as (
    select service_code from terms.services
    union
    -- a code that stands in no catalogue is a service as well
    select service_code from staging.tickets where service_code is not null
    union
    select '' as service_code
),

product_types as (
    select product_type from staging.installed_base where product_type is not null
    union
    select '' as product_type
),

ranked as (
    select
        rates.period_id,
        rates.charge_type,
        service_codes.service_code,
        product_types.product_type,
        rates.currency,
        rates.amount,
        case when rates.service_code is null then 0 else 2 end
            + case when rates.product_type is null then 0 else 1 end as nearness,
        row_number() over (
            partition by
                rates.period_id, rates.charge_type, service_codes.service_code,
                product_types.product_type, rates.currency
            order by
                case when rates.service_code is null then 1 else 0 end,
                case when rates.product_type is null then 1 else 0 end,
                rates.amount
        ) as rank_no
    from rates
    cross join service_codes
    cross join product_types
    where
        coalesce(rates.service_code, service_codes.service_code) = service_codes.service_code
        and coalesce(rates.product_type, product_types.product_type) = product_types.product_type
)

select
    period_id,
    charge_type,
    service_code,
    product_type,
    currency,
    amount,
    nearness = max(nearness) over (
        partition by period_id, charge_type, service_code, product_type
    ) as is_nearest
from ranked
where rank_no = 1
