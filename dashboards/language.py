"""Texts in two languages, and how numbers, dates and durations are written in each.

Belongs here: the pair of texts every sentence of the report is, and formatting. Does not
belong here: what a sentence says (that is its page's), or HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
HTML_LANGUAGE: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
NOTHING = "–"


@dataclass(frozen=True)
class Text:
    """One text in Chinese and English; templates print the one of their page."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """The text in ``language``."""
        return self.zh if language == "zh" else self.en


NO_TEXT = Text("", "")


def both(text: str) -> Text:
    """A text that is the same in both languages: a name, a number, an id."""
    return Text(text, text)


def joined(parts: list[Text]) -> Text:
    """Sentences one after the other: no space in Chinese, one in English."""
    return Text("".join(part.zh for part in parts), " ".join(part.en for part in parts))


def joined_words(parts: list[Text]) -> Text:
    """A list of words."""
    return Text("、".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def counted(number: int, one: str, many: str) -> str:
    """A number with its English words: ``1 fault is``, ``2 faults are``."""
    return f"{number:,} {one if number == 1 else many}"


def count(number: float | None) -> str:
    """A whole number with thousands separators, the same in both languages."""
    return NOTHING if number is None else f"{round(number):,}"


def percent(rate: float | None, digits: int = 1) -> str:
    """A rate (0 to 1) as a percentage; never rounded up to 100 % or down to 0 %."""
    if rate is None:
        return NOTHING
    shown = f"{rate * 100:.{digits}f}"
    step = 10.0**-digits
    if rate < 1 and float(shown) >= 100:  # noqa: PLR2004 - a whole in per cent
        shown = f"{100 - step:.{digits}f}"
    if rate > 0 and float(shown) <= 0:
        shown = f"{step:.{digits}f}"
    return f"{shown}%"


def points(difference: float | None) -> str:
    """A difference of two rates (0 to 1) in percentage points, signed; the unit is the label's."""
    if difference is None:
        return NOTHING
    shown = f"{difference * 100:+.1f}".replace("-", "−")
    return "±0.0" if shown in ("+0.0", "−0.0") else shown


def hours_minutes(seconds: float | None) -> str:
    """A duration as h:mm, cut to the minute so that it never seems longer than it was."""
    if seconds is None:
        return NOTHING
    minutes = int(abs(seconds)) // 60
    sign = "−" if seconds < 0 and minutes else ""
    return f"{sign}{minutes // 60:,}:{minutes % 60:02d}"


def duration(seconds: float) -> Text:
    """How long, in words: h:mm, and below a minute the seconds, so that it is never nothing."""
    if 0 < seconds < 60:  # noqa: PLR2004 - a minute
        return Text(f"{seconds:.0f} 秒", f"{seconds:.0f} s")
    return both(hours_minutes(seconds))


def money(amount: Decimal | float | None) -> str:
    """An amount with two digits and thousands separators; the currency stands in the label."""
    return NOTHING if amount is None else f"{amount:,.2f}".replace("-", "−")


def month(value: date | None) -> str:
    """A month as 2025-06."""
    return NOTHING if value is None else f"{value:%Y-%m}"


def instant(value: datetime | None) -> str:
    """An instant to the minute, local time of the terms."""
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M}"


def day(value: date | None) -> str:
    """A day as 2025-06-30."""
    return NOTHING if value is None else f"{value:%Y-%m-%d}"
