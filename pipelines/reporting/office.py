"""Writes the report's editions for mail, office and print beside its pages.

Belongs here: the files. Does not belong here: what the editions hold (``dashboards.office``) or
how a browser is run (``browser``). PDF and PNG need one; everything else needs nothing.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from dashboards.language import LANGUAGES
from dashboards.office import mail
from dashboards.office.management_workbook import management_workbook
from dashboards.office.quality_workbook import quality_workbook
from dashboards.pages import PAGES
from pipelines.reporting.browser import print_page, print_pdf, take_picture

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.report import Report

WORKBOOK: Final = "management.xlsx"
QUALITY_WORKBOOK: Final = "quality.xlsx"
PDF: Final = "management.pdf"
PRINTED: Final = frozenset({"finance", "quality"})
"""Pages printed as they are, one PDF for each language."""


def write_office(report: Report, out_dir: Path, browser: Path | None = None) -> list[Path]:
    """Write workbook, mailable editions and chart files; with a ``browser`` also PDF and PNG.

    The files written, in order. ``out_dir`` is the report's folder, with its pages in it.

    Raises:
        BrowserError: the browser did not print.
    """
    parts = mail.management_parts(report)
    out_dir.mkdir(parents=True, exist_ok=True)
    written = [out_dir / WORKBOOK]
    written[0].write_bytes(management_workbook(parts))
    quality = quality_workbook(report)
    if quality is not None:
        written.append(out_dir / QUALITY_WORKBOOK)
        written[-1].write_bytes(quality)
    written += [
        _write(out_dir / f"management-mail.{language}.html", mail.edition(parts, language))
        for language in LANGUAGES
    ]
    pictures = []
    for language in LANGUAGES:
        for name, drawing in mail.slides(parts, language).items():
            target = out_dir / "charts" / f"{name}.{language}.svg"
            written.append(_write(target, mail.slide_file(drawing)))
            pictures.append((target, (drawing.width, drawing.height)))
    if browser is None:
        return written
    with ThreadPoolExecutor(max_workers=2) as pool:
        html = mail.print_edition(parts)
        pdf = pool.submit(print_pdf, browser, html, out_dir / PDF, report.as_of)
        shots = [pool.submit(take_picture, browser, *picture) for picture in pictures]
        pages = [
            pool.submit(
                print_page,
                browser,
                out_dir / language / f"{page.name}.html",
                out_dir / f"{page.name}.{language}.pdf",
                report.as_of,
            )
            for page in PAGES
            if page.name in PRINTED and report.can_show(page)
            for language in LANGUAGES
        ]
        return [*written, *(done.result() for done in (pdf, *shots, *pages))]


def _write(target: Path, text: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="")
    return target
