"""Service hours: cases worked by hand, then laws, then a minute-by-minute count written here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, cast
from unittest import mock
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import UsageError
from pipelines.service_hours import WEEKDAYS, ServiceHours, ServiceHoursError, open_time

SHANGHAI = "Asia/Shanghai"
HOUR = 3600
OFFICE = [("08:00", "18:00")]
OFFICE_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
ALWAYS = {weekday: [("00:00", "24:00")] for weekday in WEEKDAYS}


def office(**days: object) -> ServiceHours:
    """Return AS-7's hours: Monday to Friday 8:00-18:00 in Shanghai."""
    return ServiceHours(SHANGHAI, OFFICE_WEEK, **days)  # type: ignore[arg-type] # passed on as given


def aware(*texts: str | None, zone: str = SHANGHAI) -> pl.Series:
    """Read local times of a zone; a time that comes twice is its first occurrence."""
    return pl.Series(
        [datetime.fromisoformat(text) if text else None for text in texts],
        dtype=pl.Datetime("us"),
    ).dt.replace_time_zone(zone, ambiguous="earliest")


def elapsed(hours: ServiceHours, start: str, end: str, zone: str = SHANGHAI) -> int | None:
    seconds: int | None = hours.elapsed_seconds(aware(start, zone=zone), aware(end, zone=zone))[0]
    return seconds


def due(hours: ServiceHours, start: str, seconds: int, zone: str = SHANGHAI) -> str | None:
    """Return the due time as its local wall clock shows it."""
    at = hours.due_at(aware(start, zone=zone), seconds)[0]
    return at.replace(tzinfo=None).isoformat(sep=" ") if at else None


# --- worked by hand ------------------------------------------------------------------------------
# 2025-03-03 is a Monday, 2025-03-07 a Friday, 2025-03-10 the Monday after.


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        # Within one day: 9:00 to 11:30.
        ("2025-03-03 09:00", "2025-03-03 11:30", 2 * HOUR + 1800),
        # Over a night: 17:00-18:00 and 8:00-9:00.
        ("2025-03-03 17:00", "2025-03-04 09:00", 2 * HOUR),
        # Over a weekend: Friday 17:00-18:00 and Monday 8:00-9:00.
        ("2025-03-07 17:00", "2025-03-10 09:00", 2 * HOUR),
        # A whole week holds five days of ten hours, wherever it begins.
        ("2025-03-05 13:00", "2025-03-12 13:00", 50 * HOUR),
        ("2025-03-08 03:00", "2025-03-15 03:00", 50 * HOUR),
        # Closing time, just under, at and over it: the interval is half-open.
        ("2025-03-07 17:59:59", "2025-03-07 18:00:00", 1),
        ("2025-03-07 18:00:00", "2025-03-07 18:00:01", 0),
        ("2025-03-07 17:59:59", "2025-03-07 18:00:01", 1),
        # Saturday to just before Monday's opening, at it, and a second into it.
        ("2025-03-08 12:00", "2025-03-10 07:59:59", 0),
        ("2025-03-08 12:00", "2025-03-10 08:00:00", 0),
        ("2025-03-08 12:00", "2025-03-10 08:00:01", 1),
        # Month end: Friday 28 February 17:00 to Monday 3 March 9:00.
        ("2025-02-28 17:00", "2025-03-03 09:00", 2 * HOUR),
        # Leap day 2024-02-29 is a Thursday and counts its ten hours.
        ("2024-02-28 18:00", "2024-03-01 08:00", 10 * HOUR),
        # Year end: Tuesday 31 December 2024 and Wednesday 1 January 2025.
        ("2024-12-31 12:00", "2025-01-01 12:00", 6 * HOUR + 4 * HOUR),
        # Nothing has passed.
        ("2025-03-03 09:00", "2025-03-03 09:00", 0),
        # The end lies before the start.
        ("2025-03-03 09:00:01", "2025-03-03 09:00:00", None),
        # Whole seconds, rounded down from exact microseconds.
        ("2025-03-03 09:00:00.5", "2025-03-03 09:00:02.499999", 1),
        ("2025-03-03 09:00:00.5", "2025-03-03 09:00:02.5", 2),
        # The night takes nothing off a fraction: 0.4 s on Monday and 0.6 s on Tuesday.
        ("2025-03-03 17:59:59.6", "2025-03-04 08:00:00.6", 1),
    ],
)
def test_office_hours_elapse(start: str, end: str, seconds: int | None) -> None:
    assert elapsed(office(), start, end) == seconds


