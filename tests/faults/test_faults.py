"""Whatever happens to a run: the last result stays whole, the next run needs no help.

Each fault is brought on while changed exports are run over a good result. Until a run succeeds,
OUT shows that result to the byte; then it shows what a run shows to which nothing ever happened.
"""

from __future__ import annotations

import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pipelines.progress import STEPS

if sys.platform == "win32":
    pytest.skip("Windows has no SIGKILL and no fork", allow_module_level=True)

from tests.faults import runs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

HEADER = (
    "ticket_id,customer_id,customer_type,city,service_code,fault_level,category,opened_at,"
    "responded_at\n"
)


def write_tickets(folder: Path, count: int) -> None:
    """So many faults of level 3, each answered an hour of service after it was opened."""
    lines = [
        f"T{n},C1,end_customer,成都,SASL012,3,fault,2025-03-{n:02} 10:00,2025-03-{n:02} 11:00\n"
        for n in range(1, count + 1)
    ]
    folder.mkdir(exist_ok=True)
    (folder / "tickets.csv").write_text(HEADER + "".join(lines), encoding="utf-8")


class World(NamedTuple):
    """Exports that changed since the result in ``out``, and the results before and after."""

    exports: Path
    out: Path
    before: Any
    after: Any


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The two results, each by a run to which nothing happened."""
    folder = tmp_path_factory.mktemp("faults")
    exports, out, undisturbed = folder / "exports", folder / "out", folder / "undisturbed"
    write_tickets(exports, 3)
    assert runs.finish(exports, out) == 0
    shutil.copytree(out, undisturbed)
    write_tickets(exports, 5)
    assert runs.finish(exports, undisturbed) == 0
    before, after = runs.seen(out), runs.seen(undisturbed)
    assert [len(rows["facts.responses"]) for _, rows in (before, after)] == [3, 5]
    return World(exports, out, before, after)


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """The same, in an OUT of the test's own."""
    shutil.copytree(made.out, tmp_path / "out")
    return made._replace(out=tmp_path / "out")


def test_killed_at_the_beginning_of_any_step_the_last_result_stays(world: World) -> None:
    for step in STEPS:
        assert runs.finish(world.exports, world.out, ("killed at", step)) == -signal.SIGKILL
        assert runs.seen(world.out) == world.before, f"killed at {step}"
    assert runs.finish(world.exports, world.out) == 0
    assert runs.seen(world.out) == world.after


def test_of_two_runs_at_once_one_goes_on_and_counts_once(world: World) -> None:
    gates = (runs.PROCESSES.Event(), runs.PROCESSES.Event())
    first = runs.start(world.exports, world.out, ("held", gates))
    assert gates[0].wait(60)
    assert runs.finish(world.exports, world.out) == runs.BUSY
    assert runs.seen(world.out) == world.before
    gates[1].set()
    first.join()
    assert first.exitcode == 0
    assert runs.seen(world.out) == world.after


def test_a_reader_keeps_what_it_reads_while_a_run_replaces_it(world: World) -> None:
    with runs.reading(world.out) as con:
        con.execute("begin")
        assert runs.tables(con) == world.before[1]
        assert runs.finish(world.exports, world.out) == 0
        assert runs.tables(con) == world.before[1]
    assert runs.seen(world.out) == world.after
