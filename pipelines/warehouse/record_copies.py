"""Which service records say the same: texts copied from record to record.

Belongs here: the one part of quality that SQL cannot say well, near-equal texts. It writes
``steps.record_copies`` before the models run. Does not belong here: what follows from it
(``marts.agent_flags``) and every other judgement on agents, which is SQL.

The search is sorted neighbourhood (Hernández and Stolfo 1995): the different texts of an agent are
put in order twice, read from the beginning and from the end, and each is compared with the few that
follow. Texts that differ in a few places share their beginning or their end, so they stand close in
one of the two orders. What differs at both ends can be missed, where others stand between.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
import pyarrow as pa
from rapidfuzz import fuzz, process

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from numpy.typing import NDArray

#: How many of the texts that follow in order each text is compared with.
NEIGHBOURS: Final = 3
#: Records compared at a time, so that memory does not grow with them; an agent is never divided.
AT_A_TIME: Final = 500_000
_BLOCK: Final = 10_000
#: Spreads neighbouring characters over the bits (Knuth's multiplicative hashing).
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)

# What is compared is fault and resolution without spaces, punctuation and digits: another date
# or serial number does not make it another text.
_LEFT_OUT: Final = r"[\s\d\p{P}]+"
_CAPITAL: Final = r"\p{Changes_When_Lowercased}"
_TEXTS: Final = """
select
    record.record_id,
    record.agent_id,
    concat_ws('', record.fault_description, record.resolution) as content
from staging.service_records as record
cross join meta.run as run
where record.agent_id is not null
    and (record.submitted_at is null or record.submitted_at <= run.as_of)
    and hash(record.agent_id) % $parts = $part
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
    copies = [_COPIES.to_frame()]
    if rules:
        ((records,),) = con.execute("select count(*) from staging.service_records").fetchall()
        parts = 1 + records // AT_A_TIME
        for part in range(parts):
            texts = con.sql(_TEXTS, params={"parts": parts, "part": part}).pl()
            copies += _beside_each_other(texts, *rules[0])
    con.register(
        "record_copies_frame", pl.concat(copies).sort("agent_id", "copy_group", "record_id")
    )
    con.execute("create or replace table steps.record_copies as select * from record_copies_frame")
    con.unregister("record_copies_frame")


def _beside_each_other(
    records: pl.DataFrame, min_characters: int, similarity_pct: float
) -> list[pl.DataFrame]:
    """The copies among ``records``, some agents on each core."""
    cores = os.cpu_count() or 1
    agents = records["agent_id"].hash() % cores

    def copies_of(core: int) -> pl.DataFrame:
        some = records.filter(agents == core)
        return record_copies(some, min_characters, similarity_pct).match_to_schema(_COPIES)

    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(copies_of, range(cores)))


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
    cleaned = records.with_columns(_cleaned(records["content"])).filter(
        pl.col("content").str.len_chars() >= min_characters
    )
    groups = group_texts(_different(cleaned), similarity_pct)
    return (
        cleaned.join(groups, on=["agent_id", "content"])
        .select(_COPIES.names())
        .sort("agent_id", "copy_group", "record_id")
    )


def _different(cleaned: pl.DataFrame) -> pl.DataFrame:
    """The different texts of each agent; most stand once, which their hash tells for less."""
    hashes = cleaned.select(pl.struct("agent_id", "content").hash()).to_series()
    may_repeat = hashes.is_duplicated()
    once = cleaned.filter(~may_repeat).select(
        "agent_id", "content", first_record_id="record_id", records=pl.lit(1, pl.get_index_type())
    )
    repeated = (
        cleaned.filter(may_repeat)
        .group_by("agent_id", "content")
        .agg(first_record_id=pl.col("record_id").min(), records=pl.len())
    )
    return pl.concat([once, repeated])


def _cleaned(content: pl.Series) -> pl.Series:
    """Texts without what is left out, in small letters; few have a capital to be looked for."""
    bare = content.str.replace_all(_LEFT_OUT, "")
    capital = bare.str.contains(_CAPITAL).arg_true()
    return bare.scatter(capital, bare.gather(capital).str.to_lowercase())


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
    for one, other in _near(texts, similarity_pct) if texts.height > 1 else ():
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


