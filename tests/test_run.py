"""A whole run: what it leaves in OUT, what its history says, and what stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import duckdb
import pytest
from click.testing import CliRunner
from dagster._utils.tags import TagConcurrencyLimitsCounter

from pipelines import cli, publish
from pipelines.assets import asset_key
from pipelines.checks.validation import CheckResult
from pipelines.checks.validator import Validator
from pipelines.definitions import JOB, defs
from pipelines.progress import STEPS
from pipelines.run import HISTORY, end_dead_runs, forget_old_runs, history
from pipelines.warehouse.models import load_models
from tests.dashboards import plotly_takes

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "sample_data"
TICKETS = (
    "ticket_id,customer_id,customer_type,city,service_code,fault_level,category,opened_at,"
    "responded_at\n"
    "T1,C1,end_customer,成都,SASL012,3,fault,2025-03-07 17:00,2025-03-10 09:00\n"
)


class Run(NamedTuple):
    """A finished ``sla run`` and its OUT."""

    out: Path
    done: subprocess.CompletedProcess[str]


def start(*arguments: object) -> subprocess.CompletedProcess[str]:
    """``sla`` in a process of its own, as a person calls it from a script."""
    script = "from pipelines.cli import main; main(prog_name='sla')"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("sample") / "out"
    return Run(out, start("run", "--exports", SAMPLE, "--out", out))


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    return folder


def visible(out: Path) -> dict[str, bytes]:
    """What a person sees in OUT: everything but names that start with a dot."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.relative_to(out).as_posix().startswith(".")
    }


def kept(out: Path) -> Path:
    """An OUT that holds a result already."""
    with publish.only_run(out) as building:
        (building / "warehouse.duckdb").write_text("the last result", encoding="utf-8")
        publish.publish(out)
    return out


KEPT = {"warehouse.duckdb": b"the last result"}


def test_it_succeeds_and_tells_each_step_and_where_the_result_is(sample: Run) -> None:
    assert sample.done.returncode == 0, sample.done.stderr
    assert str(sample.out / "report" / "index.html") in sample.done.stdout
    told = sample.done.stderr.splitlines()
    assert [line.split()[0] for line in told] == list(STEPS), "one plain line a step, no more"


def test_out_holds_warehouse_report_checks_and_history(sample: Run) -> None:
    names = {path.name for path in sample.out.iterdir()}
    assert names == {
        "warehouse.duckdb",
        "report",
        "checks.json",
        "quality_history.csv",
        HISTORY,
        ".lock",
        ".published.json",
    }
    assert (sample.out / "report" / "index.html").is_file()


def test_plotly_takes_every_figure_of_the_report(sample: Run) -> None:
    figures = [
        figure
        for page in sorted((sample.out / "report").glob("??/*.html"))
        for figure in plotly_takes.figures_of(page).values()
    ]
    assert len(figures) > 30, "management by month, promises, finance, quality, in two languages"
    for figure in figures:
        plotly_takes.check(figure)


@pytest.mark.slow
def test_rows_to_mend_are_mended_and_fed_back(tmp_path: Path, exports: Path) -> None:
    bad = TICKETS.splitlines()[1].replace("T1", "T2").replace(",3,", ",five,")
    (exports / "tickets.csv").write_text(f"{TICKETS}{bad}\n", encoding="utf-8")
    out = tmp_path / "out"
    assert start("run", "--exports", exports, "--out", out).returncode == 0
    given_back = out / "report" / "data" / "mend" / "tickets_mended.csv"
    mended = given_back.read_text(encoding="utf-8").replace(",five,", ",3,")
    (exports / "tickets_mended.csv").write_text(mended, encoding="utf-8")

    done = start("run", "--exports", exports, "--out", out)

    assert done.returncode == 0, done.stderr
    assert not given_back.exists(), "nothing is left to mend"
    with duckdb.connect(str(out / "warehouse.duckdb"), read_only=True) as con:
        verdicts = con.execute("select ticket_id, verdict from facts.responses order by all")
        assert verdicts.fetchall() == [("T1", "met"), ("T2", "met")]
        history = con.execute("select run_no, problems from meta.quality_history order by all")
        assert history.fetchall() == [(1, 1), (2, 0)]


