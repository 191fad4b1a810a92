"""The history of one unit: warranty, free year, periods paid for, services and bills in time.

Belongs here: where each mark stands on the line of time, and the same as a table. Does not
belong here: drawing (the template does) or which units are shown (the query does).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards import words
from dashboards.language import Text, both
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

#: The drawing's inner width; its left and right edge are the first and last day.
WIDTH = 860.0
_MARGIN_DAYS = 20
_MOST_DAYS_AHEAD = 3653  # ten years
#: Findings that are in order, or nobody's concern here.
_QUIET = {"billed_as_due", "free_as_due", "not_yet_due", "agent_business", "not_audited"}
_YEARS_LABELLED = 12


@dataclass(frozen=True)
class Bar:
    """A stretch of days: ``kind`` is its style, ``early`` the part that should not be there."""

    x: float
    width: float
    kind: str
    title: Text
    early: float = 0.0


@dataclass(frozen=True)
class Mark:
    """A day on which something happened; ``is_wrong`` when its finding needs somebody."""

    x: float
    is_wrong: bool
    title: Text


@dataclass(frozen=True)
class UnitHistory:
    """What the page shows of one unit."""

    serial_no: str
    label: str
    sentence: Text
    years: tuple[tuple[float, str], ...]
    today: float
    warranty: Bar | None
    free_year: Bar | None
    periods: tuple[Bar, ...]
    services: tuple[Mark, ...]
    bills: tuple[Mark, ...]
    table: StaticTable


def histories(units: pl.DataFrame, charges: pl.DataFrame, as_of: date) -> list[UnitHistory]:
    """The history of every unit of ``units``, with its rows of ``charges``."""
    by_unit: dict[str, list[Mapping[str, Any]]] = {}
    for row in charges.iter_rows(named=True):
        by_unit.setdefault(row["serial_no"], []).append(row)
    return [
        _history(unit, by_unit.get(unit["serial_no"], []), as_of)
        for unit in units.iter_rows(named=True)
    ]


class _Line:
    """Days as places on the drawing; what ends long after the as-of goes on to its edge."""

    def __init__(self, days: Iterable[date | None], as_of: date) -> None:
        given = [day for day in days if day is not None]
        # Calendars end, and a warranty for life ends with them.
        margin, ahead = timedelta(days=_MARGIN_DAYS), timedelta(days=_MOST_DAYS_AHEAD)
        self.first = max(min(given), date.min + margin) - margin
        self.last = min(max(given), max(as_of, self.first) + ahead, date.max - margin) + margin

    def at(self, day: date) -> float:
        whole = (self.last - self.first).days
        return round((min(day, self.last) - self.first).days / whole * WIDTH, 1)

    def bar(self, start: date, end: date, kind: str, title: Text, early: date | None = None) -> Bar:
        """From ``start`` up to and without ``end``; the part before ``early`` is marked."""
        x = self.at(start)
        cut = min(early, end) if early else start
        return Bar(
            x,
            round(self.at(end) - x, 1),
            kind,
            title,
            round(max(0.0, self.at(cut) - x), 1),
        )


def _history(
    unit: Mapping[str, Any], charges: Sequence[Mapping[str, Any]], as_of: date
) -> UnitHistory:
    bought, warranty = unit["purchased_on"], unit["warranty_ends_on"]
    free, fee_from = unit["free_year_ends_on"], unit["maintenance_from_on"]
    days = [bought, warranty, free, as_of]
    for row in charges:
        days += [row[n] for n in ("charge_on", "first_issued_on", "coverage_start", "coverage_end")]
    line = _Line(days, as_of)
    every = max(1, -(-(line.last.year - line.first.year) // _YEARS_LABELLED))
    years = tuple(
        (line.at(date(year, 1, 1)), str(year))
        for year in range(line.first.year + 1, line.last.year + 1, every)
    )
    return UnitHistory(
        serial_no=unit["serial_no"],
        label=" · ".join(
            str(part)
            for part in (unit["serial_no"], unit["product_type"], unit["customer_id"])
            if part
        ),
        sentence=_sentence(unit),
        years=years,
        today=line.at(as_of),
        warranty=line.bar(bought, warranty, "used", _span("担保期", "Warranty", bought, warranty))
        if warranty and warranty > bought
        else None,
        free_year=line.bar(bought, free, "open", _span("免费服务期", "Free year", bought, free))
        if free
        else None,
        periods=tuple(
            line.bar(
                row["coverage_start"],
                min(row["coverage_end"], date.max - timedelta(days=1)) + timedelta(days=1),
                "pause",
                Text(_words(row).zh, _words(row).en),
                fee_from if row["overlap_days"] else None,
            )
            for row in charges
            if row["coverage_start"]
            and row["coverage_end"]
            and row["coverage_end"] >= row["coverage_start"]
        ),
        services=_services(line, charges),
        bills=tuple(
            Mark(line.at(row["first_issued_on"]), row["finding"] not in _QUIET, _words(row))
            for row in charges
            if row["first_issued_on"]
        ),
        table=_table(charges),
    )


def _services(line: _Line, charges: Sequence[Mapping[str, Any]]) -> tuple[Mark, ...]:
    """One mark per ticket: wrong when any of its charges is."""
    tickets: dict[str, list[Mapping[str, Any]]] = {}
    for row in charges:
        if row["ticket_id"] and row["charge_on"]:
            tickets.setdefault(row["ticket_id"], []).append(row)
    return tuple(
        Mark(
            line.at(rows[0]["charge_on"]),
            any(row["finding"] not in _QUIET for row in rows),
            both(f"{ticket_id} {rows[0]['service_code'] or ''} {rows[0]['charge_on']}"),
        )
        for ticket_id, rows in tickets.items()
    )


def _span(zh: str, en: str, start: date, end: date) -> Text:
    last = end - timedelta(days=1)
    return Text(f"{zh} {start} – {last}", f"{en} {start} – {last}")


def _sentence(unit: Mapping[str, Any]) -> Text:
    bought, warranty = lang.day(unit["purchased_on"]), lang.day(unit["warranty_ends_on"])
    free, fee = lang.day(unit["free_year_ends_on"]), lang.day(unit["maintenance_from_on"])
    return Text(
        f"{bought} 购买；担保期满后首日 {warranty}，免费服务期满后首日 {free}；"
        f"维护费自 {fee} 起可收。",
        f"Bought {bought}; first day out of warranty {warranty}, first day after the free year "
        f"{free}; a maintenance fee may be charged from {fee} on.",
    )


def _type(row: Mapping[str, Any]) -> Text:
    """The charge type in words; it may be one nobody can read."""
    if row["charge_type"] is None:
        return Text(lang.NOTHING, lang.NOTHING)
    return words.label(words.CHARGE_TYPES, row["charge_type"])


def _words(row: Mapping[str, Any]) -> Text:
    kind = _type(row)
    finding = words.label(words.FINDINGS, row["finding"])
    amount = f"{lang.money(row['billed_amount'])} {row['currency']}"
    lines = row["invoice_lines"] or ""
    return Text(
        f"{kind.zh} {amount} {finding.zh} {lines}".strip(),
        f"{kind.en} {amount} {finding.en} {lines}".strip(),
    )


def _table(charges: Sequence[Mapping[str, Any]]) -> StaticTable:
    return StaticTable(
        header=(
            Text("日期", "Day"),
            Text("工单 / 服务期", "Ticket / period"),
            Text("收费类型", "Charge type"),
            Text("已收", "Billed"),
            Text("结论", "Finding"),
            Text("条款", "Clause"),
            Text("发票行", "Invoice lines"),
            Text("理由", "Reason"),
        ),
        rows=tuple(
            (
                lang.day(row["charge_on"] or row["first_issued_on"]),
                row["ticket_id"]
                or f"{lang.day(row['coverage_start'])} – {lang.day(row['coverage_end'])}",
                _type(row),
                f"{lang.money(row['billed_amount'])} {row['currency']}",
                words.label(words.FINDINGS, row["finding"]),
                row["clause"],
                row["invoice_lines"] or lang.NOTHING,
                Text(row["reason_zh"] or "", row["reason"] or ""),
            )
            for row in charges
        ),
        numeric=frozenset({3}),
    )
