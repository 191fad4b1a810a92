"""sla map and sla check on real files: guesses, questions, refusals, hostile headers."""

from __future__ import annotations

import io
import itertools
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import yaml
from click.testing import CliRunner

from pipelines import cli
from pipelines.contract import TICKETS
from pipelines.exports import load_mapping
from pipelines.exports.guessing import assign, guess_value, name_similarity
from pipelines.exports.proposing import mapping_yaml, propose, quoted
from tests.exports.test_workbooks import book

PRESETS = Path(__file__).parent / "presets"


def sla(*arguments: object) -> tuple[int, str]:
    """Exit status and all that was said."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "servicenow",
            {
                "ticket_id": "number",
                "city": "u_city",
                "opened_at": "opened_at",
                "finished_at": "resolved_at",
            },
        ),
        (
            "freshdesk",
            {
                "ticket_id": "Ticket ID",
                "opened_at": "Created time",
                "responded_at": "Initial response time",
                "finished_at": "Resolved time",
                "fault_level": "Priority",
            },
        ),
        ("zendesk", {"ticket_id": "Id", "opened_at": "Created at", "finished_at": "Solved at"}),
        ("zentao", {"ticket_id": "Bug编号", "opened_at": "创建日期", "finished_at": "解决日期"}),
        (
            "glpi",
            {"ticket_id": "ID", "opened_at": "Opening date", "finished_at": "Resolution date"},
        ),
    ],
)
def test_columns_are_found_by_name_and_values(file: str, expected: dict[str, str]) -> None:
    guesses = propose(PRESETS / f"{file}.csv", "tickets").guesses
    found = {guess.column.name: guess.profile.header for guess in guesses}
    assert {name: found.get(name) for name in expected} == expected
    assert len(set(found.values())) == len(found)


REDMINE = (
    "#,项目,跟踪,父任务,状态,优先级,主题,类别,计划完成日期,完成率,创建于,结束日期,首次响应\n"
    "5201,华东,错误,,关闭,紧急,无法登录,,,9,2025-03-01 08:00,2025-03-02 08:00,2025-03-01 09:00\n"
    "5202,华东,支持,5201,关闭,普通,死机,,,9,2025-03-02 08:00,2025-03-03 08:00,2025-03-02 09:00\n"
)


def test_a_task_list_in_gb18030_gives_a_mapping_that_reads_it(tmp_path: Path) -> None:
    """The columns of Redmine's CSV in Chinese, which it writes in GB18030."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "issues.csv").write_bytes(REDMINE.encode("gb18030"))
    status, said = sla("map", folder / "issues.csv", "--out", tmp_path / "mapping.yaml")
    assert status == 0, said
    guessed = {
        g.column.name: g.profile.header for g in propose(folder / "issues.csv", "tickets").guesses
    }
    assert guessed == {
        "ticket_id": "#",
        "fault_level": "优先级",
        "parent_ticket_id": "父任务",
        "opened_at": "创建于",
        "responded_at": "首次响应",
        "finished_at": "结束日期",
        "category": "跟踪",
        "description": "主题",
    }
    status, said = sla("check", "--exports", folder, "--mapping", tmp_path / "mapping.yaml")
    assert status == 0, said
    assert "2 rows in = 2 staged + 0 rejected; 0 fields with a problem" in said


