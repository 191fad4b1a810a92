"""Which columns each column of a model is made from, read from its SQL.

Belongs here: following a select's columns to the tables it reads. Does not belong here: the
order of the models, which needs their tables only (``models``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

if TYPE_CHECKING:
    import duckdb

Schema = dict[str, object]
"""Schema to table to column to type."""
Origins = dict[str, list[tuple[str, str]]]


def warehouse_schema(con: duckdb.DuckDBPyConnection) -> Schema:
    """Every table's columns and types: schema to table to column to type."""
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table_schema, table, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by all"
    ).fetchall():
        schema.setdefault(table_schema, {}).setdefault(table, {})[column] = kind
    return dict(schema)


def column_lineage(sql: str, schema: Schema) -> Origins:
    """For each column of the select: the columns it is made from, as (``schema.table``, column).

    A column made from none (a constant, a count of rows) has an empty list. What only decides
    which rows there are (joins, filters) is not an origin of a value.
    """
    tree = qualify(
        sqlglot.parse_one(sql, dialect="duckdb"),
        dialect="duckdb",
        schema=schema,
        validate_qualify_columns=False,
        identify=False,
    )
    root = build_scope(tree)
    if root is None:
        message = f"no select: {sql}"
        raise ValueError(message)
    tracer = _Tracer(root)
    return {
        name: sorted(tracer.output(root, place))
        for place, name in enumerate(_query(root).named_selects)
    }


class _Tracer:
    """Follows columns through the scopes of one select; each scope's column is traced once.

    SQLGlot's own ``lineage`` keeps every path to an origin and takes half a second for a wide
    model; which origins there are takes a few milliseconds.
    """

    def __init__(self, root: Scope) -> None:
        self._scopes = {id(scope.expression): scope for scope in root.traverse()}
        self._known: dict[tuple[int, int], frozenset[tuple[str, str]]] = {}

    def output(self, scope: Scope, place: int) -> frozenset[tuple[str, str]]:
        """The origins of a scope's output column; a union's are those of its parts."""
        key = (id(scope.expression), place)
        if key not in self._known:
            if scope.set_operation_scopes:
                found = {o for part in scope.set_operation_scopes for o in self.output(part, place)}
            elif place < len(_query(scope).selects):
                columns = _query(scope).selects[place].find_all(exp.Column)
                found = {origin for column in columns for origin in self._column(column)}
            else:
                found = set()
            self._known[key] = frozenset(found)
        return self._known[key]

    def _column(self, column: exp.Column) -> frozenset[tuple[str, str]]:
        select = column.find_ancestor(exp.Select)
        scope = self._scopes.get(id(select))
        while scope is not None and column.table not in scope.sources:
            scope = scope.parent
        source = scope.sources[column.table] if scope is not None else None
        if isinstance(source, exp.Table):
            return frozenset({(f"{source.db}.{source.name}", column.name)})
        if isinstance(source, Scope) and column.name in _query(source).named_selects:
            return self.output(source, _query(source).named_selects.index(column.name))
        return frozenset()


def _query(scope: Scope) -> exp.Query:
    """A scope's select or union; other scopes (an unnested list) have no columns to follow."""
    expression = scope.expression
    return expression if isinstance(expression, exp.Query) else exp.Select()
