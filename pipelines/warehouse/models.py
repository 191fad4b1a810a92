"""The SQL models: found by their path, ordered by what they read, run one after the other.

``models/<schema>/<table>.sql`` builds ``<schema>.<table>``. A file is a header of comments
(title, grain, clauses, materialized, columns) and one bare select; what it depends on and where
its columns come from is read from the select itself.

Belongs here: reading, ordering and running model files. Does not belong here: what a table
means (the file says it) and the tables that are not made by SQL (staging, terms, clocks, meta).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from pipelines.errors import DataError, UsageError
from pipelines.warehouse.connection import SCRATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MODELS = Path(__file__).resolve().parents[2] / "models"

# Of a left join, DuckDB hashes the side it thinks is smaller. What it thinks of a join on a day
# worked out from an instant is off by hundreds: it would hash ten million tickets, wide, to look
# up half a million units. A model names the larger side first, so the side as written is right.
_MISLED = "build_side_probe_side"


@dataclass(frozen=True)
class Model:
    """One table made by SQL.

    Attributes:
        name: ``schema.table``.
        title: what it is, the header's first line.
        materialized: ``table``, ``view``, or ``scratch`` (a table in memory, gone after the run).
        columns: what each column holds, with its unit, in the order of the select.
        depends_on: the tables the select reads, ``schema.table``, in alphabetic order.
        reads_scratch: those of them that are in memory.
    """

    schema: str
    table: str
    path: Path
    sql: str
    title: str
    grain: str
    clauses: tuple[str, ...]
    materialized: str
    notes: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    reads_scratch: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.table}"

    @property
    def is_view(self) -> bool:
        """Whether nothing is stored: it is computed when read."""
        return self.materialized == "view"

    @property
    def is_scratch(self) -> bool:
        """Whether it is gone after the run."""
        return self.materialized == SCRATCH

    @property
    def place(self) -> str:
        """Where it stands on a run's connection: ``schema.table``, in its catalog if in memory."""
        return f"{SCRATCH}.{self.name}" if self.is_scratch else self.name


