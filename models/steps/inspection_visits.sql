-- steps.inspection_visits: the finished inspections, each with the contract it was for.
-- grain: one row per finished inspection ticket, and per one whose finish cannot be read
-- clauses: AS-5
-- materialized: scratch
-- The contract is the ticket's own, else that of its unit. Without either, it is the customer's
-- when that customer has one key account contract only; with several it stays unknown. The terms
-- are those of the day of opening; where there are none, of the day the visit was finished.
-- columns:
--   ticket_id: key
--   customer_id: who was visited
--   contract_id: the contract the visit was for, null when unknown
--   done_at: local time the visit was finished, null when it cannot be read
--   opened_on: day of opening
--   customer_type: agent, end_customer or key_account, null when unknown
with sole_contracts as (
    select
        customer_id,
        min(contract_id) as contract_id
    from staging.installed_base
    where customer_type = 'key_account' and contract_id is not null
    group by customer_id
    having min(contract_id) = max(contract_id)
)
select
    ticket.ticket_id,
    ticket.customer_id,
    coalesce(ticket.contract_id, unit.contract_id, sole.contract_id) as contract_id,
    ticket.finished_at as done_at,
    ticket.opened_on,
    ticket.customer_type
from steps.dated_tickets as ticket
left join terms.days as finish
    on ticket.period_id is null and finish.day = cast(ticket.finished_at as date)
inner join terms.rules as rule
    on rule.period_id = coalesce(ticket.period_id, finish.period_id)
    and rule.inspection_service_code = ticket.service_code
left join steps.units as unit on unit.serial_no = ticket.serial_no
left join sole_contracts as sole on sole.customer_id = ticket.customer_id
left join steps.unread_times as unread on unread.ticket_id = ticket.ticket_id
where ticket.is_finished or unread.finished_at
