"""What the report shows in place of names and free text, where the settings ask for it.

The warehouse keeps what the exports say: it is what the report is made from and checked against,
and not for handing out. Whatever is handed out (pages, workbooks, downloads, editions, agents'
sheets) reads it through a curtain: the same tables under the same names, in which each name, text
and identifying id is replaced. So no page and no query has to think of it, and none can forget to.

Belongs here: which columns hold what, what stands in place of a value, and the curtain. Does not
belong here: what the settings may say (``settings_file``) or where the key lies (``privacy_key``).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import re
import unicodedata
from collections import Counter
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from pipelines.errors import UsageError
from pipelines.privacy_key import VARIABLE
from pipelines.warehouse import SCHEMAS, open_beside, open_cursor, open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from pipelines.privacy_key import Discretion
    from pipelines.settings_file import Treatment

CURTAIN: Final = "curtain"
REMEMBERED: Final = "meta.privacy"
LEFT_OUT: Final = "…"
"""What stands in a sentence where a name was left out."""

_SHORTEST_CODE: Final = 8  # hexadecimal digits: 4 billion, so that few are ever lengthened
_SHORTEST_NAME: Final = 2  # a single character is found in any sentence

_SEVERAL: Final = re.compile(r"[^、，,;；/&+\r\n]+")  # a person, where a cell names several
# What else may stand between Chinese names; in any other it may be part of a name.
_BETWEEN: Final = (re.compile(r"\s+(?:[和与及]\s+)?"), re.compile(r"\s*[和与及]\s*"))
_CHINESE_NAME: Final = re.compile(r"[\u3400-\u9fff]{2,4}")
_MARK: Final = "[\u0300-\u036f\u1160-\u11ff\u3099\u309a\ud7b0-\ud7fb\uff9e\uff9f]"
_LETTER: Final = re.compile(f".{_MARK}*", re.DOTALL)  # with the marks that belong to it
_MARKS: Final = re.compile(_MARK)

LETTERS: Final = {"agents": "A", "customers": "C", "people": "P", "texts": "T"}
"""The letter a pseudonym begins with: what kind of value it stands for, in either language."""

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "agents": ("staging.agents.agent_name",),
    "customers": ("staging.tickets.customer_name",),
    "people": ("staging.service_records.engineer",),
}
_IDS: Final[Mapping[str, tuple[str, ...]]] = {
    "agents": (
        "staging.agents.agent_id",
        "staging.tickets.agent_id",
        "staging.service_records.agent_id",
        "staging.invoices.issuer",
    ),
    "customers": (
        "staging.tickets.customer_id",
        "staging.invoices.customer_id",
        "staging.installed_base.customer_id",
    ),
}
_COMPANY: Final = "company"  # stands where an agent's id may stand, and names nobody

NAME_COLUMNS: Final = {
    "agent_name": "agents",
    "customer_name": "customers",
    "engineer": "people",
    "party_name": "parties",  # customers and agents
}
ID_COLUMNS: Final = frozenset(
    {
        *("agent_id", "ticket_agent_id", "issuer", "responsible"),
        *("customer_id", "unit_customer_id", "line_customer_id", "party_id"),
    }
)
TEXT_COLUMNS: Final = frozenset(
    {
        *("staging.tickets.description", "steps.tickets.description"),
        *("staging.service_records.fault_description", "staging.service_records.resolution"),
        "staging.pauses.reason",
    }
)
RAW_COLUMNS: Final = frozenset(
    {
        *("staging.problems.value", "staging.rejects.record", "staging.rows_to_mend.cells"),
        *("staging.ticket_events.old_value", "staging.ticket_events.new_value"),
    }
)
"""Cells as they came. Any of them may be a name in the wrong place, so none is shown."""

SAMPLES: Final = frozenset({"meta.checks.sample"})
"""Failing rows as JSON: each value is treated as the column its key names."""

CODE_COLUMNS: Final = frozenset(
    {
        *("verdict", "finding", "exception", "kind", "clause", "clock", "city_tier", "provider"),
        *("customer_type", "service_level", "charge_type", "expected", "biller", "key_code"),
        *("form", "missing_fields", "channel", "report_channel", "category", "rule"),
        *("readings", "billed_by", "party", "flag", "amount_band", "standing", "stage", "mode"),
        *("expected_other_reading", "finding_other_reading", "name", "choice", "alternative"),
        *("default_choice", "alternatives", "table_name", "check_name", "column_name", "severity"),
        *("guards", "description_en", "description_zh", "export", "timezone", "product_version"),
        *("models_sha256", "sha256", "format", "encoding", "delimiter", "status", "read_by"),
        *("version", "run", "terms", "fingerprint", "seal", "state", "change", "cause_code"),
        *("place", "ground", "class", "column", "copy_group"),
        *("other_expected", "other_finding", "matrix_expected", "service_expected"),
        *("service_expected_other", "service_ground", "repair_expected", "repair_ground"),
        *("maintenance_expected", "maintenance_ground", "provider_routing", "service_catalogue"),
        *("expert_team", "trial_contract", "assessment_consent", "phone_before_onsite"),
    }
)
"""Columns of words the product itself writes. All others are sentences that may hold a name."""

NUMBER_COLUMNS: Final = frozenset(
    {
        *("ticket_id", "parent_ticket_id", "training_ticket_id", "record_id", "subject_id"),
        *("invoice_id", "invoice_ids", "invoice_lines", "repeats_invoice_id", "covered_by"),
        *("charge_id", "billed_charge_id", "serial_no", "contract_id", "unit_contract_id"),
        *("trial_contract_id", "period_key", "case_id", "subject", "evidence", "issuers"),
    }
)
"""Numbers of documents and units. They are shown, but for the hidden ids some are made with."""

_NOT_OF_PEOPLE: Final = frozenset({"terms", "clocks"})  # schemas made from the terms alone


def remember(con: duckdb.DuckDBPyConnection, hidden: Discretion | None) -> None:
    """Write ``meta.privacy``, what the report of this run hides; no such table where nothing is."""
    con.execute(f"drop table if exists {REMEMBERED}")
    if hidden is None:
        return
    told = {**hidden.privacy.treatments, "ids": hidden.privacy.ids, "key_code": key_code(hidden)}
    columns = ", ".join(f"${name}::varchar as {name}" for name in told)
    con.execute(f"create table {REMEMBERED} as select {columns}", told)


def key_code(hidden: Discretion) -> str:
    """What tells one key from another without telling anything of either."""
    return hmac.new(hidden.key, REMEMBERED.encode(), hashlib.sha256).hexdigest()[:16]


@contextlib.contextmanager
def open_shown(warehouse: Path, hidden: Discretion | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A published warehouse as its readers may see it, for what is made of it after the run.

    Raises:
        UsageError: there is no warehouse, or its run hid what ``hidden`` does not, or with
            another key.
    """
    open_reader(warehouse).close()  # says what is wrong, where something is
    with contextlib.closing(open_beside(warehouse)) as con:
        check_agreement(con, hidden)
        with curtain(con, hidden) as shown:
            yield shown


