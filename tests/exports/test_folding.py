"""Logs of changes: one row per ticket, and its pauses."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import xlsxwriter
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import cli
from pipelines.errors import DataError, UsageError
from pipelines.exports import latest_event, load_mapping, stage_exports

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

SAME_TIME = "changes at the same time: which was the last cannot be told"
NO_TIME = "a change without a readable time: what it changed cannot be told"
BEFORE = "already in that state when the log begins: since when cannot be told"
MAPPING = """
ticket_events:
  files: ["history*"]
  state: status
  pauses: [Waiting, On hold]
  tickets:
    opened_at: {first_entry: Open}
    responded_at: {first_entry: [In progress, Resolved]}
    finished_at: {since: [Resolved, Closed]}
    fault_level: {last_value: priority, values: {High: 2}}
    city: {last_value: City}
"""
TICKETS = (
    "select ticket_id, opened_at, responded_at, finished_at, fault_level, city"
    " from staging.tickets order by ticket_id"
)
PAUSES = "select ticket_id, paused_at, resumed_at, reason from staging.pauses order by all"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def log(*rows: Sequence[str]) -> str:
    """A log of ticket, field, old, new, at."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("ticket", "field", "old", "new", "at"), *rows])
    return out.getvalue()


def state(ticket: str, old: str, new: str, when: str) -> tuple[str, ...]:
    return ticket, "status", old, new, when


STORY = (
    state("T1", "", "Open", "2025-03-07 09:00"),
    ("T1", "priority", "Low", "High", "2025-03-07 09:05"),
    state("T1", "Open", "In progress", "2025-03-07 10:00"),
    state("T1", "In progress", "Waiting", "2025-03-07 11:00"),
    state("T1", "Waiting", "In progress", "2025-03-07 15:00"),
    state("T1", "In progress", "Resolved", "2025-03-08 08:00"),
    ("T1", "City", "", "成都市", "2025-03-08 08:01"),
    state("T1", "Resolved", "In progress", "2025-03-08 12:00"),
    state("T1", "In progress", "Resolved", "2025-03-09 08:00"),
    state("T1", "Resolved", "Closed", "2025-03-09 18:00"),
)


def test_a_history_folds_into_its_ticket(stage: Callable[..., Staged]) -> None:
    staged = stage({"history.csv": log(*STORY)}, MAPPING)
    # Reopened on the 8th: finished since it was resolved again, not since it was closed.
    assert staged.rows(TICKETS) == [
        (
            *("T1", at("2025-03-07 09:00"), at("2025-03-07 10:00"), at("2025-03-09 08:00")),
            *(2, "成都"),
        )
    ]
    assert staged.rows(PAUSES) == [
        ("T1", at("2025-03-07 11:00"), at("2025-03-07 15:00"), "waiting")
    ]
    assert staged.problems() == []
    assert latest_event(staged.con) == at("2025-03-09 18:00")


def test_a_folder_of_logs_alone_passes_the_checks_of_staging(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "history.csv").write_text(log(*STORY), encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    arguments = ["--exports", str(tmp_path / "exports"), "--mapping", str(tmp_path / "m.yaml")]
    done = CliRunner().invoke(cli.main, ["check", *arguments])
    assert done.exit_code == 0, done.output
    assert "history.csv  (ticket_events; csv, utf-8, delimiter ',')" in done.output
    assert "history.csv  (pauses; folded)\n    1 row in = 1 staged" in done.output
    assert "would stop a run" not in done.output


def test_every_row_of_a_log_is_staged_or_rejected_and_what_is_folded_adds_up(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "history_1.csv": log(*STORY[:4], state("", "", "Open", "2025-03-07"), STORY[3]),
            "history_2.csv": log(*STORY[4:], state("T2", "", "Open", "2025-03-10 09:00")),
        },
        MAPPING,
    )
    # The blank ticket is rejected; the row that stands there twice changes nothing.
    assert staged.rows("select export, source_file, rows_in, staged, rejected from meta.files") == [
        ("ticket_events", "history_1.csv", 6, 5, 1),
        ("ticket_events", "history_2.csv", 7, 7, 0),
        ("tickets", "history_1.csv", 1, 1, 0),
        ("tickets", "history_2.csv", 1, 1, 0),
        ("pauses", "history_1.csv", 1, 1, 0),
    ]
    assert staged.rejects()[0][:2] == (6, "missing_key")
    assert staged.rows(
        "select ticket_id, source_file, source_row from staging.tickets order by all"
    ) == [("T1", "history_1.csv", 2), ("T2", "history_2.csv", 8)]
    assert staged.rows("select source_file, source_row from staging.pauses") == [
        ("history_1.csv", 5)
    ]
    assert staged.rows("select count(*) from staging.ticket_events") == [(12,)]


