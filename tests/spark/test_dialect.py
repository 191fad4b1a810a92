"""Each thing the two engines mean differently, asked of both: the answers must be the same."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipelines.spark.dialect import UntranslatableError, translate

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

T = "timestamp '2025-03-31 23:59:59.5'"

ASKED = {
    "whole division cuts towards zero": ("select 7 // 2, -7 // 2, 7 // -2", (3, -3, -3)),
    "whole division is exact beyond a double": (
        "select 9007199254740993 // 1",
        (9007199254740993,),
    ),
    "a half cent is told beyond a double": (
        "select (2 * cast(cast(134218831.67 as decimal(18, 2)) * 100 as hugeint) + 2) // 4",
        (6710941584,),
    ),
    "division of decimals is a double": (
        "select cast(1 as decimal(18, 2)) / 3 = 1.0 / cast(3 as double)",
        (True,),
    ),
    "microseconds since 1970": (f"select epoch_us({T})", (1743465599500000,)),
    "seconds since 1970 keep their fraction": (f"select epoch({T})", (1743465599.5,)),
    "microseconds before 1970": (
        "select epoch_us(timestamp '1969-12-31 23:59:59.9')",
        (-100000,),
    ),
    "a span of microseconds": (
        "select timestamp '2025-01-01' + to_microseconds(86400000001)",
        (datetime.fromisoformat("2025-01-02 00:00:00.000001"),),
    ),
    "months keep the end of the month": (
        (
            "select cast(date '2025-08-31' + to_months(6) as date), "
            "cast(date '2023-08-31' + to_months(6) as date)"
        ),
        (date(2026, 2, 28), date(2024, 2, 29)),
    ),
    "days added to a day": (
        "select cast(date_add(date '2025-02-27', to_days(cast(2 as integer))) as date)",
        (date(2025, 3, 1),),
    ),
    "a month by its name added": (
        "select cast(date '2025-01-31' + interval 1 month as date)",
        (date(2025, 2, 28),),
    ),
    "the first of a month is a local time": (
        f"select date_trunc('month', {T}), date_trunc('quarter', date '2025-12-31')",
        (datetime.fromisoformat("2025-03-01"), datetime.fromisoformat("2025-10-01")),
    ),
    "a day compared with a local time": (
        "select date '2025-03-01' = date_trunc('month', date '2025-03-09')",
        (True,),
    ),
    "days between count midnights": (
        "select date_diff('day', timestamp '2025-03-01 23:59:00', timestamp '2025-03-02 00:01:00')",
        (1,),
    ),
    "a time in words": (f"select strftime({T}, '%Y-%m-%d %H:%M')", ("2025-03-31 23:59",)),
    "a time as text": (
        (
            "select cast(timestamp '2025-03-07 17:00:00' as varchar), "
            "cast(date '2025-03-07' as varchar)"
        ),
        ("2025-03-07 17:00:00", "2025-03-07"),
    ),
    "an amount as text": ("select cast(cast(0 as decimal(18, 2)) as varchar)", ("0.00",)),
    "nothing is left out of joined text": (
        "select concat('a', null, 1, cast(null as integer)), concat_ws(', ', 'a', null, 'b')",
        ("a1", "a, b"),
    ),
    "text beside nothing is nothing": ("select 'a' || cast(null as varchar)", (None,)),
    "text beside a number": ("select 'row ' || 7", ("row 7",)),
    "nothing compared": (
        (
            "select null is not distinct from null, 1 is distinct from null, "
            "row(1, null) is not distinct from row(1, null)"
        ),
        (True, True, True),
    ),
    "least and greatest pass over nothing": ("select least(2, null), greatest(2, null)", (2, 2)),
    "a half cent is rounded away from zero": (
        (
            "select cast(round(cast(0.005 as decimal(38, 8)), 2) as decimal(18, 2)), "
            "cast(round(cast(-2.675 as decimal(38, 8)), 2) as decimal(18, 2))"
        ),
        (Decimal("0.01"), Decimal("-2.68")),
    ),
    "sums of cents are exact": (
        (
            "select sum(x) from (select cast(y as decimal(18, 2)) as x from "
            "(values (0.1), (0.2), (0.3)) as t(y))"
        ),
        (Decimal("0.60"),),
    ),
}

ROWS = "(values (1, 'b', 3), (2, null, 2), (3, 'a', 1), (null, 'c', 4)) as t(n, word, place)"

ASKED_OF_ROWS = {
    "nothing comes last, either way": (
        f"select n from {ROWS} order by n",
        [(1,), (2,), (3,), (None,)],
    ),
    "nothing comes last downwards": (
        f"select n from {ROWS} order by n desc",
        [(3,), (2,), (1,), (None,)],
    ),
    "nothing comes last in a window": (
        f"select word, row_number() over (order by word) as k from {ROWS} order by 2",
        [("a", 1), ("b", 2), ("c", 3), (None, 4)],
    ),
    "order by all": (
        f"select word, n from {ROWS} order by all",
        [("a", 3), ("b", 1), ("c", None), (None, 2)],
    ),
    "a list of texts in order": (
        f"select string_agg(word, ', ' order by place desc) from {ROWS}",
        [("c, b, a",)],
    ),
    "the value of an extreme, never nothing": (
        f"select max_by(n, place), min_by(word, n), arg_min(n, (place, word)) from {ROWS}",
        [(1, "b", 3)],
    ),
    "any value is one that is there": (
        "select any_value(x) from (values (cast(null as varchar)), ('a')) as t(x)",
        [("a",)],
    ),
    "counts of some": (
        f"select count(*) filter (where n > 1), count(distinct n % 2), count(n) from {ROWS}",
        [(2, 2, 3)],
    ),
    "quantiles between values": (
        f"select quantile_cont(place, 0.5), quantile_cont(place, 0.9) from {ROWS}",
        [(2.5, 3.7)],
    ),
    "a series, and none": (
        "select w, unnest(generate_series(1, w)) as k from (values (2), (0)) as t(w) order by k",
        [(2, 1), (2, 2)],
    ),
    "the first of each, in an order of its own": (
        (
            f"select word, n from {ROWS} where n is not null "
            "qualify row_number() over (partition by n % 2 order by place) = 1 "
            "order by n desc limit 5"
        ),
        [("a", 3), (None, 2)],
    ),
    "rows without a match": (
        (
            f"select n from {ROWS} anti join (select 1 as n union all select 2) as u using (n) "
            "order by n"
        ),
        [(3,), (None,)],
    ),
    "groups of several kinds": (
        (
            "select grouping(n) as g, count(*) as k from (values (1), (1), (2)) as t(n) "
            "group by grouping sets ((n), ()) order by g, k"
        ),
        [(0, 1), (0, 2), (1, 3)],
    ),
    "a step computed once": (
        "with one as materialized (select 1 as n) select a.n + b.n from one as a, one as b",
        [(2,)],
    ),
    "columns left out": (f"select * exclude (word) from {ROWS} where n = 1", [(1, 3)]),
    "texts are compared byte by byte": (
        "select x from (values ('b'), ('B'), ('a'), ('中'), ('é')) as t(x) order by x",
        [("B",), ("a",), ("b",), ("é",), ("中",)],
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_both_engines_mean_the_same(spark: SparkSession, name: str) -> None:
    query, wanted = ASKED[name]
    assert duckdb.execute(query).fetchall() == [wanted]
    assert [tuple(row) for row in spark.sql(translate(query)).collect()] == [wanted]


@pytest.mark.parametrize("name", ASKED_OF_ROWS)
def test_both_engines_give_the_same_rows(spark: SparkSession, name: str) -> None:
    query, wanted = ASKED_OF_ROWS[name]
    assert duckdb.execute(query).fetchall() == wanted
    assert [tuple(row) for row in spark.sql(translate(query)).collect()] == wanted


def test_named_values_become_literals(spark: SparkSession) -> None:
    query = "select $day as day, $word as word, unnest($many) as one"
    values = {"day": date(2025, 3, 7), "word": "it's", "many": ["a", "b"]}
    rows = spark.sql(translate(query, values)).collect()
    assert [tuple(row) for row in rows] == [
        (date(2025, 3, 7), "it's", "a"),
        (date(2025, 3, 7), "it's", "b"),
    ]


def test_a_table_is_not_sorted_but_a_limit_keeps_its_order() -> None:
    assert "ORDER BY" not in translate("select a from t order by a", is_ordered=False)
    assert "ORDER BY" in translate("select a from t order by a limit 3", is_ordered=False)


@pytest.mark.parametrize(
    "query",
    [
        "select made_up(a) from t",
        "select date_diff('month', a, b) from t",
        "select a from t qualify row_number() over (order by b) = 1 order by c",
        "create table x as select 1",
    ],
)
def test_what_has_no_equal_is_refused(query: str) -> None:
    with pytest.raises(UntranslatableError):
        translate(query)