def test_every_table_is_an_asset_and_is_kept_unless_in_memory(sample: Run) -> None:
    with duckdb.connect(str(sample.out / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
    assets = {
        ".".join(key.path)
        for key in defs().resolve_asset_graph().materializable_asset_keys
        if key.path[0] not in {"report", "months"}
    }
    scratch = {model.name for model in load_models() if model.is_scratch}
    assert {name for (name,) in found} == assets - scratch


def test_the_history_has_the_run_with_row_counts_columns_and_lineage(sample: Run) -> None:
    with duckdb.connect(str(sample.out / "warehouse.duckdb"), read_only=True) as con:
        row = con.execute("select count(*) from facts.responses").fetchone()
    with dg.DagsterInstance.from_config(str(sample.out / HISTORY)) as instance:
        (run,) = instance.get_runs()
        event = instance.get_latest_materialization_event(asset_key("facts.responses"))
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert event is not None
    assert event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert row is not None
    assert metadata["dagster/row_count"].value == row[0] > 0
    schema = metadata["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    model = next(model for model in load_models() if model.name == "facts.responses")
    assert {column.name: column.description for column in schema.columns} == model.columns
    lineage = metadata["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert {dep.asset_key.path[0] for dep in lineage.deps_by_column["due_at"]} >= {"clocks"}


def evaluations(out: Path) -> tuple[dg.DagsterRunStatus, dict[tuple[str, str], Any]]:
    """How the one run of OUT's history ended, and what it says of each check."""
    with dg.DagsterInstance.from_config(str(out / HISTORY)) as instance:
        (run,) = instance.get_runs()
        entries = instance.all_logs(run.run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = {}
    for entry in entries:
        assert entry.dagster_event is not None
        evaluation = entry.dagster_event.asset_check_evaluation_data
        found[".".join(evaluation.asset_key.path), evaluation.check_name] = evaluation
    return run.status, found


def test_the_history_has_the_checks_with_their_severity(sample: Run) -> None:
    _, found = evaluations(sample.out)
    must, should = found["staging.tickets", "must_hold"], found["staging.tickets", "should_hold"]
    assert must.passed
    assert must.severity == dg.AssetCheckSeverity.ERROR
    assert not should.passed, "the sample has planted defects"
    assert should.severity == dg.AssetCheckSeverity.WARN


def test_the_same_inputs_give_the_same_bytes(sample: Run, tmp_path: Path) -> None:
    again = start("run", "--exports", SAMPLE, "--out", tmp_path / "out", "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    first, second = visible(sample.out), visible(tmp_path / "out")
    assert first.keys() == second.keys()
    different = [
        name
        for name in first
        if first[name] != second[name] and name != "warehouse.duckdb"  # pages of a database
    ]
    assert different == []


def test_missing_tickets_stop_it_and_leave_out_as_it_was(tmp_path: Path) -> None:
    out = kept(tmp_path / "out")
    (tmp_path / "exports").mkdir()
    result = CliRunner().invoke(
        cli.main, ["run", "--exports", str(tmp_path / "exports"), "--out", str(out)]
    )
    assert result.exit_code == 1
    assert "No tickets export" in result.output
    assert "Traceback" not in result.output
    assert visible(out) == KEPT


def test_exports_of_headers_alone_are_said_to_hold_no_rows(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text("ticket_id,opened_at\n", encoding="utf-8")
    result = CliRunner().invoke(
        cli.main, ["run", "--exports", str(folder), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "1 file: 0 of 0 rows staged" in result.output
    assert "hold no rows: below the header there is nothing in tickets.csv" in result.output


def test_a_critical_check_stops_it_and_leaves_out_as_it_was(
    tmp_path: Path, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = kept(tmp_path / "out")
    failed = CheckResult(
        table="staging.tickets",
        check="key_unique",
        description_en="No two rows share ticket_id.",
        description_zh="ticket_id 不重复。",
        severity="critical",
        success=False,
        rows=1,
        unexpected_count=1,
        sample=({"source_file": "tickets.csv", "source_row": 2, "ticket_id": "T1"},),
        guards="contract: tickets",
        document={},
    )
    answer = Validator.answer
    monkeypatch.setattr(Validator, "answer", lambda validator: [*answer(validator), failed])
    result = CliRunner().invoke(
        cli.main, ["run", "--exports", str(exports), "--out", str(out), "--quiet"]
    )
    assert result.exit_code == 1, result.output
    assert "staging.tickets, key_unique" in result.output
    assert "tickets.csv, row 2" in result.output
    assert visible(out) == KEPT
    status, found = evaluations(out)
    assert status == dg.DagsterRunStatus.FAILURE
    assert not found["staging.tickets", "must_hold"].passed, "Dagster shows what stopped it"


def test_a_month_without_tickets_is_refused(tmp_path: Path, exports: Path) -> None:
    out = kept(tmp_path / "out")
    options = ["--exports", str(exports), "--out", str(out), "--month", "2031-01"]
    result = CliRunner().invoke(cli.main, ["run", *options])
    assert result.exit_code == 2
    assert "no ticket was opened in that month" in result.output
    assert visible(out) == KEPT


def test_a_second_run_on_the_same_out_is_refused(tmp_path: Path, exports: Path) -> None:
    with publish.only_run(tmp_path / "out"):
        result = CliRunner().invoke(
            cli.main, ["run", "--exports", str(exports), "--out", str(tmp_path / "out")]
        )
    assert result.exit_code == 1
    assert f"(process {os.getpid()}, started " in result.output


def test_terms_that_cannot_be_used_stop_it_before_anything_is_touched(
    tmp_path: Path, exports: Path
) -> None:
    (tmp_path / "terms").mkdir()
    (tmp_path / "terms" / "cities.yaml").write_text("values: 7\n", encoding="utf-8")
    options = {"--exports": exports, "--out": tmp_path / "out", "--terms": tmp_path / "terms"}
    arguments = [str(word) for option in options.items() for word in option]
    result = CliRunner().invoke(cli.main, ["run", *arguments])
    assert result.exit_code == 2
    assert "cities.yaml" in result.output
    assert not (tmp_path / "out").exists()


def test_the_history_keeps_the_latest_runs_and_their_files_only(tmp_path: Path) -> None:
    @dg.job
    def nothing() -> None:
        pass

    with history(tmp_path) as instance:
        runs = [nothing.execute_in_process(instance=instance).run_id for _ in range(3)]
        forget_old_runs(instance, kept=2)
        assert {run.run_id for run in instance.get_runs()} == set(runs[1:])
        files = {file.name for file in (tmp_path / HISTORY / "history" / "runs").glob("*.db")}
        assert files == {"index.db", *(f"{run}.db" for run in runs[1:])}
        assert instance.all_logs(runs[2]), "what is kept can be read"


@pytest.mark.parametrize("file", ["runs.db", "runs/index.db"])
@pytest.mark.parametrize("left", [b"", b"SQLite format 3\0 and then nothing of the kind", None])
def test_a_history_that_cannot_be_read_is_set_aside(
    tmp_path: Path, file: str, left: bytes | None
) -> None:
    with history(tmp_path) as instance:
        run = instance.add_run(dg.DagsterRun(JOB)).run_id
    database = tmp_path / HISTORY / "history" / file
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2] if left is None else left)
    for _ in range(2):
        with history(tmp_path) as instance:
            instance.add_run(dg.DagsterRun(JOB))
            assert run not in {kept.run_id for kept in instance.get_runs()} or left == b""


def test_the_history_is_kept_as_told_whatever_its_folder_is_called(tmp_path: Path) -> None:
    with history(tmp_path / "out[1]") as instance:
        assert not instance.telemetry_enabled
        assert type(instance.event_log_storage).__name__ == "OpenEventLog"
        assert instance.root_directory == str(tmp_path / "out[1]" / HISTORY)


def test_a_run_whose_process_was_killed_is_not_under_way_for_ever(tmp_path: Path) -> None:
    def left(status: dg.DagsterRunStatus, by: str) -> str:
        tags = {"sla/writes": by}
        return instance.add_run(dg.DagsterRun(JOB, status=status, tags=tags)).run_id

    status = dg.DagsterRunStatus
    with history(tmp_path) as instance:
        runs = {
            left(status.STARTED, "command"): (status.FAILURE, status.FAILURE),
            left(status.SUCCESS, "command"): (status.SUCCESS, status.SUCCESS),
            left(status.STARTED, "warehouse"): (status.STARTED, status.FAILURE),
            left(status.STARTING, "warehouse"): (status.STARTING, status.FAILURE),
        }
        end_dead_runs(instance, {"sla/writes": "command"})
        assert {run.run_id: run.status for run in instance.get_runs()} == {
            run: by_the_next_command for run, (by_the_next_command, _) in runs.items()
        }
        end_dead_runs(instance)
        assert {run.run_id: run.status for run in instance.get_runs()} == {
            run: when_served for run, (_, when_served) in runs.items()
        }


@pytest.mark.parametrize(("by", "is_blocked"), [("warehouse", True), ("command", False)])
def test_what_writes_by_itself_waits_for_its_like_and_not_for_a_command(
    by: str, *, is_blocked: bool, tmp_path: Path
) -> None:
    def of(by: str) -> dg.DagsterRun:
        return dg.DagsterRun(JOB, tags={"sla/writes": by})

    with history(tmp_path) as instance:
        queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    waiting = TagConcurrencyLimitsCounter(queue.tag_concurrency_limits, [of(by)])
    assert waiting.is_blocked(of("warehouse")) is is_blocked, "a killed command blocks nothing"


KILLED = """
import os, pathlib, signal, sys
from pipelines import progress, run
from pipelines.session import Settings

class Killed(progress.Silent):
    def begin(self, step):
        if step == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)

run.run(Settings(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])), Killed())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", ["exports", pytest.param("publish", marks=pytest.mark.slow)])
def test_killed_at_a_step_the_last_result_stays_and_the_next_run_repairs(
    step: str, tmp_path: Path, exports: Path
) -> None:
    out = kept(tmp_path / "out")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(exports), str(out), step], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert visible(out) == KEPT
    assert (out / publish.BUILDING / "warehouse.duckdb").exists(), "it was at work"
    with publish.only_run(out) as building:
        assert list(building.iterdir()) == []
    assert visible(out) == KEPT


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_the_validator_does_not_outlive_a_killed_run() -> None:
    script = (
        "import os, signal, time\n"
        "from pipelines.checks.validator import Validator\n"
        "print(Validator()._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=False, stdout=subprocess.PIPE
    )
    validator = int(killed.stdout)
    for _ in range(600):  # it may be importing
        try:
            os.kill(validator, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail(f"process {validator} is still there")


@pytest.mark.slow
def test_part_of_the_assets_can_be_built_again_on_the_last_result(
    tmp_path: Path, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLA_EXPORTS", str(exports))
    monkeypatch.setenv("SLA_OUT", str(tmp_path / "out"))
    job = defs().resolve_job_def(JOB)
    assert job.execute_in_process().success
    before = visible(tmp_path / "out")
    (exports / "tickets.csv").unlink()  # a part does not read the exports again
    mart = asset_key("marts.response_monthly")
    graph = defs().resolve_asset_graph()
    later = dg.AssetSelection.assets(mart).downstream().required_multi_asset_neighbors()
    editions = dg.AssetSelection.key_prefixes("months")  # a job of their own, by month
    selection = (later - editions).resolve(graph)
    assert job.execute_in_process(asset_selection=sorted(selection)).success
    after = visible(tmp_path / "out")
    assert before.keys() == after.keys()
    assert before["report/index.html"] == after["report/index.html"]
