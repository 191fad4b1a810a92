"""Each preset on a small file in its system's own header layout, against rows written by hand."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from pipelines.errors import DataError, UsageError
from pipelines.exports import load_mapping
from pipelines.exports.presets import laid_over, preset_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.exports.staging_fixtures import Staged

pytest_plugins = ("tests.exports.staging_fixtures",)

FOLDER = Path(__file__).parent / "presets"
COLUMNS = (
    "ticket_id",
    "customer_name",
    "fault_level",
    "category",
    "channel",
    "opened_at",
    "responded_at",
    "finished_at",
    "city",
    "description",
)


def at(text: str) -> dt.datetime:
    """A local time as it stands in staging."""
    return dt.datetime.fromisoformat(text)


OPENED, LATER = at("2025-03-07 17:00"), at("2025-03-10 08:00")
SOLVED = at("2025-03-08 09:10")

# Written by hand from the files: what their system says, and None for what it does not.
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "zendesk": [
        (
            *("35436", "Acme Ltd", 1, "fault", "email", OPENED, None, SOLVED),
            *("成都", "Printer, 2nd floor: no power"),
        ),
        (
            *("35437", "Kurt", 4, "other", "web", at("2025-03-09 08:30"), None, None),
            *(None, "How do I order toner?"),
        ),
    ],
    "freshdesk": [
        (
            *("501", "North Water", 1, "fault", "phone", OPENED, at("2025-03-07 17:20:30")),
            *(at("2025-03-08 10:15"), None, "Pump stopped"),
        ),
        ("502", "Zhou Min", 3, None, "web", LATER, None, None, None, "Invoice copy"),
    ],
    "servicenow": [
        (
            *("INC0010001", "ACME North America", 1, "fault", "phone", OPENED, None),
            *(at("2025-03-07 19:30"), None, "Mail server down"),
        ),
        (
            *("INC0010002", "Don Goodliffe", None, "fault", "web", at("2025-03-08 09:00"), None),
            *(None, None, "Slow VPN"),
        ),
    ],
    "jira": [
        (
            *("SUP-41", "zhao.min", 1, "fault", None, OPENED, at("2025-03-07 17:25"), SOLVED),
            *(None, "Line 3 stands still"),
        ),
        (
            *("SUP-42", "chen.yu", None, "other", None, at("2025-03-10 00:05"), None, None),
            *(None, "New user"),
        ),
    ],
    "glpi": [
        (
            *("1041", "Root entity > Chengdu", None, "fault", "phone", OPENED, None),
            *(at("2025-03-08 09:30"), None, "Écran noir"),
        ),
        ("1042", "Root entity", None, "other", "web", LATER, None, None, None, "Nouveau compte"),
    ],
    "osticket": [
        (
            *("100231", "Wang Li", 1, None, "phone", OPENED, None, at("2025-03-08 09:30")),
            *(None, "No dial tone"),
        ),
        (
            *("100232", "Zhao", 3, None, "web", at("2025-03-10 08:05:09"), None, None),
            *(None, "Price list"),
        ),
    ],
    "itop": [
        (
            *("R-000041", "North Water", 1, "fault", "phone", OPENED, None, SOLVED),
            *(None, "Pump stopped"),
        ),
        ("R-000042", "South Gas", 4, "other", "email", LATER, None, None, None, "Manual, please"),
    ],
    "zentao": [
        ("2041", None, 1, "fault", None, OPENED, None, SOLVED, None, "设备离线，无法登录"),
        ("2042", None, 4, "fault", None, LATER, None, None, None, "界面错字"),
    ],
}
PROBLEMS = {"servicenow": {("fault_level", "5 - Planning")}, "jira": {("fault_level", "Lowest")}}


def staged_by(
    stage: Callable[..., Staged], preset: str, name: str, data: bytes, own: str = ""
) -> Staged:
    """A file staged as a person would: a mapping file that names its preset."""
    return stage({name: data}, mapping=f"preset: {preset}\n{own}")


@pytest.mark.parametrize("preset", EXPECTED)
def test_a_preset_reads_its_system(stage: Callable[..., Staged], preset: str) -> None:
    data = (FOLDER / f"{preset}.csv").read_bytes()
    staged = staged_by(stage, preset, f"{preset}_2025-03.csv", data)
    rows = staged.rows(f"select {', '.join(COLUMNS)} from staging.tickets order by source_row")
    assert rows == EXPECTED[preset]
    assert {(p[1], p[2]) for p in staged.problems()} == PROBLEMS.get(preset, set())
    assert staged.rejects() == []


def workbook(rows: list[list[Any]], sheet: str, **others: list[list[Any]]) -> bytes:
    """A workbook of a sheet and others beside it."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = sheet
    for row in rows:
        first.append(row)
    for name, cells in others.items():
        page = book.create_sheet(name)
        for row in cells:
            page.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_zammad_below_its_title(stage: Callable[..., Staged]) -> None:
    header = [
        "#",
        "Title",
        "State",
        "Priority",
        "Group",
        "Owner",
        "Customer",
        "Organization",
        "Create Channel",
        "Sender",
        "Tags",
        "Time Units Total",
        "Pending till",
        "Created At",
        "Updated At",
        "Closed At",
        "Close Escalation At",
        "Close In Min",
        "Close Diff In Min",
        "First Response At",
        "First Response Escalation At",
        "First Response In Min",
        "First Response Diff In Min",
        "Update Escalation At",
        "Update In Min",
        "Update Diff In Min",
        "Last Contact At",
        "Last Contact Agent At",
        "Last Contact Customer At",
        "Article Count",
        "Escalation At",
    ]
    blank: list[Any] = [None] * len(header)

    def row(**cells: Any) -> list[Any]:  # noqa: ANN401 - cells are text or times
        return [cells.get(name.replace(" ", "_")) for name in header]

    rows = [
        ["2025-3 (Asia/Shanghai)"],
        blank,
        header,
        row(
            **{"#": "20041", "Title": "Pump stopped", "Priority": "3 high", "Customer": "Wang"},
            Organization="North Water",
            Create_Channel="phone",
            Created_At=OPENED,
            First_Response_At=at("2025-03-07 17:20"),
            Closed_At=SOLVED,
            Escalation_At=LATER,
        ),
        row(**{"#": "20042", "Customer": "Zhou Min"}, Create_Channel="web", Created_At=LATER),
    ]
    staged = staged_by(stage, "zammad", "tickets-2025-3.xlsx", workbook(rows, "2025-3"))
    assert staged.rows(
        "select ticket_id, customer_name, fault_level, channel, opened_at, responded_at,"
        " finished_at, agreed_due_at, source_row from staging.tickets order by source_row"
    ) == [
        (
            *("20041", "North Water", None, "phone", OPENED, at("2025-03-07 17:20")),
            *(SOLVED, None, 4),
        ),
        ("20042", "Zhou Min", None, "web", LATER, None, None, None, 5),
    ]
    assert staged.problems() == []


