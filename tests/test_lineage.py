"""Column lineage says where each column of a model comes from."""

from __future__ import annotations

import pytest

from pipelines.warehouse.lineage import (
    Lineage,
    down_to_exports,
    qualified,
    schema_of,
    trace,
    trace_parts,
)

SCHEMA = schema_of(
    {
        "staging": {
            "tickets": {"ticket_id": "VARCHAR", "opened_at": "TIMESTAMP", "city": "VARCHAR"},
            "agents": {"agent_id": "VARCHAR", "city": "VARCHAR"},
        },
        "steps": {"served": {"id": "VARCHAR", "place": "VARCHAR"}},
    }
)


def traced(sql: str) -> Lineage:
    return trace(qualified(sql, SCHEMA))


def column_lineage(sql: str) -> dict[str, list[tuple[str, str]]]:
    return {column: sorted(origins) for column, origins in traced(sql).made_from.items()}


def short(origins: frozenset[tuple[str, str]]) -> set[str]:
    return {f"{table.partition('.')[2]}.{column}" for table, column in origins}


def test_columns_are_followed_through_steps_renamings_and_joins() -> None:
    sql = """
        with renamed as (select ticket_id as id, opened_at, city from staging.tickets),
        joined as (
            select r.id, coalesce(r.city, a.city) as place
            from renamed as r left join staging.agents as a on a.agent_id = r.id
        )
        select id, upper(place) as place_name, 1 as one from joined
    """
    assert column_lineage(sql) == {
        "id": [("staging.tickets", "ticket_id")],
        "place_name": [("staging.agents", "city"), ("staging.tickets", "city")],
        "one": [],
    }


def test_a_star_is_every_column_of_its_table() -> None:
    assert column_lineage("select * from staging.agents") == {
        "agent_id": [("staging.agents", "agent_id")],
        "city": [("staging.agents", "city")],
    }


def test_a_union_has_the_origins_of_all_its_parts() -> None:
    sql = """
        with cities as (
            select city from staging.tickets
            union all select city from staging.agents
            union all select 'nowhere'
        )
        select city as name from cities
    """
    assert column_lineage(sql) == {
        "name": [("staging.agents", "city"), ("staging.tickets", "city")]
    }


def test_a_subquery_in_a_value_counts_with_what_chooses_its_row() -> None:
    sql = """
        select t.ticket_id,
            (select max(a.city) from staging.agents as a where a.agent_id = t.ticket_id) as best
        from staging.tickets as t
    """
    assert column_lineage(sql) == {
        "ticket_id": [("staging.tickets", "ticket_id")],
        "best": [
            ("staging.agents", "agent_id"),
            ("staging.agents", "city"),
            ("staging.tickets", "ticket_id"),
        ],
    }


def test_what_only_filters_is_no_origin() -> None:
    sql = "select city from staging.tickets where opened_at > timestamp '2025-01-01'"
    assert column_lineage(sql) == {"city": [("staging.tickets", "city")]}
    assert short(traced(sql).rows) == {"tickets.opened_at", "tickets.*"}


# What decides a column, and what decides a row


def test_a_left_join_decides_the_columns_of_its_right_side_alone() -> None:
    lineage = traced(
        """
        select t.ticket_id, t.opened_at, a.city is not null as is_known
        from staging.tickets as t left join staging.agents as a on a.agent_id = t.city
        """
    )
    assert short(lineage.decided_by["opened_at"]) == {"tickets.opened_at"}
    assert short(lineage.decided_by["is_known"]) == {
        "agents.city", "agents.agent_id", "tickets.city", "agents.*",
    }  # fmt: skip
    assert short(lineage.rows) == {"tickets.*"}


def test_an_inner_join_decides_which_rows_there_are() -> None:
    lineage = traced(
        """
        select t.ticket_id
        from staging.tickets as t inner join staging.agents as a on a.agent_id = t.city
        """
    )
    assert short(lineage.decided_by["ticket_id"]) == {"tickets.ticket_id"}
    assert short(lineage.rows) == {"agents.agent_id", "tickets.city", "tickets.*", "agents.*"}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select ticket_id from staging.tickets group by ticket_id, city", {"ticket_id", "city"}),
        ("select distinct city from staging.tickets", {"city"}),
        (
            (
                "select ticket_id from staging.tickets "
                "qualify row_number() over (partition by city order by opened_at) = 1"
            ),
            {"city", "opened_at"},
        ),
        (
            (
                "select ticket_id from staging.tickets "
                "where exists (select 1 from staging.agents where agents.city = tickets.city)"
            ),
            {"city"},
        ),
        (
            (
                "with open as (select * from staging.tickets where opened_at is null) "
                "select ticket_id from open"
            ),
            {"opened_at"},
        ),
        (
            (
                "select ticket_id from staging.tickets where opened_at is null "
                "union all select agent_id from staging.agents"
            ),
            {"opened_at"},
        ),
    ],
    ids=["group", "distinct", "qualify", "exists", "a filter in a step", "a part of a union"],
)
def test_what_decides_which_rows_there_are(sql: str, expected: set[str]) -> None:
    own = {name for name in short(traced(sql).rows) if name.startswith("tickets.")}
    assert own - {"tickets.*"} == {f"tickets.{name}" for name in expected}


def test_a_value_taken_from_a_grouped_step_hangs_on_its_filters() -> None:
    lineage = traced(
        """
        with late as (
            select city, count(*) as calls from staging.tickets where opened_at is null
            group by city
        )
        select a.agent_id, late.calls
        from staging.agents as a left join late on late.city = a.city
        """
    )
    assert short(lineage.decided_by["calls"]) >= {
        "tickets.opened_at",
        "tickets.city",
        "agents.city",
    }
    assert short(lineage.decided_by["agent_id"]) == {"agents.agent_id"}


def test_models_are_followed_down_to_the_tables_no_model_builds() -> None:
    known = down_to_exports(
        {
            "steps.served": traced(
                "select ticket_id as id, upper(city) as place from staging.tickets "
                "where opened_at is not null"
            ),
            "facts.found": traced("select id, place from steps.served where place <> ''"),
        }
    )
    assert short(known["facts.found"].made_from["place"]) == {"tickets.city"}
    assert short(known["facts.found"].rows) == {"tickets.city", "tickets.opened_at"}


def test_each_part_of_a_union_of_literals_is_followed_alone() -> None:
    tree = qualified(
        """
        with outcomes as (
            select ticket_id, 'place' as rule, city as outcome from staging.tickets
            union all
            select ticket_id, 'time' as rule, cast(opened_at as varchar) as outcome
            from staging.tickets where city is null
            union all
            select agent_id, 'agent' as rule, city as outcome from staging.agents
        )
        select ticket_id, rule, outcome from outcomes
        """,
        SCHEMA,
    )
    parts = trace_parts(tree, "rule")

    assert {rule: short(part.decided_by["outcome"]) for rule, part in parts.items()} == {
        "place": {"tickets.city"},
        "time": {"tickets.opened_at"},
        "agent": {"agents.city"},
    }
    assert short(parts["time"].rows) == {"tickets.city", "tickets.*"}
    assert trace_parts(tree, "outcome") == {}
