-- facts.responses: how fast each fault was answered, against the target of its terms.
-- grain: one row per ticket with a fault (a fault level, or category fault)
-- clauses: T4, AS-7
-- materialized: table
-- A response is met when the time on the ticket's own clock, pauses taken out, is less than the
-- target (reading 4 may allow the target itself). A ticket still open is judged at the as-of.
-- A pause that can't be measured could only have helped: such a ticket is met when it is met
-- without that pause, otherwise unmeasurable. A time that is there and cannot be read may be any: where
-- it decides, the response is unmeasurable.
-- columns:
--   ticket_id: key
--   customer_id: who asked
--   customer_type: agent, end_customer or key_account
--   provider: company or agent
--   agent_id: the providing or participating agent
--   service_code: of the catalogue
--   fault_level: 1 to 4, null when unknown
--   city: the customer's city
--   city_tier: tier1 or other, null when unknown
--   opened_at: local time
--   responded_at: local time, null when not before the as-of
--   stopped_at: local time of what stops the clock (reading 3), null while it runs
--   clock: calendar or service_hours, null when unknown
--   target_seconds: seconds allowed on that clock
--   elapsed_seconds: seconds used on that clock, pauses taken out; null when unmeasurable
--   calendar_seconds: seconds from opening to the stop (or as-of), every hour counted
--   service_seconds: seconds from opening to the stop (or as-of), service hours counted
--   paused_seconds: seconds that pauses took out, on the ticket's own clock
--   due_at: local time, first instant at which the target is used up; null when unknown
--   is_open: what stops the clock has not happened yet, as far as can be read
--   verdict: met, breached, pending or unmeasurable
--   reason: why it is unmeasurable, in English
--   reason_zh: why it is unmeasurable, in Chinese
--   clause: the clause the target stands in
--   month: first day of the month of opening
with measured as (
    select
        ticket.*,
        span.stopped_at,
        span.ended_at,
        span.calendar_id,
        span.clock,
        span.target_us,
        span.opened_position,
        span.calendar_us,
        span.service_us,
        span.is_mode_unknown,
        span.is_stop_unrecorded,
        span.is_stop_unread,
        span.is_due_unread,
        span.ended_position - span.opened_position - coalesce(pause.paused_us, 0) as elapsed_us,
        coalesce(pause.paused_us, 0) as paused_us,
        coalesce(pause.is_unusable, false) as has_unusable_pause,
        coalesce(pause.is_unusable or pause.is_nowhere, false) as has_unmeasured_pause,
        span.opened_position + span.target_us
            + case when pause.ticket_id is null then 0 else pause.due_shift_us end as due_position
    from steps.tickets as ticket
    inner join steps.response_spans as span on span.ticket_id = ticket.ticket_id
    left join steps.response_pauses as pause on pause.ticket_id = ticket.ticket_id
),
judged as (
    select
        measured.*,
        -- What was opened after the as-of, and due before that, is not late yet.
        coalesce(
            elapsed_us < target_us
            or (rule.strictness = '<=' and elapsed_us = target_us)
            or measured.opened_at > run.as_of,
            false
        ) as is_within,
        case
            when opened_at is null then 'no_opening'
            when measured.period_id is null then 'no_terms'
            when is_due_unread then 'due_unread'
            when agreed_due_at is null and fault_level is null then 'no_level'
            when agreed_due_at is null and city_tier is null then 'no_city'
            when is_mode_unknown then 'no_service'
            when is_stop_unread then 'stop_unread'
            when is_stop_unrecorded then 'no_stop'
            when stopped_at < opened_at then 'backwards'
            when elapsed_us is null or target_us is null then 'no_calendar'
            when has_unmeasured_pause and not coalesce(
                elapsed_us < target_us
                or (rule.strictness = '<=' and elapsed_us = target_us)
                or measured.opened_at > run.as_of,
                false
            ) then case when has_unusable_pause then 'unusable_pause' else 'pause_nowhere' end
        end as obstacle
    from measured
    cross join meta.run as run
    left join terms.rules as rule on rule.period_id = measured.period_id
),
due as (
    select
        judged.*,
        case
            when has_unmeasured_pause then null
            when target_us <= 0 then agreed_due_at
            else segment.starts_at
                + to_microseconds(due_position - segment.position_from)
        end as due_at
    from judged
    left join clocks.due_segments as segment
        on segment.calendar_id = judged.calendar_id
        and segment.clock = judged.clock
        and segment.bucket = (judged.due_position - 1) // 86400000000
        and segment.position_from < judged.due_position
        and judged.due_position <= segment.position_to
)
select
    ticket_id,
    customer_id,
    customer_type,
    provider,
    agent_id,
    service_code,
    fault_level,
    city,
    city_tier,
    opened_at,
    responded_at,
    stopped_at,
    clock,
    target_us // 1000000 as target_seconds,
    case when obstacle is null then elapsed_us // 1000000 end as elapsed_seconds,
    case when ended_at >= opened_at then calendar_us // 1000000 end as calendar_seconds,
    case when ended_at >= opened_at then service_us // 1000000 end as service_seconds,
    case when obstacle is null then paused_us // 1000000 end as paused_seconds,
    due_at,
    stopped_at is null and not is_stop_unrecorded and not is_stop_unread as is_open,
    case
        when obstacle is not null then 'unmeasurable'
        when not is_within then 'breached'
        when stopped_at is null then 'pending'
        else 'met'
    end as verdict,
    case obstacle
        when 'no_opening' then 'the opening time is missing'
        when 'no_terms' then 'no terms were in force on the day it was opened'
        when 'due_unread' then 'the agreed due time cannot be read'
        when 'no_level' then 'the fault level is missing, and no due time was agreed'
        when 'no_city' then 'the city is missing, so its tier is unknown'
        when 'no_service' then 'the service is unknown, so whether an arrival is owed is unknown'
        when 'stop_unread' then 'the time that stops the clock, or of the finish, cannot be read'
        when 'no_stop' then 'it was finished, but the time that stops the clock was not recorded'
        when 'backwards' then 'it was answered before it was opened'
        when 'no_calendar' then 'the service calendar does not cover its days'
        when 'unusable_pause'
            then 'a pause lacks its start, ends before it starts, or its end cannot be read'
        when 'pause_nowhere' then 'a pause begins or ends at a local time that never was'
    end as reason,
    case obstacle
        when 'no_opening' then '缺少受理时间'
        when 'no_terms' then '受理当日没有生效的条款'
        when 'due_unread' then '约定时限读不懂'
        when 'no_level' then '缺少故障等级，也没有约定时限'
        when 'no_city' then '缺少城市，无法判断城市等级'
        when 'no_service' then '服务编码不明，无法判断是否以到场为准'
        when 'stop_unread' then '停止计时的时间或完成时间读不懂'
        when 'no_stop' then '已完成，但没有记录停止计时的时间'
        when 'backwards' then '响应时间早于受理时间'
        when 'no_calendar' then '服务日历未覆盖这些日期'
        when 'unusable_pause' then '暂停缺少开始时间、恢复早于暂停，或恢复时间读不懂'
        when 'pause_nowhere' then '暂停的开始或恢复是当地不存在的时刻'
    end as reason_zh,
    'T4' as clause,
    month
from due
