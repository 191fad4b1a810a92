"""What is wrong on purpose with the papers: invoices and service records.

Belongs here: defects of lines and records. The tickets they are about come from ``planted``.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sample_data.company import BATCH_AGENT, COPYING_AGENT, RETIRED_AGENT, SILENT_AGENT
from sample_data.paperwork import FILING_LIMIT, charge, sell_coverage, write_record
from sample_data.planted import SECOND, SPECIAL_AGENTS, note
from sample_data.world import AS_OF, Copy, Line, Record, Ticket, Unit, World

if TYPE_CHECKING:
    from collections.abc import Callable

CHARGES = "facts.charges"
SPRING = date(2025, 2, 1)
BATCH_DAY = date(2024, 12, 31)
OLDEST_IN_BATCH = date(2024, 11, 20)


def plant_invoices(world: World, cases: dict[str, Ticket]) -> None:
    """Plant every finding of the charges, on tickets set aside for them."""
    _free_but_billed(world, cases)
    _not_billed(world, cases)
    _twice_or_astray(world, cases)
    _undetermined(world, cases)
    _credited(world, cases)
    _bad_lines(world)


def plant_records(world: World) -> None:
    """Plant late, missing, wrong and incomplete records, strays, and agents worth a look."""
    _boundaries(world)
    _late_and_missing(world)
    _wrong_records(world)
    _stray_records(world)
    _batch(world)
    _copied_texts(world)
    _flagged_agents(world)
    _bad_records(world)


def _found(world: World, kind: str, line: Line, what: str, finding: str, **values: object) -> None:
    """Note what the charge of the line's ticket must say."""
    where: dict[str, object] = {"ticket_id": line.ticket, "charge_type": line.charge_type}
    note(world, kind, line, what, CHARGES, where, finding=finding, **values)


def _line(
    world: World, ticket: Ticket, charge_type: str, *, by: str = "", with_line: Line | None = None
) -> Line:
    """A line for a ticket, by its provider unless ``by`` says company."""
    line = charge(world, ticket, charge_type, with_line=with_line, after_days=6)
    if line is None:
        message = f"a planted line would be issued after the as-of: {charge_type}"
        raise ValueError(message)
    if by == "company":
        line.agent = None
    return line


def _free_but_billed(world: World, cases: dict[str, Ticket]) -> None:
    free = "charge_billed_but_free"
    line = _line(world, cases["visit free"], "service_fee")
    _found(world, free, line, "on-site service of a key account is S2: free", "billed_but_free")
    line = _line(world, cases["phone charged"], "service_fee")
    _found(
        world,
        free,
        line,
        "an agent charges an end customer for phone service, S2: free",
        "billed_but_free",
    )
    line = _line(world, cases["delivery damage"], "repair_replacement")
    _found(
        world,
        free,
        line,
        "damage in delivery is never charged (AS-2)",
        "billed_but_free",
        clause="AS-2",
    )
    under = "charge_billed_under_warranty"
    line = _line(world, cases["repair in warranty"], "repair_replacement")
    _found(
        world,
        under,
        line,
        "a replacement within the warranty",
        "billed_under_warranty",
        clause="WA-1",
    )
    line = _line(world, cases["fee in warranty"], "maintenance_fee")
    _found(world, under, line, "a maintenance fee within the warranty", "billed_under_warranty")
    _line(world, cases["fee in warranty"], "service_fee", with_line=line).line_no = 2
    unit = _soon_out_of_warranty(world)
    begins = unit.maintenance_from - timedelta(days=45)
    line = sell_coverage(world, unit, begins, begins + timedelta(days=4))
    note(world, under, line, f"coverage from {begins}, the fee may be charged from {unit.maintenance_from}: 45 days of overlap",
         CHARGES, {"serial_no": unit.serial_no, "charge_type": "maintenance_fee", "ticket_id": None},
         finding="billed_under_warranty", overlap_days=45)  # fmt: skip
    for name in ("x one", "x two"):
        line = _line(world, cases[name], "service_fee")
        _found(world, "charge_billed_not_provided", line, "presales on-site service of an end customer is X: the company does not provide it",
               "billed_not_provided")  # fmt: skip


