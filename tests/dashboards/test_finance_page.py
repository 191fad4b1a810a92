"""The finance page: money by finding, never across currencies; a unit's history; hostile texts."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards.language import Text
from dashboards.pages import PAGES, finance, finance_charts
from dashboards.pages.finance_units import WIDTH, histories
from dashboards.site import write_report
from tests.dashboards.frames import HOSTILE, files, report

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
JANUARY, FEBRUARY, MARCH = date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)


def money(finding: str, month: date | None, **values: object) -> Row:
    """One row of ``billing_months``."""
    return {
        "month": month,
        "finding": finding,
        "charge_type": "service_fee",
        "clause": "T2",
        "biller": "company",
        "billed_by": "company",
        "currency": "CNY",
        "charges": 1,
        "billed_amount": Decimal("0.00"),
        "overbilled_amount": Decimal("0.00"),
        "unexplained_amount": Decimal("0.00"),
        "unbilled_amount": Decimal("0.00"),
        "overbilled_charges": values.get("charges", 1) if values.get("overbilled_amount") else 0,
        "unexplained_charges": 0,
        "unbilled_charges": 0,
        "unrated_charges": 0,
        **values,
    }


ROWS = [
    money(
        "billed_but_free", JANUARY, charges=2, billed_amount=Decimal(70),
        overbilled_amount=Decimal(70),
    ),
    money("billed_but_free", MARCH, billed_amount=Decimal(30), overbilled_amount=Decimal(30)),
    money(
        "billed_but_free", MARCH, billed_amount=Decimal(9), overbilled_amount=Decimal(9),
        currency="USD",
    ),
    money(
        "billed_but_free", MARCH, billed_amount=Decimal(5), overbilled_amount=Decimal(5),
        biller="agent", billed_by="agent",
    ),
    money(
        "wrong_biller", MARCH, billed_amount=Decimal(40), overbilled_amount=Decimal(40),
        biller="agent", clause="EC",
    ),
    money("not_billed", MARCH, charges=3, unbilled_charges=3, unrated_charges=3, billed_by=None),
    money("not_billed", MARCH, charge_type="maintenance_fee", charges=7),
    money(
        "orphan_charge", None, billed_amount=Decimal(1), unexplained_amount=Decimal(1),
        unexplained_charges=1,
    ),
    money("billed_as_due", MARCH, billed_amount=Decimal(500)),
]  # fmt: skip
UNITS = pl.DataFrame(
    [
        {
            "serial_no": "U'1",
            "product_type": HOSTILE,
            "customer_id": "C1",
            "purchased_on": date(2023, 1, 1),
            "warranty_ends_on": date(2024, 1, 1),
            "free_year_ends_on": date(2024, 1, 1),
            "maintenance_from_on": date(2024, 1, 1),
        }
    ]
)


def charge(**values: object) -> Row:
    """One row of ``billing_unit_charges``."""
    return {
        "serial_no": "U'1",
        "charge_id": "x",
        "ticket_id": None,
        "service_code": None,
        "charge_type": "maintenance_fee",
        "finding": "billed_as_due",
        "clause": "WA-2",
        "billed_amount": Decimal(365),
        "currency": "CNY",
        "invoice_lines": "I1#1",
        "charge_on": None,
        "first_issued_on": None,
        "coverage_start": None,
        "coverage_end": None,
        "overlap_days": None,
        "reason": HOSTILE,
        "reason_zh": HOSTILE,
        **values,
    }


PAYMENTS = pl.DataFrame(
    [
        {
            "payment_method": "现金",
            "is_named": False,
            "invoice_lines": 1,
            "amount": Decimal(70),
            "currency": "CNY",
        }
    ]
)
CHARGES = pl.DataFrame(
    [
        charge(
            finding="billed_under_warranty",
            coverage_start=date(2023, 12, 22),
            coverage_end=date(2024, 12, 20),
            first_issued_on=date(2023, 12, 1),
            overlap_days=10,
        ),
        charge(ticket_id="T1", charge_type="service_fee", charge_on=date(2024, 6, 1)),
    ],
    infer_schema_length=None,
)


def test_the_company_s_overbilling_is_told_apart_from_the_agents_and_by_currency() -> None:
    company, unbilled, unexplained, agents = finance.glance(ROWS, ["CNY", "USD"])
    # 70 + 30 + 40, the last billed by the company for what an agent provided
    assert company["amounts"] == [("CNY", Decimal(140)), ("USD", Decimal(9))]
    assert company["charges"] == 5
    assert unbilled["amounts"] == []
    assert unbilled["charges"] == 3
    assert unexplained["amounts"] == [("CNY", Decimal(1))]
    assert unexplained["charges"] == 1
    assert agents["amounts"] == [("CNY", Decimal(5))]


def test_findings_stand_by_money_then_by_what_has_no_rate() -> None:
    rows = finance.findings_table(ROWS).rows
    said = [(str(getattr(row[0], "en", row[0])), row[4], row[6], row[7]) for row in rows]
    assert said[0] == ("Billed but free", "3", "100.00", "CNY")
    assert said[1] == ("Wrong biller", "1", "40.00", "CNY")
    assert ("Billed but free", "1", "9.00", "USD") in said
    not_billed = next(row for row in rows if row[0] == Text("应收未收", "Not billed"))
    assert not_billed[6] == Text("无价目", "no rate")


def test_the_chart_says_its_sum_its_peak_and_its_largest_part_in_one_currency() -> None:
    chart = finance_charts.money_by_month(ROWS, "CNY")
    assert chart is not None
    # January 70, February nothing, March 30 + 5 + 40; the orphan of 1 has no month
    assert chart.sentence.en == (
        "146.00 CNY in all, 1.00 of it without a month; most in 2025-03 (75.00); the largest part "
        "of what has a month is “Billed but free” with 105.00."
    )
    assert [row[-1] for row in chart.twin.rows] == ["70.00", "0.00", "75.00"]
    assert [trace["name"] for trace in chart.figures["zh"]["data"]] == ["免费却收费", "开票方不符"]
    assert finance_charts.money_by_month(ROWS, "EUR") is None
    # It is drawn up to the report's last month, also where that has nothing at stake.
    longer = finance_charts.money_by_month(ROWS, "CNY", date(2025, 5, 1))
    assert longer is not None
    assert [row[-1] for row in longer.twin.rows] == ["70.00", "0.00", "75.00", "0.00", "0.00"]
    dollars = finance_charts.money_by_month(ROWS, "USD")
    assert dollars is not None
    assert dollars.sentence.en.endswith("the largest part is “Billed but free” with 9.00.")


def test_the_sum_is_of_all_months_also_of_those_not_drawn() -> None:
    row = next(row for row in ROWS if row["currency"] == "CNY" and row["month"] is not None)
    each = finance_charts.at_stake(row)
    rows = [{**row, "month": date(2021 + at // 12, at % 12 + 1, 1)} for at in range(40)]
    chart = finance_charts.money_by_month(rows, "CNY")
    assert chart is not None
    assert chart.sentence.en.startswith(f"{40 * each:,.2f} CNY in all; most in 2024-04")
    assert len(chart.figures["en"]["data"][0]["x"]) == 36


def test_a_unit_s_history_marks_the_days_billed_too_early() -> None:
    (unit,) = histories(UNITS, CHARGES, date(2025, 3, 10))
    (period,) = unit.periods
    # 365 days from 2023-12-22, the first 10 before 2024-01-01
    assert abs(period.early / period.width - 10 / 365) < 0.001
    assert unit.warranty is not None
    assert abs(unit.warranty.x + unit.warranty.width - (period.x + period.early)) < 0.3
    assert [mark.is_wrong for mark in unit.bills] == [True]
    assert [mark.is_wrong for mark in unit.services] == [False]
    assert 0 < unit.today < WIDTH
    assert [year for _, year in unit.years] == ["2023", "2024", "2025"]


def test_a_warranty_for_life_goes_on_to_the_edge_of_the_drawing() -> None:
    ends = pl.lit(date.max)
    for_life = UNITS.with_columns(warranty_ends_on=ends, maintenance_from_on=ends)
    (unit,) = histories(for_life, CHARGES, date(2025, 3, 10))
    assert unit.warranty is not None
    assert unit.warranty.x + unit.warranty.width == WIDTH
    # ten years ahead, and not eight thousand
    assert 0.1 * WIDTH < unit.today < 0.3 * WIDTH


def test_reading_5_says_what_would_change() -> None:
    frame = pl.DataFrame(
        {
            "finding": ["billed_as_due", "not_billed"],
            "finding_other_reading": ["billed_but_free", "free_as_due"],
            "currency": ["CNY", "CNY"],
            "charges": [2, 1],
            "billed_amount": [Decimal(600), Decimal(0)],
            "overbilled_amount": [Decimal(0), Decimal(0)],
            "overbilled_amount_other_reading": [Decimal(600), Decimal(0)],
            "unbilled_charges": [0, 1],
            "unbilled_charges_other_reading": [0, 0],
        }
    )
    built = finance.free_year(frame)
    assert built is not None
    assert built["sentence"].en == (
        "3 charges would change; money overbilled on them from 0.00 to 600.00 CNY, "
        "charges not billed from 1 to 0."
    )
    assert finance.free_year(pl.DataFrame()) is None


def test_a_month_that_does_not_reconcile_is_named() -> None:
    frame = pl.DataFrame(
        {
            "month": [JANUARY, FEBRUARY],
            "currency": ["CNY", "CNY"],
            "invoice_lines": [2, 1],
            "placed_lines": [2, 1],
            "invoice_amount": [Decimal("10.00"), Decimal("5.00")],
            "charges": [2, 1],
            "charge_amount": [Decimal("10.00"), Decimal("5.01")],
            "difference": [Decimal("0.00"), Decimal("0.01")],
        }
    )
    said = finance.balance(frame)
    assert said is not None
    assert said.en.endswith("Months that differ: 2025-02.")
    table = finance.reconciliation_table(frame)
    assert table is not None
    assert table.caption is not None
    assert "the month its ticket was opened" in table.caption.en
    assert "各月合计即全部发票" in table.caption.zh
    agreed = finance.balance(frame.head(1))
    assert agreed is not None
    assert agreed.en == (
        "2 of 2 invoice lines are each in one charge; invoices 10.00 CNY, charges 10.00 CNY. "
        "Every month agrees to the cent."
    )
    one = finance.balance(frame.tail(1))
    assert one is not None
    assert one.en.startswith("1 of 1 invoice line is in one charge; ")


def test_the_page_prints_hostile_texts_as_text_in_both_languages(tmp_path: Path) -> None:
    frames = {
        "billing_months": pl.DataFrame(ROWS, infer_schema_length=None),
        "billing_units": UNITS,
        "billing_unit_charges": CHARGES,
        "billing_payments": PAYMENTS,
        "files": files(("tickets", "invoices")),
    }
    given = report(
        frames, months=(FEBRUARY, MARCH), month=FEBRUARY, exports=frozenset({"tickets", "invoices"})
    )
    write_report(given, [page for page in PAGES if page.name == "finance"], tmp_path)
    for language in ("zh", "en"):
        text = (tmp_path / language / "finance.html").read_text(encoding="utf-8")
        assert "<img src=x" not in text
        assert 'value="U&#39;1"' in text
        assert re.search(r'data-month="2025-02".*?class="note"', text, re.DOTALL)
        # The part billed too early differs from the rest by more than its colour; the key has both.
        assert re.search(r'class="over early" x="[0-9.]+" y="44" width="[0-9.]+" height="16"', text)
        for kind in ("pause", "over early"):
            assert f'<li><i class="{kind}"></i>' in text
        # What the picker does not change says so.
        of_all = {"zh": "付款方式 · 全部月份", "en": "How bills are paid · All months"}
        assert f'<h2 id="payments">{of_all[language]}</h2>' in text


def test_without_invoices_the_page_says_what_it_would_show(tmp_path: Path) -> None:
    write_report(report(), [finance.PAGE], tmp_path)
    text = (tmp_path / "en" / "finance.html").read_text(encoding="utf-8")
    assert "this page shows: what is billable" in text
    assert "reconciled with the invoices month by month" in text


def test_who_billed_is_said_in_words() -> None:
    assert finance.issuers_in_words(None) is None
    assert finance.issuers_in_words("A1, company") == Text("A1, 公司", "A1, Company")
