"""Builds the models and judges the suites of a run on Spark.

What is staged, the terms and the clocks are carried over once, as Parquet. Each model is built by
Spark from Parquet to Parquet. What somebody reads after the run comes home into the warehouse
file; tables that only other models read (``materialized: scratch``) stay where they are.

Belongs here: what is done on the cluster, in which order. Does not belong here: the session
(``session``), where files lie (``storage``), how a select is said in Spark's SQL (``dialect``).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql.types import DataType
from sqlglot import exp

from pipelines import warehouse
from pipelines.checks import validation
from pipelines.errors import DataError, UsageError
from pipelines.exports.quoting import literal
from pipelines.publish import SPARK_TABLES
from pipelines.spark.dialect import UntranslatableError, spark_type, translated
from pipelines.spark.session import java_reason, open_session, words_of
from pipelines.spark.steps import computed_once, read_as_views, view_name
from pipelines.spark.storage import Storage
from pipelines.warehouse import models

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from pipelines.warehouse.models import Model

STEPS: Final = "once"
"""Where in the run's folder the steps lie that a model computes once."""


class Cluster:
    """A Spark session and the tables it holds for one run.

    Stands where the validator stands in a run on one machine: it is asked to judge, and answers.
    """

    def __init__(self, spark: SparkSession, uri: str, *, is_ours: bool = False) -> None:
        """Hold tables under ``uri``; the session is stopped at the end where it ``is_ours``."""
        self.spark = spark
        self._is_ours = is_ours
        self.storage = Storage(spark, uri)
        self._types: dict[str, dict[str, str]] = {}
        self._asked: tuple[Path, str | None, Path] | None = None
        self._is_kept = False
        self._replaced: str | None = None

    @classmethod
    def start(cls, master: str, uri: str) -> Self:
        """Open a session on ``master`` and hold tables under ``uri``.

        Raises:
            UsageError: PySpark or Java is missing, ``master`` does not answer, or nothing can be
                written under ``uri``.
        """
        cluster = cls(open_session(master), uri, is_ours=True)
        try:
            cluster.storage.make()
        except UsageError:
            cluster.spark.stop()
            raise
        return cluster

    def build(self, con: duckdb.DuckDBPyConnection, model: Model) -> None:
        """Build one table or view on the cluster; it comes home unless only models read it.

        Raises:
            DataError: Spark refused, with its reason.
        """
        if not self._types:
            self._carry_over(con)
        models.run_model(con, model, without_rows=not model.is_view)
        columns = _columns(con, model.name)
        try:
            frame = self._typed(self._translated(model), columns)
            if model.is_view:
                frame.createOrReplaceTempView(view_name(model.name))
            else:
                self._write(model.name, frame, view_name(model.name))
        except (PySparkException, UntranslatableError) as error:
            message = f"{model.name} could not be built on Spark ({model.path}): {words_of(error)}"
            raise DataError(message) from error
        except (Py4JError, ConnectionError) as error:
            message = f"{model.name} could not be built on Spark: {self._failed(error)}"
            raise DataError(message) from None
        self._types[model.name] = columns
        if not model.is_view and not model.is_scratch:
            self._bring_home(con, model)

    @property
    def is_asked(self) -> bool:
        """Whether the tables are whole and to be judged."""
        return self._asked is not None

    def ask(self, file: Path, memory_limit: str | None, spill: Path) -> None:
        """Say that the tables are whole; samples of failing rows are read from the file."""
        self._asked = (file, memory_limit, spill)

    def answer(self) -> list[validation.CheckResult]:
        """What every check found; Great Expectations judges here, on Spark."""
        from expectations.on_spark import Judge  # noqa: PLC0415 - takes seconds

        assert self._asked is not None  # noqa: S101 - the order of a run
        self._list_columns()
        judge = Judge(lambda table: self.spark.table(view_name(table)), _asked)
        with contextlib.closing(warehouse.open_beside(*self._asked)) as con:
            return validation.validate(con, judge=judge)

    def record(self, building: Path, out: Path) -> None:
        """Write into the build where its tables lie; remember where those of OUT do."""
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            known = json.loads((out / SPARK_TABLES).read_text(encoding="utf-8"))
            self._replaced = str(known["folder"])
        self.storage.remove_part(STEPS)
        said = {"folder": self.storage.folder}
        (building / SPARK_TABLES).write_text(json.dumps(said) + "\n", encoding="utf-8")
        self._is_kept = True

    def forget_replaced(self) -> None:
        """The result is published: the tables of the one before it go."""
        if self._replaced:
            self.storage.remove(self._replaced)

    def close(self) -> None:
        """End the session; tables that no result names go.

        In a thread of its own, which has a connection to Java of its own: who is interrupted in
        the middle of a call leaves the other one out of step.
        """
        with ThreadPoolExecutor(1, "end-spark") as thread:
            thread.submit(self._end).result()

    def _end(self) -> None:
        # Where Java has ended there is nothing to cancel, and why it did was said before.
        if not self._is_kept:
            with contextlib.suppress(Py4JError, OSError):
                self.spark.sparkContext.cancelAllJobs()
                self.storage.remove()
        if self._is_ours:
            with contextlib.suppress(Py4JError, OSError):
                self.spark.stop()
            if not self._is_kept and self.storage.here:  # what a cancelled job still wrote
                shutil.rmtree(self.storage.here, ignore_errors=True)

    def _failed(self, error: Exception) -> str:
        """Why Java did not do as it was asked, and what to do."""
        if not isinstance(error, Py4JJavaError):
            return (
                "its driver, a process of Java, has ended. Mostly its memory was not enough: give "
                "it more (spark.driver.memory) and run again. The last result is as it was."
            )
        reason = java_reason(error)
        if "No space left" in reason:
            return (
                f"the disk under --warehouse {self.storage.root} or spark.local.dir is full. Free "
                "some space and run again. The last result is as it was."
            )
        return f"{reason}. See the log of the cluster. The last result is as it was."

    def _carry_over(self, con: duckdb.DuckDBPyConnection) -> None:
        """Bring every table there is, as Parquet, to where Spark reads it."""
        found = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "where database_name = current_database() and not temporary order by all"
        ).fetchall()
        built = {model.name for model in models.load_models()}
        with tempfile.TemporaryDirectory(prefix="sla-") as temporary:
            for (table,) in found:
                if table in built:
                    continue
                file = Path(temporary) / "part-0.parquet"
                if here := self.storage.here:
                    file = here.joinpath(*table.split("."), file.name)
                    file.parent.mkdir(parents=True)
                con.execute(
                    f"copy {table} to {literal(str(file))} (format parquet, compression zstd)"
                )
                if not here:
                    self.storage.put(file, table)
                columns = _columns(con, table)
                schema = ", ".join(f"`{name}` {spark_type(kind)}" for name, kind in columns.items())
                self._read(table, schema, view_name(table))
                self._types[table] = columns

    def _translated(self, model: Model) -> str:
        """A model in Spark's SQL; the steps it computes once are written first."""
        once, rest = computed_once(read_as_views(_select(model.sql)), view_name(model.name))
        for view, step in once.items():
            # Written and not cached: a plan that names a cached step still holds the whole of it.
            self._write(f"{STEPS}.{view}", self.spark.sql(translated(step, is_ordered=False)), view)
        return translated(rest, is_ordered=False)

    def _bring_home(self, con: duckdb.DuckDBPyConnection, model: Model) -> None:
        """Copy a table into the warehouse file, in an order that is always the same."""
        with tempfile.TemporaryDirectory(prefix="sla-") as temporary:
            files = self.storage.fetch(model.name, Path(temporary)) / "*.parquet"
            con.execute(
                f"insert into {model.place} by name "  # noqa: S608 - our names
                f"select * from read_parquet({literal(str(files))}, hive_partitioning = false)"
                " order by all"
            )

    def _typed(self, select: str, columns: dict[str, str]) -> DataFrame:
        """Spark's select with the types DuckDB gives its columns."""
        cast = ", ".join(
            f"cast(`{name}` as {spark_type(kind)}) as `{name}`" for name, kind in columns.items()
        )
        return self.spark.sql(f"select {cast} from ({select})")  # noqa: S608 - our names

    def _write(self, table: str, frame: DataFrame, view: str) -> None:
        frame.write.parquet(self.storage.path(table))
        self._read(table, frame.schema, view)

    def _read(self, table: str, schema: StructType | str, view: str) -> None:
        """Let Spark's selects find the files of ``table`` under the name ``view``."""
        # With the schema said, no file is opened before it is read.
        frame = self.spark.read.schema(schema).parquet(self.storage.path(table))
        frame.createOrReplaceTempView(view)

    def _list_columns(self) -> None:
        """Give Spark ``information_schema.columns``, which it lacks, of what it really has."""
        kinds = {kind for columns in self._types.values() for kind in columns.values()}
        ours = {DataType.fromDDL(spark_type(kind)).simpleString(): kind for kind in sorted(kinds)}
        database = self.spark.catalog.currentDatabase()
        rows = [
            (database, *table.split("."), field.name, ours.get(said, said.upper()))
            for table in self._types
            for field in self.spark.table(view_name(table)).schema.fields
            for said in [field.dataType.simpleString()]
        ]
        names = ("table_catalog", "table_schema", "table_name", "column_name", "data_type")
        listed = pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
        frame = self.spark.createDataFrame(listed)
        frame.createOrReplaceTempView(view_name("information_schema.columns"))


def _asked(sql: str) -> str:
    """A check's query in Spark's SQL."""
    return translated(read_as_views(_select(sql)), is_ordered=False)


def _select(sql: str) -> exp.Query:
    tree = models.parsed(sql)
    if not isinstance(tree, exp.Query):
        message = f"only a select can be translated: {sql[:200]}"
        raise UntranslatableError(message)
    return tree


def _columns(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Column to type, in order."""
    found = con.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name || '.' || table_name = $1 order by column_index",
        [table],
    )
    return dict(found.fetchall())
