"""A mapping proposed for an unknown file: the YAML to edit and the table of guesses.

Belongs here: words for people. Does not belong here: how guesses are made (``guessing``).
Headers and values are somebody else's: in YAML they are always quoted, everywhere control and
direction characters are shown as escapes.
"""

from __future__ import annotations

import glob
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.contract import EXPORTS, Kind
from pipelines.errors import DataError
from pipelines.exports.conventions import UNDECIDED
from pipelines.exports.guessing import Guess, Profile, guess_columns, guess_value, is_accepted
from pipelines.exports.headers import check_headers, fold
from pipelines.exports.mapping import ColumnRule, ExportMapping
from pipelines.exports.profiling import Look, looks_at, sheets_read

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract import Column, Export

SURE, LIKELY = 0.9, 0.8
"""From here on a guess is sure, or likely; below it stands commented out in the YAML."""

_MOST_CHOICES = 30
_QUESTIONS = 12
_SAMPLES = 3
_SHOWN_CHARS = 40
_MAY_LACK = 0.25
"""Of the proposed columns; a sheet that lacks more of them is of another kind."""

_LONGEST_KEY = 1_000
"""A key of YAML that stands on one line with its value must end within 1,024 characters."""

_ESCAPED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_ALSO_ESCAPED = "\ufeff\x85"
_LARGEST_SHORT = 0xFFFF


@dataclass(frozen=True)
class Choice:
    """Of the sheets of a workbook the one to name, where it would not be found, or not alone.

    ``beside`` are those that would be read with it. Where none is to be named, ``optional`` are
    the columns that others lack which are read beside it.
    """

    sheet: str | None = None
    beside: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Proposal:
    """What is proposed for a file.

    ``questions`` ask how the columns in force are written, where that cannot be told, and for
    their commonest values; the YAML has more.
    """

    look: Look
    export: Export
    guesses: list[Guess]
    questions: list[str] = field(default_factory=list)
    choice: Choice = Choice()

    @property
    def unused(self) -> list[Profile]:
        """The columns of the file that are nothing of the contract, as far as we can tell."""
        used = {guess.profile.position for guess in self.guesses}
        return [profile for profile in self.look.profiles if profile.position not in used]

    @property
    def missing(self) -> list[Column]:
        """The contract's columns for which the file has nothing."""
        used = {guess.column.name for guess in self.guesses}
        return [column for column in self.export.columns if column.name not in used]


def propose(path: Path, export_name: str) -> Proposal:
    """Look at a file and guess; of a workbook, from the sheet that fits the export best.

    Raises:
        UsageError, DataError: as ``looks_at``.
    """
    export = EXPORTS[export_name]
    looks = looks_at(path, export_name)
    seen = [(look, guess_columns(export, look.profiles)) for look in looks]
    look, guesses = max(seen, key=lambda one: _fit(export, one[1]))
    choice = _choice(path, Proposal(look, export, guesses)) if len(looks) > 1 else Choice()
    sure = {guess.column.name for guess in guesses if guess.score >= LIKELY}
    asked = [
        f"{name}: which column is it? Without it no row can be read."
        for name in export.key
        if name not in sure and name != "line_no"
    ]
    asked += [
        f"{guess.column.name}: {escaped(guess.convention.question)}"
        for guess in guesses
        if guess.score >= LIKELY and guess.convention and guess.convention.question
    ]
    questions = asked + [
        f"{guess.column.name}: what is {shown(text)} ({count} of {guess.profile.filled})?"
        + (f" We guess {told}." if told else f" One of {', '.join(guess.column.choices or ())}.")
        for guess in guesses
        if guess.score >= LIKELY
        for text, count, told in translations(guess)[:_QUESTIONS]
    ]
    if choice.beside:
        named = (
            f"{shown(choice.sheet or '')} only, or {', '.join(map(shown, choice.beside))} as well"
        )
        questions.append(f"sheet: {named}? Not all of them have the same columns.")
    return Proposal(look, export, guesses, questions, choice)


def _fit(export: Export, guesses: list[Guess]) -> tuple[bool, int, float]:
    """How well a sheet fits an export: with its key before all others, then by its columns."""
    sure = {guess.column.name for guess in guesses if guess.score >= LIKELY}
    has_key = sure >= {*export.key, *export.needed} - {"line_no"}
    return has_key, len(sure), sum(guess.score for guess in guesses)


