-- billing_parties: the customers and agents with the most money in question.
-- grain: one row per party, exception, finding and currency, at most 500
select *
from marts.billing_parties
order by abs(at_stake_amount) desc, charges desc, party, party_id, finding, currency
limit 500
