"""Dagster's event log in SQLite, with its databases kept open and its tables known.

Dagster opens a database anew for each of some hundred events of a run, has SQLAlchemy compile the
same statements each time, and asks each time which tables and columns there are, which took a
quarter of a small run. Files, tables and events are Dagster's own: its pages read what is written
here, and the other way round.

Belongs here: how the log is opened. Does not belong here: where it is kept and for how long
(``run``), and what is in it (Dagster). ``_connect`` and ``_has_asset_key_col_on_connection`` are
not part of Dagster's public interface; tests/test_event_log.py holds that they are used, and the
version is pinned.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dagster._core.storage.sqlite_storage import SqliteStorageConfig
    from dagster._serdes import ConfigurableClassData
    from sqlalchemy.engine import Connection, Engine


class OpenEventLog(SqliteEventLogStorage):
    """``SqliteEventLogStorage`` whose databases stay open, one engine each, until disposed of."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open nothing yet; ``base_dir`` is the folder of the databases."""
        self._engines: dict[str, Engine] = {}
        self._there: set[str] = set()
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

    def has_table(self, table_name: str) -> bool:
        """Whether there is such a table; what is there once stays."""
        ask = super().has_table
        return self._known(f"table {table_name}", lambda: ask(table_name))

    def has_secondary_index(self, name: str) -> bool:
        """Whether Dagster has marked such a migration as done; it is never undone."""
        ask = super().has_secondary_index
        return self._known(f"index {name}", lambda: ask(name))

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        ask = super()._has_asset_key_col_on_connection
        return self._known(f"column {column_name}", lambda: ask(conn, column_name))

    def _known(self, name: str, ask: Callable[[], bool]) -> bool:
        if name not in self._there and ask():
            self._there.add(name)
        return name in self._there

    def dispose(self) -> None:
        """Close the databases."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
