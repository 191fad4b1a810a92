"""The commands around closed months and drafts of the terms.

Belongs here: options and what is printed. Does not belong here: any work, and how an error is
told (``cli``). As there, what a command needs is imported when it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from pipelines.cli.paths import PATH
from pipelines.errors import UsageError

if TYPE_CHECKING:
    from dashboards.language import Language

_LANGUAGE = click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="en",
    show_default=True,
    help="The language of the answer.",
)


_OUT = click.option(
    "--out",
    metavar="DIR",
    required=True,
    type=PATH,
    help="Where sla run wrote its result.",
)


@click.command()
@click.argument("month", metavar="YYYY-MM")
@_OUT
@click.option("--reason", metavar="TEXT", help="Why; needed when the month was published before.")
@click.option(
    "--settings",
    metavar="FILE",
    envvar="SLA_SETTINGS",
    type=PATH,
    help="The settings file of the run (also SLA_SETTINGS); needed where it hides names or texts.",
)
def publish(*, month: str, out: Path, reason: str | None, settings: Path | None) -> None:
    """Close a month: keep its figures, terms, inputs' fingerprints and pages as they are now.

    They go to published/YYYY-MM/v1 in --out, a further publishing to v2 and so on; nothing there
    is ever overwritten. Later runs say what has changed since.
    """
    from pipelines.instants import read_month  # noqa: PLC0415 - as above
    from pipelines.months.closing import close_month, told  # noqa: PLC0415 - see the module
    from pipelines.privacy.key import discretion  # noqa: PLC0415 - as above
    from pipelines.settings_file import read_settings  # noqa: PLC0415 - as above

    first = read_month(month, "The month")
    if first is None:
        message = "The month is empty. Write it as 2025-06."
        raise UsageError(message)
    hidden = discretion(read_settings(settings).privacy, out)
    click.echo(told(close_month(out, first, reason, hidden=hidden), out))


@click.command()
@_OUT
@click.option("--seal", metavar="SHA256", help="A seal noted when a month was published.")
def verify(*, out: Path, seal: str | None) -> None:
    """Say whether the published months are still what was published.

    Exit status 1 when anything there was changed, removed, replaced or put in.
    """
    from pipelines.months.closing import checked  # noqa: PLC0415 - see the module

    click.echo(checked(out, seal))


@click.group()
def terms() -> None:
    """Compare sets of terms."""


@terms.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@_LANGUAGE
def terms_diff(*, old: str, new: str | None, lang: str) -> None:
    """Say in words what changes from the terms OLD to the terms NEW.

    Each is a folder of terms files, or the word built-in. With one folder alone: what it changes
    in the built-in terms.
    """
    from pipelines.terms import load_terms  # noqa: PLC0415 - see the module
    from pipelines.terms.differences import in_words  # noqa: PLC0415 - as above

    names = (old, new) if new is not None else (_BUILT_IN, old)
    before, after = (load_terms(None if name == _BUILT_IN else Path(name)) for name in names)
    click.echo(in_words(before, after, names, cast("Language", lang)))


@click.command()
@click.option(
    "--terms",
    "directory",
    metavar="DIR",
    required=True,
    type=PATH,
    help="The draft: terms files that replace those in force of the same name.",
)
@_OUT
@_LANGUAGE
def whatif(*, directory: Path, out: Path, lang: str) -> None:
    """Try a draft of the terms on the last result: verdicts, rates and money, before and after.

    A page and the rows go to whatif/ in --out; the result itself stays as it is.
    """
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        message = f"--terms {directory} {what}. Name the folder that holds the draft's files."
        raise UsageError(message)
    from dashboards.office.whatif import told  # noqa: PLC0415 - see the module
    from pipelines.other_terms.whatif import FOLDER, try_draft  # noqa: PLC0415 - as above

    found = try_draft(out, directory)
    click.echo(told(found, cast("Language", lang), str(out / FOLDER)))


_BUILT_IN: Final = "built-in"

COMMANDS: Final[tuple[click.Command, ...]] = (publish, verify, terms, whatif)
