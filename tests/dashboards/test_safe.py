"""Texts from the exports cannot leave the place they are put in."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
import pytest

from dashboards import safe

HOSTILE = "</script><script>alert(1)</script><!--\u2028\u2029&"


def test_json_cannot_end_its_script_and_still_reads_back() -> None:
    text = safe.json_text({"a": HOSTILE})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"a": HOSTILE}


def test_chart_labels_hold_no_markup() -> None:
    assert safe.plot_text("<b>&amp;</b>") == "&lt;b&gt;&amp;amp;&lt;/b&gt;"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_csv_cell_is_a_formula(cell: str) -> None:
    line = safe.csv_frame(pl.DataFrame({"h": [cell]})).split("\r\n")[1]
    assert line.strip('"').startswith("'")


def test_csv_keeps_numbers_and_times_and_quotes_texts() -> None:
    frame = pl.DataFrame(
        {
            "text": ["=1+1", 'x"y,z', None],
            "number": [-1.5, None, 2.0],
            "at": [datetime(2025, 1, 2, 3, 4, 5), None, None],  # noqa: DTZ001 - local time
        }
    )
    assert safe.csv_frame(frame) == (
        '\ufefftext,number,at\r\n\'=1+1,-1.5,2025-01-02 03:04:05\r\n"x""y,z",,\r\n,2.0,\r\n'
    )


def test_file_names_stay_in_their_folder_and_apart() -> None:
    names = {safe.file_name(text) for text in ("../a", ".._a", "..", "", "A/1", "A_1", "甲")}
    assert len(names) == 7
    assert not any("/" in name or "." in name for name in names)


def test_file_names_are_the_ids_where_a_file_may_be_called_so() -> None:
    assert [safe.file_name(text) for text in ("AG_001", "A-1", "华南代理")] == [
        "AG_001", "A-1", "华南代理"
    ]  # fmt: skip


@pytest.mark.parametrize("letter", ["代", "a", "/", "\U0001f600"])
def test_long_ids_have_file_names_that_fit_and_differ(letter: str) -> None:
    names = [safe.file_name(letter * 300 + end) for end in ("", "1", "2")]
    assert len({*names}) == 3
    assert all(len(f"{name}.xlsx".encode()) <= 255 for name in names)


def test_floats_end_before_what_the_order_of_adding_makes_of_them() -> None:
    frame = pl.DataFrame({"rate": [0.1 + 0.2, 12.5, None], "days": [1 / 3, 2.0, 1e-9]})
    assert safe.csv_frame(frame) == "\ufeffrate,days\r\n0.3,0.333333\r\n12.5,2.0\r\n,0.0\r\n"