def test_a_log_needs_no_tickets_beside_it_and_may_complete_given_ones(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,opened_at,city\nT1,2025-03-07 08:55,\nT3,2025-03-01,武汉\n",
            "history.csv": log(*STORY, state("T9", "", "Open", "2025-03-10 09:00")),
        },
        MAPPING,
    )
    # What the tickets say stands; what they leave blank is filled; T9 is no ticket of theirs.
    assert staged.rows(TICKETS) == [
        (
            *("T1", at("2025-03-07 08:55"), at("2025-03-07 10:00"), at("2025-03-09 08:00")),
            *(2, "成都"),
        ),
        ("T3", at("2025-03-01"), None, None, None, "武汉"),
    ]
    assert staged.rows("select source_file, source_row from staging.tickets order by all") == [
        ("tickets.csv", 2),
        ("tickets.csv", 3),
    ]
    assert staged.rows("select export, source_file, rows_in, staged from meta.files") == [
        ("ticket_events", "history.csv", 11, 11),
        ("tickets", "tickets.csv", 2, 2),
        ("tickets", "history.csv", 0, 0),
        ("pauses", "history.csv", 1, 1),
    ]


@pytest.mark.parametrize(
    ("last", "finished"),
    [
        # still resolved, closed in between or not: since the first of the unbroken run
        ([("Resolved", "10:00")], "10:00"),
        ([("Resolved", "10:00"), ("Closed", "11:00")], "10:00"),
        ([("Closed", "10:00"), ("Resolved", "11:00")], "10:00"),
        # open again
        ([("Resolved", "10:00"), ("Open", "11:00")], None),
        ([("Resolved", "10:00"), ("Open", "11:00"), ("Closed", "12:00")], "12:00"),
        ([("Waiting", "10:00")], None),
    ],
)
def test_finished_is_since_when_without_a_break(
    stage: Callable[..., Staged], last: list[tuple[str, str]], finished: str | None
) -> None:
    rows = [state("T1", "", new, f"2025-03-07 {when}") for new, when in [("Open", "09:00"), *last]]
    staged = stage({"history.csv": log(*rows)}, MAPPING)
    expected = at(f"2025-03-07 {finished}") if finished else None
    assert staged.column("finished_at") == [expected]


def test_what_was_finished_before_its_log_begins_is_not_finished_since_then(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "history.csv": log(
                state("T1", "Resolved", "Closed", "2025-03-07 10:00"),
                # reopened, and resolved again: that is in the log
                state("T2", "Resolved", "Open", "2025-03-07 10:00"),
                state("T2", "Open", "Closed", "2025-03-07 12:00"),
                # closed from another state
                state("T3", "Waiting", "Closed", "2025-03-07 13:00"),
            )
        },
        MAPPING,
    )
    assert staged.column("finished_at") == [None, at("2025-03-07 12:00"), at("2025-03-07 13:00")]
    assert [row[1:] for row in staged.problems() if row[1] == "finished_at"] == [
        ("finished_at", "resolved", BEFORE)
    ]


def test_stays_that_follow_each_other_are_one_pause_and_open_ones_have_no_end(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "history.csv": log(
                state("T1", "", "Open", "2025-03-07 09:00"),
                state("T1", "Open", "Waiting", "2025-03-07 10:00"),
                state("T1", "Waiting", "ON HOLD ", "2025-03-07 11:00"),
                state("T1", "On hold", "Open", "2025-03-07 12:00"),
                # left in the minute it was entered: no time went by
                state("T1", "Open", "Waiting", "2025-03-07 13:00"),
                state("T1", "Waiting", "Resolved", "2025-03-07 13:00"),
                state("T2", "Open", "Waiting", "2025-03-07 14:00"),
            )
        },
        MAPPING,
    )
    assert staged.rows(PAUSES) == [
        ("T1", at("2025-03-07 10:00"), at("2025-03-07 12:00"), "on hold / waiting"),
        ("T2", at("2025-03-07 14:00"), None, "waiting"),
    ]


