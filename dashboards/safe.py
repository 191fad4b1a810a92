"""Where text from the exports crosses into another language: JSON in HTML, CSV, file names.

Belongs here: escaping. Jinja escapes HTML itself (autoescape is always on). Does not belong
here: anything that decides what is shown.
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal

import polars as pl
from markupsafe import Markup

_IN_SCRIPT = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}

_DECIMALS = 6
#: Bytes of a file's name, with room for an ending; file systems take 255.
_LONGEST_NAME = 160
_DIGEST_DIGITS = 16


def _plain(value: object) -> object:
    """What JSON has no word for: money stays exact enough to show, dates become text."""
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def json_text(value: object) -> str:
    """JSON that may stand inside a script element or a script file: no ``<``, no U+2028."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
    for character, escape in _IN_SCRIPT.items():
        text = text.replace(character, escape)
    return text


def json_island(value: object) -> Markup:
    """``json_text`` as markup, for a data island in a page."""
    return Markup(json_text(value))  # noqa: S704 - json_text has escaped what could end a script


def plot_text(text: str) -> str:
    """Text for a chart label: Plotly reads a few HTML tags and entities, so none may come in."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def file_name(text: str) -> str:
    """A file name for an id from the exports: letters of any script, digits, ``-``, ``_`` stay.

    Anything else becomes its code point, and what would be too long for a file system ends in a
    digest; so two ids never share a name and none leaves its folder. Names that differ in capitals
    alone are one to some file systems.
    """
    name = re.sub(r"[^\w-]", lambda found: f"~{ord(found[0]):x}~", text) or "~"
    whole = name.encode()
    if len(whole) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
    return f"{whole[:_LONGEST_NAME].decode('utf-8', 'ignore')}~{digest}"


def csv_frame(frame: pl.DataFrame) -> str:
    """CSV a spreadsheet opens rightly: with a byte order mark, and no cell taken as a formula.

    The columns of ``frame`` hold no lists. Floats (rates, days) are written to six decimals: beyond
    them stands what the order of adding made of them.
    """
    texts = pl.col(pl.String)
    is_formula = texts.str.contains(r"^[=+\-@\t\r]")
    ready = frame.with_columns(
        pl.when(is_formula).then("'" + texts).otherwise(texts).name.keep(),
        pl.selectors.float().round(_DECIMALS),
    )
    written = ready.write_csv(line_terminator="\r\n", datetime_format="%Y-%m-%d %H:%M:%S")
    return "\ufeff" + written
