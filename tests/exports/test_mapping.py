"""Mapping files: other layouts read as the contract's, and what is wrong in one said at once."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import DataError, UsageError
from pipelines.exports import load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

INCIDENTS = (
    "incidents 2025\r\n"
    "Number;Opened;Priority;State;City;Closed\r\n"
    "INC1;3/7/2025 5:00 PM;1 - Critical;EMPTY;Beijing;2025\r\n"
    "INC2;3/8/2025 9:00 AM;4 - Low;done;München;\r\n"
)
RULES = """
description: incidents of another system
timezone: America/New_York
tickets:
  files: [incidents*.csv]
  encoding: cp1252
  delimiter: ";"
  header_row: 2
  columns:
    ticket_id: Number
    opened_at: {from: Opened, format: "%m/%d/%Y %I:%M %p"}
    finished_at: {from: Closed, timezone: Asia/Tokyo}
    fault_level: {from: Priority, values: {1 - Critical: 1, 4 - Low: 四级}}
    description: State
    city: null
  constants: {category: fault, provider: 公司}
  null_values: [empty]
"""


def test_another_layout_is_read_by_its_mapping(stage: Callable[..., Staged]) -> None:
    staged = stage({"Incidents_03.csv": INCIDENTS.encode("cp1252")}, mapping=RULES)
    assert staged.rows(
        "select ticket_id, opened_at, fault_level, description, city, category, provider,"
        " source_row from staging.tickets"
    ) == [
        # 17:00 in New York in winter time is 06:00 of the next day in Shanghai.
        ("INC1", dt.datetime(2025, 3, 8, 6), 1, None, None, "fault", "company", 3),  # noqa: DTZ001 - local
        ("INC2", dt.datetime(2025, 3, 8, 22), 4, "done", None, "fault", "company", 4),  # noqa: DTZ001 - local
    ]
    assert staged.problems() == [(3, "finished_at", "2025", "not a date or time we can read")]
    assert staged.rows("select encoding, delimiter from meta.files") == [("cp1252", ";")]


def test_what_a_mapping_leaves_out_is_found_as_without_it(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {"tickets.csv": "编号,城市,类别\nT1,成都,其他\n"},
        mapping="tickets: {columns: {ticket_id: 编号}}",
    )
    assert staged.rows("select ticket_id, city, category from staging.tickets") == [
        ("T1", "成都", "other")
    ]


def test_a_constant_may_be_part_of_the_key(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {"tickets.csv": "ticket_id\nT1\n", "invoices.csv": "发票号,金额\nI1,5\nI2,6\n"},
        mapping="invoices: {constants: {line_no: 1}}",
    )
    assert staged.rows("select invoice_id, line_no from staging.invoices") == [("I1", 1), ("I2", 1)]


def test_a_header_the_mapping_names_must_be_there(stage: Callable[..., Staged]) -> None:
    with pytest.raises(DataError, match=r"lacks headers that the mapping names: city \('Town'\)"):
        stage({"tickets.csv": "ticket_id\nT1\n"}, mapping="tickets: {columns: {city: Town}}")


def test_names_in_a_mapping_are_no_sql(stage: Callable[..., Staged]) -> None:
    attack = "x'); drop table staging.tickets; --"
    staged = stage(
        {"tickets.csv": f'ticket_id,"{attack}"\nT1,{attack}\n'},
        mapping=f"""
tickets:
  columns:
    description: {{from: "{attack}", values: {{"{attack}": "{attack} again"}}}}
  constants: {{city: "{attack}"}}
  null_values: ["{attack} never"]
