"""Cells as people write them, and what they must be read as."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.contract import AGENTS, INSTALLED_BASE, INVOICES, TICKETS, Column
from pipelines.exports import values

if TYPE_CHECKING:
    import duckdb

pytest_plugins = ("tests.exports.staging_fixtures",)

SHANGHAI = values.Reading("Asia/Shanghai", "Asia/Shanghai")
NOT_A_TIME = "not a date or time we can read"
YEAR = "the year is not within 1900-2199"


def read(
    con: duckdb.DuckDBPyConnection,
    column: Column,
    text: str | None,
    reading: values.Reading = SHANGHAI,
) -> Any:  # noqa: ANN401 - a value of any kind
    cleaned = values.cleaned(column, "raw", reading)
    return con.execute(
        f"select {values.typed(column, 'said', reading)}"
        f" from (select {values.found(column, 'text', reading)} as said"
        f" from (select {cleaned} as text from (select ?::varchar as raw)))",
        [text],
    ).fetchall()[0][0]


def why(con: duckdb.DuckDBPyConnection, column: Column, text: str) -> str:
    said = values.found(column, "text", SHANGHAI)
    reason: str = con.execute(
        f"select {values.reason(column, 'said', SHANGHAI)}"
        f" from (select {said} as said from (select ?::varchar as text))",
        [text],
    ).fetchall()[0][0]
    return reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-07 17:00:00", "2025-03-07 17:00:00"),
        ("2025-03-07 17:00", "2025-03-07 17:00:00"),
        ("2025-03-07T17:00:05", "2025-03-07 17:00:05"),
        ("2025-03-07", "2025-03-07 00:00:00"),
        ("  2025-03-07 17:00\u3000", "2025-03-07 17:00:00"),
        ("2019/4/25 9:32:09", "2019-04-25 09:32:09"),
        ("2025年3月7日 17:00", "2025-03-07 17:00:00"),
        ("2025年3月7日17时30分", "2025-03-07 17:30:00"),
        ("2025年3月7日 17时30分05秒", "2025-03-07 17:30:05"),
        ("2025年3月7日下午5点30分", "2025-03-07 17:30:00"),
        ("2025-03-07 12:05 AM", "2025-03-07 00:05:00"),
        ("2025-03-07 12:05 PM", "2025-03-07 12:05:00"),
        ("2025.03.07", "2025-03-07 00:00:00"),
        ("07.03.2025", "2025-03-07 00:00:00"),
        ("7.3.2025 9:05", "2025-03-07 09:05:00"),
        ("31.12.2025, 23:59:58", "2025-12-31 23:59:58"),
        ("２０２５－０３－０７　１７：００", "2025-03-07 17:00:00"),
        ("20250307", "2025-03-07 00:00:00"),
        ("20250307170005", "2025-03-07 17:00:05"),
        ("2025-03-07 24:00", "2025-03-08 00:00:00"),
        ("2025-03-07 17:00:00.5", "2025-03-07 17:00:00.500000"),
        ("2025-03-07 17:00:00.123456789", "2025-03-07 17:00:00.123456"),
        ("1900-01-02", "1900-01-02 00:00:00"),
        ("2199-12-31 23:59:59", "2199-12-31 23:59:59"),
    ],
)
def test_a_time_is_read_in_its_usual_spellings(
    con: duckdb.DuckDBPyConnection, text: str, expected: str
) -> None:
    column = TICKETS.column("opened_at")
    assert read(con, column, text) == dt.datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-07T17:00:00Z", "2025-03-08 01:00:00"),  # 17:00 UTC is 01:00 in Shanghai
        ("2025-03-07T17:00:00.25Z", "2025-03-08 01:00:00.250000"),
        ("2025-03-07 17:00+08:00", "2025-03-07 17:00:00"),
        ("2025-03-07 17:00 +0900", "2025-03-07 16:00:00"),
        ("2025-03-07 17:00:00-05", "2025-03-08 06:00:00"),
        ("2025-03-07 17:00 UTC", "2025-03-08 01:00:00"),
        ("2025-03-07 17:00 UTC+8", "2025-03-07 17:00:00"),
        ("2025-03-07 17:00:00+05:30", "2025-03-07 19:30:00"),
    ],
)
def test_an_offset_is_reckoned_with(
    con: duckdb.DuckDBPyConnection, text: str, expected: str
) -> None:
    column = TICKETS.column("opened_at")
    assert read(con, column, text) == dt.datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("24:00", NOT_A_TIME),
        ("2025-02-30", NOT_A_TIME),
        ("2025-02-29 10:00", NOT_A_TIME),
        ("2025-03-07 24:01", NOT_A_TIME),
        ("2025-03-07 17:60", NOT_A_TIME),
        ("03.25.2025", NOT_A_TIME),
        ("07.03.20255", NOT_A_TIME),
        ("3/7/2025", NOT_A_TIME),
        ("2025-03-07 17", NOT_A_TIME),
        ("2025-03-07 17:00 +25:00", NOT_A_TIME),
        ("45000.5", NOT_A_TIME),
        ("yesterday", NOT_A_TIME),
        ("'; drop table staging.tickets; --", NOT_A_TIME),
        ("1899-12-31 09:30:00", "a time of day without its date"),
        ("1899-12-29", YEAR),
        ("2200-01-01", YEAR),
        ("0025-03-07", YEAR),
    ],
)
def test_what_is_no_time_is_a_problem(
    con: duckdb.DuckDBPyConnection, text: str, reason: str
) -> None:
    column = TICKETS.column("opened_at")
    assert read(con, column, text) is None
    assert why(con, column, text) == reason


def test_day_numbers_are_times_in_workbooks_only(con: duckdb.DuckDBPyConnection) -> None:
    workbook = values.Reading("Asia/Shanghai", "Asia/Shanghai", has_serials=True)
    column = TICKETS.column("opened_at")
    # Day 45000 of the spreadsheet calendar is 15 March 2023; .5 is noon.
    assert read(con, column, "45000.5", workbook) == dt.datetime(2023, 3, 15, 12)  # noqa: DTZ001 - local
    assert read(con, column, "45000.5") is None
    assert read(con, column, "5", workbook) is None


@pytest.mark.parametrize(
    "text",
    [
        *("2025-03-03 9:00-11:30", "2025-03-03 8:30-17:30", "2025-03-03 14:00-16"),
        *("2025年3月3日 14:00-15:30", "2025-03-03T09:00:00+14:15", "2025-03-03T09:00:00-12:30"),
        *("2025-03-03T09:00:00+08:07", "2025.1-12", "2025.1-3", "2025/1-3", "2025-1/3"),
    ],
)
def test_a_span_or_a_list_of_months_is_no_time(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert read(con, TICKETS.column("responded_at"), text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-03T09:00:00+14:00", "2025-03-03 03:00:00"),
        ("2025-03-03 09:00:00-12:00", "2025-03-04 05:00:00"),
        ("2025-03-03T09:00-05:00", "2025-03-03 22:00:00"),
        ("2025-03-03 09:00+05:45", "2025-03-03 11:15:00"),
        ("2025.1.3", "2025-01-03 00:00:00"),
    ],
)
def test_the_offsets_there_are_are_reckoned_with(
    con: duckdb.DuckDBPyConnection, text: str, expected: str
) -> None:
    assert str(read(con, TICKETS.column("responded_at"), text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1900-01-01", None),
        ("1900-01-01 00:00:00", None),
        ("1900-01-01 13:05:43", None),
        ("1900-01-02", dt.datetime(1900, 1, 2)),  # noqa: DTZ001 - local
    ],
)
def test_the_first_moment_of_all_is_what_databases_write_for_none(
    con: duckdb.DuckDBPyConnection, text: str, expected: dt.datetime | None
) -> None:
    assert read(con, TICKETS.column("finished_at"), text) == expected


def test_a_workbook_may_count_its_days_from_1904(con: duckdb.DuckDBPyConnection) -> None:
    old = values.Reading(
        "Asia/Shanghai", "Asia/Shanghai", has_serials=True, day_zero=values.DAY_ZERO_OF_1904
    )
    # 1462 days lie between the two.
    assert read(con, TICKETS.column("opened_at"), "43538.5", old) == dt.datetime(2023, 3, 15, 12)  # noqa: DTZ001 - local


def test_local_times_of_another_zone_are_moved(con: duckdb.DuckDBPyConnection) -> None:
    boston = values.Reading("Asia/Shanghai", "America/New_York")
    column = TICKETS.column("opened_at")
    # Winter: New York is 13 hours behind Shanghai; in summer 12.
    assert read(con, column, "2025-01-07 17:00", boston) == dt.datetime(2025, 1, 8, 6)  # noqa: DTZ001 - local
    assert read(con, column, "2025/7/7 17:00", boston) == dt.datetime(2025, 7, 8, 5)  # noqa: DTZ001 - local
    assert read(con, column, "2025-01-07T17:00Z", boston) == dt.datetime(2025, 1, 8, 1)  # noqa: DTZ001 - local


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Clocks went back at 02:00: 01:30 came at 05:30 UTC and again an hour later.
        ("2025-11-02 01:30", dt.datetime(2025, 11, 2, 13, 30)),  # noqa: DTZ001 - local
        ("2025/11/2 1:30", dt.datetime(2025, 11, 2, 13, 30)),  # noqa: DTZ001 - local
        ("2025-11-02 00:59:59", dt.datetime(2025, 11, 2, 12, 59, 59)),  # noqa: DTZ001 - local
        ("2025-11-02 02:00", dt.datetime(2025, 11, 2, 15, 0)),  # noqa: DTZ001 - local
        # Clocks went on from 02:00 to 03:00.
        ("2025-03-09 01:59:59", dt.datetime(2025, 3, 9, 14, 59, 59)),  # noqa: DTZ001 - local
        ("2025-03-09 02:00", None),
        ("2025年3月9日 2:59:59", None),
        ("2025-03-09 03:00", dt.datetime(2025, 3, 9, 15, 0)),  # noqa: DTZ001 - local
    ],
)
def test_a_time_that_came_twice_is_the_first_and_one_that_never_was_is_none(
    con: duckdb.DuckDBPyConnection, text: str, expected: dt.datetime | None
) -> None:
    boston = values.Reading("Asia/Shanghai", "America/New_York")
    assert read(con, TICKETS.column("opened_at"), text, boston) == expected


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"]
)
def test_each_quarter_of_an_hour_of_a_zone_is_the_instant_it_was(
    con: duckdb.DuckDBPyConnection, zone: str
) -> None:
    column = TICKETS.column("opened_at")
    there = values.Reading("UTC", zone)
    first = dt.datetime(2018, 1, 1)  # noqa: DTZ001 - local; São Paulo still changed its clocks then
    local = [first + dt.timedelta(minutes=15 * number) for number in range(4 * 24 * 365)]
    found = con.execute(
        f"select {values.typed(column, 'said', there)}"
        f" from (select {values.found(column, 'text', there)} as said"
        " from (select unnest($1::varchar[]) as text))",
        [[f"{time:%Y-%m-%d %H:%M}" for time in local]],
    ).fetchall()
    wanted = []
    for time in local:
        instant = time.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
        was = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == time
        wanted.append((instant.replace(tzinfo=None) if was else None,))
    assert found == wanted
    assert 2 <= wanted.count((None,)) <= 4, "half an hour or an hour never was"


def test_formats_of_a_mapping_are_the_only_ones(con: duckdb.DuckDBPyConnection) -> None:
    american = values.Reading("Asia/Shanghai", "Asia/Shanghai", formats=("%m/%d/%Y %H:%M",))
    column = TICKETS.column("opened_at")
    assert read(con, column, "3/7/2025 17:00", american) == dt.datetime(2025, 3, 7, 17)  # noqa: DTZ001 - local
    assert read(con, column, "2025-03-07 17:00", american) is None


def test_a_date_keeps_its_day_when_a_time_follows(con: duckdb.DuckDBPyConnection) -> None:
    column = AGENTS.column("active_from")
    assert read(con, column, "2025-03-07 23:59:59") == dt.date(2025, 3, 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "1.00"),
        ("-3.50", "-3.50"),
        ("1,234.50", "1234.50"),
        ("12 345.10", "12345.10"),
        ("¥1,234.50", "1234.50"),
        ("￥-5", "-5.00"),
        ("-￥5.00", "-5.00"),
        ("(1,200.00)", "-1200.00"),
        ("(¥5)", "-5.00"),
        ("5.00-", "-5.00"),
        ("5.00元", "5.00"),
        ("人民币 5", "5.00"),
        ("１２３．５０", "123.50"),
        ("19.989999999999998", "19.99"),
        ("0.30000000000000004", "0.30"),
        ("1234567890123.78", "1234567890123.78"),
    ],
)
def test_money_is_read_to_the_cent(
    con: duckdb.DuckDBPyConnection, text: str, expected: str
) -> None:
    assert read(con, INVOICES.column("amount"), text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0.005", "more than two decimals"),
        ("1.00001", "more than two decimals"),
        ("12,34.5", "not a number"),
        ("1.234,50", "not a number"),
        ("$5", "not a number"),
        ("1_000", "not a number"),
        ("--5", "not a number"),
        ("三百元", "not a number"),
        ("nan", "not a number"),
        ("99999999999999999999", "too large"),
        ("10000000000000", "too large"),
        ("10000000000000.00", "too large"),
        ("-10,000,000,000,000", "too large"),
        ("6222021234567890", "too large"),
    ],
)
def test_money_that_is_no_amount_is_a_problem(
    con: duckdb.DuckDBPyConnection, text: str, reason: str
) -> None:
    column = INVOICES.column("amount")
    assert read(con, column, text) is None
    assert why(con, column, text) == reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9999999999999.99", Decimal("9999999999999.99")),
        ("-9999999999999.99", Decimal("-9999999999999.99")),
        ("9,999,999,999,999", Decimal(9999999999999)),
    ],
)
def test_the_largest_amounts_are_read(
    con: duckdb.DuckDBPyConnection, text: str, expected: Decimal
) -> None:
    assert read(con, INVOICES.column("amount"), text) == expected


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (INSTALLED_BASE.column("warranty_months"), "-1"),
        (INSTALLED_BASE.column("warranty_months"), "-12.0"),
        (INSTALLED_BASE.column("warranty_months"), "-99999999999"),
        (TICKETS.column("training_hours"), "-0.01"),
        (TICKETS.column("training_hours"), "-8"),
    ],
)
def test_what_cannot_be_less_than_nothing_is_a_problem(
    con: duckdb.DuckDBPyConnection, column: Column, text: str
) -> None:
    assert read(con, column, text) is None
    assert why(con, column, text) == "below zero"


def test_nothing_at_all_is_a_number(con: duckdb.DuckDBPyConnection) -> None:
    assert read(con, INSTALLED_BASE.column("warranty_months"), "0") == 0
    assert read(con, TICKETS.column("training_hours"), "0.00") == 0


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("fault_level", "1", 1),
        ("fault_level", "一级", 1),
        ("fault_level", "2级", 2),
        ("fault_level", "p3", 3),
        ("fault_level", "４", 4),
        ("fault_level", "3.0", 3),
        ("fault_level", "0", None),
        ("fault_level", "5", None),
        ("fault_level", "3.7", None),
        ("training_hours", "7.5", Decimal("7.50")),
        ("training_hours", "8", Decimal("8.00")),
        ("training_hours", "7.555", None),
        ("training_hours", "8h", None),
        ("expert_team", "是", True),
        ("expert_team", "N", False),
        ("expert_team", "TRUE", True),
        ("expert_team", "0", False),
        ("expert_team", "maybe", None),
        ("customer_type", "大客户", "key_account"),
        ("customer_type", " END_CUSTOMER ", "end_customer"),
        ("customer_type", "VIP", None),
        ("channel", "E-Mail", "email"),
        ("service_code", "ｓａｓｌ012", "SASL012"),
        ("city", "北京市", "北京"),
        ("city", "广东省深圳市", "深圳"),
        ("city", "吉林省吉林市", "吉林"),
        ("city", "内蒙古自治区呼和浩特市", "呼和浩特"),
        ("city", "新疆维吾尔自治区乌鲁木齐市", "乌鲁木齐"),
        ("city", "省市", "省市"),
        ("city", "海南省市", "海南省"),
        ("city", "沙市", "沙市"),
        ("city", "Shanghai市", "上海"),
        ("city", "北京市朝阳区", "北京"),
        ("city", "北京市市辖区", "北京"),
        ("city", "上海市上海市", "上海"),
        ("city", "北京市北京市海淀区", "北京"),
        ("city", "广东省深圳市南山区", "深圳"),
        ("city", "深圳市(南山)", "深圳"),
        ("city", "荆州市沙市区", "荆州"),
        ("city", "湖南省湘西土家族苗族自治州吉首市", "吉首"),
        ("city", "苏州市昆山市", "苏州市昆山"),
        ("city", "广州 市", "广州"),
        ("city", "沙市区", "沙市区"),
        ("city", "上海市浦东新区市民中心", "上海"),
        ("city", "重庆市渝中区市政府", "重庆"),
        ("city", "广东省 深圳市", "深圳"),
        ("city", "广东省/深圳市/南山区", "深圳"),
        ("city", "北京市 北京市 朝阳区", "北京"),
        ("city", "深圳市福田区爱盟大厦城市花园", "深圳"),
        ("city", "Shenzhen市南山区", "深圳"),
        ("city", "津市市", "津市"),
        ("city", "SHEN ZHEN", "深圳"),
        ("city", "Beijing City", "北京"),
        ("city", "Xi’an", "西安"),
        ("city", "ＳＨＡＮＧＨＡＩ市", "上海"),
        ("city", "Shenzhen", "深圳"),
        ("city", "Xi'an", "西安"),
        ("city", "Roslindale", "Roslindale"),
        ("city", "-", None),
        ("ticket_id", "ＡＢ\u200b１", "AB1"),
        ("ticket_id", "001", "001"),
        ("agent_id", "无", None),
        ("agent_id", "N/A", None),
        ("description", "N/A", "N/A"),
        ("description", "ＡＢ１", "ＡＢ１"),
        ("description", "\u00a0\ufeff \t", None),
        ("description", "<b>&'\"", "<b>&'\""),
    ],
)
def test_words_become_the_contracts_words(
    con: duckdb.DuckDBPyConnection, column: str, text: str, expected: object
) -> None:
    assert read(con, TICKETS.column(column), text) == expected


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("line_no", "3.0", 3),
        ("line_no", "3.7", None),
        ("issuer", "公司", "company"),
        ("issuer", "A07", "A07"),
        ("currency", "usd", "USD"),
        ("currency", "人民币", "CNY"),
        ("currency", "人民币（元）", "CNY"),
        ("currency", "CN¥", "CNY"),
        ("currency", "156", "CNY"),
        ("currency", "", "CNY"),
        ("currency", None, "CNY"),
    ],
)
def test_invoice_words(
    con: duckdb.DuckDBPyConnection, column: str, text: str | None, expected: object
) -> None:
    assert read(con, INVOICES.column(column), text) == expected


@pytest.mark.parametrize("word", ["-", "--", "?", "n/a", "NA", "Null", "无", "空", "未知"])
def test_words_for_nothing_are_no_problem(con: duckdb.DuckDBPyConnection, word: str) -> None:
    rows = con.execute(
        f"select {values.is_null_word('text')} from (select ?::varchar as text)", [word]
    ).fetchall()
    assert rows == [(True,)]


def test_plain_and_careful_reading_agree(con: duckdb.DuckDBPyConnection) -> None:
    plain = values.Reading("Asia/Shanghai", "Asia/Shanghai", is_plain=True)
    for column in TICKETS.columns:
        for text in (
            "1",
            " SASL012 ",
            "yes",
            "2025-03-07 17:00",
            "北京市",
            "广东省深圳市",
            "",
            None,
            "N/A",
            "公司",
        ):
            assert read(con, column, text, plain) == read(con, column, text), (column.name, text)
