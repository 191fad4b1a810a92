"""``sla serve``: Dagster's pages and daemon, and the report beside them, for this machine only.

Dagster is a process of its own with its history in ``OUT/.dagster``, the same that ``sla run``
keeps. The report is read from ``OUT/report`` at each request, so a new result shows at once.

Belongs here: starting both and stopping both. Does not belong here: what Dagster does by itself
(``automation``) and how it is exposed to others: that takes a server with a lock on its door.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipelines import own_process, publish
from pipelines.deployment.automation import SERVED
from pipelines.deployment.notifications import missing_secrets
from pipelines.errors import BusyError, UsageError
from pipelines.exports import load_mapping
from pipelines.privacy.key import discretion
from pipelines.run import end_dead_runs, history, prepare_history
from pipelines.terms import load_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import BinaryIO

    import dagster as dg

    from pipelines.session import Settings

HOST: Final = "127.0.0.1"
STOP_SECONDS: Final = 60
"""How long Dagster gets to stop; a run that is under way ends with it and publishes nothing."""


def serve(
    settings: Settings,
    variables: Mapping[str, str],
    ports: tuple[int, int],
    say: Callable[[str], None],
) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit status.

    Args:
        settings: of the runs.
        variables: the ``SLA_*`` variables that give Dagster the same settings.
        ports: of the report and of Dagster.
        say: tells where both are.

    Raises:
        UsageError: what serving needs is missing, a port is taken, or terms, mapping or key
            cannot be used.
    """
    _check(settings)
    _check_ports(*ports)
    _repair(settings.out)
    home = prepare_history(settings.out)
    report_port, dagster_port = ports
    with _stopped_by_signals(), report_server(settings.out / "report", report_port) as server:
        say(f"Report   http://{HOST}:{server.server_port}/")
        say(
            f"Dagster  http://{HOST}:{dagster_port}/   (schedule, sensors, runs; Ctrl-C stops both)"
        )
        dagster = _start_dagster(home, variables, dagster_port)
        try:
            status = dagster.wait()
        except KeyboardInterrupt:
            say("Stopping …")
            _stop(dagster)
            return 0
        finally:
            if dagster.poll() is None:
                _stop(dagster)
    message = (
        f"Dagster ended by itself (status {status}); what it said stands above. "
        f"Is port {dagster_port} taken? Another one: --dagster-port."
    )
    raise UsageError(message)


def _check(settings: Settings) -> None:
    if find_spec("dagster_webserver") is None:
        message = "sla serve needs Dagster's web pages: pip install 'sla-audit[ui]'"
        raise UsageError(message)
    missing = missing_secrets(settings.file.notifications)
    if missing:
        message = (
            f"The settings name channels whose address is not known: set {', '.join(missing)} in "
            "the environment, or take the channel out of notifications.through."
        )
        raise UsageError(message)
    # What each run would refuse is said now, and not in Dagster's words at the first of them.
    load_terms(settings.terms)
    if settings.mapping:
        load_mapping(settings.mapping)
    discretion(settings.file.privacy, settings.out)


def _check_ports(report_port: int, dagster_port: int) -> None:
    """Dagster says of a port that is taken what nobody understands, and goes on without pages."""
    if report_port == dagster_port:
        message = (
            f"The report and Dagster's pages cannot both be on port {report_port}. "
            "Name another one: --port or --dagster-port."
        )
        raise UsageError(message)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, dagster_port))
        except OSError as error:
            message = (
                f"Port {dagster_port} cannot be used ({error.strerror}). "
                "Another one: --dagster-port."
            )
            raise UsageError(message) from error


def _repair(out: Path) -> None:
    """Put in order what killed processes left: the result, and runs that look as if under way."""
    with suppress(BusyError), publish.only_run(out), history(out) as instance:
        end_dead_runs(instance)
        wind_back(instance, time.time())


def wind_back(instance: dg.DagsterInstance, now: float) -> None:
    """Take what Dagster noted while the clock ran ahead for noted ``now``.

    It counts from the time of the last look of a sensor and the last tick of a schedule: one that
    lies a year ahead would keep them still for a year.
    """
    for state in instance.all_instigator_state():
        noted = state.instigator_data._asdict() if state.instigator_data else {}
        ahead: dict[str, Any] = {
            name: now
            for name, at in noted.items()
            if name.endswith("_timestamp") and at and at > now
        }
        if state.instigator_data and ahead:
            data = state.instigator_data._replace(**ahead)
            instance.update_instigator_state(state.with_data(data))
        where = (state.instigator_origin_id, state.selector_id)
        ticks = [tick.timestamp for tick in instance.get_ticks(*where, after=now)]
        if ticks:
            instance.purge_ticks(*where, before=max(ticks) + 1)


def _start_dagster(home: Path, variables: Mapping[str, str], port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [
            *(sys.executable, "-W", "ignore", "-m", "dagster", "dev"),
            *("--module-name", "pipelines.definitions"),
            *("--host", HOST, "--port", str(port), "--log-level", "warning"),
        ],
        env=own_process.environment(
            **{
                **variables,
                SERVED: "1",
                "DAGSTER_HOME": str(home),
                "DAGSTER_DISABLE_TELEMETRY": "1",
            }
        ),
        cwd=home,
        # Ctrl-C in a terminal reaches every process in it: Dagster hears of it from us, once.
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, and end what is left."""
    process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if os.name == "posix":
        # Its own children are in its session; those that outlive it would keep the port.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Take a SIGTERM, as a service manager sends it, for a Ctrl-C.

    The SIGINT of a Ctrl-C is asked for too: a shell starts what runs in the background with it
    ignored, and what we start would inherit that.
    """

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def report_server(folder: Path, port: int) -> Iterator[ThreadingHTTPServer]:
    """Serve the files of ``folder`` on this machine, for as long as the block lasts.

    Raises:
        UsageError: the port is taken.
    """
    try:
        server = _Server((HOST, port), partial(ReportHandler, directory=str(folder)))
    except OSError as error:
        message = f"Port {port} cannot be used ({error.strerror}). Another one: --port."
        raise UsageError(message) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as there
        """Say nothing of a reader who went away in the middle."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


NO_REPORT: Final = (
    "还没有报告：导出文件不再变动后会自动运行，运行情况见 Dagster 的页面。 There is no report yet: "
    "a run begins by itself once the exports have stopped changing; Dagster's pages show how far "
    "it is. Load this page again when it is done."
)
"""What stands in place of the report before the first run is over."""


class ReportHandler(SimpleHTTPRequestHandler):
    """The report's files, to be read and nothing else: no list of a folder, nothing outside it."""

    server_version = "sla"
    sys_version = ""

    def send_head(self) -> BinaryIO | None:
        """Refuse what does not ask for a file of the report by a name of this machine."""
        if not self._is_local_name():
            # A page elsewhere can point a name of its own at this address, and read the answer.
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if not self._is_a_file_of_the_report():
            is_there = (Path(self.directory) / "index.html").is_file()
            self.send_error(HTTPStatus.NOT_FOUND, explain=None if is_there else NO_REPORT)
            return None
        return super().send_head()

    def _is_a_file_of_the_report(self) -> bool:
        asked = Path(self.translate_path(self.path))
        with suppress(OSError, ValueError):  # a name no file can have
            if asked.is_dir():
                asked /= "index.html"
            folder = Path(self.directory).resolve()
            return asked.is_file() and asked.resolve().is_relative_to(folder)
        return False

    def _is_local_name(self) -> bool:
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        return name in {HOST, "localhost", "[::1]"}

    def end_headers(self) -> None:
        """Nothing is kept by the browser: the next run may say otherwise."""
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each file."""
