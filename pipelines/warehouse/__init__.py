"""The warehouse: its file, the SQL models that fill it, and what they are given to measure with.

Belongs here: opening it, finding and running the models, what a column is made from, and the
tables that are written before the models run. Does not belong here: what the models mean (the
folder ``models/``) and reading the exports (``pipelines.exports``).
"""

from pipelines.warehouse.connection import (
    SCHEMAS,
    SCRATCH,
    TOO_SLOW,
    open_beside,
    open_cursor,
    open_reader,
    open_warehouse,
)

__all__ = [
    "SCHEMAS",
    "SCRATCH",
    "TOO_SLOW",
    "open_beside",
    "open_cursor",
    "open_reader",
    "open_warehouse",
]
