"""From the files of a folder to ``staging.*``: typed rows, rejects, problems.

Belongs here: the order of exports and files, and what of an earlier run is taken over. Does not
belong here: how one export is loaded (``loading``), a format is read (``text_files``,
``workbooks``, ``parquet_files``) or a cell (``values``).

Every input row ends in its staging table or in ``staging.rejects``. ``staging.problems``
lists the cells of *staged* rows that could not be read; of a rejected row the ``record`` is
kept whole instead.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.contract import EXPORTS, INPUTS, TICKET_EVENTS
from pipelines.errors import DataError
from pipelines.exports.finding import WORKBOOK_SUFFIXES, find_exports
from pipelines.exports.folding import fold_pauses, fold_tickets, forget, log_export
from pipelines.exports.guards import without_guards
from pipelines.exports.keeping import CannotKeepError, Plan, attached, sha256
from pipelines.exports.loading import Stage, create_table
from pipelines.exports.parquet_files import read_parquet_file
from pipelines.exports.quoting import identifier
from pipelines.exports.summary import StagingSummary
from pipelines.exports.text_files import read_text_file
from pipelines.exports.workbooks import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pipelines.contract import Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.folding import Folded
    from pipelines.exports.keeping import LastRun
    from pipelines.exports.mapping import ExportMapping, Mapping
    from pipelines.exports.source import Source
    from pipelines.exports.summary import FileSummary


_FOLDS = {"tickets": fold_tickets, "pauses": fold_pauses}


def stage_exports(  # noqa: PLR0913 - what to read, how, where to put it, whom to tell
    con: duckdb.DuckDBPyConnection,
    exports_dir: Path,
    mapping: Mapping | None = None,
    timezone: str = "Asia/Shanghai",
    progress: Callable[[str], None] | None = None,
    *,
    temp_dir: Path | None = None,
    last: Path | None = None,
) -> StagingSummary:
    """Read the exports of a folder into ``staging.*`` and ``meta.files`` of ``con``.

    All staging tables are made anew, empty ones for exports without a file. Instants are
    local times of ``timezone`` (an IANA name); a value with an offset is converted, one
    without is taken as local time of the mapping's zone, else of ``timezone``. ``progress``
    is told each file as it is begun. What ``last``, the warehouse of an earlier run, holds of a
    file that is what it was is taken from there; the tables come out the same.

    Raises:
        UsageError: the folder is none, or the mapping contradicts itself.
        DataError: no tickets, or a file that cannot be read; nothing of it is to be used then.
    """
    found, ignored = find_exports(exports_dir, mapping)
    if not found["tickets"] and not found[TICKET_EVENTS.name]:
        given = sorted(file.path.name for files in found.values() for file in files)
        others = ", ".join([*given, *ignored][:20]) or "nothing"
        message = (
            f"No tickets export in {exports_dir} (found instead: {others})."
            " Put a file there whose name starts with tickets (.csv, .xlsx, .parquet …),"
            " or name its file in a mapping file."
        )
        raise DataError(message)
    with (
        _for_loading(con),
        tempfile.TemporaryDirectory(prefix="exports-", dir=temp_dir) as temporary,
        ThreadPoolExecutor(1) as beside,
    ):
        files = _Files(con, found, mapping, timezone, Path(temporary), beside, progress)
        try:
            with attached(con, last) as earlier:
                summary = _stage_files(files, earlier)
        except CannotKeepError:
            summary = _stage_files(files, None)
    summary.ignored = ignored
    _record_files(con, summary)
    return summary


@dataclass(frozen=True)
class _Files:
    """What to read, how, with what, and whom to tell."""

    con: duckdb.DuckDBPyConnection
    found: dict[str, list[ExportFile]]
    mapping: Mapping | None
    timezone: str
    temp_dir: Path
    beside: ThreadPoolExecutor
    progress: Callable[[str], None] | None

    def reader(self, files: list[ExportFile]) -> _Reader:
        """A reader of those files, in their order."""
        return _Reader(self.con, self.mapping, files, self.temp_dir, self.beside)


def _stage_files(files: _Files, last: LastRun | None) -> StagingSummary:
    """Stage export by export, each with what was folded into it out of logs."""
    con, mapping, found = files.con, files.mapping, files.found
    plan = Plan(found, last, mapping, files.timezone)
    has_log = bool(found[TICKET_EVENTS.name])
    names = (TICKET_EVENTS.name, *EXPORTS) if has_log else tuple(EXPORTS)
    reader = files.reader([file for name in names for file in plan.to_read(name)])
    summary = StagingSummary()
    _create_tables(con)
    for name in names:
        rules = mapping.exports.get(name) if mapping else None
        export = EXPORTS.get(name) or log_export(rules)
        if export.is_log:
            create_table(con, export)
        if last and plan.is_unchanged(name):
            summary.files.extend(last.take_export(export))
            plan.note(name, {file.path.name for file in found[name]})
            continue
        summary.files.extend(_stage_export(files, export, reader, plan, last))
        if has_log and mapping and name in _FOLDS:
            folded = _FOLDS[name](con, mapping, files.timezone)
            summary.files.extend(_stage_folded(con, EXPORTS[name], folded, summary, files.timezone))
    if has_log:
        forget(con)
    if last:
        summary.changes = plan.changes
        summary.changes.pair_renamed(summary.files, last.summaries)
    return summary


def _stage_export(
    files: _Files, export: Export, reader: _Reader, plan: Plan, last: LastRun | None
) -> list[FileSummary]:
    """Stage the files of an export that are to be read, between those that can be kept.

    A kept file with a key that was read now is read after all, and all is begun again.
    """
    if not files.found[export.name]:
        return []
    rules = files.mapping.exports.get(export.name) if files.mapping else None
    kept = plan.kept(export.name)
    while True:
        stage = Stage(files.con, export, rules, files.timezone)
        for file in files.found[export.name]:
            if last and file.path.name in kept:
                stage.keep(last, file)
                continue
            if files.progress:
                files.progress(f"reading {file.path.name}")
            sources = reader.read(file)
            digest = files.beside.submit(sha256, file.path)
            for source in sources:
                stage.load(source, digest, file.path.name, plan.read_by(export.name))
        tied = stage.tied()
        if not tied:
            plan.note(export.name, kept)
            return stage.finish()
        stage.discard()
        kept -= tied
        again = [file for file in files.found[export.name] if file.path.name not in kept]
        reader = files.reader(again)


def _stage_folded(
    con: duckdb.DuckDBPyConnection,
    export: Export,
    folded: Folded | None,
    summary: StagingSummary,
    timezone: str,
) -> list[FileSummary]:
    """Stage what was folded out of logs: rows of their own, or what given tickets leave blank."""
    if folded is None:
        return []
    files = {file.source_file: file for file in summary.files if file.export == TICKET_EVENTS.name}
    completes = export.name == "tickets" and "tickets" in summary.exports
    table = "staging._completing" if completes else None
    if table:
        con.execute(f"create table {table} as from staging.tickets limit 0")
    stage = Stage(con, export, folded.rules, timezone, table)
    for source in folded.sources:
        digest: Future[str] = Future()
        digest.set_result(files[source.source_file].sha256)
        stage.load(source, digest)
    summaries = stage.finish()
    if not table:
        return summaries
    filled = ", ".join(
        f"{n} = coalesce(t.{n}, f.{n})" for n in map(identifier, folded.rules.columns)
    )
    con.execute(
        f"update staging.tickets as t set {filled} from {table} as f"  # noqa: S608 - names of the contract
        " where f.ticket_id = t.ticket_id"
    )
    con.execute(f"drop table {table}")
    return [
        replace(file, rows_in=0, staged=0, note="what the log adds to the tickets of other files")
        for file in summaries
    ]


def latest_event(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """The latest instant at which anything is said to have happened; None without any.

    Plans (agreed due times, ends of coverages) do not count. The default of ``as_of``.
    """
    parts = [
        f"select max({identifier(column.name)}) as happened_at"  # noqa: S608 - names of the contract
        f" from staging.{identifier(export.name)}"
        for export in INPUTS.values()
        for column in export.columns
        if column.is_event
    ]
    rows = con.execute(
        f"select max(happened_at) from ({' union all '.join(parts)})"  # noqa: S608 - as above
    ).fetchall()
    latest: datetime | None = rows[0][0]
    return latest


class _Reader:
    """Reads files in their order; a text is brought into UTF-8 while the file before is loaded."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        mapping: Mapping | None,
        files: list[ExportFile],
        temp_dir: Path,
        beside: ThreadPoolExecutor,
    ) -> None:
        self._con = con
        self._mapping = mapping
        self._temp_dir = temp_dir
        self._beside = beside
        self._texts = iter([file for file in files if _is_text(file)])
        self._ahead: Future[Source]
        self._read_ahead()

    def read(self, file: ExportFile) -> list[Source]:
        """The sources of the next file, their cells without what guards them."""
        return [without_guards(source) for source in self._read(file)]

    def _read(self, file: ExportFile) -> list[Source]:
        if file.suffix in WORKBOOK_SUFFIXES:
            return read_workbook(self._con, file, self._rules(file))
        if file.suffix == ".parquet":
            return [read_parquet_file(self._con, file)]
        source = self._ahead.result()
        self._read_ahead()
        return [source]

    def _read_ahead(self) -> None:
        file = next(self._texts, None)
        if file is not None:
            self._ahead = self._beside.submit(
                read_text_file, file, self._rules(file), self._temp_dir
            )

    def _rules(self, file: ExportFile) -> ExportMapping | None:
        return self._mapping.exports.get(file.export) if self._mapping else None


