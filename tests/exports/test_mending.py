"""Rows with something wrong, given back as a file like theirs: mended, they take their place."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter

from pipelines.exports.guards import WRONG
from pipelines.reporting.mending import write_rows_to_mend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

HEADER = "工单号;客户类型;故障等级;受理时间;描述"
GOOD = "T1;最终客户;三级;2025-03-07 17:00;断电"
TICKETS = f"""{HEADER}
{GOOD}
T2;最终客户;五级;2025-03-07 17:00;"重启;无效"
;大客户;一级;2025-03-08 09:00;没有编号
T3;VIP客户;二级;昨天;=1+1
"""


def given_back(staged: Staged, folder: Path) -> dict[str, bytes]:
    """The files written for the rows to mend, by name."""
    frame = write_rows_to_mend(staged.con, folder)
    return {path.rpartition("/")[2]: (folder / path).read_bytes() for path in frame["path"]}


def read(content: bytes, encoding: str, delimiter: str = ";") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def test_a_file_has_its_sources_headers_delimiter_encoding_and_one_column_more(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    staged = stage({"tickets.csv": TICKETS.encode("gb18030")})

    files = given_back(staged, tmp_path / "report")

    assert list(files) == ["tickets_mended.csv"]
    header, level, no_key, two = read(files["tickets_mended.csv"], "gb18030")
    assert header == [*HEADER.split(";"), WRONG]
    assert level[:5] == ["T2", "最终客户", "五级", "2025-03-07 17:00", "重启;无效"]
    assert (
        level[5]
        == "fault_level: 不在可填的值之中：1, 2, 3, 4 / fault_level: not one of: 1, 2, 3, 4"
    )
    assert no_key[:3] == ["", "大客户", "一级"]
    assert no_key[5] == "缺少编号 / key missing"
    assert two[4] == "'=1+1", "no spreadsheet may take a cell for a formula"
    assert "opened_at: not a date" in two[5]
    assert "customer_type: not one of" in two[5]


def test_mended_rows_take_the_place_of_those_they_were_made_from(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    source = {"tickets.csv": TICKETS.encode("gb18030")}
    before = stage(source)
    assert before.column("ticket_id") == ["T1", "T2", "T3"]
    (content,) = given_back(before, tmp_path / "report").values()
    mended = (
        content.decode("gb18030")
        .replace("五级", "四级")
        .replace("\r\n;大客户", "\r\nT4;大客户")
        .replace("VIP客户", "大客户")
        .replace("昨天", "2025-03-09 10:00")
    )

    after = stage({**source, "tickets_mended.csv": mended.encode("gb18030")})

    assert after.problems() == []
    assert sorted(after.column("ticket_id")) == ["T1", "T2", "T3", "T4"]
    levels = dict(after.rows("select ticket_id, fault_level from staging.tickets"))
    assert levels == {"T1": 3, "T2": 4, "T3": 2, "T4": 1}
    # what they replace, and the row without a key, which nothing can replace
    assert [(row, reason) for row, reason, _ in after.rejects()] == [
        (3, "superseded"),
        (4, "missing_key"),
        (5, "superseded"),
    ]
    assert after.rows("select count(*) from staging.rows_to_mend") == [(1,)]


def test_what_looks_like_a_formula_comes_back_as_it_was(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    header = "ticket_id,customer_id,customer_name,fault_level,opened_at,description"
    rows = (
        "=A1,@C,甲,五级,2025-03-03,=1+1",
        "-A2,-5,-网络,五级,2025-03-03,- 网络不通",
        "+A3,+1,'引号,五级,2025-03-03,'单引号",
        "'=A4,'+B,'=甲,五级,2025-03-03,''-",
    )
    source = {"tickets.csv": "\n".join([header, *rows, ""]).encode()}
    first = stage(source)
    asked = (
        "select * exclude (source_file, source_row, fault_level) from staging.tickets order by 1"
    )
    before = first.rows(asked)
    (content,) = given_back(first, tmp_path / "report").values()
    assert b"'=A1,'@C" in content
    assert b",'- " in content
    assert "-5,'-网络".encode() in content

    after = stage(
        {**source, "tickets_mended.csv": content.decode("utf-8-sig").replace("五级", "4").encode()}
    )

    assert after.rows(asked) == before
    assert set(after.column("fault_level")) == {4}
    assert {reason for _, reason, _ in after.rejects()} == {"superseded"}


def test_a_row_that_was_replaced_or_repeated_is_not_given_back(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    staged = stage(
        {
            "tickets_1.csv": f"{HEADER}\n{GOOD}\n{GOOD}\n",
            "tickets_2.csv": f"{HEADER}\n{GOOD.replace('断电', '又断电')}\n",
        }
    )
    assert {reason for _, reason, _ in staged.rejects()} == {"duplicate", "superseded"}
    assert given_back(staged, tmp_path / "report") == {}


def test_a_workbook_is_given_back_as_one_with_its_sheet_and_read_again(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet("工单")
        page.write_string(0, 0, "2025年工单导出")
        for place, cell in enumerate(HEADER.split(";")):
            page.write_string(2, place, cell)
        for place, cell in enumerate(["T2", "最终客户", "五级", "2025-03-07 17:00", "=2+2"]):
            page.write_string(3, place, cell)
    source = {"tickets_2025.xlsx": content.getvalue()}
    (name, back), *_ = given_back(stage(source), tmp_path / "report").items()
    assert name == "tickets_2025_mended.xlsx"
    frame = pl.read_excel(back, sheet_name="工单")
    assert frame.columns == [*HEADER.split(";"), WRONG]
    assert frame.row(0)[:5] == ("T2", "最终客户", "五级", "2025-03-07 17:00", "=2+2")

    after = stage({**source, name: back})

    # Unmended it says nothing new: an equal row is a repeat.
    assert [(row, reason) for row, reason, _ in after.rejects()] == [(2, "duplicate")]
    assert after.rows('select source_file, "column", value from staging.problems') == [
        ("tickets_2025.xlsx", "fault_level", "五级")
    ]
    assert after.column("description") == ["=2+2"]


def test_a_western_code_page_says_what_is_wrong_in_english(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    rules = "tickets:\n  encoding: cp1252\n"
    text = "ticket_id;city;fault_level\nT1;Zürich;9\n"
    staged = stage({"tickets.csv": text.encode("cp1252")}, rules)

    (content,) = given_back(staged, tmp_path / "report").values()

    assert read(content, "cp1252") == [
        ["ticket_id", "city", "fault_level", "what is wrong"],
        ["T1", "Zürich", "9", "fault_level: not one of: 1, 2, 3, 4"],
    ]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8-sig", "utf-8"])
def test_every_encoding_is_found_again(
    encoding: str, stage: Callable[..., Staged], tmp_path: Path
) -> None:
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    staged = stage({"tickets.csv": (mark + TICKETS).encode(encoding)})
    ((name, content),) = given_back(staged, tmp_path / "report").items()

    after = stage({name: content})

    problems = set(after.rows('select "column", value from staging.problems'))
    assert {("fault_level", "五级"), ("opened_at", "昨天")} <= problems


def test_ragged_rows_and_odd_headers_come_back_as_they_were(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    text = "ticket_id,,note,note,fault_level\nT1,x,a,b,3,one more\nT2,,a,,3\n"
    staged = stage({"tickets.csv": text})

    (content,) = given_back(staged, tmp_path / "report").values()

    header, row = read(content, "utf-8", ",")
    assert header == ["ticket_id", "", "note", "note", "fault_level", "(beyond the header)", WRONG]
    assert row[:-1] == ["T1", "x", "a", "b", "3", "one more"]
    assert "more cells than headers" in row[-1]


def test_two_sources_never_share_a_file(stage: Callable[..., Staged], tmp_path: Path) -> None:
    row = "ticket_id,fault_level\nT1,9\n"
    files = given_back(
        stage({"tickets.csv": row, "tickets.tsv": row.replace(",", "\t")}), tmp_path / "report"
    )
    # the row of the second file repeats that of the first
    assert list(files) == ["tickets_mended.csv"]
    assert read(files["tickets_mended.csv"], "utf-8", ",")[1][:2] == ["T1", "9"]

    both = given_back(
        stage({"tickets.csv": row, "tickets.tsv": "ticket_id\tfault_level\nT2\t9\n"}),
        tmp_path / "again",
    )
    assert list(both) == ["tickets_mended.csv", "tickets_mended_2.csv"]


def test_the_same_rows_give_the_same_bytes(stage: Callable[..., Staged], tmp_path: Path) -> None:
    staged = stage({"tickets.csv": TICKETS})
    assert given_back(staged, tmp_path / "one") == given_back(staged, tmp_path / "two")


def test_a_pause_that_cannot_be_read_is_given_back_too(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id\nT1\n",
            "pauses.csv": "ticket_id,paused_at,resumed_at,reason\nT1,sometime,,等件\n",
        }
    )
    assert staged.problems() == [
        (2, "paused_at", "sometime", "not a date or time we can read"),
    ]
    (content,) = given_back(staged, tmp_path / "report").values()
    assert read(content, "utf-8", ",")[1][:4] == ["T1", "sometime", "", "等件"]