def test_a_ticket_born_in_a_pause_is_paused_from_its_opening(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,opened_at\nT1,2025-03-07 08:00\nT2,\n",
            "history.csv": log(
                state("T1", "Waiting", "Open", "2025-03-07 10:00"),
                state("T2", "Waiting", "In progress", "2025-03-07 10:00"),
            ),
        },
        MAPPING,
    )
    assert staged.rows(PAUSES) == [
        ("T1", at("2025-03-07 08:00"), at("2025-03-07 10:00"), "waiting"),
        ("T2", None, at("2025-03-07 10:00"), "waiting"),
    ]


def test_a_pause_is_kept_without_times_where_its_end_has_none_and_none_is_made_up(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "tickets.csv": "ticket_id,opened_at\n"
            + "".join(f"T{number},2025-03-07 08:00\n" for number in range(1, 6)),
            "history.csv": log(
                # waited from its opening until nobody knows when
                state("T1", "Waiting", "In progress", "soon"),
                state("T1", "In progress", "Resolved", "2025-03-07 11:00"),
                # never waited
                state("T2", "Open", "In progress", "soon"),
                # waited from nobody knows when
                state("T3", "Open", "Waiting", "soon"),
                # waited until nobody knows when, and no other change
                state("T4", "On hold", "Open", "soon"),
                # never waited, of several changes
                state("T5", "Open", "In progress", "soon"),
                state("T5", "In progress", "Resolved", "2025-03-07 11:00"),
            ),
        },
        MAPPING,
    )
    assert staged.rows(PAUSES) == [
        ("T1", None, None, "in progress"),
        ("T3", None, None, "waiting"),
        ("T4", None, None, "open"),
    ]
    assert staged.rows(
        'select source_row, "column", value, reason from staging.problems'
        " where export = 'pauses' order by all"
    ) == [
        (2, "paused_at", "in progress", NO_TIME),
        (5, "paused_at", "waiting", NO_TIME),
        (6, "paused_at", "open", NO_TIME),
    ]


def test_of_changes_at_one_time_the_last_is_where_no_other_began(
    stage: Callable[..., Staged],
) -> None:
    minute = "2025-03-07 10:00"
    staged = stage(
        {
            "history.csv": log(
                # written newest first, as some systems do
                state("T1", "In progress", "Resolved", minute),
                state("T1", "Open", "In progress", minute),
                state("T1", "", "Open", minute),
                ("T1", "priority", "2", "1", minute),
                ("T1", "priority", "3", "2", minute),
            )
        },
        MAPPING,
    )
    assert staged.rows(TICKETS) == [("T1", at(minute), at(minute), at(minute), 1, None)]
    assert staged.problems() == []


def test_what_the_order_of_changes_leaves_open_is_blank_and_listed(
    stage: Callable[..., Staged],
) -> None:
    minute = "2025-03-07 10:00"
    staged = stage(
        {
            "history.csv": log(
                state("T1", "", "Open", "2025-03-07 09:00"),
                state("T1", "Open", "Resolved", minute),
                state("T1", "Open", "Waiting", minute),
                ("T1", "priority", "3", "2", minute),
                ("T1", "priority", "3", "1", minute),
                # the first change of T2 cannot be placed
                state("T2", "Open", "In progress", "soon"),
                state("T2", "In progress", "Waiting", minute),
                state("T2", "Waiting", "Resolved", "2025-03-07 11:00"),
                # nor this, but T3 was never paused nor finished
                state("T3", "", "Open", "2025-03-07 09:00"),
                state("T3", "Open", "Rejected", "?"),
            )
        },
        MAPPING,
    )
    assert staged.rows(TICKETS) == [
        ("T1", at("2025-03-07 09:00"), at(minute), None, None, None),
        ("T2", None, None, None, None, None),
        ("T3", at("2025-03-07 09:00"), None, None, None, None),
    ]
    assert staged.rows(PAUSES) == [
        ("T1", None, None, "resolved / waiting"),
        ("T2", None, None, "in progress"),
    ]
    assert staged.rows(
        'select export, source_row, "column", value, reason from staging.problems order by all'
    ) == [
        ("pauses", 2, "paused_at", "resolved / waiting", SAME_TIME),
        ("pauses", 7, "paused_at", "in progress", NO_TIME),
        ("ticket_events", 7, "changed_at", "soon", "not a date or time we can read"),
        ("tickets", 2, "fault_level", "1 / 2", SAME_TIME),
        ("tickets", 2, "finished_at", "resolved / waiting", SAME_TIME),
        ("tickets", 8, "finished_at", "in progress", NO_TIME),
        ("tickets", 8, "responded_at", "in progress", NO_TIME),
    ]


