-- files: every file read, and where its rows went.
-- grain: one row per file of an export
select *
from meta.files
order by export, source_file
