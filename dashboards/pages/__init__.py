"""The report's pages, in the order of the navigation; the first is the way in.

Belongs here: the list. Each page is a module of its own with a ``PAGE``.
"""

from __future__ import annotations

from dashboards.pages import (
    closed,
    data,
    data_docs,
    finance,
    management,
    promises,
    quality,
    terms,
    ticket,
)

PAGES = (
    management.PAGE,
    promises.PAGE,
    quality.PAGE,
    finance.PAGE,
    closed.PAGE,
    data.PAGE,
    data_docs.PAGE,
    terms.PAGE,
    ticket.PAGE,
)
