"""Columns that can be read in two ways: decided from the whole column, or asked."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contract import TICKETS
from pipelines.errors import UsageError
from pipelines.exports import load_mapping, values
from pipelines.exports.deciding import decide

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

UNREADABLE = "not a date or time we can read"


def opened(cells: Sequence[str], column: str = "opened_at") -> str:
    """A file of tickets T2, T3 … (by line) with those cells in one column."""
    rows = "".join(f'T{line},"{cell}"\n' for line, cell in enumerate(cells, 2))
    return f"ticket_id,{column}\n{rows}"


def billed(cells: Sequence[str]) -> str:
    """A file of invoices with those amounts."""
    rows = "".join(f'I{line},1,"{cell}"\n' for line, cell in enumerate(cells, 2))
    return f"invoice_id,line_no,amount\n{rows}"


def at(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # 13 can only be a day: then the column goes day first
        (["13/1/2025", "3/7/2025 9:05"], ["2025-01-13", "2025-07-03 09:05"]),
        (["3/7/2025 9:05", "1/13/2025"], ["2025-03-07 09:05", "2025-01-13"]),
        # 12 may be either: nothing tells, and only what is the same either way is read
        (["12/1/2025", "1/12/2025", "7/7/2025 8:00"], [None, None, "2025-07-07 08:00"]),
        (["25/12/2024", "03-07-2025"], ["2024-12-25", "2025-07-03"]),
        (["12-25-2024", "03-07-2025"], ["2024-12-25", "2025-03-07"]),
        # the usual spelling and dots beside it say nothing about it
        (["2025-03-07", "31.12.2024", "3/7/2025"], ["2025-03-07", "2024-12-31", None]),
        (["2025-03-07", "31/12/2024", "3/7/2025"], ["2025-03-07", "2024-12-31", "2025-07-03"]),
        # 31 June is no date in either order and decides nothing
        (["31/6/2025", "3/7/2025"], [None, None]),
        (["31/6/2025", "3/7/2025", "30/6/2025"], [None, "2025-07-03", "2025-06-30"]),
        # halves of the day, seconds and their fractions, offsets
        (
            ["3/13/2025 12:05 AM", "3/7/2025 5:00:01 pm", "3/7/2025, 17:00"],
            ["2025-03-13 00:05", "2025-03-07 17:00:01", "2025-03-07 17:00"],
        ),
        (
            ["13/03/2025T17:00:00.25", "07/03/2025 17:00Z", "07/03/2025 下午5:00"],
            ["2025-03-13 17:00:00.25", "2025-03-08 01:00", "2025-03-07 17:00"],
        ),
        (["13 / 3 / 2025", "１３／３／２０２５"], ["2025-03-13", "2025-03-13"]),
        # one column, both orders: what has one reading is read, the rest is asked
        (["25/12/2024", "12/25/2024", "3/7/2025"], ["2024-12-25", "2024-12-25", None]),
        # years of two digits: the day, or the year, may be first
        (["12/25/24", "3/7/25 5:00 PM"], ["2024-12-25", "2025-03-07 17:00"]),
        (["25/12/24", "03/07/25"], [None, None]),
        (["25/12/24", "3/7/25"], ["2024-12-25", "2025-07-03"]),  # the year 3 is not written so
        (["25/3/7", "24/12/31"], ["2025-03-07", "2024-12-31"]),
        (["12/25/68", "12/25/69"], ["2068-12-25", "1969-12-25"]),
        (["07.03.25"], [None]),
        # no dates at all
        (["3/7/20255", "3/7", "1/2/3", "99/99/2025", "soon"], [None] * 5),
        (["13/1/2025", "0/1/2025", "1/0/2025", "13/1/0000"], ["2025-01-13", None, None, None]),
    ],
)
def test_the_order_of_day_and_month_is_the_columns(
    stage: Callable[..., Staged], cells: list[str], expected: list[str | None]
) -> None:
    staged = stage({"tickets.csv": opened(cells)})
    assert staged.column("opened_at") == [at(text) for text in expected]
    unread = [line for line, text in enumerate(expected, 2) if text is None]
    assert [problem[0] for problem in staged.problems()] == unread
    assert staged.rows("select rows_in, staged, rejected, problems from meta.files") == [
        (len(cells), len(cells), 0, len(unread))
    ]


def test_what_cannot_be_told_is_asked_with_both_readings_and_the_answer(
    stage: Callable[..., Staged],
) -> None:
    staged = stage({"tickets.csv": opened(["3/7/2025 9:05", "2/1/2025", "7/7/2025", "3/7"])})
    question = (
        "is the day or the month first? 2/1/2025 may be 2025-01-02 (day-first) or 2025-02-01"
        " (month-first); no cell of the column tells. Say it in a mapping file,"
        " tickets.columns.opened_at.format: day-first or month-first"
    )
    assert staged.problems() == [
        (2, "opened_at", "3/7/2025 9:05", question),
        (3, "opened_at", "2/1/2025", question),
        (5, "opened_at", "3/7", UNREADABLE),
    ]
    assert staged.rows("select reason_zh from staging.problems")[0] == (
        (
            "日在前还是月在前？2/1/2025 可以是 2025-01-02（day-first）或"
            " 2025-02-01（month-first）；该列没有单元格能说明。"
            "请在映射文件中写明 tickets.columns.opened_at.format："
            "day-first 或 month-first"
        ),
    )


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("day-first", ["2025-07-03 09:05", "2024-12-25", None, "2025-03-07"]),
        ("month-first", ["2025-03-07 09:05", None, "2024-12-25", "2025-03-07"]),
    ],
)
def test_the_answer_in_the_mapping_settles_it(
    stage: Callable[..., Staged], way: str, expected: list[str | None]
) -> None:
    staged = stage(
        {"tickets.csv": opened(["3/7/2025 9:05", "25/12/2024", "12/25/2024", "2025-03-07"])},
        mapping=f"tickets: {{columns: {{opened_at: {{from: opened_at, format: {way}}}}}}}",
    )
    assert staged.column("opened_at") == [at(text) for text in expected]
    assert [problem[3] for problem in staged.problems()] == [UNREADABLE]


def test_each_column_of_each_file_is_decided_by_itself(stage: Callable[..., Staged]) -> None:
    header = "ticket_id,opened_at,finished_at\n"
    staged = stage(
        {
            "tickets_1.csv": f"{header}T1,13/1/2025,1/13/2025\nT2,3/7/2025,3/7/2025\n",
            "tickets_2.csv": f"{header}T3,3/7/2025,\n",
        }
    )
    assert staged.column("opened_at") == [at("2025-01-13"), at("2025-07-03"), None]
    assert staged.column("finished_at") == [at("2025-01-13"), at("2025-03-07"), None]
    assert staged.rows("select note from meta.files") == [
        ("opened_at is day-first; finished_at is month-first",),
        ("",),
    ]
    assert [problem[:2] for problem in staged.problems()] == [(2, "opened_at")]


def test_the_last_row_of_many_decides(stage: Callable[..., Staged]) -> None:
    cells = ["3/7/2025 9:05"] * 200_000
    staged = stage({"tickets.csv": opened([*cells, "31/12/2024"])})
    assert staged.rows(
        "select opened_at, count(*) from staging.tickets group by all order by all"
    ) == [
        (at("2024-12-31"), 1),
        (at("2025-07-03 09:05"), 200_000),
    ]
    assert staged.rows(
        "select count(*) from staging.tickets where source_row <> substr(ticket_id, 2)"
    ) == [(0,)]


def test_what_first_comes_far_down_is_decided_too(stage: Callable[..., Staged]) -> None:
    cells = [*["2025-01-05"] * 2_000, "13/1/2025", "3/7/2025"]
    staged = stage({"tickets.csv": opened(cells)})
    assert staged.column("opened_at")[-3:] == [
        *(at("2025-01-05"), at("2025-01-13"), at("2025-07-03")),
    ]
    assert staged.column("source_row") == list(range(2, 2_004))


def test_irregular_files_and_workbooks_are_decided_alike(stage: Callable[..., Staged]) -> None:
    cells = ["3/7/2025", "31/12/2024"]
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [["ticket_id", "opened_at"], ["X1", cells[0]], ["X2", cells[1]]]:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    staged = stage({"tickets_1.csv": opened(cells) + "\n\nT9\n", "tickets_2.xlsx": data.getvalue()})
    assert staged.column("opened_at") == [
        *(at("2025-07-03"), at("2024-12-31"), None),
        *(at("2025-07-03"), at("2024-12-31")),
    ]
    assert staged.problems() == []


def test_the_zone_of_the_source_is_reckoned_with(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {"tickets.csv": opened(["13/1/2025 17:00", "7/1/2025 17:00"])},
        mapping="tickets: {timezone: America/New_York}",
    )
    # Winter: New York is 13 hours behind Shanghai.
    assert staged.column("opened_at") == [at("2025-01-14 06:00"), at("2025-01-08 06:00")]


def test_dates_without_a_time_of_day_too(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id\nT1\n",
            "agents.csv": "agent_id,active_from,active_to\nA1,3/7/2025,13/7/2025\n",
        }
    )
    assert staged.rows("select active_from, active_to from staging.agents") == [
        (None, dt.date(2025, 7, 13))
    ]
    assert "agents.columns.active_from.format" in staged.problems()[0][3]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.234,56", "1.234", "12,5", "7", "1,234"], ["1234.56", "1234", "12.50", "7", None]),
        (["1,234.56", "1.250", "12.5", "7", "1,250"], ["1234.56", "1.25", "12.5", "7", "1250"]),
        # one group of three behind a dot: nothing tells
        (["1.234", "12.500", "999", "1,234"], [None, None, "999", None]),
        (["1.234.567", "12.500"], ["1234567", "12500"]),
        # what begins with 0, or is longer than a group, is no group of thousands
        (["0.500", "12.500"], ["0.5", "12.5"]),
        (["0,500", "12,500"], ["0.5", "12.5"]),
        (["1234.500", "12.500"], ["1234.5", "12.5"]),
        # a comma parts thousands as long as nothing in the column speaks for decimal commas
        (["1,234", "12,500", "¥1,200"], ["1234", "12500", "1200"]),
        (["12,500", "12,5"], ["12.5", "12.5"]),
        # both: what has one reading is read, the rest is asked
        (["1,50", "1.50", "1.234", "1,234"], ["1.5", "1.5", None, None]),
        (["¥1.234,50", "(1.234,50)", "1.234,50-"], ["1234.5", "-1234.5", "-1234.5"]),
        (["-3,00元"], ["-3"]),
        (["1\u202f234,50", "1\u00a0234"], ["1234.5", "1234"]),
        (["1 234,50", "12.34.5", "1,2,3", "1.2.3"], ["1234.5", None, None, None]),
    ],
)
def test_the_decimal_sign_is_the_columns(
    stage: Callable[..., Staged], cells: list[str], expected: list[str | None]
) -> None:
    staged = stage({"tickets.csv": "ticket_id\nT1\n", "invoices.csv": billed(cells)})
    assert staged.column("amount", "invoices") == [
        None if text is None else Decimal(text) for text in expected
    ]
    assert [problem[0] for problem in staged.problems()] == [
        line for line, text in enumerate(expected, 2) if text is None
    ]


def test_an_amount_that_cannot_be_told_is_asked(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id\nT1\n", "invoices.csv": billed(["12.500"])})
    assert staged.problems() == [
        (
            *(2, "amount", "12.500"),
            (
                "is the decimal sign a point or a comma? 12.500 may be 12.5 (decimal-point) or"
                " 12500 (decimal-comma); no cell of the column tells. Say it in a mapping file,"
                " invoices.columns.amount.format: decimal-point or decimal-comma"
            ),
        )
    ]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("decimal-comma", ["12500", "1234.5", None, "1.5"]),
        ("decimal-point", ["12.5", None, "12.34", None]),
    ],
)
def test_the_answer_settles_the_decimal_sign(
    stage: Callable[..., Staged], way: str, expected: list[str | None]
) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id\nT1\n",
            "invoices.csv": billed(["12.500", "1.234,50", "12.34", "1,5"]),
        },
        mapping=f"invoices: {{columns: {{amount: {{from: amount, format: {way}}}}}}}",
    )
    assert staged.column("amount", "invoices") == [
        None if text is None else Decimal(text) for text in expected
    ]


def test_numbers_of_parquet_files_are_no_question(stage: Callable[..., Staged]) -> None:
    amounts = pl.Series([Decimal("12.500"), Decimal("7.250")], dtype=pl.Decimal(18, 3))
    table = pl.DataFrame({"invoice_id": ["I1", "I2"], "line_no": [1, 1], "amount": amounts})
    data = io.BytesIO()
    table.write_parquet(data)
    staged = stage({"tickets.csv": "ticket_id\nT1\n", "invoices.parquet": data.getvalue()})
    assert staged.column("amount", "invoices") == [Decimal("12.50"), Decimal("7.25")]


def test_a_workbooks_numbers_are_never_taken_for_thousands(stage: Callable[..., Staged]) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in ("invoice_id", "line_no", "amount"), ("I1", 1, 1.234), ("I2", 1, "1.234,50"):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    files = {"tickets.csv": "ticket_id\nT1\n", "invoices.xlsx": data.getvalue()}
    staged = stage(files)
    assert staged.column("amount", "invoices") == [None, Decimal("1234.50")]
    assert staged.problems()[0][:3] == (2, "amount", "1.234")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("amount: {from: x, format: day-first}", ("amount.format", "decimal-point or decimal-com")),
        ("issued_at: {from: x, format: decimal-comma}", ("issued_at.format", "day-first")),
        ("issued_at: {from: x, format: [day-first, '%d']}", ("'day-first' is no time format",)),
        ("ticket_id: {from: x, format: day-first}", ("ticket_id.format", "does not fit")),
    ],
)
def test_a_way_that_does_not_fit_the_column_is_refused(
    tmp_path: Path, rule: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "m.yaml").write_text(f"invoices: {{columns: {{{rule}}}}}")
    with pytest.raises(UsageError) as error:
        load_mapping(tmp_path / "m.yaml")
    for word in words:
        assert word in str(error.value)


def readings_of(text: str) -> dict[str, dt.date]:
    """Both readings of a date with slashes, by Python's own calendar."""
    first, second, year = map(int, text.split("/"))
    found = {}
    for way, month, day in (("day-first", second, first), ("month-first", first, second)):
        try:
            found[way] = dt.date(year, month, day)
        except ValueError:
            continue
    return found


