"""Finance's workbook ``finance.xlsx`` and the audit sample, from a finished warehouse.

Belongs here: which rows finance gets in hand, in what order. Does not belong here: how a
sheet is written or the page of the report (``dashboards``), or what a finding means (``models``).

The workbook holds no wall-clock time and no random id: the same warehouse gives the same bytes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dashboards.language import Text
from dashboards.words import CHARGE_TYPES, CUSTOMER_TYPES, EXPECTED, FINDINGS, PROVIDERS
from dashboards.workbook import Column, Table, book_of
from pipelines.reporting.finance_sheets import (
    EXCEPTIONS,
    FINDINGS_SHEET,
    INVOICES_GIVEN,
    SHEETS,
)
from pipelines.reporting.workbook_writer import written_beside
from pipelines.warehouse.models import select_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

WORKBOOK: Final = "finance.xlsx"
#: Charges drawn from each stratum of the audit sample.
PER_STRATUM: Final = 3
#: Most rows of a sheet; the largest amounts come first, the warehouse has the rest.
MOST_ROWS: Final = 10_000


@contextmanager
def write_finance(con: duckdb.DuckDBPyConnection, report_dir: Path) -> Iterator[Path]:
    """Write the workbook over the audit sample that was drawn, beside what the block does.

    The file is there when the block ends.
    """
    path = report_dir / WORKBOOK
    with written_beside(*_contents(con)) as content:
        yield path
        report_dir.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content())


def audit_seed(con: duckdb.DuckDBPyConnection) -> int:
    """The seed of a run nobody gave one: its as-of day, as YYYYMMDD."""
    row = con.execute("select cast(strftime(as_of, '%Y%m%d') as integer) from meta.run").fetchone()
    if row is None:
        message = "meta.run is empty: the audit sample has no as-of to draw its seed from"
        raise LookupError(message)
    return int(row[0])


def are_invoices_given(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether an export of invoices was given, be it without a line."""
    return con.execute(f"select {INVOICES_GIVEN}").fetchone() == (True,)


def draw_audit_sample(
    con: duckdb.DuckDBPyConnection, seed: int | None = None, per_stratum: int = PER_STRATUM
) -> None:
    """Draw ``meta.audit_sample``: charges of every finding and size, flagged and unflagged.

    A stratum is a finding, a currency and a band of the amount billed (nothing, below 10, below
    100, …). From each the charges with the smallest fingerprint of seed and charge are taken, so
    that the same seed draws the same charges whatever the order of the rows, and another seed
    draws others.
    """
    drawn = audit_seed(con) if seed is None else seed
    con.execute(
        """
        create or replace temp table drawn as
        with strata as (
            select
                finding,
                currency,
                case
                    when billed_amount = 0 then 0
                    else length(cast(cast(floor(abs(billed_amount)) as bigint) as varchar))
                end as digits,
                count(*) as stratum_charges,
                -- The smallest fingerprints of each, without sorting all.
                min(
                    {
                        'fingerprint': md5($seed::varchar || '|' || charge_id),
                        'charge_id': charge_id,
                        'ticket_id': ticket_id
                    },
                    $per_stratum
                ) as charges
            from steps.charge_findings
            where finding <> 'not_billed' or $is_given
            group by 1, 2, 3
        )
        select
            finding,
            currency,
            digits,
            stratum_charges,
            unnest(charges, recursive := true),
            generate_subscripts(charges, 1) as place
        from strata
        """,
        {"seed": drawn, "per_stratum": per_stratum, "is_given": are_invoices_given(con)},
    )
    charges = select_over(
        "facts.charges",
        {
            "steps.charges_on_tickets": "select * from steps.charges_on_tickets "
            "where ticket_id in (select ticket_id from drawn)"
        },
    )
    con.execute(
        f"""
        create or replace table meta.audit_sample as
        with charges as ({charges}),
        evidence as (
            select
                lines.charge_id,
                string_agg(
                    lines.source_file || ':' || lines.source_row, ', '
                    order by lines.invoice_id, lines.line_no
                ) as line_sources
            from steps.invoice_lines as lines
            where lines.charge_id in (select charge_id from drawn)
            group by lines.charge_id
        )
        select
            $seed::bigint as seed,
            row_number() over (
                order by drawn.finding, drawn.currency, drawn.digits, drawn.place
            ) as sample_no,
            charges.charge_id,
            charges.finding,
            case drawn.digits
                when 0 then '0'
                else '< ' || cast(10 ** drawn.digits as bigint)
            end as amount_band,
            drawn.stratum_charges,
            charges.charge_type,
            charges.expected,
            charges.billed_amount,
            charges.currency,
            charges.month,
            charges.customer_id,
            charges.ticket_id,
            charges.serial_no,
            charges.clause,
            charges.reason,
            charges.reason_zh,
            charges.invoice_lines,
            concat_ws(
                ', ', tickets.source_file || ':' || tickets.source_row, evidence.line_sources
            ) as evidence
        from drawn
        join charges on charges.charge_id = drawn.charge_id
        left join staging.tickets as tickets on tickets.ticket_id = charges.ticket_id
        left join evidence on evidence.charge_id = drawn.charge_id
        order by sample_no
        """,  # noqa: S608 - the select of a model
        {"seed": drawn},
    )
    con.execute("drop table temp.drawn")