def _choice(path: Path, proposal: Proposal) -> Choice:
    """The sheet to name in the mapping, which must be read as it is proposed.

    None need be where the reading finds it by the headers, alone or beside sheets that are like
    it: those that have most of its columns.
    """
    own = proposal.look.sheet
    likely = {g.column.name: g.profile.header for g in proposal.guesses if g.score >= LIKELY}
    rules = ExportMapping(
        columns={
            **{name: ColumnRule(None) for name in _left_out(proposal)},
            **{name: ColumnRule(header) for name, header in likely.items()},
        },
        constants={"line_no": "1"} if _is_one_line(proposal) else {},
    )
    read = sheets_read(path, proposal.export.name, rules)
    if read.keys() == {own}:
        return Choice()
    if own not in read:
        return Choice(own)
    alone = Choice(own, tuple(name for name in read if name != own))
    optional: set[str] = set()
    for headers in read.values():
        there = {fold(header) for header in headers}
        lacking = {name for name, header in likely.items() if fold(header) not in there}
        optional |= lacking
        columns = {
            name: replace(rule, is_optional=name in lacking) for name, rule in rules.columns.items()
        }
        try:
            check_headers("", headers, proposal.export, replace(rules, columns=columns))
        except DataError:
            return alone
        if len(lacking) > _MAY_LACK * len(likely):
            return alone
    return Choice(optional=frozenset(optional))


def _is_one_line(proposal: Proposal) -> bool:
    """Whether each row is an invoice of its own, as far as we can tell: no number stands twice."""
    missing = {column.name for column in proposal.missing} - _left_out(proposal).keys()
    is_asked = proposal.export.name == "invoices" and "line_no" in missing
    numbers = [g.profile for g in proposal.guesses if g.column.name == "invoice_id"]
    return is_asked and all(p.filled == p.rows == len(p.counts) for p in numbers)


def translations(guess: Guess) -> list[tuple[str, int, str | None]]:
    """Of a choice, the texts the contract does not know: text, how often, the guess or None."""
    column = guess.column
    if not column.choices or column.kind not in (Kind.CHOICE, Kind.YES_NO, Kind.INTEGER):
        return []
    return [
        (text, count, guess_value(column, text))
        for text, count in list(guess.profile.counts.items())[:_MOST_CHOICES]
        if not is_accepted(column, text)
    ]


def certainty(guess: Guess) -> str:
    """In words and percent."""
    word = "sure" if guess.score >= SURE else "likely" if guess.score >= LIKELY else "unsure"
    return f"{word} {guess.score:.0%}"


def quoted(text: str) -> str:
    """A text as a double-quoted YAML scalar on one line; nothing in it can end it."""
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def shown(text: str) -> str:
    """A text for a terminal or a comment: cut, on one line, control characters escaped."""
    cut = text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
    return f"'{escaped(cut)}'"


def escaped(text: str) -> str:
    """A text on one line: control, direction and private characters as escapes."""
    return "".join(
        char
        if unicodedata.category(char) not in _ESCAPED and char not in _ALSO_ESCAPED
        else f"\\U{ord(char):08x}"
        if ord(char) > _LARGEST_SHORT
        else f"\\u{ord(char):04x}"
        for char in text
    )


def mapping_yaml(proposal: Proposal) -> str:
    """The mapping file: guesses as rules, what is unsure or asked as comments to edit."""
    look = proposal.look
    sheet = f", sheet {shown(look.sheet)}" if look.sheet is not None else ""
    lines = [
        f"# Proposed by sla map for {shown(look.name)}{sheet}.",
        "# Read it through, correct it, then run",
        "#   sla check --exports DIR --mapping THIS_FILE",
        "# Lines that begin with # are not in force: take the # away to use one.",
        f"description: {quoted(f'{look.name} read as {proposal.export.name}.')}",
        "# Times without an offset are of the terms' own zone, unless you say:",
        "# timezone: Asia/Shanghai",
        f"{proposal.export.name}:",
        *_files_line(look.name),
        *_sheet_line(proposal.choice),
        "  columns:",
    ]
    for guess in proposal.guesses:
        lines += _column_lines(guess, is_optional=guess.column.name in proposal.choice.optional)
    left_out = _left_out(proposal)
    lines += [f"    {line}" for line in left_out.values()]
    if not left_out and not any(guess.score >= LIKELY for guess in proposal.guesses):
        lines[lines.index("  columns:")] = "  columns: {}"
    lines += _rest_lines(proposal)
    return "\n".join(lines) + "\n"


