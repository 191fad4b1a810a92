"""Every table and page as a Dagster asset; each step of a run is one op that builds several.

A step is one op (``multi_asset``), not one for each table: Dagster writes a score of events for
each op, which would take longer than most tables do. All ops share the run's session, the one
owner of the warehouse, so they run in one process, in order.

Belongs here: keys, descriptions, dependencies and metadata, and calling the steps. Does not
belong here: what a step does (``session``) and what a table means (``models``, ``contract``).
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import dagster as dg
import duckdb

from dashboards.pages import PAGES
from dashboards.report import Page
from pipelines import session
from pipelines.checks import validation
from pipelines.contract import INPUTS
from pipelines.errors import UnsettledError
from pipelines.months.restatements import TABLES as CLOSED_TABLES
from pipelines.other_terms.readings import EFFECT_TABLES, TOUCHES
from pipelines.reporting.report import queries, tables_read
from pipelines.session import Session
from pipelines.warehouse import lineage, models

# No postponed annotations in this module: Dagster reads those of its ops.

Decorator = Callable[[Callable[..., Any]], dg.AssetsDefinition]

OWNERS: Final = {
    "staging": "team:data",
    "terms": "team:data",
    "clocks": "team:data",
    "meta": "team:data",
    "steps": "team:service-quality",
    "facts": "team:service-quality",
    "marts": "team:management",
    "report": "team:management",
}
"""Who answers for a schema's tables; ``_FINANCE`` names the tables that are finance's."""

_FINANCE: Final = ("charge", "invoice", "billing", "unit")

STAGING_TABLES: Final = {
    **{f"staging.{name}": f"Export {name} {export.title_zh}" for name, export in INPUTS.items()},
    "staging.rejects": "Rows without a key or with one that is taken, as they came",
    "staging.problems": "Fields that could not be read; they are null in their row",
    "staging.rows_to_mend": "Rows with such a field, or without a key, whole and as they came",
    "meta.files": "The files read, with fingerprint and row counts",
}

RUN_TABLES: Final = {
    "meta.run": "What the run judges by: as-of, time zone, day of the first ticket, product",
}

TERMS_TABLES: Final = {
    "terms.periods": "Stretches of days in which no term changes",
    "terms.days": "The period of each day that the data names",
    "terms.rules": "The scalar terms and the readings of each period",
    "terms.services": "The service catalogue (C-1)",
    "terms.catalogue": "The service codes each customer type has",
    "terms.service_levels": "The service level of customer type, stage and mode (T1)",
    "terms.charging": "What each service level charges (T2)",
    "terms.fault_levels": "The fault levels and their clocks",
    "terms.response_targets": "Seconds allowed by fault level and city tier (T4)",
    "terms.tier1_cities": "The cities of the first tier",
    "terms.products": "Product types and their warranty",
    "terms.form_fields": "The fields each form must have filled in",
    "terms.rate_card": "The prices, where they are known",
    "terms.payment_methods": "How a purchase may be paid, with the spellings known (AS-3)",
    "terms.readings": "How each doubtful clause is read, and how else it could be",
    "terms.reading_choices": "The alternatives of each reading in words",
    "terms.clauses": "The clauses in words",
    "terms.files": "The terms files and their fingerprints",
}

CLOCK_TABLES: Final = {
    "clocks.segments": "Pieces of local time and the positions of both clocks at their start",
    "clocks.due_segments": "The inverse: the local time at which a clock reaches a position",
}

COPY_TABLES: Final = {"steps.record_copies": "Service records of an agent that share a text"}

CHECK_TABLES: Final = {
    "meta.checks": "What each check found, with a sample of failing rows",
    "marts.check_effects": "The verdicts that hang on failing rows and on cells not read",
    "meta.quality_history": "How the quality of the exports went from run to run",
}

SAMPLE_TABLES: Final = {"meta.audit_sample": "Charges drawn for finance to check by hand"}

REPORT_FILES: Final = {
    "report.finance_workbook": (
        "finance.xlsx: exceptions, months, reconciliation, audit sample, renewals",
        (
            "meta.audit_sample",
            "marts.billing_exceptions",
            "marts.billing_monthly",
            "marts.billing_reconciliation",
            "marts.renewals",
            "steps.invoice_lines",
        ),
    ),
    "report.management_workbook": (
        "management.xlsx, the edition to mail and its charts",
        ("marts.response_monthly", "marts.outlook", "facts.responses"),
    ),
    "report.quality_workbook": (
        "quality.xlsx: months, agents, outstanding records, flags and exceptions",
        ("marts.agent_filing", "marts.agent_standing", "marts.agent_flags", "marts.outlook"),
    ),
    "report.agent_sheets": (
        "agents/: a page and a workbook for each agent, with its own rows",
        (
            "marts.agent_filing",
            "marts.agent_flags",
            "marts.agent_standing",
            "facts.filings",
        ),
    ),
}
"""Files beside the pages: what they are and the tables they are made from."""

EXPORTS_STEP: Final = "exports"
TRIES: Final = 5
"""How often a patient run tries exports again that changed while they were read."""

PUBLISHED: Final = dg.AssetKey(["report", "published"])


def asset_key(table: str) -> dg.AssetKey:
    """``schema.table`` as an asset's key."""
    return dg.AssetKey(table.split("."))