@pytest.mark.parametrize(
    ("start", "seconds", "expected"),
    [
        # Zero is due at the start, open or not.
        ("2025-03-03 09:00", 0, "2025-03-03 09:00:00"),
        ("2025-03-08 03:00", 0, "2025-03-08 03:00:00"),
        # The last second of a day is used up at closing time, not at the next opening.
        ("2025-03-07 17:59:59", 1, "2025-03-07 18:00:00"),
        ("2025-03-07 17:59:59", 2, "2025-03-10 08:00:01"),
        ("2025-03-07 08:00", 10 * HOUR, "2025-03-07 18:00:00"),
        ("2025-03-07 18:00", 1, "2025-03-10 08:00:01"),
        ("2025-03-08 12:00", 1, "2025-03-10 08:00:01"),
        # T4, level 3, other city, 5 x 24 h = 120 h from Friday 17:00: 1 h on Friday, ten days of
        # 10 h (10 to 21 March) make 101 h, Monday 24 makes 111 h, 9 h more end on the 25th, 17:00.
        ("2025-03-07 17:00", 120 * HOUR, "2025-03-25 17:00:00"),
        # A full week ends on Friday evening.
        ("2025-03-03 08:00", 50 * HOUR, "2025-03-07 18:00:00"),
        ("2025-03-03 08:00", 50 * HOUR + 1, "2025-03-10 08:00:01"),
        ("2025-03-03 09:00:00.25", 60, "2025-03-03 09:01:00.250000"),
        # Negative time is never due.
        ("2025-03-03 09:00", -1, None),
    ],
)
def test_office_hours_are_due(start: str, seconds: int, expected: str | None) -> None:
    assert due(office(), start, seconds) == expected


# Spring Festival 2025: closed from Tuesday 28 January to Tuesday 4 February; Sunday 26 January and
# Saturday 8 February are worked.
SPRING_FESTIVAL = {
    "holidays": {date(2025, 1, 28) + timedelta(days=n) for n in range(8)},
    "special_days": {date(2025, 1, 26): OFFICE, date(2025, 2, 8): OFFICE},
}


def test_holidays_are_closed_and_makeup_days_open() -> None:
    hours = office(**SPRING_FESTIVAL)

    # Saturday 25 to Monday 10 February, 0:00: 26 and 27 January, 5, 6, 7 and 8 February.
    assert elapsed(hours, "2025-01-25 00:00", "2025-02-10 00:00") == 60 * HOUR
    assert elapsed(hours, "2025-01-28 00:00", "2025-02-05 00:00") == 0
    # Half into the holiday, half into the make-up Saturday.
    assert elapsed(hours, "2025-01-30 12:00", "2025-02-08 12:00") == 34 * HOUR
    # Monday 27 January 17:00 and 2 h: an hour then, an hour on Wednesday 5 February.
    assert due(hours, "2025-01-27 17:00", 2 * HOUR) == "2025-02-05 09:00:00"
    # Friday 24 January 17:00 and 2 h: an hour then, an hour on the make-up Sunday.
    assert due(hours, "2025-01-24 17:00", 2 * HOUR) == "2025-01-26 09:00:00"
    # The last second before the holiday is due at its closing time.
    assert due(hours, "2025-01-27 17:59:59", 1) == "2025-01-27 18:00:00"
    assert due(hours, "2025-01-27 17:59:59", 2) == "2025-02-05 08:00:01"
    # From far before and far after, the special days are in the sum once.
    plain = office()
    for start, end in [("1990-01-01", "2030-01-01"), ("2025-01-29", "2025-01-30")]:
        with_days, without = elapsed(hours, start, end), elapsed(plain, start, end)
        assert with_days is not None
        assert without is not None
        # Six weekdays closed, two weekend days open; Wednesday the 29th is one of the six.
        assert with_days - without == (-40 * HOUR if start.startswith("1990") else -10 * HOUR)


