-- marts.agent_standing: where each agent stands with its records, over all months.
-- grain: one row per agent of the agents export or of a record owed
-- clauses: AG, KA
-- materialized: table
-- Agents are ranked by the lower end of the interval of their missing rate, not by the rate: few
-- tickets give a wide interval, so that bad luck with three does not outrank three hundred.
-- Intervals are Wilson's (1927), 95 %. Decided are the records that are no longer pending and
-- not unmeasurable.
-- columns:
--   agent_id: key
--   agent_name: as exported, null when the agents export has no such agent
--   city: the agent's
--   active_to: its last day, null when it has none
--   is_retired: its last day was over at the as-of
--   due: records owed
--   decided: met or breached
--   filed_on_time: filed complete and in time
--   filed_late: filed complete, too late
--   missing: nothing filed
--   incomplete: filed with required fields blank
--   wrong_form: filed on the wrong form
--   pending: not filed, still in time
--   unmeasurable: cannot be judged
--   outstanding: missing, incomplete and wrong_form
--   filing_pct: 100 x filed_on_time / decided
--   missing_pct: 100 x missing / decided
--   missing_low_pct: lower end of its 95 % interval
--   missing_high_pct: upper end of its 95 % interval
--   missing_rank: 1 for the agent most certain to miss most, null when nothing is decided
--   days_to_file_median: days from finish to filing, half were faster
--   days_to_file_p90: days from finish to filing, nine of ten were faster
--   last_served_at: local time of the last service that owes a record
--   last_filed_at: local time of the last record submitted
--   oldest_outstanding_due_at: local time the oldest outstanding record was due
--   longest_silence_seconds: longest stretch of serving without filing
--   silent_since: local time the present silence began, null when there is none
--   flags: cases in marts.agent_flags
with filings as (
    select
        agent_id,
        count(*) as due,
        sum(case when verdict in ('met', 'breached') then 1 else 0 end) as decided,
        sum(case when finding = 'filed_on_time' then 1 else 0 end) as filed_on_time,
        sum(case when finding = 'filed_late' then 1 else 0 end) as filed_late,
        sum(case when finding = 'missing' then 1 else 0 end) as missing,
        sum(case when finding = 'incomplete' then 1 else 0 end) as incomplete,
        sum(case when finding = 'wrong_form' then 1 else 0 end) as wrong_form,
        sum(case when finding = 'pending' then 1 else 0 end) as pending,
        sum(case when finding is null then 1 else 0 end) as unmeasurable,
        quantile_cont(days_to_file, 0.5) as days_to_file_median,
        quantile_cont(days_to_file, 0.9) as days_to_file_p90,
        max(service_finished_at) as last_served_at,
        min(case when finding in ('missing', 'incomplete', 'wrong_form') then due_at end)
            as oldest_outstanding_due_at
    from facts.filings
    where agent_id is not null
    group by agent_id
),
agents as (
    select agent_id from filings
    union
    select agent_id from staging.agents
),
filed as (
    select
        agent_id,
        max(submitted_at) as last_filed_at
    from steps.record_classes
    where class <> 'not_submitted_yet'
    group by agent_id
),
silences as (
    select
        agent_id,
        max(silent_seconds) as longest_silence_seconds,
        max(case when is_current then begins_at end) as silent_since
    from steps.agent_silences
    group by agent_id
),
flags as (
    select
        agent_id,
        count(*) as flags
    from marts.agent_flags
    group by agent_id
),
rates as (
    select
        *,
        case when decided > 0 then cast(missing as double) / decided end as missing_share,
        case when decided > 0 then 1.959963984540054 / (2 * decided) end as half_spread
    from filings
),
intervals as (
    select
        *,
        -- the square of the quantile over the number of trials, as Wilson writes it
        2 * 2 * half_spread * half_spread * decided as weight,
        2 * half_spread * half_spread * decided as shift,
        1.959963984540054
            * sqrt(missing_share * (1 - missing_share) / decided + half_spread * half_spread)
            as spread
    from rates
),
bounded as (
    select
        *,
        -- of none it begins at 0 and of all it ends at 100: exactly, not but for a last digit
        case
            when missing > 0
                then 100 * greatest(0, (missing_share + shift - spread) / (1 + weight))
            when decided > 0 then 0
        end as missing_low_pct,
        case
            when missing < decided
                then 100 * least(1, (missing_share + shift + spread) / (1 + weight))
            when decided > 0 then 100
        end as missing_high_pct
    from intervals
)
select
    agent.agent_id,
    named.agent_name,
    named.city,
    named.active_to,
    coalesce(named.active_to < cast(run.as_of as date), false) as is_retired,
    cast(coalesce(bounded.due, 0) as bigint) as due,
    cast(coalesce(bounded.decided, 0) as bigint) as decided,
    cast(coalesce(bounded.filed_on_time, 0) as bigint) as filed_on_time,
    cast(coalesce(bounded.filed_late, 0) as bigint) as filed_late,
    cast(coalesce(bounded.missing, 0) as bigint) as missing,
    cast(coalesce(bounded.incomplete, 0) as bigint) as incomplete,
    cast(coalesce(bounded.wrong_form, 0) as bigint) as wrong_form,
    cast(coalesce(bounded.pending, 0) as bigint) as pending,
    cast(coalesce(bounded.unmeasurable, 0) as bigint) as unmeasurable,
    cast(coalesce(bounded.missing + bounded.incomplete + bounded.wrong_form, 0) as bigint)
        as outstanding,
    case when bounded.decided > 0 then cast(100 * bounded.filed_on_time as double) / bounded.decided
        end as filing_pct,
    100 * bounded.missing_share as missing_pct,
    bounded.missing_low_pct,
    bounded.missing_high_pct,
    case
        when bounded.decided > 0 then row_number() over (
            order by
                bounded.missing_low_pct desc nulls last,
                bounded.missing desc nulls last,
                agent.agent_id
        )
    end as missing_rank,
    bounded.days_to_file_median,
    bounded.days_to_file_p90,
    bounded.last_served_at,
    filed.last_filed_at,
    bounded.oldest_outstanding_due_at,
    silence.longest_silence_seconds,
    silence.silent_since,
    cast(coalesce(flag.flags, 0) as bigint) as flags
from agents as agent
cross join meta.run as run
left join bounded on bounded.agent_id = agent.agent_id
left join staging.agents as named on named.agent_id = agent.agent_id
left join filed on filed.agent_id = agent.agent_id
left join silences as silence on silence.agent_id = agent.agent_id
left join flags as flag on flag.agent_id = agent.agent_id
order by agent.agent_id
