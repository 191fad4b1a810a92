-- steps.conduct_outcomes: how each rule of conduct stands on each ticket, in a word.
-- grain: one row per ticket
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
-- channel was not a call, one without a service that did not come by phone may have been one. A
-- blank that decides is unmeasurable. Tickets opened when no terms were in force are unmeasurable
-- where a rule applies to every ticket, and have no other row. Where the day of opening is
-- missing, the rules that apply are those of the finish, or of the as-of, and unmeasurable. What
-- was opened after the as-of has not happened yet: every rule is pending.
-- columns:
--   ticket_id: key
--   responsible: company or the agent's id, null when the provider or its id is unknown
--   customer_type: agent, end_customer or key_account
--   month: first day of the month of opening
--   provider_routing: met, or the word for what is not so (facts.conduct says it in full)
--   service_catalogue: the same
--   expert_team: the same; null where the rule does not apply
--   trial_contract: the same; null where the rule does not apply
--   assessment_consent: the same; null where the rule does not apply
--   phone_before_onsite: the same; null where the rule does not apply
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
        service.service_code is not null as is_known,
        rule.trial_service_code,
        rule.assessment_service_code,
        rule.phone_first_service_code,
        rule.phone_service_code
    from steps.dated_tickets as ticket
    cross join meta.run as run
    left join terms.days as finish
        on ticket.opened_at is null
        and finish.day = cast(coalesce(ticket.finished_at, run.as_of) as date)
    left join terms.rules as rule
        on rule.period_id = coalesce(ticket.period_id, finish.period_id)
    left join terms.fault_levels as level
        on level.period_id = coalesce(ticket.period_id, finish.period_id)
        and level.fault_level = ticket.fault_level
    left join terms.catalogue as catalogue
        on catalogue.period_id = ticket.period_id
        and catalogue.customer_type = ticket.customer_type
        and catalogue.service_code = ticket.service_code
    left join terms.services as service
        on service.period_id = ticket.period_id and service.service_code = ticket.service_code
    left join staging.tickets as parent on parent.ticket_id = ticket.parent_ticket_id
)
select
    ticket_id,
    responsible,
    customer_type,
    month,
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
    end as provider_routing,
    case
        when is_later then 'not_opened'
        when opened_at is null then 'no_opening'
        when period_id is null then 'no_terms'
        when service_code is null then 'no_code'
        when not is_known then 'in_no_catalogue'
        when customer_type is null then 'no_customer_type'
        when not is_in_catalogue then 'not_in_catalogue'
        else 'met'
    end as service_catalogue,
    case
        when not coalesce(is_fault and needs_expert_team, false) then null
        when is_later then 'not_opened'
        when opened_at is null then 'no_opening'
        when expert_team is null then 'experts_unknown'
        when not expert_team then 'no_experts'
        else 'met'
    end as expert_team,
    case
        when not coalesce(service_code = trial_service_code, false) then null
        when is_later then 'not_opened'
        when opened_at is null then 'no_opening'
        when trial_contract_id is null then 'no_trial_contract'
        else 'met'
    end as trial_contract,
    case
        when not coalesce(service_code = assessment_service_code, false) then null
        when is_later then 'not_opened'
        when opened_at is null then 'no_opening'
        when not customer_consent then 'no_consent'
        when customer_consent is null then 'consent_unknown'
        when is_finished and report_channel is null then 'no_report'
        when is_finished then 'met'
        else 'report_open'
    end as assessment_consent,
    case
        when not coalesce(service_code = phone_first_service_code, false) then null
        when is_later then 'not_opened'
        when opened_at is null then 'no_opening'
        when parent_ticket_id is null then 'no_phone_ticket'
        when not has_parent then 'parent_unknown'
        when parent_opened_at >= opened_at then 'phone_not_before'
        when parent_service_code is null and coalesce(parent_channel <> 'phone', true)
            then 'parent_service_unknown'
        when coalesce(parent_service_code = phone_service_code, false)
            or coalesce(parent_channel = 'phone', false)
            then case when parent_opened_at is null then 'parent_opening_unknown' else 'met' end
        else 'parent_not_phone'
    end as phone_before_onsite
from tickets
