-- rejects: rows that are in no staging table, as they came.
-- grain: one row per rejected row, at most 500
select export, source_file, source_row, reason, record
from staging.rejects
order by export, source_file, source_row
limit 500
