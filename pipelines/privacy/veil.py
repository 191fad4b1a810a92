"""What stands in place of each name, id and text of a warehouse.

Belongs here: pseudonyms, and finding names in sentences. Does not belong here: which column holds
what (``columns``), how a name may be written (``spelling``), the key (``key``).
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.privacy import spelling
from pipelines.privacy.columns import (
    CODE_COLUMNS,
    COMPANY,
    ID_COLUMNS,
    IDS,
    LETTERS,
    NAME_COLUMNS,
    NAMES,
    TEXT_COLUMNS,
    text_columns,
    treated_as,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import duckdb

    from pipelines.privacy.key import Discretion
    from pipelines.settings_file import Treatment

LEFT_OUT: Final = "…"
"""What stands in a sentence where a name was left out."""

_SHORTEST_CODE: Final = 8  # hexadecimal digits: 4 billion, so that few are ever lengthened
_SHORTEST_NAME: Final = 2  # a single character is found in any sentence


class Veil:
    """What stands in place of each value of one warehouse, under one setting and key.

    A value has one stand-in wherever it occurs: in a column of names, as an id, in a sentence.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, hidden: Discretion) -> None:
        """Look at every name and id in the warehouse once."""
        privacy = hidden.privacy
        self._treatments: dict[str, Treatment] = {**privacy.treatments}
        parties = {self._treatments["agents"], self._treatments["customers"]}
        self._treatments["parties"] = "keep" if "keep" in parties else "omit"
        self._names: dict[str, str] = {}  # value -> the class it is hidden as
        self._ids: dict[str, str] = {}
        for kind, columns in NAMES.items():
            if self._treatments[kind] != "keep":
                found = _values(con, columns)
                if kind == "people":
                    found |= {person for value in found for person in spelling.persons(value)}
                self._names |= dict.fromkeys(found - {*self._names}, kind)
        for kind, columns in IDS.items():
            hides_names = self._treatments[kind] != "keep"
            for value in sorted(_values(con, columns) - {COMPANY, *self._ids}):
                if (
                    privacy.ids == "pseudonyms"
                    or value in self._names
                    or (hides_names and spelling.is_like_a_name(value))
                ):
                    self._ids[value] = self._names.get(value, kind)
        self._texts: set[str] = set()
        if self._treatments["texts"] == "pseudonyms":
            self._texts = _values(con, TEXT_COLUMNS - {"steps.tickets.description"})
        self._searched: dict[str, str] = {}  # sentences, and what they became
        self._codes = codes(hidden.key, {*self._names, *self._ids, *self._texts}, self._ids)

    def expression(self, table: str, column: str) -> str | None:
        """The SQL of what is shown in place of a column of text; None for a column as it is."""
        how = treated_as(table, column)
        if how == "number":
            how = "sentence" if self._ids else "code"
        if how == "text" and self._treatments["texts"] == "keep":
            how = "sentence"
        if how == "raw":
            return "cast(null as varchar)"
        return None if how == "code" else f'veil_{how}("{column}")'

    def pseudonym(self, value: str, kind: str) -> str:
        """The value's stand-in: the letter of its kind and its code."""
        return f"{LETTERS[kind]}-{self._codes[value]}"

    def name(self, value: str, kind: str) -> str | None:
        """A value of a column of names of ``kind``; None where it is left out."""
        as_what = self._names.get(value)
        if as_what is not None:
            if self._treatments[as_what] == "omit":
                return None
            if as_what == "people":  # one of several is the same person as alone
                return spelling.by_person(value, lambda one: self.pseudonym(one, as_what))
            return self.pseudonym(value, as_what)
        if value in self._ids:  # an id stood in for a name that was not given
            return self.id(value)
        return value if self._treatments[kind] == "keep" else None

    def id(self, value: str) -> str:
        """An id; one that tells who it is keeps a stand-in even where names are left out."""
        kind = self._ids.get(value)
        return value if kind is None else self.pseudonym(value, kind)

    def text(self, value: str) -> str | None:
        """A free text; one that is kept still loses the names in it."""
        treatment = self._treatments["texts"]
        if treatment == "omit":
            return None
        if treatment == "keep":  # in a sample; a column of texts is searched as sentences
            return self.sentence(value)
        return self.pseudonym(value, "texts") if value in self._codes else None

    def sentence(self, value: str) -> str:
        """A sentence, with what it says of anybody replaced."""
        return self.sentences([value])[0] or ""

    def sentences(self, values: list[str | None]) -> list[str | None]:
        """Sentences, as ``sentence``; each different one is searched once."""
        stands, known = self._stands, self._searched
        new = sorted({value for value in values if value is not None and value not in known})
        if new and stands:
            found = pl.Series(map(spelling.normal, new)).str.extract_many(
                list(stands), overlapping=True
            )
            known.update(
                (value, self._replaced(value, hits) if len(hits) else value)
                for value, hits in zip(new, found, strict=True)
            )
        return [value if value is None else known.get(value, value) for value in values]

    def sample(self, value: str) -> str:
        """Failing rows of a check: the values by the column each stands under."""
        rows = json.loads(value)
        shown = [
            {
                key: self._cell(key, cell) if isinstance(cell, str) else cell
                for key, cell in row.items()
            }
            for row in rows
        ]
        return json.dumps(shown, ensure_ascii=False)

    def _cell(self, column: str, value: str) -> str | None:
        if column in NAME_COLUMNS:
            return self.name(value, NAME_COLUMNS[column])
        if column in ID_COLUMNS:
            return self.id(value)
        if column in {place.rpartition(".")[2] for place in TEXT_COLUMNS} - {"reason"}:
            return self.text(value)
        return value if column in CODE_COLUMNS else self.sentence(value)

    @cached_property
    def _stands(self) -> Mapping[str, str]:
        """What is looked for in sentences, in its normal spelling, and what takes its place."""
        return {
            normal: self._in_place_of(value)
            for value in {**self._ids, **self._names}
            if (normal := spelling.normal(value))
            and (len(value.strip()) >= _SHORTEST_NAME or value in self._ids)
        }

    def _in_place_of(self, value: str) -> str:
        kind = self._names.get(value) or self._ids[value]
        is_left_out = value not in self._ids and self._treatments[kind] == "omit"
        return LEFT_OUT if is_left_out else self.pseudonym(value, kind)

    def _replaced(self, value: str, names: Iterable[str]) -> str:
        """The sentence without those names, however their letters are written in it."""
        # The longest first: a name that holds another goes whole.
        pattern = "|".join(map(spelling.standing_alone, sorted({*names}, key=len, reverse=True)))
        folded, places = spelling.folded(value)
        shown, end = [], 0
        for found in re.finditer(pattern, folded):
            start = places[found.start()][0] if places else found.start()
            shown.append(value[end:start])
            end = places[found.end() - 1][1] if places else found.end()
            as_written = value[start:end]
            shown.append(
                # Two ids may differ in capitals alone.
                self._in_place_of(as_written)
                if as_written in self._ids
                else self._stands[" ".join(found[0].split())]
            )
        return "".join([*shown, value[end:]])