def _soon_out_of_warranty(world: World) -> Unit:
    """A unit of the company's own customers whose fee may be charged from this spring on."""
    return next(
        unit
        for unit in world.units
        if unit.customer.customer_type != "end_customer"
        and SPRING <= unit.maintenance_from <= date(2025, 7, 31)
        and all(line.unit is not unit for line in world.lines)
    )


def _not_billed(world: World, cases: dict[str, Ticket]) -> None:
    for name, charge_type, what in (
        (
            "unbilled intro",
            "service_fee",
            "an agent's on-site introduction in another city (S1), no invoice",
        ),
        (
            "unbilled maintenance",
            "maintenance_fee",
            "on-site troubleshooting out of warranty, no invoice and no coverage",
        ),
        (
            "unbilled escalation",
            "service_fee",
            "on-site service of an end customer (S0) by the company, no invoice",
        ),
    ):
        ticket = cases[name]
        note(world, "charge_not_billed", ticket, what, CHARGES,
             {"ticket_id": ticket, "charge_type": charge_type}, finding="not_billed")  # fmt: skip
    for name in ("own one", "own two"):
        ticket = cases[name]
        what = "on-site service of an end customer (S0) by its agent, not billed: its own business"
        where: dict[str, object] = {"ticket_id": ticket, "charge_type": "service_fee"}
        note(world, "charge_agent_business", ticket, what, CHARGES, where, finding="agent_business")


def _again(world: World, line: Line, days: int, amount: Decimal | None = None) -> Line:
    """The line once more on a later invoice, or a credit note for it."""
    other = Line(
        line.issued_on + timedelta(days=days), line.agent, line.customer, line.charge_type,
        line.amount if amount is None else amount, line.ticket, line.unit, line.contract_id,
        line.payment_method, line.coverage_start, line.coverage_end,
    )  # fmt: skip
    world.lines.append(other)
    return other


def _twice_or_astray(world: World, cases: dict[str, Ticket]) -> None:
    line = _line(world, cases["twice"], "service_fee")
    again = _again(world, line, 9)
    _found(
        world,
        "charge_duplicate",
        again,
        "the same fee on a second invoice nine days later",
        "duplicate_charge",
    )
    covers = [
        each for each in world.lines
        if each.coverage_start and each.unit and each.agent is None
        and each.issued_on < date(2025, 4, 1) and each.coverage_start >= each.unit.maintenance_from
    ]  # fmt: skip
    again = _again(world, covers[0], 12)
    note(world, "charge_duplicate", again, "the same coverage billed again twelve days later", CHARGES,
         {"serial_no": covers[0].unit, "charge_type": "maintenance_fee", "finding": "duplicate_charge"})  # fmt: skip
    customer = world.of_type("key_account")[2]
    line = Line(
        date(2024, 9, 18),
        None,
        customer,
        "service_fee",
        Decimal("980.00"),
        stray_ticket_id="GD24089999",
    )
    world.lines.append(line)
    note(world, "charge_orphan", line, "cites a ticket that is not there", CHARGES,
         {"ticket_id": "GD24089999"}, finding="orphan_charge")  # fmt: skip
    line = Line(date(2025, 3, 6), None, customer, "maintenance_fee", Decimal("1260.00"))
    world.lines.append(line)
    note(world, "charge_orphan", line, "neither ticket nor unit nor contract", CHARGES,
         {"ticket_id": None, "billed_amount": Decimal("1260.00"), "customer_id": customer.customer_id},
         finding="orphan_charge")  # fmt: skip
    for name in ("wrong one", "wrong two"):
        line = _line(world, cases[name], "service_fee", by="company")
        _found(
            world,
            "charge_wrong_biller",
            line,
            "the company bills what the agent provided",
            "wrong_biller",
        )
    for number, (day, amount, what) in enumerate(
        (
            (date(2024, 8, 27), "120.00", "freight"),
            (date(2024, 11, 19), "86.00", "printed manuals"),
            (date(2025, 2, 18), "240.00", "freight"),
        )
    ):
        unit = world.of_type("key_account")[number * 2].units[0]
        line = Line(day, None, unit.customer, "other", Decimal(amount), unit=unit)
        world.lines.append(line)
        note(world, "charge_not_audited", line, f"charge type other ({what})", CHARGES,
             {"serial_no": unit.serial_no, "charge_type": "other"}, finding="not_audited")  # fmt: skip


