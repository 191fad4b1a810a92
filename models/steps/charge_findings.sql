-- steps.charge_findings: every charge expected or billed, its finding and its money.
-- grain: one row per charge
-- clauses: T1, T2, AS-1, AS-2, AS-3, WA-1, WA-2, EC, AG, KA
-- materialized: view
-- facts.charges without what its ticket says and without words: what sums and counts are made from.
-- columns:
--   charge_id: key
--   ticket_id: the ticket, as the lines cite it when it is not there
--   invoice_lines: its lines as invoice#line; every line is in one charge
--   serial_no: the unit
--   charge_type: service_fee, repair_replacement, maintenance_fee or other; null when unreadable
--   expected: billable, free, not_provided or undetermined
--   biller: who is to bill, company or agent; without a ticket, who did
--   issuers: who billed: company or agent_ids
--   billed_amount: money, credits taken off; adds up to the invoice export
--   currency: of all money in the row
--   finding: what to make of it
--   clause: the clause the finding stands on
--   month: first day of the month of opening; of issue without a ticket
--   first_issued_on: day of the earliest line
--   last_issued_on: day of the latest line
--   line_count: invoice lines
--   coverage_start: first day a period fee covers
--   coverage_end: last day a period fee covers
--   overbilled_amount: money to give back; null when nothing is
--   unexplained_amount: money billed that cannot be judged; null when none is
--   unbilled_amount: money not billed, from the rate card; null when nothing is missing or no rate is known
--   is_unbilled: due and not billed; no bill is owed for a period, and more credited than billed is told apart
--   is_off_rate: a bill that is due differs from the rate card by more than the tolerance of the terms
--   expected_other_reading: expected, under the other choice of reading 5
--   finding_other_reading: finding, under the other choice of reading 5
select
    coalesce(billed_charge_id, ticket_id || '|' || charge_type || '|' || currency) as charge_id,
    ticket_id,
    invoice_lines,
    serial_no,
    charge_type,
    expected,
    biller,
    issuers,
    billed_amount,
    currency,
    finding,
    clause,
    month,
    first_issued_on,
    last_issued_on,
    line_count,
    cast(null as date) as coverage_start,
    cast(null as date) as coverage_end,
    case
        -- in two lists: for a longer one the engine joins all rows, whatever is asked of them
        when finding in ('billed_but_free', 'billed_under_warranty', 'billed_not_provided')
            or finding in ('duplicate_charge', 'wrong_biller')
            then cast(billed_amount - coalesce(credited_amount, 0) as decimal(18, 2))
    end as overbilled_amount,
    case when finding = 'undetermined' and line_count > 0 then billed_amount end
        as unexplained_amount,
    case when finding = 'not_billed' and billed_amount = 0 then rate_amount end
        as unbilled_amount,
    finding = 'not_billed' and billed_amount = 0 as is_unbilled,
    is_off_rate,
    coalesce(other_expected, expected) as expected_other_reading,
    coalesce(other_finding, finding) as finding_other_reading
from steps.charges_on_tickets
union all
select
    charge_id,
    ticket_id,
    invoice_lines,
    serial_no,
    charge_type,
    expected,
    biller,
    issuers,
    billed_amount,
    currency,
    finding,
    clause,
    month,
    first_issued_on,
    last_issued_on,
    line_count,
    coverage_start,
    coverage_end,
    case finding
        when 'billed_under_warranty' then overlap_amount
        when 'duplicate_charge'
            then cast(billed_amount - coalesce(credited_amount, 0) as decimal(18, 2))
    end as overbilled_amount,
    case
        when finding in ('orphan_charge', 'undetermined') then billed_amount
        when finding = 'billed_under_warranty' and overlap_amount is null then billed_amount
    end as unexplained_amount,
    cast(null as decimal(18, 2)) as unbilled_amount,
    false as is_unbilled,
    false as is_off_rate,
    expected as expected_other_reading,
    finding as finding_other_reading
from steps.charges_elsewhere
