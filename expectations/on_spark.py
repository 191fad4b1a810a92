"""Great Expectations on Spark: its own engine, the same suites.

Belongs here: what Great Expectations 1.24 needs to judge a suite on Spark. Does not belong here:
the checks themselves, the session, and how a query is said in Spark's words (both are given).

Importing this module imports Great Expectations, which takes seconds: import it late.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import great_expectations as gx

from expectations.checks import Check, NoRows, Suite
from expectations.on_duckdb import Judgement, context, expectation, judgement

if TYPE_CHECKING:
    from collections.abc import Callable


class Judge:
    """Judges suites on Spark's tables.

    ``frame`` gives a table's frame, ``translate`` says a query of DuckDB's in Spark's words.
    """

    def __init__(self, frame: Callable[[str], Any], translate: Callable[[str], str]) -> None:
        """Set up a context in memory; nothing is written and nothing is sent."""
        self._frame = frame
        self._translate = translate
        self._source = context().data_sources.add_spark(name="spark", persist=False)

    def judge(self, suite: Suite, checks: tuple[Check, ...]) -> dict[str, Judgement]:
        """Judge ``checks`` of ``suite`` on its table; check name to judgement.

        Raises:
            CheckFailedToRunError: a check's query or metric raised; names table and check.
        """
        asset_names = {asset.name for asset in self._source.assets}
        if suite.table not in asset_names:
            asset = self._source.add_dataframe_asset(name=suite.table)
            asset.add_batch_definition_whole_dataframe("all")
        definition = self._source.get_asset(suite.table).get_batch_definition("all")
        batch = definition.get_batch(batch_parameters={"dataframe": self._frame(suite.table)})
        asked = {check.name: self._asked(check) for check in checks}
        validated = batch.validate(
            gx.ExpectationSuite(
                name=suite.table, expectations=[expectation(check) for check in asked.values()]
            ),
            result_format="BASIC",
        )
        judged = dict(judgement(suite, result) for result in validated.results)
        return {
            check.name: _in_our_words(judged[check.name], check, asked[check.name])
            for check in checks
        }

    def _asked(self, check: Check) -> Check:
        if isinstance(check.form, NoRows):
            return replace(check, form=NoRows(self._translate(check.form.query)))
        return check

    def close(self) -> None:
        """Nothing is held."""


def _in_our_words(judged: Judgement, check: Check, asked: Check) -> Judgement:
    """The judgement with the query as the suite says it, whichever engine was asked."""
    if not isinstance(check.form, NoRows) or not isinstance(asked.form, NoRows):
        return judged
    ours, theirs = check.form.query, asked.form.query
    sentence = [
        [ours if text == theirs else text, is_parameter]
        for text, is_parameter in judged.document["sentence"]
    ]
    return replace(judged, document={**judged.document, "sentence": sentence})