def _undetermined(world: World, cases: dict[str, Ticket]) -> None:
    for name, charge_type, what in (
        ("no unit", "maintenance_fee", "产品序列号 is blank: warranty unknown"),
        (
            "unknown unit",
            "maintenance_fee",
            "产品序列号 is not in the installed base: warranty unknown",
        ),
        ("no city", "service_fee", "城市 is blank: same city or not is unknown (S1)"),
    ):
        ticket = cases[name]
        note(world, "charge_undetermined", ticket, what, CHARGES,
             {"ticket_id": ticket, "charge_type": charge_type}, finding="undetermined",
             expected="undetermined")  # fmt: skip


def _credited(world: World, cases: dict[str, Ticket]) -> None:
    line = _line(world, cases["credited"], "service_fee")
    line.amount = Decimal("1200.00")
    credit = _again(world, line, 10, Decimal("-300.00"))
    _found(world, "charge_partial_credit", credit, "a credit of 300 on 1200: 900 stay billed, as due",
           "billed_as_due", billed_amount=Decimal("900.00"))  # fmt: skip
    line = _line(world, cases["reversed due"], "service_fee")
    credit = _again(world, line, 7, -line.amount)
    _found(world, "charge_full_reversal", credit, "fully reversed and not billed anew, though due",
           "not_billed", billed_amount=Decimal("0.00"))  # fmt: skip
    line = _line(world, cases["reversed free"], "service_fee")
    credit = _again(world, line, 5, -line.amount)
    _found(world, "charge_full_reversal", credit, "a fee for free phone service, fully reversed: in order",
           "free_as_due", billed_amount=Decimal("0.00"))  # fmt: skip


def _bad_lines(world: World) -> None:
    unit = world.of_type("key_account")[6].units[0]
    line = Line(date(2025, 1, 22), None, unit.customer, "other", Decimal("300.00"), unit=unit)
    line.overrides["amount"] = "￥三百元"
    world.lines.append(line)
    note(world, "problem_amount", line, "an amount in words", "staging.problems",
         {"export": "invoices", "column": "amount"}, value="￥三百元")  # fmt: skip
    note(world, "charge_not_audited", line, "charge type other, its amount cannot be read", CHARGES,
         {"serial_no": unit.serial_no, "charge_type": "other"}, finding="not_audited")  # fmt: skip
    own = [each for each in world.lines if each.agent and each.ticket and not each.ticket.is_reserved
           and each.with_line is None]  # fmt: skip
    line = own[3]
    line.overrides["issued_at"] = "2025-02-29"
    note(world, "problem_issued_at", line, "2025 is no leap year", "staging.problems",
         {"export": "invoices", "column": "issued_at"}, value="2025-02-29")  # fmt: skip
    for reason, what, place, changes in (
        ("missing_key", "行号 is blank", "after", {"line_no": ""}),
        ("duplicate", "the row above once more", "after", {}),
        ("superseded", "the amount was corrected in the row below", "before", {"amount": "1.00"}),
    ):
        line = own[{"missing_key": 7, "duplicate": 9, "superseded": 11}[reason]]
        copy = Copy(line, place, dict(changes))
        world.copies.append(copy)
        note(
            world,
            f"reject_{reason}",
            copy,
            what,
            "staging.rejects",
            {"export": "invoices", "reason": reason},
        )


