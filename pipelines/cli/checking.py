"""``sla check``: what a run would read, without running.

Belongs here: staging into a warehouse that is thrown away, and saying what came of it. Does not
belong here: reading (``exports``) and the checks themselves (``expectations``).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.language import counted
from pipelines import terms, warehouse
from pipelines.checks import validation
from pipelines.exports import latest_event, load_mapping, stage_exports
from pipelines.exports.conventions import is_question
from pipelines.exports.proposing import escaped, shown
from pipelines.warehouse.reference import prepare

if TYPE_CHECKING:
    import duckdb

    from pipelines.exports import StagingSummary

_PROBLEMS = """
select export, "column", reason, count(*), arg_min(source_file, (source_file, source_row)),
    arg_min(source_row, (source_file, source_row)), arg_min(value, (source_file, source_row))
from staging.problems group by all order by count(*) desc, export, "column", reason
"""
_REJECTS = """
select export, reason, count(*), arg_min(source_file, (source_file, source_row)),
    arg_min(source_row, (source_file, source_row))
from staging.rejects group by all order by count(*) desc, export, reason
"""


def check_exports(exports: Path, mapping_path: Path | None, terms_dir: Path | None) -> str:
    """Read and stage a folder, run the suites of ``staging.*``, and say what was found.

    Nothing is kept: the warehouse is a temporary one.

    Raises:
        UsageError: terms or mapping are wrong.
        DataError: a file cannot be read.
    """
    checked = terms.load_terms(terms_dir)
    mapping = load_mapping(mapping_path) if mapping_path else None
    with tempfile.TemporaryDirectory(prefix="sla-check-") as folder:
        con = warehouse.open_warehouse(temp_directory=Path(folder))
        with con:
            summary = stage_exports(con, exports, mapping, checked.timezone, temp_dir=Path(folder))
            lines = [*_files(summary), *_rejects(con), *_problems(con)]
            as_of = latest_event(con)
            if as_of is None:
                lines.append("No date or time was read: sla run would need --as-of.")
            else:
                prepare(con, checked, as_of)
                lines += _checks(con)
    if mapping is not None and mapping.description:
        lines += ["", f"The mapping says: {escaped(mapping.description)}"]
    return "\n".join(lines)


def _files(summary: StagingSummary) -> list[str]:
    lines = []
    for file in summary.files:
        how = ", ".join(
            part for part in (file.format, file.encoding, _sign(file.delimiter)) if part
        )
        lines += [
            f"{escaped(file.source_file)}  ({file.export}; {how})",
            (
                f"    {counted(file.rows_in, 'row', 'rows')} in = {file.staged:,} staged"
                f" + {file.rejected:,} rejected;"
                f" {counted(file.problems, 'field', 'fields')} with a problem"
            ),
        ]
        if file.note:
            lines.append(f"    {escaped(file.note)}")
    if summary.ignored:
        lines.append(f"Not read: {', '.join(map(escaped, summary.ignored))}")
    return lines


def _sign(delimiter: str | None) -> str:
    return f"delimiter {shown(delimiter)}" if delimiter else ""


def _rejects(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [
        f"Rejected  {export}: {reason}: {counted(count, 'row', 'rows')},"
        f" the first in {escaped(file)}, row {row}"
        for export, reason, count, file, row in con.execute(_REJECTS).fetchall()
    ]


def _problems(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Questions first: an answer in the mapping reads all their cells."""
    lines = [
        f"{'Question' if is_question(reason) else 'Problem'}".ljust(10)
        + f"{export}.{column or 'row'}: {escaped(reason)}: {counted(count, 'cell', 'cells')},"
        f" the first {shown(value or '')} in {escaped(file)}, row {row}"
        for export, column, reason, count, file, row, value in con.execute(_PROBLEMS).fetchall()
    ]
    return sorted(lines, key=lambda line: not line.startswith("Question"))


def _checks(con: duckdb.DuckDBPyConnection) -> list[str]:
    tables = [suite.table for suite in validation.suites() if suite.table.startswith("staging.")]
    results = validation.validate(con, tables)
    failed = [result for result in results if not result.success]
    lines = [f"Checks    {len(results) - len(failed)} of {len(results)} hold"]
    for result in failed:
        kind = "would stop a run" if result.is_blocking else result.severity
        row = result.sample[0] if result.sample else {}
        where = (
            f", the first in {escaped(str(row['source_file']))}, row {row['source_row']}"
            if "source_row" in row
            else ""
        )
        lines.append(
            f"Check     {result.table} {result.check} ({kind}; {result.guards}):"
            f" {result.description_en} {counted(result.unexpected_count, 'row', 'rows')}{where}"
        )
    return lines
