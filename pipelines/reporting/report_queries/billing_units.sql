-- billing_units: the units whose history the page can show, most money in question first.
-- grain: one row per unit, at most 30
select *
from marts.billing_units
where unit_rank <= 30
order by unit_rank