def expected_of(cells: list[str]) -> list[Any]:
    """Counted by hand: the ways every date fits; one left decides, else only what agrees."""
    said = [readings_of(text) for text in cells]
    left = {"day-first", "month-first"}.intersection(*(one.keys() for one in said if one))
    if len(left) == 1:
        (way,) = left
        return [one.get(way) for one in said]
    return [next(iter(one.values())) if len(set(one.values())) == 1 else None for one in said]


@settings(max_examples=50)
@given(
    st.lists(
        st.builds("{}/{}/{}".format, *[st.integers(1, 31)] * 2, st.just(2024)),
        min_size=1,
        max_size=6,
    )
)
def test_the_decision_is_the_one_counted_by_hand(cells: list[str]) -> None:
    column = TICKETS.column("opened_at")
    reading = values.Reading("Asia/Shanghai", "Asia/Shanghai")
    with duckdb.connect() as con:
        con.execute("create table cells as select unnest(?) as c0", [cells])
        decided = decide(con, "cells", {"opened_at": (column, "c0", reading)}, "x")
        found = decided["opened_at"]
        way = found.way if found else None
        said = values.found(column, "c0", values.Reading("Asia/Shanghai", "Asia/Shanghai", way=way))
        rows = con.execute(f"select {said} from cells order by rowid").fetchall()
    dates = [None if value is None else value.date() for (value,) in rows]
    assert dates == expected_of(cells)
