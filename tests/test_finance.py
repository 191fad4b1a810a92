"""Finance's marts, workbook and audit sample, from a small company with one of each trouble."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from dashboards.workbook import cell_text
from pipelines.reporting import finance
from pipelines.reporting.finance import audit_seed, draw_audit_sample, workbook, write_finance
from tests.harness import build, case_id, check_case, give_files, load_cases, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

Row = dict[str, Any]
MARTS = ["exceptions", "monthly", "parties", "ageing", "reconciliation", "free_year"]


@pytest.mark.parametrize("case", load_cases("billing*.yaml"), ids=case_id)
def test_worked_case(case: Row) -> None:
    check_case(case)


def company(*, reverse: bool = False) -> dict[str, list[Row]]:
    """Forty tickets of phone service (free), billed from 1 to 40; a customer called a formula."""
    tickets = [
        {
            "ticket_id": f"T{number:02}",
            "customer_id": f"C{number % 4}",
            "customer_name": ["=HYPERLINK(1)", "+1", "-1", "@x"][number % 4],
            "customer_type": "key_account",
            "service_code": "SASR008",
            "provider": "company",
            "opened_at": f"2025-0{1 + number % 6}-10 09:00:00",
            "finished_at": f"2025-0{1 + number % 6}-10 10:00:00",
        }
        for number in range(1, 41)
    ]
    invoices = [
        {
            "invoice_id": f"I{number:02}",
            "line_no": 1,
            "issued_at": f"2025-0{1 + number % 6}-20 00:00:00",
            "issuer": "company",
            "ticket_id": f"T{number:02}",
            "charge_type": "service_fee",
            "amount": f"{number}.50",
        }
        for number in range(1, 31)
    ]
    if reverse:
        invoices.reverse()
    units = [{"serial_no": "R1", "purchased_at": "2024-08-01", "warranty_months": 12}]
    return {"tickets": tickets, "invoices": invoices, "installed_base": units}


def built(exports: dict[str, list[Row]]) -> duckdb.DuckDBPyConnection:
    tables = [*(f"marts.billing_{name}" for name in MARTS), "marts.renewals"]
    con = build(exports, tables, "2025-06-30 00:00:00")
    give_files(con, exports)
    return con


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with built(company()) as warehouse:
        draw_audit_sample(warehouse)
        yield warehouse


def sheet(content: bytes, name: str) -> Worksheet:
    found = openpyxl.load_workbook(BytesIO(content))[name]
    assert isinstance(found, Worksheet)
    return found


def written(con: duckdb.DuckDBPyConnection, folder: Path) -> bytes:
    with write_finance(con, folder) as path:
        assert not path.exists()
    return path.read_bytes()


def notes(content: bytes) -> list[str]:
    """What the overview says above its table, and the first column below."""
    return [str(row[0]) for row in sheet(content, "概要 Overview").iter_rows(values_only=True)]


def records(found: Worksheet) -> list[Row]:
    header, *rows = found.iter_rows(values_only=True)
    return [dict(zip((str(name) for name in header), row, strict=True)) for row in rows]


def test_the_workbook_opens_with_its_sheets_headers_frozen_and_filters_on(
    con: duckdb.DuckDBPyConnection,
) -> None:
    book = openpyxl.load_workbook(BytesIO(workbook(con)))
    assert book.sheetnames == [
        "概要 Overview",
        "结论 Findings",
        "发票行 Evidence",
        "对账 Reconciliation",
        "抽样 Audit sample",
        "续保 Renewals",
        "解读 Readings",
    ]
    for found in book.worksheets:
        # Above the table of the overview stand four notes and an empty row.
        top = 6 if found.title == "概要 Overview" else 1
        assert found.freeze_panes == f"A{top + 1}", found.title
        assert found.auto_filter.ref == found.dimensions.replace("A1", f"A{top}"), found.title
        assert all(cell.font.bold for cell in found[top]), found.title


def test_the_findings_stand_largest_first_with_money_and_dates_as_such(
    con: duckdb.DuckDBPyConnection,
) -> None:
    found = sheet(workbook(con), "结论 Findings")
    rows = records(found)
    assert [row["涉及金额 At stake"] for row in rows] == [n + 0.5 for n in range(30, 0, -1)]
    assert rows[0]["结论 Finding"] == "免费却收费 Billed but free"
    assert rows[0]["收费编号 Charge"] == "T30|service_fee|CNY"
    assert rows[0]["月份 Month"] == datetime(2025, 1, 1)  # noqa: DTZ001 - a cell has no zone
    month = [cell.value for cell in found[1]].index("月份 Month")
    assert found[2][month].number_format == "yyyy-mm"
    assert rows[0]["应开票方 To be billed by"] == "公司 Company"
    assert rows[0]["客户类型 Customer type"] == "大客户 Key account"
    money = [cell.value for cell in found[1]].index("涉及金额 At stake")
    assert found[2][money].number_format.startswith("#,##0.00")


def test_no_text_of_the_exports_becomes_a_formula(con: duckdb.DuckDBPyConnection) -> None:
    for found in openpyxl.load_workbook(BytesIO(workbook(con))).worksheets:
        for row in found.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if isinstance(cell.value, str):
                    assert not cell.value.startswith(("=", "+", "-", "@"))
    names = {
        row["客户名称 Customer name"] for row in records(sheet(workbook(con), "结论 Findings"))
    }
    assert names == {"'=HYPERLINK(1)", "'+1", "'-1", "'@x"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1", "'=1"),
        ("\tx", "'\tx"),
        ("a=1", "a=1"),
        ("成都", "成都"),
        ("x" * 40_000, "x" * 32_767),
    ],
)
def test_a_cell_is_neutralised_and_fits(text: str, shown: str) -> None:
    assert cell_text(text) == shown


def test_the_evidence_names_every_line_behind_a_finding_with_its_source(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = records(sheet(workbook(con), "发票行 Evidence"))
    assert {row["发票号 Invoice"] for row in rows} == {f"I{n:02}" for n in range(1, 31)}
    # the first line staged is row 2 of its file
    first = next(row for row in rows if row["发票号 Invoice"] == "I01")
    assert (first["来源文件 File"], first["行 Row"]) == ("invoices.csv", 2)


def test_the_reconciliation_sheet_adds_up(con: duckdb.DuckDBPyConnection) -> None:
    rows = records(sheet(workbook(con), "对账 Reconciliation"))
    # 1.50 + 2.50 + … + 30.50 = 465 + 15
    assert sum(row["发票金额 Invoiced"] for row in rows) == 480
    assert [row["差额 Difference"] for row in rows] == [0] * 6
    assert sum(row["已归入行数 Lines placed"] for row in rows) == 30


def test_the_same_warehouse_gives_the_same_bytes_whatever_the_order_of_lines(
    tmp_path: Path, con: duckdb.DuckDBPyConnection
) -> None:
    first = written(con, tmp_path / "a")
    assert first == workbook(con)
    draw_audit_sample(con)
    assert written(con, tmp_path / "b") == first
    with built(company(reverse=True)) as other:
        draw_audit_sample(other)
        found = [row["charge_id"] for row in rows_of(other, "meta.audit_sample")]
    assert found == [row["charge_id"] for row in rows_of(con, "meta.audit_sample")]


def test_the_sample_is_drawn_from_every_stratum_flagged_and_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    draw_audit_sample(con)
    rows = rows_of(con, "meta.audit_sample")
    # free and unbilled: 10; billed below 10: 1.50 to 9.50; below 100: 10.50 to 30.50
    strata = {(r["finding"], r["amount_band"]): r["stratum_charges"] for r in rows}
    assert strata == {
        ("free_as_due", "0"): 10,
        ("billed_but_free", "< 10"): 9,
        ("billed_but_free", "< 100"): 21,
    }
    assert len(rows) == 3 * finance.PER_STRATUM
    assert all(row["seed"] == 20250630 for row in rows)
    assert all("tickets.csv:" in row["evidence"] for row in rows)
    assert all(
        "invoices.csv:" in row["evidence"] for row in rows if row["finding"] == "billed_but_free"
    )


def test_each_currency_has_strata_of_its_own() -> None:
    exports = company()
    for invoice in exports["invoices"][:3]:
        invoice["currency"] = "USD"
    with built(exports) as con:
        draw_audit_sample(con)
        rows = rows_of(con, "meta.audit_sample")
    strata = {
        (r["currency"], r["amount_band"]): r["stratum_charges"] for r in rows if r["billed_amount"]
    }
    # 1.50 to 3.50 in dollars; 4.50 to 9.50 and 10.50 to 30.50 in yuan
    assert strata == {("USD", "< 10"): 3, ("CNY", "< 10"): 6, ("CNY", "< 100"): 21}


def test_a_drawn_charge_says_what_the_charge_says() -> None:
    with build(company(), ["facts.charges", "steps.charge_findings"], "2025-06-30") as con:
        give_files(con, company())
        draw_audit_sample(con)
        same = "charge_id, ticket_id, finding, billed_amount, clause, reason, reason_zh, month"
        drawn = con.execute(f"select {same} from meta.audit_sample order by 1").fetchall()
        charges = con.execute(
            f"select {same} from facts.charges "
            "where charge_id in (select charge_id from meta.audit_sample) order by 1"
        ).fetchall()
    assert drawn
    assert drawn == charges


def test_the_units_to_renew_have_a_sheet(con: duckdb.DuckDBPyConnection) -> None:
    (row,) = records(sheet(workbook(con), "续保 Renewals"))
    # 30 June to 1 August: 32 days, the first of them counted
    assert (row["产品序列号 Unit"], row["剩余天数 Days left"]) == ("R1", 32)


def test_another_seed_draws_other_charges_and_the_seed_stands_beside_them(
    con: duckdb.DuckDBPyConnection,
) -> None:
    def drawn(seed: int) -> set[str]:
        draw_audit_sample(con, seed)
        return {str(row["charge_id"]) for row in rows_of(con, "meta.audit_sample")}

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    rows = records(sheet(workbook(con), "抽样 Audit sample"))
    assert {row["种子 Seed"] for row in rows} == {2}
    assert {row["核对结果 Result"] for row in rows} == {None}
    draw_audit_sample(con)
    assert audit_seed(con) == 20250630


def test_sheets_are_cut_to_the_largest_and_say_so(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finance, "MOST_ROWS", 5)
    content = workbook(con)
    assert [row["涉及金额 At stake"] for row in records(sheet(content, "结论 Findings"))] == [
        30.5,
        29.5,
        28.5,
        27.5,
        26.5,
    ]
    said = notes(content)
    assert any("the largest 5 of 30" in line for line in said)
    (others,) = [line for line in said if "only the first 5 rows" in line]
    assert "发票行 Evidence" in others
    assert "结论 Findings" not in others
    assert len(records(sheet(content, "发票行 Evidence"))) == 5


def test_an_empty_company_still_gives_a_workbook(tmp_path: Path) -> None:
    with built({}) as empty:
        draw_audit_sample(empty)
        content = written(empty, tmp_path)
    assert records(sheet(content, "结论 Findings")) == []
    said = notes(content)
    assert any("No invoices export was given" in line for line in said)
    assert (
        Decimal(
            sum(row["差额 Difference"] for row in records(sheet(content, "对账 Reconciliation")))
        )
        == 0
    )


@pytest.mark.parametrize("is_given", [True, False])
def test_nothing_is_called_unbilled_without_an_invoices_export_but_with_an_empty_one(
    tmp_path: Path, *, is_given: bool
) -> None:
    """One place decides for the findings, the overview and the sample."""
    ticket = {
        "ticket_id": "T1",
        "customer_id": "C1",
        "customer_type": "end_customer",
        "city": "成都",
        "dispatch_city": "北京",
        "service_code": "SASL012",
        "provider": "company",
        "opened_at": "2024-03-01 09:00:00",
        "finished_at": "2024-03-02 09:00:00",
    }
    with built({"tickets": [ticket]}) as con:
        give_files(con, ["tickets", "invoices"] if is_given else ["tickets"])
        found = con.execute("select finding from facts.charges where charge_type = 'service_fee'")
        assert found.fetchall() == [("not_billed",)]
        draw_audit_sample(con)
        content = written(con, tmp_path)
    sheets = ("结论 Findings", "概要 Overview", "抽样 Audit sample")
    said = [str(records(sheet(content, name))) for name in sheets]
    assert [("应收未收" in text) for text in said] == [is_given] * 3
    assert any("No invoices export" in line for line in notes(content)) is not is_given