def table_name(key: dg.AssetKey) -> str:
    """An asset's key as ``schema.table``."""
    return ".".join(key.path)


def build_assets() -> list[dg.AssetsDefinition]:
    """Every asset of a run, in the order of its steps."""
    return [
        _staging(),
        _reference(),
        _models(),
        _checks(),
        _check_results(),
        _report(),
        _publish(),
    ]


def _spec(
    table: str, description: str, deps: Iterable[str] = (), kinds: Iterable[str] = ("duckdb",)
) -> dg.AssetSpec:
    schema, name = table.split(".", 1)
    is_finance = any(word in name for word in _FINANCE)
    return dg.AssetSpec(
        asset_key(table),
        deps=[asset_key(other) for other in deps],
        description=description,
        group_name=schema,
        owners=["team:finance" if is_finance else OWNERS[schema]],
        kinds=set(kinds),
    )


def _op(name: str, specs: Iterable[dg.AssetSpec], *, can_subset: bool = False) -> Decorator:
    return dg.multi_asset(
        name=name,
        specs=list(specs),
        required_resource_keys={"session"},
        can_subset=can_subset,
    )


@contextlib.contextmanager
def _step(run: Session, name: str) -> Iterator[list[str]]:
    """Show a step's progress and keep what stopped it; the block appends its summary."""
    run.progress.begin(name)
    summary: list[str] = []
    try:
        yield summary
    except BaseException as error:
        run.stopped_by = error
        raise
    run.progress.end(" ".join(summary))


@contextlib.contextmanager
def _tried_again(run: Session) -> Iterator[None]:
    """Try again once files that were being written are complete; nothing else gets better so."""
    try:
        yield
    except UnsettledError as error:
        if not run.is_patient:
            raise
        seconds = run.settings.file.schedule.settle_seconds
        raise dg.RetryRequested(max_retries=TRIES, seconds_to_wait=seconds) from error