INVOICE_HEADER = [
    "序号",
    "发票代码",
    "发票号码",
    "数电发票号码",
    "销方识别号",
    "销方名称",
    "购方识别号",
    "购买方名称",
    "开票日期",
    "金额",
    "税额",
    "价税合计",
    "发票来源",
    "发票票种",
    "发票状态",
    "是否正数发票",
    "发票风险等级",
    "开票人",
    "备注",
]
SELLER = ["91510100MA0000001X", "成都示例科技有限公司", "91110000MA0000002Y", "北京客户有限公司"]
PLAIN = ["普通发票", "正常", "正常", "张三", ""]


def invoices() -> bytes:
    """Two older invoices with one number but two codes, an electronic one, and a red one."""

    def row(code: str, number: str, digital: str, day: str, *money: float) -> list[Any]:
        positive = "是" if money[0] > 0 else "否"
        source = ["电子发票服务平台", PLAIN[0], PLAIN[1], positive, *PLAIN[2:]]
        return ["1", code, number, digital, *SELLER, day, *money, *source]

    rows = [
        INVOICE_HEADER,
        row("051002300111", "00000041", "", "2025-03-07 10:11:12", 1000.0, 130.0, 1130.0),
        row("051002300222", "00000041", "", "2025-03-07 10:12:00", 100.0, 13.0, 113.0),
        row("", "", "25512000000000000001", "2025-03-08 09:00:00", 200.0, 12.0, 212.0),
        row("", "", "25512000000000000002", "2025-03-09 09:00:00", -200.0, -12.0, -212.0),
    ]
    detail: list[list[Any]] = [
        ["序号", "数电发票号码", "开票日期", "价税合计"],
        ["1", "X", "2025-03-08", 212.0],
    ]
    return workbook(rows, "发票基础信息", 信息汇总表=detail)