def test_an_entry_is_not_the_first_where_the_log_begins_in_that_state(
    stage: Callable[..., Staged],
) -> None:
    """Histories as Jira's have no row for the creation of a ticket."""
    minute = "2025-03-07 10:00"
    staged = stage(
        {
            "history.csv": log(
                # opened before the log begins, and again later
                state("T1", "Open", "In progress", minute),
                state("T1", "In progress", "Open", "2025-03-09 15:00"),
                # answered before the log begins, and again later
                state("T2", "In progress", "Waiting", minute),
                state("T2", "Waiting", "In progress", "2025-03-09 15:00"),
                # from one state of an answer to the other
                state("T3", "In progress", "Resolved", minute),
                # began in one of two states, of which one is an answer
                state("T4", "In progress", "Waiting", minute),
                state("T4", "Open", "On hold", minute),
                state("T4", "On hold", "Resolved", "2025-03-09 15:00"),
                # the log begins with the ticket
                state("T5", "", "Open", minute),
                state("T5", "Open", "In progress", "2025-03-07 11:00"),
                state("T5", "In progress", "Open", "2025-03-09 15:00"),
            )
        },
        MAPPING,
    )
    assert staged.rows(
        "select ticket_id, opened_at, responded_at from staging.tickets order by ticket_id"
    ) == [
        ("T1", None, at(minute)),
        ("T2", None, None),
        ("T3", None, None),
        ("T4", None, None),
        ("T5", at(minute), at("2025-03-07 11:00")),
    ]
    assert staged.rows(
        'select source_row, "column", value, reason from staging.problems'
        " where export = 'tickets' and \"column\" in ('opened_at', 'responded_at') order by all"
    ) == [
        (2, "opened_at", "open", BEFORE),
        (4, "responded_at", "in progress", BEFORE),
        (6, "responded_at", "in progress", BEFORE),
        (7, "opened_at", "in progress / open", SAME_TIME),
        (7, "responded_at", "in progress / open", SAME_TIME),
    ]


def test_an_entry_need_not_be_the_first_where_a_way_out_has_no_time(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "history.csv": log(
                # either it left before the 9th, or it came into that state on the 9th
                state("T1", "Open", "Waiting", "soon"),
                state("T1", "Waiting", "Open", "2025-03-09 15:00"),
                # from nothing: whenever it left, it first came on the 7th
                state("T2", "", "Waiting", "2025-03-07 09:00"),
                state("T2", "Waiting", "Open", "2025-03-07 10:00"),
                state("T2", "Open", "Rejected", "soon"),
            )
        },
        MAPPING,
    )
    assert staged.column("opened_at") == [None, at("2025-03-07 10:00")]
    assert staged.rows(
        "select source_row, value, reason from staging.problems where \"column\" = 'opened_at'"
    ) == [(3, "waiting", NO_TIME)]


def test_a_ticket_the_log_finds_in_some_state_was_opened_before(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {
            "history.csv": log(
                # it came back ten days after the log found it waiting
                state("T1", "Waiting", "Monitoring", "2025-03-10 09:00"),
                state("T1", "Monitoring", "Open", "2025-03-20 09:00"),
                state("T1", "Open", "In progress", "2025-03-20 09:10"),
                state("T2", "", "Open", "2025-03-20 09:00"),
            )
        },
        MAPPING,
    )
    assert staged.column("opened_at") == [None, at("2025-03-20 09:00")]
    assert staged.rows(
        "select source_row, value, reason from staging.problems where \"column\" = 'opened_at'"
    ) == [(2, "waiting", BEFORE)]


