"""The ``sla`` command: its options, its messages, and what the small commands do themselves.

Belongs here: what a person types and is told. Does not belong here: the work of a run
(``pipelines.session``) and what closed months and drafts of terms take (``months``,
``other_terms``).
"""

from pipelines.cli.app import main

__all__ = ["main"]
