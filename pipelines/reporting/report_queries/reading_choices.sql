-- reading_choices: every choice of every reading that has a switch.
-- grain: one row per reading and choice
select reading, name, choice, text_zh, text_en
from terms.reading_choices
order by reading, rowid
