"""What becomes of rows: staged, rejected, listed; counted file by file."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pipelines.contract import EXPORTS
from pipelines.errors import DataError, UsageError
from pipelines.exports import find_exports, latest_event, stage_exports

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)


def test_every_staging_table_is_there_and_typed(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id\nT1\n"})
    for export in EXPORTS.values():
        described = staged.rows(f"describe staging.{export.name}")
        assert [(row[0], row[1]) for row in described] == [
            *((column.name, column.kind.sql_type) for column in export.columns),
            ("source_file", "VARCHAR"),
            ("source_row", "BIGINT"),
        ]
    assert staged.summary.exports == ["tickets"]


def test_equal_rows_are_duplicates_and_changed_ones_supersede(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,city\n"
            "T1,成都\n"  # 2: replaced by row 4
            "T1,成都市\n"  # 3: reads the same as the row before it
            "T1,武汉\n"  # 4: replaced by the second file
            "T2,西安\n"  # 5
            "T2,西安\n",  # 6: the same
            "tickets_2.csv": "ticket_id,city\nT1,成都\nT3,成都\n",
        }
    )
    assert staged.rows("select ticket_id, source_file, source_row from staging.tickets") == [
        ("T2", "tickets.csv", 5),
        ("T1", "tickets_2.csv", 2),
        ("T3", "tickets_2.csv", 3),
    ]
    assert [reject[:2] for reject in staged.rejects()] == [
        (2, "superseded"),
        (3, "duplicate"),
        (4, "superseded"),
        (6, "duplicate"),
    ]
    assert staged.rows("select source_file, rows_in, staged, rejected from meta.files") == [
        ("tickets.csv", 5, 1, 4),
        ("tickets_2.csv", 2, 2, 0),
    ]


def test_a_row_that_returns_to_an_earlier_state_is_staged(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id,city\nT1,成都\nT1,武汉\nT1,成都\n"})
    assert staged.rows("select city, source_row from staging.tickets") == [("成都", 4)]
    assert [reject[:2] for reject in staged.rejects()] == [(2, "superseded"), (3, "superseded")]


def test_the_record_is_the_row_as_it_came(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": '备注,工单号,受理时间,\nx," - ", 昨天 ,"q""\'"\n'})
    (reject,) = staged.rejects()
    assert reject[:2] == (2, "missing_key")
    assert list(json.loads(reject[2]).items()) == [
        ("备注", "x"),
        ("工单号", " - "),
        ("受理时间", " 昨天 "),
        ("column 4", "q\"'"),
    ]


def test_problems_are_listed_for_staged_rows_only(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,opened_at,fault_level,agent_id\n"
            "T1,soon,5,-\n"
            ",later,9,\n"
            "T2,?,N/A,无\n"
            "T3,2025-03-07,4,A1\n"
        }
    )
    assert staged.problems() == [
        (2, "opened_at", "soon", "not a date or time we can read"),
        (2, "fault_level", "5", "not one of: 1, 2, 3, 4"),
    ]
    assert staged.rows("select rows_in, staged, rejected, problems from meta.files") == [
        (4, 3, 1, 2)
    ]


def test_reasons_are_given_in_chinese_too(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,opened_at,fault_level,training_hours\n"
            "T1,soon,5,1.2345\n"
            "T2,3000-01-01,,x\n"
            "T3,,,,beyond\n"
        }
    )
    assert staged.rows("select source_row, reason_zh from staging.problems") == [
        (2, "不是可识别的日期或时间"),
        (2, "不在可填的值之中：1, 2, 3, 4"),
        (2, "多于两位小数"),
        (3, "年份不在 1900–2199 之内"),
        (3, "不是数字"),
        (4, "单元格多于标题"),
    ]


def test_invoice_lines_have_a_key_of_two_columns(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id\nT1\n",
            "invoices.csv": "发票号,行号,金额\nI1,1,5.00\nI1,2,6\nI1,1,-5\nI1,x,7\n,1,8\n",
        }
    )
    assert staged.rows("select invoice_id, line_no, amount, currency from staging.invoices") == [
        ("I1", 2, Decimal("6.00"), "CNY"),
        ("I1", 1, Decimal("-5.00"), "CNY"),
    ]
    assert [reject[:2] for reject in staged.rejects()] == [
        (2, "superseded"),
        (5, "missing_key"),
        (6, "missing_key"),
    ]


def test_pauses_have_no_key_and_all_are_staged(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {"tickets.csv": "ticket_id\nT1\n", "pauses.csv": "ticket_id,reason\nT1,x\nT1,x\n,y\n"}
    )
    assert staged.column("ticket_id", "pauses") == ["T1", "T1", None]
    assert staged.rejects() == []


def test_staging_again_starts_anew(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text("ticket_id\nT1\nT1\n")
    for _ in range(2):
        stage_exports(con, tmp_path, None, "Asia/Shanghai")
        assert con.execute("select count(*) from staging.tickets").fetchall() == [(1,)]
        assert con.execute("select count(*) from staging.rejects").fetchall() == [(1,)]
        assert con.execute("select count(*) from meta.files").fetchall() == [(1,)]


def test_the_latest_event_is_no_plan(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,opened_at,agreed_due_at\nT1,2025-03-07 17:00,2026-01-01\n",
            "pauses.csv": "ticket_id,paused_at,resumed_at\nT1,2025-03-08,2025-03-09 01:00\n",
            "invoices.csv": "invoice_id,line_no,coverage_end\nI1,1,2027-01-01\n",
        }
    )
    assert latest_event(staged.con) == dt.datetime(2025, 3, 9, 1)  # noqa: DTZ001 - local


def test_without_any_event_there_is_no_latest(stage: Callable[..., Staged]) -> None:
    assert latest_event(stage({"tickets.csv": "ticket_id\nT1\n"}).con) is None


def test_names_and_values_that_are_sql_stay_text(stage: Callable[..., Staged]) -> None:
    attack = "x'); drop table staging.tickets; --"
    staged = stage(
        {
            f"tickets {attack}.csv": f'ticket_id,city,"{attack}"\n'
            f'"{attack}","{attack}",1\n'
            f",{attack},2\n"
        }
    )
    assert staged.column("ticket_id") == [attack]
    assert staged.column("source_file") == [f"tickets {attack}.csv"]
    assert json.loads(staged.rejects()[0][2])[attack] == "2"


def test_unused_columns_are_noted(stage: Callable[..., Staged]) -> None:
    staged = stage({"tickets.csv": "ticket_id,Priority,备注\nT1,1,x\n"})
    assert staged.rows("select note from meta.files") == [("columns not used: Priority, 备注",)]


def test_headers_are_known_however_they_are_spelt(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "\ufeff Ticket ID ,OPENED_AT,响应对象,Ｃｉｔｙ\n"
            "T1,2025-03-07,大客户,成都\n"
        }
    )
    assert staged.rows("select ticket_id, customer_type, city from staging.tickets") == [
        ("T1", "key_account", "成都")
    ]


def test_files_are_found_by_name_in_natural_order(tmp_path: Path) -> None:
    for name in (
        *(
            "tickets_10.csv",
            "Tickets.CSV",
            "tickets_2.xlsx",
            "tickets_2.csv",
            "invoices-q2.parquet",
        ),
        *("README.md", "mapping.yaml", ".tickets.csv", "~$tickets.xlsx", "tickets.pdf"),
    ):
        (tmp_path / name).touch()
    (tmp_path / "boston").mkdir()
    found, ignored = find_exports(tmp_path)
    assert [file.path.name for file in found["tickets"]] == [
        "Tickets.CSV",
        "tickets_2.csv",
        "tickets_2.xlsx",
        "tickets_10.csv",
    ]
    assert [file.path.name for file in found["invoices"]] == ["invoices-q2.parquet"]
    assert ignored == [".tickets.csv", "README.md", "mapping.yaml", "tickets.pdf", "~$tickets.xlsx"]


def test_a_folder_named_like_a_file_is_refused(
    stage: Callable[..., Staged], tmp_path: Path
) -> None:
    (tmp_path / "exports" / "tickets.csv").mkdir()
    with pytest.raises(DataError, match="is a folder but bears the name of an export file"):
        stage({})


def test_no_tickets_is_said_with_what_is_there(stage: Callable[..., Staged]) -> None:
    with pytest.raises(
        DataError, match=r"No tickets export .*found instead: pauses\.csv, orders\.csv"
    ):
        stage({"orders.csv": "x", "pauses.csv": "ticket_id\n"})


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_an_exports_folder_must_be_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="Name the folder that holds the files"):
        stage_exports(con, tmp_path / name, None, "Asia/Shanghai")


def test_progress_names_each_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text("ticket_id\nT1\n")
    (tmp_path / "agents.csv").write_text("agent_id\nA1\n")
    told: list[str] = []
    stage_exports(con, tmp_path, None, "Asia/Shanghai", told.append)
    assert told == ["reading tickets.csv", "reading agents.csv"]


@pytest.mark.parametrize(
    "name", ["tickets[1].csv", "tickets*.csv", "tickets?.csv", "tickets[!a].csv"]
)
def test_a_file_named_like_a_pattern_is_that_file_alone(
    stage: Callable[..., Staged], name: str
) -> None:
    files = {name: "ticket_id,city\nREAL,成都\n", "tickets1.csv": "ticket_id,city\nOTHER,深圳\n"}
    staged = stage(files)
    rows = staged.rows("select ticket_id, city, source_file from staging.tickets order by all")
    assert rows == [("OTHER", "深圳", "tickets1.csv"), ("REAL", "成都", name)]
    assert staged.rejects() == []


def test_a_folder_named_like_a_pattern_is_that_folder_alone(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name, ticket in ("exports[1]", "REAL"), ("exports1", "OTHER"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tickets.csv").write_text(f"ticket_id\n{ticket}\n", encoding="utf-8")
    stage_exports(con, tmp_path / "exports[1]", temp_dir=tmp_path)
    assert con.execute("select ticket_id from staging.tickets").fetchall() == [("REAL",)]
