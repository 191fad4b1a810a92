-- facts.conduct: whether each ticket was served by whom, and the way, the terms say.
-- grain: one row per ticket and rule that applies to it
-- clauses: AS-6, AS-7, PS-1, PS-2, EC, KA, AG, OB, CAT
-- materialized: table
-- provider_routing (every ticket): an end customer is served by an agent, or by the company
-- when the parent ticket was provided by an agent (reading 16; the parent itself, not a chain);
-- key accounts and agents are served by the company. service_catalogue (every ticket): the code
-- is one of that customer type's; a code that stands in no catalogue is not. expert_team: fault
-- levels that owe one. trial_contract: a trial without a contract number is a trial without a
-- contract. assessment_consent: consent given, and a written report delivered once the
-- assessment is finished. phone_before_onsite: the parent ticket was opened before it and is
-- the phone service or came by phone (reading 16); a parent with a known other service and no
-- channel was not a call. A blank that decides is unmeasurable. Tickets opened when no terms were
-- in force are unmeasurable where a rule applies to every ticket, and have no other row. What was
-- opened after the as-of has not happened yet: every rule of it is pending.
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
with tickets as (
    select
        ticket.ticket_id,
        ticket.month,
        ticket.customer_type,
        ticket.service_code,
        ticket.provider,
        case
            when ticket.provider = 'company' then 'company'
            when ticket.provider = 'agent' then ticket.agent_id
        end as responsible,
        ticket.opened_at,
        ticket.is_finished,
        ticket.is_fault,
        ticket.expert_team,
        ticket.trial_contract_id,
        ticket.customer_consent,
        ticket.report_channel,
        ticket.parent_ticket_id,
        parent.ticket_id is not null as has_parent,
        parent.provider as parent_provider,
        parent.service_code as parent_service_code,
        parent.channel as parent_channel,
        parent.opened_at as parent_opened_at,
        ticket.period_id,
        coalesce(ticket.opened_at > run.as_of, false) as is_later,
        level.needs_expert_team,
        catalogue.service_code is not null as is_in_catalogue,
        rule.trial_service_code,
        rule.assessment_service_code,
        rule.phone_first_service_code,
        rule.phone_service_code
    from steps.tickets as ticket
    cross join meta.run as run
    left join terms.rules as rule on rule.period_id = ticket.period_id
    left join terms.fault_levels as level
        on level.period_id = ticket.period_id and level.fault_level = ticket.fault_level
    left join terms.catalogue as catalogue
        on catalogue.period_id = ticket.period_id
        and catalogue.customer_type = ticket.customer_type
        and catalogue.service_code = ticket.service_code
    left join staging.tickets as parent on parent.ticket_id = ticket.parent_ticket_id
),
outcomes as (
    select
        ticket_id,
        'provider_routing' as rule,
        case customer_type
            when 'end_customer' then 'EC'
            when 'key_account' then 'KA'
            when 'agent' then 'AG'
            else 'OB'
        end as clause,
        case
            when is_later then 'not_opened'
            when opened_at is null then 'no_opening'
            when period_id is null then 'no_terms'
            when customer_type is null then 'no_customer_type'
            when provider is null then 'no_provider'
            when customer_type = 'key_account' and provider = 'agent' then 'key_account_by_agent'
            when customer_type = 'agent' and provider = 'agent' then 'agent_by_agent'
            when customer_type = 'end_customer' and provider = 'company' then case
                when parent_ticket_id is null then 'not_escalated'
                when not has_parent then 'parent_unknown'
                when parent_provider is null then 'parent_provider_unknown'
                when parent_provider <> 'agent' then 'escalated_by_company'
                else 'met'
            end
            else 'met'
        end as outcome,
        responsible,
        customer_type,
        month
    from tickets
    union all
    select
        ticket_id,
        'service_catalogue' as rule,
        'CAT' as clause,
        case
            when is_later then 'not_opened'
            when opened_at is null then 'no_opening'
            when period_id is null then 'no_terms'
            when service_code is null then 'no_code'
            when customer_type is null then 'no_customer_type'
            when not is_in_catalogue then 'not_in_catalogue'
            else 'met'
        end as outcome,
        responsible,
        customer_type,
        month
    from tickets
    union all
    select
        ticket_id,
        'expert_team' as rule,
        'AS-7' as clause,
        case
            when is_later then 'not_opened'
            when expert_team is null then 'experts_unknown'
            when not expert_team then 'no_experts'
            else 'met'
        end as outcome,
        responsible,
        customer_type,
        month
    from tickets
    where is_fault and needs_expert_team
    union all
    select
        ticket_id,
        'trial_contract' as rule,
        'PS-2' as clause,
        case
            when is_later then 'not_opened'
            when trial_contract_id is null then 'no_trial_contract'
            else 'met'
        end as outcome,
        responsible,
        customer_type,
        month
    from tickets
    where service_code = trial_service_code
    union all
    select
        ticket_id,
        'assessment_consent' as rule,
        'PS-1' as clause,
        case
            when is_later then 'not_opened'
            when customer_consent is null then 'consent_unknown'
            when not customer_consent then 'no_consent'
            when report_channel is not null then 'met'
            when is_finished then 'no_report'
            else 'report_open'
        end as outcome,
        responsible,
        customer_type,
        month
    from tickets
    where service_code = assessment_service_code
    union all
    select
        ticket_id,
        'phone_before_onsite' as rule,
        'AS-6' as clause,
        case
            when is_later then 'not_opened'
            when parent_ticket_id is null then 'no_phone_ticket'
            when not has_parent then 'parent_unknown'
            when parent_opened_at >= opened_at then 'phone_not_before'
            when parent_service_code is null and parent_channel is null then 'parent_service_unknown'
            when coalesce(parent_service_code = phone_service_code, false)
                or coalesce(parent_channel = 'phone', false)
                then case when parent_opened_at is null then 'parent_opening_unknown' else 'met' end
            else 'parent_not_phone'
        end as outcome,
        responsible,
        customer_type,
        month
    from tickets
    where service_code = phone_first_service_code
)
select
    ticket_id,
    rule,
    responsible,
    customer_type,
    case
        when outcome = 'met' then 'met'
        when outcome in ('report_open', 'not_opened') then 'pending'
        when outcome in (
            'no_opening', 'no_terms', 'no_customer_type', 'no_provider', 'parent_unknown',
            'parent_provider_unknown', 'no_code', 'experts_unknown', 'consent_unknown',
            'parent_service_unknown', 'parent_opening_unknown'
        ) then 'unmeasurable'
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
        when 'not_in_catalogue' then 'the service is not in the catalogue of this customer type'
        when 'experts_unknown' then 'whether an expert team served is missing'
        when 'no_experts' then 'no expert team for a fault of this level'
        when 'no_trial_contract' then 'a product trial without a trial contract'
        when 'consent_unknown' then 'whether the customer consented is missing'
        when 'no_consent' then 'a security assessment without the customer''s consent'
        when 'no_report' then 'no written report was delivered'
        when 'report_open' then 'not finished yet, the report is still to come'
        when 'no_phone_ticket' then 'on-site troubleshooting without a phone ticket before it'
        when 'phone_not_before' then 'the parent ticket was not opened before it'
        when 'parent_not_phone' then 'the parent ticket is no phone service and did not come by phone'
        when 'parent_service_unknown' then 'the service and the channel of the parent ticket are missing'
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
        when 'not_in_catalogue' then '该服务不在此类客户的目录中'
        when 'experts_unknown' then '没有写明是否有专家小组'
        when 'no_experts' then '该级故障没有专家小组'
        when 'no_trial_contract' then '产品试用没有试用合同'
        when 'consent_unknown' then '没有写明客户是否许可'
        when 'no_consent' then '安全评估未经客户许可'
        when 'no_report' then '没有送达书面报告'
        when 'report_open' then '尚未完成，报告待送达'
        when 'no_phone_ticket' then '现场排障之前没有电话工单'
        when 'phone_not_before' then '关联工单并非在其之前受理'
        when 'parent_not_phone' then '关联工单不是电话服务，也不是电话受理'
        when 'parent_service_unknown' then '关联工单缺少服务编码和渠道'
        when 'parent_opening_unknown' then '缺少受理时间，先后不明'
    end as reason_zh,
    clause,
    month
from outcomes
