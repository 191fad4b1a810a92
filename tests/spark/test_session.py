"""What is said when Spark cannot be had: what is missing, and what to do."""

from __future__ import annotations

import importlib.util
import io
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines import cli
from pipelines.spark.session import _reason, check_answers, words_of

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"


def refused(tmp_path: Path, *options: str) -> str:
    """What is said to options that are wrong usage; nothing of a run may be left."""
    told = ["run", "--exports", str(SAMPLE), "--out", str(tmp_path / "out"), *options]
    result = CliRunner().invoke(cli.main, told)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out" / "warehouse.duckdb").exists()
    return result.output


def on_spark(tmp_path: Path, master: str = "local[2]") -> tuple[str, ...]:
    return ("--engine", "spark", "--master", master, "--warehouse", str(tmp_path / "warehouse"))


def test_without_pyspark_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert "pip install 'sla-audit[spark]'" in refused(tmp_path, *on_spark(tmp_path))


def test_without_java_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert "apt install default-jre-headless" in refused(tmp_path, *on_spark(tmp_path))


def test_a_master_that_does_not_answer_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        master = f"spark://127.0.0.1:{taken.getsockname()[1]}"
        said = refused(tmp_path, *on_spark(tmp_path, master))
    assert f"--master {master} does not answer" in said
    assert "Check host and port" in said


@pytest.mark.parametrize("master", ["spark://nohost", "spark://:x", "spark://127.0.0.1:99999"])
def test_a_master_that_is_no_address_is_said(tmp_path: Path, master: str) -> None:
    assert "does not answer" in refused(tmp_path, *on_spark(tmp_path, master))


def test_one_master_of_several_is_enough() -> None:
    with socket.socket() as listening, socket.socket() as dead:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        dead.bind(("127.0.0.1", 0))
        ports = (dead.getsockname()[1], listening.getsockname()[1])
        check_answers(f"spark://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}")


def test_a_master_spark_does_not_know_is_said_in_its_words(tmp_path: Path) -> None:
    told = ["run", "--exports", SAMPLE, "--out", tmp_path / "out", *on_spark(tmp_path, "moon")]
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *map(str, told)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2, done.stderr
    assert "no Spark session to be had of --master moon" in done.stderr
    assert "WARN" not in done.stderr.split("sla:", 1)[0], "nothing of Java's own talk before it"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--engine", "spark"], "needs --master"),
        (["--engine", "spark", "--master", "local"], "--warehouse"),
        (["--master", "local"], "are for --engine spark"),
        (["--warehouse", "tables"], "are for --engine spark"),
    ],
)
def test_half_of_the_options_is_wrong_usage(tmp_path: Path, options: list[str], says: str) -> None:
    assert says in refused(tmp_path, *options)


def test_the_reason_is_told_and_not_where_in_java_it_came_up() -> None:
    said = io.BytesIO(
        b"Exception in thread main: HADOOP_CONF_DIR must be set.\n"
        b"\tat org.apache.spark.deploy.SparkSubmit.main(SparkSubmit.scala)\n"
        b"\tat org.apache.spark.deploy.SparkSubmit.run(SparkSubmit.scala)\n"
    )
    reason = _reason(RuntimeError("Java gateway process exited"), said)
    assert reason == (
        "Java gateway process exited / Exception in thread main: HADOOP_CONF_DIR must be set."
    )


def test_no_advice_is_passed_on_to_change_what_may_not_be_changed() -> None:
    error = RuntimeError(
        '[ARITHMETIC_OVERFLOW] overflow. If necessary set "spark.sql.ansi.enabled" to "false"'
        " to bypass this error. SQLSTATE: 22003"
    )
    assert words_of(error) == "[ARITHMETIC_OVERFLOW] overflow. SQLSTATE: 22003"
