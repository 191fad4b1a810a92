"""DuckDB's SQL as Spark's, meaning the same: SQLGlot's translation and what it leaves open.

SQLGlot knows the spellings. Each mend below sets right one thing that both engines accept and
mean differently, or that only one of them has; ``tests/spark/test_dialect.py`` runs each on both.
The session's settings (``session``) do the rest: ANSI arithmetic, local times without a zone.

Belongs here: one select in, one select out. Does not belong here: which select (``models``, the
report's queries, the checks) and where its rows go.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Mend = Callable[[Any], exp.Expr]


class UntranslatableError(Exception):
    """A select says something that has no equal in Spark; the message says what to write."""


def translate(
    sql: str, parameters: Mapping[str, object] | None = None, *, is_ordered: bool = True
) -> str:
    """A select of DuckDB's dialect in Spark's.

    Args:
        sql: the select.
        parameters: values of the ``$names`` in it.
        is_ordered: keep the order of the rows; a table has none, and sorting one costs.

    Raises:
        UntranslatableError: there is no way to say the same.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    if not isinstance(tree, exp.Query):
        message = f"only a select can be translated: {sql[:200]}"
        raise UntranslatableError(message)
    return translated(tree, parameters, is_ordered=is_ordered)


def translated(
    tree: exp.Query, parameters: Mapping[str, object] | None = None, *, is_ordered: bool = True
) -> str:
    """As ``translate``, of a select already parsed; the tree is left as it was."""
    tree = tree.copy()
    if not is_ordered and not tree.args.get("limit"):
        tree.set("order", None)
    values = parameters or {}
    named: dict[type[exp.Expr], Mend] = dict.fromkeys(
        (exp.Placeholder, exp.Parameter), lambda node: _literal(values[node.name])
    )
    mended = _rewritten(_rewritten(tree, named), {**_MENDS, exp.Select: _hoist_order})
    return mended.sql(dialect="spark", pretty=True, unsupported_level=sqlglot.ErrorLevel.RAISE)


def spark_type(duckdb_type: str) -> str:
    """A DuckDB type by its name in Spark; sums of whole numbers are kept whole."""
    if duckdb_type == "HUGEINT":
        return "DECIMAL(38, 0)"
    return exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect="spark")


def _rewritten(tree: exp.Expr, mends: Mapping[type[exp.Expr], Mend]) -> exp.Expr:
    """The tree with its nodes mended, what a node is made of before itself, each once."""
    for node in reversed(list(tree.dfs())):
        mend = mends.get(type(node))
        if mend is None:
            continue
        # A copy, so that it may stand inside of what it becomes.
        made = mend(node.copy())
        if node is tree:
            tree = made
        else:
            node.replace(made)
    return tree


def _type(node: exp.DataType) -> exp.Expr:
    """The one type Spark has no name for."""
    is_huge = node.this is exp.DataType.Type.INT128
    return exp.DataType.build("DECIMAL(38, 0)", dialect="spark") if is_huge else node


def _literal(value: object) -> exp.Expr:
    if isinstance(value, (list, tuple)):
        return exp.Array(expressions=[_literal(one) for one in value])
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "timestamp")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date")
    if isinstance(value, Decimal):
        return exp.Literal.number(str(value))
    return exp.convert(value)


def _hoist_order(node: exp.Select) -> exp.Expr:
    """Order and limit of a select with QUALIFY, which SQLGlot would leave inside its subquery.

    What is ordered by must be a column of the select: outside of it nothing else is known.
    """
    order, limit = node.args.get("order"), node.args.get("limit")
    if not node.args.get("qualify") or (order is None and limit is None):
        return node
    node.set("order", None)
    node.set("limit", None)
    shown = {one.unalias().sql(): one.output_name for one in node.selects}
    outer = exp.select("*").from_(node.subquery("qualified"))
    for ordered in order.expressions if order else ():
        column = ordered.this
        name = shown.get(column.sql(), column.name if column.name in shown.values() else None)
        if name is None:
            message = f"ordered by {column.sql()}, which the select with QUALIFY does not give"
            raise UntranslatableError(message)
        ordered.set("this", exp.column(name, table="qualified"))
    outer.set("order", order)
    outer.set("limit", limit)
    return outer


def _function(node: exp.Anonymous) -> exp.Expr:
    """A function SQLGlot does not know."""
    name = node.name.lower()
    if name not in _FUNCTIONS:
        message = f"{name}() has no translation; see pipelines/spark/dialect.py"
        raise UntranslatableError(message)
    return _FUNCTIONS[name](node.expressions)


