"""The service terms: dated YAML in, checked, out as ``terms.*`` tables."""

from pipelines.terms.load import Source, Terms, check_documents, load_terms
from pipelines.terms.tables import (
    changed_rules,
    longest_target_seconds,
    service_weeks,
    terms_tables,
    write_days,
    write_table,
    write_terms,
)

__all__ = [
    "Source",
    "Terms",
    "changed_rules",
    "check_documents",
    "load_terms",
    "longest_target_seconds",
    "service_weeks",
    "terms_tables",
    "write_days",
    "write_table",
    "write_terms",
]
