"""Filing, inspections, trainings, conduct and the ledger of all promises.

The worked cases stand in ``cases/``; what follows here holds for any data.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz, process

from pipelines.checks.validation import validate
from pipelines.warehouse.record_copies import NEIGHBOURS, backwards, record_copies
from tests.harness import build, case_id, check_case, load_cases, rows_of

if TYPE_CHECKING:
    import duckdb

FILES = ("filings", "inspections", "trainings", "conduct", "obligations", "agents")
CASES = [case for name in FILES for case in load_cases(f"{name}*.yaml")]
AS_OF = datetime(2025, 6, 30, 18)  # noqa: DTZ001 - local time of the terms, as the warehouse has it


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_worked_case(case: dict[str, Any]) -> None:
    check_case(case)


def some_exports(seed: int, tickets: int = 300) -> dict[str, list[dict[str, Any]]]:
    """Tickets, records, units and agents at random, blanks and contradictions among them."""
    chance = Random(seed)  # noqa: S311 - made-up data, the same for the same seed

    def at(first: int = 0) -> str:
        minutes = chance.randrange(first, 200 * 1440)
        return str(datetime(2025, 1, 1) + timedelta(minutes=minutes))  # noqa: DTZ001 - local time

    def one(*choices: str | None) -> str | None:
        return chance.choice(choices)

    codes = (
        "SPSR001",
        "SPSR004",
        "SPSL007",
        "SASR008",
        "SASL011",
        "SASL012",
        "SASL014",
        "XX",
        None,
    )
    agents = ("A1", "A2", "A3", None)
    ticket_rows = [
        {
            "ticket_id": f"T{number}",
            "customer_id": one("C1", "C2", "C3", None),
            "customer_type": one("agent", "end_customer", "key_account", None),
            "service_code": one(*codes),
            "fault_level": one("1", "2", "3", "4", None),
            "contract_id": one("K1", "K2", None),
            "provider": one("company", "agent", None),
            "agent_id": one(*agents),
            "parent_ticket_id": one(f"T{chance.randrange(tickets)}", "nowhere", None),
            "opened_at": one(at(), at(), None),
            "finished_at": one(at(), at(), None),
            "training_hours": one("4", "9", None),
        }
        for number in range(tickets)
    ]
    records = [
        {
            "record_id": f"R{number}",
            "ticket_id": one(
                f"T{chance.randrange(tickets)}", f"T{chance.randrange(40)}", "no", None
            ),
            "agent_id": one(*agents),
            "form": one("presales_report", "fault_record", None),
            "submitted_at": one(at(), at(), at(), None),
            "engineer": one("李", "李", None),
            "service_finished_at": at(),
            "fault_description": "死机",
            "resolution": one("重启", "重启", None),
        }
        for number in range(tickets)
    ]
    units = [
        {
            "serial_no": f"S{number}",
            "customer_id": f"C{number % 3}",
            "customer_type": "key_account",
            "contract_id": one(f"K{number % 9}", None),
            "purchased_at": one(at()[:10], None),
        }
        for number in range(20)
    ]
    return {
        "tickets": ticket_rows,
        "service_records": records,
        "installed_base": units,
        "agents": [{"agent_id": "A1", "active_to": "2025-03-01"}, {"agent_id": "A2"}],
    }


@pytest.fixture(scope="module", params=[1, 2, 3])
def con(request: pytest.FixtureRequest) -> duckdb.DuckDBPyConnection:
    """A warehouse of random exports."""
    return build(some_exports(request.param), as_of=AS_OF)


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])


def test_every_ticket_an_agent_served_has_one_filing_row(con: duckdb.DuckDBPyConnection) -> None:
    owed = con.execute(
        "select ticket_id from staging.tickets where finished_at <= $1 and (provider = 'agent' "
        "or (customer_type = 'key_account' and agent_id is not null)) order by ticket_id",
        [AS_OF],
    ).fetchall()
    found = con.execute("select ticket_id from facts.filings order by ticket_id").fetchall()
    assert found == owed
    assert owed


def test_every_record_is_in_one_class_and_kept_or_excepted(con: duckdb.DuckDBPyConnection) -> None:
    staged = _count(con, "select count(*) from staging.service_records")
    assert _count(con, "select count(distinct record_id) from steps.classed_records") == staged
    assert _count(con, "select count(*) from steps.classed_records") == staged
    kept = "class in ('counted', 'incomplete', 'wrong_form')"
    excepted = _count(con, "select count(*) from marts.record_exceptions")
    assert (
        _count(con, f"select count(*) from steps.classed_records where {kept}") == staged - excepted
    )
    filed = "finding in ('filed_on_time', 'filed_late')"
    assert _count(con, f"select count(*) from facts.filings where {filed}") == _count(
        con, "select count(*) from facts.filings where days_to_file is not null"
    )


def test_the_ledger_adds_up_to_its_facts(con: duckdb.DuckDBPyConnection) -> None:
    ledger = con.execute(
        "select kind, verdict, count(*) from marts.obligations group by all order by all"
    ).fetchall()
    facts = con.execute(
        """
        select kind, verdict, count(*) from (
            select 'response' as kind, verdict from facts.responses
            union all select 'filing', verdict from facts.filings
            union all select 'inspection', verdict from facts.inspections
            union all select 'training', verdict from facts.trainings
            union all select rule, verdict from facts.conduct
        ) group by all order by all
        """
    ).fetchall()
    assert ledger == facts
    monthly = con.execute(
        "select kind, sum(met), sum(breached), sum(pending), sum(unmeasurable) "
        "from marts.promise_monthly group by kind order by kind"
    ).fetchall()
    for kind, *numbers in monthly:
        verdicts = ("met", "breached", "pending", "unmeasurable")
        wanted = {verdict: number for name, verdict, number in ledger if name == kind}
        assert dict(zip(verdicts, numbers, strict=True)) == {
            verdict: wanted.get(verdict, 0) for verdict in verdicts
        }


def test_kind_and_subject_name_one_promise(con: duckdb.DuckDBPyConnection) -> None:
    assert not con.execute(
        "select kind, subject_id from marts.obligations group by all having count(*) > 1"
    ).fetchall()


def test_verdicts_have_reasons_in_both_languages_or_neither(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert not con.execute(
        "select kind, verdict, reason, reason_zh from marts.obligations "
        "where (reason is null) <> (reason_zh is null) "
        "or (verdict = 'unmeasurable' and reason is null) "
        "or (verdict = 'met' and reason is not null)"
    ).fetchall()


def test_findings_and_months_add_up_to_what_was_owed(con: duckdb.DuckDBPyConnection) -> None:
    assert not con.execute(
        "select * from marts.agent_filing where due <> filed_on_time + filed_late + missing "
        "+ incomplete + wrong_form + pending + unmeasurable"
    ).fetchall()
    owed = _count(con, "select count(*) from facts.filings")
    assert _count(con, "select sum(due)::bigint from marts.agent_filing") == owed
    named = _count(con, "select count(*) from facts.filings where agent_id is not null")
    assert _count(con, "select sum(due)::bigint from marts.agent_standing") == named


def test_a_visit_counts_for_one_window_and_windows_follow_each_other(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert not con.execute(
        "select ticket_id from facts.inspections where ticket_id is not null "
        "group by ticket_id having count(*) > 1"
    ).fetchall()
    assert not con.execute(
        "select * from (select window_end, lead(window_start) over (partition by contract_id "
        "order by quarter_no) as following from facts.inspections) "
        "where following <> window_end + interval 1 day"
    ).fetchall()


def texts(*contents: str, agent: str = "A1") -> pl.DataFrame:
    """Records of one agent with these texts, R0 first."""
    return pl.DataFrame(
        {
            "record_id": [f"R{number}" for number in range(len(contents))],
            "agent_id": [agent] * len(contents),
            "content": list(contents),
        },
        schema={"record_id": pl.String, "agent_id": pl.String, "content": pl.String},
    )


TEXT = "用户业务网段无法访问外网检查策略后重新下发配置连续观察一个业务高峰恢复正常"


@pytest.mark.parametrize("place", [0, 18, 36], ids=["beginning", "middle", "end"])
def test_a_changed_word_is_found_wherever_it_stands(place: int) -> None:
    changed = TEXT[:place] + "甲" + TEXT[place + 1 :]
    # one of 37 characters replaced: 2 x 36 / (37 + 37) = 97.3 % the same
    assert fuzz.ratio(TEXT, changed) == pytest.approx(97.30, abs=0.01)
    others = ["电源指示灯熄灭后更换电源模块并观察", "日志服务器收不到日志清理分区之后恢复"]
    copies = record_copies(texts(TEXT, *others, changed), 10, 95)
    assert copies["record_id"].to_list() == ["R0", "R3"]
    assert record_copies(texts(TEXT, *others, changed), 10, 98).is_empty()


@pytest.mark.parametrize("others", [2, 4, 16, 64])
@pytest.mark.parametrize("is_beginning", [True, False], ids=["beginning", "end"])
def test_alike_texts_are_found_among_many_with_the_same_form_of_words(
    others: int,
    is_beginning: bool,  # noqa: FBT001 - a parameter
) -> None:
    form = TEXT * 3
    letters = Random(others)  # noqa: S311 - made-up data

    def filled(what: str) -> str:
        return form + what if is_beginning else what[::-1] + form

    told = ["".join(letters.choices("电源模块日志策略路由端口", k=24)) for _ in range(others)]
    alike = told[0][:20] + "换新完毕"
    # the others differ in 24 of 135 characters, the last from the first in at most 4
    assert fuzz.ratio(filled(told[0]), filled(alike)) > 97
    copies = record_copies(texts(*map(filled, [*told, alike])), 10, 97)
    assert {"R0", f"R{others}"} <= set(copies["record_id"])


@given(st.lists(st.text("甲aß𠀀", max_size=4), max_size=6), st.integers(0, 3), st.booleans())
def test_each_text_is_turned_by_itself(
    contents: list[str],
    left_out: int,
    is_in_pieces: bool,  # noqa: FBT001 - drawn
) -> None:
    whole = pl.Series(contents, dtype=pl.String)
    texts = whole.slice(left_out)
    if is_in_pieces:
        texts = pl.concat([texts, whole], rechunk=False)
    expected = [text.encode()[::-1] for text in texts.to_list()]
    assert backwards(texts).to_list() == expected


def test_copies_of_copies_are_one_group() -> None:
    second = TEXT[:-1] + "甲"
    third = "甲" + second[1:]
    copies = record_copies(texts(third, TEXT, second), 10, 95)
    assert copies["copy_group"].unique().to_list() == ["R0"]
    assert copies["copies"].to_list() == [3, 3, 3]


def test_texts_of_two_agents_are_not_compared() -> None:
    two = pl.concat([texts(TEXT), texts(TEXT, agent="A2")])
    assert record_copies(two, 10, 95).is_empty()


def test_no_texts_and_one_text_make_no_group() -> None:
    assert record_copies(texts(), 10, 95).is_empty()
    assert record_copies(texts(TEXT), 10, 95).is_empty()
    assert record_copies(texts("短", "短"), 10, 95).is_empty()


def common(one: str, other: str) -> int:
    """Characters of the longest common subsequence, counted the slow way."""
    row = [0] * (len(other) + 1)
    for character in one:
        before = 0
        for at, against in enumerate(other, 1):
            before, row[at] = (
                row[at],
                before + 1 if character == against else max(row[at], row[at - 1]),
            )
    return row[-1]


@given(
    st.lists(st.text("甲乙丙aß", max_size=14), min_size=2, max_size=NEIGHBOURS + 1, unique=True),
    st.sampled_from([60, 75, 90, 95, 100]),
)
def test_texts_side_by_side_are_copies_exactly_when_alike_enough(
    endings: list[str], similarity: int
) -> None:
    contents = ["八个字符的开头一" + ending for ending in endings]
    pairs = [(a, b) for b in range(len(contents)) for a in range(b)]
    alike = [
        (f"R{a}", f"R{b}")
        for a, b in pairs
        if 200 * common(contents[a], contents[b])
        >= similarity * (len(contents[a]) + len(contents[b]))
    ]
    copies = record_copies(texts(*contents), 1, similarity)
    assert set(copies["record_id"]) == {one for pair in alike for one in pair}


def test_agents_taken_in_turns_have_the_same_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    exports = {
        "tickets": [{"ticket_id": "T1", "opened_at": "2025-01-01 08:00"}],
        "service_records": [
            {
                "record_id": f"R{number}",
                "ticket_id": "T1",
                "agent_id": f"A{number % 5}",
                "form": "onsite_service",
                "submitted_at": "2025-01-02 08:00",
                "fault_description": TEXT,
                "resolution": ("甲" if number % 3 else "乙") * 30,
            }
            for number in range(40)
        ],
    }
    found = "select * from steps.record_copies order by all"
    at_once = build(exports, as_of=AS_OF).execute(found).fetchall()
    monkeypatch.setattr("pipelines.warehouse.record_copies.AT_A_TIME", 3)
    assert len(at_once) == 40
    assert build(exports, as_of=AS_OF).execute(found).fetchall() == at_once


def test_the_number_of_comparisons_grows_with_the_records_not_their_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[int] = []
    real = process.cpdist

    def counting(left: list[str], right: list[str], **options: Any) -> Any:  # noqa: ANN401 - as the real one
        compared.append(len(left))
        return real(left, right, **options)

    monkeypatch.setattr(process, "cpdist", counting)
    letters = Random(5)  # noqa: S311 - made-up data
    contents = ["".join(letters.choices("甲乙丙丁戊己庚辛壬癸", k=40)) for _ in range(3000)]
    record_copies(texts(*contents), 10, 95)
    assert sum(compared) <= 2 * NEIGHBOURS * len(contents)


def test_a_support_without_an_opening_time_has_its_row_and_passes_the_checks() -> None:
    """Its terms are those of the finish, for the model and for whoever counts after it."""
    exports = {
        "tickets": [
            {"ticket_id": "T1", "service_code": "SASL012", "finished_at": "2025-03-03 12:00:00"}
        ]
    }
    con = build(exports, ["facts.trainings"], "2025-06-30 00:00:00")
    assert [row["ticket_id"] for row in rows_of(con, "facts.trainings")] == ["T1"]
    results = validate(con, ["facts.trainings"])
    assert "one_row_per_support" in {result.check for result in results}
    assert [result.check for result in results if not result.success] == []
