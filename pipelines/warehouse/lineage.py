"""Where a model's columns come from and what decides them, read from its SQL.

Belongs here: following the columns of a select to the tables it reads, and of one model after
another to the tables no model builds. Does not belong here: the order of the models, which needs
their tables only (``models``), and what is made of the answer (``effects``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from pipelines.warehouse.models import load_models, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

Origin = tuple[str, str]
"""A table and a column of it; the column ``ROWS`` stands for which rows the table has."""
Origins = frozenset[Origin]

ROWS: Final = "*"
NONE: Final[Origins] = frozenset()


@dataclass(frozen=True)
class Lineage:
    """One select: what its columns are made from, what decides them, and which rows there are.

    ``made_from`` follows values alone. What a value is hangs on more: on what its row was joined
    by and which filters it passed, and that is ``decided_by``. A left join decides the columns
    taken from its right side, an inner join and a filter decide whether there is a row at all
    (``rows``). Joins are taken to be on keys, as those of the models are.
    """

    made_from: Mapping[str, Origins] = field(default_factory=dict)
    decided_by: Mapping[str, Origins] = field(default_factory=dict)
    rows: Origins = NONE


def warehouse_schema(con: duckdb.DuckDBPyConnection) -> MappingSchema:
    """Every table's columns and types; of models that are not built, what their header names."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table_schema, table, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by all"
    ).fetchall():
        schema.setdefault(table_schema, {}).setdefault(table, {})[column] = kind
    for model in load_models():
        named = dict.fromkeys(model.columns, "unknown")
        schema.setdefault(model.schema, {}).setdefault(model.table, named)
    return schema_of(schema)


def schema_of(tables: Mapping[str, Mapping[str, Mapping[str, str]]]) -> MappingSchema:
    """Schema to table to column to type, as ``qualified`` takes it."""
    return MappingSchema(dict(tables), dialect="duckdb")


def qualified(sql: str, schema: MappingSchema) -> exp.Query:
    """A select with each column's table named and each star written out."""
    tree = qualify(
        parsed(sql).copy(),
        dialect="duckdb",
        schema=schema,
        validate_qualify_columns=False,
        quote_identifiers=False,
    )
    assert isinstance(tree, exp.Query)  # noqa: S101 - a model is one select
    return tree


def trace(tree: exp.Query) -> Lineage:
    """The lineage of a qualified select, to the tables it reads."""
    root = build_scope(tree)
    if root is None:
        message = f"no select: {tree.sql()}"
        raise ValueError(message)
    tracer = _Tracer(root)
    names = _query(root).named_selects
    return Lineage(
        {name: tracer.value(root, place, deep=False) for place, name in enumerate(names)},
        {name: tracer.value(root, place, deep=True) for place, name in enumerate(names)},
        tracer.rows(root),
    )


def trace_parts(tree: exp.Query, column: str) -> dict[str, Lineage]:
    """The lineage of each part of the union that writes ``column`` as literals, by literal.

    Each is followed as if the others were not there. Empty where no union does.
    """
    found = {}
    for place, union in enumerate(_unions(tree)):
        literals = [_literal(part, column) for part in _parts(union)]
        if None in literals:
            continue
        for number, literal in enumerate(literals):
            pruned = tree.copy()
            alone = _unions(pruned)[place]
            kept = list(_parts(alone))[number]
            if alone is pruned:
                pruned = kept
            else:
                alone.replace(kept)
            found[str(literal)] = trace(pruned)
        break
    return found


def down_to_exports(lineages: Mapping[str, Lineage]) -> dict[str, Lineage]:
    """The lineages of models, in order of running, followed to the tables no model builds."""
    known: dict[str, Lineage] = {}
    for name, lineage in lineages.items():
        known[name] = follow(lineage, known)
    return known


def follow(lineage: Lineage, known: Mapping[str, Lineage]) -> Lineage:
    """``lineage`` with the columns of ``known`` tables replaced by their own origins."""

    def expanded(origins: Origins, *, deep: bool) -> Origins:
        found: set[Origin] = set()
        for table, column in origins:
            if table not in known:
                found |= {(table, column)} if column != ROWS else NONE
            elif column == ROWS:
                found |= known[table].rows
            else:
                of = known[table].decided_by if deep else known[table].made_from
                found |= of.get(column, NONE)
        return frozenset(found)

    return Lineage(
        {name: expanded(origins, deep=False) for name, origins in lineage.made_from.items()},
        {name: expanded(origins, deep=True) for name, origins in lineage.decided_by.items()},
        expanded(lineage.rows, deep=True),
    )