def test_a_number_of_the_change_orders_what_time_does_not(stage: Callable[..., Staged]) -> None:
    text = "ticket,state,at,no\nT1,Open,2025-03-07 09:00,1\nT1,Resolved,2025-03-07 09:00,3\n"
    staged = stage(
        {"history.csv": text + "T1,Waiting,2025-03-07 09:00,2\n"},
        """
ticket_events:
  files: history*
  columns: {new_value: state, change_no: no}
  tickets: {finished_at: {since: Resolved}}
  pauses: Waiting
""",
    )
    assert staged.column("finished_at") == [at("2025-03-07 09:00")]
    assert staged.rows(PAUSES) == []


def test_a_number_that_is_not_there_orders_nothing(stage: Callable[..., Staged]) -> None:
    text = "ticket,at,no,new\nT1,2025-03-07 09:00,1,Resolved\nT1,2025-03-07 09:00,x,Open\n"
    staged = stage(
        {"history.csv": text},
        "ticket_events: {files: history*, columns: {change_no: no},"
        " tickets: {finished_at: {since: Resolved}}}",
    )
    assert staged.column("finished_at") == [None]
    assert [problem[3] for problem in staged.problems()] == ["not a number", SAME_TIME]


def test_a_log_of_snapshots_gives_its_last_cells(stage: Callable[..., Staged]) -> None:
    """The layout of ServiceNow's audit turned into a table: every row is the whole ticket."""
    text = (
        "number,incident_state,sys_mod_count,opened_at,sys_updated_at,contact_type,priority,"
        "location\n"
        "INC0000045,New,0,29/2/2016 01:16,29/2/2016 01:23,Phone,3 - Moderate,?\n"
        "INC0000045,Awaiting User Info,1,29/2/2016 01:16,29/2/2016 08:53,Phone,3 - Moderate,?\n"
        "INC0000045,Resolved,3,29/2/2016 01:16,29/2/2016 11:29,Phone,2 - High,Boston\n"
        "INC0000045,Closed,4,29/2/2016 01:16,5/3/2016 12:00,Phone,2 - High,?\n"
        "INC0000047,New,0,29/2/2016 04:40,29/2/2016 04:57,Email,4 - Low,Bonn\n"
    )
    staged = stage(
        {"incident_event_log.csv": text},
        """
ticket_events:
  files: "*event_log*"
  columns:
    ticket_id: number
    changed_at: sys_updated_at
    new_value: incident_state
    change_no: sys_mod_count
  pauses: [Awaiting User Info]
  tickets:
    opened_at: opened_at
    responded_at: {first_entry: [Active, Resolved]}
    finished_at: {since: [Resolved, Closed]}
    channel: contact_type
    fault_level: {from: priority, values: {2 - High: 2, 3 - Moderate: 3, 4 - Low: 4}}
    dispatch_city: location
tickets: {constants: {category: fault}}
""",
    )
    # The last row's location is "?": nothing, whatever stood there before.
    assert staged.rows(
        "select ticket_id, opened_at, responded_at, finished_at, channel, fault_level,"
        " dispatch_city, category from staging.tickets order by all"
    ) == [
        (
            *("INC0000045", at("2016-02-29 01:16"), at("2016-02-29 11:29")),
            *(at("2016-02-29 11:29"), "phone", 2, None, "fault"),
        ),
        ("INC0000047", at("2016-02-29 04:40"), None, None, "email", 4, "Bonn", "fault"),
    ]
    assert staged.rows(PAUSES) == [
        ("INC0000045", at("2016-02-29 08:53"), at("2016-02-29 11:29"), "awaiting user info")
    ]
    assert staged.problems() == []


SNAPSHOTS = """
ticket_events:
  files: "history*"
  columns: {new_value: state}
  tickets: {opened_at: opened}
"""


def snapshots(*rows: tuple[object, ...]) -> list[tuple[object, ...]]:
    """A log of ticket, state, at, and a cell with the time of opening."""
    return [("ticket", "state", "at", "opened"), *rows]


