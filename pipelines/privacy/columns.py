"""Which columns hold whom: names, ids, texts, cells as they came, and words of the product's own.

Belongs here: what each column of text of the warehouse is taken for. Does not belong here: what
stands in place of its values (``veil``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

LETTERS: Final = {"agents": "A", "customers": "C", "people": "P", "texts": "T"}
"""The letter a pseudonym begins with: what kind of value it stands for, in either language."""

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "agents": ("staging.agents.agent_name",),
    "customers": ("staging.tickets.customer_name",),
    "people": ("staging.service_records.engineer",),
}
IDS: Final[Mapping[str, tuple[str, ...]]] = {
    "agents": (
        "staging.agents.agent_id",
        "staging.tickets.agent_id",
        "staging.service_records.agent_id",
        "staging.invoices.issuer",
    ),
    "customers": (
        "staging.tickets.customer_id",
        "staging.invoices.customer_id",
        "staging.installed_base.customer_id",
    ),
}
COMPANY: Final = "company"  # stands where an agent's id may stand, and names nobody

NAME_COLUMNS: Final = {
    "agent_name": "agents",
    "customer_name": "customers",
    "engineer": "people",
    "party_name": "parties",  # customers and agents
}
ID_COLUMNS: Final = frozenset(
    {
        *("agent_id", "ticket_agent_id", "issuer", "responsible"),
        *("customer_id", "unit_customer_id", "line_customer_id", "party_id"),
    }
)
TEXT_COLUMNS: Final = frozenset(
    {
        *("staging.tickets.description", "steps.tickets.description"),
        *("staging.service_records.fault_description", "staging.service_records.resolution"),
        "staging.pauses.reason",
    }
)
RAW_COLUMNS: Final = frozenset(
    {
        *("staging.problems.value", "staging.rejects.record", "staging.rows_to_mend.cells"),
        *("staging.ticket_events.old_value", "staging.ticket_events.new_value"),
    }
)
"""Cells as they came. Any of them may be a name in the wrong place, so none is shown."""

SAMPLES: Final = frozenset({"meta.checks.sample"})
"""Failing rows as JSON: each value is treated as the column its key names."""

CODE_COLUMNS: Final = frozenset(
    {
        *("verdict", "finding", "exception", "kind", "clause", "clock", "city_tier", "provider"),
        *("customer_type", "service_level", "charge_type", "expected", "biller", "key_code"),
        *("form", "missing_fields", "channel", "report_channel", "category", "rule"),
        *("readings", "billed_by", "party", "flag", "amount_band", "standing", "stage", "mode"),
        *("expected_other_reading", "finding_other_reading", "name", "choice", "alternative"),
        *("default_choice", "alternatives", "table_name", "check_name", "column_name", "severity"),
        *("guards", "description_en", "description_zh", "export", "timezone", "product_version"),
        *("models_sha256", "sha256", "format", "encoding", "delimiter", "status", "read_by"),
        *("version", "run", "terms", "fingerprint", "seal", "state", "change", "cause_code"),
        *("place", "ground", "class", "column", "copy_group"),
        *("other_expected", "other_finding", "matrix_expected", "service_expected"),
        *("service_expected_other", "service_ground", "repair_expected", "repair_ground"),
        *("maintenance_expected", "maintenance_ground", "provider_routing", "service_catalogue"),
        *("expert_team", "trial_contract", "assessment_consent", "phone_before_onsite"),
    }
)
"""Columns of words the product itself writes. All others are sentences that may hold a name."""

NUMBER_COLUMNS: Final = frozenset(
    {
        *("ticket_id", "parent_ticket_id", "training_ticket_id", "record_id", "subject_id"),
        *("invoice_id", "invoice_ids", "invoice_lines", "repeats_invoice_id", "covered_by"),
        *("charge_id", "billed_charge_id", "serial_no", "contract_id", "unit_contract_id"),
        *("trial_contract_id", "period_key", "case_id", "subject", "evidence", "issuers"),
    }
)
"""Numbers of documents and units. They are shown, but for the hidden ids some are made with."""

_NOT_OF_PEOPLE: Final = frozenset({"terms", "clocks"})  # schemas made from the terms alone


def treated_as(table: str, column: str) -> str:
    """What a column of text is taken for: ``code``, ``raw``, ``number``, or what the veil does."""
    place, is_the_terms = f"{table}.{column}", table.partition(".")[0] in _NOT_OF_PEOPLE
    kinds = {
        "raw": place in RAW_COLUMNS,
        "text": place in TEXT_COLUMNS,
        "sample": place in SAMPLES,
        "code": is_the_terms or column in CODE_COLUMNS,
        "id": column in ID_COLUMNS,
        "number": column in NUMBER_COLUMNS,
    }
    return NAME_COLUMNS.get(column) or next(
        (kind for kind, is_it in kinds.items() if is_it), "sentence"
    )


def text_columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of text of each table and view of the warehouse, by ``schema.table``."""
    tables: dict[str, list[str]] = {}
    for schema, table, column, kind in con.execute(
        "select table_schema, table_name, column_name, data_type "
        "from information_schema.columns where table_catalog = current_database() "
        "order by table_schema, table_name, ordinal_position"
    ).fetchall():
        columns = tables.setdefault(f"{schema}.{table}", [])
        if kind == "VARCHAR":
            columns.append(column)
    return tables
