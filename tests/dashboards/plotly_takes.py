"""Whether Plotly takes the figures of a page, each value as it stands.

Pages put Plotly's JSON together themselves (``dashboards/figure.py``); Plotly's own class checks
it in the tests, where a wrong name or a wrong value is refused.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from dashboards import theme

if TYPE_CHECKING:
    from pathlib import Path


def figures_of(page: Path) -> dict[str, dict[str, Any]]:
    """The figures a written page carries, by the key of their chart."""
    found = re.search(r'id="page-data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found, page
    charts: dict[str, dict[str, Any]] = json.loads(found[1])["charts"]
    return charts


def check(figure: dict[str, Any]) -> None:
    """Hold that Plotly takes a figure and gives the same values back.

    Raises:
        ValueError: it does not know a name, or a value is not one of those it allows.
    """
    layout = {**figure["layout"], "template": theme.TEMPLATE}
    taken = json.loads(go.Figure(data=figure["data"], layout=layout).to_json())
    del taken["layout"]["template"]
    assert taken == {"data": figure["data"], "layout": figure["layout"]}
    for path, value in figure.get("narrow", {}).items():
        go.Layout(**{path.replace(".", "_"): value})
