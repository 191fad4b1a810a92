"""Mappings that come with the product: the export layouts of well-known systems.

Belongs here: finding a preset, laying a mapping file's own rules over it. Does not belong here:
what the rules mean (``mapping``). A preset is a mapping file in ``presets/``; its description
says what the system does not carry and what to add.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml
from rapidfuzz import process

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PREFIX = "preset:"
"""What stands before a preset's name where the path of a mapping file is expected."""

_NEAR_ENOUGH = 60


def preset_names() -> list[str]:
    """The names of all presets, sorted."""
    files = (file.name for file in _folder().iterdir())
    return sorted(name.removesuffix(".yaml") for name in files if name.endswith(".yaml"))


def load_preset(name: str) -> dict[str, Any]:
    """The YAML of a preset.

    Raises:
        UsageError: there is none of that name.
    """
    names = preset_names()
    if name not in names:  # also keeps a name from being a path
        near = process.extractOne(name.lower(), names, score_cutoff=_NEAR_ENOUGH)
        hint = f"Did you mean {near[0]}? " if near else ""
        message = f"There is no preset {name!r}. {hint}Presets: {', '.join(names)}."
        raise UsageError(message)
    data: dict[str, Any] = yaml.safe_load((_folder() / f"{name}.yaml").read_text(encoding="utf-8"))
    return data


def laid_over(preset: dict[str, Any], own: dict[Any, Any]) -> dict[Any, Any]:
    """The rules of ``preset`` with a mapping file's ``own`` over them.

    Of an export, what ``own`` names replaces what the preset says and null takes it back;
    columns and constants are replaced one by one, a column's rules likewise. A column that
    becomes a constant, or the other way round, is only what ``own`` says.
    """
    result = {**preset, **own}
    for export, rules in own.items():
        base = preset.get(export)
        if not isinstance(base, dict) or not isinstance(rules, dict):
            continue
        merged = {**base, **rules}
        parts = {part: _part(base, rules, part) for part in ("columns", "constants")}
        for part, other in (("columns", "constants"), ("constants", "columns")):
            merged[part] = parts[part]
            if isinstance(parts[part], dict) and isinstance(rules.get(other), dict):
                kept = rules.get(part) or {}
                merged[part] = {
                    name: rule
                    for name, rule in parts[part].items()
                    if name not in rules[other] or name in kept
                }
        result[export] = merged
    return result


def _part(base: dict[str, Any], own: dict[Any, Any], part: str) -> Any:  # noqa: ANN401 - YAML
    """The columns or constants of an export, one by one; anything odd is left to the checks."""
    rules = own.get(part, {})
    if not isinstance(rules, dict):
        return rules
    merged = {**base.get(part, {}), **rules}
    for name, rule in rules.items():
        before = base.get(part, {}).get(name)
        if isinstance(rule, dict) and not isinstance(before, dict) and before is not None:
            before = {"from": before}
        if isinstance(rule, dict) and isinstance(before, dict):
            merged[name] = {**before, **rule}
            if isinstance(before.get("values"), dict) and isinstance(rule.get("values"), dict):
                merged[name]["values"] = {**before["values"], **rule["values"]}
    return merged


def _folder() -> Traversable:
    return resources.files("pipelines.exports") / "presets"
