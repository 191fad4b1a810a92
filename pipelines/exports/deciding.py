"""Which way a column goes that could be read in two, found out from the whole of it.

Belongs here: counting the cells that fit each way, and the question where that does not tell.
Does not belong here: what the ways are (``conventions``).

A column of one file, or sheet, is looked at by itself: another file may come from another
office, and what a file says must not hang on which others lie beside it. A way is taken when
every cell that fits any way fits it, and no other way. A workbook's numbers are never taken for
decimal commas: its cells of numbers come out with a point, and would tip the scale.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipelines.contract import Kind
from pipelines.exports import conventions, values
from pipelines.exports.conventions import Convention

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from pipelines.contract import Column


def decide(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[Column, str, values.Reading]],
    where: str | None,
) -> dict[str, Convention | None]:
    """Look at columns: by name, each with the SQL of its cleaned text over ``relation``.

    ``where`` is where a mapping file says the way, ``{where}.{name}.format``; None where no
    question needs to say that. A column without a cell that fits any way has no convention.
    """
    texts = [f"{text} as x{number}" for number, (_, text, _) in enumerate(columns.values())]
    parts = [
        f"{conventions.two_way_part(column.kind, f'x{number}')} as t{number}"
        for number, (column, _, _) in enumerate(columns.values())
    ]
    con.execute(
        f"create or replace temp table _two_way as select {', '.join(parts)}"  # noqa: S608 - quoted
        f" from (select {', '.join(texts)} from {relation})"
    )
    decided: dict[str, Convention | None] = {}
    for number, (name, (column, _, reading)) in enumerate(columns.items()):
        local = replace(reading, source_timezone=reading.timezone)
        said = values.readings(column.kind, "text", local)
        ways = ", ".join(f"{sql} as s{place}" for place, sql in enumerate(said.values()))
        seen = con.execute(
            f"select {_look(list(said))} from (select text, {ways}"  # noqa: S608 - quoted
            f" from (select distinct t{number} as text from _two_way))"
        ).fetchall()[0][0]
        place = f"{where}.{name}.format" if where else ""
        decided[name] = _decided(column, seen, place, reading) if seen["cells"] else None
    con.execute("drop table _two_way")
    return decided


def _look(ways: list[str]) -> str:
    """SQL of a struct: texts that fit any way, that fit each; an example of two readings."""
    names = [f"s{place}" for place in range(len(ways))]
    readings = ", ".join(names)
    differs = f"filter (where least({readings}) <> greatest({readings}))"
    fits = ", ".join(f"'{way}': count({name})" for way, name in zip(ways, names, strict=True))
    example = ", ".join(
        f"'{way}': arg_min({name}, text) {differs}" for way, name in zip(ways, names, strict=True)
    )
    return (
        f"{{'cells': count(coalesce({readings})), 'fits': {{{fits}}},"
        f" 'example': min(text) {differs}, 'said': {{{example}}}}}"
    )


def _decided(
    column: Column, seen: dict[str, Any], where: str, reading: values.Reading
) -> Convention:
    fitting = [way for way, count in seen["fits"].items() if count == seen["cells"]]
    is_told = len(fitting) == 1 and not (reading.has_serials and fitting == [conventions.COMMA])
    if is_told:
        return Convention(fitting[0])
    if seen["example"] is None:
        return Convention(conventions.UNDECIDED)
    shown = {way: _shown(column, said) for way, said in seen["said"].items() if said is not None}
    return conventions.asked(seen["example"], shown, where, is_mixed=not fitting)


def _shown(column: Column, said: object) -> str:
    if column.kind in (Kind.INSTANT, Kind.DATE):
        return str(said)[: len("2025-03-07")]
    whole, _, decimals = str(said).partition(".")
    return f"{whole}.{decimals.rstrip('0')}".rstrip(".")
