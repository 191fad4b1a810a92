"""Whatever the rows: none is lost, and how they are cut into files does not matter."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import SlaError
from pipelines.exports import stage_exports

HEADERS = ["ticket_id", "city", "opened_at", "fault_level", "description"]
CELLS = st.tuples(
    st.sampled_from(["T1", "T2", "T3", " T1", "", "-", "Ｔ１"]),
    st.sampled_from(["成都", "成都市", "", "x"]),
    st.sampled_from(["2025-03-07 17:00", "2025/3/7 17:00", "soon", "", "-", "2025-03-07T09:00Z"]),
    st.sampled_from(["1", "一级", "9", ""]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
)
ROWS = st.lists(CELLS, max_size=12)


def as_csv(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADERS)
    writer.writerows(rows)
    return out.getvalue()


def run(files: dict[str, bytes]) -> tuple[list[Any], list[Any], list[Any]]:
    con = duckdb.connect()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        stage_exports(con, Path(folder), None, "Asia/Shanghai")
    staged = con.execute(
        f"select {', '.join(HEADERS)} from staging.tickets order by ticket_id"
    ).fetchall()
    rejects = con.execute(
        "select source_file, source_row, reason, record from staging.rejects order by all"
    ).fetchall()
    counts = con.execute("select rows_in, staged, rejected from meta.files").fetchall()
    con.close()
    return staged, rejects, counts


@settings(max_examples=25)
@given(ROWS)
def test_rows_in_are_staged_or_rejected(rows: list[tuple[str, ...]]) -> None:
    staged, rejects, counts = run({"tickets.csv": as_csv(rows).encode()})
    assert counts == [(len(rows), len(staged), len(rejects))]
    keys = {key.strip().replace("Ｔ", "T").replace("１", "1") for key, *_ in rows} - {"", "-"}
    assert [row[0] for row in staged] == sorted(keys)
    for _, _, _, record in rejects:
        assert tuple(json.loads(record).values()) in rows


@settings(max_examples=15)
@given(ROWS, st.integers(0, 12))
def test_cutting_into_files_changes_nothing(rows: list[tuple[str, ...]], cut: int) -> None:
    whole, rejected, _ = run({"tickets.csv": as_csv(rows).encode()})
    parts, rejected_parts, _ = run(
        {
            "tickets_1.csv": as_csv(rows[:cut]).encode("utf-16"),
            "tickets_2.csv": as_csv(rows[cut:]).encode("utf-8-sig"),
        }
    )
    assert parts == whole
    assert sorted((reason, record) for _, _, reason, record in rejected_parts) == sorted(
        (reason, record) for _, _, reason, record in rejected
    )


@settings(max_examples=40)
@given(st.binary(max_size=200), st.sampled_from([b"", b"ticket_id,city\n"]))
def test_any_bytes_are_read_or_refused_in_words(data: bytes, head: bytes) -> None:
    for name in ("tickets.csv", "tickets.xlsx", "tickets.parquet", "tickets.csv.gz"):
        try:
            _, _, counts = run({name: head + data})
        except SlaError as error:
            assert name in str(error)  # noqa: PT017 - either outcome is fine
        else:
            assert all(rows_in == staged + rejected for rows_in, staged, rejected in counts)
