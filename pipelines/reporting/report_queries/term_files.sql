-- term_files: the files the terms were read from.
-- grain: one row per file
select file, origin, sha256, description
from terms.files
order by file