def test_several_intervals_half_days_and_midnight() -> None:
    hours = ServiceHours(
        timezone=SHANGHAI,
        weekly={
            "mon": [("13:00", "17:30"), ("8:30", "12:00")],
            "tue": [("20:00", "24:00")],
            "wed": [("00:00", "02:00")],
        },
        special_days={date(2025, 3, 10): [("08:30", "12:00")], date(2025, 3, 11): []},
    )

    # Monday 3 March 11:00 to Wednesday 5 March 1:00: 1 h, 4.5 h, 4 h, 1 h.
    assert elapsed(hours, "2025-03-03 11:00", "2025-03-05 01:00") == 10 * HOUR + 1800
    assert due(hours, "2025-03-03 11:00", 2 * HOUR) == "2025-03-03 14:00:00"
    # Four hours of Tuesday end at midnight; a second more is Wednesday's.
    assert due(hours, "2025-03-04 20:00", 4 * HOUR) == "2025-03-05 00:00:00"
    assert due(hours, "2025-03-04 20:00", 4 * HOUR + 1) == "2025-03-05 00:00:01"
    # The half Monday and the closed Tuesday of the week after: 3.5 h and Wednesday's 2 h.
    assert elapsed(hours, "2025-03-10 00:00", "2025-03-17 00:00") == 5 * HOUR + 1800


def test_a_special_day_opens_a_holiday() -> None:
    day = date(2025, 1, 29)
    hours = office(holidays={day}, special_days={day: [("09:00", "10:00")]})

    assert elapsed(hours, "2025-01-29 00:00", "2025-01-30 00:00") == HOUR


def test_intervals_that_touch_are_one() -> None:
    split = ServiceHours(SHANGHAI, {"mon": [("08:00", "12:00"), ("12:00", "18:00")]})

    assert due(split, "2025-03-03 11:00", HOUR) == "2025-03-03 12:00:00"
    assert elapsed(split, "2025-03-03 11:00", "2025-03-03 13:00") == 2 * HOUR
    assert split.pieces(date(2025, 3, 3), date(2025, 3, 3)).height == 3


def test_days_of_23_and_25_hours_count_what_they_have() -> None:
    zone = "America/New_York"
    hours = ServiceHours(zone, ALWAYS)

    # Clocks go from 2:00 to 3:00 on 9 March 2025, from 2:00 back to 1:00 on 2 November.
    assert elapsed(hours, "2025-03-09 00:00", "2025-03-10 00:00", zone) == 23 * HOUR
    assert elapsed(hours, "2025-11-02 00:00", "2025-11-03 00:00", zone) == 25 * HOUR
    assert due(hours, "2025-03-09 01:00", 2 * HOUR, zone) == "2025-03-09 04:00:00"
    assert due(hours, "2025-11-02 00:00", 4 * HOUR, zone) == "2025-11-02 03:00:00"


def test_an_interval_may_reach_into_a_change_of_the_clock() -> None:
    zone = "America/New_York"
    hours = ServiceHours(zone, {"sun": [("01:30", "02:30")]})

    # 9 March: 2:00 to 3:00 is skipped, half an hour is left.
    assert elapsed(hours, "2025-03-09 00:00", "2025-03-09 12:00", zone) == 1800
    assert due(hours, "2025-03-09 00:00", 1800, zone) == "2025-03-09 03:00:00"
    # 2 November: 1:30 to 2:00 comes twice, then 2:00 to 2:30.
    assert elapsed(hours, "2025-11-02 00:00", "2025-11-02 12:00", zone) == 3 * 1800
    # Half an hour is used up when the clock goes back to 1:00; the next minute comes at 1:31.
    assert due(hours, "2025-11-02 00:00", 1800, zone) == "2025-11-02 01:00:00"
    assert due(hours, "2025-11-02 00:00", 1860, zone) == "2025-11-02 01:31:00"


def test_a_day_a_zone_left_out_counts_nothing() -> None:
    zone = "Pacific/Apia"
    hours = ServiceHours(zone, OFFICE_WEEK)

    # Samoa had no Friday 30 December 2011: Thursday is followed by Saturday.
    assert elapsed(hours, "2011-12-29 17:00", "2012-01-02 09:00", zone) == 2 * HOUR
    assert due(hours, "2011-12-29 17:00", 2 * HOUR, zone) == "2012-01-02 09:00:00"
    assert date(2011, 12, 30) not in (
        hours.pieces(date(2011, 12, 28), date(2012, 1, 2))["starts_at"].dt.date().to_list()
    )


