"""The Spark session, set so that SQL means what it means on DuckDB.

Belongs here: whether PySpark and Java are there, whether the master answers, and the settings.
Does not belong here: what is asked of the session.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import shutil
import socket
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from py4j.protocol import Py4JJavaError
    from pyspark.sql import SparkSession

SETTINGS: Final = {
    # Overflow, bad casts and division by zero are errors, never a null or a wrapped number.
    "spark.sql.ansi.enabled": "true",
    # TIMESTAMP is local time as written; nothing may shift it.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Nothing of ours belongs into a catalogue that others share.
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.showConsoleProgress": "false",
}
"""What the same answers need, and nothing about sizes: those are the cluster's to say."""
LOCAL_SETTINGS: Final = {
    # One machine has few cores, and nobody looks at its pages.
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.driver.host": "localhost",
    "spark.driver.bindAddress": "127.0.0.1",
}
SECONDS_TO_ANSWER: Final = 5
_LINES_OF_A_REASON: Final = 5
_CAUSE: Final = re.compile(r"Exception|Error|Caused by")


def check_installed() -> None:
    """Say what is missing before a session is tried.

    Raises:
        UsageError: PySpark or Java is not there, with the command that brings it.
    """
    if importlib.util.find_spec("pyspark") is None:
        message = (
            "--engine spark needs PySpark, which is not installed. Install the extra: "
            "python -m pip install 'sla-audit[spark]' (about 450 MB), or run without --engine."
        )
        raise UsageError(message)
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java") or (home and shutil.which("java", path=str(Path(home) / "bin")))
    if not java:
        message = (
            "--engine spark needs Java 17 or newer, and there is no java on the PATH nor under "
            "JAVA_HOME. Install it (Debian: apt install default-jre-headless), or run without "
            "--engine."
        )
        raise UsageError(message)


def check_answers(master: str) -> None:
    """Say at once that nobody listens at a ``spark://`` master: Spark would try for a minute.

    Raises:
        UsageError: none of the hosts of ``master`` takes a connection.
    """
    if not master.startswith("spark://"):
        return
    reasons = []
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), SECONDS_TO_ANSWER):
                return
        except (OSError, ValueError) as error:
            reasons.append(f"{place}: {error}")
    message = (
        f"--master {master} does not answer ({'; '.join(reasons)}). Check host and port (as the "
        "master's own page shows them, such as spark://host:7077) and that it runs."
    )
    raise UsageError(message)


def open_session(master: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session on ``master``; ``settings`` add to ``SETTINGS`` (sizes, say).

    Raises:
        UsageError: PySpark or Java is missing, or there is no session to be had of ``master``.
    """
    check_installed()
    check_answers(master)
    _name_main_module()
    # It speaks of pandas' frames; there are none here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an extra: only now is it known to be there
    from pyspark.errors import PySparkException  # noqa: PLC0415 - as above
    from pyspark.sql import SparkSession  # noqa: PLC0415 - as above

    is_local = master.startswith("local")
    builder = SparkSession.builder.appName("sla-audit").master(master)
    ours = {**SETTINGS, **(LOCAL_SETTINGS if is_local else {}), **(settings or {})}
    for name, value in ours.items():
        builder = builder.config(name, value)
    with _quiet() as said:
        try:
            session = builder.getOrCreate()
        except (PySparkException, Py4JError, OSError) as error:
            message = (
                f"There is no Spark session to be had of --master {master}: {_reason(error, said)} "
                "Try the same master with the cluster's own pyspark or spark-submit; "
                "pipelines/spark/README.md says what a cluster needs."
            )
            raise UsageError(message) from error
    session.sparkContext.setLogLevel("ERROR")
    # What it would print as JSON is said once, where the error is handled.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    return session


def _name_main_module() -> None:
    """Give the main module of ``python -c`` the file it lacks.

    PySpark's Connect, which Great Expectations imports, takes its absence for its own doctests
    and ends the process.
    """
    sys.modules["__main__"].__dict__.setdefault("__file__", None)


@contextlib.contextmanager
def _quiet() -> Iterator[IO[bytes]]:
    """Keep what Java says while it starts, and later, off the terminal; with SLA_DEBUG, show it.

    It takes over the standard error it was started with.
    """
    with tempfile.TemporaryFile(prefix="sla-spark-") as said:
        if os.environ.get("SLA_DEBUG"):
            yield said
            return
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def words_of(error: Exception) -> str:
    """What Spark says of a select, without the advice to change what the run must not."""
    return re.sub(r"\s*If necessary set .*? to bypass this error\.?", "", str(error))


def java_reason(error: Py4JJavaError) -> str:
    """The first cause of an error of Java, in its own words."""
    cause = error.java_exception
    while cause.getCause() is not None:
        cause = cause.getCause()
    return str(cause.toString()).splitlines()[0]


def _reason(error: Exception, said: IO[bytes]) -> str:
    """The error's own first lines, and those of what Java said that name a cause, the last ones."""
    said.seek(0)
    lines = [line.strip() for line in said.read().decode("utf-8", "replace").splitlines()]
    lines = [line for line in lines if line and not line.startswith("at ")]
    causes = [line for line in lines if _CAUSE.search(line)]
    first = [line.strip() for line in str(error).strip().splitlines()[:2]]
    found = dict.fromkeys((*first, *(causes or lines)[-_LINES_OF_A_REASON:]))
    return " / ".join(line for line in found if line).rstrip(".") + "."
