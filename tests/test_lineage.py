"""Column lineage says where each column of a model comes from."""

from __future__ import annotations

from pipelines.lineage import column_lineage

SCHEMA: dict[str, object] = {
    "staging": {
        "tickets": {"ticket_id": "VARCHAR", "opened_at": "TIMESTAMP", "city": "VARCHAR"},
        "agents": {"agent_id": "VARCHAR", "city": "VARCHAR"},
    }
}


def test_columns_are_followed_through_steps_renamings_and_joins() -> None:
    sql = """
        with renamed as (select ticket_id as id, opened_at, city from staging.tickets),
        joined as (
            select r.id, coalesce(r.city, a.city) as place
            from renamed as r left join staging.agents as a on a.agent_id = r.id
        )
        select id, upper(place) as place_name, 1 as one from joined
    """
    assert column_lineage(sql, SCHEMA) == {
        "id": [("staging.tickets", "ticket_id")],
        "place_name": [("staging.agents", "city"), ("staging.tickets", "city")],
        "one": [],
    }


def test_a_star_is_every_column_of_its_table() -> None:
    assert column_lineage("select * from staging.agents", SCHEMA) == {
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
    assert column_lineage(sql, SCHEMA) == {
        "name": [("staging.agents", "city"), ("staging.tickets", "city")]
    }


def test_a_subquery_in_a_value_counts_with_what_chooses_its_row() -> None:
    sql = """
        select t.ticket_id,
            (select max(a.city) from staging.agents as a where a.agent_id = t.ticket_id) as best
        from staging.tickets as t
    """
    assert column_lineage(sql, SCHEMA) == {
        "ticket_id": [("staging.tickets", "ticket_id")],
        "best": [
            ("staging.agents", "agent_id"),
            ("staging.agents", "city"),
            ("staging.tickets", "ticket_id"),
        ],
    }


def test_what_only_filters_is_no_origin() -> None:
    sql = "select city from staging.tickets where opened_at > timestamp '2025-01-01'"
    assert column_lineage(sql, SCHEMA) == {"city": [("staging.tickets", "city")]}
