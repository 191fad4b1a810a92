"""Cheap ways to read the cells that need no care, which in most exports is nearly all of them.

Belongs here: tests that take a few nanoseconds and prove that the careful expressions of
``values`` would give this very value. Does not belong here: what a cell means (``values`` alone
says that; whatever a test does not let by is read there).

The functions take the place of those of the same name in ``values`` and give the same values,
which a property test holds them to. Each test asks for what costs nothing: how long a text is,
how it compares with another, how it begins and ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.contract import Kind
from pipelines.exports import conventions, values
from pipelines.exports.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.contract import Column
    from pipelines.exports.values import Reading

_ASCII_BLANKS = " \t\n\v\f\r"
_SHAPES = (
    ("____-__-__ __:__:__", "%Y-%m-%d %H:%M:%S"),
    ("____-__-__", "%Y-%m-%d"),
    ("____-__-__ __:__", "%Y-%m-%d %H:%M"),
    ("____-__-__T__:__:__", "%Y-%m-%dT%H:%M:%S"),
    ("____-__-__T__:__:__Z", "%Y-%m-%dT%H:%M:%SZ"),
    ("____/%/% %:%:%", "%Y/%m/%d %H:%M:%S"),
    ("____/%/% %:%", "%Y/%m/%d %H:%M"),
    ("____/%/%", "%Y/%m/%d"),
)
"""What a time looks like, and how it is read then. A format that fails costs ten times one that
reads, so none is tried on a text that does not look like it."""

_SHAPES_OF_WAYS = {
    way: tuple(
        (f"%{sign}%{sign}____{time}", f"%{day}{sign}%{month}{sign}%Y{form}")
        for sign in "/-"
        for time, form in ((" %:%:%", " %H:%M:%S"), (" %:%", " %H:%M"), ("", ""))
    )
    for way, day, month in ((conventions.DAY_FIRST, "d", "m"), (conventions.MONTH_FIRST, "m", "d"))
}


def cleaned(column: Column, raw: str, reading: Reading) -> str:
    """As ``values.cleaned``: only a text that a blank or a wide letter may be in is tidied."""
    tidied = values.tidied(column, raw, reading)
    text = f"(case when {_may_be_untidy(column, raw, reading)} then {tidied} else {raw} end)"
    return values.translated(column, text, reading)


def _may_be_untidy(column: Column, raw: str, reading: Reading) -> str:
    """Never false for a text that tidying changes; null for null, which it does not change."""
    if reading.is_plain:
        return f"{raw} < '!' or suffix({raw}, ' ')"
    if column.kind is Kind.TEXT:
        return f"not {_begins_without_blank(raw)} or {values.ends_with_blank(raw)}"
    ends = " or ".join(f"suffix({raw}, chr({ord(blank)}))" for blank in _ASCII_BLANKS)
    is_foreign = f"strlen({raw}) <> length({raw})"
    return f"{raw} < '!' or ({is_foreign} and {values.has_marks(raw)}) or {ends}"


def _begins_without_blank(text: str) -> str:
    """By the order of characters: no blank is in ASCII from ``!`` on, and few lie beyond."""
    return (
        f"({text} >= '!' and {text} < '\x7f' or {text} >= '\u3001' and {text} < '\ufeff'"
        f" or {text} >= '\uff00')"
    )


def found(column: Column, text: str, reading: Reading, parts: str | None = None) -> str:
    """As ``values.found``: only a word that may stand for another is looked up."""
    careful = values.found(column, text, reading, parts)
    doubt = _may_mean_another(column, text)
    return careful if doubt is None else f"(case when {doubt} then {careful} else {text} end)"


def _may_mean_another(column: Column, text: str) -> str | None:
    """Never false for a word that stands for another or for nothing; None: not asked of a kind.

    Null for null, which stands for itself.
    """
    own = [f"{text} <> {literal(choice)}" for choice in column.choices or ()]
    if column.kind in (Kind.CHOICE, Kind.YES_NO) or (
        column.choices and column.kind is Kind.INTEGER
    ):
        return " and ".join(own)
    if column.kind is Kind.CITY:
        words = "|".join(word for word in values.known_words(column) if not word.isascii())
        return f"{text} < '一' or contains({text}, '市') or contains({literal(words)}, {text})"
    if column.kind in (Kind.ID, Kind.CODE, Kind.ISSUER):
        doubt = _may_be_one_of(text, values.known_words(column))
        if column.kind is Kind.CODE:
            doubt = f"({doubt} or {text} <> upper({text}))"
        return " and ".join([*own, doubt])
    return None


def _may_be_one_of(text: str, words: Iterable[str]) -> str:
    """False of a text longer than every one of the words, or with a first letter none has."""
    words = list(words)
    longest = max(len(word.encode()) for word in words)
    others = " and ".join(
        f"not ({text} >= {literal(first)} and {text} < {literal(behind)})"
        for first, behind in _ranges_without({word[0].upper() for word in words})
    )
    return f"(strlen({text}) <= {longest} and {others})"


def _ranges_without(letters: set[str]) -> list[tuple[str, str]]:
    """Digits and capitals but for some: the first of each run, and what follows it."""
    ranges = []
    for first, last in (("A", "Z"), ("0", "9")):
        start = ord(first)
        for letter in sorted(letter for letter in letters if first <= letter <= last):
            ranges.append((start, ord(letter)))
            start = ord(letter) + 1
        ranges.append((start, ord(last) + 1))
    return [(chr(start), chr(end)) for start, end in ranges if start < end]


def shaped_instant(kind: Kind, text: str, reading: Reading) -> str:
    """SQL of the time that a text says which looks like one; else null."""
    shapes = (*_SHAPES_OF_WAYS.get(reading.way or "", ()), *_SHAPES)
    said = _said_by_shape(text, shapes, reading)
    if reading.source_timezone == reading.timezone or reading.moves_days:
        return said
    here = replace(reading, source_timezone=reading.timezone)
    day = _said_by_shape(text, [one for one in shapes if not one[1].endswith("Z")], here)
    return f"(case when {values.is_day(kind, text)} then {day} else {said} end)"


def _said_by_shape(text: str, shapes: Iterable[tuple[str, str]], reading: Reading) -> str:
    whens = " ".join(
        f"when {text} like {literal(shape)} then "
        + values.moved(
            f"try_strptime({text}, {literal(form)})", "UTC" if form.endswith("Z") else None, reading
        )
        for shape, form in shapes
    )
    return f"(case {whens} end)"


def number(column: Column, text: str, reading: Reading) -> str | None:
    """SQL of the number that the engine's own cast makes of a text; None for other kinds.

    It takes a fifth of the time of ``values.found`` but also takes what is not meant (exponents,
    rounding): ``is_number_as_written`` tells.
    """
    if column.default is not None:
        return None
    length = f"strlen({text})"
    if column.kind in (Kind.DECIMAL, Kind.MONEY) and reading.way != conventions.COMMA:
        return f"(case when {length} < 19 then try_cast({text} as {column.kind.sql_type}) end)"
    if column.kind is Kind.INTEGER and not column.choices:
        return f"(case when {length} < 10 then try_cast({text} as integer) end)"
    return None


def is_number_as_written(column: Column, text: str, probe: str) -> str:
    """SQL that is true where ``probe``, of ``number``, says what ``text`` says, and of a null.

    Written out again it must begin with the text itself: digit for digit, with at most decimals
    of zero left out. What is beyond the limits of the column is for ``values``.
    """
    is_as_written = values.within(column, probe, f"starts_with(cast({probe} as varchar), {text})")
    return f"({text} is null or {is_as_written})"