def codes(key: bytes, values: Iterable[str], ids: Collection[str] = ()) -> dict[str, str]:
    """A code of capital hexadecimal digits for each value: HMAC-SHA-256, as short as may be.

    Spellings that differ in width, capitals or blanks alone are one value, but for two ``ids``:
    whoever has them are two. Where two values begin alike, both are lengthened until they
    differ, so that no code stands for two.
    """
    alike = Counter(map(spelling.normal, {*ids}))
    groups: dict[str, list[str]] = {}
    for value in values:
        normal = spelling.normal(value)
        is_one_of_several = value in ids and alike[normal] > 1
        groups.setdefault(value if is_one_of_several else normal, []).append(value)
    digests = {
        normal: hmac.new(key, normal.encode(), hashlib.sha256).hexdigest().upper()
        for normal in groups
    }
    return {
        value: code
        for normal, code in shortened(digests, _SHORTEST_CODE).items()
        for value in groups[normal]
    }


def shortened(digests: Mapping[str, str], length: int) -> dict[str, str]:
    """The first ``length`` digits of each digest, and more of those that begin alike."""
    found: dict[str, str] = {}
    left = dict(digests)
    for end in itertools.count(length, 2):
        begin_alike: dict[str, list[str]] = {}
        for value, digest in left.items():
            begin_alike.setdefault(digest[:end], []).append(value)
        found |= {values[0]: code for code, values in begin_alike.items() if len(values) == 1}
        left = {value: digest for value, digest in left.items() if value not in found}
        if not left:
            break
    return found


def _values(con: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> set[str]:
    """The values of columns written ``schema.table.column``, as far as those are there."""
    found: set[str] = set()
    there = text_columns(con)
    for place in columns:
        table, _, column = place.rpartition(".")
        if column in there.get(table, ()):
            rows = con.execute(
                f'select distinct "{column}" from {table} where "{column}" <> \'\''  # noqa: S608 - our own names
            ).fetchall()
            found.update(value for (value,) in rows)
    return found
