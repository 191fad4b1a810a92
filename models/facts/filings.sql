-- facts.filings: whether each record an agent owes was filed, complete and in time.
-- grain: one row per record an agent owes (one per ticket)
-- clauses: AG, KA
-- materialized: table
-- The earliest complete record of the right form by the agent who owes it decides: at the due
-- instant it is on time, later it is late. Without one, the finding is pending until the due
-- instant has passed (what was filed wrongly can still be put right), and then incomplete,
-- wrong_form or missing, in this order of what was filed. A finding that hangs on something
-- the exports do not say (whose record, which form, when submitted) is empty and the verdict
-- unmeasurable; where the answer is the same either way, it is given: where the ticket does not say
-- who owes the record or its form, one that came too late, is incomplete or has the wrong form is
-- late, incomplete or of the wrong form.
-- columns:
--   ticket_id: key
--   agent_id: who owes the record, null when the ticket does not say
--   customer_type: agent, end_customer or key_account
--   form: presales_report or fault_record, null when the service is unknown
--   service_finished_at: local time
--   due_at: local time, submitted at that instant is on time
--   record_id: the record that decides, null when none was filed
--   submitted_at: local time of that record
--   days_to_file: days from the finish to the submission of what was filed on time or late, with fractions
--   missing_fields: required fields left blank, separated by commas; null where the form is wrong
--   finding: filed_on_time, filed_late, missing, wrong_form, incomplete or pending; null when unmeasurable
--   verdict: met, breached, pending or unmeasurable
--   reason: why, in English; null when met
--   reason_zh: why, in Chinese; null when met
--   clause: AG or KA
--   month: first day of the month of opening
with doubts as (
    select
        ticket_id,
        min(case when might_be_on_time then class end) as doubt,
        bool_or(class = 'no_agent') as has_unsigned
    from steps.record_classes
    where might_be_on_time or class = 'no_agent'
    group by ticket_id
),
filed as (
    select
        duty.*,
        record.record_id,
        record.submitted_at,
        record.missing_fields,
        case
            when record.class in ('counted', 'incomplete', 'wrong_form') then record.class
            when record.form <> duty.form then 'wrong_form'
            when record.missing_fields is not null then 'incomplete'
            when record.class is not null then 'late'
        end as class
    from steps.filing_duties as duty
    left join steps.record_classes as record
        on record.ticket_id = duty.ticket_id
        and record.filing_rank = 1
        and record.class in (
            'counted', 'incomplete', 'wrong_form', 'agent_not_named', 'form_unknown', 'no_time'
        )
),
found as (
    select
        filed.*,
        case
            when filed.due_at is null then null
            when filed.class = 'counted' and filed.submitted_at <= filed.due_at
                then 'filed_on_time'
            when doubt.doubt is not null then null
            when filed.class in ('counted', 'late') then 'filed_late'
            when run.as_of <= filed.due_at then 'pending'
            when filed.class is not null then filed.class
            else 'missing'
        end as finding,
        case when filed.due_at is null then 'no_terms' else doubt.doubt end as doubt,
        coalesce(doubt.has_unsigned, false) as has_unsigned
    from filed
    cross join meta.run as run
    left join doubts as doubt on doubt.ticket_id = filed.ticket_id
)
select
    ticket_id,
    agent_id,
    customer_type,
    form,
    service_finished_at,
    due_at,
    record_id,
    submitted_at,
    case
        when finding in ('filed_on_time', 'filed_late')
            then cast(epoch_us(submitted_at) - epoch_us(service_finished_at) as double)
                / 86400000000
    end as days_to_file,
    case when class <> 'wrong_form' then missing_fields end as missing_fields,
    finding,
    case
        when finding is null then 'unmeasurable'
        when finding = 'filed_on_time' then 'met'
        when finding = 'pending' then 'pending'
        else 'breached'
    end as verdict,
    case
        when finding is null then case doubt
            when 'no_terms' then 'no terms were in force on the day it was opened'
            when 'agent_not_named' then 'a record was filed, but the ticket does not name the agent who owes it'
            when 'form_unknown' then 'a record was filed, but the service is unknown, so the form owed is unknown'
            when 'no_agent' then 'a record was filed that does not say by whom'
            when 'no_time' then 'a complete record does not say when it was submitted'
        end
        when finding = 'filed_late' then 'filed after it was due'
        when finding = 'missing' and has_unsigned and agent_id is null
            then 'nothing that counts was filed; a record on the ticket does not say by whom'
        when finding = 'missing' and has_unsigned
            then 'nothing was filed in its name; a record on the ticket does not say by whom'
        when finding = 'missing' then 'nothing was filed'
        when class = 'wrong_form' then 'the record filed has the wrong form'
        when class = 'incomplete' then concat('the record filed lacks: ', replace(missing_fields, '_', ' '))
        when finding = 'pending' then 'not filed yet, still in time'
    end as reason,
    case
        when finding is null then case doubt
            when 'no_terms' then '受理当日没有生效的条款'
            when 'agent_not_named' then '已有记录，但工单没有写明应由哪个代理商提交'
            when 'form_unknown' then '已有记录，但服务编码不明，无法判断应交哪种表单'
            when 'no_agent' then '已有记录，但没有写明由谁提交'
            when 'no_time' then '已有完整记录，但没有提交时间'
        end
        when finding = 'filed_late' then '逾期提交'
        when finding = 'missing' and has_unsigned and agent_id is null
            then '没有可计入的记录；工单上有一份记录没有写明由谁提交'
        when finding = 'missing' and has_unsigned
            then '没有以其名义提交；工单另有一份记录没有写明由谁提交'
        when finding = 'missing' then '未提交'
        when class = 'wrong_form' then '提交的表单不对'
        -- the names that the exports' headers have
        when class = 'incomplete' then concat(
            '提交的记录缺少：',
            replace(replace(replace(replace(replace(replace(replace(replace(
                missing_fields,
                ', ', '、'),
                'engineer', '工程师'),
                'fault_description', '故障描述'),
                'resolution', '处理结果'),
                'service_started_at', '服务开始时间'),
                'service_finished_at', '服务完成时间'),
                'customer_confirmed', '客户确认'),
                'form', '表单')
        )
        when finding = 'pending' then '尚未提交，未到期'
    end as reason_zh,
    clause,
    month
from found
