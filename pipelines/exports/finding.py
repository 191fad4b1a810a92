"""Which files of a folder belong to which export, and in which order they are read.

Belongs here: names. Does not belong here: what is in the files (``reading``).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.contract import EXPORTS, INPUTS
from pipelines.errors import DataError, UsageError

if TYPE_CHECKING:
    from pipelines.exports.mapping import Mapping

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
PACKED_TEXT_SUFFIXES = (
    *(f"{suffix}{packing}" for suffix in TEXT_SUFFIXES for packing in (".gz", ".zip")),
    ".zip",
)
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_MENDED = re.compile(r"_mended(?:_\d+)?(\.[a-z]+)$")
SUFFIXES = (*PACKED_TEXT_SUFFIXES, *TEXT_SUFFIXES, *WORKBOOK_SUFFIXES, ".parquet")


@dataclass(frozen=True)
class ExportFile:
    """One file of an export, with its suffix in lower case (``.csv.gz`` is one suffix)."""

    export: str
    path: Path
    suffix: str


def find_exports(
    exports_dir: Path, mapping: Mapping | None = None
) -> tuple[dict[str, list[ExportFile]], list[str]]:
    """The files of each export in reading order, and the names of the files that are none's.

    A file belongs to the export its name starts with, whatever the case; a mapping's
    ``files`` patterns come first, and are the only way to a log. Folders are not entered.
    "Later" in the contract means later in this order: by the name without its suffix, numbers
    by their value (``tickets_2`` before ``tickets_10``), then by suffix.

    Raises:
        UsageError: ``exports_dir`` is not a folder, or two exports claim one file.
        DataError: what bears the name of an export file is none, or a link out of the folder.
    """
    if not exports_dir.is_dir():
        what = "is a file, not a folder" if exports_dir.exists() else "does not exist"
        message = f"The exports folder {exports_dir} {what}. Name the folder that holds the files."
        raise UsageError(message)
    found: dict[str, list[ExportFile]] = {name: [] for name in INPUTS}
    ignored = []
    for path in sorted(exports_dir.iterdir()):
        file = _export_file(path, mapping)
        if file is not None:
            found[file.export].append(file)
        elif not path.is_dir():
            ignored.append(path.name)
    for files in found.values():
        files.sort(key=_reading_order)
    return found, ignored


def _export_file(path: Path, mapping: Mapping | None) -> ExportFile | None:
    name = path.name.lower()
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)
    if name.startswith((".", "~$")) or suffix is None:
        return None
    exports = _claims(path.name, mapping) or [
        export for export in EXPORTS if name.startswith(export)
    ]
    if not exports:
        return None
    if len(exports) > 1:
        message = (
            f"{path.name} matches the files of {' and of '.join(exports)} in"
            f" {mapping.path if mapping else 'the contract'}."
            " Narrow the patterns so that each file belongs to one export."
        )
        raise UsageError(message)
    _check_is_file(path)
    return ExportFile(exports[0], path, suffix)


def _check_is_file(path: Path) -> None:
    """Refuse what cannot be read to its end, and what would let in a file from elsewhere."""
    if path.is_symlink():
        target = Path(os.path.realpath(path))  # of a loop of links it is the link itself
        leads_in = target.is_relative_to(os.path.realpath(path.parent))
        if not leads_in or target.is_symlink() or not target.exists():
            message = (
                f"{path} is a link that leads {'nowhere' if leads_in else 'out of the folder'}."
                f" Put a copy of the file itself into {path.parent}."
            )
            raise DataError(message)
    if path.is_dir():
        message = (
            f"{path} is a folder but bears the name of an export file."
            f" Put the file itself into {path.parent}, or rename the folder."
        )
        raise DataError(message)
    if not path.is_file():
        message = (
            f"{path} bears the name of an export file but is a pipe, a socket or a device."
            f" Put the file itself into {path.parent}."
        )
        raise DataError(message)


def _claims(name: str, mapping: Mapping | None) -> list[str]:
    if mapping is None:
        return []
    # Rows that were mended belong where the file belongs that they came from.
    names = {name.lower(), _MENDED.sub(r"\1", name.lower())}
    return [
        export
        for export, rules in mapping.exports.items()
        if any(fnmatchcase(one, pattern.lower()) for one in names for pattern in rules.files)
    ]


def _reading_order(file: ExportFile) -> tuple[list[tuple[int, int, str]], str, str]:
    stem = file.path.name[: -len(file.suffix)].lower()
    parts = [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"(\d+)", stem)
        if part
    ]
    return parts, file.suffix, file.path.name