def _near(texts: pl.DataFrame, similarity_pct: float) -> list[tuple[int, int]]:
    """The pairs of row numbers that are close in one of the orders and similar enough."""
    contents = texts["content"]
    lengths = contents.str.len_chars().to_numpy().astype(np.int64)
    signatures = _signatures(contents, lengths)
    pairs: list[tuple[int, int]] = []
    for read in (contents, backwards(contents)):
        for one, other in _neighbours(texts["agent_id"], read):
            # What only one of two texts has is a difference: of characters, and of length.
            alone = sum(np.bitwise_count(half[one] ^ half[other]) for half in signatures)
            differences = np.maximum(alone, abs(lengths[one] - lengths[other]))
            can_be = 100 * differences <= (100 - similarity_pct) * (lengths[one] + lengths[other])
            one, other = one[can_be], other[can_be]  # noqa: PLW2901 - the pairs still in question
            scores = process.cpdist(
                contents.gather(one).to_list(),
                contents.gather(other).to_list(),
                scorer=fuzz.ratio,
                score_cutoff=similarity_pct,
                workers=-1,
            )
            near = scores >= similarity_pct
            pairs += zip(one[near].tolist(), other[near].tolist(), strict=True)
    return pairs


def _signatures(contents: pl.Series, lengths: NDArray[np.int64]) -> list[NDArray[np.uint64]]:
    """The characters of each text as a set of 128: bits that differ are characters that differ.

    In two halves: each character has its bit in one of them.
    """
    points = np.arange(sys.maxunicode + 1, dtype=np.uint64) * _GOLDEN
    bit_of = np.uint64(1) << (points >> np.uint64(58))
    is_in_second = points >> np.uint64(57) & np.uint64(1) > 0
    halves = [np.where(is_in_second, 0, bit_of), np.where(is_in_second, bit_of, 0)]
    found: list[list[NDArray[np.uint64]]] = [[], []]
    for first in range(0, len(contents), _BLOCK):
        sizes = lengths[first : first + _BLOCK]
        starts = np.cumsum(sizes) - sizes
        text: str = contents.slice(first, _BLOCK).str.join("").item()
        characters = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        for half, signatures in zip(halves, found, strict=True):
            signatures.append(np.bitwise_or.reduceat(half[characters], starts))
    return [np.concatenate(signatures) for signatures in found]


def backwards(contents: pl.Series) -> pl.Series:
    """The bytes of each text from its end: texts that end alike begin alike here."""
    texts = contents.rechunk().to_arrow().cast(pa.large_binary())  # the layout that is read here
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int64)[: len(texts) + 1]
    turned = np.frombuffer(data, np.uint8)[: starts[-1]][::-1]
    # Turned as a whole: the last text comes first.
    places = starts[-1] - starts[::-1]
    buffers = [None, pa.py_buffer(places.tobytes()), pa.py_buffer(turned.tobytes())]
    from_the_last = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(contents), buffers)
    return pl.Series(from_the_last).reverse()


def _neighbours(
    agents: pl.Series, texts: pl.Series
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The pairs of row numbers of an agent whose texts stand close in their order, by how far."""
    by = pl.DataFrame({"agent": agents.hash(), "text": texts}).with_row_index("number")
    ordered = by.group_by("agent").agg(pl.col("number").sort_by("text")).explode("number")
    agent, numbers = (ordered[name].to_numpy() for name in ("agent", "number"))
    for distance in range(1, min(NEIGHBOURS, len(numbers) - 1) + 1):
        one, other = slice(None, -distance), slice(distance, None)
        is_pair = agent[one] == agent[other]
        yield numbers[one][is_pair], numbers[other][is_pair]


def _leader(leaders: dict[int, int], number: int) -> int:
    """The first text of a text's group; shortens the way there for the next who asks."""
    while number in leaders:
        above = leaders[number]
        leaders[number] = leaders.get(above, above)
        number = above
    return number
