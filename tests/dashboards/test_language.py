"""How numbers and durations are written."""

from __future__ import annotations

import pytest

from dashboards import language as lang


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (0.0, "0.0%"),
        (1.0, "100.0%"),
        (0.9996, "99.9%"),  # would round to 100 %, but one was missed
        (0.0004, "0.1%"),  # would round to 0 %, but there is one
        (0.12345, "12.3%"),
        (None, "–"),
    ],
)
def test_a_percentage_never_claims_all_or_none_by_rounding(rate: float | None, shown: str) -> None:
    assert lang.percent(rate) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        *((0, "0:00"), (59, "0:00"), (43199, "11:59"), (43200, "12:00"), (3_600_000, "1,000:00")),
        *((-59, "0:00"), (-60, "−0:01"), (-5400, "−1:30"), (-3630, "−1:00")),
    ],
)
def test_time_used_is_cut_to_the_minute(seconds: int, shown: str) -> None:
    assert lang.hours_minutes(seconds) == shown


@pytest.mark.parametrize(
    ("difference", "shown"), [(0.0211, "+2.1"), (-0.05, "−5.0"), (0.0001, "±0.0"), (None, "–")]
)
def test_points_carry_their_sign(difference: float | None, shown: str) -> None:
    assert lang.points(difference) == shown


def test_every_text_has_two_languages() -> None:
    text = lang.Text("中", "en")
    assert [text.in_language(language) for language in lang.LANGUAGES] == ["中", "en"]
    assert lang.joined([text, text]) == lang.Text("中中", "en en")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (1, "1 s"), (59, "59 s"), (60, "0:01"), (5400, "1:30")]
)
def test_what_lasts_less_than_a_minute_is_said_in_seconds(seconds: int, shown: str) -> None:
    assert lang.duration(seconds).en == shown
