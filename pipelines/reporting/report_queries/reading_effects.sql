-- reading_effects: what each alternative reading would change.
-- grain: one row per reading and alternative
select *
from marts.reading_effects
order by reading, alternative
