-- problem_rows: single fields that could not be read.
-- grain: one row per field, at most 500
select export, source_file, source_row, "column" as column_name, value,
       reason, reason_zh
from staging.problems
order by export, source_file, source_row, column_name
limit 500
