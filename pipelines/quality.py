"""Which service records say the same: texts copied from record to record.

Belongs here: the one part of quality that SQL cannot say well, near-equal texts. It writes
``steps.record_copies`` before the models run. Does not belong here: what follows from it
(``marts.agent_flags``) and every other judgement on agents, which is SQL.

The search is sorted neighbourhood (Hernández and Stolfo 1995): the different texts of an agent are
sorted twice, read forwards and backwards, and each is compared with the few that follow. Texts
that differ in a few places share their beginning or their end, so they stand close in one of
the two orders. The cost is that of sorting; what differs at both ends can be missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    import duckdb

#: How many of the texts that follow in order each text is compared with.
NEIGHBOURS: Final = 3

# What is compared is fault and resolution without spaces, punctuation and digits: another date
# or serial number does not make it another text.
_LEFT_OUT: Final = r"[\s\d\p{P}]+"
_TEXTS: Final = """
select
    record.record_id,
    record.agent_id,
    concat_ws('', record.fault_description, record.resolution) as content
from staging.service_records as record
cross join meta.run as run
where record.agent_id is not null
    and (record.submitted_at is null or record.submitted_at <= run.as_of)
"""
_RULES: Final = """
select rule.copied_text_min_characters, rule.copied_text_similarity_pct
from meta.run as run
inner join terms.days as today on today.day = cast(run.as_of as date)
inner join terms.rules as rule on rule.period_id = today.period_id
"""
_COPIES: Final = pl.Schema(
    {
        "record_id": pl.String(),
        "agent_id": pl.String(),
        "copy_group": pl.String(),
        "copies": pl.Int64(),
    }
)


def write_record_copies(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``steps.record_copies``: the records of an agent that share a text with others.

    One row per record in a group of two or more: ``record_id``, ``agent_id``, ``copy_group``
    (the smallest record id of the group) and ``copies`` (records in the group). Texts are the
    same group when each is at least as similar to another of it as the terms of the as-of say
    (``copied_text_similarity_pct``, RapidFuzz's normalised Indel ratio), and no shorter than
    ``copied_text_min_characters``.

    Args:
        con: a warehouse with ``staging.*``, ``meta.run`` and ``terms.*``.
    """
    rules = con.execute(_RULES).fetchall()
    copies = _COPIES.to_frame()
    if rules:
        copies = record_copies(con.sql(_TEXTS).pl(), *rules[0])
    con.register("record_copies_frame", copies.match_to_schema(_COPIES))
    con.execute("create or replace table steps.record_copies as select * from record_copies_frame")
    con.unregister("record_copies_frame")


def record_copies(
    records: pl.DataFrame, min_characters: int, similarity_pct: float
) -> pl.DataFrame:
    """The records that share a text with others of the same agent.

    Args:
        records: ``record_id``, ``agent_id`` and ``content``, the text as filed.
        min_characters: texts shorter than this, once cleaned, are left out.
        similarity_pct: from which similarity on, 0 to 100, two texts are the same.

    Returns:
        The columns of ``steps.record_copies``, in order of agent, group and record.
    """
    cleaned = records.with_columns(
        pl.col("content").str.to_lowercase().str.replace_all(_LEFT_OUT, "")
    ).filter(pl.col("content").str.len_chars() >= min_characters)
    texts = cleaned.group_by("agent_id", "content").agg(first_record_id=pl.col("record_id").min())
    groups = group_texts(texts, similarity_pct)
    return (
        cleaned.join(groups, on=["agent_id", "content"])
        .with_columns(copies=pl.len().over("agent_id", "copy_group").cast(pl.Int64))
        .filter(pl.col("copies") > 1)
        .select(_COPIES.names())
        .sort("agent_id", "copy_group", "record_id")
    )


def group_texts(texts: pl.DataFrame, similarity_pct: float) -> pl.DataFrame:
    """Give each text its group: texts that are near-equal, directly or through others.

    Args:
        texts: one row per different text of an agent: ``agent_id``, ``content`` and
            ``first_record_id``.
        similarity_pct: from which similarity on, 0 to 100, two texts are the same.

    Returns:
        ``agent_id``, ``content`` and ``copy_group``, the smallest ``first_record_id`` of the group.
    """
    numbered = texts.sort("agent_id", "content").with_row_index("number")
    leaders = list(range(numbered.height))
    for order in (numbered, numbered.sort("agent_id", pl.col("content").str.reverse())):
        for one, other in _near(order, similarity_pct):
            low, high = sorted((_leader(leaders, one), _leader(leaders, other)))
            leaders[high] = low
    group = pl.Series("group", [_leader(leaders, n) for n in range(numbered.height)], pl.UInt32)
    return numbered.with_columns(group).select(
        "agent_id", "content", copy_group=pl.col("first_record_id").min().over("group")
    )


def _near(order: pl.DataFrame, similarity_pct: float) -> list[tuple[int, int]]:
    """The pairs close to each other in ``order`` that are of one agent and similar enough."""
    contents = order["content"].to_list()
    agents = order["agent_id"].rank("dense").to_numpy()
    numbers = order["number"].to_list()
    pairs = []
    for distance in range(1, min(NEIGHBOURS, len(contents) - 1) + 1):
        scores = process.cpdist(
            contents[:-distance],
            contents[distance:],
            scorer=fuzz.ratio,
            score_cutoff=similarity_pct,
        )
        is_near = (scores >= similarity_pct) & (agents[:-distance] == agents[distance:])
        pairs += [(numbers[at], numbers[at + distance]) for at in is_near.nonzero()[0]]
    return pairs


def _leader(leaders: list[int], number: int) -> int:
    """The first text of a text's group; shortens the way there for the next who asks."""
    while leaders[number] != number:
        leaders[number] = leaders[leaders[number]]
        number = leaders[number]
    return number
