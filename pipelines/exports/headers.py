"""Which column of a file is which column of the contract.

Belongs here: names of columns, in English, Chinese or as a mapping says. Does not belong
here: the cells below them (``values``).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz, process

from pipelines.contract import Kind
from pipelines.errors import DataError
from pipelines.exports import values
from pipelines.exports.quoting import is_among

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.contract import Column, Export
    from pipelines.exports.mapping import ColumnRule, ExportMapping

HEADER_SEARCH_ROWS = 50
"""How far down a header row is looked for below titles."""

_SHOWN_HEADERS = 40
_NEAR_ENOUGH = 70


@dataclass(frozen=True)
class Match:
    """Contract column → position in the file; and what the file has beyond them.

    ``groups``: the positions of a column that a mapping reads from several, in the order they
    are asked; the parts of one of ``times`` are joined with a blank, a date and its time of day.
    ``absent``: the optional columns of a mapping that the file does not have.
    """

    positions: dict[str, int]
    unknown: list[str]
    repeated: dict[str, list[str]]
    groups: dict[str, list[list[int]]] = field(default_factory=dict)
    times: frozenset[str] = frozenset()
    absent: list[str] = field(default_factory=list)

    def places(self, column: str) -> frozenset[int]:
        """The positions whose cells a column's text is made of; none of one the file lacks."""
        if column in self.groups:
            return frozenset(position for group in self.groups[column] for position in group)
        return frozenset({self.positions[column]} if column in self.positions else ())

    def text(self, column: str, null_words: Sequence[str] = ()) -> str:
        """SQL of the raw text of a column that has a position.

        Of several sources it is the first that is neither blank nor a word for nothing.
        """
        if column not in self.groups:
            return f"c{self.positions[column]}"
        words = (values.folded(word.strip(values.BLANKS)).lower() for word in null_words)
        nothing = ["", *values.NULL_WORDS, *words]
        texts = []
        for group in self.groups[column]:
            cells = [values.bare(f"c{position}") for position in group]
            gap = "concat_ws(' ', " if column in self.times else "concat("
            text = cells[0] if len(cells) == 1 else f"{gap}{', '.join(cells)})"
            said = f"lower({values.bare_and_folded(text)})"
            texts.append(f"case when not {is_among(said, nothing)} then {text} end")
        return f"coalesce({', '.join(texts)})"


@lru_cache(maxsize=4096)
def fold(header: str) -> str:
    """A header as it is compared: full-width folded, lower case, blanks as ``_``."""
    text = unicodedata.normalize("NFKC", header)
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cc"))
    return "_".join(text.replace("-", " ").split()).lower().replace(" ", "_")


def match_headers(headers: Sequence[str], export: Export, rules: ExportMapping | None) -> Match:
    """Find each contract column among ``headers``."""
    ruled = rules.columns if rules else {}
    wanted = _wanted(export, rules)
    positions: dict[str, int] = {}
    places: dict[str, int] = {}
    repeated: dict[str, list[str]] = {}
    unknown: list[str] = []
    for position, header in enumerate(headers):
        found = wanted.get(fold(header))
        if found is None:
            if header.strip():
                unknown.append(header.strip())
        elif found in ruled and fold(header) not in places:
            places[fold(header)] = position
            positions.setdefault(found, position)
        elif found in positions:
            repeated.setdefault(found, [headers[positions[found]]]).append(header)
        else:
            positions[found] = position
    settled = {*ruled, *positions, *(rules.constants if rules else ())}
    for name, position in _with_units(headers, export, settled).items():
        positions[name] = position
        unknown.remove(headers[position].strip())
    groups = {}
    for name, rule in ruled.items():
        there = _groups(rule, places)
        positions.pop(name, None)
        if there:
            positions[name] = there[0][0]
        if len(there) > 1 or (there and len(there[0]) > 1):
            groups[name] = there
    absent = [
        f"{name} ({' / '.join(chain.from_iterable(rule.sources))})"
        for name, rule in ruled.items()
        if rule.is_optional and name not in positions
    ]
    times = {c.name for c in export.columns if c.kind in (Kind.INSTANT, Kind.DATE)}
    return Match(positions, unknown, repeated, groups, frozenset(times), absent)


_UNITS: Final = {
    "amount": ("元", "人民币", "人民币元", "CNY", "RMB"),
    "training_hours": ("小时", "课时", "学时", "h", "hours"),
    "warranty_months": ("月", "个月", "months"),
}
"""What may stand in brackets behind a header and says what its numbers are read as anyway."""


def own_names(column: Column) -> tuple[str, ...]:
    """The headers, folded, that are a column's own, its name first."""
    return tuple(fold(name) for name in (column.name, *column.aliases))


