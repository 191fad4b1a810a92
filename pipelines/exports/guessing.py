"""Which column of an unknown file may be which of the contract, and what its values may mean.

Belongs here: scores and the best assignment. Does not belong here: reading the file
(``profiling``) and telling what was guessed (``proposing``). A guess is never used unseen: it
becomes a line of a mapping file that a person reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from rapidfuzz import fuzz

from pipelines.contract import Kind
from pipelines.exports.conventions import TIME_WAYS, ways_of
from pipelines.exports.headers import fold, names_with_unit, own_names
from pipelines.exports.synonyms import HEADERS, VALUES
from pipelines.exports.values import CITIES, NULL_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.contract import Column, Export
    from pipelines.exports.conventions import Convention

LEAST_SCORE: Final = 0.6
"""Below it a pairing is not even a question."""

_NAME_WEIGHT: Final = 0.65
_OWN_NAME: Final = 1.0
_OTHER_NAME: Final = 0.93
_NEAR_NAME: Final = 0.85
_LEAST_NAME: Final = 0.6
_FEW_CHOICES: Final = 30
_MUST_PARSE: Final = (Kind.INSTANT, Kind.DATE, Kind.MONEY, Kind.DECIMAL, Kind.INTEGER)
#: What a header of a plan has, or of what happened again: none of the time at which it happened.
_NO_EVENT = re.compile(
    r"^应(?![答急])|(?<![响供反])应(?=响应|到|完|解|在)|须|要求|计划|预计|预定|期望|承诺|目标|规定|拟"
    r"|最迟|最晚|截止|截至|时限|到期|超时|预约|约定|最后|最近|末次|二次|再次|重新|未"
    r"|(?:^|_)(?:due|deadline|target|by|expected|planned|scheduled|estimated|sla|last|latest|next"
    r"|second|reopened)(?:_|$)",
)
#: What is solved was not answered then, though it is spelt alike.
_OTHER_EVENT = {"responded_at": re.compile(r"resol|solv|clos|解决|关闭|完成")}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ACTUAL = re.compile(r"^(?:实际|actual_?)")
_LEVEL = re.compile(r"(?:^|[^0-9])([1-4])(?![0-9])")
_DIGIT = re.compile(r"\d")
_NEAR_VALUE: Final = 88
_LONG_TEXT: Final = 60


@dataclass(frozen=True)
class Profile:
    """What the cells below a header look like, from a sample of the rows.

    Shares are of the filled cells, 0 to 1. ``counts``: how often each text occurs, commonest
    first. ``formats``: the time format that reads the column where the usual ones do not.
    ``times`` and ``numbers``: the way the column goes, as times and as numbers, where it could
    be read in two.
    """

    header: str
    position: int
    filled: int
    rows: int
    counts: Mapping[str, int]
    time_share: float = 0.0
    number_share: float = 0.0
    mean_length: float = 0.0
    formats: tuple[str, ...] = ()
    times: Convention | None = None
    numbers: Convention | None = None

    @property
    def distinct_share(self) -> float:
        """How many of the filled cells differ."""
        return len(self.counts) / self.filled if self.filled else 0.0


@dataclass(frozen=True)
class Guess:
    """A contract column and the column of the file that may be it; ``score`` from 0 to 1."""

    column: Column
    profile: Profile
    score: float

    @property
    def convention(self) -> Convention | None:
        """The way the cells go, read as this column, where they could be read in two."""
        ways = ways_of(self.column.kind)
        if not ways or self.column.choices:
            return None
        return self.profile.times if ways == TIME_WAYS else self.profile.numbers


def guess_columns(export: Export, profiles: Sequence[Profile]) -> list[Guess]:
    """One-to-one, the assignment with the best total, in the contract's order."""
    if not profiles:
        return []
    scores = np.array(
        [[score(column, export, profile) for profile in profiles] for column in export.columns]
    )
    scores[scores < LEAST_SCORE] = 0.0
    guesses = {
        row: Guess(export.columns[row], profiles[place], float(scores[row, place]))
        for row, place in assign(scores)
        if scores[row, place] > 0
    }
    for row, column in enumerate(export.columns):
        if export.key == (column.name,) and row not in guesses:
            used = {guess.profile.position for guess in guesses.values()}
            like_keys = (p for p in profiles if p.position not in used and _is_like_a_key(p))
            if (first := next(like_keys, None)) is not None:
                guesses[row] = Guess(column, first, LEAST_SCORE)
    return [guess for _, guess in sorted(guesses.items())]


