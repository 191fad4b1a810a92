"""From the files of a folder to ``staging.*``: typed rows, rejects, problems.

Belongs here: the order of things, keys, duplicates, the check that no row is lost. Does not
belong here: how a format is read (``text_files``, ``workbooks``, ``parquet_files``) or a cell
(``values``).

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
import polars as pl

from pipelines.contract import EXPORTS, INPUTS, TICKET_EVENTS
from pipelines.errors import DataError
from pipelines.exports import conventions, values
from pipelines.exports.deciding import decide
from pipelines.exports.finding import WORKBOOK_SUFFIXES, find_exports
from pipelines.exports.folding import fold_pauses, fold_tickets, forget, log_export
from pipelines.exports.headers import Match, check_headers
from pipelines.exports.keeping import CannotKeepError, Plan, attached, sha256
from pipelines.exports.parquet_files import read_parquet_file
from pipelines.exports.quoting import identifier, literal
from pipelines.exports.reasons import ERROR_CELL, POINT_OR_THOUSANDS, in_chinese
from pipelines.exports.scanning import TWO_WAY_BITS, typed_rows
from pipelines.exports.summary import FileSummary, StagingSummary
from pipelines.exports.text_files import read_text_file
from pipelines.exports.workbooks import read_workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from pipelines.contract import Column, Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.folding import Folded
    from pipelines.exports.keeping import LastRun
    from pipelines.exports.mapping import ExportMapping, Mapping
    from pipelines.exports.source import Source


_FOLDS = {"tickets": fold_tickets, "pauses": fold_pauses}
_HEAD_ROWS = 1_000
_MOST_TO_MEND = 50_000
"""Rows of a file that are kept whole to be mended; nobody mends more by hand."""


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
            _create_table(con, export)
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
        stage = _Stage(files.con, export, rules, files.timezone)
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
    stage = _Stage(con, export, folded.rules, timezone, table)
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
        """The sources of the next file."""
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
        _create_table(con, export)
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


def _create_table(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    columns = ", ".join(f"{identifier(c.name)} {c.kind.sql_type}" for c in export.columns)
    con.execute(
        f"create or replace table staging.{identifier(export.name)}"
        f" ({columns}, source_file varchar, source_row bigint)"
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


@dataclass(frozen=True)
class _Loaded:
    """A source in the staging table, ``rows_in`` rows of it; see ``FileSummary``."""

    source: Source
    match: Match
    sha256: Future[str]
    rows_in: int
    file: str | None
    read_by: str


@dataclass(frozen=True)
class _Kept:
    """A file whose staged rows were taken over from the last run."""

    last: LastRun
    file: str


class _Stage:
    """The loading of one export: file by file, then its keys, rejects and problems.

    Rows are inserted in reading order, so that ``rowid`` is the order of the contract's
    "later". While it works the staging table has one column more, ``_unread``: a bit for each
    column of the contract whose cell had text and gave no value, and, ``TWO_WAY_BITS`` higher,
    one more where that text could be read in two ways.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        export: Export,
        rules: ExportMapping | None,
        timezone: str,
        table: str | None = None,
    ) -> None:
        self.con = con
        self.export = export
        self.rules = rules
        self.timezone = timezone
        self.table = table or f"staging.{identifier(export.name)}"
        self.loaded: list[_Loaded | _Kept] = []
        con.execute(f"alter table {self.table} add column _unread bigint")

    def keep(self, last: LastRun, file: ExportFile) -> None:
        """Take over a file's staged rows in place of reading it."""
        last.take_rows(self.export, file.path.name, self.table)
        self.loaded.append(_Kept(last, file.path.name))

    def tied(self) -> set[str]:
        """The kept files that hold a key of a row that was loaded."""
        loaded = [each for each in self.loaded if isinstance(each, _Loaded)]
        has_both = 0 < len(loaded) < len(self.loaded)
        if not has_both or not self.export.key or self.export.is_log:
            return set()
        keys = ", ".join(identifier(key) for key in self.export.key)
        names = ", ".join(literal(each.source.source_file) for each in loaded)
        rows = self.con.execute(
            f"select distinct source_file from {self.table}"  # noqa: S608 - quoted
            f" semi join (select {keys} from {self.table} where source_file in ({names}))"
            f" using ({keys}) where source_file not in ({names})"
        ).fetchall()
        found = {name for (name,) in rows}
        return {
            each.file
            for each in self.loaded
            if isinstance(each, _Kept)
            and not found.isdisjoint(each.last.sources(self.export, each.file))
        }

    def load(
        self, source: Source, digest: Future[str], file: str | None = None, read_by: str = ""
    ) -> None:
        """Insert the rows of a source; irregular text is read a second time, row by row.

        So is a column read again that turns out to be written in a way that can be two.
        """
        match = check_headers(source.source_file, source.headers, self.export, self.rules)
        where = f"where source_file = {literal(source.source_file)}"
        try:
            source = self._decided(source, match, self._two_way_in_head(source, match))
            self.con.execute(self._insert_sql(source, match))
            rows, first, last, unread = self._one(
                "count(*), min(rowid), max(rowid), coalesce(bit_or(_unread), 0)"
                f" from {self.table} {where}"
            )
        except duckdb.Error as error:
            if source.exact is None:
                said = str(error).splitlines()[0].rstrip(".")
                message = (
                    f"{source.source_file} cannot be read: {said}."
                    " Export it again, as CSV in UTF-8 if in doubt."
                )
                raise DataError(message) from error
            rows = first = last = -1
            unread = 0
        if rows != source.expected_rows:
            if source.exact is None:
                message = (
                    f"{source.source_file} has {source.expected_rows} rows but {rows} were loaded,"
                    " so the run stopped. Export the file again; if it stays, report it."
                )
                raise DataError(message)
            self.con.execute(f"delete from {self.table} {where}")  # noqa: S608 - quoted
            self.load(source.exact(), digest, file, read_by)
            return
        decided = self._decided(source, match, unread >> TWO_WAY_BITS)
        if decided is not source:
            self.con.execute(f"delete from {self.table} {where}")  # noqa: S608 - quoted
            self.load(decided, digest, file, read_by)
            return
        if source.first_line is not None and rows:
            if last - first + 1 != rows:
                message = f"rows of {source.source_file} lost their order while loading"
                raise RuntimeError(message)
            offset = source.first_line - first
            self.con.execute(f"update {self.table} set source_row = rowid + {offset} {where}")  # noqa: S608 - quoted
        self.loaded.append(_Loaded(source, match, digest, rows, file, read_by))

    def finish(self) -> list[FileSummary]:
        """Reject, list problems, check that rows in = staged + rejected; a summary per file."""
        self._find_rejects()
        kept: dict[str, list[FileSummary]] = {}
        for each in self.loaded:
            if isinstance(each, _Kept):
                kept[each.file] = each.last.take_lists(self.export, each.file)
            else:
                self._list(each)
        self.con.execute(
            f"delete from {self.table} where rowid in (select id from _rejected)"  # noqa: S608 - name of the contract
        )
        self.con.execute("drop table _rejected")
        self.con.execute("drop table if exists _raw")
        self.con.execute(f"alter table {self.table} drop column _unread")
        return [
            summary
            for each in self.loaded
            for summary in (kept[each.file] if isinstance(each, _Kept) else [self._summary(each)])
        ]

    def discard(self) -> None:
        """Forget what was loaded, as if it had not been begun."""
        for each in self.loaded:
            if isinstance(each, _Loaded):
                self._unregister(each.source)
        _create_table(self.con, self.export)

    def _list(self, loaded: _Loaded) -> None:
        """List what is wrong with a source's rows, and keep those whole that are to be mended."""
        has_raw = self._fetch_raw(loaded)
        if has_raw:
            self._record_rejects(loaded)
            self._list_problems(loaded)
        self._list_findings(loaded)
        if has_raw:
            self._keep_rows_to_mend(loaded)
        self._unregister(loaded.source)

    def _unregister(self, source: Source) -> None:
        if source.registered:
            self.con.unregister(source.registered)

    def _one(self, select: str) -> tuple[int, ...]:
        rows: list[tuple[int, ...]] = self.con.execute(f"select {select}").fetchall()
        return rows[0]

    def _two_way_in_head(self, source: Source, match: Match) -> int:
        """The columns of times whose first rows can be read in two ways, as bits.

        Seen here, they are not first read in vain.
        """
        checks = []
        for place, column in enumerate(self.export.columns):
            reading = self._reading(column, source, match)
            if column.name in match.positions and _is_time(column) and not reading.formats:
                text = values.cleaned(column, match.text(column.name), reading)
                is_two_way = conventions.is_two_way(column.kind, text)
                checks.append(f"bit_or(case when {is_two_way} then {1 << place} else 0 end)")
        if not checks:
            return 0
        head = f"(select * from {source.relation} limit {_HEAD_ROWS})"  # noqa: S608 - quoted
        return sum(bits or 0 for bits in self._one(f"{', '.join(checks)} from {head}"))

    def _decided(self, source: Source, match: Match, two_way: int) -> Source:
        """The source with the ways of the columns of those bits, or itself when they tell nothing.

        Each column is looked at as a whole, for which ``source`` is read once more, but once.
        """
        columns = {}
        for place, column in enumerate(self.export.columns):
            reading = self._reading(column, source, match)
            if two_way & 1 << place and column.name not in source.conventions and not reading.way:
                text = match.text(column.name, reading.null_words)
                columns[column.name] = (column, values.cleaned(column, text, reading), reading)
        if not columns:
            return source
        found = decide(self.con, source.relation, columns, f"{self.export.name}.columns")
        if not any(found.values()):
            return source
        return replace(source, conventions=source.conventions | found)

    def _reading(self, column: Column, source: Source, match: Match) -> values.Reading:
        rules = self.rules
        position = match.positions.get(column.name)
        rule = rules.columns.get(column.name) if rules else None
        decided = source.conventions.get(column.name)
        way = rule.way if rule and rule.way else decided.way if decided else None
        zone = (rule.timezone if rule else None) or (rules.timezone if rules else None)
        return values.Reading(
            timezone=self.timezone,
            source_timezone=zone or self.timezone,
            is_plain=match.places(column.name) <= source.plain,
            has_serials=source.has_serials,
            values=rule.values if rule else {},
            formats=rule.formats if rule else (),
            null_words=rules.null_values if rules else (),
            way=conventions.POINT if position in source.numbers and not _is_time(column) else way,
        )

    def _insert_sql(self, source: Source, match: Match) -> str:
        def reading_of(column: Column) -> values.Reading:
            return self._reading(column, source, match)

        constants = self.rules.constants if self.rules else {}
        rows = typed_rows(source, match, self.export, reading_of, constants)
        return f"insert into {self.table} {rows}"

    def _find_rejects(self) -> None:
        """Rows without a key, and of the rows of one key all but the last that differs."""
        self.con.execute("create or replace temp table _rejected (id bigint, reason varchar)")
        if not self.export.key:
            return
        missing = " or ".join(f"{identifier(key)} is null" for key in self.export.key)
        self.con.execute(
            f"insert into _rejected select rowid, 'missing_key' from {self.table} where {missing}"  # noqa: S608 - names of the contract
        )
        if self.export.is_log:
            return
        keys = ", ".join(identifier(key) for key in self.export.key)
        present = " and ".join(f"{identifier(key)} is not null" for key in self.export.key)
        columns = ", ".join(identifier(column.name) for column in self.export.columns)
        self.con.execute(
            f"""
            insert into _rejected
            with repeated as (
                select {keys} from {self.table} where {present}
                group by {keys} having count(*) > 1
            ),
            compared as (
                select {keys}, rowid as id,
                    lag(row({columns})) over (partition by {keys} order by rowid)
                        is not distinct from row({columns}) as is_duplicate
                from {self.table} semi join repeated using ({keys})
            ),
            numbered as (
                select id, is_duplicate,
                    row_number() over (partition by {keys}, is_duplicate order by id desc) as place
                from compared
            )
            select id, case when is_duplicate then 'duplicate' else 'superseded' end
            from numbered where is_duplicate or place > 1
            """  # noqa: S608 - names of the contract
        )

    def _fetch_raw(self, loaded: _Loaded) -> bool:
        """Fetch the raw text of the rows that are rejected or have something wrong, if any."""
        source = loaded.source
        found = pl.DataFrame({"line": [finding.line for finding in source.findings]}, {"line": int})
        self.con.register("_found_lines", found.to_arrow())
        wanted = (
            f"select source_row from {self.table}"  # noqa: S608 - quoted
            f" where source_file = {literal(source.source_file)}"
            " and (_unread <> 0 or rowid in (select id from _rejected)"
            " or source_row in (select line from _found_lines)) order by source_row"
        )
        lines = [line for (line,) in self.con.execute(wanted).fetchall()]
        if not lines:
            self.con.unregister("_found_lines")
            return False
        if source.pick is not None:
            rows = source.pick(lines)
        elif source.first_line is not None:
            start = source.first_line - 1
            rows = f"(select *, {start} + row_number() over () as line from {source.relation})"  # noqa: S608 - quoted
        else:
            rows = source.relation
        self.con.execute(
            f"create or replace temp table _raw as select * from {rows} where line in ({wanted})"  # noqa: S608 - quoted
        )
        self.con.unregister("_found_lines")
        return True

    def _record_rejects(self, loaded: _Loaded) -> None:
        source = loaded.source
        cells = []
        for position, name in enumerate(_distinct(source.headers)):
            cell = f"c{position}"
            if not source.blank_is_null:
                cell = f"coalesce({cell}, '')"
            cells.append(f"{literal(name)}, {cell}")
        self.con.execute(
            f"""
            insert into staging.rejects
            select {literal(self.export.name)}, source_file, source_row, _rejected.reason,
                cast(json_object({", ".join(cells)}) as varchar)
            from {self.table} as staged
            join _rejected on staged.rowid = _rejected.id
            join _raw on _raw.line = staged.source_row
            where source_file = {literal(source.source_file)}
            order by source_row
            """  # noqa: S608 - quoted
        )
        self._record_errors(source)

    def _record_errors(self, source: Source) -> None:
        """Put what a cell with an error shows (#N/A) into the records of rejected rows.

        It was read as blank. Of a staged row it is listed among the problems.
        """
        names = _distinct(source.headers)
        shown = [
            (finding.line, names[place], finding.value)
            for finding in source.findings
            if finding.reason == ERROR_CELL
            and (place := finding.position) is not None
            and place < len(names)
        ]
        if not shown:
            return
        frame = pl.DataFrame(shown, schema=["line", "name", "value"], orient="row")
        self.con.register("_errors", frame.to_arrow())
        self.con.execute(
            f"""
            update staging.rejects as rejects
            set record = cast(json_merge_patch(rejects.record, errors.cells) as varchar)
            from (select line, json_group_object(name, value) as cells from _errors group by line)
                as errors
            where rejects.export = {literal(self.export.name)}
                and rejects.source_file = {literal(source.source_file)}
                and rejects.source_row = errors.line
            """  # noqa: S608 - quoted
        )
        self.con.unregister("_errors")

    def _list_problems(self, loaded: _Loaded) -> None:
        """A line for each cell of a staged row that had text, no null word, and gave no value."""
        source = loaded.source
        staged = (
            f"{self.table} where source_file = {literal(source.source_file)}"  # noqa: S608 - quoted
            " and rowid not in (select id from _rejected)"
        )
        unread = self._one(f"coalesce(bit_or(_unread), 0) from {staged}")[0]
        parts = []
        asked: dict[str, str] = {}
        for place, column in enumerate(self.export.columns):
            if not unread & 1 << place:
                continue
            position = loaded.match.positions[column.name]
            reading = self._reading(column, source, loaded.match)
            raw = loaded.match.text(column.name, reading.null_words)
            text = values.cleaned(column, raw, reading)
            reason = values.reason(column, "said")
            decided = source.conventions.get(column.name)
            if reading.way == conventions.COMMA and reading.has_serials:
                is_either = values.has_two_readings(column.kind, "text", reading)
                reason = (
                    f"(case when {is_either} then {literal(POINT_OR_THOUSANDS)} else {reason} end)"
                )
            if decided and decided.question:
                asked[decided.question] = decided.question_zh
                is_asked = values.has_two_readings(column.kind, "text", reading)
                reason = (
                    f"(case when {is_asked} then {literal(decided.question)} else {reason} end)"
                )
            parts.append(
                f"select line, {position} as place, {literal(column.name)} as name, value,"  # noqa: S608 - quoted
                f" {reason} as reason"
                f" from (select line, value, text, {values.found(column, 'text', reading)} as said"
                f" from (select line, {raw} as value, {text} as text"
                f" from raw where _unread & {1 << place} <> 0)"
                f" where not {values.is_null_word('text')})"
            )
        if not parts:
            return
        self.con.execute(
            f"""
            insert into staging.problems
            with raw as (
                select _raw.*, _unread
                from _raw join (select source_row, _unread from {staged}) on source_row = line
            )
            select {literal(self.export.name)}, {literal(source.source_file)}, line, name, value,
                reason, {in_chinese("reason", asked)}
            from ({" union all ".join(parts)})
            order by line, place
            """  # noqa: S608 - quoted
        )

    def _list_findings(self, loaded: _Loaded) -> None:
        """What the reader saw: error cells, cells beyond the header, NUL bytes."""
        source = loaded.source
        names = {position: name for name, position in loaded.match.positions.items()}
        rows = [
            (
                finding.line,
                names.get(finding.position, "") if finding.position is not None else "",
                finding.value,
                finding.reason,
            )
            for finding in source.findings
            if finding.position is None or finding.position in names
        ]
        if not rows:
            return
        frame = pl.DataFrame(rows, schema=["line", "name", "value", "reason"], orient="row")
        self.con.register("_findings", frame.to_arrow())
        self.con.execute(
            f"""
            insert into staging.problems
            select {literal(self.export.name)}, {literal(source.source_file)}, line, name, value,
                reason, {in_chinese("reason")}
            from _findings
            where line not in (
                select source_row from {self.table}
                where source_file = {literal(source.source_file)}
                    and rowid in (select id from _rejected)
            )
            order by line
            """  # noqa: S608 - quoted
        )
        self.con.unregister("_findings")

    def _keep_rows_to_mend(self, loaded: _Loaded) -> None:
        """Keep whole, in the file's own order, the rows that are worth mending and feeding back.

        Those with a problem, and those without a key. A row that another one replaced is not
        among them: fed back as a later file, it would replace that one. Nor is one that was
        folded out of logs: no file has it.
        """
        source = loaded.source
        if source.format == "folded":
            return
        cells = ", ".join(f"coalesce(c{place}, '')" for place in range(len(source.headers)))
        of_file = (
            f"export = {literal(self.export.name)} and source_file = {literal(source.source_file)}"
        )
        self.con.execute(
            f"""
            insert into staging.rows_to_mend
            select {literal(self.export.name)}, {literal(source.source_file)}, line,
                cast(json_array({cells}) as varchar)
            from _raw
            where line in (
                select source_row from staging.problems where {of_file}
                union all
                select source_row from staging.rejects where {of_file} and reason = 'missing_key'
            )
            order by line
            limit {_MOST_TO_MEND}
            """  # noqa: S608 - quoted
        )

    def _summary(self, loaded: _Loaded) -> FileSummary:
        source = loaded.source
        where = (
            f"where export = {literal(self.export.name)}"
            f" and source_file = {literal(source.source_file)}"
        )
        staged = self._one(
            f"count(*) from {self.table} where source_file = {literal(source.source_file)}"
        )[0]
        rejected = self._one(f"count(*) from staging.rejects {where}")[0]
        problems = self._one(f"count(*) from staging.problems {where}")[0]
        if loaded.rows_in != staged + rejected:
            message = (
                f"{source.source_file}: {loaded.rows_in} rows in, but {staged} staged and"
                f" {rejected} rejected. Nothing of this run is to be used; report this file."
            )
            raise DataError(message)
        notes = list(source.notes)
        notes += [
            f"{name} is {found.way}"
            for name, found in source.conventions.items()
            if found and found.way != conventions.UNDECIDED
        ]
        if loaded.match.unknown:
            notes.append(f"columns not used: {', '.join(loaded.match.unknown)}")
        if loaded.match.absent:
            notes.append(f"optional columns not there: {', '.join(loaded.match.absent)}")
        return FileSummary(
            export=self.export.name,
            source_file=source.source_file,
            sha256=loaded.sha256.result(),
            format=source.format,
            encoding=source.encoding,
            delimiter=source.delimiter,
            rows_in=loaded.rows_in,
            staged=staged,
            rejected=rejected,
            problems=problems,
            note="; ".join(notes),
            sheet=source.sheet,
            headers=tuple(source.headers),
            file=loaded.file,
            read_by=loaded.read_by,
        )


def _is_time(column: Column) -> bool:
    return conventions.ways_of(column.kind) == conventions.TIME_WAYS


def _distinct(headers: list[str]) -> list[str]:
    """Headers as names of a record: blank ones numbered, repeated ones told apart."""
    names: list[str] = []
    for position, header in enumerate(headers):
        name = header.strip().removeprefix("\ufeff") or f"column {position + 1}"
        while name in names:
            name += "_"
        names.append(name)
    return names