class _Tracer:
    """Follows values and rows through the scopes of one select; each is traced once.

    SQLGlot's own ``lineage`` keeps every path to an origin and takes half a second for a wide
    model; which origins there are takes a few milliseconds.
    """

    def __init__(self, root: Scope) -> None:
        self._scopes = {id(scope.expression): scope for scope in root.traverse()}
        self._values: dict[tuple[int, int, bool], Origins] = {}
        self._rows: dict[int, Origins] = {}

    def value(self, scope: Scope, place: int, *, deep: bool) -> Origins:
        """The origins of a scope's output column; a union's are those of its parts.

        ``deep`` follows what decides it as well, given that its row is there.
        """
        key = (id(scope.expression), place, deep)
        if key not in self._values:
            found: set[Origin] = set()
            for part in scope.set_operation_scopes or ():
                found |= self.value(part, place, deep=deep)
            selects = _query(scope).selects
            if not scope.set_operation_scopes and place < len(selects):
                found |= self._expression(selects[place], deep=deep)
            self._values[key] = frozenset(found)
        return self._values[key]

    def rows(self, scope: Scope) -> Origins:
        """What decides which rows a scope has."""
        key = id(scope.expression)
        if key not in self._rows:
            found: set[Origin] = set()
            for part in scope.set_operation_scopes or ():
                found |= self.rows(part)
            select = scope.expression
            if isinstance(select, exp.Select):
                for clause in ("where", "having", "qualify", "group"):
                    if select.args.get(clause):
                        found |= self._expression(select.args[clause], deep=True)
                if select.args.get("distinct"):
                    for place in range(len(select.selects)):
                        found |= self.value(scope, place, deep=True)
                for name, (node, source) in scope.selected_sources.items():
                    if not _is_left_join(node.parent):
                        found |= self._source_rows(source)
                        found |= self._joined_by(scope, name)
            self._rows[key] = frozenset(found)
        return self._rows[key]

    def _source_rows(self, source: exp.Table | Scope) -> Origins:
        if isinstance(source, Scope):
            return self.rows(source)
        return frozenset({(f"{source.db}.{source.name}", ROWS)})

    def _expression(self, node: exp.Expr, *, deep: bool) -> Origins:
        found: set[Origin] = set()
        for column in node.find_all(exp.Column):
            found |= self._column(column, deep=deep)
        if deep:
            for select in node.find_all(exp.Select):
                inner = self._scopes.get(id(select))
                found |= self.rows(inner) if inner else NONE
        return frozenset(found)

    def _column(self, column: exp.Column, *, deep: bool) -> Origins:
        scope = self._scopes.get(id(column.find_ancestor(exp.Select)))
        while scope is not None and column.table not in scope.sources:
            scope = scope.parent
        if scope is None:
            return NONE
        found = self._of_source(scope.sources[column.table], column.name, deep=deep)
        if deep and column.table in scope.selected_sources:
            node, source = scope.selected_sources[column.table]
            if _is_left_join(node.parent):
                # Whether the right side has a row for this one is in its columns as well.
                found |= self._source_rows(source) | self._joined_by(scope, column.table)
        return found

    def _joined_by(self, scope: Scope, name: str) -> Origins:
        """The columns of the condition that joins a source; its own are followed directly."""
        join = scope.selected_sources[name][0].parent
        condition = join.args.get("on") if isinstance(join, exp.Join) else None
        found: set[Origin] = set()
        for column in condition.find_all(exp.Column) if condition else ():
            if column.table == name:
                found |= self._of_source(scope.sources[name], column.name, deep=True)
            else:
                found |= self._column(column, deep=True)
        return frozenset(found)

    def _of_source(self, source: exp.Table | Scope, name: str, *, deep: bool) -> Origins:
        if isinstance(source, exp.Table):
            return frozenset({(f"{source.db}.{source.name}", name)})
        names = _query(source).named_selects
        return self.value(source, names.index(name), deep=deep) if name in names else NONE


def _is_left_join(node: exp.Expr | None) -> bool:
    return isinstance(node, exp.Join) and node.side == "LEFT"


def _query(scope: Scope) -> exp.Query:
    """A scope's select or union; other scopes (an unnested list) have no columns to follow."""
    expression = scope.expression
    return expression if isinstance(expression, exp.Query) else exp.Select()


def _unions(tree: exp.Query) -> list[exp.SetOperation]:
    return [
        union
        for union in tree.find_all(exp.SetOperation)
        if not isinstance(union.parent, exp.SetOperation)
    ]


def _parts(union: exp.SetOperation) -> Iterator[exp.Query]:
    for side in (union.left, union.right):
        if isinstance(side, exp.SetOperation):
            yield from _parts(side)
        elif isinstance(side, exp.Query):
            yield side


def _literal(part: exp.Query, column: str) -> str | None:
    """What a part of a union writes as ``column``, if it is a literal."""
    for select in part.selects:
        if select.alias_or_name == column and isinstance(select.unalias(), exp.Literal):
            return str(select.unalias().this)
    return None