def _left_out(proposal: Proposal) -> dict[str, str]:
    """Lines of columns that would be found by their name but shall not be, and why not.

    One without which nothing is read stays in force where it is there more than once: the
    reading is refused either way, and then says so, not that the column is missing.
    """
    headers = {fold(profile.header) for profile in proposal.look.profiles}
    used = {guess.column.name for guess in proposal.guesses if guess.score >= LIKELY}
    needed = (*proposal.export.key, *proposal.export.needed)
    left_out = {}
    for column in proposal.export.columns:
        name, names = column.name, {fold(name) for name in (column.name, *column.aliases)}
        twice = [shown(header) for header in proposal.look.twice if fold(header) in names]
        if name in used:
            continue
        if twice:
            why = (
                f"{' / '.join(twice)} stands there more than once. Give one of them a name of its"
                " own in the file, and write that here"
            )
            left_out[name] = f"# {name}: {why}" if name in needed else f"{name}: null  # {why}"
        elif names & headers:
            left_out[name] = f"{name}: null  # so named, but not like one: not read"
    return left_out


def _files_line(name: str) -> list[str]:
    if "\\" in name:
        return ["  # files: the file's name holds a backslash; rename it and write it here"]
    pattern = "".join("?" if unicodedata.category(c) == "Cs" else c for c in glob.escape(name))
    return [f"  files: [{quoted(pattern)}]"]


def _sheet_line(choice: Choice) -> list[str]:
    if choice.sheet is None:
        return []
    beside = ", ".join(map(shown, choice.beside))
    why = (
        f"else read as well, with fewer or other columns: {beside}" if beside else "else not found"
    )
    return [f"  sheet: {quoted(choice.sheet)}  # {why}"]


def _column_lines(guess: Guess, *, is_optional: bool) -> list[str]:
    mark = "" if guess.score >= LIKELY else "# "
    name, profile = guess.column.name, guess.profile
    samples = ", ".join(shown(text) for text in list(profile.counts)[:_SAMPLES]) or "no values"
    note = f"# {certainty(guess)}; such as {samples}"
    asked = translations(guess)
    ways = _way_lines(guess, mark)
    if not asked and not profile.formats and not ways and not is_optional:
        return [f"    {note}", f"    {mark}{name}: {quoted(profile.header)}"]
    lines = [f"    {note}", f"    {mark}{name}:", f"    {mark}  from: {quoted(profile.header)}"]
    lines += [f"    {mark}  optional: true  # other sheets lack it"] if is_optional else []
    lines += ways or [f"    {mark}  format: {quoted(form)}" for form in profile.formats]
    if asked:
        choices = ", ".join(guess.column.choices or ())
        lines.append(f"    # Is this what they mean? One of {choices}:")
        known = any(told for _, _, told in asked)
        lines.append(f"    {mark if known else '# '}  values:")
        for text, count, told in asked:
            off = mark if told else "# "
            lines += [f"    {off}    {part}" for part in _pair(quoted(text), quoted(told or "?"))]
            lines[-1] += f"  # {count} {'row' if count == 1 else 'rows'}"
    return lines


def _pair(key: str, value: str) -> list[str]:
    """A key and its value in YAML, where a long key must be marked as one on a line of its own."""
    return [f"{key}: {value}"] if len(key) <= _LONGEST_KEY else [f"? {key}", f": {value}"]


def _way_lines(guess: Guess, mark: str) -> list[str]:
    """The way a column goes; where the values do not tell, the question and both answers."""
    found = guess.convention
    if found is None:
        return []
    if not found.question:
        return [f"    {mark}  format: {found.way}"] if found.way != UNDECIDED else []
    question = escaped(found.question)
    return [f"    # {question}", *(f"    #   format: {way}" for way in found.choices)]


def _rest_lines(proposal: Proposal) -> list[str]:
    lines = []
    missing = {column.name: column for column in proposal.missing}
    if proposal.export.name == "tickets" and "category" in missing:
        lines += [
            "  # If every row is a fault:",
            "  # constants:",
            '  #   category: "fault"',
        ]
    if _is_one_line(proposal):
        lines += [
            "  # The file has one row per invoice, as far as we can tell:",
            "  constants:",
            '    line_no: "1"',
        ]
    if nothing := [name for name in missing if name not in _left_out(proposal)]:
        lines.append(f"  # Nothing found for: {', '.join(nothing)}")
    lines += [
        f"  # Not used: {shown(p.header)}, such as "
        + (", ".join(shown(text) for text in list(p.counts)[:_SAMPLES]) or "no values")
        for p in proposal.unused
    ]
    lines += [f"  # Stands there more than once: {shown(header)}" for header in proposal.look.twice]
    return lines
