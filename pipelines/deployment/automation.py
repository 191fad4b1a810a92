"""What Dagster does by itself: watch, run on the day, make editions, check they came, tell people.

Sensors and the schedule run under ``sla serve``; under ``dagster dev`` each waits to be switched
on in its pages. The editions are partitioned by month and touch nothing they share, so runs of
several months go on beside each other; a deployment with the k8s or celery executor fans them
out over machines that see OUT.

Belongs here: definitions over the plain functions of this package. Does not belong here: the
assets of a run (``assets``).
"""

import os
import warnings
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import dagster as dg

from pipelines.deployment import MONTHS, QUIET, editions, notifications, watching
from pipelines.errors import SlaError
from pipelines.exports import load_mapping
from pipelines.privacy.key import discretion
from pipelines.session import Settings

# No postponed annotations in this module: Dagster reads those of its assets and sensors.

EDITION: Final = dg.AssetKey([MONTHS, "edition"])
EDITIONS_JOB: Final = "month_editions"
SERVED: Final = "SLA_SERVED"
"""Set by ``sla serve`` for its Dagster: sensors and schedule are on from the start."""

_OWN_ERRORS: Final = {"DataError", "BusyError", "UnsettledError", "UsageError"}
_AN_HOUR: Final = 3600
MONTH_FORMAT: Final = "%Y-%m"
Job = Any  # what define_asset_job returns has no public name


def build_automation(settings: Settings, timezone: str, run_job: Job) -> dg.Definitions:
    """Everything around the job that does a whole run, with day and hour in ``timezone``."""
    schedule = settings.file.schedule
    is_on = bool(os.environ.get(SERVED))
    months = dg.MonthlyPartitionsDefinition(
        start_date=f"{schedule.first_month:%Y-%m}", fmt=MONTH_FORMAT, timezone=timezone
    )
    edition = _edition(settings, months)
    editions_job = dg.define_asset_job(
        EDITIONS_JOB,
        selection=dg.AssetSelection.assets(edition).without_checks(),
        executor_def=dg.multiprocess_executor,
        config=QUIET,
        description="The edition of one month; of several by a backfill",
    )
    sensor_status = _running(dg.DefaultSensorStatus, is_on=is_on)
    late, late_sensor = _lateness(settings, timezone, edition, sensor_status)
    return dg.Definitions(
        assets=[edition],
        asset_checks=late,
        jobs=[editions_job],
        schedules=[
            dg.ScheduleDefinition(
                name="monthly",
                job=run_job,
                cron_schedule=f"0 {schedule.hour} {schedule.day} * *",
                execution_timezone=timezone,
                default_status=_running(dg.DefaultScheduleStatus, is_on=is_on),
                description="Run everything; the edition of the month before follows",
            )
        ],
        sensors=[
            *(
                [_exports_sensor(settings, run_job, sensor_status)]
                if schedule.watch_exports
                else []
            ),
            _editions_sensor(settings, run_job, editions_job, sensor_status),
            _failure_sensor(settings, sensor_status),
            _owed_sensor(settings, run_job, sensor_status),
            late_sensor,
        ],
    )


def _running(statuses: Any, *, is_on: bool) -> Any:  # noqa: ANN401 - one of two enumerations
    return statuses.RUNNING if is_on else statuses.STOPPED