def _take(world: World, wanted: Callable[[Record], bool], agent_id: str | None = None) -> Record:
    """The first ordinary record that is wanted, now set aside with its ticket."""
    for record in world.records:
        ticket = record.ticket
        if ticket is None or ticket.is_reserved or record.overrides or ticket.finished_at is None:
            continue
        owner = record.agent.agent_id
        is_fit = owner == agent_id if agent_id else owner not in SPECIAL_AGENTS
        if is_fit and ticket.finished_at < AS_OF - timedelta(days=40) and wanted(record):
            ticket.is_reserved = True
            return record
    message = "no record fits what is to be planted: change the seed or the stories"
    raise LookupError(message)


def _nth(world: World, number: int) -> Callable[[Record], bool]:
    """Records from the given tenth of the year on, so that the planted ones are spread."""
    first = len(world.records) * number // 10
    later = {id(record) for record in world.records[first:]}
    return lambda record: id(record) in later


def _boundaries(world: World) -> None:
    for extra, verdict, what in (
        (timedelta(), "filed_on_time", "filed after 7 x 24 h to the second: on time"),
        (SECOND, "filed_late", "filed one second after 7 x 24 h"),
    ):
        record = _take(world, lambda _: True)
        record.submitted_at = _finished(record) + FILING_LIMIT + extra
        note(world, "filing_at_the_limit" if not extra else "filing_late", record, what,
             "facts.filings", {"ticket_id": record.ticket}, finding=verdict)  # fmt: skip


def _finished(record: Record) -> datetime:
    if record.ticket is None or record.ticket.finished_at is None:
        message = "this record's ticket is not finished"
        raise ValueError(message)
    return record.ticket.finished_at


def _late_and_missing(world: World) -> None:
    for number in range(9):
        record = _take(world, _nth(world, number))
        record.submitted_at = _finished(record) + FILING_LIMIT + timedelta(hours=9 + 31 * number)
    for number in range(6):
        record = _take(world, _nth(world, number + 1))
        world.records.remove(record)
    for _ in range(2):
        world.records.remove(_take(world, lambda _: True, RETIRED_AGENT))


def _wrong_records(world: World) -> None:
    for form in ("fault_record", "presales_report"):
        record = _take(world, lambda each, form=form: each.form == form)  # type: ignore[misc]  # a default binds the loop's form
        record.form = "presales_report" if form == "fault_record" else "fault_record"
        note(world, "filing_wrong_form", record, f"{record.form} where {form} is owed",
             "facts.filings", {"ticket_id": record.ticket}, finding="wrong_form")  # fmt: skip
    for column in ("resolution", "engineer", "fault_description"):
        record = _take(world, lambda each: each.form == "fault_record")
        setattr(record, column, "")
        note(world, "filing_incomplete", record, f"{column} is blank", "facts.filings",
             {"ticket_id": record.ticket}, finding="incomplete")  # fmt: skip


def _stray_records(world: World) -> None:
    table = "marts.record_exceptions"
    for number in range(2):
        record = _take(world, _nth(world, 1 + 6 * number))
        extra = write_record(world, _ticket(record), record.submitted_at + timedelta(minutes=20))
        extra.ticket = None
        extra.stray_ticket_id = f"GD{_ticket(record).opened_at:%y%m}999{9 - number}"
        world.records.append(extra)
        note(
            world,
            "record_without_ticket",
            extra,
            "its ticket is not there",
            table,
            {"record_id": extra},
            exception="no_ticket",
        )
    for number in (2, 7):
        record = _take(world, _nth(world, number))
        extra = write_record(world, _ticket(record), record.submitted_at + timedelta(hours=2))
        extra.agent = next(
            each for each in world.agents
            if each is not record.agent and each.agent_id not in SPECIAL_AGENTS
        )  # fmt: skip
        extra.engineer = extra.agent.engineers[0]
        world.records.append(extra)
        note(world, "record_of_another_agents_ticket", extra, "the ticket was served by another agent",
             table, {"record_id": extra}, exception="other_agent")  # fmt: skip
    for number in (3, 8):
        record = _take(world, _nth(world, number))
        extra = write_record(
            world, _ticket(record), record.submitted_at + timedelta(days=1, hours=3)
        )
        world.records.append(extra)
        note(world, "record_filed_twice", extra, "a second record of a ticket already filed", table,
             {"record_id": extra}, exception="repeat")  # fmt: skip
    still_open = next(
        each for each in world.tickets
        if each.finished_at is None and each.agent and each.provider == "agent"
        and each.opened_at < AS_OF - timedelta(days=2) and each.agent.agent_id not in SPECIAL_AGENTS
    )  # fmt: skip
    extra = write_record(world, still_open, AS_OF - timedelta(hours=7))
    extra.started_at, extra.finished_at = still_open.opened_at, AS_OF - timedelta(hours=8)
    world.records.append(extra)
    note(world, "record_before_the_end", extra, "filed although the ticket is not finished", table,
         {"record_id": extra}, exception="not_finished")  # fmt: skip