def names_with_unit(column: Column) -> tuple[str, ...]:
    """The same with a unit in brackets behind, which counts where none of them stands alone."""
    units = [fold(unit) for unit in _UNITS.get(column.name, ())]
    return tuple(
        f"{name}{gap}({unit})" for name in own_names(column) for unit in units for gap in ("", "_")
    )


def _with_units(headers: Sequence[str], export: Export, settled: set[str]) -> dict[str, int]:
    """The positions of columns that only a header with a unit gives, the first of them."""
    places = {fold(header): place for place, header in reversed([*enumerate(headers)])}
    found = {}
    for column in export.columns:
        there = [places[name] for name in names_with_unit(column) if name in places]
        if there and column.name not in settled:
            found[column.name] = min(there)
    return found


def known_headers(export: Export, rules: ExportMapping | None) -> set[str]:
    """The headers, folded, that give a column of an export."""
    units = (name for column in export.columns for name in names_with_unit(column))
    return {*_wanted(export, rules), *units}


def _wanted(export: Export, rules: ExportMapping | None) -> dict[str, str]:
    """Folded header → contract column; what a mapping settles goes by its headers alone."""
    settled = {*rules.columns, *rules.constants} if rules else set()
    wanted = {
        name: column.name
        for column in export.columns
        if column.name not in settled
        for name in own_names(column)
    }
    for name, rule in (rules.columns if rules else {}).items():
        wanted |= dict.fromkeys(map(fold, chain.from_iterable(rule.sources)), name)
    return wanted


def _groups(rule: ColumnRule, places: dict[str, int]) -> list[list[int]]:
    """The positions of a rule's sources whose headers are all there."""
    keys = [[fold(header) for header in group] for group in rule.sources]
    return [[places[key] for key in group] for group in keys if places.keys() >= set(group)]


def find_header_row(
    rows: Sequence[Sequence[str | None]], export: Export, rules: ExportMapping | None
) -> int | None:
    """Position of the row that names most contract columns; None when no row names any.

    Only a row that names the key can win over an earlier one, so that a title above the
    header never passes for it.
    """
    best, best_score = None, 0
    for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]):
        match = match_headers([cell or "" for cell in row], export, rules)
        score = len(match.positions)
        if score and all(key in match.positions for key in export.key):
            score += len(export.columns)
        if score > best_score:
            best, best_score = index, score
    return best


def check_headers(
    where: str, headers: Sequence[str], export: Export, rules: ExportMapping | None
) -> Match:
    """The match of a file's headers.

    Raises:
        DataError: no column is known, the key is missing, or a column is there twice.
    """
    match = match_headers(headers, export, rules)
    shown = ", ".join(repr(header) for header in headers[:_SHOWN_HEADERS] if header) or "none"
    if not match.positions:
        message = (
            f"{where} has no column of {export.name}. Its headers: {shown}."
            f" Expected headers such as {_names(export, [c.name for c in export.columns[:4]])};"
            " other headers come in through a mapping file, which sla map proposes."
        )
        raise DataError(message)
    constants = rules.constants if rules else {}
    needed = (*export.key, *export.needed)
    missing = [name for name in needed if name not in match.positions and name not in constants]
    if missing:
        message = (
            f"{where} lacks the {'key' if set(missing) <= set(export.key) else 'columns'} of"
            f" {export.name}: {_names(export, missing)}."
            f" Its headers: {shown}.{_nearest(missing, headers, export)}"
            " Rename the header, or name it in a mapping file, which sla map proposes."
        )
        raise DataError(message)
    if match.repeated:
        twice = "; ".join(
            f"{column} ({', '.join(repr(name) for name in names)})"
            for column, names in match.repeated.items()
        )
        message = (
            f"{where} has more than one column for {twice}. Keep one of them,"
            " or say which in a mapping file."
        )
        raise DataError(message)
    unfound = [
        f"{name} ({' or '.join(map(repr, chain.from_iterable(rule.sources)))})"
        for name, rule in (rules.columns.items() if rules else ())
        if rule.sources and not rule.is_optional and name not in match.positions
    ]
    if unfound:
        message = (
            f"{where} lacks headers that the mapping names: {', '.join(unfound)}."
            f" Its headers: {shown}. Correct the mapping file or the header."
        )
        raise DataError(message)
    return match


def _names(export: Export, columns: Sequence[str]) -> str:
    return ", ".join("/".join((name, *export.column(name).aliases)) for name in columns)


def _nearest(missing: Sequence[str], headers: Sequence[str], export: Export) -> str:
    near = []
    for name in missing:
        for spelling in (name, *export.column(name).aliases):
            found = process.extractOne(
                fold(spelling), {h: fold(h) for h in headers if h}, scorer=fuzz.ratio
            )
            if found and found[1] >= _NEAR_ENOUGH:
                near.append(f"{found[2]!r} is nearest to {name}")
                break
    return f" {'; '.join(near)}." if near else ""
