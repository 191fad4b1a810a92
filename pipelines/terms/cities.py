"""One name for each city, whichever way it was written.

Belongs here: the name by which exports, terms and the command line meet. Does not belong here:
which tier a city is in (the terms say it).
"""

from __future__ import annotations

import re

from pipelines.exports.values import BLANKS, CITY, CITY_NAME, CITY_WORDS, folded


def city_name(text: str) -> str:
    """The name as the staged exports have it: ``Beijing``, ``北京市`` are ``北京``."""
    name = re.sub(CITY, CITY_NAME, folded(text.strip(BLANKS)))
    return CITY_WORDS.get(name.lower(), name)
