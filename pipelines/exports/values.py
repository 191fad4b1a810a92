"""How the text of a cell becomes a value: one SQL expression for each kind of column.

Belongs here: cleaning, null words, spellings, times, numbers. Does not belong here: which
column of a file is which (``headers``) and where the rows go (``loading``).

Every expression takes the raw text and gives the typed value, or null when it cannot be
read. They are careful, not quick: ``shortcuts`` reads the cells that need no care.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from pipelines.contract import Kind
from pipelines.exports import conventions
from pipelines.exports.quoting import is_among, literal
from pipelines.exports.reasons import (
    BELOW_ZERO,
    FIRST_YEAR,
    LAST_YEAR,
    NO_DATE,
    NONE_OF_A_DATABASE,
    NOT_A_NUMBER,
    NOT_A_TIME,
    NOT_ONE_OF,
    NOT_WHOLE,
    OUT_OF_RANGE,
    TOO_FINE,
    TOO_LARGE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.contract import Column

# Space, tab and line ends, no-break and Unicode spaces, zero-width and text direction marks.
BLANKS = "".join(
    chr(code)
    for code in (
        *range(0x09, 0x0E),
        0x20,
        0x85,
        0xA0,
        0x1680,
        *range(0x2000, 0x2010),
        0x2028,
        0x2029,
        *range(0x202A, 0x2030),
        0x205F,
        *range(0x2060, 0x206A),
        0x3000,
        0xFEFF,
    )
)
_INVISIBLE = "".join(
    chr(code)
    for code in (
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    )
)
_FULL_WIDTH = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000\u2212"
_HALF_WIDTH = "".join(chr(code) for code in range(0x21, 0x7F)) + " -"
_TO_HALF_WIDTH = str.maketrans(_FULL_WIDTH, _HALF_WIDTH, _INVISIBLE)


def _character_class(characters: str) -> str:
    """The characters as a class of a regular expression."""
    return "[" + "".join(f"\\x{{{ord(char):x}}}" for char in characters) + "]"


_BLANK = _character_class(BLANKS)
_FOLDABLE = _character_class(_FULL_WIDTH + _INVISIBLE)

NULL_WORDS = (
    "-",
    "--",
    "---",
    "—",
    "——",
    "/",
    "\\",
    "?",
    "??",
    ".",
    "n/a",
    "na",
    "#n/a",
    "nan",
    "nil",
    "none",
    "null",
    "(null)",
    "\\n",
    "unknown",
    "空",
    "无",
    "未知",
    "不详",
    "暂无",
)
"""Words that mean "nothing" in every column but free text, in lower case."""

CITY = (
    r"^(?:(北京|上海|天津|重庆)\s*市.*"
    r"|(?:.{2,6}(?:省|自治区)[\s/\-]*)?(?:[^市]{2,12}(?:自治州|地区|盟)[\s/\-]*)?"
    r"([^\s/\-].+?)\s*市(?:.*[^市])?)$"
)
"""A city as addresses write it (广东省深圳市南山区): its name, in one of two groups, stands between
province and 市. In the four that are provinces themselves nothing behind it counts."""

CITY_NAME = r"\1\2"
"""What ``CITY`` is replaced by."""

CITIES = {
    "beijing": "北京",
    "bei jing": "北京",
    "peking": "北京",
    "shanghai": "上海",
    "shang hai": "上海",
    "guangzhou": "广州",
    "guang zhou": "广州",
    "canton": "广州",
    "shenzhen": "深圳",
    "shen zhen": "深圳",
    "tianjin": "天津",
    "chongqing": "重庆",
    "chengdu": "成都",
    "hangzhou": "杭州",
    "wuhan": "武汉",
    "nanjing": "南京",
    "suzhou": "苏州",
    "xi'an": "西安",
    "xi’an": "西安",
    "xi an": "西安",
    "xian": "西安",
    "changsha": "长沙",
    "zhengzhou": "郑州",
    "qingdao": "青岛",
    "jinan": "济南",
    "dalian": "大连",
    "shenyang": "沈阳",
    "harbin": "哈尔滨",
    "changchun": "长春",
    "ningbo": "宁波",
    "wuxi": "无锡",
    "xiamen": "厦门",
    "fuzhou": "福州",
    "hefei": "合肥",
    "nanchang": "南昌",
    "kunming": "昆明",
    "guiyang": "贵阳",
    "nanning": "南宁",
    "haikou": "海口",
    "dongguan": "东莞",
    "foshan": "佛山",
    "zhuhai": "珠海",
    "shijiazhuang": "石家庄",
    "taiyuan": "太原",
    "lanzhou": "兰州",
    "urumqi": "乌鲁木齐",
    "hohhot": "呼和浩特",
    "yinchuan": "银川",
    "xining": "西宁",
    "lhasa": "拉萨",
}
"""English names of cities, in lower case, and the names the terms use."""

CITY_WORDS = CITIES | {
    f"{name}{end}": known for name, known in CITIES.items() for end in ("市", " city")
}
"""The same, with what may stand behind them."""

DAY_ZERO = "1899-12-30"
DAY_ZERO_OF_1904 = "1904-01-01"
"""Where a workbook counts its days from that year, as old ones of a Macintosh do."""

NO_DATES_BEFORE = "1900-03-01"
"""Spreadsheets keep a time of day as a moment of 1899-12-30 and the days after."""
_DAYS_OF_NO_DATE = date.fromisoformat(NO_DATES_BEFORE) - date.fromisoformat(DAY_ZERO)

_DOTTED_INSTANTS = (
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%Y, %H:%M",
    "%d.%m.%Y %H:%M:%S.%f",
    "%d.%m.%Y",
)
"""With dots the day comes first; with slashes only a mapping can say which it is."""

_INSTANT_PATTERN = (
    r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:\s*(?:星期|周)[一二三四五六日天])?"
    r"(?:\s*T?\s*(上午|下午|[AaPp][Mm])?\s*"
    r"(\d{1,2})\s*[:时点]\s*(\d{1,2})\s*分?(?:\s*:?\s*(\d{1,2})(?:[.,](\d{1,9}))?\s*秒?)?"
    r"\s*((?:[AaPp][Mm])?\s*"
    r"(?:Z|z|UTC|GMT|(?:UTC|GMT)?[+-]\d{1,2}:?(?:\d{2})?)?))?$"
)
_MIXED = r"^\d{4}\s*(?:\.\s*\d{1,2}\s*[-/]|/\s*\d{1,2}\s*[-.]|-\s*\d{1,2}\s*[/.])"
"""No date: 2025.1-12 is months, or who knows what."""
_HAS_TIME = re.compile("%[HIcXs]")
_OFFSET_PATTERN = r"([+-])(\d{1,2}):?(\d{2})?$"
_SERIAL_PATTERN = r"\d{5,6}(\.\d+)?"
_CURRENCY_MARKS = r"^(CNY|RMB|人民币)\s*|\s*(元|CNY|RMB|人民币)$"
_NUMBER_PATTERN = (
    r"[+-]?([1-9]\d{0,2}(,\d{3})+|[1-9]\d{0,2}( \d{3})+|\d+)(\.\d*)?([eE][+-]?\d{1,2})?"
    r"|[+-]?\.\d+"
)
_NUMBER_NOISE = "0.000001"
_FOLDS = (120, 60, 30, 20)
"""By how many minutes zones have been put back."""
_GAPS = "\u00a0\u2007\u2009\u202f"
"""Spaces that part thousands: no-break, of a digit's width, thin, and thin no-break."""


