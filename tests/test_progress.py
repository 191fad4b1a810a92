"""What a person is told while a run works."""

from __future__ import annotations

import io
from contextlib import nullcontext

import pytest

from pipelines.progress import STEPS, Bar, Lines

SENTENCE = "The last run [of 2025] ended before its result was in place; now it is."


@pytest.mark.parametrize("shown_on", ["a log", "a terminal"])
def test_a_sentence_stands_as_it_is_before_the_steps(shown_on: str) -> None:
    stream = io.StringIO()
    lines = nullcontext(Lines(stream)) if shown_on == "a log" else Bar(stream, len(STEPS))
    with lines as progress:
        progress.tell(SENTENCE)
        progress.begin("exports")
        progress.note("tickets.csv")
        progress.end("5 rows")
    said = " ".join(stream.getvalue().split())
    assert said.index(SENTENCE) < said.index("exports")
    assert "5 rows" in said
