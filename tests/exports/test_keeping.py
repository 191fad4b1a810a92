"""A run beside the last one: what is read, what it says, and tables as of a run from nothing."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import xlsxwriter

from pipelines.exports import keeping, load_mapping, stage_exports

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.exports import Mapping
    from pipelines.exports.summary import Changes

SAME = "nothing changed since the last run, so no file was read again"
LOG_MAPPING = """
ticket_events:
  files: ["history*"]
  state: status
  tickets:
    opened_at: {first_entry: Open}
    finished_at: {since: [Closed]}
  pauses: [Waiting]
"""


@dataclass
class Folder:
    """A folder of exports, staged again and again, each time beside the run before."""

    path: Path
    exports: Path = field(init=False)
    runs: int = 0

    def __post_init__(self) -> None:
        """Begin with an empty folder."""
        self.exports = self.path / "exports"
        self.exports.mkdir()

    @property
    def last(self) -> Path:
        """The warehouse of the last run; a path without a file before the first."""
        return self.path / f"{self.runs}.duckdb"

    def write(self, **files: str) -> None:
        """Write CSV files, named without their suffix."""
        for name, text in files.items():
            (self.exports / f"{name}.csv").write_text(text, encoding="utf-8")

    def remove(self, *names: str) -> None:
        """Remove files named so."""
        for name in names:
            (self.exports / f"{name}.csv").unlink()

    def stage(
        self, mapping: str | None = None, timezone: str = "Asia/Shanghai"
    ) -> tuple[list[str], Changes | None]:
        """Stage; the files that were read and the changes. Tables must be as made from nothing."""
        rules: Mapping | None = None
        if mapping is not None:
            (self.path / "m.yaml").write_text(mapping, encoding="utf-8")
            rules = load_mapping(self.path / "m.yaml")
        told: list[str] = []
        last = self.last
        self.runs += 1
        with duckdb.connect(self.last) as con:
            summary = stage_exports(
                con, self.exports, rules, timezone, told.append, temp_dir=self.path, last=last
            )
            made = tables(con)
        with duckdb.connect() as con:
            fresh = stage_exports(con, self.exports, rules, timezone)
            assert made == tables(con)
        assert summary.files == fresh.files
        assert fresh.changes is None
        return [line.removeprefix("reading ") for line in told], summary.changes


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every table, its columns and its rows in their order."""
    names = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database() and not temporary order by all"
    ).fetchall()
    return {
        name: con.execute(f"describe {name}").fetchall()
        + con.execute(f"from {name} order by rowid").fetchall()
        for (name,) in names
    }


def tickets(*rows: str) -> str:
    return "\n".join(["ticket_id,opened_at,city", *rows, ""])


def said(changes: Changes | None) -> str:
    assert changes is not None
    return changes.said


def test_the_first_run_says_nothing_of_changes(folder: Folder) -> None:
    folder.write(tickets=tickets("T1,2025-03-07,a"))
    assert folder.stage() == (["tickets.csv"], None)


def test_the_same_folder_again_reads_no_file(folder: Folder) -> None:
    # With a duplicate, one superseded, one without a key, a bad field: all of them stay listed.
    folder.write(
        tickets_1=tickets("T1,2025-03-07,a", "T1,2025-03-07,a", ",2025-03-07,b", "T2,soon,c"),
        tickets_2=tickets("T2,2025-03-08,c"),
        pauses="ticket_id,reason\nT1,x\nT1,x\n",
    )
    folder.stage()
    for _ in range(2):
        read, changes = folder.stage()
        assert read == []
        assert said(changes) == SAME


def test_one_new_file_of_many_is_read_alone(folder: Folder) -> None:
    for number in range(1, 9):
        folder.write(**{f"tickets_{number}": tickets(f"T{number},2025-03-07,a", ",2025-03-07,b")})
    folder.write(agents="agent_id\nA1\n")
    folder.remove("tickets_4")
    folder.stage()
    folder.write(tickets_4=tickets("T4,2025-03-07,a"))
    read, changes = folder.stage()
    assert read == ["tickets_4.csv"]
    assert said(changes) == (
        "since the last run: 1 file new (tickets_4.csv);"
        " 8 files not read again, being what they were"
    )


