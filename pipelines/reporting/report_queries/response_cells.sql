-- response_cells: the whole population of faults, split so that its parts add up.
-- grain: one row per month, fault level and city tier (both may be null: not known)
select month,
       fault_level,
       city_tier,
       count(*) as tickets,
       count(*) filter (where verdict = 'met') as met,
       count(*) filter (where verdict = 'breached') as breached,
       count(*) filter (where verdict = 'breached' and is_open) as open_late,
       count(*) filter (where verdict = 'pending') as pending,
       count(*) filter (where verdict = 'unmeasurable') as unmeasurable
from facts.responses
group by all
order by all
