"""One run's work, step by step, as plain functions on one open warehouse.

The order is that of ``progress.STEPS``: stage the exports, write what the run measures with (as-of,
terms, clocks), build the models, run the checks, build the report, publish. Every function here
runs without Dagster; ``assets`` shows each step as assets, ``run`` executes them.

Belongs here: the settings, the one owner of the warehouse, what each step does in which order.
Does not belong here: how a step does it (its own module) and how it is shown.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.language import counted
from pipelines import privacy, publish, terms, warehouse
from pipelines.checks import effects, validation
from pipelines.checks.quality_history import remember_quality
from pipelines.checks.validator import Validator
from pipelines.errors import DataError, UnsettledError, UsageError
from pipelines.exports import latest_event, load_mapping, stage_exports
from pipelines.exports.signature import signature
from pipelines.instants import local_time, read_instant, read_month
from pipelines.months import restatements
from pipelines.other_terms import readings
from pipelines.privacy.key import discretion
from pipelines.progress import Silent
from pipelines.reporting import audiences, mending
from pipelines.reporting.agent_sheets import write_agent_sheets
from pipelines.reporting.finance import draw_audit_sample, write_finance
from pipelines.reporting.report import build_report
from pipelines.settings_file import SettingsFile, read_settings
from pipelines.warehouse import models, reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    import duckdb
    from sqlglot.schema import MappingSchema

    from pipelines.exports import Mapping as ExportsMapping
    from pipelines.privacy.key import Discretion
    from pipelines.progress import Progress
    from pipelines.spark.cluster import Cluster
    from pipelines.terms import Terms
    from pipelines.warehouse.lineage import Lineage


@dataclass(frozen=True)
class OnSpark:
    """Where Spark runs (``--master``) and keeps its tables (``--warehouse``)."""

    master: str
    warehouse: str


@dataclass(frozen=True)
class Settings:
    """What a run is told: the options of ``sla run``.

    ``as_of`` without an offset is local time of the terms' zone. ``month`` is the first day of
    the month the report opens on. ``browser`` prints the report's PDF and PNG (``--pdf``).
    ``file`` is the settings file, its paths already looked up. With ``spark`` the models and checks
    run there.
    """

    exports: Path
    out: Path
    terms: Path | None = None
    mapping: Path | None = None
    as_of: datetime | None = None
    month: date | None = None
    memory_limit: str | None = None
    browser: Path | None = None
    file: SettingsFile = field(default_factory=SettingsFile)
    spark: OnSpark | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings of ``dagster dev``: ``SLA_EXPORTS``, ``SLA_OUT`` … before ``SLA_SETTINGS``.

        Raises:
            UsageError: SLA_AS_OF, SLA_MONTH or the settings file cannot be read.
        """

        def path(name: str) -> Path | None:
            return Path(environment[name]) if environment.get(name) else None

        file = read_settings(path("SLA_SETTINGS"))
        return cls(
            exports=path("SLA_EXPORTS") or file.paths.exports or Path("sample_data"),
            out=path("SLA_OUT") or file.paths.out or Path("out"),
            terms=path("SLA_TERMS") or file.paths.terms,
            mapping=path("SLA_MAPPING") or file.paths.mapping,
            as_of=read_instant(environment.get("SLA_AS_OF", ""), "SLA_AS_OF"),
            month=read_month(environment.get("SLA_MONTH", ""), "SLA_MONTH"),
            memory_limit=environment.get("SLA_MEMORY_LIMIT") or file.memory_limit,
            file=file,
        )


