"""The ``sla`` command.

Belongs here: options, messages and exit statuses. Does not belong here: any work. What a
command needs is imported when it is called, so that the command line answers at once.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import click

from pipelines.cli.months import COMMANDS as MONTHS
from pipelines.cli.paths import PATH
from pipelines.cli.serve import COMMANDS as SERVE
from pipelines.contract import FAULT_LEVELS
from pipelines.errors import SlaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from pipelines.progress import Progress
    from pipelines.session import Settings
    from pipelines.terms.schema import FaultLevel


class _Stopped(click.ClickException):
    """A message for people; stopped by the data."""

    exit_code = 1

    def show(self, file: object = None) -> None:
        """Write the message to standard error."""
        del file
        click.echo(f"sla: {self.message}", err=True)


class _WrongUsage(_Stopped):
    """A message for people; wrong usage, terms or mapping."""

    exit_code = 2


class _Interrupted(_Stopped):
    """A message for people; they stopped it themselves."""

    exit_code = 128 + signal.SIGINT


class _Commands(click.Group):
    """Turns whatever a command raises into one message and an exit status."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; with SLA_DEBUG=1 an unforeseen error keeps its trace."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BaseException as error:
            if any(map(_is_interrupt, _history(error))):
                message = (
                    "Stopped by you. What was under way was not published; the last result is "
                    "as it was. Run the same command again when you like."
                )
                raise _Interrupted(message) from error
            if not isinstance(error, Exception):
                raise
            if os.environ.get("SLA_DEBUG") and not isinstance(error, SlaError):
                raise
            raise _message(error) from error


def _message(error: Exception) -> click.ClickException:
    causes = list(_causes(error))
    first, _, _ = str(error).partition("\n")
    if any(_is_disk_full(cause) for cause in causes):
        return _Stopped(
            f"The disk under --out is full, or fails ({first}). Free "
            "some space and run again; nothing of this run was published, the last result is as "
            "it was."
        )
    if not isinstance(error, SlaError) and any(map(_is_not_permitted, causes)):
        return _Stopped(
            f"Not permitted: {_named(causes)}. Give yourself the right to read or write it, "
            "close what holds it open, or name another place. The last result is as it was."
        )
    if any(_is_out_of_memory(cause) for cause in causes):
        return _Stopped(
            f"The memory was not enough ({first}). Give more with --memory-limit, or run on a "
            "machine that has it. The last result is as it was."
        )
    if isinstance(error, SlaError):
        kind = _WrongUsage if error.exit_status == _WrongUsage.exit_code else _Stopped
        return kind(str(error))
    return _Stopped(_words(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _history(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what was being handled when it came up, caused by it or not."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_interrupt(error: BaseException) -> bool:
    """Whether Ctrl-C did it, in the words of Python, Dagster or DuckDB."""
    # By its name: importing Dagster would take longer than most commands.
    name = type(error).__name__
    return (
        isinstance(error, KeyboardInterrupt)
        or name in {"DagsterExecutionInterruptedError", "InterruptException"}
        or str(error) == "Query interrupted"
    )


def _is_disk_full(error: BaseException) -> bool:
    """Whether it says so in the words of Python, DuckDB or SQLite."""
    words = ("No space left", "database or disk is full", "disk I/O error")
    full = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}  # the disk, a file's limit, a person's share
    is_full = isinstance(error, OSError) and error.errno in full
    return is_full or any(word in str(error) for word in words)


def _is_not_permitted(error: BaseException) -> bool:
    """Whether a file may not be read or written, in the words of Python or DuckDB."""
    is_refused = isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM}
    return is_refused or (
        type(error).__name__ == "IOException" and "Permission denied" in str(error)
    )


def _named(causes: Iterable[BaseException]) -> str:
    """What was refused: the file, or what the engine says of it."""
    (error, *_) = filter(_is_not_permitted, causes)
    name = getattr(error, "filename", None)
    return f"{name} ({getattr(error, 'strerror', '')})" if name else str(error).partition("\n")[0]


def _is_out_of_memory(error: BaseException) -> bool:
    # By its name: importing duckdb would take longer than most commands.
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"


def _words(error: Exception) -> str:
    """What, where and what to do next, for an error nobody foresaw."""
    kind = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent.name != "click"]
    where = f"{own[-1].filename}:{own[-1].lineno}" if own else "unknown place"
    return (
        f"Something went wrong that the program did not foresee: {kind}: {error} (at {where}). "
        "The last result is as it was. With SLA_DEBUG=1 set, the same command shows the whole "
        "trace: please report it."
    )


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sla-audit", prog_name="sla")
def main() -> None:
    """Check service exports against the service terms: response, billing, filing.

    Exit status: 0 done; 1 stopped by the data; 2 wrong usage, terms or mapping; 130 stopped by you.
    """