def _as(type_name: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: exp.Cast(this=node, to=exp.DataType.build(type_name))


_as_text = _as("varchar")
_as_date = _as("date")
_as_double = _as("double")
_as_instant = _as("timestamp")
_as_zoned = _as("timestampltz")


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _micros(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """epoch_us: Spark counts from an instant with a zone; the session's zone is UTC."""
    return _call("unix_micros", _as_zoned(arguments[0]))


def _seconds(node: exp.Expr) -> exp.Expr:
    """epoch: a DOUBLE with the fraction of a second, which unix_timestamp would drop."""
    return exp.Paren(
        this=exp.Div(this=_as_double(_micros([node.this])), expression=exp.Literal.number(1000000))
    )


def _span(unit: str, length: str = "1") -> Callable[[Sequence[exp.Expr]], exp.Expr]:
    """to_days, to_months …: Spark multiplies an interval by a whole number."""

    def span(arguments: Sequence[exp.Expr]) -> exp.Expr:
        interval = exp.Interval(this=exp.Literal.string(length), unit=exp.var(unit))
        return exp.Paren(
            this=exp.Mul(this=exp.Paren(this=arguments[0].copy()), expression=interval)
        )

    return span


def _step(node: exp.CTE) -> exp.Expr:
    """A step computed once: Spark has no word for that and may compute it again."""
    node.set("materialized", None)
    return node


def _sum(node: exp.Expr) -> exp.Expr:
    """date_add of an interval is a sum; Spark's date_add wants days."""
    return exp.Paren(this=exp.Add(this=node.this, expression=node.expression))


def _truncated(node: exp.Expr) -> exp.Expr:
    """date_trunc: a local time on DuckDB, an instant with a zone on Spark."""
    return _as_instant(node)


def _days_between(node: exp.Expr) -> exp.Expr:
    """date_diff: DuckDB counts midnights between, Spark whole days elapsed."""
    if node.text("unit").lower() != "day":
        message = f"date_diff by {node.text('unit')}: count days, or say it with date_trunc"
        raise UntranslatableError(message)
    return _call("datediff", _as_date(node.this), _as_date(node.expression))


def _divided(node: exp.Expr) -> exp.Expr:
    """/ is always a DOUBLE on DuckDB; on Spark the ratio of decimals is a decimal."""
    if isinstance(node.this, exp.Cast) and node.this.is_type("double"):
        return node
    node.set("this", _as_double(node.this))
    return node


def _joined(node: exp.Expr) -> exp.Expr:
    """concat: SQLGlot puts '' for null, which Spark would turn into a number beside a number."""
    parts = [one if one.is_string else _as_text(one) for one in node.expressions]
    node.set("expressions", parts)
    return node


def _quantile(node: exp.Expr) -> exp.Expr:
    """quantile_cont: exact, with interpolation, is percentile."""
    return _call("percentile", _as_double(node.this), node.expression)


def _by_extreme(node: exp.Expr) -> exp.Expr:
    """max_by, min_by: DuckDB passes over rows without a value, Spark gives null for them."""
    rank = exp.Case(
        ifs=[exp.If(this=node.this.copy().is_(exp.null()).not_(), true=node.expression)]
    )
    node.set("expression", rank)
    return node


def _listed(node: exp.Expr) -> exp.Expr:
    """generate_series: none when it ends before it begins, where sequence counts down."""
    start, end = node.args["start"], node.args["end"]
    return exp.Case(ifs=[exp.If(this=exp.GTE(this=end.copy(), expression=start.copy()), true=node)])


_MENDS: dict[type[exp.Expr], Mend] = {
    exp.Anonymous: _function,
    exp.CTE: _step,
    exp.DataType: _type,
    exp.TimeToUnix: _seconds,
    exp.ToDays: lambda node: _span("DAY")([node.this]),
    exp.DateAdd: _sum,
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.DateDiff: _days_between,
    exp.Div: _divided,
    exp.Concat: _joined,
    exp.PercentileCont: _quantile,
    exp.ArgMax: _by_extreme,
    exp.ArgMin: _by_extreme,
    exp.GenerateSeries: _listed,
}
_FUNCTIONS: dict[str, Callable[[Sequence[exp.Expr]], exp.Expr]] = {
    "epoch_us": _micros,
    "to_microseconds": _span("SECOND", "0.000001"),
    "to_seconds": _span("SECOND"),
    "to_months": _span("MONTH"),
    "strlen": lambda arguments: _call("octet_length", *arguments),
    "row": lambda arguments: _call("struct", *arguments),
}
