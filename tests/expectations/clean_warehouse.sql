-- The rows of the clean warehouse, each figure worked out by hand beside it.
--
-- T1 is a fault an agent answered in an hour and billed; T2 a key account's phone call; T3 the
-- training after T1; T4 a fault still open on the morning of Monday 10 March; T5 a call that is
-- not finished.

insert into staging.tickets (ticket_id, customer_type, city, service_code, fault_level, serial_no,
    provider, agent_id, channel, parent_ticket_id, opened_at, responded_at, arrived_at, finished_at,
    training_hours, report_channel, category, source_file, source_row) values
    ('T1', 'end_customer', '深圳', 'SASL012', 1, 'S1', 'agent', 'A1', 'phone', null,
        '2025-03-03 09:00', '2025-03-03 10:00', '2025-03-03 10:30', '2025-03-03 12:00', null, null, 'fault',
        'tickets.csv', 2),
    ('T2', 'key_account', '成都', 'SASR008', null, null, 'company', null, 'phone', null,
        '2025-03-05 09:00', '2025-03-05 09:05', null, '2025-03-05 09:30', null, 'email',
        'other', 'tickets.csv', 3),
    ('T3', 'end_customer', '深圳', 'SASL014', null, 'S1', 'agent', 'A1', 'email', 'T1',
        '2025-03-03 12:00', '2025-03-03 12:30', '2025-03-03 13:00', '2025-03-03 17:00', 4, null,
        null, 'tickets.csv', 4),
    ('T4', 'end_customer', '成都', 'SASR008', 3, null, 'agent', 'A1', 'web', null,
        '2025-03-07 17:00', null, null, null, null, null, 'fault', 'tickets-2.csv', 2),
    ('T5', 'key_account', '成都', 'SASR008', null, null, 'company', null, 'phone', null,
        '2025-03-08 09:00', '2025-03-08 10:00', null, null, null, null, null, 'tickets-2.csv',
        3);

insert into staging.service_records (record_id, ticket_id, agent_id, form, submitted_at, engineer,
    service_started_at, service_finished_at, source_file, source_row) values
    ('R1', 'T1', 'A1', 'fault_record', '2025-03-04 09:00', '王', '2025-03-03 10:30',
        '2025-03-03 12:00', 'service_records.xlsx', 2),
    ('R2', 'T2', 'A1', 'fault_record', '2025-03-06 09:00', '王', '2025-03-05 09:00',
        '2025-03-05 09:30', 'service_records.xlsx', 3);

insert into staging.invoices (invoice_id, line_no, issued_at, issuer, ticket_id, serial_no,
    charge_type, amount, currency, coverage_start, coverage_end, source_file, source_row) values
    ('I1', 1, '2025-04-04', 'A1', 'T1', 'S1', 'service_fee', 100.10, 'CNY', null, null,
        'invoices.csv', 2),
    ('I1', 2, '2025-04-04', 'A1', 'T1', 'S1', 'service_fee', -20.05, 'CNY', null, null,
        'invoices.csv', 3),
    ('I2', 1, '2025-04-02', 'company', null, 'S1', 'maintenance_fee', 500.00, 'USD',
        '2025-04-01', '2026-03-31', 'invoices.csv', 4);

insert into staging.installed_base (serial_no, product_type, customer_id, customer_type,
    purchased_at, warranty_months, source_file, source_row) values
    ('S1', 'router', 'C1', 'end_customer', '2024-01-31', null, 'installed_base.csv', 2),
    ('S2', 'kettle', 'C2', 'key_account', '2024-02-29', 12, 'installed_base.csv', 3);

insert into staging.agents (agent_id, agent_name, city, active_from, active_to, source_file,
    source_row) values
    ('A1', '甲', '深圳', '2020-01-01', null, 'agents.csv', 2),
    ('A2', '乙', '成都', '2020-01-01', '2024-12-31', 'agents.csv', 3);

insert into staging.pauses (ticket_id, paused_at, resumed_at, source_file, source_row) values
    ('T4', '2025-03-10 09:00', '2025-03-10 09:30', 'pauses.csv', 2);

insert into staging.rejects (export, source_file, source_row, reason, record) values
    ('tickets', 'tickets.csv', 5, 'duplicate', 'T3,…');