@dataclass(frozen=True)
class Reading:
    """How the text of one source column is read.

    ``is_plain`` promises that the text holds no blanks but spaces and nothing full-width,
    which spares two passes over it. ``has_serials`` allows the day number of a spreadsheet as
    a time, counted from ``day_zero``. ``values``, ``formats`` and ``null_words`` come from a
    mapping, as does ``source_timezone``, the zone of times that carry no offset. ``way`` is one of
    ``conventions``; None: cells that could be read in two ways are not read. ``moves_days``: of
    a day without a time its first moment is meant, which another zone has at another time.
    """

    timezone: str
    source_timezone: str
    is_plain: bool = False
    has_serials: bool = False
    day_zero: str = DAY_ZERO
    values: dict[str, str] = field(default_factory=dict)
    formats: Sequence[str] = ()
    null_words: Sequence[str] = ()
    way: str | None = None
    moves_days: bool = False


def cleaned(column: Column, raw: str, reading: Reading) -> str:
    """SQL of the text in ``raw`` without blanks around it; null when nothing is left.

    Full-width letters and digits are folded in every column but free text, values that a
    mapping translates are translated.
    """
    return translated(column, tidied(column, raw, reading), reading)


def tidied(column: Column, raw: str, reading: Reading) -> str:
    """The first half of ``cleaned``: without blanks around it, folded; null when blank."""
    if reading.is_plain:
        return f"nullif(trim({raw}), '')"
    has_blank = f"regexp_matches({raw}, {literal(f'^{_BLANK}|{_BLANK}$')})"
    text = f"(case when {has_blank} then {bare(raw)} else {raw} end)"
    if column.kind is not Kind.TEXT:
        has_mark = f"regexp_matches({text}, {literal(_FOLDABLE)})"
        text = f"(case when {has_mark} then {_folded(text)} else {text} end)"
    return f"nullif({text}, '')"


