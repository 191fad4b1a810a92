r"""What can be written in two ways: is the day or the month first, is the comma the decimal sign.

Belongs here: the ways, and the SQL that turns a text of one way into the usual spelling. Does
not belong here: reading that (``values``) and finding out which way a column goes
(``deciding``).

The ways of a time or date, for parts parted by ``/`` or ``-`` with the year last, or with a
year of two digits: ``day-first``, ``month-first``, ``year-first``. Years 00-68 are of this
century then, 69-99 of the last one, as everywhere. The ways of a number: ``decimal-point``,
``decimal-comma``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.contract import Kind
from pipelines.exports.quoting import literal

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day-first", "month-first", "year-first"
POINT, COMMA = "decimal-point", "decimal-comma"
UNDECIDED = "undecided"
"""The way of a column that was looked at in vain: only cells with one reading are read."""

TIME_WAYS: Final = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)
NUMBER_WAYS: Final = (POINT, COMMA)

_TWO_WAY_TIME = (
    r"^\d{1,2}\s*[/-]\s*\d{1,2}\s*[/-]\s*(\d{4}|\d{1,2})(\D|$)|^\d{1,2}\.\d{1,2}\.\d{2}(\D|$)"
)
_DATE_PART = r"^(\d{1,2}\s*[/.-]\s*\d{1,2}\s*[/.-]\s*(?:\d{4}|\d{1,2}))(?:\D|$)"
_TWO_WAY_NUMBER = r"\d[.,]\d"
_ONE_GROUP = r"[^\d.,]*[1-9]\d{0,2}\.\d{3}[^\d.,]*"

_ASKED = ("is the day or the month first", "is the decimal sign a point or a comma")

_GAP = r"\s*[/.-]\s*"
_NUMBER = r"(\d{1,2})"
_TIME_OF_DAY = r"(?:[,\sT]+(.*)|([^\d,\sT].*))?$"
_YEARS = ((r"(\d{4})", ""), (r"([0-5]\d|6[0-8])", "20"), (r"(69|[7-9]\d)", "19"))
"""Each year's pattern and its century."""


@dataclass(frozen=True)
class Convention:
    """The way of a column, and, where it is ``UNDECIDED``, the question in English and Chinese.

    ``choices`` are the answers to it.
    """

    way: str
    question: str = ""
    question_zh: str = ""
    choices: tuple[str, ...] = ()


def ways_of(kind: Kind) -> tuple[str, ...]:
    """The ways in which a column of this kind can be written; none where there is but one."""
    if kind in (Kind.INSTANT, Kind.DATE):
        return TIME_WAYS
    return NUMBER_WAYS if kind in (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY) else ()


def is_two_way(kind: Kind, text: str) -> str:
    """SQL that is true where ``text`` looks as if it could be read in more than one way."""
    pattern = _TWO_WAY_TIME if kind in (Kind.INSTANT, Kind.DATE) else _TWO_WAY_NUMBER
    return f"regexp_matches({text}, {literal(pattern)})"


def two_way_part(kind: Kind, text: str) -> str:
    """SQL of what the question is about in ``text``, of a time its date; null for neither."""
    if kind in (Kind.INSTANT, Kind.DATE):
        return f"nullif(regexp_extract({text}, {literal(_DATE_PART)}, 1), '')"
    return f"(case when {is_two_way(kind, text)} then {text} end)"


def is_one_group(text: str) -> str:
    """SQL that is true where the dot of a number may as well part thousands: 1.234 or 12.500."""
    return f"regexp_full_match({text}, {literal(_ONE_GROUP)})"


def as_usual(text: str, way: str) -> str:
    """SQL of ``text``, written in that way, in the usual spelling; any other text as it is."""
    if way == COMMA:
        return f"translate({text}, '.,', ',.')"
    if way == POINT:
        return text
    usual = text
    for year, century in _YEARS:
        parts = {
            DAY_FIRST: (_NUMBER, _NUMBER, year),
            MONTH_FIRST: (_NUMBER, _NUMBER, year),
            YEAR_FIRST: (year, _NUMBER, _NUMBER),
        }[way]
        order = {
            DAY_FIRST: r"\3-\2-\1",
            MONTH_FIRST: r"\3-\1-\2",
            YEAR_FIRST: r"\1-\2-\3",
        }[way]
        pattern = literal(f"^{_GAP.join(parts)}{_TIME_OF_DAY}")
        usual = rf"regexp_replace({usual}, {pattern}, '{century}{order} \4\5')"
    return f"trim({usual})"


def asked(example: str, shown: dict[str, str], where: str, *, is_mixed: bool) -> Convention:
    """The question about a column of which ``example`` can be read as ``shown``, by way.

    ``where`` is the place in a mapping file for the answer; blank where that is clear.
    ``is_mixed``: other cells of the column contradict each other, else none of them tells.
    """
    is_time = POINT not in shown
    what = _ASKED[0] if is_time else _ASKED[1]
    what_zh = "日在前还是月在前" if is_time else "小数点是点还是逗号"
    why = "cells of the column contradict each other" if is_mixed else "no cell of the column tells"
    why_zh = "该列各单元格互相矛盾" if is_mixed else "该列没有单元格能说明"
    readings = " or ".join(f"{said} ({way})" for way, said in shown.items())
    readings_zh = "或 ".join(f"{said}（{way}）" for way, said in shown.items())
    answer, answer_zh = " or ".join(shown), " 或 ".join(shown)
    return Convention(
        UNDECIDED,
        f"{what}? {example} may be {readings}; {why}."
        + (f" Say it in a mapping file, {where}: {answer}" if where else ""),
        f"{what_zh}？{example} 可以是 {readings_zh}；{why_zh}。"
        + (f"请在映射文件中写明 {where}：{answer_zh}" if where else ""),
        tuple(shown),
    )


def is_question(reason: str) -> bool:
    """Whether the reason of a problem is a question of ``asked``."""
    return reason.startswith(_ASKED)