def test_a_changed_file_is_read_alone(folder: Folder) -> None:
    folder.write(tickets_1=tickets("T1,2025-03-07,a"), tickets_2=tickets("T2,2025-03-07,a"))
    folder.stage()
    folder.write(tickets_1=tickets("T1,2025-03-08,a", "T3,2025-03-08,a"))
    read, changes = folder.stage()
    assert read == ["tickets_1.csv"]
    assert said(changes) == (
        "since the last run: 1 file changed (tickets_1.csv);"
        " 1 file not read again, being what it was"
    )


def test_the_rows_of_a_removed_file_leave_and_the_run_says_so(folder: Folder) -> None:
    folder.write(tickets_1=tickets("T1,2025-03-07,a"), tickets_2=tickets("T2,2025-03-07,a"))
    folder.write(agents_1="agent_id\nA1\n")
    folder.stage()
    folder.remove("tickets_2", "agents_1")
    read, changes = folder.stage()
    assert read == []
    assert said(changes) == (
        "since the last run: 2 files removed with their rows (tickets_2.csv, agents_1.csv);"
        " 1 file not read again, being what it was"
    )
    with duckdb.connect(folder.last) as con:
        assert con.execute("select ticket_id from staging.tickets").fetchall() == [("T1",)]
        assert con.execute("from staging.agents").fetchall() == []


def test_a_renamed_file_is_told_by_both_names(folder: Folder) -> None:
    folder.write(tickets_1=tickets("T1,2025-03-07,a"), tickets_2=tickets("T2,2025-03-07,a"))
    folder.stage()
    (folder.exports / "tickets_1.csv").rename(folder.exports / "tickets_3.csv")
    read, changes = folder.stage()
    assert read == ["tickets_3.csv"]
    assert said(changes) == (
        "since the last run: 1 file under a new name (tickets_3.csv, which was tickets_1.csv);"
        " 1 file not read again, being what it was"
    )


def test_bytes_decide_and_not_times(folder: Folder) -> None:
    folder.write(tickets_1=tickets("T1,2025-03-07,a"), tickets_2=tickets("T2,2025-03-07,a"))
    folder.stage()
    for number, text in ((1, "T1,2025-03-07,a"), (2, "T2,2025-03-07,b")):
        path = folder.exports / f"tickets_{number}.csv"
        was = path.stat()
        folder.write(**{path.stem: tickets(text)})
        moved = 10**9 if number == 1 else 0
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + moved))
        assert path.stat().st_size == was.st_size
    read, _ = folder.stage()
    assert read == ["tickets_2.csv"]


def test_a_file_whose_row_a_new_file_replaces_is_read_again(folder: Folder) -> None:
    folder.write(tickets_1=tickets("T1,2025-03-07,a"), tickets_2=tickets("T2,2025-03-07,a"))
    folder.stage()
    folder.write(tickets_3=tickets("T1,2025-03-09,a"))
    read, changes = folder.stage()
    assert read == ["tickets_3.csv", "tickets_1.csv", "tickets_3.csv"]
    assert said(changes) == (
        "since the last run: 1 file new (tickets_3.csv);"
        " 1 file read again, as rows hang together with those of such files (tickets_1.csv);"
        " 1 file not read again, being what it was"
    )


def test_files_that_hang_together_in_a_chain_are_all_read_again(folder: Folder) -> None:
    # What brings 1 back is 3; 1 holds T2, which 2 holds as well; 4 has nothing to do with them.
    folder.write(
        tickets_1=tickets("T1,2025-03-07,a", "T2,2025-03-07,a"),
        tickets_2=tickets("T2,2025-03-08,a"),
        tickets_4=tickets("T4,2025-03-08,a"),
    )
    folder.stage()
    folder.write(tickets_3=tickets("T1,2025-03-09,a"))
    read, changes = folder.stage()
    assert changes is not None
    assert (changes.kept, changes.again) == (["tickets_4.csv"], ["tickets_1.csv", "tickets_2.csv"])
    assert read[-3:] == ["tickets_1.csv", "tickets_2.csv", "tickets_3.csv"]


