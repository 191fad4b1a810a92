"""The clocks' tables, read as the models read them: by joins in DuckDB, there and back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.service_hours import WEEKDAYS, ServiceHours, holidays_cn
from pipelines.service_hours.clocks import ServiceCalendar, build_clocks, service_calendar

if TYPE_CHECKING:
    from collections.abc import Sequence

SHANGHAI = "Asia/Shanghai"
HOUR = 3600
MICROS = 1_000_000
OFFICE = [("08:00", "18:00")]
OFFICE_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
ALWAYS = {weekday: [("00:00", "24:00")] for weekday in WEEKDAYS}
LONGEST = 168 * HOUR

# Both queries follow the description of the tables word for word.
POSITIONS = """
    select
        segment.calendar_position + epoch_us(moment.at) - epoch_us(segment.starts_at) as calendar,
        segment.service_position + case
            when segment.is_open then epoch_us(moment.at) - epoch_us(segment.starts_at) else 0
        end as service_hours
    from moments as moment
    left join clocks.segments as segment
        on segment.calendar_id = 1
        and segment.day = cast(moment.at as date)
        and segment.starts_at <= moment.at
        and moment.at < segment.ends_at
    order by moment.nth
"""
DUE = """
    select
        segment.starts_at + to_microseconds(wanted.position - segment.position_from) as due_at
    from wanted
    left join clocks.due_segments as segment
        on segment.calendar_id = 1
        and segment.clock = $clock
        and segment.bucket = (wanted.position - 1) // 86400000000
        and segment.position_from < wanted.position
        and wanted.position <= segment.position_to
    order by wanted.nth
