"""One defect for each declared check, planted in the clean warehouse.

Belongs here: what to change so that exactly one check of a table fails, and how many rows
then break it, counted by hand. Does not belong here: any knowledge of how a check is made.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Planting:
    """SQL that breaks one check.

    ``rows``: how many rows break it then. ``also``: checks of the same table that cannot but
    fail with it.
    """

    sql: str
    rows: int = 1
    also: tuple[str, ...] = ()


def change(
    table: str, assignment: str, where: str, rows: int = 1, also: tuple[str, ...] = ()
) -> Planting:
    """A column of one row (or of a few) set wrongly."""
    return Planting(f"update {table} set {assignment} where {where}", rows, also)


def add(table: str, columns: str, values: str, rows: int = 1) -> Planting:
    """A row that should not be there."""
    return Planting(f"insert into {table} ({columns}) values ({values})", rows)


def drop(table: str, where: str, rows: int = 1) -> Planting:
    """A row that should be there, taken away."""
    return Planting(f"delete from {table} where {where}", rows)


def twice(table: str, where: str, rows: int = 2) -> Planting:
    """A row that is there twice: both break a key."""
    return Planting(f"insert into {table} select * from {table} where {where}", rows)


def retype(table: str, column: str) -> Planting:
    """A column of the wrong type."""
    return Planting(f"alter table {table} alter {column} type BLOB using null")


def again(table: str, assignment: str, where: str) -> Planting:
    """A row that is there once more, but for one cell."""
    return Planting(
        f"insert into {table} select * replace ({assignment}) from {table} where {where}"
    )


def _provenance(table: str, where: str) -> dict[str, Planting]:
    return {
        "source_file_given": change(table, "source_file = null", where),
        "source_row_given": change(table, "source_row = null", where),
        "source_row_is_a_line": change(table, "source_row = 0", where),
    }


T = "staging.tickets"
R = "staging.service_records"
I = "staging.invoices"  # noqa: E741 -- one letter a table keeps the lines below readable
U = "staging.installed_base"
A = "staging.agents"
P = "staging.pauses"
J = "staging.rejects"
Q = "staging.problems"
F = "meta.files"
FR = "facts.responses"
RM = "marts.response_monthly"
FC = "facts.charges"
CF = "steps.charge_findings"
BE = "marts.billing_exceptions"
BR = "marts.billing_reconciliation"
BM = "marts.billing_monthly"
FF = "facts.filings"
FI = "facts.inspections"
FT = "facts.trainings"
CO = "facts.conduct"
CU = "steps.conduct_outcomes"
OB = "marts.obligations"
PM = "marts.promise_monthly"
AF = "marts.agent_filing"
RX = "marts.record_exceptions"
OL = "marts.outlook"
RN = "marts.renewals"

PLANTINGS: dict[str, dict[str, Planting]] = {
    T: {
        "columns": retype(T, "description"),
        "ticket_id_given": change(T, "ticket_id = null", "ticket_id = 'T2'"),
        "key_unique": twice(T, "ticket_id = 'T2'"),
        **_provenance(T, "ticket_id = 'T2'"),
        "has_rows": drop(T, "true"),
        "has_opening_times": change(T, "opened_at = null", "true", also=("opened_at_given",)),
        "key_not_cut_short": again(T, "'2.54E+19' as ticket_id", "ticket_id = 'T2'"),
        "no_row_of_totals": again(T, "'合计' as ticket_id", "ticket_id = 'T2'"),
        "opening_has_a_time_of_day": Planting(
            f"insert into {T} select t.* replace (ticket_id || 'x' || n as ticket_id, "
            "'2025-03-03 00:00'::timestamp as opened_at) from "
            f"{T} as t, range(2) as more(n); delete from {T} where ticket_id not like '%x%'",
            rows=10,
            also=("parent_ticket_in_tickets",),
        ),
        "city_as_the_terms_name_it": change(T, "city = '北京朝阳'", "ticket_id = 'T1'"),
        "customer_type_known": change(T, "customer_type = 'vip'", "ticket_id = 'T2'"),
        "provider_known": change(T, "provider = '公司'", "ticket_id = 'T2'"),
        "channel_known": change(T, "channel = 'pigeon'", "ticket_id = 'T2'"),
        "report_channel_known": change(T, "report_channel = 'phone'", "ticket_id = 'T2'"),
        "category_known": change(T, "category = 'broken'", "ticket_id = 'T2'"),
        "fault_level_known": change(T, "fault_level = 5", "ticket_id = 'T1'"),
        "opened_at_given": change(T, "opened_at = null", "ticket_id = 'T2'"),
        "customer_type_given": change(T, "customer_type = null", "ticket_id = 'T2'"),
        "service_code_given": change(T, "service_code = null", "ticket_id = 'T2'"),
        "service_code_in_catalogue": change(T, "service_code = 'SXSL999'", "ticket_id = 'T2'"),
        "fault_has_level": change(T, "fault_level = null", "ticket_id = 'T1'"),
        "fault_has_city": change(T, "city = null", "ticket_id = 'T1'"),
        "agent_named": change(T, "agent_id = null", "ticket_id = 'T1'"),
        "responded_at_not_before_opened_at": change(
            T, "responded_at = '2025-03-05 08:59:59'", "ticket_id = 'T2'"
        ),
        "arrived_at_not_before_opened_at": change(
            T, "arrived_at = '2025-03-03 08:59:59'", "ticket_id = 'T1'"
        ),
        "finished_at_not_before_opened_at": change(
            T, "responded_at = null, finished_at = '2025-03-05 08:59:59'", "ticket_id = 'T2'"
        ),
        "finished_at_not_before_responded_at": change(
            T, "responded_at = '2025-03-05 09:30:01'", "ticket_id = 'T2'"
        ),
        "finished_at_not_before_arrived_at": change(
            T, "arrived_at = '2025-03-03 12:00:01'", "ticket_id = 'T1'"
        ),
        "agreed_due_at_not_before_opened_at": change(
            T, "agreed_due_at = '2025-03-05 08:59:59'", "ticket_id = 'T2'"
        ),
        "agent_id_in_agents": change(T, "agent_id = 'A9'", "ticket_id = 'T1'"),
        "serial_no_in_installed_base": change(T, "serial_no = 'S9'", "ticket_id = 'T1'"),
        "parent_ticket_in_tickets": change(T, "parent_ticket_id = 'T9'", "ticket_id = 'T3'"),
        "parent_ticket_is_another": change(T, "parent_ticket_id = 'T3'", "ticket_id = 'T3'"),
    },
    R: {
        "columns": retype(R, "resolution"),
        "record_id_given": change(R, "record_id = null", "record_id = 'R1'"),
        "key_unique": twice(R, "record_id = 'R1'"),
        **_provenance(R, "record_id = 'R1'"),
        "key_not_cut_short": again(R, "'2.54E+19' as record_id", "record_id = 'R1'"),
        "no_row_of_totals": again(R, "'Total' as record_id", "record_id = 'R1'"),
        "form_known": change(R, "form = 'note'", "record_id = 'R1'"),
        "submitted_at_given": change(R, "submitted_at = null", "record_id = 'R1'"),
        "service_finished_at_not_before_service_started_at": change(
            R, "service_started_at = '2025-03-03 12:00:01'", "record_id = 'R1'"
        ),
        "submitted_at_not_before_service_finished_at": change(
            R, "submitted_at = '2025-03-03 11:59:59'", "record_id = 'R1'"
        ),
        "ticket_id_in_tickets": change(R, "ticket_id = 'T9'", "record_id = 'R1'"),
        "agent_id_in_agents": change(R, "agent_id = 'A9'", "record_id = 'R1'"),
    },
    I: {
        "columns": retype(I, "payment_method"),
        "invoice_id_given": change(I, "invoice_id = null", "invoice_id = 'I2'"),
        "line_no_given": change(I, "line_no = null", "invoice_id = 'I2'"),
        "key_unique": twice(I, "invoice_id = 'I2'"),
        **_provenance(I, "invoice_id = 'I2'"),
        "key_not_cut_short": again(I, "'2.54E+19' as invoice_id", "invoice_id = 'I2'"),
        "no_row_of_totals": again(I, "'总计' as invoice_id", "invoice_id = 'I2'"),
        "currency_is_a_code": change(I, "currency = '人民币X'", "invoice_id = 'I2'"),
        "currency_given": change(I, "currency = null", "invoice_id = 'I2'"),
        "charge_type_known": change(I, "charge_type = 'fee'", "invoice_id = 'I2'"),
        "charge_type_given": change(I, "charge_type = null", "invoice_id = 'I2'"),
        "amount_given": change(I, "amount = null", "invoice_id = 'I2'"),
        "issued_at_given": change(I, "issued_at = null", "invoice_id = 'I2'"),
        "issuer_given": change(I, "issuer = null", "invoice_id = 'I2'"),
        "coverage_end_not_before_coverage_start": change(
            I, "coverage_end = '2025-03-31'", "invoice_id = 'I2'"
        ),
        "ticket_id_in_tickets": change(I, "ticket_id = 'T9'", "invoice_id = 'I2'"),
        "serial_no_in_installed_base": change(I, "serial_no = 'S9'", "invoice_id = 'I2'"),
        "issuer_in_agents": change(I, "issuer = 'A9'", "invoice_id = 'I2'"),
    },
    U: {
        "columns": retype(U, "contract_id"),
        "serial_no_given": change(U, "serial_no = null", "serial_no = 'S2'"),
        "key_unique": twice(U, "serial_no = 'S2'"),
        **_provenance(U, "serial_no = 'S2'"),
        "key_not_cut_short": again(U, "'2.54E+19' as serial_no", "serial_no = 'S2'"),
        "no_row_of_totals": again(U, "'小计' as serial_no", "serial_no = 'S2'"),
        "customer_type_known": change(U, "customer_type = 'vip'", "serial_no = 'S2'"),
        "purchased_at_given": change(U, "purchased_at = null", "serial_no = 'S2'"),
        "warranty_in_months": change(U, "warranty_months = 3", "true", rows=2),
        "product_type_in_terms": change(U, "warranty_months = null", "serial_no = 'S2'"),
    },
    A: {
        "columns": retype(A, "agent_name"),
        "agent_id_given": change(A, "agent_id = null", "agent_id = 'A2'"),
        "key_unique": twice(A, "agent_id = 'A2'"),
        **_provenance(A, "agent_id = 'A2'"),
        "key_not_cut_short": again(A, "'2.54E+19' as agent_id", "agent_id = 'A2'"),
        "no_row_of_totals": again(A, "'TOTAL' as agent_id", "agent_id = 'A2'"),
        "active_to_not_before_active_from": change(
            A, "active_to = '2019-12-31'", "agent_id = 'A2'"
        ),
    },
    P: {
        "columns": retype(P, "reason"),
        **_provenance(P, "true"),
        "ticket_id_given": change(P, "ticket_id = null", "true"),
        "paused_at_given": change(P, "paused_at = null", "true"),
        "resumed_at_not_before_paused_at": change(P, "resumed_at = '2025-03-10 08:59:59'", "true"),
        "ticket_id_in_tickets": change(P, "ticket_id = 'T9'", "true"),
    },
    J: {
        "columns": Planting(f"alter table {J} drop column record"),
        "source_file_given": change(J, "source_file = null", "true"),
        "source_row_given": change(J, "source_row = null", "true"),
        "reason_given": change(J, "reason = null", "true"),
        "export_known": change(J, "export = 'ticket'", "true"),
    },
    Q: {
        "columns": retype(Q, "value"),
        "source_file_given": change(Q, "source_file = null", "true"),
        "reason_given": change(Q, "reason = null", "true"),
        "export_known": change(Q, "export = 'ticket'", "true"),
    },
    F: {
        "columns": Planting(f"alter table {F} alter rows_in type VARCHAR"),
        # A file no export knows, of which nothing was read.
        "export_known": add(F, "export, rows_in, staged, rejected, problems", "'x', 0, 0, 0, 0"),
        # A row read and lost: neither staged nor rejected.
        "rows_in_accounted_for": change(F, "rows_in = 5", "source_file = 'tickets.csv'"),
        # A staged row that is gone from its table.
        "staged_counted": drop(T, "ticket_id = 'T2'"),
        "rejected_counted": drop(J, "true"),
        "problems_counted": drop(Q, "true"),
    },
    "terms.periods": {
        "valid_from_given": Planting("insert into terms.periods values (3, null, null)"),
        "key_unique": change("terms.periods", "period_id = 1", "true", 2),
        "ends_after_it_starts": Planting(
            "update terms.periods set valid_to = '1999-12-31' where period_id = 1; "
            "update terms.periods set valid_from = '1999-12-31' where period_id = 2",
            # Once sorted by its start, the second period comes first and touches nothing.
            also=("no_gap_no_overlap",),
        ),
        "no_gap_no_overlap": change("terms.periods", "valid_to = '2025-03-03'", "period_id = 1"),
    },
    "terms.days": {
        "key_unique": twice("terms.days", "day = '2025-03-09'"),
        # 4 March is the second period's first day.
        "day_in_its_period": change("terms.days", "period_id = 1", "day = '2025-03-04'"),
    },
    "terms.rules": {
        "key_unique": twice("terms.rules", "period_id = 2"),
        "every_cell_given": drop("terms.rules", "period_id = 2"),
    },
    "terms.response_targets": {
        "key_unique": twice("terms.response_targets", "period_id = 2 and target_seconds = 43200"),
        "city_tier_known": add(
            "terms.response_targets",
            "period_id, fault_level, city_tier, target_seconds",
            "1, 1, 'tier2', 60",
        ),
        "target_seconds_given": change(
            "terms.response_targets",
            "target_seconds = null",
            "period_id = 2 and fault_level = 1 and city_tier = 'tier1'",
        ),
        "target_positive": change(
            "terms.response_targets",
            "target_seconds = 0",
            "period_id = 2 and fault_level = 1 and city_tier = 'tier1'",
        ),
        "every_cell_given": drop(
            "terms.response_targets", "period_id = 2 and fault_level = 3 and city_tier = 'other'"
        ),
    },
    "terms.fault_levels": {
        "key_unique": twice("terms.fault_levels", "period_id = 2 and fault_level = 1"),
        "clock_given": change(
            "terms.fault_levels", "clock = null", "period_id = 2 and fault_level = 1"
        ),
        "clock_known": change(
            "terms.fault_levels", "clock = 'lunar'", "period_id = 2 and fault_level = 1"
        ),
    },
    "terms.services": {
        "key_unique": twice("terms.services", "period_id = 2 and service_code = 'SASR008'"),
        **{
            f"{column}_known": change(
                "terms.services", f"{column} = '?'", "period_id = 2 and service_code = 'SASR008'"
            )
            for column in ("stage", "mode", "form")
        },
    },
    "terms.catalogue": {
        "key_unique": twice("terms.catalogue", "period_id = 2"),
        "customer_type_known": change("terms.catalogue", "customer_type = 'vip'", "period_id = 2"),
        "code_is_a_service": change("terms.catalogue", "service_code = 'X'", "period_id = 2"),
    },
    "terms.service_levels": {
        "key_unique": twice("terms.service_levels", "period_id = 2 and service_level = 'X'"),
        "service_level_known": change(
            "terms.service_levels", "service_level = 'S3'", "period_id = 2 and service_level = 'X'"
        ),
        "every_cell_given": drop("terms.service_levels", "period_id = 2 and service_level = 'X'"),
    },
    "terms.charging": {
        "key_unique": twice(
            "terms.charging", "period_id = 2 and service_level = 'S1' and is_same_city"
        ),
        "expected_known": change(
            "terms.charging",
            "expected = 'half'",
            "period_id = 2 and expected = 'free' and service_level = 'S1'",
        ),
        "every_cell_given": drop(
            "terms.charging", "period_id = 2 and service_level = 'S1' and not is_same_city"
        ),
    },
    "terms.products": {
        "key_unique": twice("terms.products", "period_id = 2"),
        "warranty_not_negative": change("terms.products", "warranty_months = -1", "period_id = 2"),
    },
    "terms.readings": {
        "choice_is_offered": change("terms.readings", "choice = 'US'", "choice = 'CN'"),
    },
    "terms.clauses": {
        "key_unique": twice("terms.clauses", "true"),
        "rule_zh_given": change("terms.clauses", "rule_zh = null", "true"),
        "rule_en_given": change("terms.clauses", "rule_en = null", "true"),
    },
    FR: {
        "columns": retype(FR, "provider"),
        # The ticket it was the row of is then without one.
        "ticket_id_given": change(
            FR, "ticket_id = null", "ticket_id = 'T4'", also=("one_row_per_fault",)
        ),
        "one_row_per_fault": drop(FR, "ticket_id = 'T4'"),
        "verdict_given": change(FR, "verdict = null", "ticket_id = 'T4'"),
        "verdict_known": change(FR, "verdict = 'late'", "ticket_id = 'T4'"),
        "clock_known": change(FR, "clock = 'lunar'", "ticket_id = 'T1'"),
        "city_tier_known": change(FR, "city_tier = 'tier2'", "ticket_id = 'T4'"),
        "clause_given": change(FR, "clause = null", "ticket_id = 'T4'"),
        "is_open_given": change(FR, "is_open = null", "ticket_id = 'T4'"),
        "unmeasurable_says_why": change(
            FR, "verdict = 'unmeasurable', reason = ' '", "ticket_id = 'T4'"
        ),
        # 9000 s used of 9001 s is no breach; T1's check below has the other side.
        "verdict_agrees_with_time": change(
            FR, "verdict = 'breached', target_seconds = 9001", "ticket_id = 'T4'"
        ),
        "judged_has_times": change(FR, "target_seconds = null", "ticket_id = 'T4'"),
        "open_agrees_with_verdict": change(FR, "is_open = false", "ticket_id = 'T4'"),
        # 9000 + 1798 lacks two seconds of 10800: more than cutting to whole seconds can lose.
        "pauses_add_up": change(FR, "paused_seconds = 1798", "ticket_id = 'T4'"),
        "elapsed_not_negative": change(
            FR, "elapsed_seconds = -1, paused_seconds = 10801", "ticket_id = 'T4'"
        ),
        "service_within_calendar": change(FR, "calendar_seconds = 10799", "ticket_id = 'T4'"),
        "month_of_opening": change(FR, "month = '2025-04-01'", "ticket_id = 'T4'"),
    },
    RM: {
        "columns": Planting(f"alter table {RM} alter month type TIMESTAMP"),
        "key_unique": Planting(
            f"insert into {RM} (month, fault_level, city_tier, tickets, met, breached, pending, "
            "unmeasurable) values ('2025-03-01', 3, 'other', 0, 0, 0, 0, 0)"
        ),
        "verdicts_add_up": change(RM, "tickets = 2", "fault_level = 1"),
        # The months say met 2 where the facts have 1.
        "months_add_up_to_facts": change(RM, "tickets = 2, met = 2", "fault_level = 1"),
        "compliance_is_met_of_decided": change(RM, "compliance_pct = 99.98", "fault_level = 1"),
    },
    FC: {
        "columns": Planting(f"alter table {FC} alter billed_amount type DOUBLE"),
        "service_level_known": change(FC, "service_level = 'S3'", "ticket_id = 'T2'"),
        "undetermined_says_why": change(
            FC, "finding = 'undetermined', reason = ''", "ticket_id = 'T2'"
        ),
        "every_finding_is_there": drop(FC, "ticket_id = 'T2'"),
    },
    CF: {
        "charge_id_given": change(CF, "charge_id = null", "ticket_id = 'T2'"),
        "key_unique": twice(CF, "ticket_id = 'T2'"),
        "expected_given": change(CF, "expected = null", "ticket_id = 'T2'"),
        "expected_known": change(
            CF, "expected = 'gift', finding = 'undetermined'", "ticket_id = 'T2'"
        ),
        "finding_given": change(CF, "finding = null", "ticket_id = 'T2'"),
        "finding_known": change(CF, "finding = 'fine'", "ticket_id = 'T2'"),
        "charge_type_known": change(CF, "charge_type = 'fee'", "charge_id = 'S1|maintenance'"),
        "billed_amount_given": change(CF, "billed_amount = null", "ticket_id = 'T2'"),
        "currency_given": change(CF, "currency = null", "ticket_id = 'T2'"),
        "clause_given": change(CF, "clause = null", "ticket_id = 'T2'"),
        "every_line_in_one_charge": change(
            CF, "invoice_lines = 'I1#1'", "charge_id = 'T1|service_fee'"
        ),
        "no_line_counted_twice": change(CF, "line_count = 3", "charge_id = 'T1|service_fee'"),
        # A cent that is missing in the total is missing in its month too.
        "billed_equals_invoices": change(
            CF,
            "billed_amount = 80.04",
            "charge_id = 'T1|service_fee'",
            also=("billed_equals_invoices_by_month",),
        ),
        # The right money in the wrong month: March lacks it, April has it too much.
        "billed_equals_invoices_by_month": change(
            CF, "month = '2025-04-01'", "charge_id = 'T1|service_fee'", 2
        ),
        "every_ticket_has_service_fee": drop(CF, "ticket_id = 'T2'"),
        "unknown_ticket_is_orphan": change(CF, "ticket_id = 'T9'", "charge_id = 'S1|maintenance'"),
        "finding_agrees_with_expected": change(CF, "expected = 'billable'", "ticket_id = 'T2'"),
        "finding_agrees_with_amount": change(
            CF, "finding = 'free_as_due', expected = 'free'", "charge_id = 'T1|service_fee'"
        ),
        "month_is_a_first_day": change(CF, "month = '2025-03-02'", "ticket_id = 'T2'"),
    },
    BE: {
        "key_unique": twice(BE, "true"),
        "every_wrong_bill_listed": Planting(
            f"update {CF} set finding = 'wrong_biller' where charge_id = 'T1|service_fee'"
        ),
        "exception_is_its_charge": change(BE, "billed_amount = 0.01", "true"),
    },
    BR: {
        "no_difference": change(BR, "difference = -0.01", "currency = 'USD'"),
        "every_line_placed": change(BR, "placed_lines = 1", "currency = 'CNY'"),
        "shows_all_invoices": drop(BR, "currency = 'USD'"),
    },
    BM: {
        # A cent in the wrong finding: both are out by it.
        "months_add_up_to_charges": Planting(
            f"update {BM} set billed_amount = billed_amount + 0.01 "
            "where finding in ('free_as_due', 'agent_business')",
            2,
        ),
        "months_add_up_to_exceptions": change(BM, "unexplained_amount = 0.01", "currency = 'USD'"),
    },
    FF: {
        "columns": Planting(f"alter table {FF} alter month type TIMESTAMP"),
        "verdict_given": change(
            FF, "verdict = null", "ticket_id = 'T3'", also=("finding_agrees_with_verdict",)
        ),
        "verdict_known": change(
            FF, "verdict = 'late'", "ticket_id = 'T3'", also=("finding_agrees_with_verdict",)
        ),
        "clause_given": change(FF, "clause = null", "ticket_id = 'T3'"),
        "unmeasurable_says_why": change(
            FF, "finding = null, verdict = 'unmeasurable', reason = null", "ticket_id = 'T3'"
        ),
        "finding_known": change(
            FF, "finding = 'lost', verdict = 'unmeasurable'", "ticket_id = 'T3'"
        ),
        "form_known": change(FF, "form = 'note'", "ticket_id = 'T3'"),
        "one_row_per_record_owed": twice(FF, "ticket_id = 'T3'", rows=1),
        "finding_agrees_with_verdict": change(FF, "verdict = 'breached'", "ticket_id = 'T3'"),
        "finding_agrees_with_time": change(
            FF, "due_at = '2025-03-04 08:59:59'", "ticket_id = 'T1'"
        ),
        "record_is_filed": change(FF, "record_id = 'R2'", "ticket_id = 'T1'"),
    },
    FI: {
        "columns": retype(FI, "customer_id"),
        "contract_id_given": change(FI, "contract_id = null", "quarter_no = 2"),
        "quarter_no_given": change(FI, "quarter_no = null", "quarter_no = 2"),
        "key_unique": Planting(
            # Given the same number, but another window.
            f"update {FI} set quarter_no = 1",
            2,
        ),
        "verdict_given": change(FI, "verdict = null", "quarter_no = 2"),
        "verdict_known": change(FI, "verdict = 'missed'", "quarter_no = 2"),
        "clause_given": change(FI, "clause = null", "quarter_no = 2"),
        "unmeasurable_says_why": change(FI, "verdict = 'unmeasurable'", "quarter_no = 2"),
        "quarter_counts_from_one": change(FI, "quarter_no = 0", "quarter_no = 2"),
        # The first window's last day is the second one's first.
        "windows_do_not_overlap": change(FI, "window_start = '2025-03-31'", "quarter_no = 2"),
        "visit_counts_once": change(FI, "ticket_id = 'T2', verdict = 'met'", "quarter_no = 2"),
        "met_has_its_visit": change(FI, "verdict = 'met'", "quarter_no = 2"),
    },
    FT: {
        "columns": Planting(f"alter table {FT} alter training_hours type DOUBLE"),
        "verdict_given": change(FT, "verdict = null", "true"),
        "verdict_known": change(FT, "verdict = 'late'", "true"),
        "clause_given": change(FT, "clause = null", "true"),
        "unmeasurable_says_why": change(FT, "verdict = 'unmeasurable'", "true"),
        "one_row_per_support": drop(FT, "true"),
        "met_has_its_training": change(FT, "finished_at = '2025-03-04 12:00:01'", "true"),
    },
    CO: {
        "columns": retype(CO, "responsible"),
        "rule_known": change(CO, "rule = 'manners'", "rule = 'phone_before_onsite'"),
        "verdict_given": change(CO, "verdict = null", "rule = 'phone_before_onsite'"),
        "verdict_known": change(CO, "verdict = 'rude'", "rule = 'phone_before_onsite'"),
        "clause_given": change(CO, "clause = null", "rule = 'phone_before_onsite'"),
        "unmeasurable_says_why": change(
            CO, "verdict = 'unmeasurable', reason = ''", "rule = 'phone_before_onsite'"
        ),
    },
    CU: {
        # As above: the ticket it was the row of is then without one.
        "ticket_id_given": change(
            CU, "ticket_id = null", "ticket_id = 'T5'", also=("every_ticket_is_judged",)
        ),
        "provider_routing_given": change(CU, "provider_routing = null", "ticket_id = 'T2'"),
        "service_catalogue_given": change(CU, "service_catalogue = null", "ticket_id = 'T2'"),
        "every_ticket_is_judged": twice(CU, "ticket_id = 'T5'", rows=1),
    },
    OB: {
        "columns": Planting(f"alter table {OB} alter due_at type VARCHAR"),
        "kind_given": change(OB, "kind = null", "kind = 'spare_parts'"),
        "subject_id_given": change(OB, "subject_id = null", "kind = 'spare_parts'"),
        "verdict_given": change(OB, "verdict = null", "kind = 'spare_parts'"),
        "verdict_known": change(OB, "verdict = 'kept'", "kind = 'spare_parts'"),
        "ledger_adds_up_to_facts": drop(OB, "kind = 'training'"),
    },
    PM: {
        "verdicts_add_up": change(PM, "breached = 1", "kind = 'training'"),
        "months_add_up_to_ledger": change(
            PM, "promises = 4, met = 4", "kind = 'provider_routing' and clause = 'EC'"
        ),
    },
    AF: {
        "columns": Planting(f"alter table {AF} alter month type TIMESTAMP"),
        "findings_add_up": change(AF, "due = 3, filing_pct = 50", "true"),
        # Called late where the facts say on time: two findings are out by one.
        "months_add_up_to_filings": change(
            AF, "filed_on_time = 0, filed_late = 1, filing_pct = 0", "true", 2
        ),
        "filing_pct_is_on_time_of_decided": change(AF, "filing_pct = 50", "true"),
    },
    RX: {
        # The record counted as proof is listed as an exception as well.
        "every_record_in_one_place": add(RX, "record_id, exception", "'R1', 'repeat'"),
    },
    OL: {"all_that_is_to_come_and_no_more": add(OL, "kind, subject_id", "'filing', 'T1'")},
    RN: {"warranty_ends_within_the_notice": change(RN, "notice_days = 20", "true")},
}