insert into staging.problems (export, source_file, source_row, "column", value, reason) values
    ('tickets', 'tickets-2.csv', 3, 'fault_level', '五级', 'unknown value');

insert into meta.files (export, source_file, rows_in, staged, rejected, problems) values
    ('tickets', 'tickets.csv', 4, 3, 1, 0),
    ('tickets', 'tickets-2.csv', 2, 2, 0, 1),
    ('service_records', 'service_records.xlsx', 2, 2, 0, 0),
    ('invoices', 'invoices.csv', 3, 3, 0, 0),
    ('installed_base', 'installed_base.csv', 2, 2, 0, 0),
    ('agents', 'agents.csv', 2, 2, 0, 0),
    ('pauses', 'pauses.csv', 1, 1, 0, 0);

insert into meta.run (as_of, timezone, first_ticket_on) values
    ('2025-03-10 10:00', 'Asia/Shanghai', '2025-03-03');

insert into terms.periods (period_id, valid_from, valid_to) values
    (1, '2000-01-01', '2025-03-04'),
    (2, '2025-03-04', null);

insert into terms.tier1_cities values (1, '北京');

insert into terms.rules (period_id, training_after_service_code) values
    (1, 'SASL012'),
    (2, 'SASL012');

insert into terms.fault_levels (period_id, fault_level, clock) values
    (1, 1, 'calendar'),
    (1, 3, 'service_hours'),
    (2, 1, 'calendar'),
    (2, 3, 'service_hours');

insert into terms.response_targets (period_id, fault_level, city_tier, target_seconds) values
    (1, 1, 'tier1', 43200),
    (1, 1, 'other', 172800),
    (1, 3, 'tier1', 172800),
    (1, 3, 'other', 432000),
    (2, 1, 'tier1', 43200),
    (2, 1, 'other', 172800),
    (2, 3, 'tier1', 172800),
    (2, 3, 'other', 432000);

insert into terms.services (period_id, service_code, stage, mode, form) values
    (1, 'SASR008', 'aftersales', 'remote', 'fault_record'),
    (1, 'SASL012', 'aftersales', 'onsite', 'fault_record'),
    (1, 'SASL014', 'aftersales', 'onsite', 'fault_record'),
    (2, 'SASR008', 'aftersales', 'remote', 'fault_record'),
    (2, 'SASL012', 'aftersales', 'onsite', 'fault_record'),
    (2, 'SASL014', 'aftersales', 'onsite', 'fault_record');

insert into terms.catalogue (period_id, customer_type, service_code) values
    (1, 'agent', 'SASR008'),
    (1, 'end_customer', 'SASR008'),
    (2, 'agent', 'SASR008');

insert into terms.service_levels (period_id, customer_type, stage, mode, service_level) values
    (1, 'agent', 'presales', 'onsite', 'S1'),
    (1, 'agent', 'presales', 'remote', 'S2'),
    (1, 'agent', 'aftersales', 'onsite', 'S1'),
    (1, 'agent', 'aftersales', 'remote', 'S2'),
    (1, 'end_customer', 'presales', 'onsite', 'X'),
    (1, 'end_customer', 'presales', 'remote', 'S2'),
    (1, 'end_customer', 'aftersales', 'onsite', 'S0'),
    (1, 'end_customer', 'aftersales', 'remote', 'S2'),
    (1, 'key_account', 'presales', 'onsite', 'S1'),
    (1, 'key_account', 'presales', 'remote', 'S2'),
    (1, 'key_account', 'aftersales', 'onsite', 'S2'),
    (1, 'key_account', 'aftersales', 'remote', 'S2'),
    (2, 'agent', 'presales', 'onsite', 'S1'),
    (2, 'agent', 'presales', 'remote', 'S2'),
    (2, 'agent', 'aftersales', 'onsite', 'S1'),
    (2, 'agent', 'aftersales', 'remote', 'S2'),
    (2, 'end_customer', 'presales', 'onsite', 'X'),
    (2, 'end_customer', 'presales', 'remote', 'S2'),
    (2, 'end_customer', 'aftersales', 'onsite', 'S0'),
    (2, 'end_customer', 'aftersales', 'remote', 'S2'),
    (2, 'key_account', 'presales', 'onsite', 'S1'),
    (2, 'key_account', 'presales', 'remote', 'S2'),
    (2, 'key_account', 'aftersales', 'onsite', 'S2'),
    (2, 'key_account', 'aftersales', 'remote', 'S2');