def _built(
    con: duckdb.DuckDBPyConnection, tables: Iterable[str]
) -> Iterator[dg.MaterializeResult[Any]]:
    columns = _columns(con)
    for table in tables:
        metadata = table_metadata(table, columns[table], {}, _rows(con, table))
        yield dg.MaterializeResult(asset_key=asset_key(table), metadata=metadata)


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Name and type of each column, by table."""
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in con.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by column_index"
    ).fetchall():
        columns.setdefault(table, []).append((column, kind))
    return columns


def _rows(con: duckdb.DuckDBPyConnection, place: str) -> int:
    row = con.execute(f"select count(*) from {place}").fetchone()  # noqa: S608 - a table of ours
    return int(row[0]) if row else 0


def table_metadata(
    table: str, columns: Iterable[tuple[str, str]], words: Mapping[str, str], rows: int | None
) -> dict[str, Any]:
    """Columns with types and ``words``, and the count of rows (None: nothing is stored)."""
    metadata: dict[str, Any] = {
        "dagster/table_name": table,
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn(column, kind, description=words.get(column))
                for column, kind in columns
            ]
        ),
    }
    if rows is not None:
        metadata["dagster/row_count"] = rows
    return metadata


def _staging() -> dg.AssetsDefinition:
    specs = [_spec(table, text, (), ("duckdb", "polars")) for table, text in STAGING_TABLES.items()]

    @_op(EXPORTS_STEP, specs)
    def exports(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: Session = context.resources.session
        with _step(run, EXPORTS_STEP) as summary:
            with _tried_again(run):
                summary.append(session.stage(run))
            yield from _built(run.con, STAGING_TABLES)

    return exports


def _reference() -> dg.AssetsDefinition:
    specs = [
        *(_spec(table, text, STAGING_TABLES) for table, text in RUN_TABLES.items()),
        *(
            _spec(table, text, ["meta.run"] if table == "terms.days" else (), ("duckdb", "yaml"))
            for table, text in TERMS_TABLES.items()
        ),
        *(
            _spec(table, text, ("terms.rules", "meta.run"), ("duckdb", "polars"))
            for table, text in CLOCK_TABLES.items()
        ),
        *(
            _spec(
                table,
                text,
                ("staging.service_records", "terms.rules", "meta.run"),
                ("duckdb", "polars"),
            )
            for table, text in COPY_TABLES.items()
        ),
    ]

    @_op("terms", specs)
    def terms(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: Session = context.resources.session
        with _step(run, "terms") as summary:
            summary.append(session.write_reference(run))
            yield from _built(run.con, [table_name(spec.key) for spec in specs])

    return terms


def _models() -> dg.AssetsDefinition:
    specs = [
        _spec(
            model.name,
            f"{model.title}\n\nGrain: {model.grain}. Clauses: {', '.join(model.clauses)}.",
            model.depends_on,
            ("duckdb", "sql", model.materialized),
        )
        for model in models.load_models()
    ]

    @_op("models", specs, can_subset=True)
    def sql_models(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: Session = context.resources.session
        wanted = frozenset(table_name(key) for key in context.selected_asset_keys)
        with _step(run, "models") as summary:
            built = list(session.build_models(run, wanted))
            columns = _columns(run.con)
            rows = {m.name: _rows(run.con, m.place) for m in built if run.is_here(m)}
            schema = lineage.warehouse_schema(run.con)
            # The validator works while the lineage is drawn and Dagster writes its events.
            session.hand_over(run)
            drawn = session.draw_lineage(run, built, schema)
            for model in built:
                name = model.name
                metadata = table_metadata(name, columns[name], model.columns, rows.get(name))
                metadata["dagster/column_lineage"] = _column_lineage(drawn[name])
                yield dg.MaterializeResult(asset_key=asset_key(name), metadata=metadata)
            summary.append(f"{len(wanted)} tables and views")

    return sql_models


def _column_lineage(drawn: lineage.Lineage) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(asset_key=asset_key(table), column_name=source)
                for table, source in sorted(sources)
            ]
            for column, sources in drawn.made_from.items()
        }
    )


def _tables() -> set[str]:
    """Every table that is there before the checks."""
    written = STAGING_TABLES | RUN_TABLES | TERMS_TABLES | CLOCK_TABLES | COPY_TABLES
    return {*written, *(model.name for model in models.load_models())}


def _checked_tables() -> list[str]:
    tables = _tables()
    return [suite.table for suite in validation.suites() if suite.table in tables]


def _checks() -> dg.AssetsDefinition:
    specs = [
        _spec(table, text, _checked_tables(), ("duckdb", "greatexpectations"))
        for table, text in CHECK_TABLES.items()
    ]
    specs += [
        _spec(table, text, sorted({judged.table for judged in TOUCHES.values()}))
        for table, text in EFFECT_TABLES.items()
    ]
    specs += [
        _spec(
            table, text, ("facts.responses", "facts.filings", "facts.charges", "marts.obligations")
        )
        for table, text in CLOSED_TABLES.items()
    ]

    @_op("checks", specs)
    def checks(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: Session = context.resources.session
        with _step(run, "checks") as summary:
            found = session.work_beside(run), session.compare_closed(run)
            results = session.run_checks(run, *found)
            failed = [result for result in results if not result.success]
            summary.append(f"{len(results)} checks, {len(failed)} not met")
            yield from _built(run.con, [*CHECK_TABLES, *EFFECT_TABLES, *CLOSED_TABLES])

    return checks


_SEVERITIES: Final = {
    "critical": ("must_hold", dg.AssetCheckSeverity.ERROR),
    "warning": ("should_hold", dg.AssetCheckSeverity.WARN),
}
"""The severity of an expectation: the Dagster check it is shown in, and that check's own."""


