-- files: every file read, and where its rows went.
-- grain: one row per file of an export
select export, source_file, sha256, format, encoding, delimiter,
       rows_in, staged, rejected, problems, note
from meta.files
order by export, source_file
