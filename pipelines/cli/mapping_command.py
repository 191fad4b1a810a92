"""``sla map``: propose a mapping for a file, show the guesses, write the YAML.

Belongs here: the table on the terminal and the file. Does not belong here: the guesses and the
words of the YAML (``exports.proposing``).
"""

from __future__ import annotations

import io
import shlex
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboards.language import counted
from pipelines.contract import EXPORTS
from pipelines.errors import UsageError
from pipelines.exports.proposing import certainty, escaped, mapping_yaml, propose, shown

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.exports.proposing import Proposal

_WIDTH = 110
_SAMPLES = 2


def write_proposal(file: Path, export: str | None, out: Path, *, is_forced: bool) -> str:
    """Write the proposed mapping to ``out``; the words to show for it.

    Raises:
        UsageError: no such file or export, ``out`` cannot be written, or is there and not forced.
        DataError: the file cannot be read.
    """
    name = export or next((e for e in EXPORTS if file.name.lower().startswith(e)), "tickets")
    if name not in EXPORTS:
        message = f"--export {escaped(name)} is not known. Name one of {', '.join(EXPORTS)}."
        raise UsageError(message)
    if out.exists() and not is_forced:
        message = f"{out} is there already. Give another --out, or --force to replace it."
        raise UsageError(message)
    proposal = propose(file, name)
    try:
        with out.open("w" if is_forced else "x", encoding="utf-8", newline="\n") as target:
            target.write(mapping_yaml(proposal))
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror}. Name another --out."
        raise UsageError(message) from error
    return _words(proposal, file, out)


def _words(proposal: Proposal, file: Path, out: Path) -> str:
    look = proposal.look
    how = ", ".join(part for part in (look.format, look.encoding) if part)
    sign = f", delimiter {shown(look.delimiter)}" if look.delimiter else ""
    rows = counted(look.rows, "row", "rows")
    lines = [
        f"{escaped(look.name)} ({how}{sign}), as {proposal.export.name}; {rows} seen:",
        _table(proposal),
    ]
    if proposal.questions:
        lines += ["Values to check in the file:", *(f"  {q}" for q in proposal.questions)]
    if proposal.unused:
        names = ", ".join(shown(profile.header) for profile in proposal.unused)
        lines.append(f"Not used: {names}")
    if proposal.missing:
        lines.append(f"Nothing found for: {', '.join(c.name for c in proposal.missing)}")
    folder, mapping = shlex.quote(escaped(str(file.parent))), shlex.quote(escaped(str(out)))
    lines += [
        f"Written to {escaped(str(out))}. Read it, answer its questions, then:",
        f"  sla check --exports {folder} --mapping {mapping}",
        f"  sla run --exports {folder} --mapping {mapping} --out out",
    ]
    return "\n".join(lines)


def _table(proposal: Proposal) -> str:
    table = Table(box=None, pad_edge=False)
    for title in ("column", "from", "certainty", "such as"):
        table.add_column(title, overflow="fold")
    for guess in proposal.guesses:
        samples = ", ".join(shown(text) for text in list(guess.profile.counts)[:_SAMPLES])
        cells = (guess.column.name, shown(guess.profile.header), certainty(guess), samples)
        table.add_row(*(Text(cell) for cell in cells))
    target = io.StringIO()
    Console(file=target, width=_WIDTH, color_system=None).print(table)
    return target.getvalue().rstrip()