def _check_results() -> dg.AssetsDefinition:
    """Show what ``meta.checks`` holds on the tables it speaks of.

    A table has one Dagster check for the expectations that stop a run and one for the others:
    one for each expectation would be hundreds, and Dagster takes its time over each.
    """
    tables = set(_checked_tables())
    specs = [
        dg.AssetCheckSpec(
            name,
            asset=asset_key(suite.table),
            description="\n\n".join(f"{c.name}: {c.en} {c.zh} ({c.guards})" for c in checks),
            additional_deps=[asset_key("meta.checks")],
        )
        for suite in validation.suites()
        for severity, (name, _) in _SEVERITIES.items()
        if suite.table in tables and (checks := [c for c in suite.checks if c.severity == severity])
    ]

    @dg.multi_asset_check(
        name="check_results", specs=specs, required_resource_keys={"session"}, can_subset=True
    )
    def check_results(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        run: Session = context.resources.session
        kept: dict[tuple[str, str], list[validation.CheckResult]] = {}
        for result in validation.kept_results(run.con):
            kept.setdefault((result.table, _SEVERITIES[result.severity][0]), []).append(result)
        for key in context.selected_asset_check_keys:
            yield _check_result(key, kept.get((table_name(key.asset_key), key.name), []))

    return check_results


def _check_result(
    key: dg.AssetCheckKey, results: list[validation.CheckResult]
) -> dg.AssetCheckResult:
    failed = [result for result in results if not result.success]
    return dg.AssetCheckResult(
        passed=not failed,
        asset_key=key.asset_key,
        check_name=key.name,
        severity=next(level for name, level in _SEVERITIES.values() if name == key.name),
        metadata={
            "checks": len(results),
            "not_met": len(failed),
            "rows": max((result.rows for result in results), default=0),
            **{
                result.check: dg.MetadataValue.json(
                    {
                        "says": result.description_en,
                        "guards": result.guards,
                        "failing_rows": result.unexpected_count,
                        "sample": list(result.sample),
                    }
                )
                for result in failed
            },
        },
    )


def _report() -> dg.AssetsDefinition:
    pages = [f"report.{page.name}" for page in PAGES]
    specs = [
        _spec(
            f"report.{page.name}",
            f"{page.title.en} {page.title.zh}",
            sorted({"meta.checks", *_tables_of(page)}),
            ("html", "plotly"),
        )
        for page in PAGES
    ]
    specs += [
        _spec(file, text, ("meta.checks", *tables), ("file",))
        for file, (text, tables) in REPORT_FILES.items()
    ]
    specs += [
        _spec(table, text, ("meta.checks", "facts.charges"))
        for table, text in SAMPLE_TABLES.items()
    ]

    @_op("report", specs)
    def report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: Session = context.resources.session
        with _step(run, "report") as summary:
            session.stop_if_blocked(run)
            summary.append(session.write_report(run))
            yield from _built(run.con, SAMPLE_TABLES)
            for name in (*REPORT_FILES, *pages):
                yield dg.MaterializeResult(asset_key=asset_key(name))

    return report


def _tables_of(page: Page) -> set[str]:
    """The tables behind the frames a page needs."""
    frames = queries()
    read = {
        table
        for name in (*page.needs, *page.uses)
        if name in frames
        for table in tables_read(frames[name])
    }
    return read & {*_tables(), *CHECK_TABLES, *SAMPLE_TABLES}


def _publish() -> dg.AssetsDefinition:
    spec = _spec(
        table_name(PUBLISHED),
        "The whole result put in place of the last one",
        [*REPORT_FILES, *(f"report.{page.name}" for page in PAGES)],
        ("file",),
    )

    @_op("publish", [spec])
    def publish(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        run: Session = context.resources.session
        with _step(run, "publish") as summary:
            summary.append(session.publish_result(run))
            yield dg.MaterializeResult(asset_key=PUBLISHED)

    return publish