insert into terms.charging (period_id, service_level, is_same_city, expected) values
    (1, 'X', true, 'not_provided'),
    (1, 'S0', true, 'billable'),
    (1, 'S1', true, 'free'),
    (1, 'S2', true, 'free'),
    (1, 'X', false, 'not_provided'),
    (1, 'S0', false, 'billable'),
    (1, 'S1', false, 'billable'),
    (1, 'S2', false, 'free'),
    (2, 'X', true, 'not_provided'),
    (2, 'S0', true, 'billable'),
    (2, 'S1', true, 'free'),
    (2, 'S2', true, 'free'),
    (2, 'X', false, 'not_provided'),
    (2, 'S0', false, 'billable'),
    (2, 'S1', false, 'billable'),
    (2, 'S2', false, 'free');

insert into terms.products (period_id, product_type, warranty_months) values
    (1, 'router', 36),
    (2, 'router', 36);

insert into terms.readings (period_id, reading, name, choice, alternatives) values
    (1, 2, 'holidays', 'none', 'none,CN'),
    (2, 2, 'holidays', 'CN', 'none,CN'),
    (1, 8, null, null, null);

insert into terms.clauses (clause, rule_zh, rule_en) values
    ('T4', '响应时限', 'response targets');

-- T4: Friday 17:00 to Monday 10:00 is 65 h; open 17-18 and 8-10 make 3 h, less half an hour.
insert into facts.responses (ticket_id, fault_level, city_tier, opened_at, clock, target_seconds,
    elapsed_seconds, calendar_seconds, service_seconds, paused_seconds, is_open, verdict, reason,
    clause, month) values
    ('T1', 1, 'tier1', '2025-03-03 09:00', 'calendar', 43200, 3600, 3600, 3600, 0, false, 'met',
        null, 'T4', '2025-03-01'),
    ('T4', 3, 'other', '2025-03-07 17:00', 'service_hours', 432000, 9000, 234000, 10800, 1800,
        true, 'pending', null, 'T4', '2025-03-01');

insert into marts.response_monthly (month, fault_level, city_tier, tickets, met, breached, pending,
    unmeasurable, compliance_pct) values
    ('2025-03-01', 1, 'tier1', 1, 1, 0, 0, 0, 100),
    ('2025-03-01', 3, 'other', 1, 0, 0, 1, 0, null);

insert into steps.invoice_lines (invoice_id, line_no, charge_id) values
    ('I1', 1, 'T1|service_fee'),
    ('I1', 2, 'T1|service_fee'),
    ('I2', 1, 'S1|maintenance');

-- T1: 100.10 - 20.05 = 80.05. The fee without a ticket falls in the month of its issue.
insert into facts.charges (charge_id, ticket_id, invoice_lines, service_level, charge_type,
    expected, currency, billed_amount, finding, clause, reason, line_count, month) values
    ('T1|service_fee', 'T1', 'I1#1, I1#2', 'S0', 'service_fee', 'billable', 'CNY', 80.05,
        'billed_as_due', 'T2', 'S0', 2, '2025-03-01'),
    ('T2|service_fee', 'T2', null, 'S2', 'service_fee', 'free', 'CNY', 0, 'free_as_due', 'T2',
        'S2', 0, '2025-03-01'),
    ('T3|service_fee', 'T3', null, 'S0', 'service_fee', 'billable', 'CNY', 0, 'agent_business',
        'T2', 'S0', 0, '2025-03-01'),
    ('T4|service_fee', 'T4', null, 'S2', 'service_fee', 'free', 'CNY', 0, 'free_as_due', 'T2',
        'S2', 0, '2025-03-01'),
    ('T5|service_fee', 'T5', null, 'S2', 'service_fee', 'free', 'CNY', 0, 'free_as_due', 'T2',
        'S2', 0, '2025-03-01'),
    ('S1|maintenance', null, 'I2#1', null, 'maintenance_fee', 'billable', 'USD', 500,
        'billed_as_due', 'WA-2', 'after the warranty', 1, '2025-04-01');

