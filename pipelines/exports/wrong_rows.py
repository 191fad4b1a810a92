"""What is wrong with the rows of a source: rejected rows, cells not read, rows to mend.

Belongs here: ``staging.rejects``, ``staging.problems`` and ``staging.rows_to_mend``, with the text
as it came. Does not belong here: which rows are rejected (``loading``) and which cells cannot be
read (``values``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from pipelines.exports import conventions, values
from pipelines.exports.quoting import literal
from pipelines.exports.reasons import ERROR_CELL, POINT_OR_THOUSANDS, in_chinese

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from pipelines.contract import Column, Export
    from pipelines.exports.headers import Match
    from pipelines.exports.source import Source

_MOST_TO_MEND = 50_000
"""Rows of a file that are kept whole to be mended; nobody mends more by hand."""


@dataclass(frozen=True)
class WrongRows:
    """Lists what is wrong with the rows of an export's sources, once all of them are loaded.

    It reads ``_rejected``, the rows of ``table`` to be taken out, and the table's ``_unread``, as
    ``loading.Stage`` leaves them. ``reading`` says how a column of a source was read.
    """

    con: duckdb.DuckDBPyConnection
    export: Export
    table: str
    reading: Callable[[Column, Source, Match], values.Reading]

    def list_rows(self, source: Source, match: Match) -> None:
        """List what is wrong with a source's rows, and keep those whole that are to be mended."""
        has_raw = self._fetch_raw(source)
        if has_raw:
            self._record_rejects(source)
            self._list_problems(source, match)
        self._list_findings(source, match)
        if has_raw:
            self._keep_rows_to_mend(source)

    def _fetch_raw(self, source: Source) -> bool:
        """Fetch the raw text of the rows that are rejected or have something wrong, if any."""
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

    def _record_rejects(self, source: Source) -> None:
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

    def _list_problems(self, source: Source, match: Match) -> None:
        """A line for each cell of a staged row that had text, no null word, and gave no value."""
        staged = (
            f"{self.table} where source_file = {literal(source.source_file)}"  # noqa: S608 - quoted
            " and rowid not in (select id from _rejected)"
        )
        ((unread,),) = self.con.execute(
            f"select coalesce(bit_or(_unread), 0) from {staged}"  # noqa: S608 - quoted
        ).fetchall()
        parts = []
        asked: dict[str, str] = {}
        for place, column in enumerate(self.export.columns):
            if not unread & 1 << place:
                continue
            position = match.positions[column.name]
            reading = self.reading(column, source, match)
            raw = match.text(column.name, reading.null_words)
            text = values.cleaned(column, raw, reading)
            reason = values.reason(column, "said", reading)
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

    def _list_findings(self, source: Source, match: Match) -> None:
        """What the reader saw: error cells, cells beyond the header, NUL bytes."""
        names = {position: name for name, position in match.positions.items()}
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

    def _keep_rows_to_mend(self, source: Source) -> None:
        """Keep whole, in the file's own order, the rows that are worth mending and feeding back.

        Those with a problem, and those without a key. A row that another one replaced is not
        among them: fed back as a later file, it would replace that one. Nor is one that was
        folded out of logs: no file has it.
        """
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


def _distinct(headers: list[str]) -> list[str]:
    """Headers as names of a record: blank ones numbered, repeated ones told apart."""
    names: list[str] = []
    for position, header in enumerate(headers):
        name = header.strip().removeprefix("\ufeff") or f"column {position + 1}"
        while name in names:
            name += "_"
        names.append(name)
    return names