def _edition(settings: Settings, months: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    @dg.asset(
        key=EDITION,
        group_name=MONTHS,
        owners=["team:management"],
        kinds={"html", "file"},
        description="The month to mail in both languages, and its workbook",
        partitions_def=months,
        deps=[
            dg.AssetDep(
                dg.AssetKey(["report", "published"]), partition_mapping=dg.AllPartitionMapping()
            )
        ],
    )
    def edition(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        month = date.fromisoformat(f"{context.partition_key}-01")
        try:
            hidden = discretion(settings.file.privacy, settings.out)
            made = editions.write_edition(settings.out, month, hidden)
        except SlaError as error:
            # Another try would find the same.
            raise dg.Failure(str(error), allow_retries=False) from error
        return dg.MaterializeResult(
            metadata={
                "as_of": f"{made.as_of:%Y-%m-%d %H:%M:%S}",
                "is_closed": made.is_closed,
                "files": [file.name for file in made.files],
            }
        )

    return edition


def _lateness(
    settings: Settings,
    timezone: str,
    edition: dg.AssetsDefinition,
    status: dg.DefaultSensorStatus,
) -> tuple[Sequence[dg.AssetChecksDefinition], dg.SensorDefinition]:
    """Checks that the edition of the month before is there by the deadline, and who runs them."""
    schedule = settings.file.schedule
    with warnings.catch_warnings():
        # A FreshnessPolicy would see any month's edition as fresh: it does not know partitions.
        warnings.simplefilter("ignore", dg.SupersessionWarning)
        late = dg.build_time_partition_freshness_checks(
            assets=[edition],
            deadline_cron=f"0 {schedule.hour} {schedule.deadline_day} * *",
            timezone=timezone,
            severity=dg.AssetCheckSeverity.WARN,
        )
        sensor = dg.build_sensor_for_freshness_checks(
            freshness_checks=late,
            name="late_editions",
            minimum_interval_seconds=_AN_HOUR,
            default_status=status,
        )
    return late, sensor


def _exports_sensor(
    settings: Settings, run_job: Job, status: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_exports",
        job=run_job,
        # Two looks in a row must show the same: they lie this far apart.
        minimum_interval_seconds=settings.file.schedule.settle_seconds,
        default_status=status,
        description="Runs everything once new or changed exports have stopped changing",
    )
    def new_exports(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        mapping = load_mapping(settings.mapping) if settings.mapping else None
        memory = watching.Memory.from_json(context.cursor)
        found = watching.look(settings.exports, settings.out, memory, mapping)
        context.update_cursor(found.memory.to_json())
        if found.run_key is None:
            return dg.SkipReason(found.words)
        return dg.RunRequest(run_key=found.run_key, tags={"sla/because": found.words})

    return new_exports


def _editions_sensor(
    settings: Settings,
    run_job: Job,
    editions_job: Job,
    status: dg.DefaultSensorStatus,
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name="edition_of_last_month",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[run_job],
        request_job=editions_job,
        default_status=status,
        description="After each run, makes the edition of the latest month that is over",
    )
    def edition_of_last_month(
        context: dg.RunStatusSensorContext,
    ) -> dg.RunRequest | dg.SkipReason:
        month = editions.last_closed_month(settings.out)
        if month is None:
            return dg.SkipReason("No month in the published result is over.")
        if month < settings.file.schedule.first_month:
            return dg.SkipReason(f"{month:%Y-%m} comes before schedule.first_month.")
        return dg.RunRequest(
            run_key=context.dagster_run.run_id, partition_key=f"{month:{MONTH_FORMAT}}"
        )

    return edition_of_last_month


def _failure_sensor(settings: Settings, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="tell_of_failure",
        default_status=status,
        description="Tells people of a run that failed, through the channels of the settings",
    )
    def tell_of_failure(context: dg.RunFailureSensorContext) -> None:
        if context.dagster_run.tags.get("dagster/will_retry") == "true":
            return
        channels = settings.file.notifications
        _warn(context, notifications.tell_of_failure(channels, settings.out, _why(context)))

    return tell_of_failure


def _why(context: dg.RunFailureSensorContext) -> str:
    """What stopped a run: our own words if they are among the causes, else those of the first."""
    for event in context.get_step_failure_events():
        causes = []
        error = event.step_failure_data.error
        while error is not None:
            causes.append(error)
            error = error.cause
        if causes:
            own = next((one for one in causes if one.cls_name in _OWN_ERRORS), causes[-1])
            kind, _, said = own.message.strip().partition(": ")
            return said or kind
    return context.failure_event.message or ""


def _owed_sensor(
    settings: Settings, run_job: Job, status: dg.DefaultSensorStatus
) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name="tell_of_records_owed",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[run_job],
        default_status=status,
        description="Tells people which agents owe records, through the channels of the settings",
    )
    def tell_of_records_owed(context: dg.RunStatusSensorContext) -> None:
        channels = settings.file.notifications
        privacy = settings.file.privacy
        _warn(context, notifications.tell_of_records_owed(channels, settings.out, privacy))

    return tell_of_records_owed


def _warn(context: Any, problems: list[str]) -> None:  # noqa: ANN401 - of two kinds of sensors
    for problem in problems:
        context.log.warning(problem)