insert into steps.charge_findings by name
select
    charge_id, ticket_id, invoice_lines, charge_type, expected, currency, finding, clause,
    billed_amount, line_count, month, coverage_start
from facts.charges;

-- A credit on a ticket that was never billed must be looked at, though nothing is overbilled.
insert into marts.billing_exceptions (charge_id, exception, finding, currency, billed_amount)
values ('T2|service_fee', 'overcredited', 'free_as_due', 'CNY', 0);

insert into marts.billing_reconciliation (month, currency, invoice_lines, placed_lines,
    invoice_amount, charge_amount, difference) values
    ('2025-03-01', 'CNY', 2, 2, 80.05, 80.05, 0),
    ('2025-04-01', 'USD', 1, 1, 500, 500, 0);

insert into marts.billing_monthly (month, finding, currency, charges, billed_amount) values
    ('2025-03-01', 'billed_as_due', 'CNY', 1, 80.05),
    ('2025-03-01', 'free_as_due', 'CNY', 3, 0),
    ('2025-03-01', 'agent_business', 'CNY', 1, 0),
    ('2025-04-01', 'billed_as_due', 'USD', 1, 500);

-- Due 7 x 24 h after the service: T1's record came the next day, T3's is not due yet.
insert into facts.filings (ticket_id, agent_id, form, service_finished_at, due_at, record_id,
    submitted_at, days_to_file, finding, verdict, reason, clause, month) values
    ('T1', 'A1', 'fault_record', '2025-03-03 12:00', '2025-03-10 12:00', 'R1',
        '2025-03-04 09:00', 0.875, 'filed_on_time', 'met', null, 'AG', '2025-03-01'),
    ('T3', 'A1', 'fault_record', '2025-03-03 17:00', '2025-03-10 17:00', null,
        null, null, 'pending', 'pending', 'not filed yet', 'AG', '2025-03-01');

-- A record of a ticket the company served alone is no one's proof.
insert into steps.classed_records (record_id, class) values ('R1', 'counted'), ('R2', 'not_owed');
insert into marts.record_exceptions (record_id, exception) values ('R2', 'not_owed');

insert into facts.inspections (contract_id, quarter_no, window_start, window_end, ticket_id,
    done_at, verdict, clause, month) values
    ('K1', 1, '2025-01-01', '2025-03-31', 'T2', '2025-03-05 09:30', 'met', 'AS-5', '2025-03-01'),
    ('K1', 2, '2025-04-01', '2025-06-30', null, null, 'pending', 'AS-5', '2025-06-01');

insert into facts.trainings (ticket_id, training_ticket_id, support_finished_at, due_at,
    finished_at, training_hours, verdict, clause, month) values
    ('T1', 'T3', '2025-03-03 12:00', '2025-03-04 12:00',
        '2025-03-03 17:00', 4, 'met', 'AS-9', '2025-03-01');

insert into steps.conduct_outcomes (ticket_id, provider_routing, service_catalogue)
select ticket_id, 'met', 'met' from staging.tickets;

insert into facts.conduct (ticket_id, rule, responsible, verdict, reason, clause, month) values
    ('T1', 'provider_routing', 'A1', 'met', null, 'EC', '2025-03-01'),
    ('T2', 'provider_routing', 'company', 'met', null, 'KA', '2025-03-01'),
    ('T3', 'provider_routing', 'A1', 'met', null, 'EC', '2025-03-01'),
    ('T4', 'provider_routing', 'A1', 'met', null, 'EC', '2025-03-01'),
    ('T5', 'provider_routing', 'company', 'met', null, 'KA', '2025-03-01'),
    ('T1', 'service_catalogue', 'A1', 'met', null, 'CAT', '2025-03-01'),
    ('T2', 'service_catalogue', 'company', 'met', null, 'CAT', '2025-03-01'),
    ('T3', 'service_catalogue', 'A1', 'met', null, 'CAT', '2025-03-01'),
    ('T4', 'service_catalogue', 'A1', 'met', null, 'CAT', '2025-03-01'),
    ('T5', 'service_catalogue', 'company', 'met', null, 'CAT', '2025-03-01'),
    ('T1', 'phone_before_onsite', 'A1', 'breached', 'no parent', 'AS-6', '2025-03-01');

