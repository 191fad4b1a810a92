"""What Great Expectations is given to work with, and that it keeps quiet."""

from __future__ import annotations

import subprocess
import sys

import pytest
from great_expectations.core.id_dict import IDDict

from expectations.checks import Check, InOrder, NoRows, NotNull, Unique
from expectations.on_duckdb import expectation


def test_getting_ready_says_nothing() -> None:
    ready = "from pipelines.checks import validation; validation.warm_up().join()"
    done = subprocess.run([sys.executable, "-c", ready], check=True, capture_output=True)
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (NotNull("a"), "expect_column_values_to_not_be_null"),
        (InOrder("a", "b"), "expect_column_pair_values_a_to_be_greater_than_b"),
        (Unique(("a",)), "expect_column_values_to_be_unique"),
        (Unique(("a", "b")), "expect_compound_columns_to_be_unique"),
        (NoRows("select 1"), "expect_no_rows"),
    ],
)
def test_an_expectation_has_the_name_others_know_and_one_configuration(
    form: NotNull | InOrder | Unique | NoRows, kind: str
) -> None:
    made = expectation(Check("name", form, "warning", "T1", "in English", "中文"))
    assert made.configuration.type == kind
    assert made.configuration is made.configuration
    assert made.configuration.meta["guards"] == "T1"
    other = expectation(Check("other", form, "warning", "T2", "in English", "中文"))
    assert other.configuration.meta["name"] == "other"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"column": "a"},
        {"column": "a", "batch_id": "b"},
        {"batch_id": "b", "column": "a"},
        {"column": "a'", "min_value": 1, "max_value": None},
        {"column": "a'", "min_value": 1.0, "max_value": None},
        {"column": "a'", "min_value": True, "max_value": "None"},
        {"column": "a", "value_set": ["x", "y"]},
    ],
)
def test_the_name_of_a_metric_is_the_one_it_would_have_anew(asked: dict[str, object]) -> None:
    anew = IDDict.to_id.__wrapped__  # type: ignore[attr-defined] # of functools.wraps
    for _ in range(2):  # as first worked out, and as remembered
        assert IDDict(asked).to_id() == anew(IDDict(asked))
