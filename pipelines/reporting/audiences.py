"""Writes a folder for each audience: ``audiences/management``, ``finance``, ``quality``, agents.

Each folder is whole in itself: its own pages, scripts and downloads, no link that leads out of it.
It is made from the same frames as the report, so behind the same curtain.

Belongs here: the folders and the files put into them. Does not belong here: what an audience may
see (``dashboards.audiences``).
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from dashboards.agent_sheet import FOLDER as AGENTS
from dashboards.audiences import AUDIENCES, report_for
from dashboards.site import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.report import Report

FOLDER: Final = "audiences"
"""Beside the report's folder."""


def write_audiences(report: Report, report_dir: Path, out_dir: Path) -> None:
    """Write every audience's folder into ``out_dir``, which is made anew.

    Args:
        report: the frames, behind their curtain.
        report_dir: the whole report, with its workbooks, editions and agents' sheets.
        out_dir: the folder of the audiences.
    """
    shutil.rmtree(out_dir, ignore_errors=True)
    for audience in AUDIENCES:
        folder = out_dir / audience.name
        narrowed = report_for(report, audience)
        pages = audience.pages_of()
        write_report(narrowed, pages, folder)
        files = [path for pattern in audience.files for path in report_dir.glob(pattern)]
        if narrowed.has("rows_to_mend") and narrowed.hidden is None:
            files += [report_dir / path for path in narrowed.frame("rows_to_mend")["path"]]
        for path in sorted(files):
            _copy(path, folder / path.relative_to(report_dir))
    for sheet in sorted((report_dir / AGENTS).glob("*")):
        _copy(sheet, out_dir / AGENTS / sheet.stem / sheet.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
