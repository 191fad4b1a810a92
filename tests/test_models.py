"""The model files: their headers tell the truth, and no contract number hides in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import sqlglot
from sqlglot import exp

from pipelines.errors import UsageError
from pipelines.terms import schema
from pipelines.terms.schema import CLAUSES
from pipelines.warehouse.models import Model, load_models, needed_for, read_model
from tests.harness import build, terms_with

if TYPE_CHECKING:
    from pathlib import Path

MODELS = load_models()

# Units and arithmetic, not terms: nothing, one, per cent, micro- and whole seconds, days.
UNITS = {"0", "1", "-1", "2", "100", "1000000", "60", "3600", "86400", "86400000000", "100.0"}
UNITS |= {"0.01"}  # of money, a cent
# Statistics, not terms: the median, the 90th percentile, and the normal quantile of 95 %.
UNITS |= {"0.5", "0.9", "1.959963984540054"}


def model_id(model: Model) -> str:
    return model.name


@pytest.fixture(scope="module")
def built() -> dict[str, list[str]]:
    """The columns of every table built from no rows at all."""
    con = build({})
    rows = con.execute(
        "select table_schema || '.' || table_name, column_name from information_schema.columns "
        "order by table_schema, table_name, ordinal_position"
    ).fetchall()
    tables: dict[str, list[str]] = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


@pytest.mark.parametrize("model", MODELS, ids=model_id)
def test_the_header_names_the_columns_that_are_built(
    model: Model, built: dict[str, list[str]]
) -> None:
    assert list(model.columns) == built[model.name]


@pytest.mark.parametrize("model", MODELS, ids=model_id)
def test_the_header_cites_known_clauses(model: Model) -> None:
    assert set(model.clauses) <= set(CLAUSES)


@pytest.mark.parametrize("model", MODELS, ids=model_id)
def test_no_contract_number_stands_in_a_model(model: Model) -> None:
    tree = sqlglot.parse_one(model.sql, dialect="duckdb")
    numbers = {
        literal.this
        for literal in tree.find_all(exp.Literal)
        if not literal.is_string and not isinstance(literal.parent, exp.DataTypeParam)
    }
    assert numbers <= UNITS


@pytest.mark.parametrize("model", MODELS, ids=model_id)
def test_no_city_price_or_service_code_stands_in_a_model(model: Model) -> None:
    cities = terms_with().file(schema.Cities).values[0].tier1
    texts = {
        literal.this
        for literal in sqlglot.parse_one(model.sql, dialect="duckdb").find_all(exp.Literal)
        if literal.is_string
    }
    assert not [text for text in texts if re.fullmatch(r"S[PA]S[RL]\d{3}", text)]
    assert not texts & set(cities)


def test_a_model_runs_after_what_it_reads() -> None:
    names = [model.name for model in MODELS]
    for model in MODELS:
        for other in model.depends_on:
            if other in names:
                assert names.index(other) < names.index(model.name)


def test_needed_for_leaves_out_what_is_not_needed() -> None:
    names = [model.name for model in needed_for(["marts.response_monthly"])]
    assert names[-1] == "marts.response_monthly"
    assert "facts.responses" in names
    assert "facts.charges" not in names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select 1 as a", "the header lacks x.y, grain, clauses, materialized"),
        ("-- x.y: title\n-- grain: a\n-- clauses: T4\n-- materialized: table\nselect 1", "columns"),
        (
            (
                "-- x.y: t\n-- grain: a\n-- clauses: T4\n-- materialized: table\n-- columns:\n"
                "--   a: b\ndrop table staging.tickets"
            ),
            "not a select",
        ),
        (
            (
                "-- x.y: t\n-- grain: a\n-- clauses: T4\n-- materialized: table\n-- columns:\n"
                "--   a: b\nselect (1"
            ),
            "cannot be read",
        ),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x" / "y.sql"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(words)):
        read_model(path)


def test_models_in_a_circle_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        path = tmp_path / "x" / f"{name}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            f"-- x.{name}: t\n-- grain: a\n-- clauses: T4\n-- materialized: table\n-- columns:\n"
            f"--   c: d\nselect c from x.{other}",
            encoding="utf-8",
        )
    with pytest.raises(UsageError, match="read each other in a circle"):
        load_models(tmp_path)