def translated(column: Column, text: str, reading: Reading) -> str:
    """The second half of ``cleaned``: the words a mapping names for nothing and for others."""
    if reading.null_words:
        words = [as_cleaned(column, word) for word in reading.null_words]
        text = f"(case when {is_among(f'lower({text})', words)} then null else {text} end)"
    if reading.values:
        whens = _whens(
            {as_cleaned(column, source): target for source, target in reading.values.items()}
        )
        text = f"(case lower({text}) {whens} else {text} end)"
    return text


def as_cleaned(column: Column, word: str) -> str:
    """A word of a mapping as ``tidied`` leaves a cell that says it, in lower case.

    The cell is folded before it is compared: （上海） is (上海) by then, and so must the word be.
    """
    text = word.strip(BLANKS)
    return (text if column.kind is Kind.TEXT else folded(text)).lower()


def folded(word: str) -> str:
    """A word with its full-width signs in half width, without invisible ones."""
    return word.translate(_TO_HALF_WIDTH).strip(" ")


def bare(text: str) -> str:
    """SQL of a text without blanks around it."""
    return f"trim({text}, {literal(BLANKS)})"


def bare_and_folded(text: str) -> str:
    """SQL of a text without blanks around it and folded, as ``folded`` does a word."""
    return _folded(bare(text))


def _folded(text: str) -> str:
    marks, plain = _FULL_WIDTH + _INVISIBLE, _HALF_WIDTH
    return f"trim(translate({text}, {literal(marks)}, {literal(plain)}))"


def ends_with_blank(text: str) -> str:
    """SQL that is true where the last character is one that ``tidied`` takes off."""
    return f"regexp_matches({text}, {literal(f'{_BLANK}$')})"


def has_marks(text: str) -> str:
    """SQL that is true where ``tidied`` finds anything to take off or to fold."""
    return f"regexp_matches({text}, {literal(f'^{_BLANK}|{_BLANK}$|{_FOLDABLE}')})"


def found(column: Column, text: str, reading: Reading, parts: str | None = None) -> str:
    """SQL of what a cleaned ``text`` says, whatever the limits: a time, a number or a word.

    The first of two steps, so that the second can ask for its outcome more than once. ``parts``
    names ``instant_parts`` of the text where they are at hand.
    """
    if column.kind in (Kind.INSTANT, Kind.DATE):
        said = _instant(text, reading, parts)
        if reading.source_timezone != reading.timezone and not reading.moves_days:
            here = replace(reading, source_timezone=reading.timezone)
            day = _instant(text, here, parts)
            has_no_time = _is_day_as_read(column.kind, text, reading)
            said = f"(case when {has_no_time} then {day} else {said} end)"
        return f"(case when {text} is not null then {said} end)"
    if column.kind is Kind.INTEGER and column.choices:
        numbers = " ".join(f"when {choice} then {literal(choice)}" for choice in column.choices)
        number = _number(text, replace(reading, way=conventions.POINT))
        spellings = _whens(_spellings(column.choices))
        return f"(case lower({text}) {spellings} else case {number} {numbers} end end)"
    if column.kind in (Kind.INTEGER, Kind.DECIMAL, Kind.MONEY):
        return _number(text, reading)
    if column.choices and column.kind in (Kind.CHOICE, Kind.YES_NO):
        exact = _whens({choice: choice for choice in column.choices})
        spellings = f"(case lower({text}) {_whens(_spellings(column.choices))} end)"
        return f"(case {text} {exact} else {spellings} end)"
    return text if column.kind is Kind.TEXT else _word(column, text)


