"""The folder of a run at the warehouse URI: files brought there, fetched, removed.

Spark's own file systems do it, so that whatever the cluster can store on (a shared folder, HDFS,
object storage) will do, with the rights and settings the cluster has.

Belongs here: moving files. Does not belong here: what is in them (``cluster``).
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from py4j.protocol import Py4JJavaError

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_DRIVE: Final = re.compile(r"/[A-Za-z]:")
_NAME: Final = re.compile(r"sla-[0-9a-f]{32}")


class Storage:
    """A folder of one run, ``sla-…`` below the URI that ``--warehouse`` names.

    A URI without a scheme is a folder of this machine, which the workers must see as well.
    """

    def __init__(self, spark: SparkSession, warehouse: str) -> None:
        """Name a new folder; nothing is made before something is put there."""
        self._spark = spark
        self.root = _with_scheme(warehouse)
        self.folder = f"{self.root}/sla-{uuid.uuid4().hex}"

    def make(self) -> None:
        """Make the folder.

        Raises:
            UsageError: it cannot be made, with the file system's reason, or has signs in its name
                that Spark takes for a pattern.
        """
        if signs := sorted(set("[]{}*?").intersection(self.root)):
            message = (
                f"--warehouse {self.root} has {' '.join(signs)} in its name, which Spark takes for "
                "a pattern. Name a folder without."
            )
            raise UsageError(message)
        try:
            path = self._path(self.folder)
            reason = "" if self._system(path).mkdirs(path) else "it cannot be made"
        except Py4JJavaError as error:
            reason = error.java_exception.toString()
        if reason:
            message = (
                f"--warehouse {self.root} cannot be written to: {reason}. Name a folder or object "
                "storage that this machine and all workers reach; for object storage Spark needs "
                "its connector and access (pipelines/spark/README.md)."
            )
            raise UsageError(message)

    def path(self, table: str) -> str:
        """Where the Parquet files of ``schema.table`` lie."""
        return f"{self.folder}/{table.replace('.', '/')}"

    @property
    def here(self) -> Path | None:
        """The folder as this machine sees it, where it is one of its own."""
        scheme, _, path = self.folder.partition(":")
        if scheme != "file":
            return None
        path = f"/{path.lstrip('/')}"
        return Path(path.lstrip("/") if _DRIVE.match(path) else path)

    def put(self, file: Path, table: str) -> None:
        """Move a Parquet file of this machine to where ``table`` lies."""
        target = self._path(f"{self.path(table)}/{file.name}")
        # The source goes, a file of that name is replaced.
        self._system(target).copyFromLocalFile(True, True, self._path(_file(file)), target)  # noqa: FBT003 - Java has no names

    def fetch(self, table: str, folder: Path) -> Path:
        """The files of ``table`` on this machine: where they are, or copied below ``folder``."""
        if self.here:
            return self.here.joinpath(*table.split("."))
        source, target = self._path(self.path(table)), folder / table
        self._system(source).copyToLocalFile(False, source, self._path(_file(target)), True)  # noqa: FBT003 - as above
        return target

    def remove(self, folder: str | None = None) -> None:
        """Remove the folder, or that of an earlier run under the same URI; no other folder."""
        folder = folder or self.folder
        root, _, name = folder.rpartition("/")
        if root == self.root and _NAME.fullmatch(name):
            self._delete(folder)

    def remove_part(self, name: str) -> None:
        """Remove what lies in the folder under ``name``."""
        self._delete(f"{self.folder}/{name}")

    def _delete(self, uri: str) -> None:
        path = self._path(uri)
        self._system(path).delete(path, True)  # noqa: FBT003 - as above

    def _path(self, uri: str) -> Any:  # noqa: ANN401 - a Java object
        return self._jvm.org.apache.hadoop.fs.Path(uri)

    def _system(self, path: Any) -> Any:  # noqa: ANN401 - Java objects
        return path.getFileSystem(self._spark.sparkContext._jsc.hadoopConfiguration())  # noqa: SLF001 - PySpark has no other way

    @property
    def _jvm(self) -> Any:  # noqa: ANN401 - a Java object
        return self._spark._jvm  # noqa: SLF001 - as above


def _with_scheme(uri: str) -> str:
    uri = uri.rstrip("/") or "/"
    is_named = len(urlsplit(uri).scheme) > 1  # one letter is a drive
    return uri if is_named else _file(Path(uri))


def _file(path: Path) -> str:
    """A path as Hadoop names it: nothing in it is escaped."""
    return f"file:///{path.absolute().as_posix().lstrip('/')}"
