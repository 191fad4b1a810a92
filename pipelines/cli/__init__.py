"""The ``sla`` command: its options, its messages, and what the small commands do themselves.

Belongs here: what a person types and is told. Does not belong here: the work of a run
(``pipelines.session``) and what closed months and drafts of terms take (``months``,
``other_terms``).
"""

from __future__ import annotations

from typing import NoReturn

from pipelines import own_process
from pipelines.cli.app import main

__all__ = ["main", "program"]


def program() -> NoReturn:
    """The ``sla`` program: what is asked for, and an end with its exit status."""
    try:
        main()
    except SystemExit as ended:
        own_process.end(ended.code if isinstance(ended.code, int) else int(bool(ended.code)))
    own_process.end(0)
