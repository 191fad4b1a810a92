-- billing_sample: the strata of the audit sample and what was drawn from each.
-- grain: one row per finding, currency and band of the amount
select
    seed, finding, currency, amount_band, stratum_charges,
    count(*) as drawn, min(sample_no) as sample_no
from meta.audit_sample
group by all
order by sample_no
