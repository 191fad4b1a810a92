-- run: when the report's facts were judged.
-- grain: one row
select as_of, timezone, first_ticket_on
from meta.run
