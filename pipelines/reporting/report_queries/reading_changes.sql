-- reading_changes: the single verdicts and findings an alternative reading would change.
-- grain: one row per reading, alternative and subject, at most 500
select reading, name, alternative, table_name, subject, was, would_be
from marts.reading_changes
order by reading, alternative, subject
limit 500
