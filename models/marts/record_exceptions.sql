-- marts.record_exceptions: the records filed that are no one's proof of service, each with why.
-- grain: one row per service record that matches no record owed, or repeats one
-- clauses: AG, KA
-- materialized: table
-- Together with the records that decide or correct a filing (class counted, incomplete or
-- wrong_form in steps.record_classes) these are all records of the export.
-- columns:
--   record_id: key
--   ticket_id: as filed
--   agent_id: who filed it
--   ticket_agent_id: the agent the ticket names
--   form: as filed
--   submitted_at: local time
--   exception: its class in steps.record_classes
--   reason: why, in English
--   reason_zh: why, in Chinese
--   source_file: where the row came from
--   source_row: its line there
select
    record_id,
    ticket_id,
    agent_id,
    ticket_agent_id,
    form,
    submitted_at,
    class as exception,
    case class
        when 'no_ticket' then 'its ticket is not in the exports'
        when 'not_submitted_yet' then 'it was submitted after the as-of'
        when 'no_agent' then 'it does not say which agent filed it'
        when 'other_agent' then 'the ticket is another agent''s'
        when 'not_finished' then 'the service was not finished yet'
        when 'not_owed' then 'no record is owed for this ticket'
        when 'owed_unknown'
            then 'the provider or the customer type is missing, so whether a record is owed is unknown'
        when 'agent_not_named' then 'the ticket does not name the agent who owes it'
        when 'form_unknown' then 'the service is unknown, so the form owed is unknown'
        when 'no_time' then 'it does not say when it was submitted'
        when 'repeat' then 'it repeats a record already filed'
    end as reason,
    case class
        when 'no_ticket' then '工单不在导出数据中'
        when 'not_submitted_yet' then '提交时间晚于统计截止时间'
        when 'no_agent' then '没有写明提交的代理商'
        when 'other_agent' then '工单属于另一个代理商'
        when 'not_finished' then '服务尚未完成'
        when 'not_owed' then '该工单无须提交记录'
        when 'owed_unknown' then '工单缺少服务方或客户类型，无法判断是否须提交记录'
        when 'agent_not_named' then '工单没有写明应提交的代理商'
        when 'form_unknown' then '服务编码不明，无法判断应交哪种表单'
        when 'no_time' then '没有提交时间'
        when 'repeat' then '与已提交的记录重复'
    end as reason_zh,
    source_file,
    source_row
from steps.record_classes
where class not in ('counted', 'incomplete', 'wrong_form')