def test_instants_of_any_zone_and_unit_are_the_same_instants() -> None:
    hours = office()
    starts, ends = aware("2025-03-07 17:00"), aware("2025-03-10 09:00")

    for unit in ("ms", "us", "ns"):
        for zone in ("UTC", "America/New_York", SHANGHAI):
            start = starts.dt.convert_time_zone(zone).dt.cast_time_unit(unit)
            assert hours.elapsed_seconds(start, ends).to_list() == [2 * HOUR]
            at = hours.due_at(start, 2 * HOUR)
            assert at.dtype == pl.Datetime("us", SHANGHAI)
            assert at.to_list() == ends.to_list()


def test_nulls_stay_null_and_empty_stays_empty() -> None:
    hours = office()
    starts = aware("2025-03-03 09:00", None, "2025-03-03 09:00", None)
    ends = aware("2025-03-03 10:00", "2025-03-03 10:00", None, None)

    assert hours.elapsed_seconds(starts, ends).to_list() == [HOUR, None, None, None]
    assert hours.elapsed_seconds(aware(), aware()).to_list() == []
    assert hours.elapsed_seconds(aware(), aware()).dtype == pl.Int64
    assert hours.due_at(aware(), 1).dtype == pl.Datetime("us", SHANGHAI)
    assert hours.due_at(aware(), pl.Series([], dtype=pl.Int32)).to_list() == []
    assert hours.elapsed_seconds(pl.Series([None]), aware(None)).to_list() == [None]
    seconds = pl.Series([HOUR, HOUR, None, -1])
    starts = aware("2025-03-03 09:00", None, "2025-03-03 09:00", "2025-03-03 09:00")
    assert hours.due_at(starts, seconds).is_null().to_list() == [False, True, True, True]


def test_a_clock_that_stands_for_ever_is_never_due() -> None:
    never = ServiceHours(SHANGHAI, {})
    once = ServiceHours(SHANGHAI, {}, special_days={date(2025, 3, 3): [("08:00", "09:00")]})

    assert elapsed(never, "2025-03-03 09:00", "2035-03-03 09:00") == 0
    assert due(never, "2025-03-03 09:00", 1) is None
    assert due(never, "2025-03-03 09:00", 0) == "2025-03-03 09:00:00"
    assert due(once, "2000-01-01 00:00", HOUR) == "2025-03-03 09:00:00"
    assert due(once, "2000-01-01 00:00", HOUR + 1) is None
    assert due(once, "2025-03-03 09:00", 1) is None
    assert elapsed(once, "2000-01-01 00:00", "2100-01-01 00:00") == HOUR


def test_there_is_no_longest_span() -> None:
    hours = ServiceHours("UTC", OFFICE_WEEK)

    # The years 1 to 9999 have 3 652 059 days: 521 722 weeks from a Monday, and five weekdays.
    assert elapsed(hours, "0001-01-01 00:00", "9999-12-31 23:59", "UTC") == (
        (521_722 * 5 + 5) * 10 * HOUR
    )
    assert due(hours, "0001-01-01 00:00", (521_722 * 5 + 5) * 10 * HOUR, "UTC") == (
        "9999-12-31 18:00:00"
    )
    # The next open second lies in the year 10000, where no date can follow.
    assert due(hours, "0001-01-01 00:00", (521_722 * 5 + 5) * 10 * HOUR + 1, "UTC") is None
    assert due(hours, "0001-01-01 00:00", 2**63 - 1, "UTC") is None
    minute = ServiceHours("UTC", {"mon": [("08:00", "08:01")]})
    assert due(minute, "2025-03-03 00:00", 10**11, "UTC") is None


def test_decades_agree_with_numpys_business_days() -> None:
    holidays = sorted(SPRING_FESTIVAL["holidays"])
    hours = office(holidays=holidays)

    for first, last in [("1900-01-01", "2090-01-01"), ("1969-12-31", "2025-01-30")]:
        days = np.busday_count(first, last, holidays=np.array(holidays, dtype="datetime64[D]"))
        assert elapsed(hours, first, last) == days * 10 * HOUR


