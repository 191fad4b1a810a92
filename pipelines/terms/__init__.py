"""The service terms: dated YAML in, checked, out as ``terms.*`` tables."""

from pipelines.terms.load import Source, Terms, check_documents, load_terms
from pipelines.terms.tables import longest_target_seconds, service_weeks, write_terms

__all__ = [
    "Source",
    "Terms",
    "check_documents",
    "load_terms",
    "longest_target_seconds",
    "service_weeks",
    "write_terms",
]
