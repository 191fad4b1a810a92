"""Great Expectations on a DuckDB connection that already exists, by SQL pushed down.

Belongs here: what Great Expectations 1.24 and duckdb-engine 0.17 need to judge a suite on
DuckDB 2.0. Does not belong here: the checks themselves, and whose connection it is.

Three things do not work as they come, and some cost more than they should:

* the engine fetches after its connection went back to the pool ("list index out of range"),
  so ``WarehouseEngine`` keeps one connection;
* SQLAlchemy's PostgreSQL reflection asks for ``pg_collation``, which DuckDB does not have, so
  ``WarehouseDialect`` reads ``duckdb_columns()``;
* ``UnexpectedRowsExpectation`` fetches its rows before it counts them, so a reconciliation
  would run twice, and it prints when a query does not name the batch;
* each check of single rows reads the table once more for a sample of the values that break it,
  which nobody asks for here (``failing_rows`` finds them, with file and line), and each check of
  a key does so by a window over all rows: ``WarehouseEngine`` answers the first with nothing and
  the second by grouping; where two tables should have the same keys, it joins them only if the
  sums of their hashes differ;
* an expectation builds its configuration anew some sixty times a check (``_configured_once``), each
  metric is spelt as JSON to name it, thirty times a check (``_known_ids``), and the context writes
  all of itself to YAML for each table it learns of (``_Context``);
* each table is asked for a row to see that it is there, for which a view is computed
  (``PresentTable``).

Importing this module imports Great Expectations, which takes seconds: import it late.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, assert_never

# Must stand before the import: the package reads it once. Nothing may leave the machine.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import duckdb_engine
import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.compatibility import pydantic
from great_expectations.core.id_dict import IDDict
from great_expectations.data_context import EphemeralDataContext, set_context
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.datasource.fluent.sql_datasource import TableAsset
from great_expectations.exceptions import MetricResolutionError
from great_expectations.execution_engine import SqlAlchemyExecutionEngine

from expectations.checks import (
    Between,
    Check,
    CheckFailedToRunError,
    InOrder,
    NoRows,
    NotNull,
    OneOf,
    Suite,
    Unique,
)
from expectations.data_docs import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )
    from great_expectations.validator.computed_metric import MetricValue
    from great_expectations.validator.metric_configuration import (
        MetricConfiguration,
        MetricConfigurationID,
    )
    from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedPrimaryKeyConstraint


_REGISTRY_LOG = logging.getLogger("great_expectations.expectations.registry")

AnExpectation = TypeVar("AnExpectation", bound="Expectation")


class WarehouseDialect(duckdb_engine.Dialect):
    """The DuckDB dialect, with the columns of a table read from DuckDB's own catalogue."""

    supports_statement_cache = False  # as in the dialect it extends; SQLAlchemy asks each class

    def get_columns(
        self,
        connection: sa.Connection,
        table_name: str,
        schema: str | None = None,
        **_: object,
    ) -> list[ReflectedColumn]:
        """Names of the columns; their types are checked in SQL, so none is stated here."""
        rows = connection.execute(
            sa.text(
                "select column_name from duckdb_columns() "
                "where table_name = :table_name and schema_name = :schema_name "
                "and database_name = current_database() order by column_index"
            ),
            {"table_name": table_name, "schema_name": schema or "main"},
        )
        return [
            {"name": name, "type": sa.types.NullType(), "nullable": True, "default": None}
            for (name,) in rows
        ]

    def get_pk_constraint(
        self,
        connection: sa.Connection,  # noqa: ARG002 -- SQLAlchemy's signature
        table_name: str,  # noqa: ARG002 -- as above
        schema: str | None = None,  # noqa: ARG002 -- as above
        **_: object,
    ) -> ReflectedPrimaryKeyConstraint:
        """No table of the warehouse declares one; keys are checked."""
        return {"constrained_columns": [], "name": None}


sa.dialects.registry.register("duckdb.warehouse", __name__, WarehouseDialect.__name__)


