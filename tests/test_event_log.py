"""The history of a run: its databases stay open, and Dagster's own log reads what they hold."""

from __future__ import annotations

from collections.abc import Iterator  # noqa: TC003 - Dagster looks the annotation up
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Engine, event

from pipelines.run import prepare_history

if TYPE_CHECKING:
    from pathlib import Path


@dg.op
def say() -> str:
    return "said"


@dg.job
def saying() -> None:
    for number in range(5):
        say.alias(f"say_{number}")()


def test_a_run_opens_each_database_once_and_dagster_reads_its_events(tmp_path: Path) -> None:
    home = prepare_history(tmp_path / "a folder: with #signs")
    opened: list[object] = []

    def count(connection: object, _: object) -> None:
        opened.append(connection)

    event.listen(Engine, "connect", count)
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            run = saying.execute_in_process(instance=instance)
            written = instance.all_logs(run.run_id)
            opened.clear()
            again = saying.execute_in_process(instance=instance)
            events = len(instance.all_logs(again.run_id))
            log_opened = len(opened)
    finally:
        event.remove(Engine, "connect", count)

    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    assert written
    assert [entry.message for entry in own.get_logs_for_run(run.run_id)] == [
        entry.message for entry in written
    ]
    # The store of runs opens its database each time; the log opens one for the new run.
    assert log_opened < events


def test_a_closed_log_opens_again(tmp_path: Path) -> None:
    home = prepare_history(tmp_path)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = saying.execute_in_process(instance=instance)
        before = len(instance.all_logs(run.run_id))
        instance.event_log_storage.dispose()
        assert len(instance.all_logs(run.run_id)) == before


NAMES = [f"asset_{number}" for number in range(8)]


@dg.multi_asset(specs=[dg.AssetSpec(name) for name in NAMES])
def several() -> Iterator[dg.MaterializeResult[None]]:
    for name in NAMES:
        yield dg.MaterializeResult(asset_key=name)


def test_what_tables_there_are_is_asked_once(tmp_path: Path) -> None:
    home = prepare_history(tmp_path)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "asset_keys" in statement and statement.startswith("PRAGMA"):
            asked.append(statement)

    with dg.DagsterInstance.from_config(str(home)) as instance:
        dg.materialize([several], instance=instance)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            dg.materialize([several], instance=instance)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        latest = instance.get_latest_materialization_event(dg.AssetKey("asset_7"))
    assert len(asked) < len(NAMES)  # opening the log of a new run asks; its events do not
    assert latest is not None
    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    assert all(own.has_asset_key(dg.AssetKey(name)) for name in NAMES)
