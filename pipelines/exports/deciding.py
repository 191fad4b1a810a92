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
) -> dict[str, Convention]:
    """Look at columns: by name, each with the SQL of its cleaned text over ``relation``.

    ``where`` is where a mapping file says the way, ``{where}.{name}.format``; None where no
    question needs to say that. Columns without a cell that fits any way are left out.
    """
    texts, two_way, ways, looks = [], [], [], []
    for number, (column, text, reading) in enumerate(columns.values()):
        texts.append(f"{text} as x{number}")
        is_two_way = conventions.is_two_way(column.kind, f"x{number}")
        two_way.append(f"case when {is_two_way} then x{number} end as t{number}")
        local = replace(reading, source_timezone=reading.timezone)
        said = values.readings(column.kind, f"t{number}", local)
        names = {way: f"s{number}_{place}" for place, way in enumerate(said)}
        ways += [f"{said[way]} as {name}" for way, name in names.items()]
        looks.append(_look(f"t{number}", names))
    row = con.execute(
        f"select {', '.join(looks)} from (select *, {', '.join(ways)}"  # noqa: S608 - quoted
        f" from (select {', '.join(two_way)} from (select {', '.join(texts)} from {relation})))"
    ).fetchall()[0]
    decided = {}
    for (name, (column, _, reading)), seen in zip(columns.items(), row, strict=True):
        if seen["cells"]:
            place = f"{where}.{name}.format" if where else ""
            decided[name] = _decided(column, seen, place, reading)
    return decided


def _look(text: str, said: Mapping[str, str]) -> str:
    """SQL of a struct: cells that fit any way, that fit each; an example of two readings."""
    readings = ", ".join(said.values())
    differs = f"filter (where least({readings}) <> greatest({readings}))"
    fits = ", ".join(f"'{way}': count({name})" for way, name in said.items())
    example = ", ".join(f"'{way}': arg_min({name}, {text}) {differs}" for way, name in said.items())
    return (
        f"{{'cells': count(coalesce({readings})), 'fits': {{{fits}}},"
        f" 'example': min({text}) {differs}, 'said': {{{example}}}}}"
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
