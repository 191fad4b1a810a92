-- check_effects: what hangs on failing rows and on cells that could not be read.
-- grain: one row per failing check, or column with such cells, and kind of promise
select export, check_name, column_name, kind, failing_rows, touched, could_add, could_touch,
    compliance_pct, lowest_pct, highest_pct
from marts.check_effects
order by export, check_name, column_name, kind
