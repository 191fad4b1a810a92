"""How names are written: several in a cell, in full width, in capitals, inside a sentence.

Belongs here: what is one name in two spellings, and where it stands in a text. Does not belong
here: whose name it is and what is shown for it (``veil``).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_SEVERAL: Final = re.compile(r"[^、，,;；/&+\r\n]+")  # a person, where a cell names several
# What else may stand between Chinese names; in any other it may be part of a name.
_BETWEEN: Final = (re.compile(r"\s+(?:[和与及]\s+)?"), re.compile(r"\s*[和与及]\s*"))
_CHINESE_NAME: Final = re.compile(r"[\u3400-\u9fff]{2,4}")
_MARK: Final = "[\u0300-\u036f\u1160-\u11ff\u3099\u309a\ud7b0-\ud7fb\uff9e\uff9f]"
_LETTER: Final = re.compile(f".{_MARK}*", re.DOTALL)  # with the marks that belong to it
_MARKS: Final = re.compile(_MARK)


def is_like_a_name(value: str) -> bool:
    """Whether an id looks like the name or address of somebody rather than a code."""
    return any(
        character == "@" or character.isspace() or (character.isalpha() and not character.isascii())
        for character in value.strip()
    )


def persons(value: str) -> list[str]:
    """The persons of a cell that names several."""
    found: list[str] = []

    def keep(name: str) -> str:
        found.append(name)
        return name

    by_person(value, keep)
    return found


def by_person(cell: str, shown: Callable[[str], str]) -> str:
    """The cell with each of its persons as ``shown``."""

    def one(found: re.Match[str]) -> str:
        name = found[0].strip()
        for between in _BETWEEN:
            names = between.split(name)
            if len(names) > 1 and all(map(_CHINESE_NAME.fullmatch, names)):
                return "、".join(map(shown, names))
        return shown(name) if name else ""

    return _SEVERAL.sub(one, cell)


def normal(value: str) -> str:
    """A name as it is compared: width, capitals and blanks do not tell names apart."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


class _Folding(dict[int, str]):
    """Each character as ``normal`` has it, by code point, once it was asked for."""

    def __missing__(self, code: int) -> str:
        letter = self[code] = unicodedata.normalize("NFKC", chr(code)).casefold()
        return letter


_FOLDING: Final = _Folding()


def folded(value: str) -> tuple[str, list[tuple[int, int]]]:
    """The text letter by letter as ``normal`` has it, and where each of it stands in ``value``.

    Blanks stay as they are. No places: each stands where it stood.
    """
    translated = value.translate(_FOLDING)
    if len(translated) == len(value) and not _MARKS.search(value):
        return translated, []
    letters, places = [], []
    for found in _LETTER.finditer(value):
        letter = unicodedata.normalize("NFKC", found[0]).casefold()
        letters.append(letter)
        places += [found.span()] * len(letter)
    return "".join(letters), places


def standing_alone(value: str) -> str:
    """A pattern for a folded value that is no part of a longer word or number."""
    before = r"(?<![0-9a-z])" if re.match(r"[0-9a-z]", value) else ""
    after = r"(?![0-9a-z])" if re.search(r"[0-9a-z]\Z", value) else ""
    words = r"\s+".join(map(re.escape, value.split()))
    return f"{before}{words}{after}"