# --- what is refused, and what the message says to do --------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"timezone": "Asia/Shangai"}, "Asia/Shangai"),
        ({"timezone": ""}, "such as Asia/Shanghai"),
        ({"timezone": "+08:00"}, "such as Asia/Shanghai"),
        ({"timezone": None}, "such as Asia/Shanghai"),
        ({"weekly": {"monday": OFFICE}}, "mon, tue"),
        ({"weekly": {"mon": [("08:00", "12:00"), ("11:00", "14:00")]}}, "from 11:00 to 12:00"),
        ({"weekly": {"mon": [("08:00", "18:00"), ("09:00", "10:00")]}}, "from 09:00 to 10:00"),
        ({"weekly": {"mon": [("22:00", "06:00")]}}, '("22:00", "24:00")'),
        ({"weekly": {"mon": [("08:00", "08:00")]}}, "not before"),
        ({"weekly": {"mon": [("08:00", "24:01")]}}, "24:01"),
        ({"weekly": {"mon": [("08:60", "18:00")]}}, "08:60"),
        ({"weekly": {"mon": [(480, 1080)]}}, "in quotes"),
        ({"weekly": {"mon": ["08:00"]}}, '("08:00", "18:00")'),
        ({"weekly": {"mon": [8]}}, '("08:00", "18:00")'),
        ({"holidays": ["2025-01-01"]}, "date(2025, 1, 28)"),
        ({"special_days": {datetime(2025, 1, 1, tzinfo=UTC): OFFICE}}, "special_days"),
        ({"special_days": {date(2025, 1, 26): [("9", "10")]}}, "special_days, 2025-01-26"),
    ],
)
def test_unreadable_hours_are_refused(arguments: dict[str, object], says: str) -> None:
    usable: dict[str, object] = {"timezone": SHANGHAI, "weekly": OFFICE_WEEK}

    with pytest.raises(ServiceHoursError) as refused:
        ServiceHours(**(usable | arguments))  # type: ignore[arg-type] # wrong on purpose

    assert says in str(refused.value)
    assert isinstance(refused.value, UsageError)
    assert isinstance(refused.value, ValueError)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(ServiceHoursError) as refused:
        ServiceHours("Nowhere", {"mon": [("x", "y")], "Tue": []}, holidays={"soon"})  # type: ignore[arg-type] # wrong on purpose

    for where in ("timezone:", "weekly, mon:", "'Tue'", "holidays:"):
        assert where in str(refused.value)


def test_instants_without_a_zone_are_refused() -> None:
    naive = pl.Series([datetime(2025, 3, 3, 9)])  # noqa: DTZ001 - naive on purpose
    instants = aware("2025-03-03 09:00")

    with pytest.raises(ServiceHoursError, match=r"ends: .* no time zone"):
        office().elapsed_seconds(instants, naive)
    with pytest.raises(ServiceHoursError, match=r"starts: .* no time zone"):
        office().due_at(naive, 1)
    with pytest.raises(ServiceHoursError, match="no instants"):
        office().due_at(pl.Series(["2025-03-03 09:00"]), 1)


def test_seconds_that_are_not_whole_and_columns_that_do_not_match_are_refused() -> None:
    instants = aware("2025-03-03 09:00", "2025-03-03 10:00")

    with pytest.raises(ServiceHoursError, match="whole seconds"):
        office().due_at(instants, pl.Series([1.5, 2.0]))
    with pytest.raises(ServiceHoursError, match="2 starts and 1 seconds"):
        office().due_at(instants, pl.Series([1]))
    with pytest.raises(ServiceHoursError, match="2 starts and 1 ends"):
        office().elapsed_seconds(instants, instants[:1])


@pytest.mark.parametrize("seconds", [1.5, "3", True, None, timedelta(days=1)])
def test_one_number_for_all_must_be_whole_seconds(seconds: object) -> None:
    with pytest.raises(ServiceHoursError, match="no whole number of seconds"):
        office().due_at(aware("2025-03-03 09:00"), cast("int", seconds))


@pytest.mark.parametrize("seconds", [2**63, -(2**63) - 1, 10**30])
def test_more_seconds_than_fit_are_never_due(seconds: int) -> None:
    assert office().due_at(aware("2025-03-03 09:00"), seconds).to_list() == [None]


# --- against a count of minutes ------------------------------------------------------------------
# The count walks absolute time and asks zoneinfo what the wall clock shows. It shares nothing with
# the code under test but the hours themselves.

