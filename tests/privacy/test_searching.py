"""The search finds what it is to find: else a clean folder would prove nothing."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter

from dashboards.safe import csv_frame, file_name, json_text
from tests.privacy.searching import search

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "深圳\"甲&乙<丙>'有限公司"


def html_file(path: Path) -> None:
    path.with_suffix(".html").write_text(
        "<p title='深圳&quot;甲&amp;乙&lt;丙&gt;&#39;有限公司'>", encoding="utf-8"
    )


def island(path: Path) -> None:
    path.with_suffix(".js").write_text(f"data={json_text([VALUE])}", encoding="utf-8")


def ascii_json(path: Path) -> None:
    path.with_suffix(".json").write_text(json.dumps({"x": VALUE}), encoding="utf-8")


def csv_file(path: Path) -> None:
    path.with_suffix(".csv").write_text(csv_frame(pl.DataFrame({"x": [VALUE]})), encoding="utf-8")


def old_csv(path: Path) -> None:
    path.with_suffix(".csv").write_bytes(VALUE.encode("gb18030"))


def cell(path: Path) -> None:
    with xlsxwriter.Workbook(path.with_suffix(".xlsx")) as book:
        book.add_worksheet().write_string(4, 7, VALUE)


def property_of_a_workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path.with_suffix(".xlsx")) as book:
        book.set_properties({"title": VALUE})
        book.add_worksheet()


def comment(path: Path) -> None:
    with xlsxwriter.Workbook(path.with_suffix(".xlsx")) as book:
        book.add_worksheet().write_comment(0, 0, VALUE)


def packed(path: Path) -> None:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w") as made:
        made.writestr("inside.txt", VALUE)


def parquet(path: Path) -> None:
    pl.DataFrame({"x": [VALUE]}).write_parquet(path.with_suffix(".parquet"), compression="zstd")


def drawing(path: Path) -> None:
    path.with_suffix(".svg").write_text(
        "<svg><text>深圳&quot;甲&amp;乙&lt;丙&gt;'有限公司</text></svg>", encoding="utf-8"
    )


def name_of_a_file(path: Path) -> None:
    path.with_name(f"{file_name(VALUE)}.html").write_text("", encoding="utf-8")


@pytest.mark.parametrize(
    "write",
    [
        html_file, island, ascii_json, csv_file, old_csv, cell, property_of_a_workbook, comment,
        packed, parquet, drawing, name_of_a_file,
    ],
)  # fmt: skip
def test_a_value_is_found_however_it_is_written(tmp_path: Path, write: object) -> None:
    folder = tmp_path / "deep" / "down"
    folder.mkdir(parents=True)
    write(folder / "file")  # type: ignore[operator]
    found = search(tmp_path, [VALUE, "nobody"])
    assert {one.value for one in found} == {VALUE}
    assert all("deep/down/" in one.place for one in found)


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    island(tmp_path / "file")
    assert search(tmp_path, ["深圳丁有限公司", "甲乙"]) == []


def test_capitals_and_blanks_do_not_hide_a_value(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("acme\n  LTD", encoding="utf-8")
    assert [one.value for one in search(tmp_path, ["Acme Ltd"])] == ["Acme Ltd"]
