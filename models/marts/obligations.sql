-- marts.obligations: every promise of every kind in one ledger.
-- grain: one row per kind and subject
-- clauses: T4, AG, KA, AS-5, AS-6, AS-7, AS-9, PS-1, PS-2, EC, OB, CAT
-- materialized: view
-- A new kind of promise is one more facts table with verdict, reason, clause and month, and one
-- more select here.
-- columns:
--   kind: response, filing, inspection, training, or the rule of conduct
--   subject_id: key, with kind: the ticket, or contract and quarter of an inspection
--   ticket_id: the ticket that owes or fulfils it, null when none did
--   responsible: company or an agent's id, null when unknown
--   customer_type: agent, end_customer or key_account
--   due_at: local time until when, null for conduct
--   done_at: local time it was done, null when it was not or for conduct
--   verdict: met, breached, pending or unmeasurable
--   reason: why, in English
--   reason_zh: why, in Chinese
--   clause: the clause that promises it
--   month: of the facts table
select
    'response' as kind,
    ticket_id as subject_id,
    ticket_id,
    case
        when provider = 'company' then 'company'
        when provider = 'agent' then agent_id
    end as responsible,
    customer_type,
    due_at,
    stopped_at as done_at,
    verdict,
    reason,
    reason_zh,
    clause,
    month
from facts.responses
union all
select
    'filing' as kind,
    ticket_id as subject_id,
    ticket_id,
    agent_id as responsible,
    customer_type,
    due_at,
    case when finding in ('filed_on_time', 'filed_late') then submitted_at end as done_at,
    verdict,
    reason,
    reason_zh,
    clause,
    month
from facts.filings
union all
select
    'inspection' as kind,
    concat(contract_id, '/', quarter_no) as subject_id,
    ticket_id,
    'company' as responsible,
    'key_account' as customer_type,
    cast(window_end + interval 1 day as timestamp) as due_at,
    done_at,
    verdict,
    reason,
    reason_zh,
    clause,
    month
from facts.inspections
union all
select
    'training' as kind,
    ticket_id as subject_id,
    ticket_id,
    case
        when provider = 'company' then 'company'
        when provider = 'agent' then agent_id
    end as responsible,
    customer_type,
    due_at,
    -- what was finished before the support, while there is time, is no training of it
    case when verdict <> 'pending' then finished_at end as done_at,
    verdict,
    reason,
    reason_zh,
    clause,
    month
from facts.trainings
union all
select
    rule as kind,
    ticket_id as subject_id,
    ticket_id,
    responsible,
    customer_type,
    cast(null as timestamp) as due_at,
    cast(null as timestamp) as done_at,
    verdict,
    reason,
    reason_zh,
    clause,
    month
from facts.conduct
