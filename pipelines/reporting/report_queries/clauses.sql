-- clauses: the numbered clauses with the sentence of the original.
-- grain: one row per clause
select clause, title_zh, title_en, original_zh, rule_zh, rule_en
from terms.clauses
order by clause_no
