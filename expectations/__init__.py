"""Great Expectations suites of the warehouse's tables, declared in Python.

Belongs here: what must hold in each table, and how Great Expectations judges it on DuckDB.
Does not belong here: the warehouse's connection, what a failure stops (``pipelines``).

``SUITES`` can be read without importing Great Expectations; only ``on_duckdb`` imports it.
"""

from expectations.charges import SUITES as CHARGES
from expectations.checks import Check, CheckFailedToRunError, Severity, Suite, failing_rows
from expectations.ledgers import SUITES as LEDGERS
from expectations.promises import SUITES as PROMISES
from expectations.responses import SUITES as RESPONSES
from expectations.staging import SUITES as STAGING
from expectations.terms import SUITES as TERMS

SUITES: tuple[Suite, ...] = (*STAGING, *TERMS, *RESPONSES, *CHARGES, *PROMISES, *LEDGERS)

__all__ = ["SUITES", "Check", "CheckFailedToRunError", "Severity", "Suite", "failing_rows"]
