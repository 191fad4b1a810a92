"""Which steps of a select are computed once: those that are read more than once.

DuckDB computes such a step once. Spark would put it in wherever it is named, with all that it
reads in turn: the twenty steps of a model would become hundreds.

Belongs here: taking those steps out, and reading tables from the session's views. Does not belong
here: how a select is said in Spark's SQL (``dialect``), and running it (``cluster``).
"""

from __future__ import annotations

from sqlglot import exp


def view_name(table: str) -> str:
    """``schema.table`` as the name of a view of the session, which has no schemas."""
    return table.replace(".", "__")


def read_as_views(tree: exp.Query) -> exp.Query:
    """The select with each ``schema.table`` read from its view, under the name it had."""
    tree = tree.copy()
    for table in list(tree.find_all(exp.Table)):
        if table.db:
            _read_from(table, view_name(f"{table.db}.{table.name}"))
    return tree


def computed_once(tree: exp.Query, owner: str) -> tuple[dict[str, exp.Query], exp.Query]:
    """The steps to compute once, by the name of their view and in order, and the rest of it.

    The views are called after their ``owner``.
    """
    tree = tree.copy()
    once: dict[str, exp.Query] = {}
    before: list[exp.CTE] = []
    for step in tree.ctes:
        readers = [t for t in tree.find_all(exp.Table) if t.name == step.alias and not t.db]
        if len(readers) < 2:  # noqa: PLR2004 - more than once
            before.append(step)
            continue
        view = f"{owner}__{step.alias}"
        once[view] = _with(before, step.this)
        for reader in readers:
            _read_from(reader, view)
    return once, _with(before, tree)


def _with(steps: list[exp.CTE], select: exp.Query) -> exp.Query:
    """The select with these steps before it and no others."""
    select = select.copy()
    with_ = exp.With(expressions=[step.copy() for step in steps]) if steps else None
    select.set("with_", with_)
    return select


def _read_from(table: exp.Table, view: str) -> None:
    seen = exp.to_table(view)
    seen.set("joins", table.args.get("joins"))
    seen.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias or table.name)))
    table.replace(seen)
