"""Text files in the encodings, delimiters and shapes they come in."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DataError
from pipelines.exports import decoding, text_files, transcoding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

CHINESE = (
    "工单号,受理时间,城市,描述\n"
    "T1,2025-03-07 17:00,成都,主控板故障\n"
    "T2,2025-03-08 09:00,武汉,风扇异响\n"
)
ASCII_HEADERS = "ticket_id,city,description\nT1,成都,主控板故障\nT2,武汉,风扇异响\n"
MEANT = [("T1", "成都", "主控板故障", 2), ("T2", "武汉", "风扇异响", 3)]
SHOWN = "select ticket_id, city, description, source_row from staging.tickets order by rowid"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (CHINESE.encode(), "utf-8"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("gbk"), "gb18030"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16"),
        (CHINESE.encode("utf-32"), "utf-32"),
        (ASCII_HEADERS.encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_encodings_are_found_out(stage: Callable[..., Staged], data: bytes, encoding: str) -> None:
    staged = stage({"tickets.csv": data})
    assert staged.rows(SHOWN) == MEANT
    assert staged.rows("select encoding, rows_in, staged from meta.files") == [(encoding, 2, 2)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(
    stage: Callable[..., Staged], delimiter: str, line_end: str
) -> None:
    staged = stage({"tickets.csv": CHINESE.replace(",", delimiter).replace("\n", line_end)})
    assert staged.rows(SHOWN) == MEANT
    assert staged.summary.files[0].delimiter == delimiter


def test_excels_separator_line_is_obeyed(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "sep=;\nticket_id;city\nT1;成都\n"})
    assert staged.rows("select ticket_id, city, source_row from staging.tickets") == [
        ("T1", "成都", 3)
    ]


@pytest.mark.parametrize("is_quoted", [False, True])
def test_a_text_guarded_as_a_formula_is_the_text(
    stage: Callable[..., Staged], *, is_quoted: bool
) -> None:
    def guarded(text: str) -> str:
        return f'"=""{text}"""' if is_quoted else f'="{text}"'

    header = "ticket_id,customer_id,opened_at,description"
    row = [guarded("0012"), guarded("007"), guarded("2025-03-07 17:00"), "=1+1"]
    staged = stage({"tickets.csv": f"{header}\n{','.join(row)}\n".encode()})
    assert staged.rows(
        "select ticket_id, customer_id, cast(opened_at as varchar), description"
        " from staging.tickets"
    ) == [("0012", "007", "2025-03-07 17:00:00", "=1+1")]
    assert staged.problems() == []


def test_a_unit_behind_a_header_is_no_part_of_its_name(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "工单号,培训课时（小时）\nT1,2\n".encode(),
            "invoices.csv": "发票号,行号,金额（元）,费用(美元)\nI1,1,500,9\n".encode(),
            "installed_base.csv": "产品序列号,Warranty Months (months)\nS1,12\n".encode(),
        }
    )
    assert staged.rows("select training_hours from staging.tickets") == [(2,)]
    assert staged.rows("select amount from staging.invoices") == [(500,)]
    assert staged.rows("select warranty_months from staging.installed_base") == [(12,)]


def test_a_header_with_a_unit_counts_only_where_the_bare_one_is_not(
    stage: Callable[..., Staged],
) -> None:
    data = "invoice_id,line_no,Amount,Currency,Amount (CNY)\nI1,1,100,USD,720\n"
    staged = stage({"tickets.csv": b"ticket_id\nT1\n", "invoices.csv": data.encode()})
    assert staged.rows("select amount, currency from staging.invoices") == [(100, "USD")]


