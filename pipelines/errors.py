"""What can stop a run, each with its exit status.

Belongs here: the few exception classes a person may see. Does not belong here: bad rows,
which are data (``staging.rejects``, ``staging.problems``) and stop nothing.
"""

from __future__ import annotations


class SlaError(Exception):
    """A reason to stop, in words: what, where, why and what to do next."""

    exit_status = 1


class DataError(SlaError):
    """Stopped by the data: a file that cannot be read or a blocking check (exit status 1)."""

    exit_status = 1


class BusyError(DataError):
    """Another run holds OUT: worth another try once it has ended."""


class UnsettledError(DataError):
    """Exports changed while they were read: worth another try once they are whole."""


class UsageError(SlaError):
    """Wrong usage, terms or mapping (exit status 2)."""

    exit_status = 2
