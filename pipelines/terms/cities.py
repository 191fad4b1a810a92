"""One name for each city, whichever way it was written.

Belongs here: the name by which exports, terms and the command line meet. Does not belong here:
which tier a city is in (the terms say it).
"""

from __future__ import annotations

from pipelines.exports.values import CITIES

_SUFFIX = "市"
_SHORTEST_WITH_SUFFIX = 3


def city_name(text: str) -> str:
    """The name as the staged exports have it: ``Beijing`` and ``北京市`` are ``北京``."""
    name = text.strip()
    if name.endswith(_SUFFIX) and len(name) >= _SHORTEST_WITH_SUFFIX:
        name = name.removesuffix(_SUFFIX)
    return CITIES.get(name.lower(), name)
