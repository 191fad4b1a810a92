"""What Great Expectations' Data Docs say of a validation result, without their pages.

The renderers are Great Expectations' own, those its Data Docs are made with. Its pages are left
behind: they load styles, fonts and scripts from the network and carry ids and the time. So is its
sample of unexpected values, which are those the engine happened to find first.

Belongs here: from a validation result to the words of its row. Does not belong here: how the row
is printed (``dashboards.pages.data_docs``). Importing this imports Great Expectations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import great_expectations as gx
from great_expectations.render import RenderedStringTemplateContent, RenderedTableContent
from great_expectations.render.renderer.content_block import (
    ValidationResultsTableContentBlockRenderer,
)

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

RENDERED_BY = f"Great Expectations {gx.__version__}"

_PARAMETER = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def document(result: ExpectationValidationResult) -> dict[str, Any]:
    """A result's row: the expectation's ``type``, its ``sentence``, the value ``observed``, ``by``.

    The sentence is a list of pairs: a text, and whether it is a parameter (a column, a value,
    a query) rather than a word of the sentence.
    """
    table = ValidationResultsTableContentBlockRenderer.render([result], include_column_name=True)
    assert isinstance(table, RenderedTableContent)  # noqa: S101 -- what GX renders
    ((_, said, observed),) = table.table
    sentence = said[0] if isinstance(said, list) else said
    assert isinstance(sentence, RenderedStringTemplateContent)  # noqa: S101 -- as above
    assert result.expectation_config is not None  # noqa: S101 -- GX always sets it
    return {
        "type": result.expectation_config.type,
        "sentence": _parts(sentence.string_template),
        "observed": str(observed),
        "by": RENDERED_BY,
    }


def _parts(template: dict[str, Any]) -> list[list[Any]]:
    """A string template as its words and its parameters, in order."""
    text, params = template["template"], template.get("params", {})
    parts: list[list[Any]] = []
    place = 0
    for found in _PARAMETER.finditer(text):
        parts += [[text[place : found.start()], False], [str(params[found[1] or found[2]]), True]]
        place = found.end()
    return [part for part in [*parts, [text[place:], False]] if part[0]]
