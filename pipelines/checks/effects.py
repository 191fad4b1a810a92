# ruff: noqa: S608 - the SQL is put together from names of the contract, the models and the suites
"""What hangs on the rows that fail a check, and on the cells that could not be read.

For each of them and each kind of promise: how many verdicts the rows touch, and between which
bounds compliance would lie if the rows were mended, all touched verdicts breached or all met.
Which promises hang on which column of the exports is read from the models' SQL (``lineage``);
which verdicts hang on a row follows from the ids that the contract says name another export.

Belongs here: ``marts.check_effects``. Does not belong here: the checks and their results
(``validation``), how it is said on a page (``dashboards``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from expectations import failing_rows
from expectations.checks import Between, InOrder, NoRows, NotNull, OneOf, Unique
from pipelines.checks.validation import suites
from pipelines.contract import EXPORTS, REFERENCES, Kind
from pipelines.exports.quoting import literal
from pipelines.warehouse import lineage, models

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb
    from sqlglot.schema import MappingSchema

    from expectations import Check, Suite
    from pipelines.checks.validation import CheckResult
    from pipelines.warehouse.lineage import Lineage, Origins

TABLE: Final = "marts.check_effects"

KINDS: Final = {
    "facts.responses": "response",
    "facts.filings": "filing",
    "facts.inspections": "inspection",
    "facts.trainings": "training",
    "facts.conduct": "rule",
    "facts.charges": "charge",
}
"""The kind of promise a facts table holds; those of conduct are told apart by that column."""

_KEYS: Final = {
    "facts.inspections": "contract_id || '/' || quarter_no",
    "facts.conduct": "ticket_id || ' ' || rule",
    "facts.charges": "charge_id",
}
_VERDICTS: Final = ("met", "breached", "pending", "unmeasurable")
_PROVENANCE: Final = frozenset({"source_file", "source_row"})


@dataclass(frozen=True)
class Promise:
    """One kind of promise: its rows, and what of the exports decides them.

    ``decided_by``: the columns its verdicts hang on. ``rows_by``: those of them that decide
    whether there is a promise at all. ``made_from``: where the values of its columns come from.
    Charges have a finding in place of a verdict, and no compliance.
    """

    kind: str
    table: str
    where: str
    is_view: bool
    decided_by: Origins
    rows_by: Origins
    made_from: Mapping[str, Origins]

    @property
    def goes_by_tickets(self) -> bool:
        """Whether a ticket has one of it at most; an inspection goes by contract and quarter."""
        return self.table != "facts.inspections"

    @property
    def place(self) -> str:
        """Where its rows are read: a view is read once and kept beside it."""
        return f"temp.{self.table.partition('.')[2]}" if self.is_view else self.table

    @property
    def key(self) -> str:
        """SQL of what tells its rows apart."""
        return _KEYS.get(self.table, "ticket_id")

    @property
    def verdict(self) -> str:
        """SQL of the verdict; charges have none."""
        return "cast(null as varchar)" if self.kind == "charge" else "verdict"


@dataclass(frozen=True)
class Failing:
    """Rows of an export that something is wrong with: which, in which columns, by whose word.

    ``check`` is empty where the cells of ``column`` could not be read.
    """

    export: str
    check: str
    column: str
    columns: frozenset[str]
    rows: str

    @property
    def table(self) -> str:
        """The staging table."""
        return f"staging.{self.export}"


def draw_lineage(
    wanted: Iterable[models.Model], schema: MappingSchema
) -> Iterator[tuple[models.Model, Lineage, dict[str, Lineage]]]:
    """Each model with its lineage; with that of each kind as well where its table holds several."""
    for model in wanted:
        tree = lineage.qualified(model.sql, schema)
        parts = lineage.trace_parts(tree, "rule") if KINDS.get(model.name) == "rule" else {}
        yield model, lineage.trace(tree), parts


def promises(drawn: Iterable[tuple[models.Model, Lineage, dict[str, Lineage]]]) -> list[Promise]:
    """The kinds of promises there are, from the lineage of all models in order of running."""
    known: dict[str, Lineage] = {}
    found = []
    for model, own, parts in drawn:
        known[model.name] = whole = lineage.follow(own, known)
        if model.name not in KINDS:
            continue
        for kind, part in (parts or {KINDS[model.name]: own}).items():
            followed = lineage.follow(part, known)
            word = "finding" if kind == "charge" else "verdict"
            found.append(
                Promise(
                    kind,
                    model.name,
                    f"rule = {literal(kind)}" if parts else "true",
                    model.is_view,
                    followed.decided_by[word] | followed.rows,
                    followed.rows,
                    whole.made_from,
                )
            )
    return found


def keep_check_effects(
    con: duckdb.DuckDBPyConnection,
    results: Sequence[CheckResult],
    kinds: Sequence[Promise] | None = None,
) -> None:
    """Write ``marts.check_effects``: a row per failing check (or unread column) and promise.

    ``kinds`` are drawn from the models when they are not given.
    """
    con.execute(f"""
        create or replace table {TABLE} (
            export varchar, check_name varchar, column_name varchar, kind varchar,
            failing_rows bigint, touched bigint, touched_met bigint, touched_breached bigint,
            touched_pending bigint, touched_unmeasurable bigint,
            could_add bigint, could_touch bigint, met bigint, breached bigint,
            compliance_pct double, lowest_pct double, highest_pct double
        )""")
    failing = [*failing_checks(results), *_unread(con)]
    if not failing:
        return
    if kinds is None:
        schema = lineage.warehouse_schema(con)
        kinds = promises(draw_lineage(models.load_models(), schema))
    there = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    kinds = [kind for kind in kinds if kind.table in there]
    totals: dict[str, tuple[int, int]] = {}
    copied: set[str] = set()
    for one in failing:
        touched_by = {(one.table, column) for column in one.columns}
        concerned = [kind for kind in kinds if kind.decided_by & touched_by]
        if not concerned:
            continue
        con.execute(
            f"create or replace temp table failing as select * from {one.table} "
            f"semi join ({one.rows}) as wrong using (source_file, source_row)"
        )
        for kind in concerned:
            if kind.is_view and kind.table not in copied:
                copied.add(kind.table)
                con.execute(f"create temp table {kind.place[5:]} as {_narrowed(kind)}")
            if kind.kind not in totals:
                totals[kind.kind] = _decided(con, kind)
            _keep_one(con, one, kind, *totals[kind.kind])
        con.execute("drop table failing")
    for table in sorted(copied):
        con.execute(f"drop table temp.{table.partition('.')[2]}")


def _narrowed(kind: Promise) -> str:
    """The columns of a view that are asked for: ids, what tells kinds and rows apart, verdict."""
    names = [
        name
        for name in kind.made_from
        if name in ("rule", "verdict") or name.endswith(("_id", "_no"))
    ]
    return f"select {', '.join(names)} from {kind.table}"


def kept_check_effects(
    con: duckdb.DuckDBPyConnection,
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What ``marts.check_effects`` says of each failing check, by table and check."""
    found = con.execute(
        "select 'staging.' || export, check_name, kind, touched, could_add, could_touch, "
        f"compliance_pct, lowest_pct, highest_pct from {TABLE} where check_name <> '' "
        "order by export, check_name, kind"
    ).fetchall()
    kept: dict[tuple[str, str], list[dict[str, Any]]] = {}
    names = ("kind", "touched", "could_add", "could_touch", "compliance_pct", "lowest_pct")
    for table, check, *values in found:
        entry = dict(zip((*names, "highest_pct"), values, strict=True))
        kept.setdefault((table, check), []).append(entry)
    return kept