@dataclass
class Session:
    """An open run: the settings, the checked terms, and the one connection to the warehouse.

    ``promises`` are known once the lineage of all models was drawn.
    ``stopped_by`` is what a step raised: Dagster reports it in its own words, people get it as is.
    An ``is_patient`` run tries again where that helps, where a person is told at once.
    A ``cluster`` builds the models and is the validator too. ``hidden`` is what the report, and
    whatever else is handed out, does not show.
    """

    settings: Settings
    building: Path
    terms: Terms
    validator: Validator | Cluster
    mapping: ExportsMapping | None = None
    hidden: Discretion | None = None
    progress: Progress = field(default_factory=Silent)
    cluster: Cluster | None = None
    stopped_by: BaseException | None = None
    has_agent_sheets: bool = False
    is_patient: bool = False
    promises: list[effects.Promise] | None = None
    con: duckdb.DuckDBPyConnection = field(init=False)

    @property
    def timezone(self) -> str:
        """The time zone of every local time."""
        return self.terms.timezone

    @property
    def warehouse(self) -> Path:
        """The file of the warehouse being built."""
        return self.building / "warehouse.duckdb"

    def open(self) -> None:
        """Open the warehouse again after ``con`` was closed to hand it over."""
        limit, spill = self.settings.memory_limit, self.building / publish.SPILL
        self.con = warehouse.open_warehouse(self.warehouse, limit, temp_directory=spill)

    def is_here(self, model: models.Model) -> bool:
        """Whether the rows of a model are stored, and in the warehouse rather than on a cluster."""
        return not (model.is_view or (self.cluster and model.is_scratch))

    @property
    def report_dir(self) -> Path:
        """Where the report's pages are built."""
        return self.building / "report"

    def one(self, query: str) -> tuple[Any, ...]:
        """The first row of a query that has one."""
        row = self.con.execute(query).fetchone()
        if row is None:
            message = f"no row: {query}"
            raise LookupError(message)
        return row


@contextlib.contextmanager
def open_session(
    settings: Settings,
    progress: Progress | None = None,
    *,
    is_partial: bool = False,
    is_patient: bool = False,
) -> Iterator[Session]:
    """Hold OUT and the warehouse being built for as long as the block lasts.

    The terms, the mapping and the key of pseudonyms are checked before anything is touched. A
    partial run starts from a copy of the last result, so that the tables it does not build are
    there. A patient one waits for another run to end, as long as the settings file says.

    Raises:
        UsageError: terms, mapping, key, memory limit or OUT cannot be used.
        BusyError: another run holds OUT.
        DataError: what a killed run left cannot be moved or thrown away.
    """
    progress = progress or Silent()
    wait_seconds = settings.file.schedule.busy_minutes * 60 if is_patient else 0
    checked = terms.load_terms(settings.terms)
    mapping = load_mapping(settings.mapping) if settings.mapping else None
    hidden = discretion(settings.file.privacy, settings.out)
    with publish.only_run(settings.out, wait_seconds, progress.tell) as building:
        if is_partial:
            publish.copy_result(settings.out, building)
        cluster = _cluster(settings)
        with contextlib.closing(cluster or Validator()) as validator:
            session = Session(
                settings,
                building,
                checked,
                validator,
                mapping,
                hidden,
                progress,
                cluster,
                is_patient=is_patient,
            )
            session.open()
            try:
                yield session
            finally:
                session.con.close()


def _cluster(settings: Settings) -> Cluster | None:
    if settings.spark is None:
        return None
    from pipelines.spark.session import check_installed  # noqa: PLC0415 - PySpark is an extra

    check_installed()
    from pipelines.spark.cluster import Cluster  # noqa: PLC0415 - as above

    return Cluster.start(settings.spark.master, settings.spark.warehouse)


def stage(session: Session) -> str:
    """Read the exports into ``staging.*`` and count every row.

    Raises:
        UnsettledError: files came, went or changed meanwhile.
        DataError: a file cannot be read.
    """
    with _unchanged(session.settings.exports, session.mapping):
        summary = stage_exports(
            session.con,
            session.settings.exports,
            session.mapping,
            session.timezone,
            progress=session.progress.note,
            temp_dir=session.building,
            last=session.settings.out / "warehouse.duckdb",
        )
    files, rows, staged, rejected, problems = session.one(
        "select count(*), sum(rows_in)::bigint, sum(staged)::bigint, sum(rejected)::bigint, "
        "sum(problems)::bigint from meta.files"
    )
    told = (
        f"{counted(files, 'file', 'files')}: {staged:,} of {counted(rows, 'row', 'rows')} staged, "
        f"{rejected:,} rejected, {counted(problems, 'field', 'fields')} with a problem"
    )
    return f"{told}; {summary.changes.said}" if summary.changes else told


