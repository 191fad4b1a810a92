"""Finding a value in whatever a folder holds: written as it is, escaped, packed, or as a name.

Belongs here: turning files into texts to be searched, and the search. The search knows nothing of
how the report is written; it asks whether a person who opens, unpacks or decodes a file can read
the value.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import openpyxl
import polars as pl
from pypdf import PdfReader

from dashboards.safe import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OF_THE_PRODUCT = ("plotly-basic.min.js", "plotly-locale-zh-cn.js", "plotly.LICENSE")
"""Files that are the same in every report, and long."""
_PACKED = (".xlsx", ".zip", ".docx")


class Found(NamedTuple):
    """A value, and the file and part it stands in."""

    value: str
    place: str


def search(folder: Path, values: Iterable[str]) -> list[Found]:
    """Where ``values`` stand: in what the files of ``folder`` hold and in what they are called."""
    wanted = {_flat(value): value for value in values if value.strip()}
    places, said = [], []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        places.append(f"the name {place}")
        said.append(_flat(place))
        if path.is_file() and path.name not in OF_THE_PRODUCT:
            for part, text in texts(path):
                places.append(f"{place}{part}")
                said.append(text)
    # A name may also stand in a file's name as the report spells what such names cannot hold.
    spelt = {_flat(file_name(value)): value for value in wanted.values()}
    hits = pl.Series(said).str.extract_many([*wanted], overlapping=True)
    found = {
        Found(wanted[value], place)
        for place, values in zip(places, hits, strict=True)
        for value in values
    }
    found |= {
        Found(value, place)
        for place, text in zip(places, said, strict=True)
        if place.startswith("the name ")
        for name, value in spelt.items()
        if name in text
    }
    return sorted(found)


def texts(path: Path) -> tuple[tuple[str, str], ...]:
    """Every reading of a file with the name of its part; blanks and capitals are evened out."""
    return _texts(path.suffix, path.read_bytes())


@cache
def _texts(suffix: str, content: bytes) -> tuple[tuple[str, str], ...]:
    return tuple((part, _flat(text)) for part, text in _readings(suffix, content))


def _readings(suffix: str, content: bytes) -> Iterator[tuple[str, str]]:
    if suffix == ".pdf":
        for number, page in enumerate(PdfReader(io.BytesIO(content)).pages, start=1):
            yield f" page {number}", page.extract_text()
    if suffix == ".parquet":
        yield " rows", str(pl.read_parquet(io.BytesIO(content)).to_dicts())
    if suffix in _PACKED:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield f"!{name}", decoded(packed.read(name))
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        for sheet in book.worksheets:
            cells = "\n".join(
                str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell
            )
            yield f" sheet {sheet.title}", f"{sheet.title}\n{cells}"
    yield "", decoded(content)


def decoded(content: bytes) -> str:
    """The text of a file and, after it, the same with escapes of HTML, JSON and links undone."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = content.decode("utf-8", errors="replace")
    undone = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    undone = undone.replace('\\"', '"').replace('""', '"').replace("\\\\", "\\")
    return "\n".join((text, html.unescape(undone), unquote(text)))


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()
