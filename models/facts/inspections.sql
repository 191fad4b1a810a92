-- facts.inspections: whether each key account was inspected in each quarter of its first year.
-- grain: one row per key account contract and quarter
-- clauses: AS-5
-- materialized: table
-- A finished inspection counts for the one window that holds the day it was finished, the
-- earliest one of several; a further visit in a window makes up for no other. Without a visit a
-- window is unmeasurable when it begins before the day of the first ticket in the exports (a
-- visit may have been made before they begin), pending until its last day is over, and breached
-- after that.
-- columns:
--   contract_id: key, with quarter_no
--   customer_id: who bought
--   quarter_no: 1 to 4
--   window_start: first day of the window
--   window_end: last day of the window, included
--   ticket_id: the visit that counts
--   done_at: local time it was finished
--   verdict: met, breached, pending or unmeasurable
--   reason: why, in English; null when met
--   reason_zh: why, in Chinese; null when met
--   clause: AS-5
--   month: first day of the month of window_end
with visits as (
    select
        inspection.contract_id,
        inspection.quarter_no,
        visit.ticket_id,
        visit.done_at,
        row_number() over (
            partition by inspection.contract_id, inspection.quarter_no
            order by visit.done_at, visit.ticket_id
        ) as place
    from steps.inspection_windows as inspection
    inner join steps.inspection_visits as visit
        on visit.contract_id = inspection.contract_id
        and inspection.window_start <= cast(visit.done_at as date)
        and cast(visit.done_at as date) < inspection.ends_before
),
customers as (
    select distinct contract_id, customer_id
    from staging.installed_base
    where customer_type = 'key_account' and contract_id is not null
),
-- Days of visits of no known contract; where the day cannot be read, any from the opening on.
days_unassigned as (
    select distinct
        customer_id,
        coalesce(cast(done_at as date), opened_on) as first_on,
        cast(done_at as date) as last_on,
        done_at is null as is_unread
    from steps.inspection_visits
    where contract_id is null and coalesce(customer_type = 'key_account', true)
),
-- A visit of no known contract may have been for any of that customer's, or of anybody's.
may_be_of as (
    select
        inspection.contract_id,
        inspection.quarter_no,
        visit.is_unread
    from steps.inspection_windows as inspection
    inner join customers on customers.contract_id = inspection.contract_id
    inner join days_unassigned as visit
        on visit.customer_id = customers.customer_id
        and coalesce(inspection.window_start <= visit.last_on, true)
        and coalesce(visit.first_on < inspection.ends_before, true)
    union
    select
        inspection.contract_id,
        inspection.quarter_no,
        visit.is_unread
    from steps.inspection_windows as inspection
    inner join days_unassigned as visit
        on visit.customer_id is null
        and coalesce(inspection.window_start <= visit.last_on, true)
        and coalesce(visit.first_on < inspection.ends_before, true)
),
unassigned as (
    select distinct contract_id, quarter_no
    from may_be_of
    where not is_unread
),
-- Those in which a visit may have been of which nobody knows when, but not before it was opened.
windows_unread as (
    select
        inspection.contract_id,
        inspection.quarter_no
    from steps.inspection_windows as inspection
    inner join steps.inspection_visits as visit
        on visit.contract_id = inspection.contract_id
        and coalesce(visit.opened_on < inspection.ends_before, true)
    where visit.done_at is null
    union
    select
        contract_id,
        quarter_no
    from may_be_of
    where is_unread
),
judged as (
    select
        inspection.*,
        visit.ticket_id,
        visit.done_at,
        case
            when visit.ticket_id is not null then 'done'
            when inspection.window_start is null then 'no_window'
            when unassigned.contract_id is not null
                and run.as_of >= cast(inspection.ends_before as timestamp)
                then 'unassigned'
            when windows_unread.contract_id is not null
                and run.as_of >= cast(inspection.ends_before as timestamp)
                then 'unread'
            when run.first_ticket_on is null or inspection.window_start < run.first_ticket_on
                then 'before_exports'
            when run.as_of < cast(inspection.ends_before as timestamp) then 'open'
            else 'missed'
        end as outcome
    from steps.inspection_windows as inspection
    cross join meta.run as run
    left join visits as visit
        on visit.contract_id = inspection.contract_id
        and visit.quarter_no = inspection.quarter_no
        and visit.place = 1
    left join unassigned
        on unassigned.contract_id = inspection.contract_id
        and unassigned.quarter_no = inspection.quarter_no
    left join windows_unread
        on windows_unread.contract_id = inspection.contract_id
        and windows_unread.quarter_no = inspection.quarter_no
)
select
    contract_id,
    customer_id,
    quarter_no,
    window_start,
    window_end,
    ticket_id,
    done_at,
    case outcome
        when 'done' then 'met'
        when 'missed' then 'breached'
        when 'open' then 'pending'
        else 'unmeasurable'
    end as verdict,
    case outcome
        when 'no_window'
            then 'the purchase date is missing, or no terms were in force on that day'
        when 'unassigned'
            then 'a visit in this quarter does not say for which contract it was'
        when 'unread' then 'the time a visit was finished cannot be read'
        when 'before_exports' then 'the quarter began before the first ticket in the exports'
        when 'open' then 'no visit yet, the quarter is not over'
        when 'missed' then 'no visit in this quarter'
    end as reason,
    case outcome
        when 'no_window' then '缺少购买日期，或当日没有生效的条款'
        when 'unassigned' then '该季度有一次巡检没有写明属于哪个合同'
        when 'unread' then '有一次巡检的完成时间读不懂'
        when 'before_exports' then '该季度开始于导出数据的第一张工单之前'
        when 'open' then '尚未巡检，季度未结束'
        when 'missed' then '该季度没有巡检'
    end as reason_zh,
    'AS-5' as clause,
    cast(date_trunc('month', window_end) as date) as month
from judged
