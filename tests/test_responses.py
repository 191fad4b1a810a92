"""Response verdicts: the worked cases of ``cases/responses*.yaml``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import case_id, check_case, load_cases


@pytest.mark.parametrize("case", load_cases("responses*.yaml"), ids=case_id)
def test_worked_case(case: dict[str, Any]) -> None:
    check_case(case)
