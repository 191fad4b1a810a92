"""The Spark session, set so that SQL means what it means on DuckDB.

Belongs here: whether PySpark and Java are there, and the settings. Does not belong here: what
is asked of the session.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def open_session(master: str, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session on ``master``; ``settings`` add to ``SETTINGS`` (sizes, say).

    Raises:
        UsageError: PySpark or Java is missing.
    """
    check_installed()
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra: only now is it known to be there

    if master.startswith("local"):
        # The tasks run here; elsewhere the cluster knows its own Python.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("sla-audit").master(master)
    for name, value in {**SETTINGS, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