_TERMS = click.option(
    "--terms",
    metavar="DIR",
    type=PATH,
    help="Terms files that replace the built-in ones of the same name.",
)


_SETTINGS = click.option(
    "--settings",
    metavar="FILE",
    envvar="SLA_SETTINGS",
    type=PATH,
    help="A settings file (also SLA_SETTINGS): folders, schedule, notifications, "
    "privacy, audiences. "
    "What the command line says goes before it.",
)
_EXPORTS = click.option(
    "--exports",
    metavar="DIR",
    type=PATH,
    help="Folder with the exports: tickets.csv, invoices.xlsx, …",
)
_OUT = click.option(
    "--out",
    metavar="DIR",
    type=PATH,
    help="Folder for the warehouse and the report; made when it is not there.",
)


@main.command()
@_EXPORTS
@_OUT
@_SETTINGS
@_TERMS
@click.option(
    "--mapping",
    metavar="FILE",
    type=PATH,
    help="How columns and values of other layouts become the contract's: a file, or preset:NAME.",
)
@click.option(
    "--as-of",
    metavar="INSTANT",
    default="",
    help="What is open, late or not yet due at this instant: 2025-06-30 17:00 (local time), with "
    "an offset, or a day alone for its first instant (00:00). Default: the latest instant in "
    "the exports.",
)
@click.option("--month", metavar="YYYY-MM", default="", help="The month the report opens on.")
@click.option(
    "--pdf",
    is_flag=True,
    help="Also print management, finance and quality as PDF and the charts as PNG, with an "
    "installed Chromium, Chrome or Edge (SLA_CHROMIUM: its path).",
)
@click.option("--memory-limit", metavar="SIZE", help="For the warehouse, such as 4GB.")
@click.option(
    "--engine",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    show_default=True,
    help="What runs the models: DuckDB in this process, or Spark (see pipelines/spark/README.md).",
)
@click.option(
    "--master", metavar="URL", help="Where Spark runs: local[2], spark://…, yarn, k8s://…"
)
@click.option(
    "--warehouse",
    metavar="URI",
    help="Where Spark keeps its tables: a folder or object storage that all its workers reach.",
)
@click.option("--quiet", is_flag=True, help="Say nothing unless something stops the run.")
def run(  # noqa: PLR0913 - one argument per option
    *,
    exports: Path | None,
    out: Path | None,
    settings: Path | None,
    terms: Path | None,
    mapping: Path | None,
    as_of: str,
    month: str,
    pdf: bool,
    memory_limit: str | None,
    engine: str,
    master: str | None,
    warehouse: str | None,
    quiet: bool,
) -> None:
    """Read the exports, judge them by the terms, write warehouse and report to --out."""
    from pipelines.instants import read_instant, read_month  # noqa: PLC0415 - see the module
    from pipelines.settings_file import folders, read_settings  # noqa: PLC0415 - as above

    at, first_month = read_instant(as_of, "--as-of"), read_month(month, "--month")
    given = read_settings(settings)
    exports, out = folders(exports or given.paths.exports, out or given.paths.out)
    terms, mapping = terms or given.paths.terms, mapping or given.paths.mapping
    if terms is not None and not terms.is_dir():
        what = "is a file" if terms.exists() else "does not exist"
        _wrong(f"--terms {terms} {what}. Name a folder of terms files, or leave --terms out.")
    _check_engine(engine, master, warehouse)
    browser = None
    if pdf:
        from pipelines.reporting.browser import find_browser, font_warning  # noqa: PLC0415 - as above

        browser = find_browser()
        warning = font_warning()
        if warning:
            _say([warning])
    with _progress(is_quiet=quiet) as progress:
        # The heavy imports come last: a slip in the options is said before they are waited for.
        with _unswept():
            from pipelines.run import run as run_job  # noqa: PLC0415
            from pipelines.session import OnSpark, Settings  # noqa: PLC0415

        told = Settings(
            exports,
            out,
            terms,
            mapping,
            at,
            first_month,
            memory_limit or given.memory_limit,
            browser,
            given,
            OnSpark(master, warehouse) if master and warehouse else None,
        )
        with _people_told(told):
            run_job(told, progress)
    if not quiet:
        _tell_result(told)
    _tell_closed(told.out, is_quiet=quiet)


