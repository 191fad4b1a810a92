-- billing_exceptions: the charges somebody must look at, the most money of each currency first.
-- grain: one row per charge, at most 100,000 (pages show the first 500)
select money_rank, month, exception, finding, charge_type, expected, biller, issuers,
       at_stake_amount, billed_amount, currency, age_days, overlap_days, ticket_id, serial_no,
       contract_id, customer_id, customer_name, customer_type, agent_id, service_code,
       service_level, clause, readings, reason, reason_zh, invoice_lines, charge_id,
       ticket_file, ticket_row
from marts.billing_exceptions
order by money_rank, currency, charge_id
limit 100000
