"""One export from its files into its staging table: typed rows, keys, and a count of every row.

Belongs here: loading, what is read again once more is known, which rows of one key stay. Does
not belong here: the order of exports and files (``staging``), what is listed of rows with
something wrong (``wrong_rows``), and what a cell means (``values``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import DataError
from pipelines.exports import conventions, values
from pipelines.exports.deciding import decide
from pipelines.exports.headers import Match, check_headers
from pipelines.exports.quoting import identifier, literal
from pipelines.exports.scanning import TWO_WAY_BITS, typed_rows
from pipelines.exports.summary import FileSummary
from pipelines.exports.wrong_rows import WrongRows

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pipelines.contract import Column, Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.keeping import LastRun
    from pipelines.exports.mapping import ExportMapping
    from pipelines.exports.source import Source

_HEAD_ROWS = 1_000


def create_table(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    """Make the staging table of an export anew, without rows."""
    # To pack prose takes the engine four times as long as to write it, for half of the room.
    columns = ", ".join(
        f"{identifier(c.name)} {c.kind.sql_type}"
        + (" using compression uncompressed" if c.is_prose else "")
        for c in export.columns
    )
    con.execute(
        f"create or replace table staging.{identifier(export.name)}"
        f" ({columns}, source_file varchar, source_row bigint)"
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


class Stage:
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
        """Begin to load into ``table``, by default the export's own, by a mapping's ``rules``."""
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
        wrong = WrongRows(self.con, self.export, self.table, self._reading)
        kept: dict[str, list[FileSummary]] = {}
        for each in self.loaded:
            if isinstance(each, _Kept):
                kept[each.file] = each.last.take_lists(self.export, each.file)
            else:
                wrong.list_rows(each.source, each.match)
                self._unregister(each.source)
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
        create_table(self.con, self.export)

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
            day_zero=source.day_zero,
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
