-- marts.agent_flags: what makes quality look twice at an agent, and why.
-- grain: one row per flag, agent and case
-- clauses: AG, KA
-- materialized: table
-- A flag is a reason to look, not a finding; its rows are in marts.agent_flag_rows.
-- columns:
--   flag: silent, retired, batch or copied_text
--   agent_id: who is flagged
--   case_id: tells several cases of one flag and agent apart
--   first_at: local time of its first row
--   last_at: local time of its last row
--   flag_rows: how many rows it has
--   reason: why, in English
--   reason_zh: why, in Chinese
with cases as (
    select
        flag,
        agent_id,
        case_id,
        min(happened_at) as first_at,
        max(happened_at) as last_at,
        count(*) as flag_rows
    from marts.agent_flag_rows
    group by flag, agent_id, case_id
)
select
    flag,
    agent_id,
    case_id,
    first_at,
    last_at,
    cast(flag_rows as bigint) as flag_rows,
    case flag
        when 'silent' then concat(
            'served ', flag_rows, case when flag_rows = 1 then ' time' else ' times' end,
            ' since ', strftime(first_at, '%Y-%m-%d'), ' and filed nothing'
        )
        when 'retired' then concat(
            'retired on ', case_id, ' and has yet to file ', flag_rows,
            case when flag_rows = 1 then ' record' else ' records' end
        )
        when 'batch' then concat(
            'filed ', flag_rows, ' records in one sitting on ', strftime(first_at, '%Y-%m-%d'),
            ', the end of the month'
        )
        when 'copied_text' then concat(flag_rows, ' records share one text')
    end as reason,
    case flag
        when 'silent' then concat(
            '自 ', strftime(first_at, '%Y-%m-%d'), ' 起服务 ', flag_rows, ' 次，没有提交任何记录'
        )
        when 'retired' then concat('已于 ', case_id, ' 停用，还有 ', flag_rows, ' 份记录未交')
        when 'batch' then concat(
            '月末 ', strftime(first_at, '%Y-%m-%d'), ' 一次集中提交 ', flag_rows, ' 份记录'
        )
        when 'copied_text' then concat(flag_rows, ' 份记录的文字几乎相同')
    end as reason_zh
from cases
order by flag, agent_id, case_id
