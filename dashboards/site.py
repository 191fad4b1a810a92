"""Writes the report: every page in both languages, its assets, and the way in.

Belongs here: what all pages share. Does not belong here: where the frames come from (the
caller's queries) or what a page says (``pages``). The same frames give the same bytes.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib import resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jinja2

from dashboards import language as lang
from dashboards import safe, theme, words
from dashboards.language import HTML_LANGUAGE, LANGUAGES, Language, Text
from dashboards.tickets import write_tickets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dashboards.charts import Chart
    from dashboards.report import Page, Report
    from dashboards.tables import DataTable

_ASSETS = ("report.css", "report.js", "ticket.js")
_VENDOR = ("plotly-basic.min.js", "plotly-locale-zh-cn.js", "plotly.LICENSE")


class _Islands:
    """Collects the data of charts and tables while a page is printed."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.charts: dict[str, Any] = {}
        self.tables: dict[str, Any] = {}

    def chart(self, chart: Chart) -> str:
        self.charts[chart.key] = chart.figures[self._language]
        return chart.key

    def table(self, table: DataTable) -> str:
        self.tables[table.key] = table.data(self._language)
        return table.key


def template_words(texts: Mapping[str, Text]) -> SimpleNamespace:
    """Words for templates: ``t.items`` is the word of that name, never a dictionary's method."""
    return SimpleNamespace(**texts)


def _finalize(context: jinja2.runtime.Context, value: object) -> object:
    """Print a Text in the page's language, and nothing for what is not there."""
    if isinstance(value, Text):
        return value.in_language(context["language"])
    return lang.NOTHING if value is None else value


def environment() -> jinja2.Environment:
    """The template environment: autoescape always, undefined names are errors."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("dashboards", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=jinja2.pass_context(_finalize),
    )
    made.filters.update(
        count=lang.count,
        percent=lang.percent,
        points=lang.points,
        hours_minutes=lang.hours_minutes,
        money=lang.money,
        month=lang.month,
        instant=lang.instant,
        day=lang.day,
        island=safe.json_island,
    )
    made.globals.update(
        w=template_words(words.WORDS), w_verdicts=words.VERDICTS, w_exports=words.EXPORTS
    )
    return made


def write_report(report: Report, pages: Sequence[Page], out_dir: Path) -> list[Path]:
    """Write the whole report into ``out_dir``; returns the files written, in order.

    The first page of ``pages`` is the way in: ``index.html`` is that page in Chinese.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    pages = [page for page in pages if page.is_in(report)]
    site = _Site(report, pages, out_dir, environment())
    written = _write_assets(out_dir)
    for page in pages:
        written.extend(site.write_page(page, is_entry=page is pages[0]))
    return written + write_tickets(report, out_dir)


@dataclass(frozen=True)
class _Site:
    """What every file of one report shares."""

    report: Report
    pages: Sequence[Page]
    out_dir: Path
    printer: jinja2.Environment

    def write_page(self, page: Page, *, is_entry: bool) -> list[Path]:
        """One page in both languages, with its sheets; the entry also as index.html."""
        missing = [name for name in page.exports if name not in self.report.exports]
        if not self.report.can_show(page):
            context = {"promise": page.promise, "missing_exports": missing, "available": False}
            template, sheets, downloads = "missing.html.j2", None, None
        else:
            context = {**page.build(self.report), "available": True}
            template, sheets, downloads = page.template, page.sheets, page.downloads
        paths = [f"{language}/{page.name}.html" for language in LANGUAGES]
        if is_entry:
            paths.append("index.html")
        written = [self._write(page, path, template, context) for path in paths]
        if sheets is not None and page.sheet_template is not None:
            for sheet in sheets(self.report):
                parts = {**sheet.context, "available": True, "sheet_title": sheet.title}
                written.extend(
                    self._write(page, f"{language}/{sheet.path}", page.sheet_template, parts)
                    for language in LANGUAGES
                )
        for path, text in (downloads(self.report) if downloads else {}).items():
            written.append(_write_text(self.out_dir / path, text))
        return written

    def _write(self, page: Page, path: str, template: str, context: Mapping[str, object]) -> Path:
        language: Language = "en" if path.startswith("en/") else "zh"
        root = "../" * path.count("/")
        months = self.report.shown_months if page.has_months else ()
        text = self.printer.get_template(template).render(
            {
                "language": language,
                "html_language": HTML_LANGUAGE[language],
                "other_language": "en" if language == "zh" else "zh",
                "root": root,
                "here": f"{root}{language}/",
                "same_page": path.partition("/")[2] or f"{page.name}.html",
                "page": page,
                "pages": [other for other in self.pages if other.in_navigation],
                "report": self.report,
                "t": template_words(page.words),
                "islands": _Islands(language),
                "theme": theme,
                "script_words": {
                    key: words_.in_language(language) for key, words_ in words.SCRIPT_WORDS.items()
                },
                "page_months": [lang.month(month) for month in months],
                "sheet_title": None,
                **context,
            }
        )
        return _write_text(self.out_dir / path, text)


def _write_text(target: Path, text: str) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="")
    return target


def _write_assets(out_dir: Path) -> list[Path]:
    assets = out_dir / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    static = resources.files("dashboards") / "static"
    written = []
    for name in (*_ASSETS, *(f"vendor/{name}" for name in _VENDOR)):
        target = assets / name.removeprefix("vendor/")
        with resources.as_file(static / name) as source:
            shutil.copyfile(source, target)
        written.append(target)
    return written
