"""Rates, intervals and control limits against numbers worked by hand or published."""

from __future__ import annotations

import pytest

from dashboards.statistics import (
    difference_p_value,
    funnel_limits,
    p_chart,
    rate,
    wilson_interval,
)


def test_a_rate_of_nothing_is_not_a_number() -> None:
    assert rate(0, 0) is None
    assert rate(3, 4) == 0.75


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe (1998), Table I, method 3 (Wilson): 81/263, 15/148, 0/20, 1/29
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(
    part: int, whole: int, low: float, high: float
) -> None:
    interval = wilson_interval(part, whole)
    assert interval is not None
    assert interval == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_nothing() -> None:
    assert wilson_interval(0, 0) is None


def test_p_chart_limits_by_hand() -> None:
    # 80 + 90 of 100 + 100: centre 0.85; error sqrt(.85*.15/100) = 0.0357071; 3 of it 0.1071214
    limits = p_chart([80, 90], [100, 100])
    assert limits is not None
    assert limits.centre == 0.85
    assert limits.lower[0] == pytest.approx(0.7428786, abs=1e-6)
    assert limits.upper[0] == pytest.approx(0.9571214, abs=1e-6)
    assert limits.signals == (False, False)


def test_p_chart_signals_a_point_outside_its_limits_and_skips_empty_months() -> None:
    # centre (50 + 95 * 9) / 1000 = 0.905; limits ± 0.088: 0.5 is far below, 0.95 within
    limits = p_chart([50, 0, *[95] * 9], [100, 0, *[100] * 9])
    assert limits is not None
    assert limits.signals[0] is True
    assert limits.lower[1] is None
    assert limits.signals[1] is False


@pytest.mark.parametrize(("length", "signals"), [(7, 0), (8, 1), (9, 2)])
def test_eight_in_a_row_on_one_side_are_a_signal(length: int, signals: int) -> None:
    # `length` months slightly above, as many slightly below: all within ±3 errors
    parts, wholes = [91] * length + [89] * length, [100] * (2 * length)
    limits = p_chart(parts, wholes)
    assert limits is not None
    assert sum(limits.signals) == 2 * signals


# 100 decided each, centre 0.9: limits ± 0.09, half of that 0.045. 0.94 is nearer to the centre,
# 0.95 to the limit; the months at 0.87 bring the centre back to 0.9.
@pytest.mark.parametrize(
    ("months", "signals"),
    [
        ([95, 90, 95, 95, *[87] * 5], [3]),
        ([95, 95, 95, 90, *[87] * 5], [2]),
        ([94, 94, 94, 90, *[87] * 4], []),
        ([95, 95, 94, 90, *[88] * 7], []),
        ([95, 90, 90, 95, 95, *[87] * 5], []),
        ([95, 95, 85, 95, 85, 85, 90], [3, 5]),
        ([95, 95, 85, 90, 85, 90], []),
        ([85, 90, 85, 85, *[93] * 5], [3]),
    ],
)
def test_three_of_four_nearer_to_one_limit_are_a_signal(
    months: list[int], signals: list[int]
) -> None:
    limits = p_chart(months, [100] * len(months))
    assert limits is not None
    assert limits.centre == pytest.approx(0.9)
    assert [at for at, is_signal in enumerate(limits.signals) if is_signal] == signals


def test_an_empty_month_does_not_break_a_row() -> None:
    months, wholes = [95, 0, 95, 0, 95, 90, *[87] * 5], [100, 0, 100, 0, *[100] * 7]
    limits = p_chart(months, wholes)
    assert limits is not None
    assert [at for at, is_signal in enumerate(limits.signals) if is_signal] == [4]


def test_no_chart_of_nothing() -> None:
    assert p_chart([0, 0], [0, 0]) is None


def test_difference_by_hand() -> None:
    # 15/20 against 5/20: pooled 0.5, error sqrt(.25*.1) = 0.158114, z = 3.162278, p = 0.001565
    assert difference_p_value(15, 20, 5, 20) == pytest.approx(0.001565, abs=1e-6)
    assert difference_p_value(5, 5, 7, 7) == 1.0
    assert difference_p_value(1, 0, 1, 2) is None


def test_funnel_limits_narrow_with_the_number_of_records() -> None:
    # 10 % of 100: the standard error is sqrt(0.1 * 0.9 / 100) = 0.03.
    low, high = funnel_limits(0.1, 100, 2)
    assert (round(low, 9), round(high, 9)) == (0.04, 0.16)
    # Of 4 it is 0.15: below zero there is no rate.
    assert funnel_limits(0.1, 4, 2) == pytest.approx((0.0, 0.4))


def test_wilson_of_none_begins_at_nothing_and_of_all_ends_at_the_whole() -> None:
    for whole in range(1, 2001):
        none, every = wilson_interval(0, whole), wilson_interval(whole, whole)
        assert none is not None
        assert every is not None
        assert none[0] == 0.0
        assert every[1] == 1.0
