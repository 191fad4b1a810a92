"""When new or changed exports are worth a run.

A folder is looked at again and again. While two looks in a row differ, somebody is writing;
once they are the same, the contents are compared with what the published result rests on. No
clock is asked: that two looks lie far enough apart is the caller's business.

Belongs here: the decision, as a function of what was seen. Does not belong here: Dagster
(``automation``).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import SlaError
from pipelines.exports.signature import fingerprint, fingerprint_of, signature
from pipelines.warehouse import open_reader

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.exports import Mapping


@dataclass(frozen=True)
class Memory:
    """What is remembered from look to look; short, and plain enough to be kept as JSON.

    ``seen``: the folder at the last look. ``judged``: as it was when its contents were last
    compared. ``requested``: the fingerprint a run was last asked for. ``requests``: how often.
    """

    seen: str = ""
    judged: str = ""
    requested: str = ""
    requests: int = 0

    def to_json(self) -> str:
        """The memory as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | None) -> Memory:
        """The memory kept as ``text``; a new one when there is none or it cannot be read."""
        try:
            return cls(**json.loads(text or "{}"))
        except (TypeError, ValueError):
            return cls()


@dataclass(frozen=True)
class Look:
    """What a look at the folder led to: ``run_key`` when a run is due, and why or why not."""

    memory: Memory
    words: str
    run_key: str | None = None


def look(exports: Path, out: Path, memory: Memory, mapping: Mapping | None = None) -> Look:
    """Look at the exports; ask for a run when they are settled and not reported yet."""
    try:
        seen = _text(exports, mapping)
        if seen != memory.seen:
            return Look(
                replace(memory, seen=seen),
                "The exports changed since the last look: waiting until they stop.",
            )
        if seen == memory.judged:
            return Look(memory, "The exports are as they were.")
        return _compare(exports, out, memory, mapping)
    except (OSError, SlaError) as error:
        return Look(replace(memory, seen=""), f"The exports cannot be looked at: {error}")


def _compare(exports: Path, out: Path, memory: Memory, mapping: Mapping | None) -> Look:
    """Hold the contents of a settled folder against what was reported and what was asked for."""
    found = fingerprint(exports, mapping)
    if _text(exports, mapping) != memory.seen:
        return Look(memory, "The exports changed while they were read: waiting.")
    judged = replace(memory, judged=memory.seen)
    if found == published_fingerprint(out):
        return Look(judged, "The published result rests on these very files.")
    if found == memory.requested:
        return Look(judged, "These very files were run before; see that run.")
    asked = replace(judged, requested=found, requests=memory.requests + 1)
    # The number keeps apart two runs over the same files with others in between.
    return Look(asked, "New or changed exports.", f"exports-{asked.requests}-{found[:16]}")


def _text(exports: Path, mapping: Mapping | None) -> str:
    return json.dumps(signature(exports, mapping))


def published_fingerprint(out: Path) -> str | None:
    """The fingerprint of the exports the published result rests on; None without a result."""
    try:
        with open_reader(out / "warehouse.duckdb") as con:
            files = con.execute("select source_file, sha256 from meta.files").fetchall()
    except (duckdb.Error, SlaError):
        return None
    return fingerprint_of(files)
