"""What Dagster is told: every table and page, with its owner and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from dashboards.pages import PAGES
from pipelines.assets import PUBLISHED, asset_key, table_name
from pipelines.checks import validation
from pipelines.contract import EXPORTS
from pipelines.definitions import JOB, defs
from pipelines.deployment import MONTHS
from pipelines.session import Settings
from pipelines.warehouse.models import load_models

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return defs()


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> Mapping[str, dg.AssetSpec]:
    return {table_name(spec.key): spec for spec in definitions.resolve_all_asset_specs()}


def test_dagster_can_load_them(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_every_export_model_and_page_is_an_asset(specs: Mapping[str, dg.AssetSpec]) -> None:
    expected = {f"staging.{name}" for name in EXPORTS}
    expected |= {model.name for model in load_models()}
    expected |= {f"report.{page.name}" for page in PAGES}
    assert expected <= specs.keys()


def test_every_asset_has_a_description_an_owner_a_group_and_kinds(
    specs: Mapping[str, dg.AssetSpec],
) -> None:
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.group_name == name.split(".")[0]
        assert spec.kinds, name


def test_a_model_depends_on_the_tables_its_select_reads(
    specs: Mapping[str, dg.AssetSpec],
) -> None:
    for model in load_models():
        depends_on = {table_name(dep.asset_key) for dep in specs[model.name].deps}
        assert depends_on == set(model.depends_on)
        assert depends_on <= specs.keys(), f"{model.name} reads a table that is no asset"


def test_the_published_result_comes_after_every_other_asset(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    behind: set[dg.AssetKey] = set()
    waiting = [PUBLISHED]
    while waiting:
        parents = graph.get(waiting.pop()).parent_keys - behind
        behind |= parents
        waiting += parents
    exports = {asset_key(f"staging.{name}") for name in EXPORTS}
    assert exports <= behind
    assert asset_key("meta.checks") in behind
    assert {asset_key(f"report.{page.name}") for page in PAGES} <= behind


def test_every_checked_table_has_its_checks_by_severity(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    shown = {
        (table_name(key.asset_key), key.name)
        for key in graph.asset_check_keys
        if key.asset_key.path[0] != MONTHS
    }
    names = {"critical": "must_hold", "warning": "should_hold"}
    expected = {
        (suite.table, names[check.severity])
        for suite in validation.suites()
        for check in suite.checks
        if asset_key(suite.table) in graph.get_all_asset_keys()
    }
    assert shown == expected
    assert {table for table, _ in shown} == {suite.table for suite in validation.suites()}


def test_the_job_builds_everything_in_one_process(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def(JOB)
    assert job.executor_def.name == "in_process"
    every = definitions.resolve_asset_graph().materializable_asset_keys
    assert set(job.asset_layer.executable_asset_keys) == {
        key for key in every if key.path[0] != MONTHS
    }


def test_settings_come_from_the_environment_with_the_defaults_of_the_repository(
    tmp_path: Path,
) -> None:
    default = Settings.from_environment({})
    assert (str(default.exports), str(default.out)) == ("sample_data", "out")
    given = Settings.from_environment(
        {
            "SLA_EXPORTS": str(tmp_path),
            "SLA_OUT": "o",
            "SLA_AS_OF": "2025-06-30",
            "SLA_MONTH": "2025-05",
        }
    )
    assert given.exports == tmp_path
    assert str(given.as_of) == "2025-06-30 00:00:00"
    assert str(given.month) == "2025-05-01"
