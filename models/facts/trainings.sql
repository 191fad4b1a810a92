-- facts.trainings: whether on-site support was followed by training, in time and not too long.
-- grain: one row per finished on-site support ticket
-- clauses: AS-9
-- materialized: table
-- The training is the ticket of the training service whose parent is the support ticket; of
-- several, the earliest one finished after the support counts; else what was finished before it.
-- Where the day of opening is missing, the terms are those of the finish. Where none were in
-- force, support that any terms ask a training after is unmeasurable. Reading 10, within_24_hours:
-- due 24 hours after the support was finished, every hour counted, and finished at that instant is
-- in time; end_of_next_day: due when the next calendar day is over, that midnight being too late.
-- A training of blank class hours is unmeasurable when it was in time; so is one that was finished
-- before the support, once the time is over, and all but what was kept where the finish of any
-- training cannot be read: it may be the one that counts.
-- columns:
--   ticket_id: key, the on-site support
--   provider: company or agent, who supported
--   agent_id: the providing or participating agent
--   customer_type: agent, end_customer or key_account
--   training_ticket_id: the training that counts
--   support_finished_at: local time
--   due_at: local time
--   finished_at: local time the training was finished
--   training_hours: class hours
--   verdict: met, breached, pending or unmeasurable
--   reason: why, in English; null when met
--   reason_zh: why, in Chinese; null when met
--   clause: AS-9
--   month: first day of the month the support was opened in
with supports as (
    select
        ticket.ticket_id,
        ticket.provider,
        ticket.agent_id,
        ticket.customer_type,
        ticket.opened_at is null as is_undated,
        ticket.finished_at,
        ticket.month,
        rule.training_service_code,
        rule.training_due,
        rule.training_max_hours,
        rule.service_calendar_id,
        segment.calendar_position + epoch_us(ticket.finished_at) - epoch_us(segment.starts_at)
            + rule.training_due_seconds * 1000000 as due_position
    from steps.dated_tickets as ticket
    left join terms.days as finish
        on ticket.opened_at is null and finish.day = cast(ticket.finished_at as date)
    left join terms.rules as rule
        on rule.period_id = coalesce(ticket.period_id, finish.period_id)
    left join clocks.segments as segment
        on segment.calendar_id = rule.service_calendar_id
        and segment.day = cast(ticket.finished_at as date)
        and segment.starts_at <= ticket.finished_at
        and ticket.finished_at < segment.ends_at
    where ticket.is_finished
        and ticket.service_code in (select training_after_service_code from terms.rules)
        and (rule.period_id is null or rule.training_after_service_code = ticket.service_code)
),
due as (
    select
        support.*,
        case
            when support.training_due = 'end_of_next_day'
                then cast(cast(support.finished_at as date) + interval 1 day + interval 1 day as timestamp)
            else segment.starts_at
                + to_microseconds(support.due_position - segment.position_from)
        end as due_at
    from supports as support
    left join clocks.due_segments as segment
        on segment.calendar_id = support.service_calendar_id
        and segment.clock = 'calendar'
        and segment.bucket = (support.due_position - 1) // 86400000000
        and segment.position_from < support.due_position
        and support.due_position <= segment.position_to
),
trainings as (
    select
        support.ticket_id,
        training.ticket_id as training_ticket_id,
        case when training.finished_at <= run.as_of then training.finished_at end as finished_at,
        training.training_hours,
        bool_or(coalesce(unread.finished_at, false)) over (partition by support.ticket_id)
            as is_unread,
        row_number() over (
            partition by support.ticket_id
            order by
                case
                    when training.finished_at > run.as_of or training.finished_at is null then 2
                    when training.finished_at < support.finished_at then 1
                    else 0
                end,
                training.finished_at nulls last,
                case when unread.finished_at then 0 else 1 end,
                training.ticket_id
        ) as place
    from supports as support
    cross join meta.run as run
    inner join staging.tickets as training
        on training.parent_ticket_id = support.ticket_id
        and training.service_code = support.training_service_code
    left join steps.unread_times as unread on unread.ticket_id = training.ticket_id
),
joined as (
    select
        due.*,
        training.training_ticket_id,
        training.finished_at as trained_at,
        training.training_hours,
        training.is_unread,
        case
            when due.training_due = 'end_of_next_day'
                then coalesce(training.finished_at, run.as_of) >= due.due_at
            else coalesce(training.finished_at, run.as_of) > due.due_at
        end as is_late,
        case
            when due.training_due = 'end_of_next_day' then run.as_of >= due.due_at
            else run.as_of > due.due_at
        end as is_over
    from due
    cross join meta.run as run
    left join trainings as training
        on training.ticket_id = due.ticket_id and training.place = 1
),
judged as (
    select
        *,
        case
            when training_due is null and is_undated then 'no_terms_then'
            when training_due is null then 'no_terms'
            when trained_at is null and is_unread then 'unread'
            when trained_at is null and is_late then 'missing'
            when trained_at is null then 'open'
            when trained_at < finished_at and is_unread then 'unread'
            when trained_at < finished_at and not is_over then 'open'
            when trained_at < finished_at then 'too_early'
            when is_late and is_unread then 'unread'
            when is_late then 'late'
            when training_hours is null then 'no_hours'
            when training_hours > training_max_hours and is_unread then 'unread'
            when training_hours > training_max_hours then 'too_long'
            else 'done'
        end as outcome
    from joined
)
select
    ticket_id,
    provider,
    agent_id,
    customer_type,
    training_ticket_id,
    finished_at as support_finished_at,
    due_at,
    trained_at as finished_at,
    training_hours,
    case
        when outcome = 'done' then 'met'
        when outcome = 'open' then 'pending'
        when outcome in ('no_terms', 'no_terms_then', 'unread') then 'unmeasurable'
        when outcome in ('no_hours', 'too_early') then 'unmeasurable'
        else 'breached'
    end as verdict,
    case outcome
        when 'no_terms_then' then 'no terms were in force on the day it was finished'
        when 'no_terms' then 'no terms were in force on the day it was opened'
        when 'unread' then 'the time the training was finished cannot be read'
        when 'missing' then 'no training was finished in time'
        when 'open' then 'no training yet, still in time'
        when 'too_early' then 'the training was finished before the support it follows'
        when 'late' then 'the training was finished too late'
        when 'no_hours' then 'the class hours are missing'
        when 'too_long' then 'the training took too many class hours'
    end as reason,
    case outcome
        when 'no_terms_then' then '完成当日没有生效的条款'
        when 'no_terms' then '受理当日没有生效的条款'
        when 'unread' then '培训完成时间读不懂'
        when 'missing' then '没有按期完成培训'
        when 'open' then '尚未培训，未到期'
        when 'too_early' then '培训早于现场支持完成'
        when 'late' then '培训逾期完成'
        when 'no_hours' then '缺少培训课时'
        when 'too_long' then '培训课时过长'
    end as reason_zh,
    'AS-9' as clause,
    month
from judged