@cache
def load_models(directory: Path = MODELS) -> tuple[Model, ...]:
    """Every model under ``directory``, each after those it reads.

    Raises:
        UsageError: a header is not complete, a select cannot be read, or models read in a circle.
    """
    models = {
        model.name: model
        for model in (read_model(path) for path in sorted(directory.glob("*/*.sql")))
    }
    graph = {
        name: [other for other in model.depends_on if other in models]
        for name, model in models.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        message = f"Models read each other in a circle: {' -> '.join(error.args[1])}. Cut one off."
        raise UsageError(message) from error
    scratch = frozenset(name for name, model in models.items() if model.is_scratch)
    ordered = [
        replace(models[name], reads_scratch=scratch.intersection(models[name].depends_on))
        for name in order
    ]
    for model in ordered:
        if model.is_view and model.reads_scratch:
            message = (
                f"{model.path}: a view is read after the run, when {', '.join(model.reads_scratch)}"
                " is gone. Make that a table, or the view."
            )
            raise UsageError(message)
    return tuple(ordered)


def read_model(path: Path) -> Model:
    """One model file, its header and its select taken apart.

    Raises:
        UsageError: the file does not have the form the module describes.
    """
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    size = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    header = [line.removeprefix("--").rstrip() for line in lines[:size]]
    sql = "\n".join(lines[size:]).strip()
    name = f"{path.parent.name}.{path.stem}"
    facts, columns, notes = _read_header(header)
    missing = [key for key in (name, "grain", "clauses", "materialized") if key not in facts]
    if missing or not columns:
        message = (
            f"{path}: the header lacks {', '.join(missing) or 'its columns'}. "
            f"Write '-- {name}: what it is', then grain, clauses, materialized and columns."
        )
        raise UsageError(message)
    if facts["materialized"] not in ("table", "view", SCRATCH):
        message = (
            f"{path}: materialized is {facts['materialized']!r}. Write table, view or {SCRATCH}."
        )
        raise UsageError(message)
    return Model(
        schema=path.parent.name,
        table=path.stem,
        path=path,
        sql=sql,
        title=facts[name],
        grain=facts["grain"],
        clauses=tuple(clause.strip() for clause in facts["clauses"].split(",")),
        materialized=facts["materialized"],
        notes=notes,
        columns=columns,
        depends_on=tables_read(sql, path),
    )


_FACT = re.compile(r" ([a-z_.0-9]+): (.+)")
_COLUMN = re.compile(r"   ([a-z_0-9]+): (.+)")


def _read_header(header: list[str]) -> tuple[dict[str, str], dict[str, str], str]:
    facts: dict[str, str] = {}
    columns: dict[str, str] = {}
    notes: list[str] = []
    in_columns = False
    for line in header:
        if line == " columns:":
            in_columns = True
        elif in_columns and (column := _COLUMN.fullmatch(line)):
            columns[column[1]] = column[2]
        elif not in_columns and (fact := _FACT.fullmatch(line)):
            facts[fact[1]] = fact[2]
        else:
            notes.append(line.strip())
    return facts, columns, " ".join(notes)


def tables_read(sql: str, path: Path) -> tuple[str, ...]:
    """The tables with a schema that a select reads, in alphabetic order."""
    try:
        tree = parsed(sql)
    except sqlglot.errors.ParseError as error:
        message = f"{path}: the select cannot be read: {error}. A model is one bare select."
        raise UsageError(message) from error
    if not isinstance(tree, exp.Query):
        message = f"{path}: holds a {tree.key}, not a select. A model is one bare select."
        raise UsageError(message)
    tables = {f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db}
    return tuple(sorted(tables))


@cache
def parsed(sql: str) -> exp.Expr:
    """A select as SQLGlot's tree, parsed once; copy it before changing it."""
    return sqlglot.parse_one(sql, dialect="duckdb")


def needed_for(names: Iterable[str], directory: Path = MODELS) -> tuple[Model, ...]:
    """The models that the tables ``names`` need, those tables included, in order of running."""
    return _with_what_they_read(names, directory, lambda model: model.depends_on)


def with_scratch(names: Iterable[str], directory: Path = MODELS) -> tuple[Model, ...]:
    """The models ``names`` and all they read in memory, directly or not, in order of running."""
    return _with_what_they_read(names, directory, lambda model: model.reads_scratch)


def _with_what_they_read(
    names: Iterable[str], directory: Path, reads: Callable[[Model], Iterable[str]]
) -> tuple[Model, ...]:
    models = {model.name: model for model in load_models(directory)}
    wanted: set[str] = set()
    waiting = [name for name in names if name in models]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += [other for other in reads(models[name]) if other in models]
    return tuple(model for model in models.values() if model.name in wanted)


def run_model(con: duckdb.DuckDBPyConnection, model: Model, *, without_rows: bool = False) -> None:
    """Build one table or view; ``without_rows``: its columns, for rows made elsewhere.

    Raises:
        DataError: the engine refused, with its reason.
    """
    kind = "view" if model.is_view else "table"
    select = f"from ({_placed(model)}) limit 0" if without_rows else _placed(model)
    con.execute("set disabled_optimizers = $1", [_MISLED])
    try:
        con.execute(f"create or replace {kind} {model.place} as {select}")
    except duckdb.Error as error:
        message = f"{model.name} could not be built ({model.path}): {error}"
        raise DataError(message) from error
    finally:
        con.execute("reset disabled_optimizers")


def select_over(view: str, other: Mapping[str, str]) -> str:
    """The select of a view, reading other rows: each table that ``other`` names from its query.

    For the few rows somebody looks at. The engine would put a view into words from end to end
    before it looks which rows are wanted.
    """
    (sql,) = (model.sql for model in load_models() if model.name == view)
    names = "|".join(map(re.escape, other))
    return re.sub(rf"\b(?:{names})\b", lambda table: f"({other[table[0]]})", sql)


def _placed(model: Model) -> str:
    """The select, with the tables in memory named by their catalog."""
    if not model.reads_scratch:
        return model.sql
    names = "|".join(map(re.escape, sorted(model.reads_scratch)))
    return re.sub(rf"\b(?:{names})\b", rf"{SCRATCH}.\g<0>", model.sql)


def run_models(
    con: duckdb.DuckDBPyConnection,
    only: Iterable[str] | None = None,
    progress: Callable[[Model], None] | None = None,
) -> None:
    """Build all models in order, or those that the tables ``only`` need."""
    for model in load_models() if only is None else needed_for(only):
        if progress:
            progress(model)
        run_model(con, model)