def failing_checks(results: Iterable[CheckResult]) -> Iterator[Failing]:
    """The failing checks of staged exports, with the columns each concerns."""
    declared = {(s.table, c.name): (s, c) for s in suites() for c in s.checks}
    for result in results:
        schema, _, export = result.table.partition(".")
        if result.success or schema != "staging" or export not in EXPORTS:
            continue
        suite, check = declared[result.table, result.check]
        rows = failing_rows(suite, check)
        tree = models.parsed(rows)
        if isinstance(tree, exp.Query) and _PROVENANCE.issubset(tree.named_selects):
            yield Failing(export, check.name, "", columns_of(suite, check), rows)


def columns_of(suite: Suite, check: Check) -> frozenset[str]:
    """The columns of its table that a check concerns: those it reads, without key and provenance.

    A check of nothing but the key concerns the key.
    """
    match check.form:
        case NotNull(column) | OneOf(column) | Between(column):
            read = {column}
        case InOrder(earlier, later):
            read = {earlier, later}
        case Unique(columns):
            read = set(columns)
        case NoRows(query=query):
            read = _read_by(query, suite.table)
    export = EXPORTS[suite.table.partition(".")[2]]
    read -= _PROVENANCE
    return frozenset(read - set(export.key) or read)


def _read_by(query: str, table: str) -> set[str]:
    """The columns of ``table`` that a query names, the table's own name or alias before them."""
    tree = models.parsed(query)
    names = {
        found.alias_or_name
        for found in tree.find_all(exp.Table)
        if f"{found.db}.{found.name}" == table
    }
    first = tree.find(exp.Table)
    own = {first.alias_or_name} if first and first.alias_or_name in names else names
    export = {column.name for column in EXPORTS[table.partition(".")[2]].columns}
    return {
        column.name
        for column in tree.find_all(exp.Column)
        if column.name in export and (column.table in own or not column.table)
    }


