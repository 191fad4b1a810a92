"""The targets hold for good inputs, and for those with a piece cut out or doubled."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import targets


@pytest.mark.parametrize("name", targets.TARGETS)
def test_a_target_takes_its_seeds(name: str) -> None:
    for seed in targets.seeds(name):
        targets.TARGETS[name](seed)


@settings(max_examples=15)
@given(st.sampled_from(sorted(targets.TARGETS)), st.data())
def test_a_target_takes_mended_and_broken_seeds(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(targets.seeds(name)))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(seed))] * 2)))
    piece = seed[start:end] * data.draw(st.integers(0, 2))
    targets.TARGETS[name](seed[:start] + piece + data.draw(st.binary(max_size=4)) + seed[end:])