def _is_like_a_key(profile: Profile) -> bool:
    """Whether each row has a value of its own, and that is no time and no sentence."""
    is_complete = 1 < len(profile.counts) == profile.filled == profile.rows
    is_short = profile.mean_length < _LONG_TEXT / 2
    return is_complete and is_short and not profile.time_share


def score(column: Column, export: Export, profile: Profile) -> float:
    """How likely it is, by name and values, that ``profile`` is ``column``."""
    name = name_similarity(column, profile.header, export)
    if name < _LEAST_NAME:
        return 0.0
    fit = value_fit(column, profile, is_key=column.name in export.key)
    if fit == 0 and column.kind in _MUST_PARSE:
        return 0.0
    return _NAME_WEIGHT * name + (1 - _NAME_WEIGHT) * fit


def name_similarity(column: Column, header: str, export: Export) -> float:
    """How near a header is to a column's own names or to what it is called elsewhere, 0 to 1.

    What is the very name of another column is not near to this one: ``resolved_at`` looks like
    ``responded_at`` and is not.
    """
    # Custom field (City) of Jira, u_city of ServiceNow, cf_city of Freshdesk
    bare = re.sub(r"^custom field \((.*)\)$|^(?:u|cf)_", r"\1", header.strip(), flags=re.IGNORECASE)
    found = fold(bare)
    own, others = _names(column)
    if column.is_event and found not in own:
        other = _OTHER_EVENT.get(column.name)
        if _NO_EVENT.search(fold(_CAMEL.sub(" ", bare))) or (other and other.search(found)):
            return 0.0
        found = _ACTUAL.sub("", found)
    if found in own:
        return _OWN_NAME
    if found in others:
        # Of a column's usual names the first come first: resolved before closed.
        return _OTHER_NAME - 0.05 * others.index(found) / len(others)
    if any(found in names for other in export.columns for names in _names(other)):
        return 0.0
    return max(_NEAR_NAME * _likeness(found, name) for name in (*own, *others))


def _names(column: Column) -> tuple[list[str], list[str]]:
    return [*own_names(column), *names_with_unit(column)], [
        fold(name) for name in HEADERS.get(column.name, ())
    ]


def _likeness(found: str, name: str) -> float:
    words, other_words = set(found.split("_")), set(name.split("_"))
    if len(name) <= 3 and words != other_words:  # noqa: PLR2004 - "id", "sn" are in many words
        return 0.0
    shared = len(words & other_words) / len(words | other_words)
    return max(fuzz.ratio(found, name) / 100, shared)


def value_fit(  # noqa: PLR0911 - one answer for each kind of column
    column: Column, profile: Profile, *, is_key: bool
) -> float:
    """How well the values fit the column's kind, 0 to 1; little where there are none."""
    if not profile.filled:
        return 0.2
    kind = column.kind
    if kind in (Kind.INSTANT, Kind.DATE):
        return profile.time_share
    if column.choices and kind in (Kind.CHOICE, Kind.YES_NO, Kind.INTEGER):
        return _choice_fit(column, profile)
    if kind in (Kind.MONEY, Kind.DECIMAL, Kind.INTEGER):
        return profile.number_share
    if profile.time_share > 0.5:  # noqa: PLR2004 - most are times, so it is none of the others
        return 0.0
    if kind is Kind.CITY:
        return _city_fit(profile)
    if kind is Kind.TEXT:
        return 0.8
    if is_key:
        return profile.distinct_share * profile.filled / profile.rows
    if column.name.startswith("parent") and not any(map(_DIGIT.search, profile.counts)):
        return 0.0
    return 0.7 if profile.mean_length < _LONG_TEXT else 0.2