def _unread(con: duckdb.DuckDBPyConnection) -> Iterator[Failing]:
    """Cells that could not be read, column by column; a problem of a whole row is of all."""
    found = con.execute(
        'select distinct export, "column" from staging.problems order by all'
    ).fetchall()
    for name, column in found:
        if name not in EXPORTS:
            continue  # a log: what it became of in a ticket is not known row by row
        export = EXPORTS[name]
        all_columns = frozenset(column.name for column in export.columns) - set(export.key)
        yield Failing(
            name,
            "",
            column,
            frozenset({column}) if column else all_columns,
            "select source_file, source_row from staging.problems "
            f'where export = {literal(name)} and "column" = {literal(column)}',
        )


def _decided(con: duckdb.DuckDBPyConnection, kind: Promise) -> tuple[int, int]:
    """How many promises of a kind are met and how many breached."""
    met, breached = con.execute(
        f"select count(case when verdict = 'met' then 1 end), "
        f"count(case when verdict = 'breached' then 1 end) "
        f"from (select {kind.verdict} as verdict from {kind.place} where {kind.where})"
    ).fetchall()[0]
    return met, breached


def _keep_one(
    con: duckdb.DuckDBPyConnection, failing: Failing, kind: Promise, met: int, breached: int
) -> None:
    """One row of the table: what the rows in ``failing`` do to one kind of promise."""
    links = _links(failing.export, kind)
    touching = " union ".join(
        f"select {kind.key} as subject, {kind.verdict} as verdict, failing_file, failing_row "
        f"from {kind.place} as fact inner join ({link}) as link on fact.{column} = link.id "
        f"where {kind.where}"
        for column, link in links
    ) or (
        "select null as subject, null as verdict, null as failing_file, null as failing_row "
        "where false"
    )
    if failing.export == "tickets" and kind.goes_by_tickets:
        alone = (
            "select count(*) from failing where ticket_id not in "
            f"(select ticket_id from {kind.place} where {kind.where})"
        )
    else:
        alone = (
            "select count(*) from failing anti join linked "
            "on source_file = failing_file and source_row = failing_row"
        )
    rows, unlinked, *counts = con.execute(
        f"with touching as ({touching}), "
        "touched as (select distinct subject, verdict from touching), "
        "linked as (select distinct failing_file, failing_row from touching) "
        f"select (select count(*) from failing), ({alone}), count(*), "
        + ", ".join(f"count(case when verdict = '{verdict}' then 1 end)" for verdict in _VERDICTS)
        + " from touched"
    ).fetchall()[0]
    touched, touched_met, touched_breached = counts[:3]
    could_add, could_touch = _more(failing, kind, unlinked)
    if not touched and not could_touch and could_add == 0:
        return
    bounds: tuple[float | None, float | None] = (None, None)
    if could_add is not None and kind.kind != "charge":
        bounds = compliance_bounds(
            met - touched_met, breached - touched_breached, touched + could_add, could_touch
        )
    con.execute(
        f"insert into {TABLE} values ({', '.join('?' * 17)})",
        [
            *(failing.export, failing.check, failing.column, kind.kind, rows, *counts),
            *(could_add, could_touch, met, breached, _pct(met, met + breached), *bounds),
        ],
    )


