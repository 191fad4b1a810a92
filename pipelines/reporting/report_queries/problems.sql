-- problems: fields that could not be read, by column and reason.
-- grain: one row per export, column and reason
select export, "column" as column_name, reason, any_value(reason_zh) as reason_zh,
       count(*) as fields,
       min(source_file) as example_file,
       arg_min(source_row, (source_file, source_row)) as example_row,
       arg_min(value, (source_file, source_row)) as example_value
from staging.problems
group by export, "column", reason
order by fields desc, export, column_name, reason
limit 500
