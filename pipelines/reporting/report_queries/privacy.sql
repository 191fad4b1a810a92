-- privacy: what this report hides; no such frame where it hides nothing.
-- grain: one row
select agents, customers, people, texts, ids
from meta.privacy
