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
_TEXTS: Final = """
create or replace temp table record_texts as
with texts as (
    select
        record.record_id,
        record.agent_id,
        regexp_replace(
            lower(concat_ws('', record.fault_description, record.resolution)),
            '[\\s\\d\\p{P}]+', '', 'g'
        ) as content,
        rule.copied_text_min_characters,
        rule.copied_text_similarity_pct
    from staging.service_records as record
    cross join meta.run as run
    inner join terms.days as today on today.day = cast(run.as_of as date)
    inner join terms.rules as rule on rule.period_id = today.period_id
    where record.agent_id is not null
        and (record.submitted_at is null or record.submitted_at <= run.as_of)
)
select
    record_id,
    agent_id,
    content,
    copied_text_similarity_pct as similarity_pct
from texts
where length(content) >= copied_text_min_characters
"""


def write_record_copies(con: duckdb.DuckDBPyConnection) -> None:
    """Write ``steps.record_copies``: the records of an agent that share a text with others.

    One row per record in a group of two or more: ``record_id``, ``agent_id``, ``copy_group``
    (the smallest record id of the group) and ``copies`` (records in the group). Texts are the
    same group when each is at least as similar to another of it as the terms say
    (``copied_text_similarity_pct``, RapidFuzz's normalised Indel ratio), and no shorter than
    ``copied_text_min_characters``.

    Args:
        con: a warehouse with ``staging.*``, ``meta.run`` and ``terms.*``.
    """
    con.execute(_TEXTS)
    texts = con.sql(
        """
        select
            agent_id,
            content,
            min(record_id) as first_record_id,
            cast(max(similarity_pct) as double) as similarity_pct
        from record_texts
        group by agent_id, content
        """
    ).pl()
    groups = group_texts(texts)
    con.register("text_groups", groups)
    con.execute(
        """
        create or replace table steps.record_copies as
        with grouped as (
            select
                text.record_id,
                text.agent_id,
                found.copy_group,
                count(*) over (partition by found.agent_id, found.copy_group) as copies
            from record_texts as text
            inner join text_groups as found
                on found.agent_id = text.agent_id and found.content = text.content
        )
        select record_id, agent_id, copy_group, copies
        from grouped
        where copies > 1
        order by agent_id, copy_group, record_id
        """
    )
    con.unregister("text_groups")
    con.execute("drop table record_texts")


def group_texts(texts: pl.DataFrame) -> pl.DataFrame:
    """Give each text its group: texts that are near-equal, directly or through others.

    Args:
        texts: one row per different text of an agent, with ``agent_id``, ``content``,
            ``first_record_id`` and ``similarity_pct`` (what counts as equal, 0 to 100).

    Returns:
        ``agent_id``, ``content`` and ``copy_group``, the smallest ``first_record_id`` of the group.
    """
    numbered = texts.sort("agent_id", "content").with_row_index("number")
    backwards = pl.col("content").str.reverse()
    leaders = list(range(numbered.height))
    for order in (numbered, numbered.sort("agent_id", backwards)):
        for distance in range(1, NEIGHBOURS + 1):
            for one, other in _near(order, distance):
                low, high = sorted((_leader(leaders, one), _leader(leaders, other)))
                leaders[high] = low
    group = pl.Series("group", [_leader(leaders, n) for n in range(numbered.height)], pl.UInt32)
    return numbered.with_columns(group).select(
        "agent_id", "content", copy_group=pl.col("first_record_id").min().over("group")
    )


def _near(order: pl.DataFrame, distance: int) -> list[tuple[int, int]]:
    """The pairs ``distance`` apart in ``order`` that are of one agent and similar enough."""
    following = order.select(pl.all().shift(-distance).name.prefix("next_"))
    size, next_size = pl.col("content").str.len_chars(), pl.col("next_content").str.len_chars()
    # Of two texts the longer has more to add than the similarity allows: no need to compare.
    could_be = pl.min_horizontal(size, next_size) * 200 >= (size + next_size) * pl.col(
        "similarity_pct"
    )
    pairs = pl.concat([order, following], how="horizontal").filter(
        (pl.col("agent_id") == pl.col("next_agent_id")) & could_be
    )
    if pairs.is_empty():
        return []
    scores = process.cpdist(
        pairs["content"].to_list(), pairs["next_content"].to_list(), scorer=fuzz.ratio
    )
    near = pairs.filter(pl.Series(scores, dtype=pl.Float64) >= pl.col("similarity_pct"))
    return list(near.select("number", "next_number").iter_rows())


def _leader(leaders: list[int], number: int) -> int:
    """The first text of a text's group; shortens the way there for the next who asks."""
    while leaders[number] != number:
        leaders[number] = leaders[leaders[number]]
        number = leaders[number]
    return number
