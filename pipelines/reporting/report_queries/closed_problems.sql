-- closed_problems: what in the store of closed months is not as it was published.
-- grain: one row per problem
select *
from meta.closed_problems
order by place, problem
