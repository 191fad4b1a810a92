"""Whatever happens to a run: the last result stays whole, the next run needs no help.

Each fault is brought on while changed exports are run over a good result. Until a run succeeds,
OUT shows that result to the byte; then it shows what a run shows to which nothing ever happened,
and nothing else is left of what went before.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pipelines import publish
from pipelines.progress import STEPS
from pipelines.run import history
from pipelines.warehouse import open_reader

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
YEAR = 365 * 24 * 3600.0
RANDOM_MOMENTS = 4
DISK_FULL = re.compile(
    r"^sla: (The disk under --out is full, or fails|The warehouse could not be closed: .* disk is "
    r"full)\b.*\. Free some space and run again; nothing of this run was published, the last "
    r"result is as it was\.$",
    re.MULTILINE,
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
    seconds: float
    """How long an undisturbed run takes."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The two results, each by a run to which nothing happened."""
    folder = tmp_path_factory.mktemp("faults")
    exports, out, undisturbed = folder / "exports", folder / "out", folder / "undisturbed"
    write_tickets(exports, 3)
    assert runs.finish(exports, out).status == 0
    shutil.copytree(out, undisturbed)
    write_tickets(exports, 5)
    began = time.monotonic()
    assert runs.finish(exports, undisturbed).status == 0
    seconds = time.monotonic() - began
    before, after = runs.seen(out), runs.seen(undisturbed)
    assert [len(rows["facts.responses"]) for _, rows in (before, after)] == [3, 5]
    return World(exports, out, before, after, seconds)


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    """The same, in an OUT of the test's own."""
    shutil.copytree(made.out, tmp_path / "out")
    return made._replace(out=tmp_path / "out")


def repaired(world: World) -> runs.Ended:
    """Run once more, with nobody's help: the result is the new one, and nothing else is left."""
    ended = runs.finish(world.exports, world.out)
    assert ended.status == 0, ended.said
    assert runs.seen(world.out) == world.after
    assert runs.left(world.out) == {".dagster", publish.LOCK, publish.PUBLISHED}
    return ended


def test_killed_at_the_beginning_of_any_step_the_last_result_stays(world: World) -> None:
    for step in STEPS:
        ended = runs.finish(world.exports, world.out, ("killed at", step))
        assert ended.status == -signal.SIGKILL
        assert runs.seen(world.out) == world.before, f"killed at {step}"
    assert repaired(world).said.startswith(
        "The last run was ended before its result was whole; what it had built is thrown away.\n"
    )
    with history(world.out) as instance:
        found = [run.status.value for run in instance.get_runs()]
    assert found == ["SUCCESS", *["FAILURE"] * len(STEPS), "SUCCESS"], "none looks as if under way"


def test_killed_at_random_moments_the_next_run_repairs(world: World) -> None:
    chance = random.Random(8)  # noqa: S311 - the same moments every time, no secret
    for _ in range(RANDOM_MOMENTS):
        delay = chance.uniform(0, world.seconds)
        process = runs.start(world.exports, world.out)
        process.join(delay)
        process.kill()
        process.join()
        open_reader(world.out / "warehouse.duckdb").close()  # finishes what was whole
        assert runs.seen(world.out) in (world.before, world.after), f"killed after {delay} s"
    repaired(world)


def test_killed_among_the_moves_each_file_is_whole_and_the_next_reader_finishes(
    world: World,
) -> None:
    for number in (2, len(world.after[0])):
        ended = runs.finish(world.exports, world.out, ("killed at move", number))
        assert ended.status == -signal.SIGKILL
        now, rows = runs.seen(world.out)
        assert now.keys() >= world.before[0].keys() & world.after[0].keys()
        for name, content in now.items():
            assert content in (world.before[0].get(name), world.after[0].get(name)), name
        assert rows in (world.before[1], world.after[1])
        open_reader(world.out / "warehouse.duckdb").close()
        assert runs.seen(world.out) == world.after
    repaired(world)


def test_a_disk_that_fills_up_leaves_the_last_result(world: World) -> None:
    for step in ("exports", "checks", "publish"):
        ended = runs.finish(world.exports, world.out, ("disk full from", step))
        assert ended.status == 1
        assert DISK_FULL.search(ended.said), ended.said
        assert runs.seen(world.out) == world.before, f"full from {step}"
    repaired(world)


def test_a_warehouse_that_cannot_grow_leaves_the_last_result(world: World) -> None:
    size = (world.out / "warehouse.duckdb").stat().st_size
    ended = runs.finish(world.exports, world.out, ("no file over", size // 2))
    assert ended.status == 1
    assert DISK_FULL.search(ended.said), ended.said
    assert runs.seen(world.out) == world.before
    repaired(world)


def test_of_two_runs_at_once_one_goes_on_and_counts_once(world: World) -> None:
    gates = (runs.PROCESSES.Event(), runs.PROCESSES.Event())
    first = runs.start(world.exports, world.out, ("held", gates))
    assert gates[0].wait(60)
    second = runs.finish(world.exports, world.out)
    assert second.status == 1
    assert f"Another run is working on {world.out} (process {first.pid}, started" in second.said
    assert runs.seen(world.out) == world.before
    gates[1].set()
    assert runs.end(first, world.out).status == 0
    assert runs.seen(world.out) == world.after


def test_a_reader_keeps_what_it_reads_while_a_run_replaces_it(world: World) -> None:
    with runs.reading(world.out) as con:
        con.execute("begin")
        assert runs.tables(con) == world.before[1]
        assert runs.finish(world.exports, world.out).status == 0
        assert runs.tables(con) == world.before[1]
    assert runs.seen(world.out) == world.after


@pytest.mark.parametrize("seconds", [YEAR, -YEAR], ids=["forward", "back"])
def test_a_clock_that_jumps_changes_nothing(world: World, seconds: float) -> None:
    moment = time.time() + seconds
    for path in (world.exports / "tickets.csv", *world.out.rglob("*.html")):
        os.utime(path, (moment, moment))
    ended = runs.finish(world.exports, world.out, ("clock jumps", seconds))
    assert ended.status == 0, ended.said
    assert runs.seen(world.out) == world.after
    took = re.findall(r"^\w+ +(-?[\d.]+) s  ", ended.said, re.MULTILINE)
    assert len(took) == len(STEPS)
    assert all(0 <= float(each) < YEAR for each in took), "no duration is of the clock on the wall"
