-- response_causes: which services and categories the breached faults belong to.
-- grain: one row per month, service and category
with names as (
    select service_code, max_by(name_zh, period_id) as name_zh, max_by(name_en, period_id) as name_en
    from terms.services
    group by service_code
)
select responses.month,
       responses.service_code,
       names.name_zh,
       names.name_en,
       tickets.category,
       count(*) as tickets,
       count(*) filter (where responses.verdict = 'met') as met,
       count(*) filter (where responses.verdict = 'breached') as breached
from facts.responses as responses
left join staging.tickets as tickets on tickets.ticket_id = responses.ticket_id
left join names on names.service_code = responses.service_code
group by all
order by all
