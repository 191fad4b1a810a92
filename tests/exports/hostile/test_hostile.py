"""Files that mean harm, or are broken: a clear sentence or a listed problem, and no row lost."""

from __future__ import annotations

import csv
import gzip
import io
import os
import socket
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import DataError
from pipelines.exports import find_exports, values
from tests.exports.outcomes import outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

CORPUS = Path(__file__).parent / "files"
HEADER = "ticket_id,city,opened_at,description\n"
ROWS = HEADER + "T1,成都,2025-03-07 17:00,主控板故障\nT2,武汉,2025-03-08 09:00,风扇异响\n"
HARM = (
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; drop table staging.tickets; --",
    "$(touch owned)",
    "{{ 7*7 }}",
    "../../../etc/passwd",
    "\u202egnp.exe\u202c",
    "\u200bzero\u200bwidth",
    "\x1b[31mred\x07",
    "a\u2028b\u0085c",
    "{'__class__': 1}",
    "%s%n%x",
    "\U0001f600\ufffd",
)


def book(rows: list[list[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    for row in rows:
        workbook.active.append(row)
    data = io.BytesIO()
    workbook.save(data)
    return data.getvalue()


def parquet() -> bytes:
    data = io.BytesIO()
    pl.DataFrame({"ticket_id": ["T1", "T2"], "city": ["成都", "武汉"]}).write_parquet(data)
    return data.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return data.getvalue()


WHOLE = {
    "tickets.csv": ROWS.encode(),
    "tickets_gb.csv": ROWS.encode("gb18030"),
    "tickets_16.csv": ROWS.encode("utf-16"),
    "tickets.csv.gz": gzip.compress(ROWS.encode(), mtime=0),
    "tickets.zip": zipped("a.csv", ROWS.encode()),
    "tickets.xlsx": book([["ticket_id", "city"], ["T1", "成都"], ["T2", "武汉"]]),
    "tickets.parquet": parquet(),
}


@pytest.mark.parametrize("name", ["tickets.csv.gz", "tickets.zip", "tickets.xlsx"])
def test_a_file_cut_short_anywhere_is_refused(name: str) -> None:
    data = WHOLE[name]
    for cut in range(0, len(data) - 1, max(len(data) // 12, 1)):
        assert outcome(name, data[:cut]) != "staged", cut


def test_a_parquet_file_cut_short_anywhere_is_refused() -> None:
    data = WHOLE["tickets.parquet"]
    for cut in range(0, len(data) - 1, max(len(data) // 12, 1)):
        assert "is not a whole Parquet file" in outcome("tickets.parquet", data[:cut])


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=8),
    st.integers(0, 1 << 16),
    st.binary(max_size=12),
)
def test_any_changed_bytes_are_refused_in_words_or_staged_whole(
    name: str, changes: list[tuple[int, int]], place: int, inserted: bytes
) -> None:
    data = bytearray(WHOLE[name])
    for at, value in changes:
        data[at % len(data)] = value
    at = place % len(data)
    outcome(name, bytes(data[:at]) + inserted + bytes(data[at:]))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*")), ids=lambda path: path.name)
def test_every_file_of_the_corpus_is_refused_in_words_or_staged_whole(path: Path) -> None:
    suffix = "".join(path.suffixes)
    outcome(f"tickets{suffix}", path.read_bytes())


def test_harm_in_every_text_field_is_staged_as_written(stage: Callable[..., Staged]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["ticket_id", "customer_name", "city", "description", *HARM])
    for number, harm in enumerate(HARM):
        writer.writerow([f"T{number}", harm, harm, harm, *HARM])
    staged = stage({"tickets.csv": out.getvalue()})
    # But for what stands around a text: blanks, and marks of direction that show as nothing.
    expected = [harm.strip(values.BLANKS) for harm in HARM]
    assert staged.column("customer_name") == expected
    assert staged.column("description") == expected
    assert staged.rows("select rows_in, staged from meta.files") == [(len(HARM), len(HARM))]


@pytest.mark.parametrize(
    "name",
    [
        "tickets'; drop table staging.tickets; --.csv",
        'tickets"; select 1.csv',
        "tickets <script>alert(1)<script>.csv",
        "tickets *?[a].csv",
        "tickets %s {0}.csv",
        "tickets $(touch owned).csv",
        "tickets \u202evsc.csv",
    ],
)
def test_a_file_may_have_any_name(stage: Callable[..., Staged], name: str) -> None:
    staged = stage({name: ROWS})
    assert staged.rows("select distinct source_file from staging.tickets") == [(name,)]
    irregular = stage({name: ROWS + "\nT3\n"})
    assert irregular.column("ticket_id") == ["T1", "T2", "T3"]


@pytest.mark.parametrize(
    ("lead", "says"),
    [
        ("outside", "leads out of the folder"),
        ("/etc/passwd", "leads out of the folder"),
        ("/dev/zero", "leads out of the folder"),
        ("gone.csv", "leads nowhere"),
        ("tickets.csv", "leads nowhere"),  # to itself
    ],
)
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, lead: str, says: str) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text(ROWS, encoding="utf-8")
    (folder / "tickets.csv").symlink_to("../secret.csv" if lead == "outside" else lead)
    with pytest.raises(DataError, match=says):
        find_exports(folder)


def test_a_link_within_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "march.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "tickets.csv").symlink_to("march.csv")
    assert [file.path.name for file in find_exports(tmp_path)[0]["tickets"]] == ["tickets.csv"]


def test_a_pipe_or_socket_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tickets.csv")
    with pytest.raises(DataError, match="is a pipe, a socket or a device"):
        find_exports(tmp_path)
    (tmp_path / "tickets.csv").unlink()
    listener = socket.socket(socket.AF_UNIX)
    with listener:
        listener.bind(str(tmp_path / "tickets.csv"))
        with pytest.raises(DataError, match="is a pipe, a socket or a device"):
            find_exports(tmp_path)


@pytest.mark.parametrize(
    ("text", "staged_rows"),
    [
        (HEADER, 0),
        (HEADER + "\n\n\n", 0),
        (HEADER + "T1,成都\n\n\nT2,武汉,,,,,\n", 2),  # ragged, and blank rows between
        (HEADER + ",,,\nT1,,,\n", 1),
        (HEADER + "T\x001,成都,,\n", 1),
        (",," + HEADER + ",,T1,成都,,\n", 1),  # blank headers
        ("other,Other," + HEADER + "x,y,T1,成都,,\n", 1),  # headers that are there twice
        (HEADER + 'T1,成都,2025-03-07 17:00,"a\rb"\n', 1),
    ],
)
def test_odd_shapes_lose_no_row(stage: Callable[..., Staged], text: str, staged_rows: int) -> None:
    staged = stage({"tickets.csv": text})
    assert len(staged.column("ticket_id")) == staged_rows
    assert staged.rows("select count(*) from meta.files where rows_in <> staged + rejected") == [
        (0,)
    ]


@pytest.mark.parametrize("delimiter", ["^", "~", "#", ":", "\x01"])
def test_any_other_sign_may_be_named_as_delimiter(
    stage: Callable[..., Staged], delimiter: str
) -> None:
    text = f"ticket_id{delimiter}city{delimiter}\nT1{delimiter}成都{delimiter}\n"
    written = "\\x01" if delimiter == "\x01" else delimiter
    staged = stage({"tickets.csv": text}, mapping=f'tickets: {{delimiter: "{written}"}}')
    assert staged.rows("select ticket_id, city from staging.tickets") == [("T1", "成都")]


@pytest.mark.parametrize(
    ("encoding", "city"),
    [("cp1252", "Zürich"), ("cp1250", "Łódź"), ("cp1251", "Москва"), ("cp932", "東京"),
     ("big5", "臺北"), ("cp949", "서울"), ("utf-32-le", "成都"), ("utf-16-be", "成都")],
)  # fmt: skip
def test_a_code_page_named_in_the_mapping_is_used(
    stage: Callable[..., Staged], encoding: str, city: str
) -> None:
    data = f"ticket_id,city,description\nT1,{city},x\n".encode(encoding)
    staged = stage({"tickets.csv": data}, mapping=f"tickets: {{encoding: {encoding}}}")
    assert staged.column("city") == [city]


def test_a_bomb_inside_a_workbook_is_refused() -> None:
    data = io.BytesIO(WHOLE["tickets.xlsx"])
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        packed.writestr("xl/media/bomb.bin", b"\0" * (230 << 20))
    assert "would unpack to 230 MiB" in outcome("tickets.xlsx", data.getvalue())


def test_a_workbook_may_not_lie_about_the_size_of_its_parts() -> None:
    data = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(WHOLE["tickets.xlsx"]))
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in whole.namelist():
            packed.writestr(part, whole.read(part))
    raw = bytearray(data.getvalue())
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 24 : place + 28] = (1).to_bytes(4, "little")  # said to unpack to one byte
    outcome("tickets.xlsx", bytes(raw))


def test_two_million_blank_rows_under_the_data_are_no_rows(stage: Callable[..., Staged]) -> None:
    """As a spreadsheet keeps them that was once coloured to its end: two sheets full of them."""
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    for sheet, ticket in ((workbook.active, "T1"), (workbook.create_sheet("b"), "T2")):
        sheet.append(["ticket_id", "city"])
        sheet.append([ticket, "成都"])
    plain, blown = io.BytesIO(), io.BytesIO()
    workbook.save(plain)
    blank = "".join(f'<row r="{n}"><c r="A{n}"/><c r="B{n}"/></row>' for n in range(3, 1_048_577))
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(blown, "w", zipfile.ZIP_DEFLATED) as out:
        for part in parts.namelist():
            text = parts.read(part)
            if part.startswith("xl/worksheets/"):
                text = text.replace(b"</sheetData>", blank.encode() + b"</sheetData>")
            out.writestr(part, text)
    staged = stage({"tickets.xlsx": blown.getvalue()})
    assert sorted(staged.column("ticket_id")) == ["T1", "T2"]
    assert staged.rows("select rows_in, staged from meta.files") == [(1, 1), (1, 1)]


def test_a_file_cut_off_within_a_character_is_called_cut_short() -> None:
    whole = (ROWS + "T3,西安,2025-03-09 09:00,电源指示灯熄灭").encode()
    said = outcome("tickets.csv", whole[:-1])
    assert "ends within a character" in said
    assert "line 4" in said
    assert "cut short" in said


def test_pieces_in_several_encodings_are_told_from_an_unknown_one() -> None:
    pieces = ROWS.encode() + "T3,西安,2025-03-09 09:00,电源指示灯熄灭\n".encode("gb18030")
    assert "tickets.csv is UTF-8 up to byte" in outcome("tickets.csv", pieces)
    assert "(line 4)" in outcome("tickets.csv", pieces)
    western = "ticket_id,city\nT1,Zürich\n".encode("cp1252")
    assert "not text in utf-8 or any encoding we know" in outcome("tickets.csv", western)
