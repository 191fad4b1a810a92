"""From a finished build to what people see, whole or not at all.

A run builds in ``OUT/.building`` and touches nothing else. Once everything is there, the list
of its files is written to ``OUT/.building/READY`` (by rename, so it is there whole or not at
all), and from then on the new result counts: each file replaces its predecessor by a rename,
files of the last result that have no successor go, and the list itself becomes
``OUT/.published.json``. A run that finds READY finishes that work; one that finds a build
without it throws the build away. Either way every step can be repeated, so a process may be
killed between any two of them; then OUT holds whole files of either result until the next run,
or the next command that reads the warehouse, has moved the rest.

Belongs here: the lock on OUT and the moves. Does not belong here: what is built (``run``).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pipelines.errors import BusyError, DataError, SlaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

BUILDING: Final = ".building"
READY: Final = "READY"
PUBLISHED: Final = ".published.json"
LOCK: Final = ".lock"
SPILL: Final = "spill"
"""Folder inside the build where the database may put what does not fit in memory."""
SPARK_TABLES: Final = "tables.json"
"""The file of OUT that says where the Parquet tables of a result that Spark made lie."""

_LOCKED_BYTE: Final = 1 << 30  # far behind the text: Windows forbids reading a locked byte


@contextlib.contextmanager
def only_run(
    out: Path, wait_seconds: float = 0, tell: Callable[[str], None] = lambda _: None
) -> Iterator[Path]:
    """Hold OUT for one run and give the empty folder to build in.

    A run that holds OUT already is waited for, ``wait_seconds`` at most.

    The lock is the operating system's: it ends with its process, however that ends. What a
    killed run left is finished or thrown away first, and ``tell`` is told which. When the block
    ends, published or not, the build folder is gone.

    Raises:
        UsageError: OUT is no folder or cannot be written to.
        BusyError: another run holds OUT.
        DataError: what a killed run left cannot be moved or thrown away.
    """
    _make_folder(out)
    with _open_lock(out) as lock:
        _wait_for(lock, out, wait_seconds)
        repaired = repair(out)
        if repaired:
            tell(repaired)
        building = out / BUILDING
        building.mkdir()
        try:
            yield building
        finally:
            if not (building / READY).exists():
                shutil.rmtree(building, ignore_errors=True)


def publish(out: Path) -> None:
    """Make the build in ``OUT/.building`` the result of OUT.

    Raises:
        DataError: a file cannot be replaced (open in another program on Windows, say). The
            result is whole and waits; the next run moves it first. Or the warehouse could not
            be closed, and nothing is published.
    """
    building = out / BUILDING
    shutil.rmtree(building / SPILL, ignore_errors=True)
    leftover = building / "warehouse.duckdb.wal"
    if leftover.exists():
        message = (
            f"The warehouse could not be closed: changes are left in {leftover}, as when the disk "
            "is full. Free some space and run again; nothing of this run was published, the last "
            "result is as it was."
        )
        raise DataError(message)
    files = sorted(
        path.relative_to(building).as_posix() for path in building.rglob("*") if path.is_file()
    )
    draft = building / f"{READY}.draft"
    with draft.open("w", encoding="utf-8") as stream:
        json.dump(files, stream, indent=0)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(building / READY)
    _finish(out)


def copy_result(out: Path, building: Path) -> None:
    """Start the build from the last result, for a run that renews only part of it."""
    for name in sorted(_published(out)):
        if (out / name).is_file():
            (building / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(out / name, building / name)


def settle(out: Path) -> None:
    """Before OUT is read: finish the moves of a killed run, where that can be done.

    Where it cannot, as without the right to write or while a run is at it, what is there is read:
    each file is whole, of the last result or of the new one.
    """
    if (out / BUILDING / READY).is_file():
        with contextlib.suppress(SlaError, OSError), only_run(out):
            pass


def repair(out: Path) -> str | None:
    """Finish a result that was whole when its run was killed, or clear away one that was not.

    Returns what was done, in words; None if the last run left nothing to do.
    """
    building = out / BUILDING
    if (building / READY).is_file():
        _finish(out)
        return "The last run ended before its result was in place; now it is."
    if not building.exists():
        return None
    try:
        shutil.rmtree(building)
    except OSError as error:
        message = (
            f"The last run was ended before its result was whole, and what it had built cannot be "
            f"thrown away ({error.strerror}: {error.filename}). End what still has it open, or "
            f"remove {building} yourself, and run again. The last result is as it was."
        )
        raise DataError(message) from error
    return "The last run was ended before its result was whole; what it had built is thrown away."


def _finish(out: Path) -> None:
    """Move what READY lists, remove what it no longer lists, keep the list; repeatable."""
    building = out / BUILDING
    files: list[str] = json.loads((building / READY).read_text(encoding="utf-8"))
    waiting = [name for name in files if (building / name).exists()]  # the others were moved
    gone = sorted(_published(out) - set(files))
    with _said_if_held(building):
        _check_free(out / name for name in (*waiting, *gone))
        for name in waiting:
            (out / name).parent.mkdir(parents=True, exist_ok=True)
        for name in waiting:
            target = out / name
            if target.suffix == ".duckdb":
                # Changes someone left beside the old warehouse would be read into the new one.
                target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
            (building / name).replace(target)
        for name in gone:
            _remove(out, name)
    (building / READY).replace(out / PUBLISHED)
    shutil.rmtree(building, ignore_errors=True)


def _check_free(targets: Iterable[Path]) -> None:
    """Move nothing while one file is held: Windows does not rename what is open, even to itself.

    So a workbook left open in Excel does not leave half of the pages new.
    """
    for target in targets:
        if target.exists():
            target.rename(target)


@contextlib.contextmanager
def _said_if_held(building: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        held = error.filename2 or error.filename
        message = (
            f"The new result is complete but {held} cannot be replaced ({error.strerror}). Close "
            f"whatever has it open and run again: the result waits in {building} and is put in "
            "place first."
        )
        raise DataError(message) from error


def _remove(out: Path, name: str) -> None:
    """Remove a file of the last result, and the folders it leaves empty."""
    (out / name).unlink(missing_ok=True)
    for parent in (out / name).parents:
        if parent == out or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()


def _published(out: Path) -> set[str]:
    """The files the last result put into OUT; nothing else of OUT is ever removed."""
    try:
        return set(json.loads((out / PUBLISHED).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):  # none yet, or a disk that lost what was on it
        return set()


def _make_folder(out: Path) -> None:
    place = str(out.absolute())
    if "?" in place or unquote(place) != place:
        message = (
            f"--out {out}: a folder with ? in its path, or with % and two digits, cannot hold a "
            "result: the libraries that write it read these signs as something else. Name another."
        )
        raise UsageError(message)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        message = f"--out {out} is a file. Name a folder; it is made when it is not there."
        raise UsageError(message) from error
    except OSError as error:
        raise _unwritable(out, error) from error


def _open_lock(out: Path) -> TextIO:
    try:
        return (out / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> UsageError:
    return UsageError(
        f"--out {out} cannot be written to ({error.strerror}). "
        "Name a folder you may write in, or change its rights."
    )


def _wait_for(lock: TextIO, out: Path, seconds: float) -> None:
    """Take the lock, trying again until the time is up."""
    until = time.monotonic() + seconds
    while True:
        try:
            return _take(lock, out)
        except BusyError:
            if time.monotonic() >= until:
                raise
        time.sleep(min(1, seconds))


def _take(lock: TextIO, out: Path) -> None:
    """Take the operating system's lock or say who has it."""
    try:
        _lock_file(lock)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            raise
        lock.seek(0)
        holder = lock.read().strip() or "a process that left no name"
        message = (
            f"Another run is working on {out} ({holder}). "
            "Wait until it has ended; a run can also be given another --out."
        )
        raise BusyError(message) from error
    lock.seek(0)
    lock.truncate()
    started = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    lock.write(f"process {os.getpid()}, started {started}")
    lock.flush()


if sys.platform == "win32":
    import msvcrt

    def _lock_file(lock: TextIO) -> None:
        lock.seek(_LOCKED_BYTE)
        msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock_file(lock: TextIO) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