def workbook(con: duckdb.DuckDBPyConnection) -> bytes:
    """The workbook's bytes; needs ``meta.audit_sample`` drawn."""
    return book_of(*_contents(con))


def _contents(con: duckdb.DuckDBPyConnection) -> tuple[Text, datetime, list[Table]]:
    """Title, as-of and tables."""
    run = con.execute("select as_of, timezone from meta.run").fetchone()
    if run is None:
        message = "meta.run is empty: the workbook has no as-of to state"
        raise LookupError(message)
    # One more than are shown: so it is known whether there are more.
    sheets = [(s, con.execute(s.sql, {"most": MOST_ROWS + 1}).fetchall()) for s in SHEETS]
    cut = [sheet.name for sheet, rows in sheets if len(rows) > MOST_ROWS]
    tables = [_overview(con, run[0], run[1], cut)]
    tables += [Table(sheet.name, sheet.columns, rows[:MOST_ROWS]) for sheet, rows in sheets]
    return _TITLE, run[0], [replace(table, columns=_worded(table.columns)) for table in tables]


def _overview(
    con: duckdb.DuckDBPyConnection, as_of: datetime, timezone: str, cut: Sequence[str]
) -> Table:
    """What the workbook is about: as-of, seed, each finding's money, and what is left out."""
    columns = (
        Column("项目 Item", "wide"),
        Column("币种 Currency"),
        Column("笔数 Charges", "number"),
        Column("已收金额 Billed", "money"),
        Column("多收 Overbilled", "money"),
        Column("待查 Unexplained", "money"),
        Column("漏收 Unbilled", "money"),
        Column("无价目 Without a rate", "number"),
    )
    seeds = con.execute("select distinct seed from meta.audit_sample").fetchall()
    notes = [
        Text(
            f"截至 {as_of:%Y-%m-%d %H:%M:%S} {timezone}",
            f"As of {as_of:%Y-%m-%d %H:%M:%S} {timezone}",
        ),
        Text(
            f"抽样种子：{seeds[0][0] if seeds else '-'}",
            f"Seed of the audit sample: {seeds[0][0] if seeds else '-'}",
        ),
    ]
    if not are_invoices_given(con):
        notes.append(
            Text(
                "没有发票导出：只列应否收费，是否已收无从核对，因此不列漏收",
                "No invoices export was given: what may be charged is listed, whether it was "
                "billed could not be matched, so nothing is listed as unbilled",
            )
        )
    found = con.execute("select count(*) from marts.billing_exceptions").fetchone()
    if found and found[0] > MOST_ROWS:
        notes.append(
            Text(
                f"结论页只列金额最大的 {MOST_ROWS} 条，共 {found[0]} 条，其余见 warehouse.duckdb "
                "的 marts.billing_exceptions",
                f"Only the largest {MOST_ROWS} of {found[0]} are listed; "
                "marts.billing_exceptions in warehouse.duckdb has all",
            )
        )
    others = [name for name in cut if name != FINDINGS_SHEET]
    if others:
        names = ", ".join(others)
        notes.append(
            Text(
                f"以下各页只列前 {MOST_ROWS} 行，其余见 warehouse.duckdb：{names}",
                f"Of these sheets only the first {MOST_ROWS} rows are listed; warehouse.duckdb has "
                f"all: {names}",
            )
        )
    rows = con.execute(
        "select finding, currency, sum(charges)::bigint, sum(billed_amount), "  # noqa: S608 - of the sheets
        "sum(overbilled_amount), sum(unexplained_amount), sum(unbilled_amount), "
        "sum(unrated_charges)::bigint from marts.billing_monthly "
        f"where finding <> 'not_billed' or {INVOICES_GIVEN} "
        "group by finding, currency order by finding, currency"
    ).fetchall()
    return Table("概要 Overview", columns, rows, notes)


_TITLE: Final = Text("财务核对", "Billing audit")
_WORDS: Final[Mapping[Text | str, Mapping[str, Text | str]]] = {
    "结论 Finding": FINDINGS,
    "项目 Item": FINDINGS,
    "收费类型 Charge type": CHARGE_TYPES,
    "应否收费 Expected": EXPECTED,
    "类别 Kind": EXCEPTIONS,
    "客户类型 Customer type": CUSTOMER_TYPES,
    "应开票方 To be billed by": PROVIDERS,
    "实际开票方 Issuers": PROVIDERS,
    "开票方 Issuer": PROVIDERS,
}


def _worded(columns: Sequence[Column]) -> list[Column]:
    """The columns with the words for the codes they hold."""
    return [replace(column, labels=_WORDS.get(column.header, {})) for column in columns]
