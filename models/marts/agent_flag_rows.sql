-- marts.agent_flag_rows: the rows behind each flag.
-- grain: one row per flag, case and record or ticket
-- clauses: AG, KA
-- materialized: table
-- silent: the services since the agent last filed, but for those whose record was there when they
-- were finished, when the first is as long ago as the terms say. retired: the records of an agent
-- whose last day is over that are outstanding or still to come.
-- batch: the records of a sitting at the end of a month. copied_text: the records that share a
-- text, when they are as many as the terms say.
-- columns:
--   flag: silent, retired, batch or copied_text
--   agent_id: who is flagged
--   case_id: tells several cases of one flag and agent apart
--   ticket_id: the ticket concerned
--   record_id: the record concerned, null when none was filed
--   happened_at: local time of the service or of the submission
with today as (
    select
        run.as_of,
        rule.silence_days,
        rule.copied_text_min_records
    from meta.run as run
    inner join terms.days as today on today.day = cast(run.as_of as date)
    inner join terms.rules as rule on rule.period_id = today.period_id
)
select
    'silent' as flag,
    silence.agent_id,
    strftime(silence.begins_at, '%Y-%m-%d') as case_id,
    service.ticket_id,
    cast(null as varchar) as record_id,
    service.service_finished_at as happened_at
from steps.agent_silences as silence
cross join today
inner join steps.unrecorded_services as service
    on service.agent_id = silence.agent_id and service.service_finished_at >= silence.begins_at
where silence.is_current and silence.silent_seconds >= cast(today.silence_days as bigint) * 86400
union all
select
    'retired' as flag,
    agent.agent_id,
    strftime(agent.active_to, '%Y-%m-%d') as case_id,
    filing.ticket_id,
    filing.record_id,
    filing.service_finished_at as happened_at
from staging.agents as agent
cross join today
inner join facts.filings as filing
    on filing.agent_id = agent.agent_id
    and filing.finding in ('missing', 'incomplete', 'wrong_form', 'pending')
where agent.active_to < cast(today.as_of as date)
union all
select
    'batch' as flag,
    agent_id,
    cast(batch_no as varchar) as case_id,
    ticket_id,
    record_id,
    submitted_at as happened_at
from steps.agent_batches
union all
select
    'copied_text' as flag,
    copied.agent_id,
    copied.copy_group as case_id,
    record.ticket_id,
    copied.record_id,
    record.submitted_at as happened_at
from steps.record_copies as copied
cross join today
inner join staging.service_records as record on record.record_id = copied.record_id
where copied.copies >= today.copied_text_min_records
