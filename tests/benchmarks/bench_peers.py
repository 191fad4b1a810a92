"""``make bench``: our service hours beside other ways to count them, in one run.

Each peer counts the largest number of spans it can do in ``BENCH_SECONDS`` (a minute), up to
``MOST_ROWS``; ours counts as many in the same run, and every answer is compared. Writes
``out/bench/peers.md``.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks import peers
from tests.benchmarks.results import keep

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = float(os.environ.get("BENCH_SECONDS", "60"))
MOST_ROWS = 16_000_000
FIRST_ROWS = 1_000


Peer = tuple["Callable[[Any], Any]", "Callable[[Any, Any], Any]"]


def timed(peer: Peer, rows: int) -> tuple[float, Any]:
    """Seconds a count takes, and its answers."""
    prepare, count = peer
    starts, ends = map(prepare, peers.spans(rows))
    began = time.perf_counter()
    answers = count(starts, ends)
    return time.perf_counter() - began, answers


def largest(peer: Peer) -> tuple[int, float, Any]:
    """Rows, seconds and answers of the largest size that fits; doubled until the next would not."""
    rows = FIRST_ROWS
    while True:
        took, answers = timed(peer, rows)
        if rows * 2 > MOST_ROWS or took * 2.5 > SECONDS:
            return rows, took, answers
        rows *= 2


def test_peers() -> None:
    timed(peers.OURS, FIRST_ROWS)  # what is loaded on first use
    most, ours, _ = largest(peers.OURS)
    lines = [
        "## Service hours, Monday to Friday 8 to 18",
        "",
        f"Ours: {most:,} spans in {ours:.2f} s.",
        "",
        "| peer | spans | seconds | ours is × faster, by the span |",
        "|---|--:|--:|--:|",
    ]
    for name, peer in peers.PEERS.items():
        rows, took, answers = largest(peer)
        assert np.array_equal(answers, timed(peers.OURS, rows)[1]), name
        faster = (took / rows) / (ours / most)
        lines.append(f"| {name} | {rows:,} | {took:.2f} | {faster:,.1f} |")
    keep("peers.md", "\n".join([*lines, ""]))