def _is_day_as_read(kind: Kind, text: str, reading: Reading) -> str:
    """As ``is_day``; where a mapping says the formats, they tell whether there is a time."""
    if not reading.formats:
        return is_day(kind, text)
    return "false" if any(map(_HAS_TIME.search, reading.formats)) else "true"


def is_day(kind: Kind, text: str) -> str:
    """SQL that is true of a text that says a day and no time: it is the same day in every zone.

    In a column of days midnight says no time either: databases write it behind each.
    """
    no_time = rf"not regexp_matches({text}, '[:时点]|^\d{{14}}$|^\d{{5,6}}\.\d')"
    if kind is Kind.INSTANT:
        return no_time
    return rf"({no_time} or regexp_full_match({text}, '.*\D0{{1,2}}:00(:00(\.0+)?)?'))"


def typed(column: Column, said: str, reading: Reading) -> str:
    """SQL of the typed value, where ``said`` is what ``found`` gave; null beyond the limits."""
    kind = column.kind
    value = said
    if kind in (Kind.INSTANT, Kind.DATE):
        first = _first_moment(reading)
        is_within = f"{said} >= timestamp '{first}' and {said} < timestamp '{LAST_YEAR + 1}-01-01'"
        value = f"cast(case when {is_within} then {said} end as {kind.sql_type})"
    elif kind is Kind.INTEGER and column.choices:
        value = f"cast({said} as integer)"
    elif kind is Kind.INTEGER:
        is_whole = f"{said} = round({said}, 0)"
        value = f"(case when {within(column, said, is_whole)} then try_cast({said} as integer) end)"
    elif kind in (Kind.DECIMAL, Kind.MONEY):
        is_fine = f"abs({said} - round({said}, 2)) < {_NUMBER_NOISE}"
        value = (
            f"(case when {within(column, said, is_fine)}"
            f" then try_cast(round({said}, 2) as {kind.sql_type}) end)"
        )
    elif kind is Kind.YES_NO:
        value = f"(case {said} when 'yes' then true when 'no' then false end)"
    if column.default is not None:
        value = f"coalesce({value}, {literal(column.default)})"
    return value


def within(column: Column, number: str, *others: str) -> str:
    """SQL that is true where a number is within the limits of its column, and ``others`` hold."""
    tests = [*others]
    if column.least is not None:
        tests.append(f"{number} >= {column.least}")
    if column.below is not None:
        tests.append(f"abs({number}) < {column.below}")
    return " and ".join(tests)


def _first_moment(reading: Reading) -> str:
    # A time of day alone is a moment of the spreadsheet's first days: never a date there. The
    # first day of all is what databases write for none, and may have been moved within it.
    if not reading.has_serials:
        return f"{FIRST_YEAR}-01-02"
    return _dates_from(reading.day_zero)


def _dates_from(day_zero: str) -> str:
    """The first day that cells of a workbook mean as a date; those before are times of day."""
    return f"{date.fromisoformat(day_zero) + _DAYS_OF_NO_DATE}"


def can_fail(column: Column) -> bool:
    """Whether a text may be unreadable as ``column``; words of any kind never are."""
    return column.kind in (
        Kind.INSTANT,
        Kind.DATE,
        Kind.INTEGER,
        Kind.DECIMAL,
        Kind.MONEY,
        Kind.CHOICE,
        Kind.YES_NO,
    )


def is_null_word(text: str) -> str:
    """SQL that is true where a cleaned ``text`` is a word for "nothing"."""
    return is_among(f"lower({text})", NULL_WORDS)


