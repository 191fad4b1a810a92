"""``sla run``: the job, in this process, with its history kept in ``OUT/.dagster``.

Belongs here: executing the job and keeping its history. Does not belong here: the steps
(``session``), the assets (``assets``) and what a terminal shows (``progress``).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef
from sqlalchemy import Engine, event
from sqlalchemy.exc import DatabaseError

from pipelines.definitions import JOB, build_definitions
from pipelines.session import Session, Settings, open_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.progress import Progress

HISTORY: Final = ".dagster"
RUNS_KEPT: Final = 100
"""How many runs the history keeps; each takes two megabytes or so."""

_EVENTS: Final = ("history", "runs")
"""Where Dagster keeps a file for each run, below the history."""

_WRITES: Final = "sla/writes"
_BY_COMMAND: Final = {
    # It holds OUT before Dagster knows of it: the queue has nothing to count, nor to begin again.
    _WRITES: "command",
    "dagster/max_retries": "0",
}
_DAMAGED: Final = ("malformed", "not a database")
"""What SQLite says of a file that something else wrote to, or cut."""
_INTERRUPTS: Final = frozenset({"DagsterExecutionInterruptedError", "KeyboardInterrupt"})
_UNDER_WAY: Final = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

_INSTANCE_CONFIG: Final = """\
# Written by sla run: where the history of the runs is kept and how.
telemetry:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
event_log_storage:
  module: pipelines.event_log
  class: OpenEventLog
  config:
    base_dir: {events}
# One run at a time writes the warehouse; editions of months go on beside each other.
concurrency:
  runs:
    max_concurrent_runs: 4
    tag_concurrency_limits:
      - key: sla/writes
        value: warehouse
        limit: 1
# A run whose process died is begun again; one that the data stopped is not: it would stop again.
run_monitoring:
  enabled: true
run_retries:
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
"""


def run(settings: Settings, progress: Progress) -> None:
    """Run the whole job and publish its result.

    Raises:
        SlaError: the data, the terms or the usage stopped it; OUT shows what it showed before.
    """
    with open_session(settings, progress) as session:
        _execute(session)


def _execute(session: Session) -> None:
    resource = dg.ResourceDefinition.hardcoded_resource(session)
    job = build_definitions(resource).resolve_job_def(JOB)
    with history(session.settings.out) as instance:
        end_dead_runs(instance, _BY_COMMAND)  # we hold OUT: none of them can be alive
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=_tags(session.settings) | _BY_COMMAND,
        )
        forget_old_runs(instance)
    if session.stopped_by is not None:
        raise session.stopped_by
    if not result.success:
        errors = [getattr(event.event_specific_data, "error", None) for event in result.all_events]
        if _INTERRUPTS.intersection(error.cls_name for error in errors if error):
            raise KeyboardInterrupt  # between two steps, where Dagster takes it for a failure
        message = f"the run {result.run_id} failed; see dagster dev"
        raise RuntimeError(message)


def forget_old_runs(instance: dg.DagsterInstance, kept: int = RUNS_KEPT) -> None:
    """Keep the latest runs in the history; an OUT that is run daily must not grow for ever."""
    files = [*Path(instance.root_directory, *_EVENTS).glob("*.db*")]  # before asking: runs may come
    runs = instance.get_runs()
    for old in runs[kept:]:
        instance.delete_run(old.run_id)
    # Dagster empties the file of a run that it deletes, and leaves it as large as it was.
    known = {"index", *(run.run_id for run in runs[:kept])}
    for file in files:
        if file.name.partition(".")[0] not in known:
            with contextlib.suppress(OSError):  # somebody reads it: the next run tries again
                file.unlink(missing_ok=True)


def end_dead_runs(instance: dg.DagsterInstance, tags: Mapping[str, str] | None = None) -> None:
    """Mark as failed what is under way in the history; the caller knows that none of it is alive.

    A killed process says nothing of its end. Its run would look as if under way for ever, and
    keep a place among those that may go on beside each other.
    """
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY, tags=dict(tags or {}))):
        instance.report_run_failed(run, "Its process was ended; the last result stands.")


def prepare_history(out: Path) -> Path:
    """Make the folder of the history, with its configuration; Dagster's DAGSTER_HOME."""
    home = (out / HISTORY).absolute()
    home.mkdir(parents=True, exist_ok=True)
    events = json.dumps(str(home / "history" / "runs"), ensure_ascii=False)  # as YAML quotes it
    config = _INSTANCE_CONFIG.format(events=events)
    (home / "dagster.yaml").write_text(config, encoding="utf-8")
    return home


def history(out: Path) -> dg.DagsterInstance:
    """The history of the runs into ``out``; made when it is not there.

    One that cannot be read any more is set aside: no result hangs on it.
    """
    try:
        return _open_history(out)
    except DatabaseError as error:
        if not any(words in str(error) for words in _DAMAGED):
            raise
        home, aside = out / HISTORY, out / f"{HISTORY}-damaged"
        shutil.rmtree(aside, ignore_errors=True)
        home.rename(aside)
        return _open_history(out)


def _open_history(out: Path) -> dg.DagsterInstance:
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    home = prepare_history(out)
    if not event.contains(Engine, "connect", _write_lazily):
        event.listen(Engine, "connect", _write_lazily)
    # Given again: of a folder with brackets in its name Dagster does not find what it says.
    said = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=said))
    try:
        instance.get_runs(limit=1)
        instance.all_asset_keys()
    except DatabaseError:
        instance.dispose()
        raise
    return instance


def _write_lazily(connection: object, _: object) -> None:
    """Let the operating system write the history in its own time.

    SQLite would otherwise wait for the disk after each of some hundred events. A killed process
    loses nothing by it; a machine that loses power may lose the history, never a result.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


def _tags(settings: Settings) -> dict[str, str]:
    """The settings of the run, shown in its history."""
    given = {
        "exports": settings.exports,
        "terms": settings.terms,
        "mapping": settings.mapping,
        "as_of": settings.as_of,
        "month": settings.month,
    }
    return {f"sla/{name}": str(value) for name, value in given.items() if value is not None}
