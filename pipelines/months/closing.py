# ruff: noqa: S608 - the SQL is put together from names of the warehouse
"""``sla publish``: closing a month, that is, keeping its figures as they were told.

A closed month holds what its report stands on: the rows of that month of every table of facts and
marts (``tables/``), the input rows they stand on (``inputs/``), the terms in force to the byte
(``terms/``), and the pages (``report/``). The pages are the edition to mail, one file that opens
in any browser without a script, the month's management workbook, and the workbooks of finance and
quality as they were: some 200 kB, where the whole report would be tens of megabytes of every month
for each version of one.

Belongs here: which months may be closed, and what a closed month holds. Does not belong here: the
store and its chain (``store``), and what changed since (``restatements``).
"""

from __future__ import annotations

import shlex
import shutil
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dashboards.language import LANGUAGES, counted
from dashboards.office import mail
from dashboards.office.management_workbook import management_workbook
from dashboards.report import is_over
from pipelines import privacy, publish
from pipelines.errors import DataError, UsageError
from pipelines.months import evidence, store
from pipelines.reporting.finance import WORKBOOK as FINANCE_WORKBOOK
from pipelines.reporting.office import QUALITY_WORKBOOK
from pipelines.reporting.office import WORKBOOK as MANAGEMENT_WORKBOOK
from pipelines.reporting.report import read_frames, report_of
from pipelines.warehouse import open_beside, open_reader

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import duckdb

    from pipelines.months.store import Version
    from pipelines.privacy.key import Discretion

TABLES: Final = "tables"
INPUTS: Final = "inputs"
TERMS: Final = "terms"
PAGES: Final = "report"
OWN_TABLES: Final = (
    "marts.closed_months",
    "marts.closed_rates",
    "marts.closed_money",
    "marts.restatements",
)
"""What later runs say of closed months: not part of one."""


def close_month(
    out: Path,
    month: date,
    reason: str | None = None,
    now: datetime | None = None,
    hidden: Discretion | None = None,
) -> Version:
    """Publish ``month`` from the last result in OUT as a new version; the version.

    Args:
        out: the folder a run wrote to.
        month: its first day.
        reason: why; needed when the month was published before.
        now: the instant of publishing, with its offset; by default the clock's.
        hidden: what the month's pages do not show; its tables and inputs hold what was judged.

    Raises:
        UsageError: there is no result, the month is not over or has no tickets, the reason of a
            further version is missing, or the run hid what ``hidden`` does not.
        DataError: another run holds OUT, or the store is not as it was published.
    """
    warehouse = out / "warehouse.duckdb"
    open_reader(warehouse).close()  # a slip in --out is said before anything is made there
    with publish.only_run(out), closing(open_beside(warehouse)) as con:
        privacy.check_agreement(con, hidden)
        problems = store.check(out)
        if problems:
            lines = "\n  ".join(problem.message for problem in problems)
            message = f"Nothing was published: the store of closed months is damaged.\n  {lines}"
            raise DataError(message)
        about = _about(con)
        _check_month(con, month, about["as_of"])
        _check_reason(out, month, reason)
        published_at = now or datetime.now().astimezone()
        facts = {
            "published_at": published_at.isoformat(timespec="seconds"),
            "reason": reason,
            **about,
            "figures": _figures(con, month),
            "inputs": _rows(con, _INPUT_FILES),
            "terms": _rows(con, "select file, origin, sha256 from terms.files order by file"),
        }
        with store.new_version(out, month, facts) as folder:
            _write_tables(con, month, folder / TABLES)
            _write_inputs(con, month, folder / INPUTS)
            _write_terms(con, folder / TERMS)
            with privacy.curtain(con, hidden) as shown:
                _write_pages(shown, month, out / "report", folder / PAGES)
        return store.latest(out)[month]


