-- steps.agent_batches: the records an agent filed in one sitting at the end of a month.
-- grain: one row per record filed in a batch
-- clauses: AG, KA
-- materialized: scratch
-- A batch is made of at least as many records as the terms say, submitted within the time the
-- terms say, on the last days of a month; records that follow each other within that time
-- belong to the same batch.
-- columns:
--   agent_id: who filed
--   batch_no: key of the batch, with agent_id
--   record_id: key
--   ticket_id: as filed
--   submitted_at: local time
with rules as (
    select
        rule.batch_min_records,
        rule.batch_window_seconds * 1000000 as window_us,
        rule.batch_last_days,
        run.as_of
    from meta.run as run
    inner join terms.days as today on today.day = cast(run.as_of as date)
    inner join terms.rules as rule on rule.period_id = today.period_id
),
records as (
    select
        record.agent_id,
        record.record_id,
        record.ticket_id,
        record.submitted_at,
        rule.batch_min_records,
        rule.window_us,
        row_number() over (
            partition by record.agent_id order by record.submitted_at, record.record_id
        ) as place
    from staging.service_records as record
    cross join rules as rule
    where record.agent_id is not null
        and record.submitted_at <= rule.as_of
        -- within the last days: the month is another one that many days on
        and date_trunc('month', cast(record.submitted_at as date))
            <> date_trunc('month', date_add(
                cast(record.submitted_at as date), to_days(cast(rule.batch_last_days as integer))
            ))
),
opened as (
    select
        record.*,
        epoch_us(last.submitted_at) - epoch_us(record.submitted_at) <= record.window_us as is_start
    from records as record
    left join records as last
        on last.agent_id = record.agent_id
        and last.place = record.place + record.batch_min_records - 1
),
covered as (
    select
        *,
        max(case when is_start then place end) over (
            partition by agent_id order by place rows between unbounded preceding and current row
        ) as last_start
    from opened
),
members as (
    select
        *,
        lag(place) over (partition by agent_id order by place) as previous_place,
        lag(submitted_at) over (partition by agent_id order by place) as previous_at
    from covered
    where place - last_start < batch_min_records
)
select
    agent_id,
    cast(
        sum(
            case
                when previous_place = place - 1
                    and epoch_us(submitted_at) - epoch_us(previous_at) <= window_us then 0
                else 1
            end
        ) over (
            partition by agent_id order by place rows between unbounded preceding and current row
        ) as bigint
    ) as batch_no,
    record_id,
    ticket_id,
    submitted_at
from members
