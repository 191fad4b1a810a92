"""Which service records say the same: texts copied from record to record.

Belongs here: the one part of quality that SQL cannot say well, near-equal texts. It writes
``steps.record_copies`` before the models run. Does not belong here: what follows from it
(``marts.agent_flags``) and every other judgement on agents, which is SQL.

The search is sorted neighbourhood (Hernández and Stolfo 1995): the different texts of an agent are
put in order twice, by how they begin and by how they end, and each is compared with the few that
follow. Texts that differ in a few places share their beginning or their end, so they stand close in
one of the two orders. What differs within ``SHARED`` characters of both ends can be missed. The
order is that of fingerprints of ever longer beginnings: texts that share more stand closer, as in
a sorted list, but numbers are sorted and not texts, which takes a fifth of the time.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Final

import polars as pl
from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    import duckdb

#: How many of the texts that follow in order each text is compared with.
NEIGHBOURS: Final = 3
#: Characters at one end that two texts must share to be compared.
SHARED: Final = 8
#: Characters at one end by which texts are put in order, each a part of the next.
_LENGTHS: Final = (SHARED, 16, 32, 64)

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
    texts = cleaned.group_by("agent_id", "content").agg(
        first_record_id=pl.col("record_id").min(), records=pl.len()
    )
    groups = group_texts(texts, similarity_pct)
    return (
        cleaned.join(groups, on=["agent_id", "content"])
        .select(_COPIES.names())
        .sort("agent_id", "copy_group", "record_id")
    )


def group_texts(texts: pl.DataFrame, similarity_pct: float) -> pl.DataFrame:
    """The texts that several records have: equal or near-equal, directly or through others.

    Args:
        texts: one row per different text of an agent: ``agent_id``, ``content``,
            ``first_record_id`` and ``records``, how many have it.
        similarity_pct: from which similarity on, 0 to 100, two texts are the same.

    Returns:
        ``agent_id``, ``content``, ``copy_group`` (the smallest ``first_record_id`` of the group)
        and ``copies`` (the records of the group, two or more).
    """
    leaders: dict[int, int] = {}
    for sign in (1, -1):
        for one, other in _near(texts, sign, similarity_pct):
            low, high = sorted((_leader(leaders, one), _leader(leaders, other)))
            if low < high:
                leaders[high] = low
    numbered = texts.with_row_index("number").filter(
        (pl.col("records") > 1) | pl.col("number").is_in([*leaders, *leaders.values()])
    )
    group = [_leader(leaders, number) for number in numbered["number"]]
    return numbered.with_columns(pl.Series("group", group, pl.UInt32)).select(
        "agent_id",
        "content",
        copy_group=pl.col("first_record_id").min().over("group"),
        copies=pl.col("records").sum().over("group").cast(pl.Int64),
    )


def _near(texts: pl.DataFrame, sign: int, similarity_pct: float) -> list[tuple[int, int]]:
    """The pairs of row numbers that are close in order and similar enough.

    ``sign``: 1 for the order of beginnings, -1 for that of ends.
    """
    content = pl.col("content")
    ends = [content.str.head(n) if sign > 0 else content.str.tail(n) for n in _LENGTHS]
    order = texts.select(
        pl.col("agent_id").hash().alias("agent"),
        *(end.hash().alias(f"end{n}") for end, n in zip(ends, _LENGTHS, strict=True)),
        "first_record_id",
        content.str.len_chars().cast(pl.Int32).alias("length"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("number"),
    ).sort(pl.exclude("number"))
    contents = texts["content"].gather(order["number"]).to_list()
    agents, shared = order["agent"].to_numpy(), order[f"end{SHARED}"].to_numpy()
    lengths, numbers = order["length"].to_numpy(), order["number"].to_numpy()
    pairs: list[tuple[int, int]] = []
    for distance in range(1, min(NEIGHBOURS, len(contents) - 1) + 1):
        one, other = slice(None, -distance), slice(distance, None)
        total = lengths[one] + lengths[other]
        # Of two texts, what the longer one has too much is a difference in any case.
        is_candidate = (
            (agents[one] == agents[other])
            & (shared[one] == shared[other])
            & (100 * abs(lengths[one] - lengths[other]) <= (100 - similarity_pct) * total)
        )
        scores = process.cpdist(
            list(compress(contents[one], is_candidate)),
            list(compress(contents[other], is_candidate)),
            scorer=fuzz.ratio,
            score_cutoff=similarity_pct,
        )
        near = is_candidate.nonzero()[0][scores >= similarity_pct]
        pairs += zip(numbers[near].tolist(), numbers[near + distance].tolist(), strict=True)
    return pairs


def _leader(leaders: dict[int, int], number: int) -> int:
    """The first text of a text's group; shortens the way there for the next who asks."""
    while number in leaders:
        above = leaders[number]
        leaders[number] = leaders.get(above, above)
        number = above
    return number
