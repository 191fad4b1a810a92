"""One result that hides all there is to hide, shared by every test that searches its folders.

The steps of a run one after the other, without Great Expectations, the other readings and Dagster:
none of them writes what is handed out. A slow test runs the command whole.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final, cast

import pytest

from pipelines import publish, session
from pipelines.checks import validation
from pipelines.other_terms import readings
from pipelines.privacy.key import VARIABLE, Discretion, discretion
from pipelines.session import Session, Settings
from pipelines.settings_file import Privacy, read_settings
from pipelines.terms import load_terms
from tests.privacy.planted import ENGINEER, write_exports

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.checks.validator import Validator

KEY: Final = "0123456789abcdef-of-the-tests"
SETTINGS: Final = """
privacy: {names: pseudonyms, texts: pseudonyms}
audiences: true
"""
_FAILED: Final = validation.CheckResult(
    table="staging.service_records",
    check="engineer_known",
    description_en="The engineer is known.",
    description_zh="工程师是已知的。",
    severity="warning",
    success=False,
    rows=2,
    unexpected_count=1,
    sample=({"source_file": "f.csv", "source_row": 2, "engineer": ENGINEER, "said": ENGINEER},),
    guards="contract: exports",
    document={
        "type": "expect_column_values_to_be_in_set",
        "sentence": [["engineer", True]],
        "observed": f"'{ENGINEER}'",
        "by": "a test",
    },
)


@pytest.fixture(scope="session")
def hidden() -> Discretion:
    """What that result hides, for what is made of it after the run."""
    privacy = Privacy(names="pseudonyms", texts="pseudonyms")
    return Discretion(privacy, KEY.encode())


@pytest.fixture(scope="session")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of a run over the planted sample, names under pseudonyms and texts left out."""
    folder = tmp_path_factory.mktemp("privacy")
    write_exports(folder / "exports")
    return build(folder, SETTINGS)


def build(folder: Path, text: str) -> Path:
    """OUT of the exports in ``folder`` under the settings of ``text``."""
    file = folder / "settings.yaml"
    file.write_text(text, encoding="utf-8")
    settings = Settings(folder / "exports", folder / "out", file=read_settings(file))
    hidden = discretion(settings.file.privacy, settings.out, {VARIABLE: KEY})
    with publish.only_run(settings.out) as building:
        run = Session(settings, building, load_terms(), cast("Validator", None), hidden=hidden)
        run.open()
        session.stage(run)
        session.write_reference(run)
        list(session.build_models(run))
        readings.keep_effects(run.con, readings.Effects())
        validation.keep_results(run.con, [_FAILED])
        session.write_report(run)
        session.publish_result(run)
    return settings.out


def pseudonym(letter: str, value: str) -> str:
    """What is to stand in place of a value, counted apart from the product."""
    digest = hmac.new(KEY.encode(), value.casefold().encode(), hashlib.sha256).hexdigest()
    return f"{letter}-{digest[:8].upper()}"