def as_csv(rows: list[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def as_workbook(sheets: dict[str, list[tuple[object, ...]]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return out.getvalue()


def test_a_day_number_is_a_time_in_a_log_that_is_a_workbook(stage: Callable[..., Staged]) -> None:
    # Day 45,723 is 7 March 2025, and 0.375 of it is 09:00.
    book = as_workbook(
        {
            "March": snapshots(("T1", "Open", "2025-03-07 10:00", 45723.375)),
            "April": snapshots(
                ("T1", "Closed", "2025-04-07 10:00", 45723.375),
                ("T2", "Open", "2025-04-07 11:00", 999999.5),
                ("T5", "Open", "2025-03-07 10:00", ""),
                ("T6", "Closed", "2025-03-08 10:00", 45723.375),
            ),
        }
    )
    lines = as_csv(
        snapshots(
            ("T3", "Open", "2025-03-07 10:00", "45723.375"),
            ("T4", "Open", "2025-03-07 10:00", "2025-03-07 09:00"),
            # a log in both files: what counts is where the cell stands
            ("T5", "Closed", "2025-03-08 10:00", "45723.375"),
            ("T6", "Open", "2025-03-07 10:00", ""),
        )
    )
    staged = stage({"history_1.xlsx": book, "history_2.csv": lines}, SNAPSHOTS)
    assert staged.rows("select ticket_id, opened_at from staging.tickets order by all") == [
        ("T1", at("2025-03-07 09:00")),
        ("T2", None),
        ("T3", None),
        ("T4", at("2025-03-07 09:00")),
        ("T5", None),
        ("T6", at("2025-03-07 09:00")),
    ]
    assert staged.rows("select source_file, value, reason from staging.problems order by all") == [
        ("history_1.xlsx [April]", "45723.375", "not a date or time we can read"),
        # in the year 4637
        ("history_1.xlsx [April]", "999999.5", "not a date or time we can read"),
        ("history_2.csv", "45723.375", "not a date or time we can read"),
    ]


@pytest.mark.parametrize("has_text_beside", [False, True])
def test_a_day_number_is_a_time_of_the_zone_of_its_log(
    stage: Callable[..., Staged], *, has_text_beside: bool
) -> None:
    book = as_workbook(
        {
            "March": snapshots(
                ("T1", "Open", "2025-03-07 10:00", 45723.375),
                ("T2", "Open", "2025-03-07 10:00", "2025-03-07 10:00"),
            )
        }
    )
    files: dict[str, str | bytes] = {"history_1.xlsx": book}
    if has_text_beside:
        files["history_2.csv"] = as_csv(snapshots(("T9", "Open", "2025-03-07 10:00", "")))
    staged = stage(files, SNAPSHOTS + "  timezone: Europe/Berlin\n")
    # Berlin is seven hours behind Shanghai in winter.
    assert staged.column("opened_at")[:2] == [at("2025-03-07 16:00"), at("2025-03-07 17:00")]


def test_a_cell_goes_the_way_of_the_file_it_stands_in(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {
            # days first, as the 13th tells
            "history_1.csv": as_csv(
                snapshots(
                    ("T1", "Open", "2025-07-04 10:00", "3/7/2025"),
                    ("T2", "Open", "2025-07-04 10:00", "3/7/2025"),
                    ("T3", "Open", "2025-07-04 10:00", "13/6/2025"),
                    ("T4", "Open", "2025-07-04 10:00", "3/7/2025"),
                )
            ),
            # months first, as the 25th tells
            "history_2.csv": as_csv(
                snapshots(
                    ("T1", "Closed", "2025-07-05 10:00", "7/3/2025"),
                    ("T5", "Open", "2025-07-05 10:00", "6/25/2025"),
                )
            ),
            # which, nothing tells
            "history_3.csv": as_csv(snapshots(("T4", "Closed", "2025-07-05 10:00", "3/7/2025"))),
        },
        SNAPSHOTS,
    )
    assert staged.rows("select ticket_id, opened_at from staging.tickets order by all") == [
        ("T1", at("2025-07-03")),
        ("T2", at("2025-07-03")),
        ("T3", at("2025-06-13")),
        ("T4", None),
        ("T5", at("2025-06-25")),
    ]
    ((row, column, value, reason),) = staged.problems()
    assert (row, column, value) == (5, "opened_at", "3/7/2025")
    assert reason.startswith("is the day or the month first? 3/7/2025 may be")
    assert reason.endswith("ticket_events.tickets.opened_at.format: day-first or month-first")


def test_jiras_issue_history_completes_its_issues(stage: Callable[..., Staged]) -> None:
    """The two tables of Jira's data pipeline; times of the history in UTC, cut to the minute."""
    staged = stage(
        {
            "issues.csv": "id,key,priority,summary,created_date\n"
            "10002,SUP-41,High,Line 3 stands still,2025-03-07T09:00:12Z\n",
            "issue_history.csv": "issue_id,changelog_id,author_id,created_date,field,field_type,"
            "from,from_string,to,to_string\n"
            "10002,10457,1,2025-03-07T09:30:00Z,status,jira,3,Waiting for support,4,In Progress\n"
            "10002,10458,1,2025-03-07T09:30:00Z,assignee,jira,,,1,li.wei\n"
            "10002,10459,1,2025-03-07T10:00:00Z,status,jira,4,In Progress,5,"
            "Waiting for customer\n"
            "10002,10460,1,2025-03-07T12:00:00Z,status,jira,5,Waiting for customer,6,Resolved\n",
        },
        """
tickets:
  files: "issues*"
  columns:
    ticket_id: id
    opened_at: created_date
    fault_level: {from: priority, values: {High: 2}}
    description: summary
ticket_events:
  files: "issue_history*"
  state: status
  columns:
    ticket_id: issue_id
    changed_at: created_date
    change_no: changelog_id
    old_value: from_string
    new_value: to_string
  pauses: [Waiting for customer]
  tickets:
    responded_at: {first_entry: [In Progress, Resolved]}
    finished_at: {since: [Resolved]}
""",
    )
    # UTC 09:30 is 17:30 in Shanghai.
    assert staged.rows(
        "select ticket_id, opened_at, responded_at, finished_at from staging.tickets"
    ) == [
        (
            *("10002", at("2025-03-07 17:00:12"), at("2025-03-07 17:30")),
            at("2025-03-07 20:00"),
        )
    ]
    assert staged.rows(PAUSES) == [
        ("10002", at("2025-03-07 18:00"), at("2025-03-07 20:00"), "waiting for customer")
    ]


def test_an_unreadable_value_that_is_folded_is_a_problem_of_its_ticket(
    stage: Callable[..., Staged],
) -> None:
    staged = stage(
        {"history.csv": log(*STORY[:2], ("T1", "priority", "High", "Highest", "2025-03-08"))},
        MAPPING,
    )
    assert staged.column("fault_level") == [None]
    assert staged.problems() == [(2, "fault_level", "Highest", "not one of: 1, 2, 3, 4")]


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("{}", ("ticket_events.files: is missing", "folds into nothing")),
        ("{files: x, pauses: a, tickets: {oppened_at: b}}", ("did you mean opened_at?",)),
        ("{files: x, tickets: {ticket_id: b}}", ("'ticket_id' is not known",)),
        ("{files: x, tickets: {city: {last_value: a}}}", ("city: last_value is of a field",)),
        ("{files: x, tickets: {city: {first_entry: a}}}", ("is a time, which city is not",)),
        ("{files: x, tickets: {opened_at: {since: []}}}", ("since: must be states",)),
        ("{files: x, tickets: {opened_at: {since: a, from: b}}}", ("must say one of from",)),
        ("{files: x, tickets: {opened_at: {}}}", ("must say one of from, last_value",)),
        ("{files: x, tickets: [a]}", ("must be columns of tickets",)),
        ("{files: x, state: y, tickets: {city: {last_value: [a, b]}}}", ("must be a field",)),
        ("{files: x, pauses: a, columns: {city: b}}", ("'city' is not known",)),
        ("{files: x, tickets: {city: A}, columns: {new_value: A}}", ("'A' is already new_value",)),
    ],
)
def test_what_is_wrong_in_the_rules_of_a_log_is_said(
    tmp_path: Path, yaml: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "m.yaml").write_text(f"ticket_events: {yaml}")
    with pytest.raises(UsageError) as error:
        load_mapping(tmp_path / "m.yaml")
    for word in words:
        assert word in str(error.value)


def test_a_log_without_what_it_needs_is_refused(stage: Callable[..., Staged]) -> None:
    with pytest.raises(DataError, match="lacks the columns of ticket_events: field/变更字段"):
        stage({"history.csv": "ticket,new,at\nT1,Open,2025-03-07\n"}, MAPPING)


def test_names_in_the_rules_of_a_log_are_no_sql(stage: Callable[..., Staged]) -> None:
    attack = "x'); drop table staging.tickets; --"
    staged = stage(
        {"history.csv": log(("T1", attack, "", attack, "2025-03-07"))},
        f"""
ticket_events:
  files: ["history*"]
  state: "{attack}"
  pauses: ["{attack}"]
  tickets: {{city: {{last_value: "{attack}"}}, opened_at: {{first_entry: "{attack}"}}}}
""",
    )
    assert staged.rows("select city, opened_at from staging.tickets") == [
        (attack, at("2025-03-07"))
    ]


STATES = ["Open", "In progress", "Waiting", "On hold", "Resolved", "Closed"]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["T1", "T2"]),
        st.sampled_from(["status", "priority", "comment"]),
        st.sampled_from(STATES),
        st.integers(0, 600),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda change: (change[0], change[3]),
)


