"""Parquet files: typed columns come through as what they are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import DataError
from pipelines.exports import parquet_files, stage_exports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)


def parquet(con: duckdb.DuckDBPyConnection, tmp_path: Path, select: str) -> bytes:
    """The bytes of a Parquet file that holds the rows of a query."""
    path = tmp_path / "made.parquet"
    con.execute(f"copy ({select}) to '{path}' (format parquet)")
    return path.read_bytes()


def test_typed_columns_are_cast_faithfully(
    stage: Callable[..., Staged], con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    data = parquet(
        con,
        tmp_path,
        "select 1001.0::double as ticket_id, timestamptz '2025-03-07 17:00:00.25+00' as opened_at,"
        " timestamp '2025-03-07 17:00' as responded_at, 3::tinyint as fault_level,"
        " true as expert_team, 7.50::decimal(9, 2) as training_hours, date '2025-03-09' as"
        " finished_at, [1, 2] as other",
    )
    staged = stage({"tickets.parquet": data})
    assert staged.rows(
        "select ticket_id, opened_at, responded_at, fault_level, expert_team, training_hours,"
        " finished_at, source_row from staging.tickets"
    ) == [
        (
            "1001",
            dt.datetime(2025, 3, 8, 1, 0, 0, 250000),  # noqa: DTZ001 - local
            dt.datetime(2025, 3, 7, 17),  # noqa: DTZ001 - local
            3,
            True,
            Decimal("7.50"),
            dt.datetime(2025, 3, 9),  # noqa: DTZ001 - local
            2,
        )
    ]
    assert staged.problems() == []


def test_rejects_and_problems_have_their_rows(
    stage: Callable[..., Staged], con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    data = parquet(
        con,
        tmp_path,
        "select * from (values ('T1', 'x'), (null, 'y'), ('T2', '2025-03-07'), ('T2', null))"
        " as rows(工单号, 受理时间)",
    )
    staged = stage({"tickets.parquet": data})
    assert staged.problems() == [(2, "opened_at", "x", "not a date or time we can read")]
    assert staged.rejects() == [
        (3, "missing_key", '{"工单号":null,"受理时间":"y"}'),
        (4, "superseded", '{"工单号":"T2","受理时间":"2025-03-07"}'),
    ]


@pytest.mark.parametrize("data", [b"", b"PAR1PAR1", b"ticket_id,city\nT1,x\n"])
def test_a_broken_file_is_said_in_words(stage: Callable[..., Staged], data: bytes) -> None:
    with pytest.raises(DataError, match=r"tickets\.parquet is not a whole Parquet file"):
        stage({"tickets.parquet": data})


def test_rows_that_are_all_alike_beyond_number_are_refused(
    stage: Callable[..., Staged],
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Run lengths let a file of a few hundred bytes hold any number of equal rows."""
    monkeypatch.setattr(parquet_files, "_RATIO_APPLIES_FROM_ROWS", 1000)
    monkeypatch.setattr(parquet_files, "MAX_ROWS_PER_BYTE", 0)
    select = "select 'T' || range as ticket_id from range({})"
    assert len(stage({"tickets.parquet": parquet(con, tmp_path, select.format(1000))}).rows(
        "from staging.tickets"
    )) == 1000  # fmt: skip
    with pytest.raises(DataError, match="holds 1,001 rows, more than 0 for each of its bytes"):
        stage({"tickets.parquet": parquet(con, tmp_path, select.format(1001))})
    monkeypatch.undo()
    alike = parquet(con, tmp_path, "select 'T' as ticket_id from range(5000001)")
    with pytest.raises(DataError, match="holds 5,000,001 rows, more than 20 for each of its bytes"):
        stage({"tickets.parquet": alike})


def test_whole_floats_are_written_out_as_far_as_they_are_exact(
    stage: Callable[..., Staged], con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    data = parquet(
        con,
        tmp_path,
        "select unnest([1e15, 9007199254740991.0, 1001.5])::double as ticket_id",
    )
    staged = stage({"tickets.parquet": data})
    assert staged.column("ticket_id") == ["1000000000000000", "9007199254740991", "1001.5"]


@pytest.mark.parametrize("names", [["ticket_id", "City", "city"], ["ticket_id", "工单号"]])
def test_a_column_that_is_there_twice_is_refused(
    stage: Callable[..., Staged], tmp_path: Path, names: list[str]
) -> None:
    path = tmp_path / "twice.parquet"
    arrays = [pa.array([text]) for text in ("T1", None, "成都")[: len(names)]]
    nested = pa.array([{"a": 1, "b": [1, 2]}])  # whose own parts are no columns
    pq.write_table(pa.Table.from_arrays([nested, *arrays], ["other", *names]), path)
    with pytest.raises(DataError, match="more than one column for"):
        stage({"tickets.parquet": path.read_bytes()})


def test_a_folder_that_looks_like_a_partition_is_only_a_folder(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "ticket_id=9" / "city=Paris"
    folder.mkdir(parents=True)
    table = pa.table({"ticket_id": ["A", "B"], "city": ["成都", None]})
    pq.write_table(table, folder / "tickets.parquet")
    (folder / "agents.csv").write_text("agent_id,city\nA1,深圳\n", encoding="utf-8")
    stage_exports(con, folder, temp_dir=tmp_path)
    rows = con.execute("select ticket_id, city from staging.tickets order by all").fetchall()
    assert rows == [("A", "成都"), ("B", None)]
    assert con.execute("select agent_id, city from staging.agents").fetchall() == [("A1", "深圳")]


@pytest.mark.parametrize("sql_type", ["double", "float", "decimal(9, 2)"])
def test_numbers_in_a_column_of_times_are_listed_and_blanks_are_blank(
    stage: Callable[..., Staged], con: duckdb.DuckDBPyConnection, tmp_path: Path, sql_type: str
) -> None:
    data = parquet(
        con,
        tmp_path,
        f"select * from (values ('A', null::{sql_type}), ('B', 7.5::{sql_type}))"
        " as t(ticket_id, agreed_due_at)",
    )
    staged = stage({"tickets.parquet": data})
    assert staged.column("agreed_due_at") == [None, None]
    assert [problem[:2] for problem in staged.problems()] == [(3, "agreed_due_at")]


def test_what_is_no_number_among_whole_ones_is_blank(
    stage: Callable[..., Staged], con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    data = parquet(
        con,
        tmp_path,
        "select * from (values (1.0::double, 3.0::double), (2.0, 'nan'::double), (3.0, 4.0))"
        " as t(ticket_id, fault_level)",
    )
    staged = stage({"tickets.parquet": data})
    assert staged.column("ticket_id") == ["1", "2", "3"]
    assert staged.column("fault_level") == [3, None, 4]


def test_what_is_finer_than_a_microsecond_is_cut_off_as_in_text(
    stage: Callable[..., Staged], con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    data = parquet(
        con,
        tmp_path,
        "select 'A' as ticket_id, timestamp_ns '2025-03-07 16:59:59.999999999' as opened_at",
    )
    (opened_at,) = stage({"tickets.parquet": data}).column("opened_at")
    assert opened_at == dt.datetime(2025, 3, 7, 16, 59, 59, 999999)  # noqa: DTZ001 - local
