-- facts.conduct: whether each ticket was served by whom, and the way, the terms say.
-- grain: one row per ticket and rule that applies to it
-- clauses: AS-6, AS-7, PS-1, PS-2, EC, KA, AG, OB, CAT
-- materialized: view
-- steps.conduct_outcomes decides; here each rule that applies to a ticket becomes a row with its
-- verdict and its words.
-- columns:
--   ticket_id: key, with rule
--   rule: expert_team, provider_routing, service_catalogue, trial_contract, assessment_consent or phone_before_onsite
--   responsible: company or the agent's id, null when the provider or its id is unknown
--   customer_type: agent, end_customer or key_account
--   verdict: met, breached, pending or unmeasurable
--   reason: why, in English; null when met
--   reason_zh: why, in Chinese; null when met
--   clause: the clause the rule stands in
--   month: first day of the month of opening
with outcomes as (
    select
        ticket_id,
        'provider_routing' as rule,
        case customer_type
            when 'end_customer' then 'EC'
            when 'key_account' then 'KA'
            when 'agent' then 'AG'
            else 'OB'
        end as clause,
        provider_routing as outcome,
        responsible,
        customer_type,
        month
    from steps.conduct_outcomes
    union all
    select
        ticket_id,
        'service_catalogue' as rule,
        'CAT' as clause,
        service_catalogue as outcome,
        responsible,
        customer_type,
        month
    from steps.conduct_outcomes
    union all
    select
        ticket_id,
        'expert_team' as rule,
        'AS-7' as clause,
        expert_team as outcome,
        responsible,
        customer_type,
        month
    from steps.conduct_outcomes
    where expert_team is not null
    union all
    select
        ticket_id,
        'trial_contract' as rule,
        'PS-2' as clause,
        trial_contract as outcome,
        responsible,
        customer_type,
        month
    from steps.conduct_outcomes
    where trial_contract is not null
    union all
    select
        ticket_id,
        'assessment_consent' as rule,
        'PS-1' as clause,
        assessment_consent as outcome,
        responsible,
        customer_type,
        month
    from steps.conduct_outcomes
    where assessment_consent is not null
    union all
    select
        ticket_id,
        'phone_before_onsite' as rule,
        'AS-6' as clause,
        phone_before_onsite as outcome,
        responsible,
        customer_type,
        month
    from steps.conduct_outcomes
    where phone_before_onsite is not null
)
select
    ticket_id,
    rule,
    responsible,
    customer_type,
    -- in lists of a few: for a longer one the engine joins all rows, whatever is asked of them
    case
        when outcome = 'met' then 'met'
        when outcome in ('report_open', 'not_opened') then 'pending'
        when outcome in ('no_opening', 'no_terms', 'no_customer_type', 'no_provider')
            or outcome in ('no_code', 'experts_unknown', 'consent_unknown')
            or outcome in ('parent_unknown', 'parent_provider_unknown')
            or outcome in ('parent_service_unknown', 'parent_opening_unknown')
            then 'unmeasurable'
        else 'breached'
    end as verdict,
    case outcome
        when 'met' then null
        when 'not_opened' then 'it was opened after the as-of'
        when 'no_opening' then 'the opening time is missing'
        when 'no_terms' then 'no terms were in force on the day it was opened'
        when 'no_customer_type' then 'the customer type is missing'
        when 'no_provider' then 'the provider is missing'
        when 'key_account_by_agent' then 'a key account was served by an agent alone'
        when 'agent_by_agent' then 'an agent was served by an agent, not by the company'
        when 'not_escalated'
            then 'the company served an end customer without an escalation from an agent'
        when 'escalated_by_company'
            then 'the company served an end customer, and the parent ticket was its own'
        when 'parent_unknown' then 'the parent ticket is not in the exports'
        when 'parent_provider_unknown' then 'the provider of the parent ticket is missing'
        when 'no_code' then 'the service code is missing'
        when 'in_no_catalogue' then 'the service code is in no catalogue'
        when 'not_in_catalogue' then 'the service is not in the catalogue of this customer type'
        when 'experts_unknown' then 'whether an expert team served is missing'
        when 'no_experts' then 'no expert team for a fault of this level'
        when 'no_trial_contract' then 'a product trial without a trial contract'
        when 'consent_unknown' then 'whether the customer consented is missing'
        when 'no_consent' then 'a security assessment without the customer''s consent'
        when 'no_report' then 'no written report was delivered'
        when 'report_open' then 'not finished yet, the report is judged then'
        when 'no_phone_ticket' then 'on-site troubleshooting without a phone ticket before it'
        when 'phone_not_before' then 'the parent ticket was not opened before it'
        when 'parent_not_phone' then 'the parent ticket is no phone service and did not come by phone'
        when 'parent_service_unknown' then 'the service of the parent ticket is missing, and nothing says that it came by phone'
        when 'parent_opening_unknown' then 'an opening time is missing, so the order is unknown'
    end as reason,
    case outcome
        when 'met' then null
        when 'not_opened' then '受理时间晚于统计截止时间'
        when 'no_opening' then '缺少受理时间'
        when 'no_terms' then '受理当日没有生效的条款'
        when 'no_customer_type' then '缺少客户类型'
        when 'no_provider' then '缺少服务方'
        when 'key_account_by_agent' then '大客户由代理商单独服务'
        when 'agent_by_agent' then '代理商由代理商服务，而非公司'
        when 'not_escalated' then '公司直接服务最终客户，没有代理商升级'
        when 'escalated_by_company' then '公司服务最终客户，而关联工单是公司自己的'
        when 'parent_unknown' then '关联工单不在导出数据中'
        when 'parent_provider_unknown' then '关联工单缺少服务方'
        when 'no_code' then '缺少服务编码'
        when 'in_no_catalogue' then '服务编码不在任何目录中'
        when 'not_in_catalogue' then '该服务不在此类客户的目录中'
        when 'experts_unknown' then '没有写明是否有专家小组'
        when 'no_experts' then '该级故障没有专家小组'
        when 'no_trial_contract' then '产品试用没有试用合同'
        when 'consent_unknown' then '没有写明客户是否许可'
        when 'no_consent' then '安全评估未经客户许可'
        when 'no_report' then '没有送达书面报告'
        when 'report_open' then '尚未完成，报告届时判定'
        when 'no_phone_ticket' then '现场排障之前没有电话工单'
        when 'phone_not_before' then '关联工单并非在其之前受理'
        when 'parent_not_phone' then '关联工单不是电话服务，也不是电话受理'
        when 'parent_service_unknown' then '关联工单缺少服务编码，也没有写明是电话受理'
        when 'parent_opening_unknown' then '缺少受理时间，先后不明'
    end as reason_zh,
    clause,
    month
from outcomes
