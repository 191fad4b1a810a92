"""What each alternative reading would change: the same models, run beside, under other terms.

For every switch and every choice that was not in force all the time up to the as-of, what it can
touch is built once more (``beside``), with that choice throughout, and compared with the run. The
default stays what the run says; this tells what hangs on it.

Belongs here: the alternatives and what each would change. Does not belong here: the second run
(``beside``), what a reading means (``models/terms/reading_texts.yaml``) and the verdicts
(``models``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipelines.other_terms.beside import Judged, beside, compare
from pipelines.terms import schema
from pipelines.terms.load import Terms

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

MOST_TICKETS: Final = 200_000
"""Above this many tickets the alternatives are left out: they cost a run of the models each."""


RESPONSES = Judged("facts.responses", "ticket_id", "verdict")
CHARGES = Judged("facts.charges", "charge_id", "finding")
INSPECTIONS = Judged("facts.inspections", "contract_id || '/' || quarter_no", "verdict")
TRAININGS = Judged("facts.trainings", "ticket_id", "verdict")

TOUCHES: Final = {
    "response_clock": RESPONSES,
    "holidays": RESPONSES,
    "clock_stops_at": RESPONSES,
    "strictness": RESPONSES,
    "first_free_year": CHARGES,
    "inspection_quarters": INSPECTIONS,
    "training_due": TRAININGS,
    "charge_day": CHARGES,
}
"""The table each switch decides."""

EFFECT_TABLES: Final = {
    "marts.reading_effects": "What each alternative reading would change, verdict by verdict",
    "marts.reading_money": "What alternatives of the charges would change, in money per currency",
    "marts.reading_changes": "The rows an alternative reading would change, the first of each",
}

_COLUMNS: Final = {
    "marts.reading_effects": """
        reading integer, name varchar, choice varchar, alternative varchar, table_name varchar,
        rows_compared bigint, rows_changed bigint,
        met bigint, breached bigint, pending bigint, unmeasurable bigint,
        alternative_met bigint, alternative_breached bigint, alternative_pending bigint,
        alternative_unmeasurable bigint""",
    "marts.reading_money": """
        reading integer, name varchar, choice varchar, alternative varchar, currency varchar,
        overbilled_amount decimal(18, 2), alternative_overbilled_amount decimal(18, 2),
        not_billed_count bigint, alternative_not_billed_count bigint""",
    "marts.reading_changes": """
        reading integer, name varchar, alternative varchar, table_name varchar, subject varchar,
        was varchar, would_be varchar""",
}

_MOST_CHANGES: Final = 1000

Row = tuple[Any, ...]


@dataclass
class Effects:
    """The rows of the three tables of ``EFFECT_TABLES``, and how many alternatives they cover."""

    alternatives: int = 0
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in _COLUMNS})


def reading_effects(
    con: duckdb.DuckDBPyConnection,
    terms: Terms,
    note: Callable[[str], None] = lambda _: None,
) -> Effects:
    """Compare the run in ``con``, which may be read-only, with every alternative reading.

    Returns:
        Nothing but empty tables when there are more than ``MOST_TICKETS`` tickets.
    """
    effects = Effects()
    ((tickets, today),) = con.execute(
        "select count(*), (select cast(as_of as date) from meta.run) from staging.tickets"
    ).fetchall()
    if tickets > MOST_TICKETS:
        return effects
    texts = terms.file(schema.ReadingTexts).readings
    values = terms.file(schema.Readings).values
    # What is in force from a later day on has decided nothing yet.
    chosen = [value for value in values if value.valid_from <= today] or values[:1]
    for name, judged in TOUCHES.items():
        in_force = getattr(chosen[-1], name)
        for alternative in texts[name].choices:
            if all(getattr(value, name) == alternative for value in chosen):
                continue
            note(f"reading {texts[name].number}: {alternative}")
            other = with_reading(terms, name, alternative)
            with beside(con, (terms, other), [judged.table]) as home:
                reading = (texts[name].number, name, in_force, alternative)
                _compare(con, home, judged, reading, effects)
            effects.alternatives += 1
    return effects


def keep_effects(con: duckdb.DuckDBPyConnection, effects: Effects) -> None:
    """Write the tables of ``EFFECT_TABLES``."""
    for table, columns in _COLUMNS.items():
        con.execute(f"create or replace table {table} ({columns})")
        rows = effects.rows[table]
        if rows:
            places = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
            values = [value for row in rows for value in row]
            con.execute(f"insert into {table} values {places}", values)  # noqa: S608 - our names


def with_reading(terms: Terms, name: str, choice: str) -> Terms:
    """The terms with one switch set to ``choice`` from the first day on."""
    file = terms.file(schema.Readings)
    values = [value.model_copy(update={name: choice}) for value in file.values]
    files = {**terms.files, "readings": file.model_copy(update={"values": values})}
    return Terms(files, terms.sources)


def _compare(
    con: duckdb.DuckDBPyConnection,
    home: str,
    judged: Judged,
    reading: tuple[int, str, str, str],
    effects: Effects,
) -> None:
    number, name, choice, alternative = reading
    compare(con, home, judged)
    counts = ", ".join(
        f"count(case when {word} = '{verdict}' then 1 end)"
        for word in ("was", "would_be")
        for verdict in ("met", "breached", "pending", "unmeasurable")
    )
    counted = con.execute(
        "select count(*), count(case when was is distinct from would_be then 1 end), "  # noqa: S608 - our words
        f"{counts} from beside_pairs"
    ).fetchall()
    changed = con.execute(
        "select subject, was, would_be from beside_pairs "
        "where was is distinct from would_be order by subject limit $most",
        {"most": _MOST_CHANGES},
    ).fetchall()
    effects.rows["marts.reading_effects"] += [(*reading, judged.table, *row) for row in counted]
    effects.rows["marts.reading_changes"] += [
        (number, name, alternative, judged.table, *row) for row in changed
    ]
    if judged is CHARGES:
        money = [(number, name, choice, alternative, *row) for row in _money(con, home)]
        effects.rows["marts.reading_money"] += money


def _money(con: duckdb.DuckDBPyConnection, home: str) -> list[Row]:
    """By currency: overbilled before and after, charges not billed before and after."""
    sums = """
        select
            currency,
            sum(coalesce(overbilled_amount, 0)) as overbilled_amount,
            count(case when is_unbilled then 1 end) as not_billed_count
    """
    return con.execute(
        f"""
        select
            coalesce(now.currency, other.currency),
            coalesce(now.overbilled_amount, 0), coalesce(other.overbilled_amount, 0),
            coalesce(now.not_billed_count, 0), coalesce(other.not_billed_count, 0)
        from ({sums} from "{home}".facts.charges group by currency) as now
        full join ({sums} from beside.facts.charges group by currency) as other
            on other.currency = now.currency
        order by 1
        """  # noqa: S608 - our names
    ).fetchall()
