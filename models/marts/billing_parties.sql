-- marts.billing_parties: the money in question by customer and by agent.
--
-- A customer has the charges made to it; an agent those it is to bill or has billed.
-- grain: one row per party, exception, finding and currency
-- clauses: T2, AS-1, AS-2, WA-1, WA-2, EC
-- materialized: table
-- columns:
--   party: customer or agent
--   party_id: its id
--   party_name: its name
--   exception: as in marts.billing_exceptions
--   finding: of the charges
--   currency: of the money
--   charges: number of charges
--   at_stake_amount: money in question, where known
--   unvalued_charges: charges of which it is not known
with
exceptions as (
    select * from marts.billing_exceptions
),

-- Whom a charge concerns besides the customer, each once: the agent who is to bill it, and whoever
-- did; of several issuers each agent among them.
concerned as (
    select charge_id, agent_id
    from exceptions
    where biller = 'agent'
    union
    select charge_id, issuers as agent_id
    from exceptions
    where issuers <> 'company'
    union
    select exceptions.charge_id, agents.agent_id
    from exceptions
    inner join staging.agents as agents
        on contains(', ' || exceptions.issuers || ', ', ', ' || agents.agent_id || ', ')
    where contains(exceptions.issuers, ', ')
),

parties as (
    select
        'customer' as party,
        customer_id as party_id,
        customer_name as party_name,
        exception,
        finding,
        currency,
        at_stake_amount
    from exceptions
    where customer_id is not null
    union all
    select
        'agent' as party,
        agents.agent_id as party_id,
        agents.agent_name as party_name,
        exceptions.exception,
        exceptions.finding,
        exceptions.currency,
        exceptions.at_stake_amount
    from concerned
    inner join exceptions on concerned.charge_id = exceptions.charge_id
    inner join staging.agents as agents on concerned.agent_id = agents.agent_id
)

select
    party,
    party_id,
    min(party_name) as party_name,
    exception,
    finding,
    currency,
    count(*) as charges,
    cast(sum(coalesce(at_stake_amount, 0)) as decimal(18, 2)) as at_stake_amount,
    count(*) - count(at_stake_amount) as unvalued_charges
from parties
group by party, party_id, exception, finding, currency