_INPUT_FILES: Final = (
    "select export, source_file as file, sha256, rows_in as rows from meta.files "
    "order by export, source_file"
)


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    result = con.execute(sql)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _about(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What the result was judged by: as-of, time zone, first ticket, product."""
    (run,) = _rows(con, "select * from meta.run")
    kept = _rows(
        con,
        "select 1 from duckdb_columns() where schema_name = 'terms' and table_name = 'files' "
        "and column_name = 'content'",
    )
    if "models_sha256" not in run or not kept:
        message = (
            "The result in this folder is of an earlier version of the product and does not hold "
            "all that closing a month keeps. Run sla run once more, then publish."
        )
        raise UsageError(message)
    return run


def _check_month(con: duckdb.DuckDBPyConnection, month: date, as_of: datetime) -> None:
    if not is_over(month, as_of):
        message = (
            f"{month:%Y-%m} cannot be published: it is not over. The last result is as of "
            f"{as_of:%Y-%m-%d %H:%M}; a month counts as over from its last day on. Run sla run on "
            "exports drawn after the month's end, or give an earlier month."
        )
        raise UsageError(message)
    first, last, tickets = con.execute(
        "select min(opened_at), max(opened_at), "
        "count(case when date_trunc('month', opened_at) = $month then 1 end) "
        "from staging.tickets",
        {"month": month},
    ).fetchall()[0]
    if not tickets:
        known = (
            f"The tickets of the last result were opened from {first:%Y-%m} to {last:%Y-%m}; "
            "give one of those months."
            if first
            else "The last result has no ticket with an opening time at all."
        )
        message = f"{month:%Y-%m} cannot be published: no ticket was opened in it. {known}"
        raise UsageError(message)


def _check_reason(out: Path, month: date, reason: str | None) -> None:
    last = store.latest(out).get(month)
    if last is not None and not (reason or "").strip():
        message = (
            f"{month:%Y-%m} was published on {last.manifest['published_at'][:10]} as version "
            f"{last.number}. A further version stands beside it and needs its reason: "
            f"sla publish {month:%Y-%m} --out {shlex.quote(str(out))} "
            '--reason "why it is published again"'
        )
        raise UsageError(message)


def _figures(con: duckdb.DuckDBPyConnection, month: date) -> dict[str, Any]:
    """The headline of the month, to be read without any tool."""
    counted = con.execute(
        "select count(*), "
        + ", ".join(f"count(case when verdict = '{name}' then 1 end)" for name in _VERDICTS)
        + " from facts.responses where month = $month",
        {"month": month},
    ).fetchall()[0]
    return dict(zip(("fault_tickets", *_VERDICTS), counted, strict=True))


_VERDICTS: Final = ("met", "breached", "pending", "unmeasurable")


def told(version: Version, out: Path) -> str:
    """What a person is told of a new version."""
    return "\n".join(
        [
            f"{version.month:%Y-%m} is published as version {version.number}: {version.folder}",
            f"Seal  {version.seal}",
            "Keep the seal elsewhere too (in the mail with the report, in minutes):",
            f"  sla verify --out {shlex.quote(str(out))} --seal {version.seal}",
            "then tells whether the store still holds this very version.",
        ]
    )


def checked(out: Path, seal: str | None = None) -> str:
    """``sla verify``: that the store is as it was published, in a sentence.

    Raises:
        DataError: it is not; each problem says what, where, and what to do.
        UsageError: there is no such folder.
    """
    if not out.is_dir():
        what = "is a file" if out.exists() else "does not exist"
        message = f"--out {out} {what}. Name the folder that sla run wrote its result to."
        raise UsageError(message)
    problems = store.check(out, seal)
    if problems:
        head = "The store of closed months is not as it was published:"
        raise DataError("\n  ".join([head, *(problem.message for problem in problems)]))
    versions = store.versions(out)
    if not versions:
        place = shlex.quote(str(out))
        return f"No month is published in {out}; sla publish YYYY-MM --out {place} publishes one."
    last = max(versions, key=lambda version: version.manifest["place"])
    months = len({version.month for version in versions})
    files = sum(len(version.manifest["files"]) for version in versions)
    return (
        f"{counted(len(versions), 'version', 'versions')} of {counted(months, 'month', 'months')}, "
        f"{counted(files, 'file', 'files')}: all as they were published.\n"
        f"The last one is {last.name}, seal {last.seal}"
    )


def monthly_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of facts and marts that have a month, in alphabetic order."""
    found = con.execute(
        "select schema_name || '.' || table_name from duckdb_columns() "
        "where column_name = 'month' and data_type = 'DATE' and schema_name in ('facts', 'marts') "
        "and database_name = current_catalog() order by 1"
    ).fetchall()
    return [name for (name,) in found if name not in OWN_TABLES]


def _write_tables(con: duckdb.DuckDBPyConnection, month: date, folder: Path) -> None:
    folder.mkdir()
    for table in monthly_tables(con):
        _write(
            con,
            f"select * from {table} where month = date '{month}' order by all",
            folder / f"{table}.parquet",
        )


def _write_inputs(con: duckdb.DuckDBPyConnection, month: date, folder: Path) -> None:
    """The input rows that the month's verdicts and charges stand on, and which on which."""
    folder.mkdir()
    con.execute(
        f"""
        create or replace temp table evidence_anchors as
        select 'ticket' as kind, ticket_id as anchor from staging.tickets
        where date_trunc('month', opened_at) = date '{month}'
        union
        select 'ticket', ticket_id from facts.charges
        where month = date '{month}' and ticket_id is not null
        union
        select 'contract', contract_id from facts.inspections where month = date '{month}'
        union
        select 'charge', charge.charge_id from facts.charges as charge
        left join staging.tickets as ticket on ticket.ticket_id = charge.ticket_id
        where charge.month = date '{month}' and ticket.ticket_id is null
        """
    )
    evidence.find_edges(con)
    evidence.find_rows(con)
    for name, table in (("edges", evidence.EDGES), ("rows", evidence.ROWS)):
        _write(con, f"select * from {table} order by all", folder / f"{name}.parquet")


def _write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """The rows of a query as Parquet; sorted rows give the same bytes each time."""
    place = str(path).replace("'", "''")
    con.execute(f"copy ({query}) to '{place}' (format parquet, compression zstd)")


def _write_terms(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    folder.mkdir()
    for file, content in con.execute("select file, content from terms.files").fetchall():
        (folder / file).write_bytes(content)


def _write_pages(
    con: duckdb.DuckDBPyConnection, month: date, report_dir: Path, folder: Path
) -> None:
    """The month's pages as if the report had opened on it; the other workbooks as they are."""
    folder.mkdir()
    parts = mail.management_parts(report_of(read_frames(con), month))
    for language in LANGUAGES:
        (folder / f"management.{language}.html").write_text(
            mail.edition(parts, language), encoding="utf-8", newline=""
        )
    (folder / MANAGEMENT_WORKBOOK).write_bytes(management_workbook(parts))
    for name in (FINANCE_WORKBOOK, QUALITY_WORKBOOK):
        if (report_dir / name).is_file():
            shutil.copyfile(report_dir / name, folder / name)
