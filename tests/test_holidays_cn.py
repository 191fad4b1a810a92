"""Statutory days, against the State Council's notices as published (国办发明电)."""

from datetime import date, timedelta

import pytest

from pipelines.service_hours.holidays_cn import StatutoryDays, covered_days, statutory_days

# Notice for 2025: each holiday's days off, then the days worked in exchange.
OFF_2025 = [
    (date(2025, 1, 1), 1),
    (date(2025, 1, 28), 8),
    (date(2025, 4, 4), 3),
    (date(2025, 5, 1), 5),
    (date(2025, 5, 31), 3),
    (date(2025, 10, 1), 8),
]
WORKED_2025 = {
    date(2025, 1, 26),
    date(2025, 2, 8),
    date(2025, 4, 27),
    date(2025, 9, 28),
    date(2025, 10, 11),
}


def test_2025_is_as_the_notice_says() -> None:
    holidays, makeup_days = statutory_days(date(2025, 1, 1), date(2025, 12, 31))

    assert holidays == {
        first + timedelta(days=n) for first, length in OFF_2025 for n in range(length)
    }
    assert makeup_days == WORKED_2025


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 1, 27), date(2025, 1, 27), set()),
        (date(2025, 1, 27), date(2025, 1, 28), {date(2025, 1, 28)}),
        (date(2025, 2, 4), date(2025, 2, 5), {date(2025, 2, 4)}),
        (date(2025, 2, 5), date(2025, 2, 5), set()),
    ],
)
def test_both_ends_of_the_range_count(first: date, last: date, expected: set[date]) -> None:
    assert statutory_days(first, last).holidays == expected


def test_every_makeup_day_is_a_saturday_or_sunday_and_no_holiday() -> None:
    holidays, makeup_days = statutory_days(*covered_days())

    assert {day.weekday() for day in makeup_days} == {5, 6}
    assert not holidays & makeup_days


def test_whole_years_are_covered_and_none_beyond_is_guessed() -> None:
    first, last = covered_days()

    assert (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
    assert first <= date(2004, 1, 1)
    assert last >= date(2026, 12, 31)
    none = StatutoryDays(frozenset(), frozenset())
    assert statutory_days(date.min, first - timedelta(days=1)) == none
    assert statutory_days(last + timedelta(days=1), date.max) == none


def test_each_covered_year_has_its_new_year_and_national_day() -> None:
    first, last = covered_days()
    holidays, _ = statutory_days(first, last)

    for year in range(first.year, last.year + 1):
        assert {date(year, 1, 1), date(year, 10, 1)} <= holidays
