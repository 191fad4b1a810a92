"""The house style of charts: palette, Plotly template, fonts and the settings of every chart.

Belongs here: how any chart looks. Does not belong here: what a chart shows (``charts``,
``pages``) or the style of the page around it (``static/report.css``, same colours).

The colours are from Okabe and Ito's palette, told apart by colour-blind readers and, being of
different lightness, in grey print; marks that must not be confused also differ in shape.
"""

from __future__ import annotations

from typing import Any

INK = "#1b2430"
MUTED = "#56616e"
RULE = "#d5dae0"
MET = "#0072b2"
BREACHED = "#d55e00"
PENDING = "#e8b33a"
UNMEASURABLE = "#9aa3ad"
BAND = "#e9eef3"

FONTS = (
    "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'PingFang SC', 'Hiragino Sans GB', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'Noto Sans', sans-serif"
)

#: Passed to Plotly with every chart. Without showSendToCloud a "share chart" button appears.
CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
}

#: Months on an axis, the year under the first of each: the zh-CN locale would write "一 2025".
MONTH_FORMATS = {"zh": "%-m月\n%Y", "en": "%b\n%Y"}

_AXIS: dict[str, Any] = {
    "showgrid": False,
    "zeroline": False,
    "linecolor": RULE,
    "tickcolor": RULE,
    "ticks": "outside",
    "ticklen": 4,
    "fixedrange": True,
    "automargin": True,
    "title": {"font": {"size": 12, "color": MUTED}, "standoff": 10},
}

#: The layout every chart starts from (a Plotly template's layout part).
TEMPLATE: dict[str, Any] = {
    "layout": {
        "font": {"family": FONTS, "size": 12.5, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 16, "t": 14, "b": 8, "pad": 2},
        "colorway": [MET, BREACHED, "#009e73", "#cc79a7", "#56b4e9", PENDING],
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": "#ffffff",
            "bordercolor": MUTED,
            "font": {"family": FONTS, "size": 12.5, "color": INK},
            "align": "left",
        },
        "dragmode": False,
        "bargap": 0.18,
        "xaxis": _AXIS,
        "yaxis": {
            **_AXIS,
            "showgrid": True,
            "gridcolor": "#edf0f3",
            "ticks": "",
            "showline": False,
        },
    }
}


def pattern(shape: str) -> dict[str, Any]:
    """Bars in a pattern of white over their colour, for print and eyes without it; none for ''."""
    return {
        "shape": shape,
        "fillmode": "overlay",
        "fgcolor": "#ffffff",
        "fgopacity": 0.75,
        "size": 7,
        "solidity": 0.25,
    }
