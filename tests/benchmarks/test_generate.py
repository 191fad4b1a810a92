"""The benchmark exports: the same each time, in the contract's columns, of the size asked for."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipelines.contract import EXPORTS

SCRIPT = Path(__file__).parent / "generate.py"
TICKETS = 20_000
SHARES = {"tickets": 1.0, "service_records": 0.45, "invoices": 0.6, "installed_base": 0.05}


def write(out: Path, *options: str) -> Path:
    command = [sys.executable, str(SCRIPT), "--tickets", str(TICKETS), "--out", str(out), *options]
    subprocess.run(command, check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("benchmark"))


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_the_same_bytes_are_written_each_time(exports: Path, tmp_path: Path) -> None:
    again = write(tmp_path)
    names = sorted(path.name for path in exports.iterdir())
    assert names == sorted(f"{name}.csv" for name in (*SHARES, "agents"))
    assert not [
        name for name in names if (again / name).read_bytes() != (exports / name).read_bytes()
    ]


def test_another_seed_writes_another_company(exports: Path, tmp_path: Path) -> None:
    other = write(tmp_path, "--seed", "12")
    assert (other / "tickets.csv").read_bytes() != (exports / "tickets.csv").read_bytes()


@pytest.mark.parametrize("name", [*SHARES, "agents"])
def test_the_columns_are_those_of_the_contract(exports: Path, name: str) -> None:
    with (exports / f"{name}.csv").open(encoding="utf-8", newline="") as text:
        assert next(csv.reader(text)) == [column.name for column in EXPORTS[name].columns]


@pytest.mark.parametrize(("name", "share"), SHARES.items())
def test_the_exports_are_as_large_as_asked(exports: Path, name: str, share: float) -> None:
    assert len(rows_of(exports / f"{name}.csv")) == pytest.approx(TICKETS * share, rel=0.05)


def test_rows_refer_to_rows_that_are_there(exports: Path) -> None:
    tickets = rows_of(exports / "tickets.csv")
    serials = {row["serial_no"] for row in rows_of(exports / "installed_base.csv")}
    agents = {row["agent_id"] for row in rows_of(exports / "agents.csv")}
    known = {"", *(row["ticket_id"] for row in tickets)}
    assert {row["serial_no"] for row in tickets} <= serials
    assert {row["agent_id"] for row in tickets} <= agents | {""}
    astray = sum(row["parent_ticket_id"] not in known for row in tickets)
    assert astray < TICKETS / 1000


def test_what_is_wrong_is_rare_but_there(exports: Path) -> None:
    tickets = rows_of(exports / "tickets.csv")
    keys = Counter(row["ticket_id"] for row in tickets)
    repeated = sum(count - 1 for count in keys.values())
    no_city = sum(row["city"] == "" for row in tickets)
    bad_level = sum(row["fault_level"] == "五级" for row in tickets)
    assert 0 < repeated < TICKETS / 500
    assert 0 < no_city < TICKETS / 100
    assert 0 < bad_level < TICKETS / 500


def test_there_are_as_many_invoice_lines_as_asked(tmp_path: Path) -> None:
    folder = write(tmp_path, "--lines", "2")
    assert len(rows_of(folder / "invoices.csv")) == pytest.approx(TICKETS * 2, rel=0.05)