def reason(column: Column, said: str, reading: Reading) -> str:
    """SQL of the words that say why there is no value, ``said`` being what ``found`` gave."""
    if column.kind in (Kind.INSTANT, Kind.DATE):
        # In a workbook it is a time of day, of 24 hours and more.
        is_first = f"cast({said} as date) = date '{FIRST_YEAR}-01-01'"
        if reading.has_serials:
            is_first = "false"
        is_time_of_day = " or ".join(
            f"({said} >= timestamp '{zero}' and {said} < timestamp '{_dates_from(zero)}')"
            for zero in (DAY_ZERO, DAY_ZERO_OF_1904)
        )
        return (
            f"(case when {said} is null then {literal(NOT_A_TIME)}"
            f" when {is_first} then {literal(NONE_OF_A_DATABASE)}"
            f" when {is_time_of_day} then {literal(NO_DATE)} else {literal(OUT_OF_RANGE)} end)"
        )
    if column.choices:
        return literal(NOT_ONE_OF + ", ".join(column.choices))
    is_below_zero = f" when {said} < 0 then {literal(BELOW_ZERO)}" if column.least == 0 else ""
    if column.kind is Kind.INTEGER:
        return (
            f"(case when {said} is null then {literal(NOT_A_NUMBER)}"
            f" when {said} <> round({said}, 0) then {literal(NOT_WHOLE)}"
            f"{is_below_zero} else {literal(TOO_LARGE)} end)"
        )
    return (
        f"(case when {said} is null then {literal(NOT_A_NUMBER)}"
        f" when abs({said} - round({said}, 2)) >= {_NUMBER_NOISE}"
        f" then {literal(TOO_FINE)}{is_below_zero} else {literal(TOO_LARGE)} end)"
    )


def _whens(translations: Mapping[str, str | None]) -> str:
    return " ".join(
        f"when {literal(source)} then {literal(target)}" for source, target in translations.items()
    )


def _spellings(choices: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        spelling.lower(): value
        for value, others in choices.items()
        for spelling in (value, *others)
    }


def _word(column: Column, text: str) -> str:
    """An identifier, code, city or issuer: any word but those for "nothing"."""
    word = text
    if column.kind is Kind.CITY:
        name = f"regexp_replace({text}, {literal(CITY)}, {literal(CITY_NAME)})"
        # Few of an address are in Latin letters, and then they may be a word for the name.
        known = (
            f"(list_transform([{name}], lambda name: {_by_length(CITY_WORDS, 'name', 'name')})[1])"
        )
        is_latin = f"regexp_matches({text}, '[A-Za-z]')"
        word = (
            f"(case contains({text}, '市') when true"
            f" then (case when {is_latin} then {known} else {name} end) else {text} end)"
        )
    elif column.kind is Kind.CODE:
        word = f"upper({text})"
    return _by_length(known_words(column), text, word)


def known_words(column: Column) -> dict[str, str | None]:
    """What an identifier, code, city or issuer says that does not stand for itself.

    In lower case; None is nothing.
    """
    others = _spellings(column.choices or {})
    if column.kind is Kind.CITY:
        others = CITY_WORDS
    return {**dict.fromkeys(NULL_WORDS), **others}


def _by_length(translations: Mapping[str, str | None], text: str, otherwise: str) -> str:
    """``text`` translated in any case, else ``otherwise``; its length spares most comparing."""
    groups: dict[int, dict[str, str | None]] = {}
    for source, target in translations.items():
        groups.setdefault(len(source.encode()), {})[source] = target
    whens = " ".join(
        f"when {length} then (case lower({text}) {_whens(group)} else {otherwise} end)"
        for length, group in groups.items()
    )
    return f"(case strlen({text}) {whens} else {otherwise} end)"


def readings(kind: Kind, text: str, reading: Reading) -> dict[str, str]:
    """SQL of what a cleaned ``text`` says in each of the ways its kind can be written."""
    ways = conventions.ways_of(kind)
    if ways == conventions.TIME_WAYS:
        is_two_way = conventions.is_two_way(kind, text)
        return {
            way: f"(case when {is_two_way}"
            f" then {_spelt_instant(conventions.as_usual(text, way), reading)} end)"
            for way in ways
        }
    return {way: _one_number(conventions.as_usual(text, way)) for way in ways}


def has_two_readings(kind: Kind, text: str, reading: Reading) -> str:
    """SQL that is true where a cleaned ``text`` says different things in different ways."""
    ways = ", ".join(readings(kind, text, reading).values())
    return f"coalesce(least({ways}) <> greatest({ways}), false)"


