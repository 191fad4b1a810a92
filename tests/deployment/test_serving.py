"""The report is served to this machine alone; everything runs by itself, and stops when told."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest
from click.testing import CliRunner
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)

from pipelines import cli
from pipelines.definitions import JOB
from pipelines.deployment.serving import HOST, report_server, wind_back
from pipelines.errors import UsageError
from pipelines.run import history

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report's folder with something beside it that is nobody's business."""
    folder = tmp_path / "out" / "report"
    (folder / "zh").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "index.html").write_text("the way in", encoding="utf-8")
    (folder / "zh" / "terms.html").write_text("the terms", encoding="utf-8")
    (folder / "data" / "all.csv").write_text("a,b\n", encoding="utf-8")
    (tmp_path / "out" / "checks.json").write_text("SECRET", encoding="utf-8")
    (tmp_path / "out" / "report-of-others").mkdir()
    (tmp_path / "out" / "report-of-others" / "index.html").write_text("SECRET", encoding="utf-8")
    (folder / "out.html").symlink_to(tmp_path / "out" / "checks.json")
    (folder / "up").symlink_to(tmp_path / "out")
    return folder


@pytest.fixture
def port(report: Path) -> Iterator[int]:
    with report_server(report, 0) as server:
        yield server.server_port


def ask(port: int, path: str, method: str = "GET", host: str | None = None) -> tuple[int, str]:
    """Status and body of a request whose path is sent as it stands."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host if host is not None else f"{HOST}:{port}")
    connection.endheaders()
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def test_the_report_is_there_under_its_own_names(port: int) -> None:
    assert ask(port, "/") == (200, "the way in")
    assert ask(port, "/zh/terms.html?x=1#here") == (200, "the terms")
    assert ask(port, "/data/all.csv") == (200, "a,b\n")
    assert ask(port, "/", "HEAD") == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/../checks.json",
        "/zh/../../checks.json",
        "/%2e%2e/checks.json",
        "/..%2fchecks.json",
        "/%2e%2e%2fchecks.json",
        "/..%5cchecks.json",
        "//../checks.json",
        "/../report-of-others/index.html",
        "/../report-of-others/",
        "/out.html",
        "/up/checks.json",
        "/up/report-of-others/",
        "/etc/passwd",
        "//etc/passwd",
        "/%00",
        "/zh/terms.html/",
    ],
)
def test_nothing_outside_the_report_is_given(port: int, path: str) -> None:
    status, body = ask(port, path)
    assert status == 404
    assert "SECRET" not in body
    assert "root:" not in body


@pytest.mark.parametrize("path", ["/zh/", "/zh", "/data", "/up/"])
def test_no_folder_is_listed(port: int, path: str) -> None:
    status, body = ask(port, path)
    assert status == 404
    assert "terms.html" not in body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example"])
def test_a_page_elsewhere_that_points_its_name_here_gets_nothing(port: int, host: str) -> None:
    status, body = ask(port, "/", host=host)
    assert status == 421
    assert "the way in" not in body


def test_localhost_is_a_name_of_this_machine(port: int) -> None:
    assert ask(port, "/", host=f"localhost:{port}")[0] == 200
    assert ask(port, "/", host="localhost")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(port: int, method: str) -> None:
    assert ask(port, "/", method)[0] == 501


def test_a_report_replaced_meanwhile_is_served_anew(port: int, report: Path) -> None:
    assert ask(port, "/")[1] == "the way in"
    (report / "new.html").write_text("the new way in", encoding="utf-8")
    (report / "new.html").replace(report / "index.html")
    assert ask(port, "/")[1] == "the new way in"


def test_it_listens_to_this_machine_only(report: Path) -> None:
    with report_server(report, 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert server.socket.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said(report: Path) -> None:
    with (
        report_server(report, 0) as first,
        pytest.raises(UsageError, match=f"Port {first.server_port} cannot be used.*--port"),
        report_server(report, first.server_port),
    ):
        pytest.fail("two servers on one port")


def test_channels_without_an_address_are_said_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    settings = tmp_path / "settings.yaml"
    settings.write_text(
        "paths: {exports: in, out: out}\nnotifications: {through: [dingtalk, wecom]}\n",
        encoding="utf-8",
    )
    result = CliRunner(env={"SLA_DINGTALK_URL": None, "SLA_WECOM_URL": None}).invoke(
        cli.main, ["serve", "--settings", str(settings)]
    )
    assert result.exit_code == 2
    assert "set SLA_DINGTALK_URL, SLA_WECOM_URL in the environment" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--terms", "nowhere"], "give the folder that holds the terms files"),
        (["--mapping", "nowhere.yaml"], "nowhere.yaml"),
        (["--port", "18333", "--dagster-port", "18333"], "cannot both be on port 18333"),
    ],
)
def test_what_a_run_would_refuse_is_said_before_anything_starts(
    tmp_path: Path, options: list[str], says: str
) -> None:
    (tmp_path / "exports").mkdir()
    folders = ["--exports", str(tmp_path / "exports"), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(cli.main, ["serve", *folders, *options])
    assert result.exit_code == 2
    assert says in result.output
    assert not (tmp_path / "out").exists()


def test_a_port_of_dagster_that_is_taken_is_said_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    folders = ["--exports", str(tmp_path / "exports"), "--out", str(tmp_path / "out")]
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(
            cli.main, ["serve", *folders, "--port", "18334", "--dagster-port", str(port)]
        )
    assert result.exit_code == 2
    assert f"Port {port} cannot be used" in result.output


Data = SensorInstigatorData | ScheduleInstigatorData


def test_a_clock_that_ran_ahead_does_not_keep_sensors_and_schedule_still(tmp_path: Path) -> None:
    now, year = 1_800_000_000.0, 365 * 24 * 3600.0
    place = RemoteRepositoryOrigin(
        GrpcServerCodeLocationOrigin(host=HOST, port=1, location_name="here"), "definitions"
    )

    def note(name: str, kind: InstigatorType, at: float, data: Data) -> None:
        origin = place.get_instigator_origin(name)
        state = instance.add_instigator_state(
            InstigatorState(origin, kind, InstigatorStatus.RUNNING, data)
        )
        instance.create_tick(
            TickData(
                *(origin.get_id(), name, kind, TickStatus.SKIPPED, at),
                selector_id=state.selector_id,
            )
        )

    def looked(at: float) -> SensorInstigatorData:
        return SensorInstigatorData(
            last_tick_timestamp=at, last_tick_start_timestamp=at, cursor="c"
        )

    with history(tmp_path) as instance:
        note("new_exports", InstigatorType.SENSOR, now + year, looked(now + year))
        note("late_editions", InstigatorType.SENSOR, now, looked(now))
        note(
            *("monthly", InstigatorType.SCHEDULE, now + year),
            ScheduleInstigatorData("0 7 2 * *", now - year, now + 1),
        )
        wind_back(instance, now)
        states = {state.instigator_name: state for state in instance.all_instigator_state()}
        assert {name: state.instigator_data for name, state in states.items()} == {
            "new_exports": looked(now),
            "late_editions": looked(now),
            "monthly": ScheduleInstigatorData("0 7 2 * *", now - year, now),
        }
        ticks = {
            name: len(instance.get_ticks(state.instigator_origin_id, state.selector_id))
            for name, state in states.items()
        }
        assert ticks == {"new_exports": 0, "late_editions": 1, "monthly": 0}


TICKETS = (
    "ticket_id,customer_type,city,service_code,fault_level,category,opened_at,responded_at\n"
    "T1,end_customer,成都,SASL012,3,fault,2025-03-07 17:00,2025-03-10 09:00\n"
    "T2,end_customer,成都,SASL012,3,fault,2025-04-30 17:00,2025-05-06 09:00\n"
)


def wait_for(what: Callable[[], bool], seconds: float, why: str) -> None:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            pytest.fail(f"after {seconds} s still not: {why}")
        time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
    return port


def answers(port: int, path: str) -> bool:
    try:
        return ask(port, path)[0] == 200
    except OSError:
        return False


def is_alive(group: int) -> bool:
    """Whether a process of the group is there and no zombie."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[3]) == group:
            return True
    return False


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_new_exports_are_run_the_last_month_gets_its_edition_and_ctrl_c_ends_all(
    tmp_path: Path,
) -> None:
    exports, out = tmp_path / "in", tmp_path / "out"
    exports.mkdir()
    with history(out) as instance:  # as a machine that lost power leaves it
        tags = {"sla/writes": "warehouse", "dagster/max_retries": "0"}
        instance.add_run(dg.DagsterRun(JOB, status=dg.DagsterRunStatus.STARTED, tags=tags))
    settings = tmp_path / "settings.yaml"
    settings.write_text(
        textwrap.dedent(
            f"""
            paths: {{exports: {exports}, out: {out}}}
            schedule: {{settle_seconds: 5}}
            """
        ),
        encoding="utf-8",
    )
    ports = {"--port": free_port(), "--dagster-port": free_port()}
    with (tmp_path / "log").open("w", encoding="utf-8") as log:
        serving = subprocess.Popen(
            [
                *(sys.executable, "-c", "from pipelines.cli import main; main(prog_name='sla')"),
                *("serve", "--settings", str(settings)),
                *(str(word) for option in ports.items() for word in option),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )

    def children() -> list[int]:
        path = Path(f"/proc/{serving.pid}/task/{serving.pid}/children")
        return [int(pid) for pid in path.read_text(encoding="utf-8").split()]

    try:
        wait_for(lambda: answers(ports["--dagster-port"], "/server_info"), 180, "Dagster answers")
        status, said = ask(ports["--port"], "/")
        assert (status, "还没有报告" in said, "no report yet" in said) == (404, True, True)
        (exports / "tickets.csv").write_text(TICKETS, encoding="utf-8")
        wait_for(lambda: answers(ports["--port"], "/index.html"), 300, "the report is there")
        edition = out / "months" / "2025-04" / "management-2025-04.zh.html"
        wait_for(edition.exists, 300, "the edition of the last month that is over")
        [dagster] = children()
    finally:
        serving.send_signal(signal.SIGINT)
        try:
            status = serving.wait(120)
        except subprocess.TimeoutExpired:
            serving.kill()
            raise
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert status == 0, said[-3000:]
    assert "Stopping …" in said
    assert "Traceback" not in said, said[-3000:]
    assert not is_alive(dagster), "Dagster's processes are gone with it"
