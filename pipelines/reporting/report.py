"""Reads the report's frames out of the warehouse and has the pages written.

Belongs here: the one place where warehouse and pages meet. Each ``report_queries/<frame>.sql``
is one frame, bounded in size whatever the data's, so that pages do not grow with it. Does not
belong here: what a page says (``dashboards``) or what a table means (``models``).
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, cast

import sqlglot
from sqlglot import exp

from dashboards.pages import PAGES
from dashboards.report import ROWS_SHOWN, Report
from dashboards.site import write_report
from pipelines.reporting.mending import write_rows_to_mend
from pipelines.reporting.office import write_office
from pipelines.warehouse.models import select_over
from pipelines.warehouse.version import product_version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime
    from pathlib import Path

    import duckdb
    import polars as pl

#: Tickets with a section of their own; the rest is in the warehouse (and ``sla explain``).
TICKETS_KEPT = 5000
_KEPT = "report_tickets"
#: The charges that pages show: those of the kept tickets and of the units finance looks at first.
_CHARGES = "report_charges"
_CHARGES_SHOWN = """
select charges.*
from {table} as charges
where charges.ticket_id in (select ticket_id from report_tickets)
    or charges.serial_no in (select serial_no from marts.billing_units where unit_rank <= 30)
"""
#: Frames no page prints as a table: their tickets need no section.
_DOWNLOADED_ONLY = frozenset({"response_all"})
_CONCERNS = {
    "facts.responses": "select ticket_id from facts.responses where verdict <> 'met'",
    "marts.obligations": (
        "select ticket_id from marts.obligations where verdict in ('breached', 'pending')"
    ),
    "marts.billing_exceptions": "select ticket_id from marts.billing_exceptions",
}


def build_report(
    con: duckdb.DuckDBPyConnection,
    out_dir: Path,
    month: date | None = None,
    browser: Path | None = None,
) -> Report:
    """Write the whole report into ``out_dir``; the report.

    Args:
        con: the finished warehouse, behind its curtain where something is hidden; nothing in it
            is changed.
        out_dir: the report's folder, made when it is not there.
        month: the month shown first; by default the latest closed month with tickets.
        browser: prints the PDF and the charts' PNG; without one they are left out.
    """
    frames = read_frames(con)
    if "rows_to_mend" in frames and "privacy" not in frames:
        frames["rows_to_mend"] = write_rows_to_mend(con, out_dir)
    report = report_of(frames, month)
    write_report(report, PAGES, out_dir)
    write_office(report, out_dir, browser)
    return report


def report_of(frames: Mapping[str, pl.DataFrame], month: date | None = None) -> Report:
    """The report over ``frames``: as-of, months, exports given, and the month shown first."""
    run = frames["run"].row(0, named=True)
    as_of = cast("datetime", run["as_of"])
    months: tuple[date, ...] = ()
    if "response_cells" in frames:
        months = tuple(sorted(frames["response_cells"]["month"].drop_nulls().unique()))
    exports = frozenset(frames["files"]["export"].unique()) if "files" in frames else frozenset()
    report = Report(
        frames=frames,
        as_of=as_of,
        timezone=run["timezone"],
        months=months,
        month=None,
        exports=exports,
        version=product_version(),
    )
    closed = [one for one in report.months if report.is_closed(one)]
    begun = [one for one in report.months if one <= as_of.date()]
    shown = month if month in months else next(reversed(closed or begun or months), None)
    return Report(**{**vars(report), "month": shown})


def read_some_frames(
    con: duckdb.DuckDBPyConnection, names: Collection[str]
) -> dict[str, pl.DataFrame]:
    """The frames of these names whose tables are there; not those of single tickets."""
    there, known = _tables_there(con), queries()
    return {
        name: con.sql(known[name]).pl()
        for name in names
        if name in known and tables_read(known[name]) <= there
    }


def _tables_there(con: duckdb.DuckDBPyConnection) -> set[str]:
    found = con.execute("select table_schema, table_name from information_schema.tables")
    return {f"{schema}.{table}" for schema, table in found.fetchall()}


def read_frames(con: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """Every frame whose tables are in the warehouse, by name."""
    there = _tables_there(con)
    chosen = {name: sql for name, sql in queries().items() if tables_read(sql) <= there}
    of_kept = {name: sql for name, sql in chosen.items() if _KEPT in sql or _CHARGES in sql}
    frames = {name: con.sql(sql).pl() for name, sql in chosen.items() if name not in of_kept}
    _keep_tickets(con, there, _tickets_shown(frames))
    if not _keep_charges(con, there):
        of_kept = {name: sql for name, sql in of_kept.items() if _CHARGES not in sql}
    frames |= {name: con.sql(sql).pl() for name, sql in of_kept.items()}
    con.execute(f"drop table temp.{_KEPT}; drop table if exists temp.{_CHARGES}")
    return frames


def _tickets_shown(frames: Mapping[str, pl.DataFrame]) -> list[str]:
    """The tickets the pages' tables name, so that each of their links leads somewhere."""
    shown: set[str] = set()
    for name, frame in frames.items():
        if "ticket_id" in frame.columns and name not in _DOWNLOADED_ONLY:
            shown.update(frame["ticket_id"].head(ROWS_SHOWN).drop_nulls())
        if name == "reading_changes":
            shown.update(subject.split("|")[0] for subject in frame["subject"].drop_nulls())
    return sorted(shown)


def _keep_tickets(con: duckdb.DuckDBPyConnection, there: set[str], shown: list[str]) -> None:
    """Name the tickets that get a section of their own.

    All those ``shown`` in tables; up to ``TICKETS_KEPT`` also those with a finding, then the
    latest.
    """
    concerns = [sql for table, sql in _CONCERNS.items() if table in there]
    found = " union all ".join(concerns or ["select null as ticket_id where false"])
    con.execute(
        f"create or replace temp table {_KEPT} as "  # noqa: S608 - our own constants
        "with shown as (select distinct unnest($shown) as ticket_id), "
        f"concerns as (select distinct ticket_id from ({found})) "
        "select tickets.ticket_id from staging.tickets as tickets "
        "left join shown on shown.ticket_id = tickets.ticket_id "
        "left join concerns on concerns.ticket_id = tickets.ticket_id "
        "order by shown.ticket_id is null, concerns.ticket_id is null, "
        "tickets.opened_at desc nulls last, tickets.ticket_id "
        f"limit {max(TICKETS_KEPT, len(shown))}",
        {"shown": shown},
    )


def _keep_charges(con: duckdb.DuckDBPyConnection, there: set[str]) -> bool:
    """Put the charges that pages show into words, if there are charges."""
    tables = ("steps.charges_on_tickets", "steps.charges_elsewhere")
    if not there.issuperset({"marts.billing_units", *tables}):
        return False
    shown = {table: _CHARGES_SHOWN.format(table=table) for table in tables}
    con.execute(f"create temp table {_CHARGES} as {select_over('facts.charges', shown)}")
    return True


def queries() -> dict[str, str]:
    """The report's queries by the name of their frame."""
    folder = resources.files("pipelines.reporting") / "report_queries"
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }


def tables_read(sql: str) -> set[str]:
    """The tables a query reads, as ``schema.table``; its own steps are left out."""
    return {
        f"{table.db}.{table.name}"
        for table in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Table)
        if table.db
    }
