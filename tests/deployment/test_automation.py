"""What Dagster does by itself, sensor by sensor, and what it does not try again."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from click.testing import CliRunner

from pipelines import cli, publish, session
from pipelines.assets import _tried_again
from pipelines.definitions import JOB, _is_partial, defs
from pipelines.deployment import notifications
from pipelines.deployment.automation import EDITIONS_JOB, SERVED
from pipelines.errors import BusyError, DataError, UnsettledError
from pipelines.session import Settings
from pipelines.settings_file import SettingsFile
from tests.sample_result import build_warehouse

if TYPE_CHECKING:
    from pipelines.deployment.notifications import Message
    from pipelines.settings_file import Notifications

TICKETS = (
    "ticket_id,customer_type,city,service_code,fault_level,category,opened_at,responded_at\n"
    "T1,end_customer,成都,SASL012,3,fault,2025-03-07 17:00,2025-03-10 09:00\n"
    "T2,end_customer,成都,SASL012,3,fault,2025-04-30 17:00,2025-05-06 09:00\n"
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_warehouse(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exports in a folder, an OUT, and a settings file that tells people through a webhook."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    (tmp_path / "settings.yaml").write_text(
        "paths: {exports: in, out: out}\n"
        "schedule: {day: 7, hour: 5, deadline_day: 9, settle_seconds: 1, first_month: 2025-02}\n"
        "notifications: {through: [webhook]}\n",
        encoding="utf-8",
    )
    for name in ("SLA_EXPORTS", "SLA_OUT", SERVED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLA_SETTINGS", str(tmp_path / "settings.yaml"))
    return tmp_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What people were told."""
    messages: list[Message] = []

    def hear(_: Notifications, message: Message, __: object = None) -> list[str]:
        messages.append(message)
        return ["Nobody was told by webhook: it answered with status 500."]

    monkeypatch.setattr(notifications, "tell", hear)
    return messages


def sensor(name: str) -> dg.SensorDefinition:
    return defs().resolve_sensor_def(name)


@pytest.mark.usefixtures("deployment")
def test_the_schedule_runs_everything_on_the_day_and_hour_of_the_settings() -> None:
    schedule = defs().resolve_schedule_def("monthly")
    assert schedule.cron_schedule == "0 5 7 * *"
    assert schedule.execution_timezone == "Asia/Shanghai"
    assert schedule.job_name == JOB


@pytest.mark.usefixtures("deployment")
def test_sensors_and_schedule_are_on_under_sla_serve_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def states() -> set[str]:
        found = defs().get_repository_def()
        sensors = {one.default_status.value for one in found.sensor_defs}
        return sensors | {one.default_status.value for one in found.schedule_defs}

    assert states() == {"STOPPED"}
    monkeypatch.setenv(SERVED, "1")
    assert states() == {"RUNNING"}


def test_exports_are_not_watched_when_the_settings_say_so(deployment: Path) -> None:
    settings = deployment / "settings.yaml"
    settings.write_text(
        "paths: {exports: in, out: out}\nschedule: {watch_exports: false}\n", encoding="utf-8"
    )
    assert "new_exports" not in [one.name for one in defs().get_repository_def().sensor_defs]


@pytest.mark.usefixtures("deployment")
def test_new_exports_ask_for_one_run_of_everything() -> None:
    watch = sensor("new_exports")
    assert watch.minimum_interval_seconds == 1
    assert [target.job_name for target in watch.targets] == [JOB]
    cursor: str | None = None
    asked: list[dg.RunRequest] = []
    for _ in range(4):
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance, cursor=cursor)
            result = watch.evaluate_tick(context)
        cursor = result.cursor
        asked += result.run_requests or []
    assert len(asked) == 1
    assert str(asked[0].run_key).startswith("exports-1-")
    assert json.loads(str(cursor))["requests"] == 1