def _choice_fit(column: Column, profile: Profile) -> float:
    if len(profile.counts) > _FEW_CHOICES:
        return 0.0
    known = sum(
        count for text, count in profile.counts.items() if guess_value(column, text) is not None
    )
    return 0.4 + 0.6 * known / profile.filled if known else 0.0


def _city_fit(profile: Profile) -> float:
    cities = {*CITIES, *CITIES.values()}
    known = sum(
        count
        for text, count in profile.counts.items()
        if text.strip().lower().removesuffix("市") in cities
    )
    return max(known / profile.filled, 0.5 if profile.distinct_share < 0.5 else 0.3)  # noqa: PLR2004 - other cities repeat too


def is_accepted(column: Column, text: str) -> bool:
    """Whether the contract reads the text without a translation, or as nothing."""
    word = text.strip().lower()
    known = {
        s.lower() for value, others in (column.choices or {}).items() for s in (value, *others)
    }
    return word in known or word in NULL_WORDS


def guess_value(column: Column, text: str) -> str | None:
    """The canonical value a text may stand for; None where that cannot be told.

    Where a number and a word disagree (``3 high``: of three or of four?), nothing is guessed, nor
    where the number is none of a level.
    """
    choices = column.choices or {}
    word = " ".join(text.lower().split())
    spellings = {
        spelling.lower(): value
        for value, others in choices.items()
        for spelling in (value, *others, *VALUES.get(column.name, {}).get(value, ()))
    }
    if word in spellings:
        return spellings[word]
    found = set()
    if column.kind is Kind.INTEGER:
        found |= set(_LEVEL.findall(word)) & set(choices)
        if not found and _DIGIT.search(word):
            return None  # 5 very high: of another scale
    parts = [part for part in re.split(r"[\s\-–—:：/|,()（）\[\]\d_.]+", word) if part]
    found |= {spellings[part] for part in parts if part in spellings and len(part) > 1}
    rest = " ".join(parts)
    if not found:
        found = {
            value
            for spelling, value in spellings.items()
            if len(spelling) > 3 and fuzz.ratio(rest, spelling) >= _NEAR_VALUE  # noqa: PLR2004 - too short to be near
        }
    return found.pop() if len(found) == 1 else None


def assign(scores: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of row and column, each at most once, with the greatest sum of scores.

    Kuhn and Munkres in its form with potentials: O(rows² × columns).
    """
    if scores.shape[0] > scores.shape[1]:
        return sorted((row, column) for column, row in assign(scores.T))
    rows, columns = scores.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    taken_by = np.zeros(columns + 1, dtype=int)
    for row in range(1, rows + 1):
        taken_by[0] = row
        column = 0
        least = np.full(columns + 1, np.inf)
        before = np.zeros(columns + 1, dtype=int)
        is_used = np.zeros(columns + 1, dtype=bool)
        while taken_by[column]:
            is_used[column] = True
            owner = taken_by[column]
            free = np.flatnonzero(~is_used)
            cost = -scores[owner - 1, free - 1] - row_price[owner] - column_price[free]
            nearer = cost < least[free]
            least[free[nearer]] = cost[nearer]
            before[free[nearer]] = column
            following = free[np.argmin(least[free])]
            step = least[following]
            row_price[taken_by[is_used]] += step
            column_price[is_used] -= step
            least[free] -= step
            column = int(following)
        while column:
            taken_by[column] = taken_by[before[column]]
            column = int(before[column])
    return sorted((int(taken_by[c]) - 1, c - 1) for c in range(1, columns + 1) if taken_by[c])