""",
    )
    assert staged.rows("select description, city from staging.tickets") == [
        (f"{attack} again", attack)
    ]


def test_a_date_and_its_time_of_day_come_out_of_two_columns(stage: Callable[..., Staged]) -> None:
    data = b"ticket_id,day,hour,opened\nT1,2025/3/1,18:30,\nT2,2025/3/2,8:05,2025-03-09 10:00\n"
    staged = stage({"tickets.csv": data}, "tickets: {columns: {opened_at: [[day, hour], opened]}}")
    assert [str(opened) for opened in staged.column("opened_at")] == [
        "2025-03-01 18:30:00",
        "2025-03-02 08:05:00",
    ]


def test_a_format_with_a_time_tells_a_time_whatever_parts_its_hours(
    stage: Callable[..., Staged],
) -> None:
    rules = 'tickets: {{timezone: Asia/Tokyo, columns: {{opened_at: {{from: at, format: "{}"}}}}}}'
    data = b"ticket_id,at\nT1,20250301 %s\n"
    with_time = stage({"tickets.csv": data % b"0030"}, rules.format("%Y%m%d %H%M"))
    assert str(with_time.column("opened_at")[0]) == "2025-02-28 23:30:00"
    day = stage({"tickets.csv": b"ticket_id,at\nT1,01|03|2025\n"}, rules.format("%d|%m|%Y"))
    assert str(day.column("opened_at")[0]) == "2025-03-01 00:00:00"


def test_a_constant_goes_before_a_header_with_a_unit(stage: Callable[..., Staged]) -> None:
    files = {
        "tickets.csv": b"ticket_id\nT1\n",
        "installed_base.csv": b"serial_no,warranty_months (months)\nS1,12\n",
    }
    staged = stage(files, "installed_base: {constants: {warranty_months: 36}}")
    assert staged.rows("select warranty_months from staging.installed_base") == [(36,)]


def test_rows_that_were_mended_belong_where_their_file_does(stage: Callable[..., Staged]) -> None:
    row = b"ticket_id,fault_level\nT1,"
    files = {"list.csv": row + b"9\n", "list_mended.csv": row + b"2\n"}
    staged = stage(files, "tickets: {files: [list.csv]}")
    assert staged.column("fault_level") == [2]


def test_a_day_of_the_calendar_is_the_same_in_every_zone(stage: Callable[..., Staged]) -> None:
    files = {
        "tickets.csv": b"ticket_id,opened_at\nT1,2025-03-01 00:30\nT2,2025-03-01\n",
        "installed_base.csv": b"serial_no,purchased_at\nS1,2024-01-01\nS2,2024-02-29 00:00:00\n"
        b"S3,2024-03-31T23:30:00+00:00\n",
    }
    staged = stage(files, "timezone: Asia/Tokyo\ntickets: {}\ninstalled_base: {}\n")
    # an hour is between the two; a day that names its offset is that of the instant
    assert [str(opened) for opened in staged.column("opened_at")] == [
        "2025-02-28 23:30:00",
        "2025-03-01 00:00:00",
    ]
    assert staged.rows("select cast(purchased_at as varchar) from staging.installed_base") == [
        ("2024-01-01",),
        ("2024-02-29",),
        ("2024-04-01",),
    ]


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("[1, 2]", ("it must name exports",)),
        ("{}", ("it names no export",)),
        ("ticket: {}", ("'ticket' is not known; did you mean tickets?",)),
        ("tickets: [x]", ("tickets: must be keys such as files",)),
        ("tickets: {colums: {}}", ("tickets: 'colums' is not known; did you mean columns?",)),
        (
            "tickets: {columns: {opend_at: x}}",
            ("tickets.columns: 'opend_at' is not known; did you mean opened_at?",),
        ),
        (
            "tickets: {files: ../secret/tickets.csv}",
            ("tickets.files: '../secret/tickets.csv' leads out of the exports folder",),
        ),
        ("tickets: {constants: {opened_at: 2025-02-30}}", ("2025-02-30 is no day of the",)),
        ("tickets: {columns: {city: A}, columns: {city: B}}", ("'columns' stands twice",)),
        ("tickets: {encoding: klingon}", ("tickets.encoding: 'klingon' is no encoding",)),
        ("tickets: {encoding: rot13}", ("tickets.encoding: 'rot13' is no encoding",)),
        ("tickets: {delimiter: '::'}", ("tickets.delimiter: '::' must be one sign",)),
        ("tickets: {header_row: 0}", ("tickets.header_row: 0 must be the header's line",)),
        ("timezone: Mars/Olympus\ntickets: {}", ("timezone: 'Mars/Olympus' is no time zone",)),
        ("timezone: ../etc/passwd\ntickets: {}", ("timezone: '../etc/passwd' is no time zone",)),
        (
            "tickets: {constants: {category: broken}}",
            ("tickets.constants.category: 'broken' is no category; write one of fault",),
        ),
        (
            "tickets: {columns: {fault_level: {from: P, values: {low: 9}}}}",
            ("tickets.columns.fault_level.values.low: '9' is no fault_level",),
        ),
        (
            "tickets: {columns: {opened_at: {format: '%d'}}}",
            ("tickets.columns.opened_at.from: is missing",),
        ),
        (
            "tickets: {columns: {opened_at: {from: x, format: '%Q%'}}}",
            ("tickets.columns.opened_at.format: '%Q%' is no time format",),
        ),
        (
            "tickets: {columns: {city: {from: x, format: '%d'}}}",
            ("tickets.columns.city.format: '%d' does not fit; it is for times, dates",),
        ),
        (
            "tickets: {columns: {city: x, dispatch_city: x}}",
            ("tickets.columns.dispatch_city: 'x' is already city",),
        ),
        (
            "tickets: {columns: {category: x}, constants: {category: fault}}",
            ("tickets.constants.category: is a column as well",),
        ),
        ("tickets: !!python/object/apply:os.system ['true']", ("is not YAML",)),
        ("tickets: {files: [", ("is not YAML",)),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, yaml: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(yaml, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load_mapping(path)
    for word in (str(path), *words):
        assert word in str(error.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("tickets: {header_row: x, delimiter: ab, sheet: [1]}\nfoo: 1\n")
    with pytest.raises(UsageError) as error:
        load_mapping(path)
    assert str(error.value).count("\n- ") == 4


def test_a_missing_mapping_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_mapping(tmp_path / "none.yaml")


def test_two_exports_cannot_claim_one_file(stage: Callable[..., Staged]) -> None:
    with pytest.raises(UsageError, match=r"x\.csv matches the files of tickets and of pauses"):
        stage({"x.csv": "ticket_id\n"}, mapping="tickets: {files: x*}\npauses: {files: '*.csv'}")


def test_words_of_a_mapping_are_those_of_the_cells_full_width_or_not(
    stage: Callable[..., Staged],
) -> None:
    """Cells are folded to half width before they are compared; so are the words of the mapping."""
    rows = (
        "invoice_id,line_no,issued_at,amount,issuer\n"
        "I1,1,2025-03-07,1,某某（上海）有限公司\n"
        "I2,1,2025-03-07,1,某某(上海)有限公司\n"
        "I3,1,2025-03-07,1,（无）\n"
        "I4,1,2025-03-07,1,ＡＧ１\n"
        "I5,1,2025-03-07,1,\u3000某某（上海）有限公司\u3000\n"
    )
    mapping = """
