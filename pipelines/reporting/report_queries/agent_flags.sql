-- agent_flags: what makes quality look twice at an agent, most rows first.
-- grain: one row per flag, agent and case, at most 1000
select flag.flag,
       flag.agent_id,
       agent.agent_name,
       flag.case_id,
       flag.first_at,
       flag.last_at,
       flag.flag_rows,
       flag.reason,
       flag.reason_zh
from marts.agent_flags as flag
left join staging.agents as agent on agent.agent_id = flag.agent_id
order by flag.flag_rows desc, flag.flag, flag.agent_id, flag.case_id
limit 1000
