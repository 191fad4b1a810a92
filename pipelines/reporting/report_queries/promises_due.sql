-- promises_due: records, inspections and trainings that can still be kept, those due first at the top.
-- grain: one row per promise, at most 2000
select outlook.kind,
       outlook.subject_id,
       outlook.ticket_id,
       outlook.responsible,
       agent.agent_name,
       outlook.customer_id,
       coalesce(customer.customer_name, outlook.customer_id) as customer_name,
       outlook.due_at,
       outlook.due_on,
       outlook.due_month,
       outlook.seconds_left / 86400.0 as days_left,
       outlook.clause
from marts.outlook as outlook
left join (
    select customer_id, min(customer_name) as customer_name
    from staging.tickets
    group by customer_id
) as customer on customer.customer_id = outlook.customer_id
left join staging.agents as agent on agent.agent_id = outlook.responsible
where outlook.kind <> 'response'
order by outlook.due_at, outlook.kind, outlook.subject_id
limit 2000
