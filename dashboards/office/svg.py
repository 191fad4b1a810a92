"""A small SVG writer: shapes and text as strings, every text escaped, no style attributes.

Belongs here: what any static drawing needs. Does not belong here: what is drawn (``charts``).
Coordinates are pixels of the drawing, from its upper left corner.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Attribute = str | float | None
#: Widths of characters in ems, near enough to place and wrap labels in any of the fonts.
_WIDE_EM, _NARROW_EM, _LATIN_EM = 1.0, 0.33, 0.61
_NARROW = frozenset(" .,:;'|!ijlIt·()[]")
#: XML has no way to write these, escaped or not.
_FORBIDDEN = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


@dataclass(frozen=True)
class Drawing:
    """A finished drawing: what stands inside its ``svg`` element, its size, and what it shows."""

    content: str
    width: float
    height: float
    label: str

    def inline(self, css_class: str) -> str:
        """As an element of an HTML page; it takes the page's font and width."""
        return element(
            "svg",
            self.content,
            class_=css_class,
            viewBox=f"0 0 {number(self.width)} {number(self.height)}",
            role="img",
            aria_label=self.label,
        )

    def file(self, fonts: str, ink: str) -> str:
        """As a file of its own, with its own font, on white."""
        ground = element("rect", width=self.width, height=self.height, fill="#fff")
        return element(
            "svg",
            ground + self.content,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {number(self.width)} {number(self.height)}",
            width=self.width,
            height=self.height,
            font_family=fonts,
            fill=ink,
            role="img",
            aria_label=self.label,
        )


def number(value: float) -> str:
    """A coordinate with one digit at most: ``12``, ``12.5``."""
    shown = f"{value:.1f}"
    shown = shown.removesuffix(".0")
    return "0" if shown == "-0" else shown


def element(name: str, content: str = "", /, **attributes: Attribute) -> str:
    """An element around ``content`` (markup); ``font_size`` writes ``font-size``; None is left out.

    Names that need a capital or are Python's own: ``viewBox`` as it is, ``class_``.
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        f"={quoteattr(_clean(value) if isinstance(value, str) else number(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def group(parts: Iterable[str], **attributes: Attribute) -> str:
    """Several parts that share attributes."""
    return element("g", "".join(parts), **attributes)


def rect(x: float, y: float, width: float, height: float, **attributes: Attribute) -> str:
    """A rectangle."""
    return element("rect", x=x, y=y, width=width, height=height, **attributes)


def line(start: tuple[float, float], end: tuple[float, float], **attributes: Attribute) -> str:
    """A straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], **attributes)


def path(points: Sequence[tuple[float, float]], *, closed: bool, **attributes: Attribute) -> str:
    """A line through ``points``, closed to an area if so wanted."""
    steps = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=f"M{steps}{'Z' if closed else ''}", **attributes)


def circle(x: float, y: float, radius: float, **attributes: Attribute) -> str:
    """A circle."""
    return element("circle", cx=x, cy=y, r=radius, **attributes)


def text(x: float, y: float, content: str, **attributes: Attribute) -> str:
    """A line of text on the baseline ``y``; ``content`` is escaped."""
    return element("text", escape(_clean(content)), x=x, y=y, **attributes)


def _clean(content: str) -> str:
    return content.translate(_FORBIDDEN)


def text_width(content: str, size: float) -> float:
    """About how wide ``content`` is at font ``size``, in pixels."""
    return size * sum(_ems(character) for character in content)


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE_EM
    return _NARROW_EM if character in _NARROW else _LATIN_EM


def wrapped(content: str, size: float, width: float) -> list[str]:
    """``content`` in lines no wider than ``width``, broken at spaces or between ideographs."""
    lines, now = [], ""
    for piece in _pieces(content):
        if now and text_width((now + piece).rstrip(), size) > width:
            lines.append(now.rstrip())
            now = piece.lstrip()
        else:
            now += piece
    return [*lines, now.rstrip()] if now.strip() else lines


def _pieces(content: str) -> list[str]:
    """The parts between which a line may break; closing marks stay with what they close."""
    pieces: list[str] = []
    may_break = False
    for character in content:
        is_wide = unicodedata.east_asian_width(character) in "WF"
        if not pieces or (may_break or is_wide) and character not in "，。、；：）」》！？ ":  # noqa: RUF021 - reads as said
            pieces.append(character)
        else:
            pieces[-1] += character
        may_break = character == " " or is_wide
    return pieces