def _where_they_agree(attempts: Sequence[str]) -> str:
    """The one value of all attempts that have any; null where they differ."""
    least, greatest = (f"{name}({', '.join(attempts)})" for name in ("least", "greatest"))
    return f"(case when {least} = {greatest} then {least} end)"


def _number(text: str, reading: Reading) -> str:
    """A DECIMAL(38,10); null for what is no number, or could be two."""
    point, comma = (_one_number(conventions.as_usual(text, way)) for way in conventions.NUMBER_WAYS)
    if reading.way == conventions.POINT:
        return point
    if reading.way == conventions.COMMA:
        # Cells that are numbers come out of a workbook with a point, whatever the others say: of
        # 12.125 nobody can tell any more whether it was one, or a text that means thousands.
        return _where_they_agree((comma, point)) if reading.has_serials else comma
    if reading.way == conventions.UNDECIDED:
        return _where_they_agree((point, comma))
    return f"(case when not {conventions.is_one_group(text)} then {point} end)"


def _one_number(text: str) -> str:
    """A number with a decimal point, with or without a yuan sign."""
    spaced = f"translate({text}, {literal(_GAPS)}, {literal(' ' * len(_GAPS))})"
    bare = f"regexp_replace({spaced}, {literal(_CURRENCY_MARKS)}, '', 'gi')"
    signed = rf"regexp_replace({bare}, '^\(\s*(.*\S)\s*\)$|^([^-]*\S)\s*-$', '-\1\2')"
    tidy = rf"regexp_replace({signed}, '^([+-]?)\s*[¥￥]?\s*', '\1')"
    return (
        rf"(case when regexp_full_match({text}, '-?\d+(\.\d+)?')"
        f" then try_cast({text} as decimal(38, 10))"
        f" when regexp_full_match({tidy}, {literal(_NUMBER_PATTERN)})"
        f" then try_cast(translate({tidy}, ', ', '') as decimal(38, 10)) end)"
    )


def _instant(text: str, reading: Reading, parts: str | None) -> str:
    """A TIMESTAMP in the terms' zone, whatever its year; null when there is no such time."""
    if reading.formats:
        attempts = [
            moved(f"timezone('UTC', try_strptime({text}, {literal(form)}))", "UTC", reading)
            if "%z" in form
            else moved(f"try_strptime({text}, {literal(form)})", None, reading)
            for form in reading.formats
        ]
        return f"coalesce({', '.join(attempts)})"
    dotted = ", ".join(literal(form) for form in _DOTTED_INSTANTS)
    attempts = [
        _joined_instant(parts, reading) if parts else _spelt_instant(text, reading),
        moved(
            rf"(case when regexp_full_match({text}, '\d{{14}}')"
            f" then try_strptime({text}, '%Y%m%d%H%M%S')"
            rf" when regexp_full_match({text}, '\d{{8}}')"
            f" then try_strptime({text}, '%Y%m%d') end)",
            None,
            reading,
        ),
        moved(
            rf"(case when regexp_matches({text}, '^\d{{1,2}}\.\d{{1,2}}\.\d{{4}}(\D|$)')"
            f" then try_strptime({text}, [{dotted}]) end)",
            None,
            reading,
        ),
    ]
    if reading.has_serials:
        milliseconds = f"cast(round(try_cast({text} as double) * 86400000) as bigint)"
        attempts.append(
            moved(
                f"(case when regexp_full_match({text}, {literal(_SERIAL_PATTERN)})"
                f" then timestamp '{reading.day_zero}' + to_milliseconds({milliseconds}) end)",
                None,
                reading,
            )
        )
    if reading.way is not None:
        ways = readings(Kind.INSTANT, text, reading)
        is_open = reading.way == conventions.UNDECIDED
        attempts.append(_where_they_agree(list(ways.values())) if is_open else ways[reading.way])
    return f"coalesce({', '.join(attempts)})"


def moved(local: str, zone: str | None, reading: Reading) -> str:
    """SQL of a local time of ``zone`` (None: the source's own) as local time of the terms."""
    zone = zone or reading.source_timezone
    if zone == reading.timezone:
        return local
    if zone == "UTC":
        return f"timezone({literal(reading.timezone)}, timezone('UTC', {local}))"
    return f"timezone({literal(reading.timezone)}, {_instant_in(zone, local)})"


