# ruff: noqa: S608 - the SQL is put together from names of the warehouse and the models
"""The models run a second time, beside a run, under other terms.

The second run has a database of its own in memory and takes from the first what other terms cannot
change: exports, and every table no changed term reaches. A term reaches a model that reads its
table (of ``terms.rules``: its column), and whatever reads that model.

Belongs here: the second run, and its rows beside those of the first. Does not belong here: which
terms are tried and what is made of the difference (``readings``, ``whatif``).
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from pipelines.terms import (
    changed_rules,
    longest_target_seconds,
    service_weeks,
    terms_tables,
    write_days,
    write_table,
)
from pipelines.warehouse import SCHEMAS, lineage, models
from pipelines.warehouse.record_copies import write_record_copies
from pipelines.warehouse.reference import days_of, write_clocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    import duckdb

    from pipelines.terms import Terms
    from pipelines.warehouse.models import Model

BESIDE: Final = "beside"
"""The catalog of the second run, while it is there."""

RULES: Final = "terms.rules"
COPIES: Final = "steps.record_copies"
_COPY_RULES: Final = frozenset({"copied_text_similarity_pct", "copied_text_min_characters"})


@dataclass(frozen=True)
class Judged:
    """A table whose rows other terms can change: its key and the word that says how they stand."""

    table: str
    key: str
    word: str


@contextmanager
def beside(
    con: duckdb.DuckDBPyConnection,
    terms: tuple[Terms, Terms],
    tables: Iterable[str],
    note: Callable[[str], None] = lambda _: None,
) -> Iterator[str]:
    """Build ``tables`` under other terms in the catalog ``BESIDE``; yields the run's catalog.

    While the block lasts, ``BESIDE`` is the current catalog.

    Args:
        con: a run, which may be read-only.
        terms: those in force in it, and the others.
        tables: the tables wanted, with all they need.
        note: told what is being built.
    """
    (home, as_of) = con.execute("select current_catalog(), as_of from meta.run").fetchall()[0]
    names = _names(con)
    con.execute(f"attach ':memory:' as {BESIDE}")
    try:
        con.execute(f"use {BESIDE}")
        for name in SCHEMAS:
            con.execute(f"create schema if not exists {name}")
        second = _Second(con, home, names, note)
        second.take_inputs()
        second.write_terms(terms, as_of)
        second.build(tables)
        yield home
    finally:
        con.execute(f'use "{home}"')
        con.execute(f"detach {BESIDE}")


def compare(con: duckdb.DuckDBPyConnection, home: str, judged: Judged) -> None:
    """Write the temporary table ``beside_pairs``: ``subject``, ``was``, ``would_be``.

    One row per row of ``judged`` in either of the two runs; a word is null where there is no row.
    """
    side = f"select {judged.key} as subject, {judged.word} as word from"
    con.execute(
        f"""
        create or replace temp table beside_pairs as
        select
            coalesce(now.subject, other.subject) as subject,
            now.word as was,
            other.word as would_be
        from ({side} "{home}".{judged.table}) as now
        full join ({side} {BESIDE}.{judged.table}) as other on other.subject = now.subject
        """
    )


@dataclass
class _Second:
    """The second run while it is built.

    ``names`` are the columns each model that reads ``RULES`` names, whatever their table;
    ``changed`` the tables that are not the run's.
    """

    con: duckdb.DuckDBPyConnection
    home: str
    names: Mapping[str, frozenset[str]]
    note: Callable[[str], None]
    changed: set[str] = field(default_factory=set)
    changed_rules: frozenset[str] = frozenset()

    def take_inputs(self) -> None:
        """What no term changes: exports, as-of."""
        for table in self._tables("staging", "meta"):
            self._take(table)

    def write_terms(self, terms: tuple[Terms, Terms], as_of: datetime) -> None:
        """The other terms as tables; clocks and copied texts anew where they are others too."""
        now = terms[1]
        was, tables = (terms_tables(one) for one in terms)
        for name, table in tables.items():
            if table == was[name]:
                self._take(f"terms.{name}")
            else:
                write_table(self.con, name, table)
                self.changed.add(f"terms.{name}")
        if "terms.periods" in self.changed:
            write_days(self.con, now, *days_of(self.con, as_of))
            self.changed.add("terms.days")
        else:
            self._take("terms.days")
        if RULES in self.changed:
            self.changed_rules = changed_rules(*terms)
        measures = [
            (service_weeks(one), longest_target_seconds(one), one.timezone) for one in terms
        ]
        clocks = self._tables("clocks")
        if measures[0] == measures[1]:
            for clock in clocks:
                self._take(clock)
        else:
            write_clocks(self.con, now, *days_of(self.con, as_of))
            self.changed.update(clocks)
        if "terms.days" in self.changed or self.changed_rules & _COPY_RULES:
            write_record_copies(self.con)
            self.changed.add(COPIES)
        else:
            self._take(COPIES)

    def build(self, tables: Iterable[str]) -> None:
        """The models ``tables`` need: built where a change reaches them, taken where none does.

        What the run had in memory is gone, so that is built as well; a view costs nothing to make.
        """
        for model in models.load_models():
            if self._is_reached(model):
                self.changed.add(model.name)
        by_name = {model.name: model for model in models.load_models()}
        waiting, wanted = list(tables), set[str]()
        while waiting:
            name = waiting.pop()
            if name in by_name and name not in wanted:
                wanted.add(name)
                if self._is_made(by_name[name]):
                    waiting += by_name[name].depends_on
        made = [by_name[name] for name in wanted if self._is_made(by_name[name])]
        reads = Counter(name for model in made for name in model.depends_on)
        for model in models.load_models():
            if model.name in wanted and self._is_made(model):
                self.note(model.name)
                models.run_model(self.con, _in_memory(model, is_view=reads[model.name] <= 1))
            elif model.name in wanted:
                self._take(model.name)

    def _is_made(self, model: Model) -> bool:
        return model.name in self.changed or model.is_view or model.is_scratch

    def _is_reached(self, model: Model) -> bool:
        """Whether a changed table, or a changed column of ``terms.rules``, comes into a model."""
        reads = set(model.depends_on)
        if RULES in reads and self.changed_rules & self.names[model.name]:
            return True
        return bool((reads - {RULES}) & self.changed)

    def _tables(self, *schemas: str) -> list[str]:
        found = self.con.execute(
            "select schema_name || '.' || table_name from ("
            "select database_name, schema_name, table_name from duckdb_tables() union all "
            "select database_name, schema_name, view_name from duckdb_views()) "
            "where database_name = $home and list_contains($schemas, schema_name) order by 1",
            {"home": self.home, "schemas": list(schemas)},
        ).fetchall()
        return [name for (name,) in found]

    def _take(self, table: str) -> None:
        """The run's own table, under the same name."""
        self.con.execute(f'create view {table} as select * from "{self.home}".{table}')


def _in_memory(model: Model, *, is_view: bool) -> Model:
    """The model for a catalog that is in memory anyway; a view computes what is asked for alone."""
    kind = "view" if is_view else "table"
    return replace(model, materialized=kind, reads_scratch=frozenset())


_known: dict[str, frozenset[str]] = {}


def _names(con: duckdb.DuckDBPyConnection) -> Mapping[str, frozenset[str]]:
    """The columns named by each model that reads ``RULES``; stars are written out first.

    Worked out once: one run beside another asks for what the one before it did.
    """
    if not _known:
        schema = lineage.warehouse_schema(con)
        for model in models.load_models():
            if RULES in model.depends_on:
                tree = lineage.qualified(model.sql, schema)
                _known[model.name] = frozenset(one.name for one in tree.find_all(exp.Column))
    return _known
