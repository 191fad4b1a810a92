"""Filing, inspections, trainings, conduct and the ledger of all promises.

The worked cases stand in ``cases/``; what follows here holds for any data.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from harness import case_id, check_case, load_cases

FILES = ("filings", "inspections", "trainings", "conduct", "obligations", "agents")
CASES = [case for name in FILES for case in load_cases(f"{name}*.yaml")]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_worked_case(case: dict[str, Any]) -> None:
    check_case(case)