def story_rows(changes: list[tuple[str, str, str, int]]) -> list[tuple[str, ...]]:
    """Rows of a log in order of time, each change from where the one before it led."""
    before: dict[tuple[str, str], str] = {}
    rows: list[tuple[str, ...]] = []
    for ticket, field, new, minute in sorted(changes, key=lambda change: change[3]):
        value = new if field == "status" else str(minute % 4 + 1)
        when = at("2025-03-07") + dt.timedelta(minutes=minute)
        rows.append(
            (ticket, field, before.get((ticket, field), ""), value, f"{when:%Y-%m-%d %H:%M}")
        )
        before[ticket, field] = value
    return rows


def counted(rows: list[tuple[str, ...]]) -> tuple[list[Any], list[Any]]:
    """Tickets and pauses counted by walking through each history."""
    tickets: list[Any] = []
    pauses: list[Any] = []
    for ticket in sorted({row[0] for row in rows}):
        states = [(at(w), new.lower()) for t, f, _, new, w in rows if t == ticket and f == "status"]
        levels = [int(new) for t, f, _, new, _ in rows if t == ticket and f == "priority"]
        firsts = [
            next((when for when, name in states if name in names), None)
            for names in (("open",), ("in progress", "resolved"))
        ]
        since = None
        paused = None
        for when, name in states:
            since = (since or when) if name in ("resolved", "closed") else None
            if name in ("waiting", "on hold"):
                paused = paused or when
            elif paused:
                pauses.append((ticket, paused, when))
                paused = None
        if paused:
            pauses.append((ticket, paused, None))
        tickets.append((ticket, *firsts, since, levels[-1] if levels else None, None))
    return tickets, sorted(pauses, key=str)


def folded(files: dict[str, str]) -> tuple[list[Any], list[Any]]:
    with tempfile.TemporaryDirectory() as name, duckdb.connect() as con:
        folder = Path(name)
        (folder / "m.yaml").write_text(MAPPING, encoding="utf-8")
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        stage_exports(con, folder, load_mapping(folder / "m.yaml"))
        assert con.execute(
            "select count(*) from meta.files where rows_in <> staged + rejected"
        ).fetchall() == [(0,)]
        tickets = con.execute(TICKETS).fetchall()
        pauses = con.execute("select ticket_id, paused_at, resumed_at from staging.pauses")
        return tickets, sorted(pauses.fetchall(), key=str)


@settings(max_examples=20)
@given(CHANGES, st.randoms(use_true_random=False), st.integers(0, 12))
def test_neither_order_nor_files_matter_to_what_is_folded(
    changes: list[tuple[str, str, str, int]], chance: random.Random, cut: int
) -> None:
    rows = story_rows(changes)
    expected = counted(rows)
    shuffled = chance.sample(rows, len(rows))
    parts = {"history_1.csv": shuffled[:cut], "history_2.csv": shuffled[cut:]}
    assert folded({name: log(*part) for name, part in parts.items()}) == expected