def test_a_column_of_own_values_is_shown_where_no_name_is_a_key(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("x,y,opened\na,T1,2025-03-07\na,T2,2025-03-08\n", encoding="utf-8")
    found = {g.column.name: (g.profile.header, g.score) for g in propose(path, "tickets").guesses}
    assert found["ticket_id"] == ("y", 0.6)
    assert "ticket_id: which column is it?" in sla("map", path, "--out", tmp_path / "m.yaml")[1]


def test_a_department_is_no_parent_ticket(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("ticket_id,department\nT1,PWDx\nT2,ISD\n", encoding="utf-8")
    assert [g.column.name for g in propose(path, "tickets").guesses] == ["ticket_id"]


def test_what_has_the_name_of_another_column_is_not_taken_for_this_one() -> None:
    # resolved_at is nearly spelt like responded_at, which the file does not have.
    guesses = propose(PRESETS / "servicenow.csv", "tickets").guesses
    assert "responded_at" not in {guess.column.name for guess in guesses}


@pytest.mark.parametrize(
    ("column", "header", "is_like"),
    [
        *(("responded_at", header, False) for header in ("应响应时间", "First Response Due")),
        *(("responded_at", header, False) for header in ("Response Due Time", "SLA Response Time")),
        *(("responded_at", header, False) for header in ("Last Response Time", "要求响应时间")),
        *(
            ("finished_at", header, False)
            for header in ("应完成时间", "Resolution Due", "计划完成时间")
        ),
        *(("finished_at", header, False) for header in ("Resolution Deadline", "Closed By")),
        *(("arrived_at", header, False) for header in ("预计到场时间", "Estimated Arrival Time")),
        *(("opened_at", header, False) for header in ("Reopened At", "再次受理时间")),
        *(("responded_at", header, True) for header in ("实际响应时间", "Actual Response Time")),
        *(
            ("responded_at", header, True)
            for header in ("响应时间", "First Response", "首次响应时间")
        ),
        *(("finished_at", header, True) for header in ("实际完成时间", "Resolved At")),
        ("arrived_at", "实际到场时间", True),
        *(("finished_at", header, False) for header in ("目标完成时间", "ResolveBy", "未完成时间")),
        *(("responded_at", header, False) for header in ("二次响应时间", "First resolved at")),
        *(("responded_at", header, False) for header in ("FirstResponseDue", "响应超时时间")),
        *(
            ("responded_at", header, True)
            for header in ("应答时间", "首次应答时间", "应急响应时间")
        ),
        ("responded_at", "供应商响应时间", True),
        ("agreed_due_at", "约定时限", True),
    ],
)
def test_the_time_something_should_happen_is_not_taken_for_when_it_did(
    column: str, header: str, *, is_like: bool
) -> None:
    assert (name_similarity(TICKETS.column(column), header, TICKETS) > 0) == is_like


def test_what_really_happened_goes_before_what_was_to_and_before_the_closing(
    tmp_path: Path,
) -> None:
    header = "工单号,受理时间,应响应时间,实际响应时间,应完成时间,关闭时间,实际完成时间"
    times = ",".join(f"2025-03-0{day} 09:00" for day in range(1, 7))
    path = tmp_path / "tickets.csv"
    path.write_text(f"{header}\nT1,{times}\nT2,{times}\n", encoding="utf-8")
    found = {guess.column.name: guess.profile.header for guess in propose(path, "tickets").guesses}
    assert (found["responded_at"], found["finished_at"]) == ("实际响应时间", "实际完成时间")


@pytest.mark.parametrize(("second", "is_in_force"), [("I1", False), ("I2", True)])
def test_lines_are_numbered_only_where_no_invoice_stands_twice(
    tmp_path: Path, second: str, *, is_in_force: bool
) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(
        f"发票号,开票日期,金额\nI1,2025-03-01,5\n{second},2025-03-01,6\n", encoding="utf-8"
    )
    said = mapping_yaml(propose(path, "invoices"))
    assert (re.search(r"^ +line_no: .?1", said, re.MULTILINE) is not None) == is_in_force


@pytest.mark.parametrize(
    ("text", "level"),
    [
        *(("P1 - Critical", "1"), ("2 - High", "2"), ("Sev 3", "3"), ("严重", "2"), ("Low", "4")),
        *(("3 high", None), ("5 very high", None), ("Planning", None), ("12", None), ("", None)),
    ],
)
def test_a_level_is_guessed_only_where_number_and_word_agree(text: str, level: str | None) -> None:
    assert guess_value(TICKETS.column("fault_level"), text) == level


def test_the_assignment_is_the_best_of_all() -> None:
    random = np.random.default_rng(7)
    for rows, columns in itertools.product(range(1, 5), repeat=2):
        scores = random.random((rows, columns))
        small = scores if rows <= columns else scores.T
        best = max(
            sum(small[row, place] for row, place in enumerate(places))
            for places in itertools.permutations(range(small.shape[1]), small.shape[0])
        )
        assert sum(scores[pair] for pair in assign(scores)) == pytest.approx(best)


def test_a_title_another_delimiter_and_day_first_times(tmp_path: Path) -> None:
    file = tmp_path / "repairs.csv"
    file.write_bytes(
        "报修记录 2025\n单号;报修时间;完成日期;优先级;客户\n"
        "R1;25/03/2025 08:30;26/03/2025 09:00;紧急;北方水务\n"
        "R2;27/03/2025 10:00;;一般;南方燃气\n".encode("gb18030")
    )
    status, said = sla("map", file, "--out", tmp_path / "m.yaml")
    assert status == 0, said
    assert "gb18030, delimiter ';'" in said
    rules = load_mapping(tmp_path / "m.yaml").exports["tickets"]
    assert rules.columns["opened_at"].header == "报修时间"
    assert rules.columns["opened_at"].way == "day-first"
    assert rules.columns["fault_level"].values == {"紧急": "1", "一般": "3"}
    status, said = sla("check", "--exports", tmp_path, "--mapping", tmp_path / "m.yaml")
    assert status == 0, said
    assert "2 rows in = 2 staged + 0 rejected; 0 fields with a problem" in said


def test_where_day_and_month_cannot_be_told_it_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text("Ticket,Created\n1,01/02/2025 08:00\n2,03/04/2025 09:00\n")
    question = (
        "is the day or the month first? 01/02/2025 may be 2025-02-01 (day-first) or"
        " 2025-01-02 (month-first); no cell of the column tells."
    )
    status, said = sla("map", file, "--out", tmp_path / "m.yaml")
    assert (status, f"opened_at: {question}" in said) == (0, True), said
    text = (tmp_path / "m.yaml").read_text(encoding="utf-8")
    assert f"    # {question}\n    #   format: day-first\n    #   format: month-first\n" in text
    # Left open, the cells stay blank; answered, they are read.
    status, said = sla("check", "--exports", tmp_path, "--mapping", tmp_path / "m.yaml")
    assert "Question  tickets.opened_at: is the day or the month first? 01/02/2025" in said
    assert "tickets.columns.opened_at.format: day-first or month-first: 2 cells" in said
    answered = text.replace("#   format: day-first", "  format: day-first")
    (tmp_path / "m.yaml").write_text(answered, encoding="utf-8")
    status, said = sla("check", "--exports", tmp_path, "--mapping", tmp_path / "m.yaml")
    assert (status, "0 fields with a problem" in said) == (0, True), said


def test_decimal_commas_are_told_or_asked(tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text("invoice_id;line_no;amount\nI1;1;1.234\nI2;1;12.500\n")
    assert "    #   format: decimal-comma" in mapping_yaml(propose(file, "invoices"))
    file.write_text("invoice_id;line_no;amount\nI1;1;1.234\nI2;1;12,50\n")
    assert "      format: decimal-comma" in mapping_yaml(propose(file, "invoices"))


def read_unedited(folder: Path, name: str, export: str = "tickets") -> tuple[str, int, str]:
    """The mapping proposed for a file, and what reading with it unedited comes to."""
    out = folder.parent / f"{folder.name}.yaml"
    status, said = sla("map", folder / name, "--export", export, "--out", out, "--force")
    assert status == 0, said
    return out.read_text(encoding="utf-8"), *sla("check", "--exports", folder, "--mapping", out)


def test_a_column_of_the_contract_that_is_there_twice_is_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text(
        "Ticket No,Created,City,city,Priority,Description,Description\n"
        "T1,2025-03-07 17:00,Beijing,Shanghai,P1,Down,Down again\n"
        "T2,2025-03-08 09:00,Wuhan,Wuhan,P2,Slow,\n"
    )
    text, status, said = read_unedited(folder, "tickets.csv")
    assert (status, "2 rows in = 2 staged + 0 rejected" in said) == (0, True), said
    assert (
        "    city: null  # 'City' / 'city' stands there more than once. Give one of them a"
        " name of its own in the file, and write that here\n"
    ) in text
    rules = load_mapping(tmp_path / "exports.yaml").exports["tickets"]
    assert {name for name, rule in rules.columns.items() if rule.header is None} == {
        "city",
        "description",
    }


def test_a_key_that_is_there_twice_is_refused_as_such(tmp_path: Path) -> None:
    # Left out it would only be said to be missing, and the lines of an invoice would be one.
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text("ticket_id\nT1\n")
    (folder / "invoices.csv").write_text(
        "invoice_id,line_no,line_no,amount\nI1,1,2,5.00\nI1,2,3,6.00\n"
    )
    text, status, said = read_unedited(folder, "invoices.csv", "invoices")
    assert (status, "more than one column for line_no ('line_no', 'line_no')" in said) == (
        1,
        True,
    ), said
    assert "    # line_no: 'line_no' stands there more than once. Give one" in text
    assert "constants" not in text


@pytest.mark.parametrize("length", [1_010, 1_023, 1_024, 30_000])
def test_a_long_cell_of_a_choice_keeps_its_meaning(tmp_path: Path, length: int) -> None:
    """A key of YAML on one line ends within 1,024 characters."""
    folder = tmp_path / "exports"
    folder.mkdir()
    cell = ("incident " * length)[: length - 1] + "s"
    (folder / "tickets.csv").write_text(
        "Ticket No,Created,Type\n"
        f"T1,2025-03-07 17:00,{cell}\n"
        "T2,2025-03-08 09:00,incident\n"
        f"T3,2025-03-08 09:00,{'x' * length}\n"
    )
    text, status, said = read_unedited(folder, "tickets.csv")
    assert (status, "3 rows in = 3 staged + 0 rejected; 1 field with a problem" in said) == (
        0,
        True,
    ), said
    rules = load_mapping(tmp_path / "exports.yaml").exports["tickets"]
    assert rules.columns["category"].values == {cell: "fault", "incident": "fault"}
    # The cell without a guess is in force once its mark is taken away and it is answered.
    answered = text.replace('"?"', '"fault"').replace("    #     ", "        ")
    (tmp_path / "exports.yaml").write_text(answered, encoding="utf-8")
    rules = load_mapping(tmp_path / "exports.yaml").exports["tickets"]
    assert rules.columns["category"].values["x" * length] == "fault"


TICKET_ROWS = [
    ["Ticket No", "Created", "Priority", "City"],
    ["T1", "2025-03-07 17:00", "P1", "Beijing"],
    ["T2", "2025-03-08 09:00", "P2", "Wuhan"],
]
COVER_ROWS = [["Report", "Date"], ["Tickets of March", "2025-04-01"]]


@pytest.mark.parametrize(
    ("sheets", "named", "rows"),
    [
        # The reading finds the sheet by its headers.
        ({"Cover": COVER_ROWS, "Tickets": TICKET_ROWS}, None, 2),
        ({"Cover": COVER_ROWS, "Tickets": [["March 2025"], [], *TICKET_ROWS]}, None, 2),
        # A sheet that names tickets but lacks half of their columns would be read beside it.
        (
            {
                "Notes": [["Ticket No", "City", "Note"], ["T1", "Beijing", "called back"]],
                'Ops "1"': TICKET_ROWS,
            },
            'Ops "1"',
            2,
        ),
        # A sheet a month: all are read, though one has a column more.
        (
            {
                "Cover": COVER_ROWS,
                "March": TICKET_ROWS,
                "April": [
                    ["Ticket No", "Created", "Priority", "City", "Resolved"],
                    ["T3", "2025-04-07 17:00", "P1", "Beijing", "2025-04-07 18:00"],
                ],
            },
            None,
            3,
        ),
        ({"March": TICKET_ROWS[:1], "April": TICKET_ROWS, "Cover": COVER_ROWS}, None, 2),
    ],
)
def test_a_workbook_is_proposed_from_the_sheet_that_fits_best(
    tmp_path: Path, sheets: dict[str, list[list[str]]], named: str | None, rows: int
) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "report.xlsx").write_bytes(book(sheets))
    text, status, said = read_unedited(folder, "report.xlsx")
    assert ("columns: 'Notes'\n" in text) == (named is not None)
    read = re.findall(r"(\d+) rows? in = \1 staged \+ 0 rejected; 0 fields", said)
    assert (status, sum(map(int, read))) == (0, rows), said
    rules = load_mapping(tmp_path / "exports.yaml").exports["tickets"]
    assert rules.sheet == named
    found = {name: rule.header for name, rule in rules.columns.items() if rule.header}
    assert (
        found.items()
        >= {
            "ticket_id": "Ticket No",
            "opened_at": "Created",
            "fault_level": "Priority",
            "city": "City",
        }.items()
    )
    assert ("finished_at" in found) == (rows == 3)


def test_a_hidden_sheet_is_no_choice(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    book_of_both = openpyxl.load_workbook(
        io.BytesIO(book({"Old": [[*TICKET_ROWS[0], "Resolved"], ["T0"]], "New": TICKET_ROWS}))
    )
    book_of_both["Old"].sheet_state = "hidden"
    book_of_both.active = book_of_both["New"]
    book_of_both.save(folder / "report.xlsx")
    text, status, said = read_unedited(folder, "report.xlsx")
    assert (status, "2 rows in = 2 staged" in said, "sheet:" in text) == (0, True, False), said


def test_numbers_of_a_workbook_are_proposed_as_they_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    rows = [["Ticket No", "training_hours"], ["T1", "1,5"], ["T2", 12.125], ["T3", 2.5]]
    (folder / "report.xlsx").write_bytes(book({"Tickets": rows[:3]}))
    text, status, said = read_unedited(folder, "report.xlsx")
    # Of a text file the comma would tell: there a number does not come with a point by itself.
    assert "\n      format: decimal-comma" not in text
    is_asked = "# is the decimal sign a point or a comma" in text
    assert (status, "Question  tickets.training_hours" in said) == (0, is_asked), said
    (folder / "report.xlsx").write_bytes(book({"Tickets": [*rows[:2], rows[3]]}))
    text, status, said = read_unedited(folder, "report.xlsx")
    assert "format:" not in text
    assert (status, "0 fields with a problem" in said) == (0, True), said


def test_day_numbers_of_a_workbook_are_times_where_the_header_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    rows = [
        ["工单号", "受理时间", "Resolved", "客户编号"],
        *([f"T{n}", 45720 + n + 0.375, 45721 + n, 45000 + n] for n in range(3)),
    ]
    (folder / "report.xlsx").write_bytes(book({"Tickets": rows}))
    text, status, said = read_unedited(folder, "report.xlsx")
    rules = load_mapping(tmp_path / "exports.yaml").exports["tickets"]
    found = {name: rule.header for name, rule in rules.columns.items() if rule.header}
    assert found["opened_at"] == "受理时间", text
    assert found["finished_at"] == "Resolved"
    assert found["customer_id"] == "客户编号"
    assert (status, "3 rows in = 3 staged + 0 rejected; 0 fields" in said) == (0, True), said


def test_a_mapping_is_replaced_only_when_forced(tmp_path: Path) -> None:
    out = tmp_path / "mapping.yaml"
    out.write_text("mine")
    status, said = sla("map", PRESETS / "glpi.csv", "--out", out)
    assert (status, out.read_text()) == (2, "mine")
    assert "--force" in said
    assert sla("map", PRESETS / "glpi.csv", "--out", out, "--force")[0] == 0
    assert out.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.csv"], "does not exist"),
        (["."], "is a folder"),
        ([__file__], "is of no format we read"),
        ([PRESETS / "glpi.csv", "--export", "bills"], "Name one of tickets"),
        ([PRESETS / "glpi.csv", "--out", "no/such/folder.yaml"], "cannot be written"),
    ],
)
def test_wrong_usage_of_map_is_said(
    arguments: list[object], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, said = sla("map", *arguments)
    assert (status, says in said) == (2, True), said
    assert list(tmp_path.iterdir()) == []


HOSTILE = (
    'a": {b: c}',
    "x\x1b[31mred",
    "# comment: !!python/object/apply:os.system ['true']",
    "'; drop table staging.tickets; --",
    "\u202egnp.exe",
    "&anchor *alias",
    "=HYPERLINK(1)",
    "[bold]markup[/bold]",
    "line\u2028end\x85",
    "{{ jinja }}",
    "\\",
)


def test_hostile_headers_and_values_stay_text(tmp_path: Path) -> None:
    file = tmp_path / "tickets[1] x.csv"
    cells = ",".join('"' + text.replace('"', '""') + '"' for text in HOSTILE)
    values = ",".join('"' + text.replace('"', '""') + '"' for text in HOSTILE)
    file.write_text(f"Ticket No,Priority,{cells}\n1,\x1b]0;x\x07,{values}\n", encoding="utf-8")
    out = tmp_path / "m.yaml"
    status, said = sla("map", file, "--out", out)
    assert status == 0, said
    for text in (said, out.read_text(encoding="utf-8")):
        assert not set(text) & set("\x1b\x07\u202e\u2028\x85")
    assert load_mapping(out).exports["tickets"].columns["ticket_id"].header == "Ticket No"
    status, said = sla("check", "--exports", tmp_path, "--mapping", out)
    assert (status, "1 row in = 1 staged" in said) == (0, True), said
    assert "\x1b" not in said


@pytest.mark.parametrize("text", [*HOSTILE, "\ud800", "🙂", "\U000e0001", "a\nb", "\0", "é中"])
def test_a_quoted_text_is_read_back_as_it_was(text: str) -> None:
    if text == "\ud800":  # half a character: YAML may refuse it, but nothing else may follow
        assert quoted(text) == '"\\ud800"'
    else:
        assert yaml.safe_load(f"- {quoted(text)}") == [text]


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0", b"one\n", b"a,b\n", b'a,"b\n1,2\n', b"\xff\xfe\xfd"]
)
def test_a_poor_file_is_a_sentence_or_a_proposal(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(data)
    status, said = sla("map", file, "--out", tmp_path / "m.yaml")
    assert status in (0, 1)
    assert "did not foresee" not in said
    if status == 0:
        load_mapping(tmp_path / "m.yaml")


def test_check_says_what_is_wrong_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "tickets.csv").write_text(
        "ticket_id,opened_at,fault_level,category\n"
        "T1,2025-03-07 17:00,1,fault\nT1,2025-03-07 17:00,1,fault\nT2,soon,9,\n"
    )
    (folder / "notes.txt").write_text("hello")
    status, said = sla("check", "--exports", folder)
    assert status == 0, said
    assert "3 rows in = 2 staged + 1 rejected; 2 fields with a problem" in said
    assert "Rejected  tickets: duplicate: 1 row, the first in tickets.csv, row 3" in said
    assert "tickets.fault_level: not one of: 1, 2, 3, 4: 1 cell," in said
    assert "the first 'soon' in tickets.csv, row 4" in said
    assert "Not read: notes.txt" in said
    assert "fault_has_city" in said
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "exports",
        "notes.txt",
        "tickets.csv",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["--exports", "nowhere"], 2, "does not exist"),
        (["--exports", "."], 1, "No tickets export"),
        (["--exports", ".", "--mapping", "preset:zendes"], 2, "Did you mean zendesk?"),
        (["--exports", ".", "--terms", "nowhere"], 2, "is no folder"),
    ],
)
def test_check_keeps_the_contracts_exit_statuses(
    arguments: list[str],
    status: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    found, said = sla("check", *arguments)
    assert (found, says in said) == (status, True), said
