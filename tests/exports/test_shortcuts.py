"""Whatever stands in a cell: the quick way to its value and the careful one lead to the same.

The quick way is the select that stages a file. The careful one is ``values`` alone, cell by
cell. Cells are made hostile: spellings nearly right, in letters, widths and blanks that differ.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.contract import INSTALLED_BASE, INVOICES, TICKETS, Column, Export, Kind
from pipelines.exports import conventions, shortcuts, transcoding, values
from pipelines.exports.headers import Match
from pipelines.exports.scanning import TWO_WAY_BITS, typed_rows
from pipelines.exports.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = values.Reading("Asia/Shanghai", "Asia/Shanghai")
READINGS = {
    "as it comes": HERE,
    "with words of a mapping": dataclasses.replace(
        HERE, null_words=("nix", "A1"), values={"P0": "1", "ja": "yes", "Werk": "公司"}
    ),
}
READINGS_OF_TIMES = {
    "of a workbook": dataclasses.replace(HERE, has_serials=True),
    "of another zone": dataclasses.replace(HERE, source_timezone="America/New_York"),
    "with formats": dataclasses.replace(HERE, formats=("%m/%d/%Y %H:%M", "%Y-%m-%d")),
}
COLUMNS = {
    **{
        name: TICKETS.column(name)
        for name in (
            *("ticket_id", "customer_name", "customer_type", "city", "service_code"),
            *("opened_at", "fault_level", "expert_team", "training_hours", "category"),
        )
    },
    **{name: INVOICES.column(name) for name in ("line_no", "issuer", "currency", "amount")},
    "coverage_end": INVOICES.column("coverage_end"),
    "warranty_months": INSTALLED_BASE.column("warranty_months"),
}

BLANKS = st.sampled_from(["", "", "", " ", "  ", "\t", "\n", "\r", "\u00a0", "\u3000", "\u200b"])
LETTERS = (
    "aAzZ019 -_.,:/+TZ|'\"\\%°éſ\u212a\u0130ＡＺ０９．，－／成市空无知未"
    "\u3000\u200b\u00a0\ufeff\x7f😀"
)
NOISE = st.text(st.sampled_from(LETTERS), max_size=12)


def changed(text: str, how: int, other: str) -> str:
    """A spelling that is nearly ``text``."""
    at = how // 8 % (len(text) + 1)
    return [
        text,
        text.upper(),
        text.title(),
        text.swapcase(),
        "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
        text[:at] + other + text[at:],
        text[:at] + other[:1] + text[at + 1 :],
        text.replace("k", "\u212a").replace("s", "ſ"),
    ][how % 8]


def two_digits(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda number, form: form.format(number),
        numbers,
        st.sampled_from(["{:02d}", "{:02d}", "{:02d}", "{}", "{:03d}", " {}", "+{}"]),
    )


TIMES_OF_DAY = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.sampled_from([" ", " ", " ", "T", "  ", "", " 下午", ", "]),
    two_digits(st.integers(0, 25)),
    st.sampled_from([":", ":", ":", "时", ".", " : "]),
    two_digits(st.integers(0, 61)),
    st.sampled_from([":", ":", "分", "x", ""]),
    st.one_of(st.just(""), two_digits(st.integers(0, 61))),
    st.sampled_from(["", "", "", ".5", ".123456789", ",25", "Z", "+08", " +0800", "-05:30", " PM"]),
)
DATES = st.one_of(
    st.builds(
        "{}{}{}{}{}{}".format,
        st.sampled_from(["2025", "2024", "1899", "1900", "2199", "2200", "25", "025", "12025"]),
        st.shared(st.sampled_from(["-", "-", "/", ".", "年", " - "]), key="sign"),
        two_digits(st.integers(0, 13)),
        st.one_of(
            st.shared(st.sampled_from(["-", "-", "/", ".", "年", " - "]), key="sign"),
            st.sampled_from(["-", "/", "月"]),
        ),
        two_digits(st.integers(0, 32)),
        st.sampled_from(["", "", "", "日", "周五"]),
    ),
    st.builds(
        "{}{}{}{}{}".format,
        two_digits(st.integers(0, 32)),
        st.shared(st.sampled_from(["/", "-", "."]), key="other sign"),
        two_digits(st.integers(0, 32)),
        st.shared(st.sampled_from(["/", "-", "."]), key="other sign"),
        st.sampled_from(["2025", "1999", "25", "99", "0025"]),
    ),
    st.sampled_from(["20250307", "20250307170000", "45000.5", "1899-12-30", "07.03.25"]),
)
TIMES = st.builds(str.__add__, DATES, st.one_of(st.just(""), TIMES_OF_DAY))
NUMBERS = st.one_of(
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["", "", "-", "+", "¥", "(", "- "]),
        st.sampled_from(
            ["0", "1", "007", "12", "1234", "1,234", "12,34", "1 234", "1.234", "9" * 19]
        ),
        st.sampled_from(["", ".", ",", "．"]),
        st.sampled_from(["", "0", "5", "50", "500", "005", "345", "994999", "0" * 12]),
        st.sampled_from(["", "", "-", ")", "元", "e3", "E-2", "%", "_000"]),
    ),
    st.sampled_from(["nan", "inf", "1_000", "٣", "0x10", "1e3", ".5", "-.5", "--5", "2147483648"]),
)


def words_of(column: Column) -> list[str]:
    choices = column.choices or {}
    return [
        *values.NULL_WORDS,
        *(spelling for value, others in choices.items() for spelling in (value, *others)),
        *(["shenzhen", "xi'an", "深圳", "深圳市", "沙市", "市", "Kunming", "知", "空调城"]),
        *(["T000000001", "A07", "B", "u1", "N", "SASL012", "usd"]),
    ]


def cells(column: Column) -> st.SearchStrategy[str]:
    words = st.builds(changed, st.sampled_from(words_of(column)), st.integers(0, 255), NOISE)
    texts: dict[Kind, st.SearchStrategy[str]] = {
        **dict.fromkeys((Kind.INSTANT, Kind.DATE), TIMES),
        **dict.fromkeys((Kind.INTEGER, Kind.DECIMAL, Kind.MONEY), NUMBERS),
    }
    likely = texts.get(column.kind, words)
    near = st.builds(changed, likely, st.integers(0, 255), NOISE)
    return st.builds("{}{}{}".format, BLANKS, st.one_of(likely, likely, near, words, NOISE), BLANKS)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, in a session of another time zone than any test's."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'America/New_York'")
    yield connection
    connection.close()


def quick(con: duckdb.DuckDBPyConnection, column: Column, reading: values.Reading) -> list[Any]:
    """Value and "unread" of the table ``raw``, in the select that stages files."""
    source = Source("x", "file", [column.name], "raw", "csv")
    match = Match({column.name: 0}, [], {})
    export = Export("x", "x", (), (column,))
    rows = typed_rows(source, match, export, lambda _: reading, {})
    return con.execute(
        f"select value, unread & {(1 << TWO_WAY_BITS) - 1} from ({rows})"
        " as t(value, source_file, line, unread) order by line"
    ).fetchall()


def careful(con: duckdb.DuckDBPyConnection, column: Column, reading: values.Reading) -> list[Any]:
    """The same by ``values`` alone."""
    unread = "text is not null and value is null" if values.can_fail(column) else "false"
    return con.execute(
        f"select value, cast({unread} as integer)"
        f" from (select *, {values.typed(column, 'said', reading)} as value"
        f" from (select *, {values.found(column, 'text', reading)} as said"
        f" from (select line, {values.cleaned(column, 'c0', reading)} as text from raw)))"
        " order by line"
    ).fetchall()


def readings_of(column: Column) -> dict[str, values.Reading]:
    ways = conventions.ways_of(column.kind)
    is_first_of_kind = column in {each.kind: each for each in reversed(COLUMNS.values())}.values()
    ways = (*ways, conventions.UNDECIDED) if ways and is_first_of_kind else ()
    return {
        **READINGS,
        **(READINGS_OF_TIMES if conventions.DAY_FIRST in ways else {}),
        **{way: dataclasses.replace(HERE, way=way) for way in ways},
    }


@pytest.mark.parametrize(
    ("name", "how"), [(name, how) for name in COLUMNS for how in readings_of(COLUMNS[name])]
)
def test_quick_and_careful_agree(con: duckdb.DuckDBPyConnection, name: str, how: str) -> None:
    column = COLUMNS[name]
    reading = readings_of(column)[how]

    @settings(max_examples=8)
    @given(st.lists(st.one_of(st.none(), cells(column)), min_size=1, max_size=120))
    @example([None])
    @example([*words_of(column), "", " ", None])
    def hold(texts: list[str | None]) -> None:
        frame = pl.DataFrame({"c0": texts}, {"c0": pl.String}).with_row_index("line")
        con.register("frame", frame.to_arrow())
        con.execute("create or replace table raw as from frame")
        is_plain = all(is_plain_text(text) for text in texts if text is not None)
        for promise in {is_plain, False}:
            now = dataclasses.replace(reading, is_plain=promise)
            found = zip(texts, quick(con, column, now), careful(con, column, now), strict=True)
            assert [row for row in found if row[1] != row[2]] == []

    hold()


def is_plain_text(text: str) -> bool:
    """Whether a file with this cell would be read as plain."""
    return transcoding.is_plain(text.encode()) and not {"\n", "\r"} & set(text)


@pytest.mark.parametrize(
    "text", ["2025-03-07 17:00:00", "2025-03-07", "2025-03-07T17:00:00Z", "2025/3/7 9:05"]
)
def test_common_times_take_the_quick_way(con: duckdb.DuckDBPyConnection, text: str) -> None:
    """Else the property above would hold, and every file load slowly."""
    shaped = shortcuts.shaped_instant(Kind.INSTANT, "text", HERE)
    read = con.execute(f"select {shaped} from (select ?::varchar as text)", [text]).fetchall()
    assert read[0][0] is not None
