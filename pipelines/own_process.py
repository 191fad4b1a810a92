"""How a process of the product's own is started, wherever the run was, and how it ends.

Belongs here: its command, its environment and its end. Does not belong here: what such a process
does (``checks.validator``, ``reporting.workbook_writer``, ``deployment.serving``).
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

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


def end(status: int) -> NoReturn:
    """End this process: all it wrote is flushed, what it holds is left to the operating system.

    Python would take every object apart first, which after a run is most of a second.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 - what libraries asked for; it has no public name
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(status)
