"""Editions of months: read-only, beside each other, whole, and late when they are not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import defs
from pipelines.deployment import MONTHS, editions
from pipelines.deployment.automation import EDITION, EDITIONS_JOB
from pipelines.errors import DataError, UsageError
from pipelines.reporting.office import write_office
from pipelines.reporting.report import read_frames, report_of
from pipelines.run import prepare_history
from pipelines.warehouse import open_reader
from tests.sample_result import SAMPLE, build_warehouse

ROOT = Path(__file__).parents[2]
MAY, JUNE = date(2025, 5, 1), date(2025, 6, 1)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published result over the sample."""
    out = tmp_path_factory.mktemp("result")
    build_warehouse(out)
    return out


@pytest.fixture
def out(result: Path, tmp_path: Path) -> Path:
    """An OUT of its own with the sample's warehouse."""
    shutil.copy(result / "warehouse.duckdb", tmp_path)
    return tmp_path


@pytest.fixture
def environment(out: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLA_EXPORTS", str(SAMPLE))
    monkeypatch.setenv("SLA_OUT", str(out))
    monkeypatch.delenv("SLA_SETTINGS", raising=False)
    return out


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_an_edition_is_two_pages_and_a_workbook_in_a_folder_of_its_month(out: Path) -> None:
    made = editions.write_edition(out, MAY)
    assert names(out / MONTHS) == [
        "2025-05",
        "2025-05/management-2025-05.en.html",
        "2025-05/management-2025-05.xlsx",
        "2025-05/management-2025-05.zh.html",
    ]
    assert made.is_closed
    page = (out / MONTHS / "2025-05" / "management-2025-05.en.html").read_text(encoding="utf-8")
    assert "· 2025-05</" in page
    assert f"{made.as_of:%Y-%m-%d %H:%M}" in page, "it says as of when"
    assert "<script" not in page
    book = zipfile.ZipFile(out / MONTHS / "2025-05" / "management-2025-05.xlsx")
    assert "2025-05" in book.read("xl/sharedStrings.xml").decode()


def test_the_edition_of_the_month_the_report_opens_on_is_the_reports_own(
    out: Path,
) -> None:
    month = editions.last_closed_month(out)
    assert month is not None
    editions.write_edition(out, month)
    with open_reader(out / "warehouse.duckdb") as con:
        write_office(report_of(read_frames(con)), out / "report")
    mine = (out / MONTHS / f"{month:%Y-%m}" / f"management-{month:%Y-%m}.zh.html").read_bytes()
    assert mine == (out / "report" / "management-mail.zh.html").read_bytes()


def test_the_warehouse_is_read_and_never_written(out: Path) -> None:
    warehouse = out / "warehouse.duckdb"
    before, warehouse_mode = warehouse.read_bytes(), 0o444
    warehouse.chmod(warehouse_mode)
    editions.write_edition(out, MAY)
    assert warehouse.read_bytes() == before
    assert not list(out.glob("*.wal"))


def test_a_month_without_tickets_is_refused_and_leaves_nothing(out: Path) -> None:
    with pytest.raises(DataError, match="no fault tickets of 2031-01"):
        editions.write_edition(out, date(2031, 1, 1))
    assert not (out / MONTHS).exists()


def test_without_a_result_there_is_no_edition(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no warehouse"):
        editions.write_edition(tmp_path, MAY)


def test_a_write_that_fails_keeps_the_edition_that_was_there(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editions.write_edition(out, MAY)
    folder = out / MONTHS / "2025-05"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fails(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(OSError, match="No space"):
        editions.write_edition(out, MAY)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_months_are_partitions_of_a_job_that_runs_its_steps_in_processes(environment: Path) -> None:
    assert environment.is_dir()
    job = defs().resolve_job_def(EDITIONS_JOB)
    assert job.executor_def.name == "multiprocess"
    assert job.partitions_def is not None
    keys = job.partitions_def.get_partition_keys()
    assert keys[0] == "2020-01"
    assert {"2025-05", "2025-06"} <= set(keys)
    assert not job.required_resource_keys - {"io_manager"}, "it does not hold the one writer"


def materialize(month: str, home: Path) -> subprocess.CompletedProcess[str]:
    """One partition's run in a process of its own, as a run launcher starts it."""
    return subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-m", "dagster", "job", "execute"),
            *("--module-name", "pipelines.definitions", "--job", EDITIONS_JOB),
            *("--tags", f'{{"dagster/partition": "{month}"}}'),
        ],
        cwd=home,
        env={**os.environ, "DAGSTER_HOME": str(home), "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.slow
def test_months_are_made_beside_each_other_in_processes_of_their_own(environment: Path) -> None:
    home = prepare_history(environment)
    with dg.DagsterInstance.from_config(str(home)):
        pass  # the history is laid out once, not by both at the same time
    asked = ["2025-04", "2025-05"]
    # Somebody reads the warehouse all the while.
    with (
        open_reader(environment / "warehouse.duckdb"),
        ThreadPoolExecutor(len(asked)) as pool,
    ):
        done = list(pool.map(lambda month: materialize(month, home), asked))
    assert [one.returncode for one in done] == [0, 0], done[0].stderr[-2000:]
    for month in asked:
        assert len(names(environment / MONTHS / month)) == 3
    with dg.DagsterInstance.from_config(str(home)) as instance:
        processes = []
        for record in instance.get_run_records():
            for entry in instance.all_logs(record.dagster_run.run_id):
                event = entry.dagster_event
                if event is not None and event.event_type_value == "STEP_WORKER_STARTED":
                    processes.append(event.pid)
        assert instance.get_materialized_partitions(EDITION) == set(asked)
    assert len(processes) == len(set(processes)) == len(asked)


@pytest.mark.usefixtures("environment")
def test_an_edition_that_is_not_there_by_the_deadline_is_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    definitions = defs()
    job = definitions.resolve_job_def(EDITIONS_JOB)
    [check] = [
        definition
        for definition in definitions.asset_checks or ()
        if isinstance(definition, dg.AssetChecksDefinition)
    ]
    with dg.DagsterInstance.ephemeral() as instance:

        def make(month: str) -> None:
            done = job.execute_in_process(partition_key=month, instance=instance)
            assert done.success

        def is_late() -> bool:
            done = dg.materialize(
                [edition_asset(definitions), check],
                instance=instance,
                selection=dg.AssetSelection.checks(check),
            )
            [found] = done.get_asset_check_evaluations()
            assert done.success, "a late edition is a warning"
            assert found.severity == dg.AssetCheckSeverity.WARN
            return not found.passed

        # The settings' deadline is the 5th, 6:00 in Shanghai: the 4th, 22:00 UTC.
        make("2025-05")
        freeze(monkeypatch, "2025-07-04T21:59:59+00:00")
        assert not is_late(), "June's is not due yet"
        freeze(monkeypatch, "2025-07-04T22:00:00+00:00")
        assert is_late()
        make("2025-06")
        assert not is_late()


def edition_asset(definitions: dg.Definitions) -> dg.AssetsDefinition:
    [found] = [
        definition
        for definition in definitions.assets or ()
        if isinstance(definition, dg.AssetsDefinition) and EDITION in definition.keys
    ]
    return found


def freeze(monkeypatch: pytest.MonkeyPatch, instant: str) -> None:
    """Stop the clock of the check."""
    stamp = datetime.fromisoformat(instant).timestamp()
    place = "dagster._core.definitions.asset_checks.asset_check_factories.freshness_checks"
    monkeypatch.setattr(f"{place}.time_partition.get_current_timestamp", lambda: stamp)
