-- rows_to_mend: how many rows of a file are kept whole to be mended.
-- grain: one row per file that has such rows
select files.export, files.source_file, count(*) as to_mend
from meta.files as files
inner join staging.rows_to_mend as kept
    on kept.export = files.export and kept.source_file = files.source_file
group by files.export, files.source_file
order by files.export, files.source_file
