-- steps.tickets: every ticket with what each promise and charge asks of it, as of the run.
-- grain: one row per ticket
-- clauses: OB, T1, CAT
-- materialized: view
-- steps.dated_tickets with what its service, city and unit say.
-- columns:
--   ticket_id: key
--   customer_id: who asked
--   customer_name: as exported
--   customer_type: agent, end_customer or key_account
--   city: the customer's city
--   service_code: of the catalogue
--   fault_level: 1 to 4, null when the ticket is no fault
--   serial_no: the unit concerned
--   contract_id: the contract it falls under
--   provider: company or agent
--   agent_id: the providing or participating agent
--   channel: how the request came
--   parent_ticket_id: the ticket it follows
--   opened_at: local time
--   responded_at: local time, null when not before the as-of
--   arrived_at: local time, null when not before the as-of
--   finished_at: local time, null when not before the as-of
--   agreed_due_at: local time agreed for this ticket
--   dispatch_city: as exported
--   expert_team: whether an expert team served
--   training_hours: class hours
--   trial_contract_id: of a product trial
--   customer_consent: to a security assessment
--   report_channel: how the written report was delivered
--   category: fault, delivery_damage or other
--   description: as exported
--   source_file: where the row came from
--   source_row: its line there
--   opened_on: day of opening
--   month: first day of the month of opening
--   period_id: the terms in force on the day of opening, null when none
--   is_fault: has a fault level, or category fault
--   is_finished: finished by the as-of
--   stage: presales or aftersales
--   mode: onsite or remote
--   form: the record an agent owes for it
--   needs_maintenance_fee: whether the service needs a maintenance fee once out of warranty
--   service_level: X, S0, S1 or S2
--   city_tier: tier1 or other, null when the city is blank
--   dispatched_from: city the engineer came from, null when unknown
--   is_same_city: the customer's city is that city, null when unknown
--   product_type: of the unit
--   unit_customer_id: who bought the unit
--   unit_contract_id: the contract the unit was sold under
--   purchased_on: day the unit was bought
--   warranty_ends_on: first day out of warranty
--   free_year_ends_on: first day after the free year
--   maintenance_from_on: first day a maintenance fee is due
select
    ticket.*,
    service.stage,
    service.mode,
    service.form,
    service.needs_maintenance_fee,
    level.service_level,
    case
        when ticket.city is null or ticket.period_id is null then null
        when tier1.city is not null then 'tier1'
        else 'other'
    end as city_tier,
    case
        when ticket.dispatch_city is not null then ticket.dispatch_city
        when ticket.provider = 'agent' then agent.city
        when ticket.provider = 'company' then rule.service_centre_city
    end as dispatched_from,
    ticket.city = case
        when ticket.dispatch_city is not null then ticket.dispatch_city
        when ticket.provider = 'agent' then agent.city
        when ticket.provider = 'company' then rule.service_centre_city
    end as is_same_city,
    unit.product_type,
    unit.customer_id as unit_customer_id,
    unit.contract_id as unit_contract_id,
    unit.purchased_on,
    unit.warranty_ends_on,
    unit.free_year_ends_on,
    unit.maintenance_from_on
from steps.dated_tickets as ticket
left join terms.rules as rule on rule.period_id = ticket.period_id
left join terms.services as service
    on service.period_id = ticket.period_id and service.service_code = ticket.service_code
left join terms.service_levels as level
    on level.period_id = ticket.period_id
    and level.customer_type = ticket.customer_type
    and level.stage = service.stage
    and level.mode = service.mode
left join terms.tier1_cities as tier1
    on tier1.period_id = ticket.period_id and tier1.city = ticket.city
left join staging.agents as agent on agent.agent_id = ticket.agent_id
left join steps.units as unit on unit.serial_no = ticket.serial_no
