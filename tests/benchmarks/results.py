"""Benchmark results as people read them: tables in Markdown and bars in SVG, in ``out/bench/``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.office import svg

if TYPE_CHECKING:
    from collections.abc import Mapping

OUT = Path(__file__).parents[2] / "out" / "bench"
_WIDTH, _LABEL, _ROW, _INK, _BAR = 760, 170, 26, "#1b2430", "#0072b2"


def table(title: str, floor: float, pieces: Mapping[str, Mapping[str, Any]], rows: int) -> str:
    """Seconds of each piece and its steps, as ratios to the floor, and rows a second.

    ``floor`` is in seconds, ``rows`` all rows read.
    """
    lines = [
        f"## {title}",
        "",
        f"{rows:,} rows.",
        "",
        "| piece | seconds | × floor | rows/s | peak MB |",
        "|---|--:|--:|--:|--:|",
    ]
    for piece, result in pieces.items():
        seconds = result["seconds"]
        steps = {f"{piece}: {step}": took for step, took in seconds.items()}
        for step, took in steps.items() if len(steps) > 1 else ():
            lines.append(_line(step, took, floor, rows))
        lines.append(_line(piece, sum(seconds.values()), floor, rows, result["peak_mb"]))
    return "\n".join([*lines, ""])


def _line(name: str, took: float, floor: float, rows: int, peak_mb: int | str = "") -> str:
    rate = f"{rows / took:,.0f}" if took else ""
    return f"| {name} | {took:.2f} | {took / floor:.2f} | {rate} | {peak_mb} |"


def bars(title: str, values: Mapping[str, float]) -> str:
    """One horizontal bar for each value, each with its number."""
    most = max(values.values())
    parts = [svg.text(0, 16, title, font_size=14, font_weight=600)]
    for at, (name, value) in enumerate(values.items()):
        top = 34 + at * _ROW
        width = (_WIDTH - _LABEL - 60) * value / most
        parts += [
            svg.text(_LABEL - 8, top + 14, name, font_size=12, text_anchor="end"),
            svg.rect(_LABEL, top, width, _ROW - 8, fill=_BAR),
            svg.text(_LABEL + width + 6, top + 14, f"{value:.2f}", font_size=12),
        ]
    drawing = svg.Drawing("".join(parts), _WIDTH, 40 + len(values) * _ROW, title)
    return drawing.file("sans-serif", _INK)


def keep(name: str, text: str) -> None:
    """Keep a result under ``out/bench``, and print a table."""
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(text, encoding="utf-8")
    if name.endswith(".md"):
        sys.stdout.write("\n" + text)