_ROW_COUNT = "unexpected_rows_query.row_count"
_REPEATS = frozenset(
    {"column_values.unique.unexpected_count", "compound_columns.unique.unexpected_count"}
)


class WarehouseEngine(SqlAlchemyExecutionEngine):
    """The SQL engine of Great Expectations, holding on to its one connection.

    ``alike``: by the query of a check, the keys that are alike where it finds nothing.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 -- GX's own
        """Set up as Great Expectations does."""
        super().__init__(**kwargs)
        self.alike: dict[str, tuple[str, str]] = {}

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """The one connection; it stays open after a query so that its rows can be fetched."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: dict[MetricConfigurationID, MetricValue] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[MetricConfigurationID, MetricValue]:
        """The values of metrics by their id; samples are left empty, keys are asked by less."""
        found: dict[MetricConfigurationID, MetricValue] = {}
        others = []
        for metric in metrics_to_resolve:
            if metric.metric_name.endswith(".unexpected_values"):
                found[metric.id] = []
            elif metric.metric_name in _REPEATS:
                found[metric.id] = self._repeats(metric)
            elif metric.metric_name == _ROW_COUNT and self._is_alike(metric):
                found[metric.id] = 0
            else:
                others.append(metric)
        if others:
            found |= super().resolve_metrics(others, metrics, runtime_configuration)
        return found

    def _repeats(self, metric: MetricConfiguration) -> int:
        """The rows whose key another row has as well; rows with a null in the key do not count."""
        asked = metric.metric_domain_kwargs
        names = asked["column_list"] if "column_list" in asked else [asked["column"]]
        keys: list[sa.ColumnClause[Any]] = [sa.column(name) for name in names]
        records: Any = self.get_domain_records({"batch_id": asked["batch_id"]})
        groups = (
            sa.select(sa.func.count().label("rows"))
            .select_from(records)
            .where(*(column.is_not(None) for column in keys))
            .group_by(*keys)
            .having(sa.func.count() > 1)
            .subquery()
        )
        return int(self._value(sa.select(sa.func.sum(groups.c.rows)), metric) or 0)

    def _is_alike(self, metric: MetricConfiguration) -> bool:
        """Whether the keys the check compares are the same, each as often.

        By their number and the sum of their hashes, which differ in 64 bits: that other keys have
        the same is a chance of one in ten to the nineteenth.
        """
        keys = self.alike.get(metric.metric_value_kwargs["unexpected_rows_query"])
        if keys is None:
            return False
        one, other = (
            f"select struct_pack(n := count(*), s := sum(hash(key))) from ({query}) as asked(key)"  # noqa: S608 -- a check's own
            for query in keys
        )
        return bool(self._value(sa.text(f"select ({one}) = ({other})"), metric))

    def _value(self, query: sa.Select[Any] | sa.TextClause, metric: MetricConfiguration) -> Any:  # noqa: ANN401 -- whatever it is
        try:
            return self.execute_query(query).scalar()
        except sa.exc.SQLAlchemyError as error:
            raise MetricResolutionError(message=str(error), failed_metrics=(metric,)) from error


class PresentTable(TableAsset):
    """A table that is known to be there: no row of it is read to see."""

    def test_connection(self) -> None:
        """Do nothing: whoever judges has read the warehouse's own list of tables."""


