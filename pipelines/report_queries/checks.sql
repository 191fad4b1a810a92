-- checks: what the validation suites found.
-- grain: one row per check
select *
from meta.checks
order by all
