"""No room for the list of a finished result: nothing is published, the next run is as any other."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from pipelines import publish
from tests.test_publish import NEW, OLD, put, visible

if TYPE_CHECKING:
    from pathlib import Path

# Builds a result in argv[1], and may write no further byte to any file when it publishes it.
FULL = textwrap.dedent(
    """
    import errno, pathlib, resource, sys
    from pipelines import publish

    out = pathlib.Path(sys.argv[1])
    try:
        with publish.only_run(out) as building:
            (building / "warehouse.duckdb").write_text("half a result")
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            publish.publish(out)
    except OSError as error:
        sys.exit(3 if error.errno == errno.EFBIG else 4)
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_without_room_nothing_is_published_and_the_next_run_needs_no_help(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    run = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], check=False)
    assert run.returncode == 3, "it met the limit"
    assert visible(tmp_path) == OLD
    assert not (tmp_path / publish.BUILDING).exists()
    put(tmp_path, NEW)
    assert visible(tmp_path) == NEW