class WarehouseDatasource(SQLDatasource):
    """A datasource of type ``duckdb``: one schema of the warehouse, on ``WarehouseEngine``."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]  # names the subclass in GX
    warehouse_schema: str

    execution_engine_override: ClassVar = WarehouseEngine
    _TableAsset: Any = pydantic.PrivateAttr(PresentTable)
    _EXTRA_EXCLUDED_EXEC_ENG_ARGS: ClassVar[set[str]] = {"warehouse_schema"}

    @property
    def schema_(self) -> str:
        """The schema its tables are looked up in."""
        return self.warehouse_schema


def _configured_once(expectation: type[AnExpectation]) -> type[AnExpectation]:
    """An expectation of GX, under its name, that builds its configuration once.

    It is asked for it some sixty times a check, a third of all the time GX takes.
    """

    def configuration(self: Any) -> ExpectationConfiguration:  # noqa: ANN401 -- one of these
        if self._configuration is None:
            self._configuration = super(kept, self).configuration
        kept_configuration: ExpectationConfiguration = self._configuration
        return kept_configuration

    kind: Any = type(expectation)  # registers each class by its name
    _REGISTRY_LOG.disabled = True  # it would warn of the name's being taken, which is meant
    try:
        kept: type[AnExpectation] = kind(
            expectation.__name__,
            (expectation,),
            {
                "__module__": __name__,
                "__doc__": expectation.__doc__,
                "configuration": property(configuration),
                "_configuration": pydantic.PrivateAttr(None),
            },
        )
    finally:
        _REGISTRY_LOG.disabled = False
    return kept


def _known_ids() -> None:
    """Have GX work out the name of a metric once for all that ask the same; it asks for each anew.

    Only of plain values, whose spelling says all there is to them.
    """
    worked_out = IDDict.to_id
    known: dict[str, Any] = {}

    @wraps(worked_out)
    def to_id(self: IDDict, *keys: Any, **named_keys: Any) -> Any:  # noqa: ANN401 -- GX's signature
        if keys or named_keys or not all(isinstance(one, _PLAIN) for one in self.values()):
            return worked_out(self, *keys, **named_keys)
        spelling = repr(self)
        if spelling not in known:
            known[spelling] = worked_out(self)
        return known[spelling]

    IDDict.to_id = to_id  # type: ignore[method-assign] # GX makes these itself, of this class


_PLAIN = (str, int, float, type(None))
_known_ids()


class ExpectNoRows(gxe.UnexpectedRowsExpectation):
    """A query that must find nothing: counted once, its rows not fetched."""

    metric_dependencies = (_ROW_COUNT,)

    @pydantic.validator("unexpected_rows_query")
    def _validate_query(cls, query: str) -> str:  # noqa: N805 -- pydantic validators get the class
        """Take the query as it is: it names its tables itself."""
        return query

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002 -- GX's signature
        execution_engine: object = None,  # noqa: ARG002 -- GX's signature
    ) -> dict[str, Any]:
        count = metrics[_ROW_COUNT]
        return {"success": count == 0, "result": {"observed_value": count}}


_Between = _configured_once(gxe.ExpectColumnValuesToBeBetween)
_InOrder = _configured_once(gxe.ExpectColumnPairValuesAToBeGreaterThanB)
_NoRows = _configured_once(ExpectNoRows)
_NotNull = _configured_once(gxe.ExpectColumnValuesToNotBeNull)
_OneOf = _configured_once(gxe.ExpectColumnValuesToBeInSet)
_Unique = _configured_once(gxe.ExpectColumnValuesToBeUnique)
_UniqueTogether = _configured_once(gxe.ExpectCompoundColumnsToBeUnique)


def expectation(  # noqa: PLR0911 -- one return for each form
    check: Check,
) -> Expectation:
    """The ``gxe`` expectation of a check, with severity and meta.

    Raises:
        AssertionError: the check's form is none of ``expectations.checks``.
    """
    common: dict[str, Any] = {
        "severity": check.severity,
        "meta": {
            "name": check.name,
            "guards": check.guards,
            "severity": check.severity,
            "en": check.en,
            "zh": check.zh,
        },
    }
    match check.form:
        case NotNull(column):
            return _NotNull(column=column, **common)
        case OneOf(column, values):
            return _OneOf(column=column, value_set=list(values), **common)
        case Between(column, low, high):
            return _Between(column=column, min_value=low, max_value=high, **common)
        case InOrder(earlier, later):
            return _InOrder(
                column_A=later,
                column_B=earlier,
                or_equal=True,
                ignore_row_if="either_value_is_missing",
                **common,
            )
        case Unique((column,)):
            return _Unique(column=column, **common)
        case Unique(columns):
            return _UniqueTogether(
                column_list=list(columns), ignore_row_if="any_value_is_missing", **common
            )
        case NoRows(query=query):
            return _NoRows(unexpected_rows_query=query, **common)
        case never:
            assert_never(never)


@dataclass(frozen=True)
class Judgement:
    """What Great Expectations says of one check: how many rows break it, and in its words.

    ``rows``: of the table, where it counted them.
    """

    success: bool
    unexpected_count: int
    document: dict[str, Any]
    rows: int | None


class _Context(EphemeralDataContext):
    """A context in memory that is never written down, not even to itself.

    GX would put all of it into YAML for each table it learns of: an eighth of all its time.
    """

    def _save_project_config(self) -> None:
        """Nothing reads it again."""


def context() -> EphemeralDataContext:
    """A context in memory: nothing is written and nothing is sent."""
    held = _Context(
        project_config=DataContextConfig(
            # Without this the context makes a folder for a docs site among temporary files.
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        )
    )
    set_context(held)
    return held


class Judge:
    """Judges suites on one DuckDB connection.

    ``connect`` gives a cursor of the one connection; a judge takes one a schema and closes it.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        """Set up a context in memory; nothing is written and nothing is sent."""
        self._connect = connect
        self._context = context()
        self._datasources: dict[str, WarehouseDatasource] = {}
        self._batches: dict[str, BatchDefinition[Any]] = {}

    def _datasource(self, schema: str) -> WarehouseDatasource:
        if schema not in self._datasources:
            self._datasources[schema] = self._context.data_sources.add_duckdb(
                name=schema,
                warehouse_schema=schema,
                connection_string="duckdb+warehouse://",
                kwargs={
                    "creator": lambda: duckdb_engine.ConnectionWrapper(self._connect()),
                    "poolclass": sa.pool.StaticPool,
                },
            )
        return self._datasources[schema]

    def judge(self, suite: Suite, checks: tuple[Check, ...]) -> dict[str, Judgement]:
        """Judge ``checks`` of ``suite`` on its table; check name to judgement.

        Raises:
            CheckFailedToRunError: a check's query or metric raised; names table and check.
        """
        if suite.table not in self._batches:
            schema, table = suite.table.split(".")
            asset = self._datasource(schema).add_table_asset(name=table)
            self._batches[suite.table] = asset.add_batch_definition_whole_table("all")
            engine = self._datasource(schema).get_execution_engine()
            assert isinstance(engine, WarehouseEngine)  # noqa: S101 -- the datasource's own
            forms = [check.form for check in suite.checks if isinstance(check.form, NoRows)]
            engine.alike |= {form.query: form.alike for form in forms if form.alike}
        batch = self._batches[suite.table].get_batch()
        validated = batch.validate(
            gx.ExpectationSuite(
                name=suite.table, expectations=[expectation(check) for check in checks]
            ),
            result_format="BASIC",
        )
        return dict(judgement(suite, result) for result in validated.results)

    def close(self) -> None:
        """Give the cursors back; the connection they came from stays open."""
        for datasource in self._datasources.values():
            engine = datasource.get_execution_engine()
            engine.close()
            engine.engine.dispose()


def judgement(suite: Suite, result: ExpectationValidationResult) -> tuple[str, Judgement]:
    """A check's name and what became of it."""
    config = result.expectation_config
    assert config is not None  # noqa: S101 -- for the type checker; GX always sets it
    name = config.meta["name"]
    raised = _exceptions(result.exception_info or {})
    if raised:
        message = f"The check {name} of {suite.table} could not run: {raised[0]}"
        raise CheckFailedToRunError(message)
    found = result.result
    count = found["observed_value" if "observed_value" in found else "unexpected_count"]
    rows = found.get("element_count")
    return name, Judgement(bool(result.success), int(count or 0), document(result), rows)


def _exceptions(info: dict[str, Any]) -> list[str]:
    """The messages in GX's exception info, which is flat for an expectation, nested for metrics."""
    parts = [info] if "raised_exception" in info else [p for p in info.values() if p]
    return [str(part["exception_message"]) for part in parts if part.get("raised_exception")]
