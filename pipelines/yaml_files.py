"""YAML that people write: read strictly, and refused in words.

Belongs here: what terms files and the settings file share. Does not belong here: the shape of
either (``terms.schema``, ``settings_file``).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice: the second would win without a word.

    A day that no month has is refused as well, with its place.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, (str, int, date)) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            if isinstance(key, (str, int, date)):
                seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:  # noqa: ANN401 - a date or a time
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value} is no day of the calendar ({error})", node.start_mark
            ) from error


_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _StrictLoader.construct_yaml_timestamp)


def read_yaml(content: bytes | str) -> Any:  # noqa: ANN401 - YAML may be anything
    """The document in ``content``; a yaml.YAMLError when it is none, or has a key twice."""
    return yaml.load(content, _StrictLoader)  # noqa: S506 - a SafeLoader


_WORDS: Final = {
    "missing": "is missing; add it",
    "extra_forbidden": "is not a key of this file; remove it or mend its spelling",
}


def problem(error: ErrorDetails) -> str:
    """What pydantic found wrong, as a sentence that begins with the key."""
    key = ".".join(str(part) for part in error["loc"]) or "the file"
    key = key.replace(".[key]", "")
    text = _WORDS.get(error["type"])
    if text is None:
        text = error["msg"].removeprefix("Value error, ")
        given = error.get("input")
        if isinstance(given, (str, int, float, bool)):
            text += f" (it says {given!r})"
    return f"{key}: {text}"
