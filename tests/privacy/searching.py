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
    wanted = sorted({_flat(value) for value in values if value.strip()})
    names = {_flat(file_name(value)): value for value in values if not value.isascii()}
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_file() and path.name not in OF_THE_PRODUCT:
            for part, text in texts(path):
                found += [Found(value, f"{place}{part}") for value in hits(text, wanted)]
        found += [Found(value, f"the name {place}") for value in hits(place, wanted)]
        found += [
            Found(value, f"the name {place}") for name, value in names.items() if name in place
        ]
    return found


def hits(text: str, wanted: list[str]) -> list[str]:
    """Which of the values stand in the text, blanks and capitals aside."""
    flat = _flat(text)
    present = pl.Series([flat]).str.extract_many(wanted, overlapping=True)[0]
    return sorted(set(present))


def texts(path: Path) -> Iterator[tuple[str, str]]:
    """Every reading of a file, each with the name of its part."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        for number, page in enumerate(PdfReader(io.BytesIO(content)).pages, start=1):
            yield f" page {number}", page.extract_text()
    if path.suffix == ".parquet":
        yield " rows", str(pl.read_parquet(path).to_dicts())
    if path.suffix in _PACKED:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield f"!{name}", decoded(packed.read(name))
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        for sheet in book.worksheets:
            cells = "\n".join(
                str(cell.value)
                for row in sheet.iter_rows()
                for cell in row
                if cell.value is not None
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
