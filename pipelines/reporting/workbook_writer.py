"""A workbook of many cells, written by a process of its own while the run goes on.

Writing takes Python 20 µs a cell, ten seconds for finance's largest workbook, in which the pages
of the report can be made on another core. The tables go in and the bytes come out through pipes:
a killed run leaves nothing that still writes. What the process cannot do is done here instead.

Belongs here: that process. Does not belong here: how a sheet is written (``dashboards.workbook``)
or which ones there are.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dashboards.workbook import Table, book_of
from pipelines import own_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from dashboards.language import Text

#: With fewer cells the process would start up longer than it writes.
WORTH_A_PROCESS: Final = 50_000


@contextmanager
def written_beside(
    title: Text, as_of: datetime, tables: Sequence[Table]
) -> Iterator[Callable[[], bytes]]:
    """The workbook's bytes, once they are asked for; until then it is written beside the block."""
    cells = sum(len(table.columns) * len(table.rows) for table in tables)
    process = _started() if cells >= WORTH_A_PROCESS else None
    if process is None:
        yield lambda: book_of(title, as_of, tables)
        return
    with process, ThreadPoolExecutor(1) as beside:
        answer = beside.submit(process.communicate, pickle.dumps((title, as_of, tables)))

        def content() -> bytes:
            written, _ = answer.result()
            return written if written and not process.returncode else book_of(title, as_of, tables)

        try:
            yield content
        finally:
            process.kill()


def _started() -> subprocess.Popen[bytes] | None:
    try:
        return subprocess.Popen(  # noqa: S603 - this module
            own_process.command(__name__),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=own_process.environment(),
        )
    except OSError:
        return None


def _main() -> None:
    title, as_of, tables = pickle.load(sys.stdin.buffer)  # noqa: S301 - what written_beside sends
    sys.stdout.buffer.write(book_of(title, as_of, tables))


if __name__ == "__main__":
    _main()
