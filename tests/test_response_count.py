"""Response times against a count of minutes: every ticket walked, minute by minute.

The count knows nothing of positions, segments or merged pauses: a minute counts when the clock
is open and no pause holds it. Targets are made short, so that the walk is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness import build, rows_of

MINUTE = timedelta(minutes=1)
FIRST = datetime(2025, 3, 6)  # noqa: DTZ001 - local time; a Thursday
AS_OF = datetime(2025, 3, 12, 12)  # noqa: DTZ001 - local time; a Wednesday
TARGET_HOURS = {1: 3, 3: 5}
HOURS = {"mon": [["08:00", "12:00"], ["13:00", "18:00"]], "fri": [["09:00", "17:00"]]}
TERMS = {
    "response_targets": {
        "targets": {level: {"tier1": TARGET_HOURS.get(level, 5)} for level in (1, 2, 3, 4)}
    },
    "service_hours": {"weekly": {**HOURS, "tue": [], "wed": [], "thu": []}},
}

minutes = st.integers(0, 6 * 24 * 60).map(lambda count: FIRST + count * MINUTE)
pauses = st.lists(st.tuples(minutes, st.one_of(st.none(), minutes)), max_size=4)
tickets = st.lists(
    st.tuples(st.sampled_from([1, 3]), minutes, st.one_of(st.none(), minutes), pauses),
    min_size=1,
    max_size=25,
)


def is_counted(level: int, minute: datetime) -> bool:
    """Whether the clock of the level runs in that minute."""
    if level == 1:
        return True
    day = minute.strftime("%a").lower()
    time = minute.strftime("%H:%M")
    return any(start <= time < end for start, end in HOURS.get(day, []))


def is_paused(
    stretches: list[tuple[datetime, datetime | None]], minute: datetime, until: datetime
) -> bool:
    """Whether a pause holds the minute; one that has not ended by the as-of lasts ``until``."""
    return any(
        start <= minute < (end if end and end <= AS_OF else until) for start, end in stretches
    )


def count(
    level: int,
    opened: datetime,
    responded: datetime | None,
    stretches: list[tuple[datetime, datetime | None]],
) -> dict[str, Any]:
    """What the ticket's row must say, counted minute by minute."""
    stopped = responded if responded and responded <= AS_OF else None
    target = TARGET_HOURS[level] * 60
    if stopped and stopped < opened:
        return {"verdict": "unmeasurable"}
    end = stopped or max(AS_OF, opened)
    used = paused = 0
    minute = opened
    while minute < end:
        if is_counted(level, minute):
            if is_paused(stretches, minute, stopped or AS_OF):
                paused += 1
            else:
                used += 1
        minute += MINUTE
    left, due = target, opened
    while left:
        if is_counted(level, due) and not is_paused(stretches, due, stopped or AS_OF):
            left -= 1
        due += MINUTE
    verdict = "breached" if used >= target else "met" if stopped else "pending"
    return {
        "verdict": verdict,
        "elapsed_seconds": used * 60,
        "paused_seconds": paused * 60,
        "due_at": due,
        "is_open": stopped is None,
    }


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(tickets)
def test_every_ticket_is_as_counted_minute_by_minute(
    drawn: list[tuple[int, datetime, datetime | None, list[tuple[datetime, datetime | None]]]],
) -> None:
    rows, pause_rows, wanted = [], [], {}
    for number, (level, opened, responded, stretches) in enumerate(drawn):
        ticket_id = f"T{number}"
        # A pause that ends before it starts can't be measured: the worked cases have those.
        usable = [(start, end) for start, end in stretches if end is None or end >= start]
        rows.append(
            {
                "ticket_id": ticket_id,
                "fault_level": level,
                "city": "北京",
                "opened_at": opened,
                "responded_at": responded,
            }
        )
        pause_rows += [
            {"ticket_id": ticket_id, "paused_at": start, "resumed_at": end} for start, end in usable
        ]
        wanted[ticket_id] = count(level, opened, responded, usable)
    con = build(
        {"tickets": rows, "pauses": pause_rows}, ["facts.responses"], AS_OF, overrides=TERMS
    )
    found = {row["ticket_id"]: row for row in rows_of(con, "facts.responses")}
    for ticket_id, answer in wanted.items():
        assert {key: found[ticket_id][key] for key in answer} == answer
    con.close()
