"""The commands around closed months and drafts of the terms.

Belongs here: options and what is printed. Does not belong here: any work, and how an error is
told (``cli``). As there, what a command needs is imported when it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

if TYPE_CHECKING:
    from dashboards.language import Language

_LANGUAGE = click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="en",
    show_default=True,
    help="The language of the answer.",
)


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


_BUILT_IN: Final = "built-in"

COMMANDS: Final[tuple[click.Command, ...]] = (terms,)