def test_a_last_line_without_an_end_counts(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id,city\nT1,成都\nT2,武汉"})
    assert staged.column("ticket_id") == ["T1", "T2"]


def test_rows_go_by_the_line_a_person_sees(stage: Callable[..., Staged]) -> None:
    text = (
        "维修工单一览\n"  # 1: a title
        "\n"  # 2
        "ticket_id,opened_at,description\n"  # 3
        "T1,2025-03-07 17:00,plain\n"  # 4
        'T2,2025-03-07 17:00,"two\nlines"\n'  # 5 and 6
        "\n"  # 7
        "T3,2025-03-07 17:00,after\n"  # 8
        "T4,never,\n"  # 9
    )
    staged = stage({"tickets.csv": text})
    assert staged.rows("select ticket_id, source_row from staging.tickets order by rowid") == [
        ("T1", 4),
        ("T2", 5),
        ("T3", 8),
        ("T4", 9),
    ]
    assert staged.column("description") == ["plain", "two\nlines", "after", None]
    assert [problem[:3] for problem in staged.problems()] == [(9, "opened_at", "never")]


def test_ragged_rows_are_kept_and_listed(stage: Callable[..., Staged]) -> None:
    text = "ticket_id,city,channel\nT1,成都,phone,,\nT2\nT3,武汉,web,left over,more\n,,,lost?\n"
    staged = stage({"tickets.csv": text})
    assert staged.column("ticket_id") == ["T1", "T2", "T3"]
    assert staged.column("city") == ["成都", None, "武汉"]
    assert staged.problems() == [(4, "", "left over,more", "more cells than headers")]
    assert staged.rejects() == [
        (
            5,
            "missing_key",
            '{"ticket_id":"","city":"","channel":"","(beyond the header)":"lost?"}',
        )
    ]


def test_a_quote_after_a_space_opens_a_cell(stage: Callable[..., Staged]) -> None:
    # The second file has a blank line, which sends it the other way through the reader.
    for blank_line in ("", "\n"):
        staged = stage({"tickets.csv": f'ticket_id, description\n{blank_line}T1, "a, b"\n'})
        assert staged.column("description") == ["a, b"]
        assert staged.problems() == []


def test_nul_bytes_are_taken_out_and_listed(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id,city\nT\x001,成都\nT2,武汉\n"})
    assert staged.column("ticket_id") == ["T1", "T2"]
    assert staged.problems() == [(2, "", "T␀1,成都", "NUL bytes taken out")]


def test_a_nul_byte_is_listed_with_the_line_its_row_begins_on(stage: Callable[..., Staged]) -> None:
    rows = 'T1,"a\nb\0c"\n,"d\ne\0f"\nT2,g\n'
    staged = stage({"tickets.csv": f"ticket_id,description\n{rows}"})
    assert staged.column("description") == ["a\nbc", "g"]
    # the second row is rejected: what is wrong with it stands in its record
    assert staged.problems() == [(2, "", 'b␀c"', "NUL bytes taken out")]
    assert [reject[:2] for reject in staged.rejects()] == [(4, "missing_key")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("blank_line", ["", "\n"], ids=["regular", "row by row"])
def test_a_file_may_have_the_longest_name_there_is(
    stage: Callable[..., Staged],
    encoding: str,
    packed: bool,  # noqa: FBT001 - a parameter
    blank_line: str,
) -> None:
    suffix = ".csv.gz" if packed else ".csv"
    name = "tickets_" + "x" * (255 - len("tickets_" + suffix)) + suffix
    data = f"{CHINESE}{blank_line}T3,昨天,成都,风扇异响\n".encode(encoding)
    staged = stage({name: gzip.compress(data) if packed else data})
    assert staged.column("ticket_id") == ["T1", "T2", "T3"]
    assert [problem[2] for problem in staged.problems()] == ["昨天"]


def test_a_gzipped_file_is_read(stage: Callable[..., Staged]) -> None:
    staged = stage({"Tickets_2011.CSV.GZ": gzip.compress(CHINESE.encode("gb18030"))})
    assert staged.rows(SHOWN) == MEANT
    assert staged.summary.files[0].format == "csv.gz"


def _zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in members.items():
            book.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize(
    "members", [("2011.csv",), ("__MACOSX/._2011.csv", "a/2011.CSV"), ("../../2011.txt",)]
)
def test_a_zip_of_one_file_is_read(
    stage: Callable[..., Staged], tmp_path: Path, members: tuple[str, ...]
) -> None:
    data = CHINESE.encode("gb18030")
    staged = stage({"tickets.csv.zip": _zip(dict.fromkeys(members, data))})
    assert staged.rows(SHOWN) == MEANT
    assert staged.summary.files[0].format == "csv.zip"
    assert not list(tmp_path.parent.glob("2011*"))


def test_header_only_is_no_row_and_no_error(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id,city\n"})
    assert staged.rows("select rows_in, staged, rejected from meta.files") == [(0, 0, 0)]


def test_rows_keep_their_lines_over_many_blocks(stage: Callable[..., Staged]) -> None:
    rows = 150_000
    lines = "".join(f"T{i},C{i % 7},N/A\n" for i in range(rows))
    staged = stage({"tickets.csv": f"ticket_id,customer_id,agent_id\n{lines}"})
    assert staged.rows(
        "select count(*) from staging.tickets"
        " where ticket_id = 'T' || (source_row - 2) and agent_id is null"
    ) == [(rows,)]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("tickets.csv", b"", ("tickets.csv", "is empty")),
        ("tickets.csv", b"\n\n", ("tickets.csv", "is empty")),
        ("tickets.csv", codecs.BOM_UTF8, ("tickets.csv", "is empty")),
        ("tickets.csv", b"ticket_id,city\nT1,M\xfcnchen\n", ("byte 19", "line 2", "cp1252")),
        (
            "tickets.csv",
            "ticket_id,city\nT1,成都武汉西安北京上海\n".encode() + "T2,广州\n".encode("gbk"),
            ("byte 52", "line 3"),
        ),
        ("tickets.csv.gz", b"no gzip", ("tickets.csv.gz", "cannot be unpacked")),
        (
            "tickets.csv.gz",
            gzip.compress(CHINESE.encode() * 99)[:-20],
            ("tickets.csv.gz", "cannot be unpacked"),
        ),
        ("tickets.zip", b"no zip", ("tickets.zip", "cannot be unpacked")),
        ("tickets.zip", _zip({"a.csv": b"x"})[:-30], ("tickets.zip", "cannot be unpacked")),
        ("tickets.zip", _zip({"a.csv": b"", "b.csv": b""}), ("one text file", "holds 2", "b.csv")),
        ("tickets.zip", _zip({"a.xlsx": b""}), ("one text file", "'a.xlsx'")),
        ("tickets.zip", _zip({}), ("one text file", "nothing")),
        (
            "tickets.zip",
            _zip({"a.csv": b"x"}).replace(b"a.csv", b"\0.csv"),
            ("one text file", "holds 1 ('')"),
        ),
        (
            "tickets.csv",
            b'ticket_id,city\nT1,"x\nT2,y\nT3,z\n',
            ("line 2", "quote", "line 4"),
        ),
        (
            "tickets.csv",
            b'ticket_id,city,channel\nT1,"x,web\nT2,y,web\nT3,"z",web\n',
            ("line 2", "quote", "line 4"),
        ),
        (
            "tickets.csv",
            b'ticket_id,city,description\nT1,"a\nb"\nT2,c,x\n',
            ("lines 2 to 3", "2 cells where the header has 3", "mend it"),
        ),
        ("tickets.csv", b"<html><body>Log in</body></html>", ("no column of tickets", "<html>")),
        ("tickets.csv", b"a,b\n1,2\n", ("no column of tickets", "'a', 'b'", "ticket_id/工单号")),
        ("tickets.csv", b"ticketid,city\n1,2\n", ("lacks the key", "'ticketid' is nearest")),
        (
            "tickets.csv",
            "ticket_id,Ticket-ID,工单号\n1,2,3\n".encode(),
            ("more than one column for ticket_id", "'Ticket-ID'", "'工单号'"),
        ),
        (
            "tickets.csv",
            b"ticket_id,description\nT1," + b"x" * 1_100_000 + b"\n\n",
            ("line 2", "1,000,000 characters"),
        ),
    ],
    # Archives hold the time they were made at: two workers must name the cases alike.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_said_in_words(
    stage: Callable[..., Staged], name: str, data: bytes, words: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as error:
        stage({name: data})
    for word in words:
        assert word in str(error.value)


def test_a_gzip_bomb_is_refused(
    stage: Callable[..., Staged], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pipelines.exports.decoding._RATIO_APPLIES_FROM_BYTES", 1 << 20)
    with pytest.raises(DataError, match="unpacks to more than 400 times its size"):
        stage({"tickets.csv.gz": gzip.compress(b"\n" * (8 << 20))})
    assert not list(tmp_path.glob("exports-*"))


def test_a_zip_bomb_is_refused(
    stage: Callable[..., Staged], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pipelines.exports.decoding._RATIO_APPLIES_FROM_BYTES", 1 << 20)
    with pytest.raises(DataError, match="unpacks to more than 400 times its size"):
        stage({"tickets.zip": _zip({"tickets.csv": b"\n" * (8 << 20)})})
    assert not list(tmp_path.glob("exports-*"))


@settings(max_examples=60)
@given(
    lines=st.lists(
        st.binary(max_size=9).map(lambda line: line.translate(None, b"\r\n")), min_size=1
    ),
    chosen=st.sets(st.integers(1, 40)),
    ends_open=st.booleans(),
    chunk_bytes=st.integers(1, 12),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
)
def test_picked_lines_are_those_of_their_numbers(  # noqa: PLR0913, PLR0917 - what can differ
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[bytes],
    chosen: set[int],
    ends_open: bool,  # noqa: FBT001 - drawn
    chunk_bytes: int,
    line_end: bytes,
) -> None:
    folder = tmp_path_factory.mktemp("picked")
    text = line_end.join(lines) + (b"" if ends_open and lines[-1] else line_end)
    (folder / "all").write_bytes(text)
    wanted = sorted(number for number in chosen if number <= len(lines))
    look = transcoding.Look()
    for first in range(0, len(text), chunk_bytes):
        look.take(text[first : first + chunk_bytes])
    decoded = decoding.Decoded(folder / "all", "utf-8", look.lines, True, True, look.pieces)  # noqa: FBT003 - its fields
    text_files._pick_lines(decoded, wanted, folder / "picked", ",")  # noqa: SLF001 - its own test
    expected = b"".join(b"%d,%s\n" % (number, lines[number - 1]) for number in wanted)
    assert (folder / "picked").read_bytes() == expected
