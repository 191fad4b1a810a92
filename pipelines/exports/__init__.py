"""Exports in: finding, decoding, mapping and reading files, and staging their rows.

Belongs here: everything between a file as somebody sent it and ``staging.*``. Does not belong
here: what the rows mean for a promise (``models``) and whether they are plausible
(``expectations``).
"""

from __future__ import annotations

from pipelines.exports.finding import ExportFile, find_exports
from pipelines.exports.mapping import Mapping, load_mapping
from pipelines.exports.staging import latest_event, stage_exports
from pipelines.exports.summary import FileSummary, StagingSummary

__all__ = [
    "ExportFile",
    "FileSummary",
    "Mapping",
    "StagingSummary",
    "find_exports",
    "latest_event",
    "load_mapping",
    "stage_exports",
]
