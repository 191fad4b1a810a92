-- checks: what the validation suites found, those not met first.
-- grain: one row per check
select table_name, check_name, severity, success, rows, unexpected_count,
       description_en, description_zh, guards, sample, document
from meta.checks
order by success, severity, table_name, check_name
