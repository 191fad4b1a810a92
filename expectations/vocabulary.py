"""The words the checks allow, as the contract and the clauses name them.

Belongs here: closed lists of values. Stated apart from the code that writes them, so that
a check can contradict it; a test holds the exports' lists against the exports' contract.
Does not belong here: numbers, cities and prices, which are terms.
"""

from __future__ import annotations

EXPORTS = ("tickets", "service_records", "invoices", "installed_base", "agents", "pauses")
INPUTS = (*EXPORTS, "ticket_events")

CUSTOMER_TYPES = ("agent", "end_customer", "key_account")
PROVIDERS = ("company", "agent")
CHANNELS = ("phone", "web", "email", "fax", "nearby")
REPORT_CHANNELS = ("email", "fax", "post", "visit")
CATEGORIES = ("fault", "delivery_damage", "other")
FORMS = ("presales_report", "fault_record")
CHARGE_TYPES = ("service_fee", "repair_replacement", "maintenance_fee", "other")

STAGES = ("presales", "aftersales")
MODES = ("onsite", "remote")
SERVICE_LEVELS = ("S0", "S1", "S2", "X")
CITY_TIERS = ("tier1", "other")
CLOCKS = ("calendar", "service_hours")

VERDICTS = ("met", "breached", "pending", "unmeasurable")
EXPECTED_CHARGES = ("billable", "free", "not_provided", "undetermined")
CHARGE_FINDINGS = (
    "billed_as_due",
    "free_as_due",
    "billed_but_free",
    "billed_under_warranty",
    "billed_not_provided",
    "not_billed",
    "not_yet_due",
    "agent_business",
    "duplicate_charge",
    "orphan_charge",
    "wrong_biller",
    "not_audited",
    "undetermined",
)
FILING_FINDINGS = (
    "filed_on_time",
    "filed_late",
    "missing",
    "wrong_form",
    "incomplete",
    "pending",
)
CONDUCT_RULES = (
    "expert_team",
    "provider_routing",
    "service_catalogue",
    "trial_contract",
    "assessment_consent",
    "phone_before_onsite",
)
