"""A figure on its way to a page: Plotly's JSON, put together piece by piece.

Plotly's own figure class checks every value the moment it is set, which took half of the time
the report takes: a chart is drawn for every month in each language. What is drawn here is the
same JSON, unchecked; that Plotly takes each figure of the report is a test
(``tests/dashboards/test_figures.py``).

Belongs here: the pieces our charts are made of. Does not belong here: the single charts
(``pages``), the house style (``theme``).
"""

from __future__ import annotations

from typing import Any


class Figure:
    """``data`` and ``layout`` as Plotly names them; a value of None is one that is not set."""

    def __init__(self) -> None:
        """Start with nothing drawn."""
        self.data: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {}

    def add_bar(self, **trace: Any) -> None:  # noqa: ANN401 -- Plotly's attributes of a bar trace
        """Draw bars."""
        self.data.append({**_given(trace), "type": "bar"})

    def add_scatter(self, **trace: Any) -> None:  # noqa: ANN401 -- of a scatter trace
        """Draw lines, points or texts."""
        self.data.append({**_given(trace), "type": "scatter"})

    def add_annotation(self, **annotation: Any) -> None:  # noqa: ANN401 -- of an annotation
        """Write a text at a place."""
        self.layout.setdefault("annotations", []).append(_given(annotation))

    def add_shape(self, **shape: Any) -> None:  # noqa: ANN401 -- of a shape
        """Draw a line or an area that is no trace."""
        self.layout.setdefault("shapes", []).append(_given(shape))

    def add_hline(self, y: float, line: dict[str, Any]) -> None:
        """Draw a level line across the whole width at ``y``."""
        self.add_shape(type="line", x0=0, x1=1, xref="x domain", y0=y, y1=y, yref="y", line=line)

    def update_layout(self, **layout: Any) -> None:  # noqa: ANN401 -- Plotly's layout attributes
        """Set what is given, within what is there; lists are replaced."""
        _merge(self.layout, _given(layout))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _given(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }


def _merge(target: dict[str, Any], values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value