def test_the_tax_bureaus_invoice_list(stage: Callable[..., Staged]) -> None:
    staged = stage(
        {"tickets.csv": "ticket_id\nT1\n", "全量发票查询导出结果-2025年3月.xlsx": invoices()},
        mapping="preset: fapiao\n"
        "invoices: {columns: {issuer: {values: {成都示例科技有限公司: company}}}}",
    )
    rows = staged.rows(
        "select invoice_id, line_no, issued_at, issuer, amount::varchar, currency, ticket_id,"
        " charge_type from staging.invoices order by source_row"
    )
    first, second = at("2025-03-07 10:11:12"), at("2025-03-07 10:12:00")
    assert rows == [
        ("05100230011100000041", 1, first, "company", "1130.00", "CNY", None, None),
        ("05100230022200000041", 1, second, "company", "113.00", "CNY", None, None),
        *(
            (
                *(f"2551200000000000000{n}", 1, at(f"2025-03-0{day} 09:00"), "company", money),
                *("CNY", None, None),
            )
            for n, day, money in ((1, 8, "212.00"), (2, 9, "-212.00"))
        ),
    ]
    assert staged.rejects() == []


def test_every_preset_is_tested_and_says_what_is_missing() -> None:
    assert set(preset_names()) == {*EXPECTED, "zammad", "fapiao"}
    for name in preset_names():
        mapping = load_mapping(Path(f"preset:{name}"))
        assert len(mapping.description) > 100


def test_a_mapping_changes_its_preset(stage: Callable[..., Staged]) -> None:
    data = (FOLDER / "servicenow.csv").read_bytes()
    own = """
tickets:
  columns:
    city: u_city
    fault_level: {values: {5 - Planning: 4}}
    category: {from: category, values: {Network: fault, Software: other}}
  constants: {channel: phone}
"""
    staged = staged_by(stage, "servicenow", "incident.csv", data, own)
    assert staged.rows(
        "select fault_level, city, category, channel from staging.tickets order by source_row"
    ) == [(1, "北京", "fault", "phone"), (4, None, "other", "phone")]


def test_null_takes_a_rule_of_the_preset_back() -> None:
    preset = {"tickets": {"sheet": "a", "columns": {"city": "Town"}, "constants": {"provider": 1}}}
    merged = laid_over(preset, {"tickets": {"sheet": None, "columns": {"city": None}}})
    assert merged["tickets"] == {
        "sheet": None,
        "columns": {"city": None},
        "constants": {"provider": 1},
    }


@pytest.mark.parametrize("name", ["zendes", "../../../etc/passwd", "", "Zendesk"])
def test_an_unknown_preset_is_said(name: str) -> None:
    with pytest.raises(UsageError, match=r"There is no preset .* Presets: fapiao, freshdesk"):
        load_mapping(Path(f"preset:{name}"))


def test_a_file_without_the_systems_key_is_refused_with_its_headers(
    stage: Callable[..., Staged],
) -> None:
    with pytest.raises(DataError, match="Ticket"):
        staged_by(stage, "zendesk", "tickets.csv", b"Ticket,Created at\n1,2025-03-07\n")


def test_an_optional_column_that_is_not_there_is_told(stage: Callable[..., Staged]) -> None:
    staged = staged_by(stage, "zendesk", "tickets.csv", b"Id,Created at\n1,2025-03-07\n")
    assert "finished_at (Solved at)" in staged.rows("select note from meta.files")[0][0]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("[]", "must be a header, or a list of headers"),
        ("[[], c]", "must be a header, or a list of headers"),
        ("{from: [a, [b, {c: d}]]}", "is not one text"),
        ("{from: a, optional: perhaps}", "must be true or false"),
    ],
)
def test_what_is_wrong_in_a_list_of_headers_is_said(tmp_path: Path, rule: str, words: str) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(f"tickets: {{columns: {{city: {rule}}}}}")
    with pytest.raises(UsageError, match=words):
        load_mapping(path)
