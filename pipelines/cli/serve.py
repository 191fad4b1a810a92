"""``sla serve``: options, and what stands in for them.

Belongs here: options and what is printed. Does not belong here: any work. As in ``cli``, what the
command needs is imported when it is called.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from pipelines.cli.paths import PATH

if TYPE_CHECKING:
    from pathlib import Path

_PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--exports", metavar="DIR", type=PATH, help="Folder with the exports.")
@click.option("--out", metavar="DIR", type=PATH, help="Folder of the warehouse and the report.")
@click.option(
    "--settings",
    metavar="FILE",
    envvar="SLA_SETTINGS",
    type=PATH,
    help="A settings file (also SLA_SETTINGS): folders, schedule, notifications.",
)
@click.option("--terms", metavar="DIR", type=PATH, help="Terms files, as for sla run.")
@click.option("--mapping", metavar="FILE", type=PATH, help="A mapping file, as for sla run.")
@click.option("--port", type=_PORT, default=8080, show_default=True, help="Of the report.")
@click.option(
    "--dagster-port", type=_PORT, default=3000, show_default=True, help="Of Dagster's pages."
)
def serve(  # noqa: PLR0913 - one argument per option
    *,
    exports: Path | None,
    out: Path | None,
    settings: Path | None,
    terms: Path | None,
    mapping: Path | None,
    port: int,
    dagster_port: int,
) -> None:
    """Run by itself, on this machine: on new exports, on the day of the month; show the report.

    Dagster's pages with schedule, sensors and every run, and the report beside them, both on
    127.0.0.1 alone. Ctrl-C stops both.
    """
    from pipelines.settings_file import folders, read_settings  # noqa: PLC0415 - see the module

    given = read_settings(settings)
    exports, out = folders(exports or given.paths.exports, out or given.paths.out)
    named = {
        "SLA_EXPORTS": exports,
        "SLA_OUT": out,
        "SLA_SETTINGS": settings,
        "SLA_TERMS": terms or given.paths.terms,
        "SLA_MAPPING": mapping or given.paths.mapping,
    }
    variables = {name: _absolute(path) for name, path in named.items() if path is not None}

    from pipelines.deployment.serving import serve as serve_until_stopped  # noqa: PLC0415
    from pipelines.session import Settings  # noqa: PLC0415

    told = Settings.from_environment(variables)
    sys.exit(serve_until_stopped(told, variables, (port, dagster_port), click.echo))


def _absolute(path: Path) -> str:
    """Dagster's processes stand in another folder; a preset is no path."""
    return str(path) if str(path).startswith("preset:") else str(path.absolute())


COMMANDS: Final[tuple[click.Command, ...]] = (serve,)