def check_agreement(con: duckdb.DuckDBPyConnection, hidden: Discretion | None) -> None:
    """Refuse to show of a warehouse what its own run hid, or under other pseudonyms.

    Raises:
        UsageError: says which setting is missing.
    """
    if REMEMBERED not in _text_columns(con):
        return
    ((code,),) = con.execute(f"select key_code from {REMEMBERED}").fetchall()  # noqa: S608 - our own name
    if hidden is None:
        message = (
            "The last run hid names or texts, and this would show them. Give the settings it ran "
            "with: --settings FILE, or SLA_SETTINGS."
        )
        raise UsageError(message)
    if key_code(hidden) != code:
        message = (
            "The key of the pseudonyms is not the one of the last run, so the same name would "
            f"get another pseudonym than in its report. Give that key ({VARIABLE}, or "
            "privacy.key_file in the settings), or run sla run again with this one."
        )
        raise UsageError(message)


@contextlib.contextmanager
def curtain(
    con: duckdb.DuckDBPyConnection, hidden: Discretion | None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the warehouse of ``con`` with names and texts replaced.

    Every table has its name and its columns; ``con`` itself where nothing is hidden. Nothing can
    be written through it but temporary tables.

    Args:
        con: the finished warehouse; may be read-only, if it has room beside it (``open_beside``).
        hidden: what is hidden, and the key of the pseudonyms; None: nothing is.
    """
    if hidden is None:
        yield con
        return
    veil = Veil(con, hidden)
    ((home,),) = con.execute("select current_database()").fetchall()
    tables = _text_columns(con)
    with open_cursor(con) as behind:
        functions = _register(behind, veil)
        behind.execute(f"attach ':memory:' as {CURTAIN}")
        try:
            for schema in SCHEMAS:
                behind.execute(f"create schema {CURTAIN}.{schema}")
            for table, columns in tables.items():
                if table.partition(".")[0] in SCHEMAS:
                    shown = {name: veil.expression(table, name) for name in columns}
                    # The terms are few, and their order in the table is that of the terms files.
                    kind = "table" if table.startswith("terms.") else "view"
                    behind.execute(
                        f"create {kind} {CURTAIN}.{table} as {_select(home, table, shown)}"
                    )
            behind.execute(f"use {CURTAIN}")
            yield behind
        finally:
            behind.execute(f'use "{home}"')
            behind.execute(f"detach {CURTAIN}")
            for name in functions:
                behind.remove_function(name)


def _register(con: duckdb.DuckDBPyConnection, veil: Veil) -> list[str]:
    """Make the veil callable from SQL; the functions' names."""
    one_by_one: dict[str, Callable[[str], str | None]] = {
        "veil_id": veil.id,
        "veil_text": veil.text,
        "veil_sample": veil.sample,
        **{
            f"veil_{kind}": partial(veil.name, kind=kind)
            for kind in sorted({*NAME_COLUMNS.values()})
        },
    }
    at_once: dict[str, Callable[[list[str | None]], list[str | None]]] = {
        "veil_sentence": veil.sentences,
        **{name: partial(_each, cache(one)) for name, one in one_by_one.items()},
    }
    for name, function in at_once.items():
        con.create_function(
            name,
            _on_arrow(function),
            ["VARCHAR"],
            "VARCHAR",
            type=ARROW,
            null_handling=SPECIAL,
        )
    return list(at_once)


def _each(function: Callable[[str], str | None], values: list[str | None]) -> list[str | None]:
    return [None if value is None else function(value) for value in values]


def _on_arrow(function: Callable[[list[str | None]], list[str | None]]) -> Callable[[Any], Any]:
    def shown(column: Any) -> Any:  # noqa: ANN401 - Arrow's arrays; DuckDB reads the annotations
        return pa.array(function(column.to_pylist()), pa.string())

    return shown


def _select(home: str, table: str, shown: Mapping[str, str | None]) -> str:
    """The select of a table with some columns replaced."""
    veiled = ", ".join(f'{sql} as "{column}"' for column, sql in shown.items() if sql)
    replace = f" replace ({veiled})" if veiled else ""
    return f'select *{replace} from "{home}".{table}'  # noqa: S608 - our own names


def treated_as(table: str, column: str) -> str:
    """What a column of text is taken for: ``code``, ``raw``, ``number``, or what the veil does."""
    place, is_the_terms = f"{table}.{column}", table.partition(".")[0] in _NOT_OF_PEOPLE
    kinds = {
        "raw": place in RAW_COLUMNS,
        "text": place in TEXT_COLUMNS,
        "sample": place in SAMPLES,
        "code": is_the_terms or column in CODE_COLUMNS,
        "id": column in ID_COLUMNS,
        "number": column in NUMBER_COLUMNS,
    }
    return NAME_COLUMNS.get(column) or next(
        (kind for kind, is_it in kinds.items() if is_it), "sentence"
    )


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
        for kind, columns in _NAMES.items():
            if self._treatments[kind] != "keep":
                found = _values(con, columns)
                if kind == "people":
                    found |= {person for value in found for person in _persons(value)}
                self._names |= dict.fromkeys(found - {*self._names}, kind)
        for kind, columns in _IDS.items():
            hides_names = self._treatments[kind] != "keep"
            for value in sorted(_values(con, columns) - {_COMPANY, *self._ids}):
                if (
                    privacy.ids == "pseudonyms"
                    or value in self._names
                    or (hides_names and is_like_a_name(value))
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
                return _by_person(value, lambda one: self.pseudonym(one, as_what))
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
            found = pl.Series(map(_normal, new)).str.extract_many(list(stands), overlapping=True)
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
            if (normal := _normal(value))
            and (len(value.strip()) >= _SHORTEST_NAME or value in self._ids)
        }

    def _in_place_of(self, value: str) -> str:
        kind = self._names.get(value) or self._ids[value]
        is_left_out = value not in self._ids and self._treatments[kind] == "omit"
        return LEFT_OUT if is_left_out else self.pseudonym(value, kind)

    def _replaced(self, value: str, names: Iterable[str]) -> str:
        """The sentence without those names, however their letters are written in it."""
        # The longest first: a name that holds another goes whole.
        pattern = "|".join(map(_standing_alone, sorted({*names}, key=len, reverse=True)))
        folded, places = _folded(value)
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
    alike = Counter(map(_normal, {*ids}))
    groups: dict[str, list[str]] = {}
    for value in values:
        normal = _normal(value)
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


def is_like_a_name(value: str) -> bool:
    """Whether an id looks like the name or address of somebody rather than a code."""
    return any(
        character == "@" or character.isspace() or (character.isalpha() and not character.isascii())
        for character in value.strip()
    )


def _persons(value: str) -> list[str]:
    """The persons of a cell that names several."""
    found: list[str] = []

    def keep(name: str) -> str:
        found.append(name)
        return name

    _by_person(value, keep)
    return found


def _by_person(cell: str, shown: Callable[[str], str]) -> str:
    """The cell with each of its persons as ``shown``."""

    def one(found: re.Match[str]) -> str:
        name = found[0].strip()
        for between in _BETWEEN:
            names = between.split(name)
            if len(names) > 1 and all(map(_CHINESE_NAME.fullmatch, names)):
                return "、".join(map(shown, names))
        return shown(name) if name else ""

    return _SEVERAL.sub(one, cell)


def _normal(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


class _Folding(dict[int, str]):
    """Each character as ``_normal`` has it, by code point, once it was asked for."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = unicodedata.normalize("NFKC", chr(code)).casefold()
        return folded


_FOLDING: Final = _Folding()


def _folded(value: str) -> tuple[str, list[tuple[int, int]]]:
    """The text letter by letter as ``_normal`` has it, and where each of it stands in ``value``.

    Blanks stay as they are. No places: each stands where it stood.
    """
    folded = value.translate(_FOLDING)
    if len(folded) == len(value) and not _MARKS.search(value):
        return folded, []
    letters, places = [], []
    for found in _LETTER.finditer(value):
        letter = unicodedata.normalize("NFKC", found[0]).casefold()
        letters.append(letter)
        places += [found.span()] * len(letter)
    return "".join(letters), places


def _standing_alone(value: str) -> str:
    """A pattern for a folded value that is no part of a longer word or number."""
    before = r"(?<![0-9a-z])" if re.match(r"[0-9a-z]", value) else ""
    after = r"(?![0-9a-z])" if re.search(r"[0-9a-z]\Z", value) else ""
    words = r"\s+".join(map(re.escape, value.split()))
    return f"{before}{words}{after}"


def _values(con: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> set[str]:
    """The values of columns written ``schema.table.column``, as far as those are there."""
    found: set[str] = set()
    there = _text_columns(con)
    for place in columns:
        table, _, column = place.rpartition(".")
        if column in there.get(table, ()):
            rows = con.execute(
                f'select distinct "{column}" from {table} where "{column}" <> \'\''  # noqa: S608 - our own names
            ).fetchall()
            found.update(value for (value,) in rows)
    return found


def _text_columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of text of each table and view of the warehouse, by ``schema.table``."""
    tables: dict[str, list[str]] = {}
    for schema, table, column, kind in con.execute(
        "select table_schema, table_name, column_name, data_type "
        "from information_schema.columns where table_catalog = current_database() "
        "order by table_schema, table_name, ordinal_position"
    ).fetchall():
        columns = tables.setdefault(f"{schema}.{table}", [])
        if kind == "VARCHAR":
            columns.append(column)
    return tables
