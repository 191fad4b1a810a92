"""What a chart is on a page: a figure per language, its sentence and its table twin.

Belongs here: the form every chart has. Does not belong here: the single charts, which live
with their page, or the house style (``theme``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboards.language import LANGUAGES, Language, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.figure import Figure
    from dashboards.tables import StaticTable


@dataclass(frozen=True)
class Chart:
    """One chart: ``figures`` holds Plotly's JSON (data and layout) by language.

    ``key`` names it on its page; ``sentence`` says what it shows, computed from the data;
    ``twin`` holds the same numbers as a table. Where there is too little to draw ``figures`` is
    empty: the page prints the sentence alone.
    """

    key: str
    title: Text
    sentence: Text
    figures: dict[Language, dict[str, Any]]
    twin: StaticTable
    note: Text | None = None


def figures(
    draw: Callable[[Language], Figure], height: int, narrow: dict[str, Any] | None = None
) -> dict[Language, dict[str, Any]]:
    """Draw a figure in each language; the template is no part of it: pages carry it once.

    ``height`` in pixels; ``narrow`` are layout values (dotted keys) for narrow screens.
    """
    return {language: _json(draw(language), height, narrow) for language in LANGUAGES}


def _json(figure: Figure, height: int, narrow: dict[str, Any] | None) -> dict[str, Any]:
    figure.update_layout(height=height)
    return {
        "data": figure.data,
        "layout": figure.layout,
        **({"narrow": narrow} if narrow else {}),
    }
