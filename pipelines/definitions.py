"""Everything Dagster is told, in one place: assets, checks, the job and who owns the warehouse.

``dagster dev`` loads ``defs``; its settings come from the environment (``SLA_EXPORTS``,
``SLA_OUT``, …; see ``Settings.from_environment``). ``sla run`` builds the same definitions
around its own session.

Belongs here: putting together. Does not belong here: what an asset is (``assets``).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator  # noqa: TC003 - Dagster evaluates a resource's annotations
from typing import Final

import dagster as dg

from pipelines.assets import EXPORTS_STEP, build_assets
from pipelines.deployment import MONTHS, QUIET
from pipelines.session import Session, Settings, open_session

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")

JOB: Final = "sla_run"
_RUN_TAGS: Final = {
    # The queue lets one run at a time write the warehouse (the limit stands in dagster.yaml).
    "sla/writes": "warehouse",
    # A run whose process died begins again: half a warehouse cannot be gone on with.
    "dagster/retry_strategy": "ALL_STEPS",
}


def build_definitions(session: dg.ResourceDefinition) -> dg.Definitions:
    """The definitions around a ``session`` resource, the one owner of the warehouse.

    All steps of a run share it, so they run in one process, one after the other.
    """
    with warnings.catch_warnings():
        # Selecting "everything" passes an argument that Dagster itself calls beta.
        warnings.simplefilter("ignore", dg.BetaWarning)
        job = dg.define_asset_job(
            JOB,
            selection=dg.AssetSelection.all() - dg.AssetSelection.groups(MONTHS),
            description="Exports in, report out",
            tags=_RUN_TAGS,
            config=QUIET,
        )
        return dg.Definitions(
            assets=build_assets(),
            jobs=[job],
            executor=dg.in_process_executor,
            resources={"session": session},
        )


@dg.resource(description="The run's settings, terms and warehouse; holds SLA_OUT for one run")
def session_from_environment(context: dg.InitResourceContext) -> Iterator[Session]:
    """A session with the settings of the environment; a run of some assets starts from a copy."""
    settings = Settings.from_environment()
    with open_session(settings, is_partial=_is_partial(context.run), is_patient=True) as session:
        yield session


def _is_partial(run: dg.DagsterRun | None) -> bool:
    """Whether a run leaves out the exports, by its assets or, tried again, by its steps."""
    if run is None:
        return False
    assets, steps = run.asset_selection, run.step_keys_to_execute
    return (assets is not None and dg.AssetKey(["staging", "tickets"]) not in assets) or (
        steps is not None and EXPORTS_STEP not in steps
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What ``dagster dev`` shows; put together when it asks."""
    # sla run needs none of this.
    from pipelines.deployment.automation import build_automation  # noqa: PLC0415
    from pipelines.terms import load_terms  # noqa: PLC0415

    settings = Settings.from_environment()
    whole = build_definitions(session_from_environment)
    timezone = load_terms(settings.terms).timezone
    return dg.Definitions.merge(whole, build_automation(settings, timezone, *(whole.jobs or ())))