def evaluate(name: str, run_succeeded: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - Dagster's
    """Evaluate a run status sensor after a run that did nothing, or failed in nothing."""

    @dg.op
    def step() -> None:
        if not run_succeeded:
            message = "tickets.csv cannot be read\nrow 7: 张三"
            raise DataError(message) from ZeroDivisionError("a cause of its own")

    @dg.job(name=JOB)
    def job() -> None:
        step()

    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        kinds = {True: dg.DagsterEventType.RUN_SUCCESS, False: dg.DagsterEventType.RUN_FAILURE}
        [event] = [e for e in done.all_events if e.event_type == kinds[done.success]]
        context: Any = dg.build_run_status_sensor_context(
            sensor_name=name,
            dagster_event=event,
            dagster_instance=instance,
            dagster_run=done.dagster_run,
        )
        if not run_succeeded:
            context = context.for_run_failure()
        found: Any = sensor(name)
        return found(context)


def test_after_a_run_the_last_month_that_is_over_gets_its_edition(deployment: Path) -> None:
    build_warehouse(deployment / "out", deployment / "in")
    request = evaluate("edition_of_last_month")
    # As of 6 May: May is not over, April is.
    assert request.partition_key == "2025-04"
    assert [target.job_name for target in sensor("edition_of_last_month").targets] == [EDITIONS_JOB]


def test_a_month_before_the_first_one_gets_no_edition(deployment: Path) -> None:
    settings = deployment / "settings.yaml"
    text = settings.read_text(encoding="utf-8").replace("2025-02", "2025-05")
    settings.write_text(text, encoding="utf-8")
    build_warehouse(deployment / "out", deployment / "in")
    skipped = evaluate("edition_of_last_month")
    assert "2025-04 comes before schedule.first_month" in skipped.skip_message


@pytest.mark.usefixtures("deployment")
def test_a_failed_run_is_told_in_our_own_words_without_rows(told: list[Message]) -> None:
    evaluate("tell_of_failure", run_succeeded=False)
    [message] = told
    assert message.event == "run_failed"
    assert message.lines[0] == "tickets.csv cannot be read"
    assert "张三" not in message.text


def test_agents_that_owe_records_are_told_of(
    deployment: Path, sample: Path, told: list[Message]
) -> None:
    (deployment / "out").mkdir()
    shutil.copy(sample, deployment / "out")
    evaluate("tell_of_records_owed")
    [message] = told
    assert message.event == "records_owed"
    assert "agents owe" in message.text


def test_nobody_is_told_when_no_records_were_exported(
    deployment: Path, told: list[Message]
) -> None:
    build_warehouse(deployment / "out", deployment / "in")
    evaluate("tell_of_records_owed")
    assert told == []


def test_a_run_by_hand_tells_why_it_stopped_and_what_could_not_be_told(
    deployment: Path, told: list[Message]
) -> None:
    (deployment / "in" / "tickets.csv").unlink()
    result = CliRunner().invoke(cli.main, ["run", "--quiet"])
    assert result.exit_code == 1
    assert "No tickets export" in result.output
    assert "Nobody was told by webhook" in result.output
    [message] = told
    assert message.lines[0].startswith("No tickets export")


def test_what_is_owed_cannot_fail_a_run(tmp_path: Path) -> None:
    channels = SettingsFile.model_validate({"notifications": {"through": ["webhook"]}})
    [problem] = notifications.tell_of_records_owed(channels.notifications, tmp_path, environment={})
    assert "no warehouse" in problem


def test_another_run_is_waited_for_and_then_done(tmp_path: Path) -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with publish.only_run(tmp_path):
            held.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    with pytest.raises(BusyError), publish.only_run(tmp_path, wait_seconds=0):
        pytest.fail("two runs at once")
    threading.Timer(0.5, release.set).start()
    with publish.only_run(tmp_path, wait_seconds=30) as building:
        assert building.is_dir()
    thread.join()


def test_waiting_for_another_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = iter([0.0, 0.0, 9.0, 10.0])  # of the run that holds it; begun; after each try
    monkeypatch.setattr("time.monotonic", lambda: next(instants))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with (
        publish.only_run(tmp_path),
        pytest.raises(BusyError, match="Another run is working"),
        publish.only_run(tmp_path, wait_seconds=10),
    ):
        pytest.fail("two runs at once")
    assert next(instants, None) is None


class Patience:
    """As much of a session as trying again asks of."""

    def __init__(self, *, is_patient: bool) -> None:
        """Patient or not, with the default settings."""
        self.is_patient = is_patient
        self.settings = Settings(Path("in"), Path("out"))


def test_only_unsettled_exports_are_tried_again_and_only_by_a_patient_run() -> None:
    unsettled, broken = UnsettledError("changed"), DataError("broken")
    for error, is_patient, raised in (
        (unsettled, True, dg.RetryRequested),
        (unsettled, False, UnsettledError),
        (broken, True, DataError),
    ):
        run: Any = Patience(is_patient=is_patient)
        with pytest.raises(raised) as stopped, _tried_again(run):
            raise error
        assert type(stopped.value) is raised
    assert stopped.value is broken


class Reading:
    """As much of a session as staging asks of."""

    timezone = "Asia/Shanghai"
    con = mapping = None

    def __init__(self, exports: Path) -> None:
        """Read ``exports``."""
        self.settings = Settings(exports, exports.parent / "out")
        self.building = exports.parent

    class progress:  # noqa: N801 - an attribute
        """Says nothing."""

        note = staticmethod(lambda _: None)

    def one(self, _: str) -> tuple[int, ...]:
        """Files, their rows, those staged, those rejected, and problems."""
        return (1, 2, 2, 0, 0)


@pytest.mark.parametrize("ends", ["well", "badly"])
@pytest.mark.parametrize("change", ["grows", "new", "gone", "nothing"])
def test_exports_that_change_while_they_are_read_are_refused(
    deployment: Path, monkeypatch: pytest.MonkeyPatch, ends: str, change: str
) -> None:
    exports = deployment / "in"

    def stage(*_: object, **__: object) -> SimpleNamespace:
        if change == "grows":
            with (exports / "tickets.csv").open("a", encoding="utf-8") as file:
                file.write("T3\n")
        elif change == "new":
            (exports / "agents.csv").write_text("agent_id\n", encoding="utf-8")
        elif change == "gone":
            (exports / "tickets.csv").unlink()
        if ends == "badly":
            message = "tickets.csv ends in the middle of a row"
            raise DataError(message)
        return SimpleNamespace(changes=None)

    monkeypatch.setattr(session, "stage_exports", stage)
    run: Any = Reading(exports)
    if change == "nothing" and ends == "well":
        assert session.stage(run).startswith("1 file: 2 of 2 rows staged")
        return
    with pytest.raises(DataError) as stopped:
        session.stage(run)
    if change == "nothing":
        assert "middle of a row" in str(stopped.value)
    else:
        assert isinstance(stopped.value, UnsettledError)
        file = "agents.csv" if change == "new" else "tickets.csv"
        assert str(stopped.value).startswith(f"{file} changed while the exports in {exports}")


def test_a_run_that_leaves_out_the_exports_starts_from_the_last_result() -> None:
    tickets, mart = dg.AssetKey(["staging", "tickets"]), dg.AssetKey(["marts", "response_monthly"])

    def run(**given: Any) -> dg.DagsterRun:  # noqa: ANN401 - fields of a run
        return dg.DagsterRun(job_name=JOB, **given)

    assert not _is_partial(None)
    assert not _is_partial(run())
    assert not _is_partial(run(asset_selection={tickets, mart}))
    assert _is_partial(run(asset_selection={mart}))
    assert not _is_partial(run(step_keys_to_execute=["exports", "models"]))
    assert _is_partial(run(step_keys_to_execute=["models"]))


@pytest.mark.usefixtures("deployment")
def test_a_run_whose_process_died_begins_again_and_one_at_a_time_writes() -> None:
    tags = defs().resolve_job_def(JOB).tags
    assert tags["dagster/retry_strategy"] == "ALL_STEPS"
    assert tags["sla/writes"] == "warehouse"
    assert "sla/writes" not in defs().resolve_job_def(EDITIONS_JOB).tags