insert into marts.obligations (kind, subject_id, responsible, verdict, clause, month) values
    ('response', 'T1', 'A1', 'met', 'T4', '2025-03-01'),
    ('response', 'T4', 'A1', 'pending', 'T4', '2025-03-01'),
    ('filing', 'T1', 'A1', 'met', 'AG', '2025-03-01'),
    ('filing', 'T3', 'A1', 'pending', 'AG', '2025-03-01'),
    ('inspection', 'K1/1', 'company', 'met', 'AS-5', '2025-03-01'),
    ('inspection', 'K1/2', 'company', 'pending', 'AS-5', '2025-06-01'),
    ('training', 'T1', 'A1', 'met', 'AS-9', '2025-03-01'),
    ('provider_routing', 'T1', 'A1', 'met', 'EC', '2025-03-01'),
    ('provider_routing', 'T2', 'company', 'met', 'KA', '2025-03-01'),
    ('provider_routing', 'T3', 'A1', 'met', 'EC', '2025-03-01'),
    ('provider_routing', 'T4', 'A1', 'met', 'EC', '2025-03-01'),
    ('provider_routing', 'T5', 'company', 'met', 'KA', '2025-03-01'),
    ('service_catalogue', 'T1', 'A1', 'met', 'CAT', '2025-03-01'),
    ('service_catalogue', 'T2', 'company', 'met', 'CAT', '2025-03-01'),
    ('service_catalogue', 'T3', 'A1', 'met', 'CAT', '2025-03-01'),
    ('service_catalogue', 'T4', 'A1', 'met', 'CAT', '2025-03-01'),
    ('service_catalogue', 'T5', 'company', 'met', 'CAT', '2025-03-01'),
    ('phone_before_onsite', 'T1', 'A1', 'breached', 'AS-6', '2025-03-01'),
    -- A kind of promise the checks have not heard of may stand in the ledger.
    ('spare_parts', 'T1', 'company', 'met', 'WA-2', '2025-03-01');

-- A record that may still be filed is to come.
update marts.obligations set due_at = '2025-03-14 10:00' where kind = 'filing' and subject_id = 'T3';
insert into marts.outlook (kind, subject_id) values ('filing', 'T3');

-- As of 10 March.
insert into marts.renewals (serial_no, warranty_ends_on, days_left, notice_days) values
    ('S1', '2025-03-31', 21, 90);

insert into marts.promise_monthly (month, kind, clause, responsible, promises, met, breached,
    pending, unmeasurable) values
    ('2025-03-01', 'response', 'T4', 'A1', 2, 1, 0, 1, 0),
    ('2025-03-01', 'filing', 'AG', 'A1', 2, 1, 0, 1, 0),
    ('2025-03-01', 'inspection', 'AS-5', 'company', 1, 1, 0, 0, 0),
    ('2025-06-01', 'inspection', 'AS-5', 'company', 1, 0, 0, 1, 0),
    ('2025-03-01', 'training', 'AS-9', 'A1', 1, 1, 0, 0, 0),
    ('2025-03-01', 'provider_routing', 'EC', 'A1', 3, 3, 0, 0, 0),
    ('2025-03-01', 'provider_routing', 'KA', 'company', 2, 2, 0, 0, 0),
    ('2025-03-01', 'service_catalogue', 'CAT', 'A1', 3, 3, 0, 0, 0),
    ('2025-03-01', 'service_catalogue', 'CAT', 'company', 2, 2, 0, 0, 0),
    ('2025-03-01', 'phone_before_onsite', 'AS-6', 'A1', 1, 0, 1, 0, 0),
    ('2025-03-01', 'spare_parts', 'WA-2', 'company', 1, 1, 0, 0, 0);

-- One of two is decided, and was on time.
insert into marts.agent_filing (month, agent_id, due, filed_on_time, filed_late, missing,
    incomplete, wrong_form, pending, unmeasurable, filing_pct) values
    ('2025-03-01', 'A1', 2, 1, 0, 0, 0, 0, 1, 0, 100);

insert into terms.days
select cast(day as date), if(day < '2025-03-04', 1, 2)
from generate_series(timestamp '2025-03-01', '2025-03-31', interval 1 day) as t(day);