@contextmanager
def _unswept() -> Iterator[None]:
    """Have Python look for no garbage while the block imports: what it makes stays until the end.

    It would go through all that is there, again and again: a tenth of a small run.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@main.command()
@click.argument("ticket_id")
@click.option(
    "--out",
    metavar="DIR",
    required=True,
    type=PATH,
    help="Where sla run wrote its result.",
)
def explain(*, ticket_id: str, out: Path) -> None:
    """Say why a ticket was judged as it was: clause, target, intervals counted, source rows."""
    from pipelines.cli.explain import explain_ticket  # noqa: PLC0415 - see the module
    from pipelines.warehouse import open_reader  # noqa: PLC0415 - as above

    con = open_reader(out / "warehouse.duckdb")
    with con:
        click.echo(explain_ticket(con, ticket_id, out))


class _FaultLevel(click.ParamType[int]):
    """A fault level in any of the spellings that the exports may have."""

    name = "LEVEL"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The level as a number."""
        said = str(value).strip().lower()
        for level, spellings in FAULT_LEVELS.items():
            if said in {level, *(spelling.lower() for spelling in spellings)}:
                return int(level)
        message = f"{value!r} is no fault level. Write 1, 2, 3 or 4, or 一级 to 四级."
        return self.fail(message, param, ctx)


@main.command()
@click.option(
    "--level", type=_FaultLevel(), required=True, help="Fault level: 1 to 4, 一级 to 四级."
)
@click.option("--city", required=True, help="The customer's city, such as 成都 or Chengdu.")
@click.option(
    "--opened",
    metavar="INSTANT",
    required=True,
    help="When the ticket was opened: 2025-03-07 17:00 (local time) or with an offset.",
)
@_TERMS
def due(*, level: int, city: str, opened: str, terms: Path | None) -> None:
    """Say until when a fault must be answered, and why."""
    from pipelines.cli.due import city_hint, due_text  # noqa: PLC0415 - see the module

    if terms is not None and not terms.is_dir():
        _wrong(f"--terms {terms} is no folder. Name a folder of terms files, or leave it out.")
    click.echo(due_text(cast("FaultLevel", level), city, opened, terms))
    hint = city_hint(city, terms)
    if hint:
        _say([hint])


@main.command("map")
@click.argument("file", type=PATH)
@click.option("--export", help="What the file is: tickets, invoices, … Default: by its name.")
@click.option(
    "--out",
    metavar="YAML",
    type=PATH,
    default=Path("mapping.yaml"),
    show_default=True,
    help="Where to write the mapping.",
)
@click.option("--force", is_flag=True, help="Replace the mapping file if it is there.")
def map_file(*, file: Path, export: str | None, out: Path, force: bool) -> None:
    """Propose a mapping for a FILE of unknown layout, to be read and corrected."""
    from pipelines.cli.mapping_command import write_proposal  # noqa: PLC0415 - see the module

    click.echo(write_proposal(file, export, out, is_forced=force))