def _instant_in(zone: str, local: str) -> str:
    """The instant of a local time: the first where it came twice, none where it never was.

    So are the times of the terms' own zone read. The engine takes the last, and for one that never
    was another.
    """

    def local_at(instant: str) -> str:
        return f"timezone({literal(zone)}, {instant})"

    before = [f"interval {minutes} minute" for minutes in _FOLDS]
    # Most times are far from a change of the clocks, which one look two hours back tells.
    is_far = f"{local_at(f'found - {before[0]}')} = here - {before[0]}"
    firsts = " ".join(
        f"when {local_at(f'found - {back}')} = here then found - {back}" for back in before
    )
    choice = (
        f"case when {local_at('found')} <> here then null when {is_far} then found {firsts}"
        " else found end"
    )
    # In the engine both ways of a zone have one name: of a local time this is the instant.
    instant = local_at("here")
    found = f"list_transform([{instant}], lambda found: {choice})[1]"
    return f"(list_transform([{local}], lambda here: {found})[1])"


def instant_parts(text: str) -> str:
    """SQL of the parts of a time with the year first, in whatever spelling; else null.

    With a bar between them: the time as ``2025-3-7 5:30:.``, whatever of it is there; the half
    of the day before it; what stands behind it, which may be the half of the day and a zone.
    """
    parts = r"\1-\2-\3 \5:\6:\7.\8|\4|\9"
    found = f"nullif(regexp_replace({text}, {literal(_INSTANT_PATTERN)}, {literal(parts)}), {text})"
    return f"(case when not regexp_matches({text}, {literal(_MIXED)}) then {found} end)"


def _is_offset(sign: str, minutes: str) -> str:
    """SQL that is true of what zones have been off by: -12:00 to +14:00, in quarters of an hour."""
    return (
        f"({minutes} between -720 and 840 and {minutes} % 15 = 0"
        f" and ({sign} <> '-' or {minutes} % 30 = 0))"
    )


def _spelt_instant(text: str, reading: Reading) -> str:
    """A time with the year first, in whatever spelling."""
    joined = _joined_instant("parts", reading)
    return f"(list_transform([{instant_parts(text)}], lambda parts: {joined})[1])"


def _joined_instant(parts: str, reading: Reading) -> str:
    """The time put together out of its parts.

    Offsets are reckoned with here: a cast to TIMESTAMP would drop them without a word.
    """
    stamp, before, behind = (f"split_part({parts}, '|', {place})" for place in range(1, 4))
    half = f"lower({before} || regexp_extract({behind}, '^[AaPp][Mm]'))"
    hour = rf"try_cast(regexp_extract({stamp}, ' (\d+)', 1) as integer)"
    later = (
        f"(case when {half} in ('下午', 'pm') and {hour} < 12 then 12"
        f" when {half} in ('上午', 'am') and {hour} = 12 then -12 else 0 end)"
    )
    local = f"(try_cast(rtrim({stamp}, ' :.') as timestamp) + to_hours({later}))"
    sign, hours, minutes = (
        f"regexp_extract({behind}, {literal(_OFFSET_PATTERN)}, {group})" for group in range(1, 4)
    )
    hours, minutes = (f"coalesce(try_cast({text} as integer), 0)" for text in (hours, minutes))
    offset = f"((60 * {hours} + {minutes}) * case when {sign} = '-' then -1 else 1 end)"
    shifted = moved(f"({local} - to_minutes({offset}))", "UTC", reading)
    is_local = f"regexp_full_match({behind}, '([AaPp][Mm])?')"
    # Behind hours and minutes alone a stroke may say until when: 14:00-15:30.
    minute = rf"coalesce(try_cast(regexp_extract({stamp}, ':(\d+):\.$', 1) as integer), 1440)"
    is_span = f"({sign} = '-' and abs({offset}) > 60 * {hour} + {minute})"
    return (
        f"(case when {parts} is null then null"
        f" when {is_local} then {moved(local, None, reading)}"
        f" when {_is_offset(sign, offset)} and not {is_span} then {shifted} end)"
    )
