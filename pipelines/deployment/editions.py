"""The edition of one month: two files to mail and a workbook, in ``OUT/months/2025-06/``.

An edition reads the published warehouse, as many at once as there are months, and writes files
of its own: the one writer of the warehouse stays the run. It says its as-of, like every page;
a run that comes later makes it older, not wrong.

Belongs here: the files of one month. Does not belong here: what they say (``dashboards.office``),
and months that were closed for good (``months``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashboards.language import LANGUAGES
from dashboards.office import mail
from dashboards.office.management_workbook import management_workbook
from dashboards.pages import management
from pipelines.deployment import MONTHS
from pipelines.errors import DataError
from pipelines.privacy import open_shown
from pipelines.reporting.report import read_some_frames, report_of
from pipelines.warehouse import open_reader

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from dashboards.report import Report
    from pipelines.privacy.key import Discretion

_FRAMES: Final = ("run", "files", "privacy", *management.PAGE.needs, *management.PAGE.uses)


@dataclass(frozen=True)
class Edition:
    """What was written, as of when, and whether the month was over by then."""

    files: tuple[Path, ...]
    as_of: datetime
    is_closed: bool


def write_edition(out: Path, month: date, hidden: Discretion | None = None) -> Edition:
    """Write the edition of ``month``: the pages to mail in both languages, and the workbook.

    Raises:
        UsageError: there is no published result, or its run hid what ``hidden`` does not.
        DataError: the published result has no tickets of that month.
    """
    report = _report(out, month, hidden)
    parts = mail.management_parts(report)
    name = f"management-{month:%Y-%m}"
    contents = {
        f"{name}.{language}.html": mail.edition(parts, language).encode() for language in LANGUAGES
    }
    contents[f"{name}.xlsx"] = management_workbook(parts)
    folder = out / MONTHS / f"{month:%Y-%m}"
    files = tuple(_put(folder / name, content) for name, content in contents.items())
    return Edition(files, report.as_of, report.is_closed(month))


def last_closed_month(out: Path) -> date | None:
    """The latest month with tickets that is over at the as-of of the published result."""
    with open_reader(out / "warehouse.duckdb") as con:
        report = report_of(read_some_frames(con, ("run", "response_cells")))
    return next((month for month in reversed(report.months) if report.is_closed(month)), None)


def _report(out: Path, month: date, hidden: Discretion | None) -> Report:
    with open_shown(out / "warehouse.duckdb", hidden) as con:
        report = report_of(read_some_frames(con, _FRAMES), month)
    if month not in report.months:
        known = (
            f"{report.months[0]:%Y-%m} to {report.months[-1]:%Y-%m}" if report.months else "none"
        )
        message = (
            f"The result in {out} has no fault tickets of {month:%Y-%m} (it has: {known}), so "
            "there is no edition to make. Run sla run with the exports of that month first."
        )
        raise DataError(message)
    return report


def _put(target: Path, content: bytes) -> Path:
    """Put a file in place, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target
