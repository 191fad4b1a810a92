"""What stands in place of a value, by the setting, and that nothing of a warehouse is forgotten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipelines import privacy
from pipelines.errors import UsageError
from pipelines.privacy import curtain
from pipelines.privacy.columns import treated_as
from pipelines.privacy.key import Discretion
from pipelines.privacy.spelling import is_like_a_name
from pipelines.privacy.veil import codes, shortened
from pipelines.settings_file import Privacy
from tests.harness import build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

KEY = b"0123456789abcdef"
ROWS: dict[str, list[dict[str, Any]]] = {
    "tickets": [
        {"ticket_id": "T1", "customer_id": "C1", "customer_name": "甲公司", "agent_id": "A1",
         "provider": "agent", "description": "甲公司的李雷说：ACME Ltd 的网关坏了"},
        {"ticket_id": "T2", "customer_id": "Acme Ltd", "customer_name": "Acme Ltd",
         "agent_id": "A12", "provider": "agent", "description": "无人"},
        {"ticket_id": "T3", "customer_id": "C3", "customer_name": "乙代理", "provider": "company"},
        {"ticket_id": "T4", "customer_id": "a@b.example", "provider": "company"},
    ],
    "agents": [{"agent_id": "A1", "agent_name": "乙代理"}, {"agent_id": "A12"}],
    "service_records": [{"record_id": "R1", "ticket_id": "T1", "engineer": "李雷",
                         "fault_description": "短", "resolution": "李雷修好"}],
    "invoices": [{"invoice_id": "A12-0001", "line_no": 1, "ticket_id": "T1", "issuer": "A12",
                  "issued_at": "2025-01-05", "charge_type": "service_fee", "amount": "10",
                  "customer_id": "C1"},
                 {"invoice_id": "F2", "line_no": 1, "ticket_id": "T3", "issuer": "company",
                  "issued_at": "2025-01-05", "charge_type": "service_fee", "amount": "10",
                  "customer_id": "C3"}],
    "pauses": [{"ticket_id": "T1", "reason": "等 李雷"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return build(ROWS)


def seen(
    con: duckdb.DuckDBPyConnection, select: str, **settings: str
) -> list[tuple[str | None, ...]]:
    hidden = Discretion(Privacy.model_validate(settings), KEY)
    with curtain(con, hidden) as shown:
        return shown.execute(select).fetchall()


def code(value: str, letter: str) -> str:
    return f"{letter}-{codes(KEY, [value])[value]}"


NAMES = "select ticket_id, customer_name, customer_id from staging.tickets order by ticket_id"


def test_without_anything_to_hide_the_connection_is_the_warehouse(
    con: duckdb.DuckDBPyConnection,
) -> None:
    with curtain(con, None) as shown:
        assert shown is con


def test_pseudonyms_replace_names_and_ids_that_are_names(con: duckdb.DuckDBPyConnection) -> None:
    assert seen(con, NAMES, names="pseudonyms") == [
        ("T1", code("甲公司", "C"), "C1"),
        ("T2", code("Acme Ltd", "C"), code("Acme Ltd", "C")),
        ("T3", code("乙代理", "A"), "C3"),  # an agent, wherever it is named
        ("T4", None, code("a@b.example", "C")),
    ]


def test_names_left_out_leave_ids_that_still_join(con: duckdb.DuckDBPyConnection) -> None:
    assert seen(con, NAMES, names="omit") == [
        ("T1", None, "C1"),
        ("T2", None, code("Acme Ltd", "C")),
        ("T3", None, "C3"),
        ("T4", None, code("a@b.example", "C")),
    ]


def test_one_kind_hidden_is_hidden_where_the_other_kind_says_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = seen(con, NAMES, agents="pseudonyms")
    assert found == [
        ("T1", "甲公司", "C1"),
        ("T2", "Acme Ltd", "Acme Ltd"),
        ("T3", code("乙代理", "A"), "C3"),
        ("T4", None, "a@b.example"),
    ]


def test_texts_that_are_kept_lose_the_names_in_them(con: duckdb.DuckDBPyConnection) -> None:
    texts = "select description from staging.tickets where ticket_id = 'T1'"
    assert seen(con, texts, names="pseudonyms") == [
        (f"{code('甲公司', 'C')}的{code('李雷', 'P')}说：{code('Acme Ltd', 'C')} 的网关坏了",)
    ]
    assert seen(con, texts, people="omit") == [("甲公司的…说：ACME Ltd 的网关坏了",)]


@pytest.mark.parametrize(
    ("treatment", "shown"), [("omit", None), ("pseudonyms", code("李雷修好", "T"))]
)
def test_texts_are_left_out_or_told_apart(
    con: duckdb.DuckDBPyConnection, treatment: str, shown: str | None
) -> None:
    assert seen(con, "select resolution from staging.service_records", texts=treatment) == [
        (shown,)
    ]
    ((pause,),) = seen(con, "select reason from staging.pauses", texts=treatment)
    assert pause == (None if shown is None else code("等 李雷", "T"))


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("华讯（北京）有限公司", "华讯(北京)有限公司来电", "{}来电"),
        ("김철수", "\u1100\u1175\u11b7\u110e\u1165\u11af\u1109\u116e called", "{} called"),
        ("Société Générale", "Appel de SOCIÉTÉ  GÉNÉRALE.", "Appel de {}."),
        ("José Núñez", "with Jose\u0301 Nu\u0301n\u0303ez, twice", "with {}, twice"),
        ("Müller Straßenbau", "MÜLLER STRASSENBAU war da", "{} war da"),
        ("Acme  Corp", "（ＡＣＭＥ Ｃorp）打不开", "（{}）打不开"),
        ("Acme Corp", "AcmeCorp, Acme Corporation", "AcmeCorp, Acme Corporation"),
    ],
)
def test_a_name_in_a_text_is_found_however_its_letters_are_written(
    name: str, text: str, shown: str
) -> None:
    ticket = {**ROWS["tickets"][0], "customer_name": name, "description": text}
    found = seen(
        build({"tickets": [ticket]}),
        "select description from staging.tickets",
        customers="pseudonyms",
    )
    assert found == [(shown.format(code(name, "C")),)]


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("李雷 韩梅梅", ["李雷", "韩梅梅"]),
        ("李雷 和 韩梅梅", ["李雷", "韩梅梅"]),
        ("李雷和韩梅梅", ["李雷", "韩梅梅"]),
        ("李雷\n韩梅梅", ["李雷", "韩梅梅"]),
        ("欧阳和平", ["欧阳和平"]),
        ("张 三", ["张 三"]),
        ("John Smith", ["John Smith"]),
    ],
)
def test_chinese_names_may_stand_side_by_side(cell: str, names: list[str]) -> None:
    records = [
        {"record_id": "R1", "ticket_id": "T1", "engineer": cell, "resolution": f"{names[-1]}修好"}
    ]
    con = build({"tickets": ROWS["tickets"][:1], "service_records": records})
    ((cells, text),) = seen(
        con, "select engineer, resolution from staging.service_records", people="pseudonyms"
    )
    assert text == f"{code(names[-1], 'P')}修好"
    assert cells is not None
    assert all(code(name, "P") in cells for name in names)


def test_ids_that_differ_in_capitals_alone_stay_two() -> None:
    ids = ["AG1", "ag1", "ＡＧ１"]
    tickets = [
        {"ticket_id": f"T{place}", "provider": "agent", "agent_id": value, "description": value}
        for place, value in enumerate(ids)
    ]
    found = seen(
        build({"tickets": tickets}),
        "select agent_id, description from staging.tickets",
        ids="pseudonyms",
        agents="pseudonyms",
    )
    assert len({shown for shown, _ in found}) == 3
    assert all(shown == text for shown, text in found)


def test_several_engineers_in_a_cell_are_each_hidden_and_each_known() -> None:
    records = [
        {
            "record_id": "R1",
            "ticket_id": "T1",
            "engineer": "李雷、韩梅梅",
            "resolution": "韩梅梅修好",
        },
        {"record_id": "R2", "ticket_id": "T1", "engineer": "韩梅梅"},
        {"record_id": "R3", "ticket_id": "T1", "engineer": " / Tom Li & "},
    ]
    several = build({"tickets": ROWS["tickets"][:1], "service_records": records})
    one, two, three = code("李雷", "P"), code("韩梅梅", "P"), code("Tom Li", "P")
    select = "select engineer, resolution from staging.service_records order by record_id"
    assert seen(several, select, people="pseudonyms") == [
        (f"{one}、{two}", f"{two}修好"), (two, None), (f"/{three}&", None)
    ]  # fmt: skip
    assert seen(several, select, people="omit") == [(None, "…修好"), (None, None), (None, None)]


def test_all_ids_under_pseudonyms_go_from_numbers_and_sentences_too(
    con: duckdb.DuckDBPyConnection,
) -> None:
    one, twelve = code("A1", "A"), code("A12", "A")
    found = seen(
        con,
        "select charges.agent_id, charges.issuers, charges.invoice_ids, charges.reason, "
        "agents.agent_name from facts.charges as charges "
        "join staging.agents as agents on agents.agent_id = charges.agent_id "
        "where charges.ticket_id = 'T1' and charges.charge_type = 'service_fee'",
        ids="pseudonyms",
    )
    ((agent, issuers, invoices, reason, name),) = found
    assert (agent, issuers, invoices, name) == (one, twelve, f"{twelve}-0001", "乙代理")
    assert f"provided by agent {one}, billed by {twelve}" in str(reason)
    companies = "select distinct issuer from staging.invoices order by all"
    assert seen(con, companies, ids="pseudonyms") == [(twelve,), ("company",)]


def test_the_warehouse_itself_stays_as_it_is(con: duckdb.DuckDBPyConnection) -> None:
    databases = "select database_name from duckdb_databases() order by all"
    before, beside = con.execute(NAMES).fetchall(), con.execute(databases).fetchall()
    seen(con, NAMES, names="omit", texts="omit", ids="pseudonyms")
    assert con.execute(NAMES).fetchall() == before
    assert con.execute(databases).fetchall() == beside  # the curtain is gone


def test_every_table_is_there_with_its_columns_and_rows(con: duckdb.DuckDBPyConnection) -> None:
    listed = (
        "select table_schema || '.' || table_name, column_name, data_type "
        "from information_schema.columns where table_catalog = current_database() order by all"
    )
    assert seen(con, listed, names="omit", texts="omit") == con.execute(listed).fetchall()
    tables = sorted({row[0] for row in con.execute(listed).fetchall()})
    counted = " union all ".join(
        f"select '{table}' as name, count(*) as rows from {table}" for table in tables
    )
    ordered = f"select * from ({counted}) order by name"
    assert len(tables) > 50
    assert seen(con, ordered, names="omit") == con.execute(ordered).fetchall()


def test_a_failed_check_s_rows_are_treated_by_their_columns(con: duckdb.DuckDBPyConnection) -> None:
    row = {
        "source_row": 2,
        "engineer": "李雷",
        "customer_id": "Acme Ltd",
        "x": "by 李雷",
        "y": None,
    }
    con.execute("create or replace table meta.checks as select $1 as sample, '' as document",
                [json.dumps([row])])  # fmt: skip
    ((sample,),) = seen(con, "select sample from meta.checks", names="pseudonyms")
    con.execute("drop table meta.checks")
    assert json.loads(str(sample)) == [
        {"source_row": 2, "engineer": code("李雷", "P"), "customer_id": code("Acme Ltd", "C"),
         "x": f"by {code('李雷', 'P')}", "y": None}
    ]  # fmt: skip


def test_no_column_of_names_is_without_a_treatment(con: duckdb.DuckDBPyConnection) -> None:
    """A column that is new in the warehouse is searched; one of another type would not be."""
    columns = con.execute(
        "select table_schema || '.' || table_name, column_name, data_type "
        "from information_schema.columns where table_catalog = current_database()"
    ).fetchall()
    assert not [row for row in columns if row[2] != "VARCHAR" and "VARCHAR" in row[2]]
    assert not [row for row in columns if row[2] in {"JSON", "BLOB"} and row[0] != "terms.files"]
    assert treated_as("marts.a_new_table", "a_new_column") == "sentence"
    for table, column, _ in columns:
        if column.endswith("_name") and table.partition(".")[0] not in {"terms", "meta"}:
            assert treated_as(table, column) in {"agents", "customers", "parties"}, (table, column)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [("C071", False), ("A-12/3", False), ("", False), ("华光", True), ("Zhang San", True),
     ("a@b.example", True), ("Müller", True), (" C1 ", False), ("AcmeLtd", False)],
)  # fmt: skip
def test_an_id_that_looks_like_a_name(value: str, *, is_one: bool) -> None:
    assert is_like_a_name(value) is is_one


def test_codes_are_the_same_from_run_to_run_and_differ_by_key() -> None:
    assert codes(KEY, ["甲", "乙"]) == codes(KEY, ["乙", "甲"])
    assert codes(KEY, ["甲"])["甲"] != codes(b"another key of it", ["甲"])["甲"]
    # HMAC-SHA-256 of "甲" under the key, by openssl dgst -sha256 -hmac
    assert codes(KEY, ["甲"])["甲"] == EXPECTED


EXPECTED = "CBD55F4B"


def test_spellings_of_one_name_are_one() -> None:
    found = codes(KEY, ["ACME  Ltd", "acme ltd", "ＡＣＭＥ Ltd"])
    assert len(set(found.values())) == 1


@pytest.mark.parametrize(
    ("digests", "expected"),
    [
        ({"a": "AB12", "b": "CD34"}, {"a": "AB", "b": "CD"}),
        ({"a": "AB12", "b": "AB34"}, {"a": "AB12", "b": "AB34"}),
        ({"a": "AB12", "b": "AB34", "c": "CD56"}, {"a": "AB12", "b": "AB34", "c": "CD"}),
        (
            {"a": "AB1234", "b": "AB1256", "c": "AB7856"},
            {"a": "AB1234", "b": "AB1256", "c": "AB78"},
        ),
        ({}, {}),
    ],
)
def test_codes_that_begin_alike_are_lengthened_until_they_differ(
    digests: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    assert shortened(digests, 2) == expected


def test_what_was_hidden_is_not_shown_later_by_mistake(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    hidden = Discretion(Privacy(names="omit"), KEY)
    privacy.remember(con, hidden)
    privacy.check_agreement(con, hidden)
    with pytest.raises(UsageError, match="--settings FILE, or SLA_SETTINGS"):
        privacy.check_agreement(con, None)
    with pytest.raises(UsageError, match="not the one of the last run"):
        privacy.check_agreement(con, Discretion(Privacy(names="omit"), b"another key of it"))
    privacy.remember(con, None)
    privacy.check_agreement(con, None)
    privacy.check_agreement(con, hidden)
    with pytest.raises(UsageError, match="no warehouse at"):
        privacy.open_shown(tmp_path / "warehouse.duckdb", hidden).__enter__()
