"""Dagster's event log in SQLite, with its databases kept open.

Dagster opens a database anew for each of some hundred events of a run and has SQLAlchemy
compile the same statements each time, which took a quarter of a small run. Files, tables and
events are Dagster's own: its pages read what is written here, and the other way round.

Belongs here: how the log is opened. Does not belong here: where it is kept and for how long
(``run``), and what is in it (Dagster). ``_connect`` is not part of Dagster's public interface;
tests/test_run.py holds that it is used, and the version is pinned.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster._core.storage.sqlite_storage import SqliteStorageConfig
    from dagster._serdes import ConfigurableClassData
    from sqlalchemy.engine import Connection, Engine


class OpenEventLog(SqliteEventLogStorage):
    """``SqliteEventLogStorage`` whose databases stay open, one engine each, until disposed of."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open nothing yet; ``base_dir`` is the folder of the databases."""
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(  # type: ignore[override]  # as in the class it extends
        cls, inst_data: ConfigurableClassData | None, config_value: SqliteStorageConfig
    ) -> OpenEventLog:
        """The log that a dagster.yaml names."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = create_engine(
                    self.conn_string_for_shard(shard),
                    connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
                )
                self._initdb(self._engines[shard])
            with self._engines[shard].begin() as connection:
                yield connection

    def dispose(self) -> None:
        """Close the databases."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
