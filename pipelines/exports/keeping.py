"""What the last run read: rows of a file that is what it was are taken over, not read again.

Nothing is kept for it: the rows lie in the last result's warehouse. A file is what it was when
its bytes are (SHA-256), and when it is read by the same rules and the same product. What it
gave hangs on other files in one way alone, by keys that rows have in common. So its rows are
taken over when its export is unchanged; else, when none of them was rejected for its key (it
may have its key for itself now) and none has a key that is read now. Tickets and pauses are
completed out of logs: with a log they are taken over together or not at all.

Belongs here: which files can be kept, and taking their rows over. Does not belong here: reading
the others (``staging``).
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.contract import TICKET_EVENTS
from pipelines.exports.quoting import identifier, literal
from pipelines.exports.summary import Changes, FileSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.contract import Export
    from pipelines.exports.finding import ExportFile
    from pipelines.exports.mapping import Mapping

_LISTS = ("rejects", "problems", "rows_to_mend")
"""The tables of ``staging`` that hold rows of every export."""

_FOLDED = (TICKET_EVENTS.name, "tickets", "pauses")

_LAST = "last_run"
_LIBRARIES = ("duckdb", "polars", "fastexcel")


class CannotKeepError(Exception):
    """The last warehouse cannot be read after all; everything is to be read anew."""


@dataclass(frozen=True)
class _Earlier:
    """A file as the last run read it; ``is_tied``: rows of it were rejected for their keys."""

    sha256: str
    read_by: str
    is_tied: bool


class LastRun:
    """The warehouse of the last run, attached to ``con``, and the summaries it holds."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Look at the warehouse attached to ``con``.

        Raises:
            CannotKeepError: it cannot be read, or an earlier product wrote it.
        """
        self._con = con
        names = [field.name for field in fields(FileSummary)]
        told = self._run(f"select {', '.join(names)} from {_LAST}.meta.files order by rowid")  # noqa: S608 - names of our own
        self.summaries = [_summary(dict(zip(names, row, strict=True))) for row in told]
        tied = {
            *self._run(
                f"select distinct export, source_file from {_LAST}.staging.rejects"  # noqa: S608 - names of our own
                " where reason <> 'missing_key'"
            )
        }
        self._files: dict[tuple[str, str], _Earlier] = {}
        for each in self.summaries:
            if each.file is not None:
                before = self._files.get((each.export, each.file))
                is_tied = (each.export, each.source_file) in tied
                is_tied = is_tied or (before is not None and before.is_tied)
                earlier = _Earlier(each.sha256, each.read_by, is_tied)
                self._files[each.export, each.file] = earlier

    def files(self, export: str) -> dict[str, _Earlier]:
        """The files of an export by name, in reading order."""
        return {name: file for (of, name), file in self._files.items() if of == export}

    def take_export(self, export: Export) -> list[FileSummary]:
        """Take over all rows of an export, folded ones too, and what was listed of them."""
        table = f"staging.{identifier(export.name)}"
        self._run(f"insert into {table} from {_LAST}.{table}")
        return self._take_lists(
            export, [each for each in self.summaries if each.export == export.name]
        )

    def take_rows(self, export: Export, file: str, table: str) -> None:
        """Take over the staged rows of a file into a ``table`` that has ``_unread`` as well."""
        of_file = _among(self._of(export, file))
        home = f"{_LAST}.staging.{identifier(export.name)}"
        self._run(f"insert into {table} select *, 0 from {home} where {of_file}")  # noqa: S608 - quoted

    def take_lists(self, export: Export, file: str) -> list[FileSummary]:
        """Take over what was listed of a file; a summary for each of its sheets."""
        return self._take_lists(export, self._of(export, file))

    def sources(self, export: Export, file: str) -> set[str]:
        """The names under which the rows of a file lie: its own, or one for each sheet."""
        return {each.source_file for each in self._of(export, file)}

    def _of(self, export: Export, file: str) -> list[FileSummary]:
        return [each for each in self.summaries if (each.export, each.file) == (export.name, file)]

    def _take_lists(self, export: Export, sources: list[FileSummary]) -> list[FileSummary]:
        if sources:
            wanted = f"export = {literal(export.name)} and {_among(sources)}"
            for name in _LISTS:
                self._run(f"insert into staging.{name} from {_LAST}.staging.{name} where {wanted}")
        return sources

    def _run(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self._con.execute(sql).fetchall()
        except duckdb.Error as error:
            raise CannotKeepError from error


@contextmanager
def attached(con: duckdb.DuckDBPyConnection, warehouse: Path | None) -> Iterator[LastRun | None]:
    """The last run while its ``warehouse`` is attached; None where there is none to be read."""
    if warehouse is None or not warehouse.is_file():
        yield None
        return
    try:
        con.execute(f"attach {literal(str(warehouse.absolute()))} as {_LAST} (read_only)")
    except duckdb.Error:
        yield None
        return
    try:
        try:
            last = LastRun(con)
        except CannotKeepError:
            yield None
        else:
            yield last
    finally:
        # As in staging: a broken file may have ended the engine.
        with suppress(duckdb.FatalException):
            con.execute(f"detach {_LAST}")


class Plan:
    """What can be kept of each export, and how the folder differs from the last run."""

    def __init__(
        self,
        found: dict[str, list[ExportFile]],
        last: LastRun | None,
        mapping: Mapping | None,
        timezone: str,
    ) -> None:
        """Hash the files that have a predecessor of their name."""
        self._found = found
        self._last = last
        self._mapping = mapping
        self._timezone = timezone
        self.changes = Changes()
        self._same: dict[str, set[str]] = {name: set() for name in found}
        self._unchanged: set[str] = set()
        self._can_keep = set(found)
        if last is None:
            return
        for name, files in found.items():
            self._compare(name, files, last.files(name))
        has_log = bool(found[TICKET_EVENTS.name] or last.files(TICKET_EVENTS.name))
        if has_log and not self._unchanged.issuperset(_FOLDED):
            self._unchanged -= {*_FOLDED} - {TICKET_EVENTS.name}
            self._can_keep -= {*_FOLDED} - {TICKET_EVENTS.name}

    def _compare(self, export: str, files: list[ExportFile], earlier: dict[str, _Earlier]) -> None:
        for file in files:
            name = file.path.name
            before = earlier.get(name)
            if before is None:
                self.changes.new.append(name)
            elif before.sha256 != sha256(file.path):
                self.changes.changed.append(name)
            elif before.read_by != self.read_by(export):
                self.changes.by_rules.append(name)
            else:
                self._same[export].add(name)
        there = [file.path.name for file in files]
        self.changes.removed += [name for name in earlier if name not in there]
        if list(earlier) == there and len(self._same[export]) == len(there):
            self._unchanged.add(export)

    def read_by(self, export: str) -> str:
        """Fingerprint of what an export is read by: our code, its libraries, rules, the zone."""
        rules = self._mapping.exports if self._mapping else {}
        told = rules if self._found[TICKET_EVENTS.name] else rules.get(export)
        return hashlib.sha256(repr((_product(), self._timezone, told)).encode()).hexdigest()

    def is_unchanged(self, export: str) -> bool:
        """Whether all files of an export, and no others, were read by the last run."""
        return export in self._unchanged

    def kept(self, export: str) -> set[str]:
        """Those files of a changed export whose rows can stay, if no row read has their key."""
        if self._last is None or export not in self._can_keep:
            return set()
        earlier = self._last.files(export)
        return {name for name in self._same[export] if not earlier[name].is_tied}

    def note(self, export: str, kept: set[str]) -> None:
        """Tell which files of an export were kept; the same ones that were not were read again."""
        for file in self._found[export]:
            name = file.path.name
            if name in self._same[export]:
                (self.changes.kept if name in kept else self.changes.again).append(name)

    def to_read(self, export: str) -> list[ExportFile]:
        """The files of an export that cannot be kept."""
        if self.is_unchanged(export):
            return []
        kept = self.kept(export)
        return [file for file in self._found[export] if file.path.name not in kept]


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _product() -> str:
    """Fingerprint of the code that reads exports and of the libraries it reads with."""
    here = Path(__file__).parent
    digest = hashlib.sha256(sys.version.encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    for path in sorted([*here.glob("*.py"), here.parent / "contract.py"]):
        digest.update(f"{path.name} {sha256(path)}\n".encode())
    return digest.hexdigest()


def _summary(told: dict[str, Any]) -> FileSummary:
    return FileSummary(**{**told, "headers": tuple(json.loads(told["headers"]))})


def _among(sources: list[FileSummary]) -> str:
    return f"source_file in ({', '.join(literal(each.source_file) for each in sources)})"