@contextlib.contextmanager
def _unchanged(exports: Path, mapping: ExportsMapping | None) -> Iterator[None]:
    """Refuse what was read while somebody wrote: half a file can look like a whole one."""
    before = signature(exports, mapping)
    stopped = None
    try:
        yield
    except DataError as error:
        stopped = error
    changed = sorted({one[0] for one in {*before} ^ {*signature(exports, mapping)}})
    if changed:
        message = (
            f"{', '.join(changed)} changed while the exports in {exports} were read. "
            "Run again once they are complete."
        )
        raise UnsettledError(message) from stopped
    if stopped is not None:
        raise stopped


def write_reference(session: Session) -> str:
    """Write ``meta.run``, ``terms.*`` and ``clocks.*``: what the run measures with.

    Raises:
        DataError: the exports hold no instant and no as-of was given.
        UsageError: no ticket was opened in the month the report is to open on.
    """
    given = session.settings.as_of
    as_of = local_time(given, session.timezone) if given else latest_event(session.con)
    if as_of is None:
        rows, files = session.one(
            "select sum(rows_in)::bigint, string_agg(source_file, ', ' order by source_file) "
            "from meta.files"
        )
        message = (
            f"The exports in {session.settings.exports} hold no date or time, so it is not known "
            "as of when to judge them. Fill in opened_at (受理时间) or give --as-of."
            if rows
            else f"The exports in {session.settings.exports} hold no rows: below the header there "
            f"is nothing in {files}. Export them again, with their rows."
        )
        raise DataError(message)
    reference.prepare(session.con, session.terms, as_of)
    _check_month(session)
    return f"as of {as_of:%Y-%m-%d %H:%M:%S} {session.timezone}"


def _check_month(session: Session) -> None:
    """Refuse a month to open on that has no tickets, before the work is done."""
    month = session.settings.month
    if month is None:
        return
    first, last, tickets = session.con.execute(
        "select min(opened_at), max(opened_at), "
        "count(case when date_trunc('month', opened_at) = $month then 1 end) "
        "from staging.tickets",
        {"month": month},
    ).fetchall()[0]
    if not tickets:
        message = (
            f"--month {month:%Y-%m}: no ticket was opened in that month. The tickets in "
            f"{session.settings.exports} were opened from {first:%Y-%m} to {last:%Y-%m}; give one "
            "of those months, or leave the option out."
        )
        raise UsageError(message)


def build_models(session: Session, names: frozenset[str] | None = None) -> Iterator[models.Model]:
    """Build the SQL models in order (those of ``names``, if given); yields each when it is there.

    What the wanted ones read in memory is built as well: nothing of it is left from another run.

    Raises:
        DataError: a model could not be built.
    """
    wanted = models.load_models() if names is None else models.with_scratch(names)
    for model in wanted:
        session.progress.note(model.name)
        if session.cluster:
            session.cluster.build(session.con, model)
        else:
            models.run_model(session.con, model)
        if names is None or model.name in names:
            yield model


def draw_lineage(
    session: Session, built: Sequence[models.Model], schema: MappingSchema
) -> dict[str, Lineage]:
    """The lineage of each model; of all models together, what each kind of promise hangs on."""
    drawn = list(effects.draw_lineage(built, schema))
    if len(built) == len(models.load_models()):
        session.promises = effects.promises(drawn)
    return {model.name: lineage for model, lineage, _ in drawn}


def hand_over(session: Session) -> None:
    """Close the warehouse and have the validator read it; ``run_checks`` opens it again."""
    session.con.close()
    session.validator.ask(
        session.warehouse, session.settings.memory_limit, session.building / publish.SPILL
    )


