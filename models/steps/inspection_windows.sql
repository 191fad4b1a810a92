-- steps.inspection_windows: the quarters in which a key account is owed an inspection.
-- grain: one row per key account contract of the installed base and window
-- clauses: AS-5
-- materialized: scratch
-- A contract was purchased on the earliest purchase date of its units; the terms are those of
-- that day. Reading 9, anniversary: window n runs from the purchase date plus (n - 1) times the
-- months of the terms to the day before the purchase date plus n times them. Each edge is
-- counted from the purchase date itself, so that a month end is kept: bought on 31 January, the
-- second window begins on 30 April and the third on 31 July. Reading 9, calendar: the calendar
-- quarters from that of the purchase on, the first one beginning on the purchase date.
-- columns:
--   contract_id: key, with quarter_no
--   customer_id: who bought
--   quarter_no: 1 for the first window
--   window_start: its first day, null when the purchase date is unknown or no terms were in force
--   window_end: its last day, included
--   ends_before: the first day after it
with contracts as (
    select
        contract_id,
        min(customer_id) as customer_id,
        min(purchased_on) as purchased_on
    from steps.units
    where customer_type = 'key_account' and contract_id is not null
    group by contract_id
),
with_rules as (
    select
        contract.contract_id,
        contract.customer_id,
        contract.purchased_on,
        rule.period_id,
        rule.inspection_quarters,
        coalesce(rule.inspection_months, latest.inspection_months) as window_months,
        coalesce(rule.inspection_windows, latest.inspection_windows) as windows
    from contracts as contract
    cross join meta.run as run
    left join terms.days as purchase on purchase.day = contract.purchased_on
    left join terms.rules as rule on rule.period_id = purchase.period_id
    left join terms.days as today on today.day = cast(run.as_of as date)
    left join terms.rules as latest on latest.period_id = today.period_id
),
numbered as (
    select
        *,
        unnest(generate_series(1, windows)) as quarter_no
    from with_rules
),
bounded as (
    select
        contract_id,
        customer_id,
        cast(quarter_no as integer) as quarter_no,
        case
            when period_id is null then null
            when inspection_quarters = 'calendar' and quarter_no > 1
                then cast(
                    date_trunc('quarter', purchased_on)
                    + to_months(cast((quarter_no - 1) * window_months as integer)) as date
                )
            else cast(
                purchased_on + to_months(cast((quarter_no - 1) * window_months as integer)) as date
            )
        end as window_start,
        case
            when period_id is null then null
            when inspection_quarters = 'calendar'
                then cast(
                    date_trunc('quarter', purchased_on)
                    + to_months(cast(quarter_no * window_months as integer)) as date
                )
            else cast(purchased_on + to_months(cast(quarter_no * window_months as integer)) as date)
        end as ends_before
    from numbered
)
select
    contract_id,
    customer_id,
    quarter_no,
    window_start,
    cast(ends_before - interval 1 day as date) as window_end,
    ends_before
from bounded
