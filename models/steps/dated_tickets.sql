-- steps.dated_tickets: every ticket as of the run, with the terms of the day it was opened.
-- grain: one row per ticket
-- clauses: OB
-- materialized: view
-- What happened after the as-of had not happened yet: later responses, arrivals and finishes
-- are null here. For what needs no more; steps.tickets looks up the service, city and unit too.
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
with tickets as (
    select
        ticket.*,
        cast(ticket.opened_at as date) as opened_on,
        run.as_of
    from staging.tickets as ticket
    cross join meta.run as run
)
select
    ticket.ticket_id,
    ticket.customer_id,
    ticket.customer_name,
    ticket.customer_type,
    ticket.city,
    ticket.service_code,
    ticket.fault_level,
    ticket.serial_no,
    ticket.contract_id,
    ticket.provider,
    ticket.agent_id,
    ticket.channel,
    ticket.parent_ticket_id,
    ticket.opened_at,
    case when ticket.responded_at <= ticket.as_of then ticket.responded_at end as responded_at,
    case when ticket.arrived_at <= ticket.as_of then ticket.arrived_at end as arrived_at,
    case when ticket.finished_at <= ticket.as_of then ticket.finished_at end as finished_at,
    ticket.agreed_due_at,
    ticket.dispatch_city,
    ticket.expert_team,
    ticket.training_hours,
    ticket.trial_contract_id,
    ticket.customer_consent,
    ticket.report_channel,
    ticket.category,
    ticket.description,
    ticket.source_file,
    ticket.source_row,
    ticket.opened_on,
    cast(date_trunc('month', ticket.opened_on) as date) as month,
    day_opened.period_id,
    ticket.fault_level is not null or coalesce(ticket.category = 'fault', false) as is_fault,
    coalesce(ticket.finished_at <= ticket.as_of, false) as is_finished
from tickets as ticket
left join terms.days as day_opened on day_opened.day = ticket.opened_on