def test_a_row_comes_back_when_the_file_that_replaced_it_goes(folder: Folder) -> None:
    folder.write(
        tickets_1=tickets("T1,2025-03-07,a"),
        tickets_2=tickets("T1,2025-03-08,a"),
        tickets_3=tickets("T3,2025-03-08,a"),
    )
    folder.stage()
    folder.remove("tickets_2")
    read, changes = folder.stage()
    assert read == ["tickets_1.csv"]
    assert changes is not None
    assert changes.kept == ["tickets_3.csv"]
    with duckdb.connect(folder.last) as con:
        assert con.execute("select ticket_id, source_file from staging.tickets").fetchall() == [
            ("T1", "tickets_1.csv"),
            ("T3", "tickets_3.csv"),
        ]
        assert con.execute("from staging.rejects").fetchall() == []


def test_another_mapping_reads_that_export_again(folder: Folder) -> None:
    folder.write(tickets="nr\nT1\n", agents="agent_id\nA1\n")
    rules = "tickets:\n  columns: {ticket_id: nr}\n"
    folder.stage(rules)
    assert folder.stage(rules)[0] == []
    assert folder.stage(f"description: The same rules.\n{rules}")[0] == []
    read, changes = folder.stage(f"{rules}  constants: {{city: 成都}}\n")
    assert read == ["tickets.csv"]
    assert said(changes) == (
        "since the last run: 1 file read again, as the mapping, the time zone or the product"
        " changed (tickets.csv); 1 file not read again, being what it was"
    )


def test_another_time_zone_or_product_reads_all_again(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(tickets=tickets("T1,2025-03-07 10:00Z,a"), agents="agent_id\nA1\n")
    folder.stage()
    everything = "every file read again: the mapping, the time zone or the product changed"
    read, changes = folder.stage(timezone="Europe/Berlin")
    assert (read, said(changes)) == (["tickets.csv", "agents.csv"], everything)
    monkeypatch.setattr(keeping, "_product", lambda: "another")
    read, changes = folder.stage(timezone="Europe/Berlin")
    assert (read, said(changes)) == (["tickets.csv", "agents.csv"], everything)


def test_a_workbook_of_two_sheets_is_kept_whole(folder: Folder) -> None:
    def sheets(name: str, *rows: str) -> None:
        with xlsxwriter.Workbook(folder.exports / name) as book:
            for row in rows:
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, ["ticket_id", "opened_at"])
                sheet.write_row(1, 0, row.split(","))

    sheets("tickets_1.xlsx", "T1,2025-03-07", "T2,soon", ",2025-03-07")
    folder.write(tickets_2=tickets("T3,2025-03-08,a"))
    folder.stage()
    folder.write(tickets_2=tickets("T4,2025-03-08,a"))
    read, changes = folder.stage()
    assert read == ["tickets_2.csv"]
    assert changes is not None
    assert changes.kept == ["tickets_1.xlsx"]
    folder.write(tickets_2=tickets("T2,2025-03-08,a"))
    assert folder.stage()[0][-2:] == ["tickets_1.xlsx", "tickets_2.csv"]


def test_a_log_is_folded_again_when_it_grows(folder: Folder) -> None:
    head = "ticket,field,old,new,at"
    folder.write(
        history_1=f"{head}\nT1,status,,Open,2025-03-07 09:00\n"
        "T1,status,Open,Waiting,2025-03-07 10:00\n",
        tickets="ticket_id,city\nT1,成都\n",
        agents="agent_id\nA1\n",
    )
    folder.stage(LOG_MAPPING)
    read, changes = folder.stage(LOG_MAPPING)
    assert (read, said(changes)) == ([], SAME)
    folder.write(history_2=f"{head}\nT1,status,Waiting,Closed,2025-03-07 12:00\n")
    read, changes = folder.stage(LOG_MAPPING)
    assert read == ["history_2.csv", "tickets.csv"]
    assert changes is not None
    assert changes.kept == ["history_1.csv", "agents.csv"]
    folder.remove("history_1", "history_2")
    assert folder.stage(LOG_MAPPING)[0] == ["tickets.csv", "agents.csv"]