@main.command()
@click.option(
    "--exports",
    metavar="DIR",
    required=True,
    type=PATH,
    help="Folder with the exports: tickets.csv, invoices.xlsx, …",
)
@click.option(
    "--mapping",
    metavar="FILE",
    type=PATH,
    help="A mapping file, or preset:NAME.",
)
@_TERMS
def check(*, exports: Path, mapping: Path | None, terms: Path | None) -> None:
    """Say what a run would read, reject and find wrong; writes nothing."""
    if terms is not None and not terms.is_dir():
        _wrong(f"--terms {terms} is no folder. Name a folder of terms files, or leave it out.")
    from pipelines.cli.checking import check_exports  # noqa: PLC0415 - see the module

    click.echo(check_exports(exports, mapping, terms))


for command in (*MONTHS, *SERVE):
    main.add_command(command)


@contextmanager
def _people_told(settings: Settings) -> Iterator[None]:
    """Tell people of what came of the run, if the settings file names a channel."""
    if not settings.file.notifications.through:
        yield
        return
    from pipelines.deployment import notifications  # noqa: PLC0415 - see the module

    try:
        yield
    except Exception as error:
        why = _message(error).message
        _say(notifications.tell_of_failure(settings.file.notifications, settings.out, why))
        raise
    _say(
        notifications.tell_of_records_owed(
            settings.file.notifications, settings.out, settings.file.privacy
        )
    )


def _say(problems: list[str]) -> None:
    for problem in problems:
        click.echo(f"sla: {problem}", err=True)


def _check_engine(engine: str, master: str | None, warehouse: str | None) -> None:
    """Refuse options of the other engine, and half of Spark's."""
    if engine == "spark" and not (master and warehouse):
        _wrong(
            "--engine spark needs --master (where Spark runs, such as local[2] or yarn) and "
            "--warehouse (where its tables lie: a folder or object storage all workers reach)."
        )
    if engine != "spark" and (master or warehouse):
        _wrong("--master and --warehouse are for --engine spark. Add that, or leave them out.")


def _wrong(message: str) -> NoReturn:
    raise _WrongUsage(message)


def _progress(*, is_quiet: bool) -> AbstractContextManager[Progress]:
    from contextlib import nullcontext  # noqa: PLC0415 - see the module

    from pipelines.progress import STEPS, Bar, Lines, Silent, is_terminal  # noqa: PLC0415 - as above

    if is_quiet:
        return nullcontext(Silent())
    if is_terminal(sys.stderr):
        return Bar(sys.stderr, len(STEPS))
    return nullcontext(Lines(sys.stderr))


def _tell_closed(out: Path, *, is_quiet: bool) -> None:
    """What became of published months; a damaged store is told in any case."""
    from pipelines.months.restatements import told  # noqa: PLC0415 - see the module

    said, problems = told(out)
    if said and not is_quiet:
        click.echo(f"Months     {said}")
    for problem in problems:
        click.echo(f"sla: published months were altered: {problem}", err=True)


def _tell_result(settings: Settings) -> None:
    click.echo(f"Report     {settings.out / 'report' / 'index.html'}")
    if settings.browser is not None:
        click.echo(f"PDF        {settings.out / 'report' / '*.pdf'}")
    if settings.file.audiences:
        click.echo(f"Audiences  {settings.out / 'audiences' / '*'}")
    privacy = settings.file.privacy
    if privacy.hides_anything and not os.environ.get("SLA_PRIVACY_KEY"):
        click.echo(f"Key        {privacy.key_file} (keep it: another one gives other pseudonyms)")
    click.echo(f"Warehouse  {settings.out / 'warehouse.duckdb'}")
    click.echo(f"Checks     {settings.out / 'checks.json'}")