"""


def warehouse(
    calendar: ServiceCalendar, first: date, last: date, longest_seconds: int = LONGEST
) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    build_clocks(con, {1: calendar}, first, last, longest_seconds)
    return con


def office(zone: str = SHANGHAI) -> ServiceCalendar:
    return ServiceCalendar(ServiceHours(zone, OFFICE_WEEK))


def positions(
    con: duckdb.DuckDBPyConnection, moments: Sequence[datetime]
) -> list[tuple[int | None, int | None]]:
    """Return the (calendar, service hours) position of each local time, one row for each."""
    table = pl.DataFrame(
        {"nth": range(len(moments)), "at": moments},
        schema={"nth": pl.Int64, "at": pl.Datetime("us")},
    )
    con.register("moments", table.to_arrow())
    rows = con.execute(POSITIONS).fetchall()
    assert len(rows) == len(moments)
    return rows


def due_at(
    con: duckdb.DuckDBPyConnection, clock: str, wanted: Sequence[int]
) -> list[datetime | None]:
    """Return the local time of each position, one row for each."""
    table = pl.DataFrame(
        {"nth": range(len(wanted)), "position": wanted},
        schema={"nth": pl.Int64, "position": pl.Int64},
    )
    con.register("wanted", table.to_arrow())
    rows = con.execute(DUE, {"clock": clock}).fetchall()
    assert len(rows) == len(wanted)
    return [at for (at,) in rows]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds_between(
    con: duckdb.DuckDBPyConnection, start: str, end: str
) -> tuple[float | None, ...]:
    """Return the (calendar, service hours) seconds between two local times."""
    rows = positions(con, [local(start), local(end)])
    return tuple(
        None if begun is None or ended is None else (ended - begun) / MICROS
        for begun, ended in zip(*rows, strict=True)
    )


def due(con: duckdb.DuckDBPyConnection, clock: str, start: str, seconds: int) -> str | None:
    """Return when a target that begins at a local time is used up."""
    ((calendar, service_hours),) = positions(con, [local(start)])
    begun = calendar if clock == "calendar" else service_hours
    assert begun is not None
    (at,) = due_at(con, clock, [begun + seconds * MICROS])
    return at.isoformat(sep=" ") if at else None


# --- worked by hand ------------------------------------------------------------------------------
# 2025-03-07 is a Friday, 2025-03-10 the Monday after.


@pytest.mark.parametrize(
    ("start", "end", "calendar", "service_hours"),
    [
        ("2025-03-07 17:00", "2025-03-10 09:00", 64 * HOUR, 2 * HOUR),
        ("2025-03-07 17:59:59", "2025-03-07 18:00:00", 1, 1),
        ("2025-03-07 18:00:00", "2025-03-07 18:00:01", 1, 0),
        ("2025-03-07 17:59:59", "2025-03-07 18:00:01", 2, 1),
        ("2025-03-08 12:00", "2025-03-08 13:00", HOUR, 0),
        ("2025-03-10 07:59:59", "2025-03-10 08:00:00", 1, 0),
        ("2025-03-10 08:00:00", "2025-03-10 08:00:01", 1, 1),
        # Midnight belongs to the new day; nothing is lost or counted twice around it.
        ("2025-03-10 23:59:59.999999", "2025-03-11 00:00:00", 1e-6, 0),
        # Month end, Friday to Monday; leap day (a Thursday).
        ("2025-02-28 17:00", "2025-03-03 09:00", 64 * HOUR, 2 * HOUR),
        ("2024-02-28 18:00", "2024-03-01 08:00", 38 * HOUR, 10 * HOUR),
        ("2025-03-07 08:00:00.25", "2025-03-07 08:00:01", 0.75, 0.75),
    ],
)
def test_office_hours_between(start: str, end: str, calendar: float, service_hours: float) -> None:
    con = warehouse(office(), date(2024, 1, 1), date(2025, 12, 31))

    assert seconds_between(con, start, end) == (calendar, service_hours)


@pytest.mark.parametrize(
    ("clock", "start", "seconds", "expected"),
    [
        # The arithmetic is that of the same case for ServiceHours.
        ("service_hours", "2025-03-07 17:00", 120 * HOUR, "2025-03-25 17:00:00"),
        ("service_hours", "2025-03-07 17:59:59", 1, "2025-03-07 18:00:00"),
        ("service_hours", "2025-03-07 17:59:59", 2, "2025-03-10 08:00:01"),
        ("service_hours", "2025-03-07 18:00", 1, "2025-03-10 08:00:01"),
        ("service_hours", "2025-03-08 12:00", 10 * HOUR, "2025-03-10 18:00:00"),
        ("calendar", "2025-03-07 17:00", 12 * HOUR, "2025-03-08 05:00:00"),
        ("calendar", "2025-03-07 17:00", 72 * HOUR, "2025-03-10 17:00:00"),
        ("calendar", "2025-02-28 23:59:59", 1, "2025-03-01 00:00:00"),
    ],
)
def test_office_hours_due(clock: str, start: str, seconds: int, expected: str) -> None:
    con = warehouse(office(), date(2025, 1, 1), date(2025, 12, 31))

    assert due(con, clock, start, seconds) == expected


def test_tables_have_the_columns_the_models_join_by() -> None:
    con = warehouse(office(), date(2025, 1, 1), date(2025, 1, 1))

    types = {
        table: [
            (name, type_) for name, type_, *_ in con.execute(f"describe clocks.{table}").fetchall()
        ]
        for table in ("segments", "due_segments")
    }

    assert types == {
        "segments": [
            ("calendar_id", "INTEGER"),
            ("day", "DATE"),
            ("starts_at", "TIMESTAMP"),
            ("ends_at", "TIMESTAMP"),
            ("is_open", "BOOLEAN"),
            ("calendar_position", "BIGINT"),
            ("service_position", "BIGINT"),
        ],
        "due_segments": [
            ("calendar_id", "INTEGER"),
            ("clock", "VARCHAR"),
            ("bucket", "BIGINT"),
            ("position_from", "BIGINT"),
            ("position_to", "BIGINT"),
            ("starts_at", "TIMESTAMP"),
        ],
    }


def test_the_last_ticket_of_the_data_still_finds_its_due_time() -> None:
    # National Day's week 2025: open on 9 and 10 October only, and on Saturday the 11th.
    calendar = service_calendar(SHANGHAI, OFFICE_WEEK, has_statutory_holidays=True)
    con = warehouse(calendar, date(2025, 9, 30), date(2025, 9, 30), longest_seconds=30 * HOUR)

    assert due(con, "service_hours", "2025-09-30 23:59:59", 30 * HOUR) == "2025-10-11 18:00:00"
    assert due(con, "calendar", "2025-09-30 23:59:59", 30 * HOUR) == "2025-10-02 05:59:59"


def test_pauses_may_put_an_agreed_due_time_off_by_the_length_of_the_data() -> None:
    con = warehouse(office(), date(2025, 1, 1), date(2025, 12, 31), longest_seconds=HOUR)

    assert due(con, "calendar", "2025-12-31 23:00", 364 * 24 * HOUR) == "2026-12-30 23:00:00"


def test_holidays_are_closed_and_makeup_days_open() -> None:
    calendar = service_calendar(SHANGHAI, OFFICE_WEEK, has_statutory_holidays=True)
    con = warehouse(calendar, date(2025, 1, 1), date(2025, 12, 31))

    # 26 January (Sunday) and 8 February (Saturday) are worked, 28 January to 4 February is off.
    assert seconds_between(con, "2025-01-25 00:00", "2025-01-27 00:00") == (48 * HOUR, 10 * HOUR)
    assert seconds_between(con, "2025-01-28 00:00", "2025-02-05 00:00") == (192 * HOUR, 0)
    assert due(con, "service_hours", "2025-01-27 17:00", 2 * HOUR) == "2025-02-05 09:00:00"
    assert due(con, "service_hours", "2025-02-07 17:00", 2 * HOUR) == "2025-02-08 09:00:00"


def test_the_vendors_own_days_win_over_statutory_ones() -> None:
    calendar = service_calendar(
        SHANGHAI,
        OFFICE_WEEK,
        closed_days=[date(2025, 1, 26)],
        special_days={date(2025, 1, 28): [("09:00", "10:00")]},
        has_statutory_holidays=True,
    )
    con = warehouse(calendar, date(2025, 1, 1), date(2025, 1, 31))

    assert seconds_between(con, "2025-01-25 00:00", "2025-01-27 00:00") == (48 * HOUR, 0)
    assert seconds_between(con, "2025-01-28 00:00", "2025-01-29 00:00") == (24 * HOUR, HOUR)


def test_without_statutory_holidays_the_week_alone_decides() -> None:
    calendar = service_calendar(
        SHANGHAI, OFFICE_WEEK, closed_days=[date(2025, 1, 29)], has_statutory_holidays=False
    )
    con = warehouse(calendar, date(2025, 1, 1), date(2025, 1, 31))

    assert calendar.covered is None
    # Monday 27 to Friday 31 January, less the vendor's own closed Wednesday.
    assert seconds_between(con, "2025-01-25 00:00", "2025-02-01 00:00") == (168 * HOUR, 40 * HOUR)


def test_days_whose_holidays_are_unknown_have_no_service_position() -> None:
    calendar = service_calendar(SHANGHAI, OFFICE_WEEK, has_statutory_holidays=True)
    first_covered, last_covered = holidays_cn.covered_days()
    con = warehouse(calendar, first_covered - timedelta(days=40), last_covered + timedelta(days=40))
    midnight = datetime.min.time()
    known = [
        datetime.combine(first_covered, midnight),
        datetime.combine(last_covered + timedelta(days=1), midnight) - timedelta(microseconds=1),
    ]
    unknown = [
        datetime.combine(first_covered, midnight) - timedelta(microseconds=1),
        datetime.combine(last_covered + timedelta(days=1), midnight),
    ]

    assert all(service is not None for _, service in positions(con, known))
    assert all(service is None for _, service in positions(con, unknown))
    # The calendar clock needs no holidays and goes on.
    assert all(calendar is not None for calendar, _ in positions(con, unknown))
    # What is due after the last covered day is not known.
    last = f"{last_covered} 17:59:59"
    assert due(con, "service_hours", last, 10 * HOUR) is None
    assert due(con, "calendar", last, 24 * HOUR) == f"{last_covered + timedelta(days=1)} 17:59:59"


def test_a_clock_that_never_runs_stands_at_nought() -> None:
    con = warehouse(
        ServiceCalendar(ServiceHours(SHANGHAI, {})), date(2025, 1, 1), date(2025, 1, 31)
    )

    assert seconds_between(con, "2025-01-01 00:00", "2025-01-31 00:00") == (720 * HOUR, 0)
    assert due(con, "service_hours", "2025-01-01 00:00", 1) is None
    assert due(con, "calendar", "2025-01-01 00:00", 1) == "2025-01-01 00:00:01"


def test_each_calendar_has_its_own_rows() -> None:
    con = duckdb.connect()
    calendars = {1: office(), 7: ServiceCalendar(ServiceHours(SHANGHAI, ALWAYS))}
    build_clocks(con, calendars, date(2025, 3, 7), date(2025, 3, 7), HOUR)

    rows = con.execute(
        "select calendar_id, count(*) from clocks.segments where day = '2025-03-07' "
        "group by all order by all",
    ).fetchall()
    assert rows == [(1, 3), (7, 1)]


def test_no_calendar_leaves_empty_tables() -> None:
    con = duckdb.connect()
    build_clocks(con, {}, date(2025, 3, 7), date(2025, 3, 7), HOUR)

    assert positions(con, [local("2025-03-07 09:00")]) == [(None, None)]
    assert due_at(con, "calendar", [1]) == [None]


def test_days_before_1970_and_the_last_day_there_is() -> None:
    con = warehouse(office(), date(1969, 12, 1), date(1970, 2, 1))
    for hours in range(24 * 45):
        start = datetime(1969, 12, 1) + timedelta(hours=hours)  # noqa: DTZ001 - local time
        expected = (start + timedelta(seconds=1)).isoformat(sep=" ")
        if hours % 37 == 0:
            assert due(con, "calendar", str(start), 1) == expected
    # UTC 1970-01-01 00:00 is 8:00 in Shanghai; the positions around it, by the microsecond.
    around = due_at(con, "calendar", [-86_400_000_000, -1, 0, 1, 86_400_000_000])
    assert [str(at) for at in around] == [
        "1969-12-31 08:00:00",
        "1970-01-01 07:59:59.999999",
        "1970-01-01 08:00:00",
        "1970-01-01 08:00:00.000001",
        "1970-01-02 08:00:00",
    ]

    con = warehouse(office(), date(9999, 12, 30), date(9999, 12, 31))
    assert seconds_between(con, "9999-12-31 00:00", "9999-12-31 23:00") == (23 * HOUR, 10 * HOUR)


# --- changes of the clock ------------------------------------------------------------------------


def test_a_time_that_comes_twice_is_its_first_occurrence() -> None:
    zone = "America/New_York"
    con = warehouse(
        ServiceCalendar(ServiceHours(zone, ALWAYS)), date(2025, 11, 1), date(2025, 11, 3)
    )

    # 2:00 goes back to 1:00. From 1:30 (the first) to 3:00 are 2.5 h, of both clocks.
    assert seconds_between(con, "2025-11-02 01:30", "2025-11-02 03:00") == (2.5 * HOUR, 2.5 * HOUR)
    assert seconds_between(con, "2025-11-02 00:00", "2025-11-03 00:00") == (25 * HOUR, 25 * HOUR)
    # What is due just when the clock goes back shows the time it goes back to.
    assert due(con, "calendar", "2025-11-02 00:00", 2 * HOUR) == "2025-11-02 01:00:00"
    assert due(con, "service_hours", "2025-11-02 00:00", 2 * HOUR) == "2025-11-02 01:00:00"
    # The second 1:30 is an hour after the first, and is still named when something is due then.
    assert due(con, "calendar", "2025-11-02 01:30", HOUR) == "2025-11-02 01:30:00"
    assert due(con, "service_hours", "2025-11-02 01:30", HOUR + 1) == "2025-11-02 01:30:01"


def test_a_time_that_was_skipped_has_no_position() -> None:
    zone = "America/New_York"
    con = warehouse(
        ServiceCalendar(ServiceHours(zone, ALWAYS)), date(2025, 3, 8), date(2025, 3, 10)
    )

    # 2:00 goes to 3:00. What no clock ever showed cannot be placed; its neighbours can.
    assert positions(con, [local("2025-03-09 02:00"), local("2025-03-09 02:59:59.999999")]) == [
        (None, None),
        (None, None),
    ]
    assert seconds_between(con, "2025-03-09 01:59:59", "2025-03-09 03:00:00") == (1, 1)
    assert due(con, "calendar", "2025-03-09 01:00", HOUR) == "2025-03-09 03:00:00"
    assert due(con, "service_hours", "2025-03-09 01:00", HOUR) == "2025-03-09 03:00:00"
    assert due(con, "calendar", "2025-03-09 01:00", HOUR + 1) == "2025-03-09 03:00:01"


# --- the tables agree with ServiceHours ----------------------------------------------------------

ZONES = [
    (SHANGHAI, date(1991, 9, 15)),
    ("America/New_York", date(2025, 3, 9)),
    ("America/New_York", date(2025, 11, 2)),
    ("America/Havana", date(2025, 11, 2)),
    ("Europe/London", date(2025, 10, 26)),
    ("Australia/Lord_Howe", date(2025, 4, 6)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
SPAN = 20 * 86_400 * MICROS
QUARTER = 900 * MICROS
INTERVALS = st.sampled_from(
    [
        [],
        OFFICE,
        [("00:00", "24:00")],
        [("00:30", "01:45"), ("02:15", "12:00"), ("12:00", "23:59")],
        [("20:00", "24:00")],
        [("00:00", "02:00"), ("23:00", "24:00")],
    ],
)


@given(
    zone_and_day=st.sampled_from(ZONES),
    weekly=st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, INTERVALS)),
    special=st.dictionaries(st.integers(-5, 5), INTERVALS, max_size=3),
    # Whole quarters of an hour meet the changes of the clocks and the ends of intervals.
    offsets=st.lists(st.integers(0, SPAN - 1), min_size=2, max_size=40)
    | st.lists(st.integers(0, SPAN // QUARTER - 1).map(QUARTER.__mul__), min_size=2, max_size=40),
    seconds=st.integers(1, LONGEST) | st.integers(1, LONGEST // 900).map((900).__mul__),
)
@settings(max_examples=50)
def test_tables_and_service_hours_agree(
    zone_and_day: tuple[str, date],
    weekly: dict[str, list[tuple[str, str]]],
    special: dict[int, list[tuple[str, str]]],
    offsets: list[int],
    seconds: int,
) -> None:
    zone, change = zone_and_day
    hours = ServiceHours(
        zone,
        weekly,
        special_days={change + timedelta(days=days): day for days, day in special.items()},
    )
    first, last = change - timedelta(days=10), change + timedelta(days=9)
    con = warehouse(ServiceCalendar(hours), first, last)
    start = datetime.combine(first, datetime.min.time())
    # Local times a clock showed; a time that comes twice means its first occurrence (fold 0).
    place = ZoneInfo(zone)
    moments = [start + timedelta(microseconds=offset) for offset in offsets]
    instants = [moment.replace(tzinfo=place).astimezone(ZoneInfo("UTC")) for moment in moments]
    shown = [
        (moment, instant)
        for moment, instant in zip(moments, instants, strict=True)
        if instant.astimezone(place).replace(tzinfo=None) == moment
    ]
    shown.sort(key=lambda pair: pair[1])
    if not shown:
        return

    found = positions(con, [moment for moment, _ in shown])

    at = pl.Series([instant for _, instant in shown])
    assert [calendar for calendar, _ in found] == at.dt.epoch("us").to_list()
    service = [position for _, position in found]
    assert None not in service
    placed = pl.Series(service, dtype=pl.Int64)
    since_first = hours.elapsed_seconds(at[:1].new_from_index(0, len(at)), at)
    assert ((placed - placed[0]) // MICROS).to_list() == since_first.to_list()

    for clock, begun in (("calendar", at.dt.epoch("us")), ("service_hours", placed)):
        by_sql = due_at(con, clock, (begun + seconds * MICROS).to_list())
        ends = (
            at.dt.offset_by(f"{seconds}s").dt.convert_time_zone(zone)
            if clock == "calendar"
            else hours.due_at(at, seconds)
        )
        assert by_sql == ends.dt.replace_time_zone(None).to_list()


def test_segments_tile_the_days_and_due_segments_the_positions() -> None:
    con = warehouse(office("Europe/London"), date(2020, 1, 1), date(2025, 12, 31))

    # Only the skipped hours of spring are missing between one segment and the next.
    gaps = con.execute("""
        select starts_at, gap_seconds
        from (
            select
                starts_at,
                epoch(starts_at - lag(ends_at) over (order by starts_at)) as gap_seconds,
            from clocks.segments
        )
        where gap_seconds <> 0 and starts_at < '2022-01-01'
        order by starts_at
    """).fetchall()
    assert [(str(at), seconds) for at, seconds in gaps] == [
        ("2020-03-29 02:00:00", HOUR),
        ("2021-03-28 02:00:00", HOUR),
    ]
    (broken,) = con.execute("""
        select count(*)
        from (
            select position_from, lag(position_to) over (partition by clock order by position_from)
                as reached
            from clocks.due_segments
        )
        where position_from <> reached
    """).fetchone() or (None,)
    assert broken == 0
    (spanning,) = con.execute("""
        select count(*) from clocks.segments
        where cast(starts_at as date) <> day
            or ends_at > day + interval 1 day
            or ends_at <= starts_at
    """).fetchone() or (None,)
    assert spanning == 0
