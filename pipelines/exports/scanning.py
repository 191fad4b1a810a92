"""The one scan of a source: its cells of text as the typed columns of an export.

Belongs here: the steps of the select and their order. Does not belong here: what a cell means
(``values``), what is read without asking that (``shortcuts``), where the rows go (``loading``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract import Kind
from pipelines.exports import conventions, shortcuts, values
from pipelines.exports.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipelines.contract import Column, Export
    from pipelines.exports.headers import Match
    from pipelines.exports.source import Source
    from pipelines.exports.values import Reading

TWO_WAY_BITS = 32
"""So much higher than its bit for "unread" a column has one for "could be read in two ways"."""


def typed_rows(
    source: Source,
    match: Match,
    export: Export,
    reading_of: Callable[[Column], Reading],
    constants: Mapping[str, str],
) -> str:
    """SQL of the rows of ``source``: the columns of the export, ``source_file``, line, unread.

    ``unread`` has a bit for each column whose cell had text and gave no value, and the one
    ``TWO_WAY_BITS`` higher where the text could be read in two ways. ``constants`` are the texts
    of columns that the source lacks; the others it lacks have their default.

    Each step is one more select around the last, in which a column at place 3 has the names
    r3 (raw text), t3 (cleaned), p3 (read in the usual way), u3 (whether that counts), x3 (parts
    of a time), s3 (what is said) and v3 (the value): so nothing is reckoned twice.
    """
    raws, texts, probes, usual, said, typed, unread = [], [], [], [], [], [], []
    for place, column in enumerate(export.columns):
        raw, text, probe, is_usual = f"r{place}", f"t{place}", f"p{place}", f"u{place}"
        reading = reading_of(column)
        if column.name in match.positions:
            raws.append(f"{match.text(column.name, reading.null_words)} as {raw}")
            texts.append(f"{shortcuts.cleaned(column, raw, reading)} as {text}")
            if values.can_fail(column):
                unread.append(_unread_bits(column, place, reading))
        elif column.name in constants:
            texts.append(f"cast({literal(constants[column.name])} as varchar) as {text}")
        else:
            typed.append(f"cast({literal(column.default)} as {column.kind.sql_type}) as v{place}")
            continue
        found = shortcuts.found(column, text, reading)
        value = values.typed(column, f"s{place}", reading)
        number = shortcuts.number(column, text, reading)
        if column.kind in (Kind.INSTANT, Kind.DATE) and not reading.formats:
            probes.append(f"{shortcuts.shaped_instant(column.kind, text, reading)} as {probe}")
            usual.append(
                f"(case when {probe} is null then {values.instant_parts(text)} end) as x{place}"
            )
            found = f"coalesce({probe}, {values.found(column, text, reading, f'x{place}')})"
        elif number is not None:
            probes.append(f"{number} as {probe}")
            usual.append(f"{shortcuts.is_number_as_written(column, text, probe)} as {is_usual}")
            found = f"(case when {is_usual} then null else {found} end)"
            value = f"(case when {is_usual} then {probe} else {value} end)"
        said.append(f"{found} as s{place}")
        typed.append(f"{value} as v{place}")
    line = "cast(0 as bigint)" if source.first_line is not None else "line"
    rows = f"(select {', '.join([*raws, f'{line} as line'])} from {source.relation})"  # noqa: S608 - quoted
    for step in (texts, probes, usual, said, typed):
        rows = f"(select {', '.join(['*', *step])} from {rows})"  # noqa: S608 - quoted
    names = ", ".join(f"v{place}" for place in range(len(export.columns)))
    return (
        f"select {names}, {literal(source.source_file)}, line, {' + '.join(unread) or '0'}"  # noqa: S608 - quoted
        f" from {rows}"
    )


def _unread_bits(column: Column, place: int, reading: Reading) -> str:
    bits = str(1 << place)
    if reading.way is None and not reading.formats and not column.choices:
        is_two_way = conventions.is_two_way(column.kind, f"t{place}")
        two_way = 1 << place | 1 << place + TWO_WAY_BITS
        bits = f"(case when {is_two_way} then {two_way} else {bits} end)"
    return f"(case when t{place} is not null and v{place} is null then {bits} else 0 end)"
