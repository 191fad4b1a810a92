"""How a process of the product's own is started, wherever the run was.

Belongs here: its command and its environment. Does not belong here: what such a process does
(``checks.validator``, ``reporting.workbook_writer``, ``deployment.serving``).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def command(module: str) -> list[str]:
    """How Python runs a module of ours.

    ``-P``: it would look for modules in the current folder first, and run a file of the user's that
    is named as one of them.
    """
    return [sys.executable, "-P", "-m", module]


def environment(**more: str) -> dict[str, str]:
    """This process's variables and ``more``, with the product on Python's path."""
    path = os.pathsep.join(p for p in (str(_ROOT), os.environ.get("PYTHONPATH")) if p)
    return {**os.environ, **more, "PYTHONPATH": path}
