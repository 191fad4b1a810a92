-- reading_changes: the single verdicts and findings an alternative reading would change.
-- grain: one row per reading, alternative and subject, the first 100 of each alternative
select reading, name, alternative, table_name, subject, was, would_be
from marts.reading_changes
qualify row_number() over (partition by reading, alternative order by subject) <= 100
order by reading, alternative, subject
