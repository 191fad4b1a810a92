"""Which steps of a select are taken out, and what reads them then."""

from __future__ import annotations

import duckdb
import sqlglot
from sqlglot import exp

from pipelines.spark.steps import computed_once, read_as_views


def query(sql: str) -> exp.Query:
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(tree, exp.Query)
    return tree


def taken_out(sql: str) -> tuple[dict[str, str], str]:
    once, rest = computed_once(query(sql), "own")
    return {view: step.sql("duckdb") for view, step in once.items()}, rest.sql("duckdb")


def test_a_step_read_once_stays() -> None:
    sql = "WITH a AS (SELECT 1 AS x) SELECT * FROM a"
    assert taken_out(sql) == ({}, sql)


def test_a_step_read_twice_is_taken_out_with_the_steps_before_it() -> None:
    once, rest = taken_out(
        "with a as (select 1 as x), b as (select x from a), c as (select x from b) "
        "select b.x, other.x from b join c as other on b.x = other.x"
    )
    assert once == {"own__b": "WITH a AS (SELECT 1 AS x) SELECT x FROM a"}
    assert rest == (
        "WITH a AS (SELECT 1 AS x), c AS (SELECT x FROM own__b AS b) "
        "SELECT b.x, other.x FROM own__b AS b JOIN c AS other ON b.x = other.x"
    )


def test_steps_that_read_steps_come_in_order_and_mean_the_same() -> None:
    sql = (
        "with a as (select unnest([1, 2]) as x), "
        "b as (select a.x, n.x as y from a cross join a as n), "
        "c as (select x, y from b where x < y union all select y, x from b where x > y) "
        "select count(*), sum(x), max(y) from c where x in (select x from c)"
    )
    once, rest = taken_out(sql)
    assert list(once) == ["own__a", "own__b", "own__c"]
    with duckdb.connect() as con:
        wanted = con.execute(sql).fetchall()
        for view, step in once.items():
            con.execute(f"create view {view} as {step}")
        assert con.execute(rest).fetchall() == wanted == [(2, 2, 2)]


def test_tables_are_read_from_views_under_the_name_they_had() -> None:
    tree = read_as_views(query("select t.x, y.z from staging.t join facts.y on true, w"))
    assert tree.sql("duckdb") == (
        "SELECT t.x, y.z FROM staging__t AS t JOIN facts__y AS y ON TRUE, w"
    )
