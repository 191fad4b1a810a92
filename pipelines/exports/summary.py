"""What became of the files of a folder: counted, and told beside the run before.

Belongs here: the shape of a summary and its words. Does not belong here: how it comes about
(``staging``, ``keeping``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.contract import EXPORTS

_NAMES_SAID = 5


@dataclass(frozen=True)
class FileSummary:
    """What became of one file (or sheet): ``rows_in`` = ``staged`` + ``rejected``.

    ``file`` is its name in the folder, None for rows that were folded out of logs; ``read_by``
    the fingerprint of the rules and the product it was read by.
    """

    export: str
    source_file: str
    sha256: str
    format: str
    encoding: str | None
    delimiter: str | None
    rows_in: int
    staged: int
    rejected: int
    problems: int
    note: str
    sheet: str | None = None
    headers: tuple[str, ...] = ()
    file: str | None = None
    read_by: str = ""


@dataclass
class Changes:
    """The files of a folder beside those of the run before, by name, each in one list.

    ``again`` holds files that are what they were and were read all the same: because what they
    are read by changed (``by_rules``), or because rows of theirs and of a file that came, went
    or changed have a key in common.
    """

    new: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    by_rules: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def pair_renamed(self, files: list[FileSummary], before: list[FileSummary]) -> None:
        """Tell a file that is new under its name, but not in what it holds, from the others."""
        gone = {file.sha256: file.file for file in before if file.file in self.removed}
        for file in files:
            old = gone.get(file.sha256)
            if file.file in self.new and old in self.removed:
                self.new.remove(file.file)
                self.removed.remove(old)
                self.renamed.append((old, file.file))

    @property
    def said(self) -> str:
        """A sentence for the person who runs it."""
        if not (self.new or self.renamed or self.changed or self.removed or self.again):
            if not self.by_rules:
                return "nothing changed since the last run, so no file was read again"
            if not self.kept:
                return "every file read again: the mapping, the time zone or the product changed"
        renamed = [f"{new}, which was {old}" for old, new in self.renamed]
        parts = [
            _part(self.new, "new"),
            _part(renamed, "under a new name"),
            _part(self.changed, "changed"),
            _part(self.removed, "removed with its rows", "removed with their rows"),
            _part(
                self.by_rules, "read again, as the mapping, the time zone or the product changed"
            ),
            _part(self.again, "read again, as rows hang together with those of such files"),
        ]
        kept = f"{_files(len(self.kept))} not read again, being what it was"
        if len(self.kept) != 1:
            kept = f"{_files(len(self.kept))} not read again, being what they were"
        told = "; ".join([*(part for part in parts if part), *([kept] if self.kept else [])])
        return f"since the last run: {told}"


def _part(names: list[str], one: str, many: str | None = None) -> str:
    if not names:
        return ""
    said = ", ".join(names[:_NAMES_SAID])
    if len(names) > _NAMES_SAID:
        said += f" and {len(names) - _NAMES_SAID} more"
    return f"{_files(len(names))} {one if len(names) == 1 else many or one} ({said})"


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


@dataclass
class StagingSummary:
    """What became of a folder: its files in reading order, and the ones left alone.

    ``changes`` is None where there is no run before that could be looked at.
    """

    files: list[FileSummary] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    changes: Changes | None = None

    @property
    def exports(self) -> list[str]:
        """The exports that have a file, in the contract's order."""
        given = {file.export for file in self.files}
        return [name for name in EXPORTS if name in given]