@pytest.mark.parametrize("damage", ["no database", "cut", "overwritten", "older", "open elsewhere"])
def test_a_last_warehouse_that_cannot_be_read_is_ignored(folder: Folder, damage: str) -> None:
    folder.write(
        tickets=tickets(*(f"T{number},2025-03-07,{number * 7919}" for number in range(20_000))),
        invoices="invoice_id,line_no\nI1,1\n",
    )
    folder.stage()
    size = folder.last.stat().st_size
    if damage == "no database":
        folder.last.write_bytes(b"x" * size)
    elif damage == "cut":
        os.truncate(folder.last, size // 2)
    elif damage == "overwritten":
        # All but the headers: the blocks that hold rows no longer fit their checksums.
        with folder.last.open("r+b") as file:
            file.seek(3 * 4096)
            file.write(bytes(size - 3 * 4096))
    elif damage == "older":
        with duckdb.connect(folder.last) as con:
            con.execute("alter table meta.files drop column read_by")
    held = duckdb.connect(folder.last) if damage == "open elsewhere" else None
    try:
        read, changes = folder.stage()
    finally:
        if held:
            held.close()
    assert sorted(set(read)) == ["invoices.csv", "tickets.csv"]
    assert changes is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("has_log", [False, True])
def test_tables_are_as_of_a_run_from_nothing_whatever_came_before(
    folder: Folder, seed: int, *, has_log: bool
) -> None:
    """Files come, change, go and get other names at random; ``Folder.stage`` compares."""
    chance = random.Random(seed)  # noqa: S311 - test data
    makers = {"tickets": some_tickets, "invoices": some_invoices, "pauses": some_pauses}
    if has_log:
        makers["history"] = some_events
    mapping = LOG_MAPPING if has_log else None
    folder.write(tickets_0=some_tickets(chance))
    kept = 0
    for _ in range(8):
        for _ in range(chance.choice([0, 1, 1, 2])):
            here = sorted(path.stem for path in folder.exports.iterdir())
            export = chance.choice(sorted(makers))
            name = f"{export}_{chance.randrange(1, 12)}"
            match chance.choice(["write", "write", "rename", "remove"]):
                case "write":
                    folder.write(**{name: makers[export](chance)})
                case "rename":
                    old = chance.choice([each for each in here if each != "tickets_0"] or [name])
                    if old in here:
                        new = folder.exports / f"{old.split('_')[0]}_{chance.randrange(12, 15)}.csv"
                        (folder.exports / f"{old}.csv").replace(new)
                case _ if name in here:
                    folder.remove(name)
        _, changes = folder.stage(mapping)
        kept += len(changes.kept) if changes else 0
    assert kept > 0


def some_tickets(chance: random.Random) -> str:
    """A few tickets of a month of its own, at times a common one, or one without a key."""
    month = chance.randrange(100)
    rows = []
    for _ in range(chance.randrange(1, 5)):
        key = chance.choice([f"M{month}-{chance.randrange(4)}"] * 6 + ["", "T1", "T2"])
        day = chance.choice(["2025-03-07", "07/03/2025", "03/04/2025", "25/03/2025", "soon", ""])
        rows.append(f"{key},{day},{chance.choice('ab')}")
    return tickets(*rows)


def some_invoices(chance: random.Random) -> str:
    rows = [
        f"I{chance.randrange(30)};{chance.choice(['1', '2', ''])};"
        f"{chance.choice(['1,5', '2.50', 'x'])}"
        for _ in range(chance.randrange(1, 4))
    ]
    return "\n".join(["invoice_id;line_no;amount", *rows, ""])


def some_pauses(chance: random.Random) -> str:
    rows = [f"T{chance.randrange(3)},2025-03-07 10:00,x" for _ in range(chance.randrange(3))]
    return "\n".join(["ticket_id,paused_at,reason", *rows, ""])


def some_events(chance: random.Random) -> str:
    rows = [
        f"{chance.choice(['T1', 'T2', 'E1', 'E2', ''])},status,,"
        f"{chance.choice(['Open', 'Waiting', 'Closed'])},2025-03-0{chance.randrange(1, 9)} 10:00"
        for _ in range(chance.randrange(1, 5))
    ]
    return "\n".join(["ticket,field,old,new,at", *rows, ""])
