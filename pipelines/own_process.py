"""What a process of the product's own must find, wherever the run was started.

Belongs here: its environment. Does not belong here: what such a process does
(``checks.validator``, ``reporting.workbook_writer``, ``deployment.serving``).
"""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def environment(**more: str) -> dict[str, str]:
    """This process's variables and ``more``, with the product on Python's path."""
    path = os.pathsep.join(p for p in (str(_ROOT), os.environ.get("PYTHONPATH")) if p)
    return {**os.environ, **more, "PYTHONPATH": path}
