"""Figures are put together as Plotly would, and what Plotly would refuse is noticed."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from dashboards.figure import Figure
from tests.dashboards import plotly_takes


def parts(figure: Figure) -> dict[str, Any]:
    return {"data": figure.data, "layout": figure.layout}


def draw(figure: Any) -> Any:  # noqa: ANN401 - ours and Plotly's have the same methods
    """The pieces our charts use, each at least once."""
    figure.add_bar(x=[1, 2], y=[3, None], marker={"color": "#000000", "line": None}, text=None)
    figure.add_scatter(x=[1], y=[2], mode="lines", line={"width": 1.5, "dash": "dash"})
    figure.add_shape(type="line", x0=100, x1=100, y0=0, y1=1, yref="paper")
    figure.add_hline(y=5, line={"width": 1})
    figure.add_annotation(x=1, y=2, text="时限", showarrow=False)
    figure.add_annotation(x=2, y=2, text="Target", showarrow=False)
    figure.update_layout(xaxis={"range": [0, 2], "title": {"text": "a", "standoff": 3}}, height=90)
    figure.update_layout(xaxis={"range": [0, 9], "title": {"text": "b"}}, barmode="stack")
    return figure


def test_the_pieces_come_out_as_plotly_puts_them_together() -> None:
    theirs = draw(go.Figure(layout={"template": {}})).to_plotly_json()
    del theirs["layout"]["template"]
    assert parts(draw(Figure())) == {"data": theirs["data"], "layout": theirs["layout"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": [{"type": "bar", "colour": "red"}], "layout": {}},
        {"data": [{"type": "bar", "marker": {"color": "no colour"}}], "layout": {}},
        {"data": [], "layout": {"barmode": "piled"}},
        {"data": [], "layout": {}, "narrow": {"xaxis.tick": 1}},
    ],
    ids=["a trace's attribute", "a colour", "a layout's word", "a narrow screen's name"],
)
def test_what_plotly_would_refuse_is_noticed(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Invalid"):
        plotly_takes.check(wrong)