def _ticket(record: Record) -> Ticket:
    if record.ticket is None:
        message = "this record has no ticket"
        raise ValueError(message)
    return record.ticket


def _batch(world: World) -> None:
    """One agent files everything of the last weeks of the year in forty minutes."""
    batch = [
        each for each in world.records
        if each.agent.agent_id == BATCH_AGENT
        and OLDEST_IN_BATCH <= _finished(each).date() < BATCH_DAY
    ]  # fmt: skip
    begins = datetime.combine(BATCH_DAY, time(16, 5))
    for number, record in enumerate(batch):
        record.submitted_at = begins + timedelta(minutes=4 * number, seconds=17)
    note(world, "agent_batch", batch[0].agent, f"{len(batch)} records filed on {BATCH_DAY} within {4 * len(batch) - 4} minutes",
         "marts.agent_flags", {"agent_id": BATCH_AGENT, "flag": "batch"}, flag_rows=len(batch))  # fmt: skip


def _copied_texts(world: World) -> None:
    """One agent hands in the same text again and again."""
    copied: list[Record] = []
    for _ in range(4):
        record = _take(world, lambda each: each.form == "fault_record", COPYING_AGENT)
        if copied:
            record.fault_description = copied[0].fault_description
            record.resolution = copied[0].resolution
        copied.append(record)
    copied[-1].resolution += "。"
    note(world, "agent_copied_texts", copied[0].agent, "four records share one text", "marts.agent_flags",
         {"agent_id": COPYING_AGENT, "flag": "copied_text"}, flag_rows=4)  # fmt: skip


def _flagged_agents(world: World) -> None:
    for agent in world.agents:
        if agent.agent_id == SILENT_AGENT:
            last = max(each.submitted_at for each in world.records if each.agent is agent)
            note(world, "agent_silent", agent, f"serves on, filed last on {last:%Y-%m-%d}",
                 "marts.agent_flags", {"agent_id": SILENT_AGENT, "flag": "silent"})  # fmt: skip
        elif agent.agent_id == RETIRED_AGENT:
            note(world, "agent_retired", agent, f"retired on {agent.active_to}, still owes records",
                 "marts.agent_flags", {"agent_id": RETIRED_AGENT, "flag": "retired"}, flag_rows=2)  # fmt: skip


def _bad_records(world: World) -> None:
    record = _take(world, _nth(world, 4))
    record.overrides["service_started_at"] = "昨天下午"
    note(world, "problem_service_started_at", record, "not a time", "staging.problems",
         {"export": "service_records", "column": "service_started_at"}, value="昨天下午")  # fmt: skip
    for number, (reason, what, changes) in enumerate(
        (
            ("missing_key", "记录编号 is blank", {"record_id": ""}),
            ("duplicate", "the row above once more", {}),
        )
    ):
        copy = Copy(_take(world, _nth(world, 5 + number)), "after", dict(changes))
        world.copies.append(copy)
        note(world, f"reject_{reason}", copy, what, "staging.rejects",
             {"export": "service_records", "reason": reason})  # fmt: skip
