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

from pipelines.assets import build_assets
from pipelines.session import Session, Settings, open_session

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")

JOB: Final = "sla_run"


def build_definitions(session: dg.ResourceDefinition) -> dg.Definitions:
    """The definitions around a ``session`` resource, the one owner of the warehouse.

    All steps of a run share it, so they run in one process, one after the other.
    """
    with warnings.catch_warnings():
        # Selecting "everything" passes an argument that Dagster itself calls beta.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.Definitions(
            assets=build_assets(),
            jobs=[dg.define_asset_job(JOB, selection="*", description="Exports in, report out")],
            executor=dg.in_process_executor,
            resources={"session": session},
        )


@dg.resource(description="The run's settings, terms and warehouse; holds SLA_OUT for one run")
def session_from_environment(context: dg.InitResourceContext) -> Iterator[Session]:
    """A session with the settings of the environment; a run of some assets starts from a copy."""
    settings = Settings.from_environment()
    selection = context.run.asset_selection if context.run else None
    is_partial = selection is not None and dg.AssetKey(["staging", "tickets"]) not in selection
    with open_session(settings, is_partial=is_partial) as session:
        yield session


@dg.definitions
def defs() -> dg.Definitions:
    """What ``dagster dev`` shows; put together when it asks."""
    return build_definitions(session_from_environment)