def compliance_bounds(
    met: int, breached: int, free: int, moving: int
) -> tuple[float | None, float | None]:
    """The least and the most that compliance can be, in per cent.

    Args:
        met: promises met whatever comes of the rows.
        breached: promises breached whatever comes of them.
        free: promises that may come out either way.
        moving: of ``met`` and ``breached``, how many more may be turned (which is not known).
    """
    whole = met + breached + free
    return _pct(met - min(moving, met), whole), _pct(met + free + min(moving, breached), whole)


def _pct(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


def _more(failing: Failing, kind: Promise, unlinked: int) -> tuple[int | None, int]:
    """Verdicts beyond those linked: how many rows could add one, how many could touch one.

    A ticket without a verdict may come to have one where its columns decide whether it has. A row
    that names another (a record its ticket) and led nowhere may belong to any verdict, but to one
    at most. How many a row of another export would add is not known (None).
    """
    decides_rows = bool(kind.rows_by & {(failing.table, column) for column in failing.columns})
    if not unlinked:
        return 0, 0
    if failing.export == "tickets" and kind.goes_by_tickets:
        names_own = any(
            REFERENCES.get((failing.export, column)) == failing.export for column in failing.columns
        )
        return (unlinked, 0) if decides_rows else (0, unlinked if names_own else 0)
    if any(name == failing.export for name, _ in REFERENCES):
        return 0, unlinked
    return (None, 0) if decides_rows else (0, 0)


def _own_columns(export: str, kind: Promise) -> list[str]:
    """The columns of a promise that hold the export's key, its own or as another names it."""
    key = EXPORTS[export].key
    if len(key) != 1:
        return []
    named = {
        (f"staging.{other}", column)
        for (other, column), target in REFERENCES.items()
        if target == export
    }
    sources = {(f"staging.{export}", key[0]), *named}
    return [
        column
        for column, origins in kind.made_from.items()
        if origins & sources and (column == key[0] or column.endswith(f"_{key[0]}"))
    ]


def _links(export: str, kind: Promise) -> list[tuple[str, str]]:
    """How rows of ``failing`` lead to verdicts: a column of the promise, and a select of its ids.

    By the export's key; by rows of its own that name it (a child its parent); where the promise
    does not go by the export, by the first id that names another's row; else by an id both have.
    """

    def select(column: str) -> str:
        return (
            f"select {column} as id, source_file as failing_file, source_row as failing_row "
            f"from failing where {column} is not null"
        )

    own = _own_columns(export, kind)
    key = EXPORTS[export].key[0] if EXPORTS[export].key else ""
    links = [(column, select(key)) for column in own]
    named = [
        (column, target)
        for (name, column), target in REFERENCES.items()
        if name == export and (f"staging.{export}", column) in kind.decided_by
    ]
    for column in (column for column, target in named if target == export):
        # Both ends: those whose verdict hangs on the row, and those its own id points to.
        children = (
            f"select child.{key} as id, failing.source_file as failing_file, "
            "failing.source_row as failing_row from failing "
            f"inner join staging.{export} as child on child.{column} = failing.{key}"
        )
        links += [(at, sql) for at in own for sql in (select(column), children)]
    if export != "tickets" or not kind.goes_by_tickets:
        others = [(column, target) for column, target in named if target != export]
        links += [
            (at, select(column))
            for column, target in others[:1]
            for at in _own_columns(target, kind)
        ]
    if not links:
        links = [
            (column.name, select(column.name))
            for column in EXPORTS[export].columns
            if column.kind is Kind.ID
            and column.name != "customer_id"
            and (f"staging.{export}", column.name) in kind.made_from.get(column.name, ())
        ]
    return links