# Each zone with a UTC day near which its clocks change.
CHANGES = [
    (SHANGHAI, datetime(1991, 9, 14, tzinfo=UTC)),
    (SHANGHAI, datetime(2025, 1, 27, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 3, 9, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 11, 2, tzinfo=UTC)),
    ("America/Havana", datetime(2025, 3, 9, tzinfo=UTC)),
    ("America/Havana", datetime(2025, 11, 2, tzinfo=UTC)),
    ("Europe/London", datetime(2024, 3, 31, tzinfo=UTC)),
    ("Europe/London", datetime(2024, 10, 27, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 4, 5, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2025, 10, 4, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(1985, 12, 31, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC)),
]
DAY_MINUTES = 1440
MINUTE = timedelta(minutes=1)


class Place(NamedTuple):
    """Service hours, the same hours in minutes of the day, and an instant to start from."""

    hours: ServiceHours
    weekly: dict[int, list[tuple[int, int]]]
    special: dict[date, list[tuple[int, int]]]
    zone: str
    start: datetime

    def open_minutes(self, minutes: int) -> list[bool]:
        """Look at the wall clock at each minute from the start on."""
        place = ZoneInfo(self.zone)
        seen = []
        for minute in range(minutes):
            wall = (self.start + minute * MINUTE).astimezone(place)
            intervals = self.special.get(wall.date(), self.weekly[wall.weekday()])
            of_day = wall.hour * 60 + wall.minute
            seen.append(any(first <= of_day < last for first, last in intervals))
        return seen


@st.composite
def day_minutes(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Draw up to three disjoint intervals of a day, in minutes since midnight."""
    cuts = draw(st.lists(st.integers(0, DAY_MINUTES), max_size=6, unique=True).map(sorted))
    return list(zip(cuts[::2], cuts[1::2], strict=False))


@st.composite
def places(draw: st.DrawFn) -> Place:
    """Draw service hours, the same in minutes, and an instant near a change of the clocks."""
    zone, change = draw(st.sampled_from(CHANGES))
    weekly = {weekday: draw(day_minutes()) for weekday in range(7)}
    nearby = st.integers(-3, 4).map(lambda days: change.date() + timedelta(days=days))
    special = draw(st.dictionaries(nearby, day_minutes(), max_size=3))
    start = change + MINUTE * draw(st.integers(-3 * DAY_MINUTES, 2 * DAY_MINUTES))
    hours = ServiceHours(
        zone,
        {WEEKDAYS[weekday]: _texts(intervals) for weekday, intervals in weekly.items()},
        holidays={day for day, intervals in special.items() if not intervals},
        special_days={day: _texts(intervals) for day, intervals in special.items() if intervals},
    )
    return Place(hours, weekly, special, zone, start)


def _texts(intervals: list[tuple[int, int]]) -> list[tuple[str, str]]:
    return [
        (f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}")
        for start, end in intervals
    ]


# Few spans are counted by closed forms, many by a table: both must give the same.
COUNTED = pytest.mark.parametrize("by_table_from", [0, 10**9], ids=["by a table", "closed form"])


@COUNTED
@given(place=places(), minutes=st.integers(0, 4 * DAY_MINUTES))
@settings(max_examples=100)
def test_elapsed_agrees_with_a_count_of_minutes(
    by_table_from: int, place: Place, minutes: int
) -> None:
    hours, start = place.hours, place.start
    seen = place.open_minutes(minutes)
    ends = [start + n * MINUTE for n in range(minutes + 1)]

    with mock.patch.object(open_time, "WORTH_A_GRID", by_table_from):
        counted = hours.elapsed_seconds(pl.Series([start] * len(ends)), pl.Series(ends))

    assert counted.to_list() == [0, *(np.cumsum(seen) * 60).tolist()]


@given(place=places())
@settings(max_examples=120)
def test_due_agrees_with_a_count_of_minutes(place: Place) -> None:
    hours, start = place.hours, place.start
    seen = place.open_minutes(4 * DAY_MINUTES)
    used_up = [start + (n + 1) * MINUTE for n, is_open in enumerate(seen) if is_open]
    counts = pl.Series(range(1, len(used_up) + 1), dtype=pl.Int64) * 60

    at = hours.due_at(pl.Series([start] * len(used_up), dtype=pl.Datetime("us", "UTC")), counts)

    assert at.dt.convert_time_zone("UTC").to_list() == used_up
    # The second after the last one counted lies beyond the minutes counted, or never comes.
    beyond = hours.due_at(pl.Series([start]), (len(used_up) * 60) + 1)[0]
    assert beyond is None or beyond > start + 4 * DAY_MINUTES * MINUTE


# --- laws ----------------------------------------------------------------------------------------

MICROS = st.integers(-4_000_000_000_000_000, 4_000_000_000_000_000)  # the years 1843 to 2096


def instants_of(micros: list[int]) -> pl.Series:
    return pl.Series(micros, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))


@given(place=places(), micros=st.lists(MICROS, min_size=3, max_size=60))
@settings(max_examples=120)
def test_time_adds_up_and_never_runs_backwards(
    place: Place,
    micros: list[int],
) -> None:
    hours = place.hours
    # Whole seconds, so that no rounding hides in the sum.
    instants = instants_of(sorted(micro // 1_000_000 * 1_000_000 for micro in micros))
    first, last = instants[:1], instants[-1:]

    steps = hours.elapsed_seconds(instants[:-1], instants[1:])
    since_first = hours.elapsed_seconds(first.new_from_index(0, len(instants)), instants)

    assert (steps >= 0).all()
    assert steps.sum() == hours.elapsed_seconds(first, last)[0]
    assert since_first.is_sorted()
    absolute = (instants[1:] - instants[:-1]).dt.total_seconds()
    assert (steps <= absolute).all()


@given(
    place=places(),
    micros=st.lists(MICROS, min_size=1, max_size=60),
    seconds=st.integers(1, 10**9),
)
@settings(max_examples=120)
def test_due_is_the_first_instant_at_which_the_time_has_passed(
    place: Place,
    micros: list[int],
    seconds: int,
) -> None:
    hours = place.hours
    starts = instants_of(micros)

    at = hours.due_at(starts, seconds)

    is_due = at.is_not_null()
    passed = hours.elapsed_seconds(starts, at).filter(is_due)
    just_before = hours.elapsed_seconds(starts, at.dt.offset_by("-1us")).filter(is_due)
    assert (passed == seconds).all()
    assert (just_before == seconds - 1).all()
    # Some time is open in every week, or else nothing is due after the special days.
    never = starts.filter(~is_due)
    far = instants_of([200_000_000_000_000_000]).new_from_index(0, len(never))
    assert (hours.elapsed_seconds(never, far) < seconds).all()


def test_many_spans_give_what_few_give_nulls_and_backward_ones_too() -> None:
    hours = office(holidays={date(2025, 1, 1)}, special_days={date(2025, 1, 26): OFFICE})
    generator = np.random.default_rng(3)
    rows = open_time.WORTH_A_GRID
    start = pl.Series(1_700_000_000 + generator.integers(0, 10**8, rows)) * 1_000_000 + 7
    length = pl.Series(generator.integers(-(10**5), 10**7, rows)) * 1_000_000
    starts, ends = (
        micros.cast(pl.Datetime("us", "UTC")).set(pl.Series(generator.random(rows) < 0.01), None)
        for micros in (start, start + length)
    )

    counted = hours.elapsed_seconds(starts, ends)

    few = [
        hours.elapsed_seconds(starts[at : at + 1000], ends[at : at + 1000])
        for at in range(0, rows, 1000)
    ]
    assert counted.to_list() == pl.concat(few).to_list()
    assert counted.null_count() > 0


def test_always_open_is_plain_absolute_time() -> None:
    hours = ServiceHours("Australia/Lord_Howe", ALWAYS)
    generator = np.random.default_rng(11)
    start, length = (
        generator.integers(-(10**15), 4 * 10**15, 500),
        generator.integers(0, 10**9, 500),
    )
    starts = pl.Series(start).cast(pl.Datetime("us", "UTC"))
    ends = pl.Series(start + length * 1_000_000).cast(pl.Datetime("us", "UTC"))

    assert hours.elapsed_seconds(starts, ends).to_list() == length.tolist()
    due_at = hours.due_at(starts, pl.Series(length)).dt.convert_time_zone("UTC")
    assert due_at.to_list() == ends.to_list()
