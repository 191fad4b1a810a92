"""The history of quality: a line an export and run, none twice, none from later on."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipelines.checks.quality_history import COLUMNS, FILE, RUNS_KEPT, TABLE, remember_quality
from tests.harness import rows_of

if TYPE_CHECKING:
    from pathlib import Path


def warehouse(
    as_of: str = "2025-06-30 18:00:00", sha256: str = "aa", rejected: int = 1, version: str = "1.0"
) -> duckdb.DuckDBPyConnection:
    """What a run leaves: two files of tickets, one of agents, one check not met."""
    con = duckdb.connect()
    con.execute("create schema meta; create schema terms")
    con.execute(
        "create table meta.files as select * from (values "
        f"('tickets', 'a.csv', '{sha256}', 10, {rejected}, 2), "
        "('tickets', 'b.csv', 'bb', 5, 0, 1), ('agents', 'agents.csv', 'cc', 3, 0, 0)) "
        "as f(export, source_file, sha256, rows_in, rejected, problems)"
    )
    con.execute(
        f"create table meta.run as select timestamp '{as_of}' as as_of, "
        f"'{version}' as product_version"
    )
    con.execute(
        "create table meta.checks as select 'staging.tickets' as table_name, false as success "
        "union all select 'staging.agents', true union all select 'facts.responses', false"
    )
    con.execute("create schema staging")
    con.execute(
        "create table staging.rows_to_mend as "
        "select 'tickets' as export from range(2) union all select 'invoices'"
    )
    con.execute("create table terms.files as select 'readings.yaml' as file, 'dd' as sha256")
    return con


def run(out: Path, **what: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as ``warehouse`` takes them
    """A run on OUT, published; what it shows."""
    building = out / ".building"
    building.mkdir(parents=True, exist_ok=True)
    con = warehouse(**what)
    remember_quality(con, out, building)
    (building / FILE).replace(out / FILE)
    return rows_of(con, TABLE)


def written(out: Path) -> list[dict[str, str]]:
    with (out / FILE).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_run_adds_a_line_for_each_export_with_its_counts(tmp_path: Path) -> None:
    shown = run(tmp_path)

    assert [
        (line["run_no"], line["export"], line["files"], line["rows_in"], line["rejected"])
        for line in shown
    ] == [(1, "agents", 1, 3, 0), (1, "tickets", 2, 15, 1)]
    assert [line["problems"] for line in shown] == [0, 3]
    assert [line["to_mend"] for line in shown] == [0, 2]
    assert [line["checks_not_met"] for line in shown] == [0, 1]
    assert str(shown[0]["as_of"]) == "2025-06-30 18:00:00"
    assert list(written(tmp_path)[0]) == list(COLUMNS)


def test_the_same_input_once_more_adds_nothing_and_shows_the_same(tmp_path: Path) -> None:
    first = run(tmp_path)
    content = (tmp_path / FILE).read_bytes()

    assert run(tmp_path) == first
    assert (tmp_path / FILE).read_bytes() == content


@pytest.mark.parametrize(
    "what",
    [
        {"sha256": "ee"},
        {"as_of": "2025-07-31 18:00:00"},
        {"version": "1.1"},
        {"rejected": 2},
    ],
    ids=lambda what: next(iter(what)),
)
def test_another_input_as_of_or_version_is_another_run(
    tmp_path: Path, what: dict[str, Any]
) -> None:
    run(tmp_path)

    assert {line["run_no"] for line in run(tmp_path, **what)} == {1, 2}
    assert len(written(tmp_path)) == 4


def test_what_came_later_does_not_change_what_an_earlier_input_shows(tmp_path: Path) -> None:
    may = run(tmp_path, as_of="2025-05-31 18:00:00")
    june = run(tmp_path, as_of="2025-06-30 18:00:00", rejected=4)
    mended = run(tmp_path, as_of="2025-06-30 18:00:00", rejected=0)

    assert [len(lines) for lines in (may, june, mended)] == [2, 4, 6]
    assert run(tmp_path, as_of="2025-05-31 18:00:00") == may
    assert run(tmp_path, as_of="2025-06-30 18:00:00", rejected=4) == june
    assert run(tmp_path, as_of="2025-06-30 18:00:00", rejected=0) == mended
    assert len(written(tmp_path)) == 6


def test_an_earlier_as_of_is_put_before_a_later_one(tmp_path: Path) -> None:
    run(tmp_path, as_of="2025-06-30 18:00:00")
    assert {line["run_no"] for line in run(tmp_path, as_of="2025-04-30 18:00:00")} == {1}

    shown = run(tmp_path, as_of="2025-06-30 18:00:00")

    assert [str(line["as_of"])[:7] for line in shown] == ["2025-04"] * 2 + ["2025-06"] * 2


@pytest.mark.parametrize(
    "damage",
    [b"", b"nothing of ours\n1,2\n", b"\xff\xfe\x00", b"run,as_of\n"],
    ids=["empty", "another file", "no text", "other columns"],
)
def test_a_history_that_is_none_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / FILE).write_bytes(damage)
    assert len(run(tmp_path)) == 2


def test_a_line_that_is_cut_or_edited_is_passed_over(tmp_path: Path) -> None:
    run(tmp_path, as_of="2025-05-31 18:00:00")
    header, agents, tickets = (tmp_path / FILE).read_text(encoding="utf-8").splitlines()
    broken = [agents.replace("2025-05-31", "last May"), tickets[:-20], agents + "0x"]
    (tmp_path / FILE).write_text("\n".join([header, *broken, tickets]), encoding="utf-8")

    shown = run(tmp_path, as_of="2025-06-30 18:00:00")

    assert [(line["run_no"], line["export"]) for line in shown] == [
        (1, "tickets"),
        (2, "agents"),
        (2, "tickets"),
    ]


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    line = ["x", "2020-01-01 00:00:00", "1.0", "t", "tickets", "1", "f", "1", "0", "0", "0", "0"]
    with (tmp_path / FILE).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows([f"run{number}", *line[1:]] for number in range(RUNS_KEPT + 5))

    run(tmp_path)

    runs = [entry["run"] for entry in written(tmp_path)]
    assert len(set(runs)) == RUNS_KEPT
    assert runs[0] == "run6"