def _is_text(file: ExportFile) -> bool:
    return file.suffix not in (*WORKBOOK_SUFFIXES, ".parquet")


_OPTIMIZERS_KEPT = ["build_side_probe_side", "join_order", "unused_columns"]
"""What the engine does to a plan here: the selects are long, and written for one scan. To go over
one with all it knows takes longer than to read a small file, and makes no large one quicker."""


@contextmanager
def _for_loading(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep rows in file order while loading, a row's place is its line; and plan quickly."""
    ((was, left_out, left_out_here),) = con.execute(
        "select current_setting('preserve_insertion_order'),"
        " current_setting('disabled_optimizers'),"
        " (select string_agg(name, ',') from duckdb_optimizers() where name not in $1)",
        [_OPTIMIZERS_KEPT],
    ).fetchall()
    con.execute("set preserve_insertion_order = true")
    con.execute("set disabled_optimizers = $1", [left_out_here])
    try:
        yield
    finally:
        # A broken file may have ended the engine: what was said of the file is what to say.
        with suppress(duckdb.FatalException):
            con.execute(f"set preserve_insertion_order = {str(bool(was)).lower()}")
            con.execute("set disabled_optimizers = $1", [left_out])


def _create_tables(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create schema if not exists staging")
    con.execute("create schema if not exists meta")
    for export in INPUTS.values():
        create_table(con, export)
    con.execute(
        "create or replace table staging.rejects (export varchar, source_file varchar,"
        " source_row bigint, reason varchar, record varchar)"
    )
    con.execute(
        "create or replace table staging.problems (export varchar, source_file varchar,"
        ' source_row bigint, "column" varchar, value varchar, reason varchar, reason_zh varchar)'
    )
    con.execute(
        "create or replace table meta.files (export varchar, source_file varchar, sha256 varchar,"
        " format varchar, encoding varchar, delimiter varchar, rows_in bigint, staged bigint,"
        " rejected bigint, problems bigint, note varchar, sheet varchar,"
        " headers varchar, file varchar, read_by varchar)"
    )
    con.execute(
        "create or replace table staging.rows_to_mend (export varchar, source_file varchar,"
        " source_row bigint, cells varchar)"
    )


def _record_files(con: duckdb.DuckDBPyConnection, summary: StagingSummary) -> None:
    for file in summary.files:
        con.execute(
            "insert into meta.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(file.export, file.source_file, file.sha256, file.format, file.encoding),
                *(file.delimiter, file.rows_in, file.staged, file.rejected, file.problems),
                *(file.note, file.sheet, json.dumps(file.headers, ensure_ascii=False)),
                *(file.file, file.read_by),
            ],
        )