def work_beside(session: Session) -> readings.Effects:
    """While the validator reads the warehouse: what needs no outcome of a check.

    The agents' sheets are written, and every alternative reading is compared; it comes back.
    """
    if not session.validator.is_asked:
        hand_over(session)
    limit, spill = session.settings.memory_limit, session.building / publish.SPILL
    with contextlib.closing(warehouse.open_beside(session.warehouse, limit, spill)) as con:
        compared = readings.reading_effects(con, session.terms, session.progress.note)
        session.progress.note("agents' sheets")
        shutil.rmtree(session.report_dir, ignore_errors=True)
        with privacy.curtain(con, session.hidden) as shown:
            write_agent_sheets(shown, session.report_dir)
        session.has_agent_sheets = True
    return compared


def compare_closed(session: Session) -> restatements.Restated:
    """Hold the run against the published months, while the validator reads the same warehouse."""
    if not session.validator.is_asked:
        hand_over(session)
    limit, spill = session.settings.memory_limit, session.building / publish.SPILL
    with contextlib.closing(warehouse.open_beside(session.warehouse, limit, spill)) as con:
        return restatements.find_restatements(
            con, session.settings.out, session.terms, session.promises, session.progress.note
        )


def run_checks(
    session: Session,
    compared: readings.Effects | None = None,
    restated: restatements.Restated | None = None,
) -> list[validation.CheckResult]:
    """Run every suite; keep what it found, what hangs on it, and how quality went until now.

    The ``compared`` readings and what is ``restated``, found while the validator was at work, are
    kept as well.
    """
    if not session.validator.is_asked:
        hand_over(session)
    results = session.validator.answer()
    session.open()
    if compared is not None:
        readings.keep_effects(session.con, compared)
    if restated is not None:
        restatements.keep_restatements(session.con, restated)
    validation.keep_results(session.con, results)
    effects.keep_check_effects(session.con, results, session.promises)
    touched = effects.kept_check_effects(session.con)
    validation.write_results(results, session.building / "checks.json", touched)
    remember_quality(session.con, session.settings.out, session.building)
    return results


def stop_if_blocked(session: Session) -> None:
    """Let nothing be reported or published that breaks a critical check.

    Raises:
        DataError: a critical check failed; the message names rows and files.
    """
    message = validation.blocking_message(validation.kept_results(session.con))
    if message:
        raise DataError(message)


def write_report(session: Session) -> str:
    """Build finance's workbook, the pages, the agents' sheets, and the audiences' folders."""
    settings = session.settings
    draw_audit_sample(session.con)
    privacy.remember(session.con, session.hidden)
    with privacy.curtain(session.con, session.hidden) as shown:
        if not session.has_agent_sheets:
            shutil.rmtree(session.report_dir, ignore_errors=True)
            write_agent_sheets(shown, session.report_dir)
        with write_finance(shown, session.report_dir):
            report = build_report(shown, session.report_dir, settings.month, settings.browser)
    audiences_dir = session.building / audiences.FOLDER
    if settings.file.audiences:
        audiences.write_audiences(report, session.report_dir, audiences_dir)
    else:  # a run of only a part begins with what the last one made
        shutil.rmtree(audiences_dir, ignore_errors=True)
    shutil.rmtree(session.building / mending.BESIDE, ignore_errors=True)
    if session.hidden:  # whoever mends the exports needs the rows as they came
        mending.write_rows_to_mend(session.con, session.building, mending.BESIDE)
    pages = sum(1 for _ in session.report_dir.rglob("*.html"))
    return counted(pages, "page", "pages")


def publish_result(session: Session) -> str:
    """Close the warehouse and put the whole result in place of the last one."""
    session.con.close()
    out = session.settings.out
    if session.cluster:
        session.cluster.record(session.building, out)
        publish.publish(out)
        session.cluster.forget_replaced()
        return str(out)
    left = _spark_tables(out)
    publish.publish(out)
    if left:
        return f"{out}; the last result's tables on Spark are not needed any more: remove {left}"
    return str(out)


def _spark_tables(out: Path) -> str | None:
    """Where the tables lie of a result that Spark made; without Spark nobody can remove them."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        return str(json.loads((out / publish.SPARK_TABLES).read_text(encoding="utf-8"))["folder"])
    return None