invoices:
  columns:
    issuer: {from: issuer, values: {某某（上海）有限公司: company, ＡＧ１: A1}}
  null_values: [（无）]
"""
    tickets = "ticket_id,opened_at\nT1,2025-03-07 09:00\n"
    staged = stage({"tickets.csv": tickets, "invoices.csv": rows}, mapping)
    assert staged.column("issuer", "invoices") == ["company", "company", None, "A1", "company"]


def test_the_next_source_is_asked_where_the_first_says_nothing(
    stage: Callable[..., Staged],
) -> None:
    """Nothing is what a person sees as such: any blank, and a word for it in any width."""
    nothing = ["", " ", "\t", "\u3000", "？", "－－", "n/a", "\u200b"]
    rows = "".join(
        f'T{n},2025-03-07 09:00,"{said}",2025-03-08 09:00\n' for n, said in enumerate(nothing)
    )
    mapping = """
tickets:
  columns:
    finished_at: {from: [resolved, closed]}
"""
    staged = stage({"tickets.csv": f"ticket_id,opened_at,resolved,closed\n{rows}"}, mapping)
    assert staged.column("finished_at") == [dt.datetime(2025, 3, 8, 9)] * len(nothing)  # noqa: DTZ001 - local
    assert staged.problems() == []


def test_joined_sources_are_joined_without_the_blanks_around_them(
    stage: Callable[..., Staged],
) -> None:
    mapping = """
tickets:
  columns:
    ticket_id: {from: [whole, [code, number]]}
"""
    staged = stage(
        {"tickets.csv": 'code,number,opened_at\n"0310\t",\u300012345681,2025-03-07 09:00\n'},
        mapping,
    )
    assert staged.column("ticket_id") == ["031012345681"]


GUIDE = Path(__file__).resolve().parents[2] / "pipelines" / "exports" / "README.md"


def test_the_mapping_the_readme_shows_is_one_and_reads_what_it_says(
    stage: Callable[..., Staged],
) -> None:
    tickets, log = re.findall("```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    header = "编号;安装城市;客户城市;创建日期;创建时间;登记时间;优先级;关闭;agent_id"
    rows = [
        "T1;;深圳;2025/3/1;18:30;;高;03.03.2025 10:00;A1",
        "T2;北京;成都;;;2025-03-02 8:00;待定;;",
    ]
    content = "\n".join(["一览", "", header, *rows, ""]).encode("gb18030")
    text = tickets.replace("preset: zendesk ", "# ").replace("sheet: 工单", "")
    staged = stage({"list.csv": content}, text)
    asked = "select ticket_id, city, cast(opened_at as varchar), fault_level, provider,"
    assert staged.rows(f"{asked} cast(finished_at as varchar), agent_id from staging.tickets") == [
        ("T1", "深圳", "2025-03-01 18:30:00", 1, "company", "2025-03-03 18:00:00", None),
        ("T2", "北京", "2025-03-02 08:00:00", None, "company", None, None),
    ]
    assert staged.problems() == []

    lines = [
        *(
            "单号,字段,旧值,新值,时间",
            "T1,状态,,新建,2025-03-03 09:00",
            "T1,优先级,,高,2025-03-03 09:01",
        ),
        *("T1,状态,新建,处理中,2025-03-03 10:00", "T1,状态,处理中,等待客户,2025-03-03 11:00"),
        *("T1,状态,等待客户,处理中,2025-03-03 12:00", "T1,状态,处理中,已解决,2025-03-03 13:00", ""),
    ]
    staged = stage({"history.csv": "\n".join(lines).encode()}, log)
    asked = "select cast(opened_at as varchar), cast(responded_at as varchar),"
    assert staged.rows(
        f"{asked} cast(finished_at as varchar), fault_level from staging.tickets"
    ) == [("2025-03-03 09:00:00", "2025-03-03 10:00:00", "2025-03-03 13:00:00", 1)]
    asked = "select cast(paused_at as varchar), cast(resumed_at as varchar) from staging.pauses"
    assert staged.rows(asked) == [("2025-03-03 11:00:00", "2025-03-03 12:00:00")]
