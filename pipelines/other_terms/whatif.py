# ruff: noqa: S608 - the SQL is put together from names of the warehouse and our own words
"""``sla whatif``: a draft of the terms beside the terms in force, over the last result's history.

The draft replaces files of the terms that result was judged by. What it reaches is judged once
more (``beside``); what comes out stands in ``OUT/whatif``: a page in each language, and the rows
as CSV. The result itself is not touched.

Belongs here: the comparison, its tables and its files. Does not belong here: the second run
(``beside``), what the draft says differently (``terms.differences``) and the page
(``dashboards.office.whatif``).
"""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Final

import duckdb

from dashboards import safe
from dashboards.language import LANGUAGES
from dashboards.office import whatif as page
from dashboards.office.whatif import WhatIf
from pipelines import publish
from pipelines.errors import UsageError
from pipelines.other_terms.beside import BESIDE, beside
from pipelines.terms import load_terms
from pipelines.terms.differences import differences
from pipelines.warehouse import open_beside, open_reader
from pipelines.warehouse.version import models_sha256, product_version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import polars as pl

    from pipelines.terms import Terms

FOLDER: Final = "whatif"
"""The folder in OUT; a further draft replaces it."""

AMOUNTS: Final = ("billed", "overbilled", "unexplained", "unbilled")
_VERDICTS: Final = ("met", "breached", "pending", "unmeasurable")
_SIDES: Final = ("was", "would")
_TABLES: Final = ("facts.responses", "facts.inspections", "marts.obligations", "facts.charges")

# What a row is grouped by, and the kind of rows that have it: a level and a tier decide the target
# of a response and of nothing else. A ticket the draft moves to another tier counts there.
_PROMISE_DIMENSIONS: Final = {
    "all": ("cast(null as varchar)", "true"),
    "level": ("cast(fault_level as varchar)", "kind = 'response'"),
    "city_tier": ("city_tier", "kind = 'response'"),
    "customer_type": ("customer_type", "true"),
    "customer": ("customer_id", "true"),
    "agent": ("responsible", "responsible <> 'company'"),
}
_CHARGE_DIMENSIONS: Final = {
    "all": ("cast(null as varchar)", "true"),
    "level": ("cast(fault_level as varchar)", "fault_level is not null"),
    "city_tier": ("city_tier", "city_tier is not null"),
    "customer_type": ("customer_type", "true"),
    "customer": ("customer_id", "true"),
    "agent": ("agent_id", "agent_id is not null"),
}
_PROMISE_FIELDS: Final = (
    *("ticket_id", "fault_level", "city_tier", "customer_type", "customer_id", "responsible"),
    *("month", "clause"),
)
_CHARGE_FIELDS: Final = (
    *("ticket_id", "charge_type", "fault_level", "city_tier", "customer_type", "customer_id"),
    *("agent_id", "month", "clause"),
)


def try_draft(out: Path, directory: Path, note: Callable[[str], None] = lambda _: None) -> WhatIf:
    """Judge the last result in OUT by a draft of the terms as well; write ``OUT/whatif``.

    Args:
        out: the folder a run wrote to.
        directory: the draft: terms files that replace those in force, by name.
        note: told what is being built.

    Raises:
        UsageError: there is no result or it is of another version of the product, or the draft
            cannot be used: every problem with file, key, why and what to write.
        DataError: another run holds OUT.
    """
    warehouse = out / "warehouse.duckdb"
    open_reader(warehouse).close()  # a slip in --out is said before anything is made there
    with publish.only_run(out) as building:
        with closing(open_beside(warehouse, temp_directory=building / publish.SPILL)) as con:
            in_force = terms_in_force(con)
            draft = load_terms(
                directory,
                {one.file.removesuffix(".yaml"): one.content for one in in_force.sources},
            )
            _check_time_zone(in_force, draft)
            found = compare_terms(con, in_force, draft, str(directory), note)
        folder = building / FOLDER
        write(found, folder)
        shutil.rmtree(out / FOLDER, ignore_errors=True)
        folder.replace(out / FOLDER)
    return found


def terms_in_force(con: duckdb.DuckDBPyConnection) -> Terms:
    """The terms a result was judged by, from its own copy of them.

    Raises:
        UsageError: the result is of another version of the product: what is taken from it and
            what is built anew would not be made alike.
    """
    try:
        ((models,),) = con.execute("select models_sha256 from meta.run").fetchall()
        kept = con.execute("select file, content from terms.files").fetchall()
    except duckdb.Error:  # a table or column it did not have yet
        models, kept = None, []
    if models != models_sha256():
        message = (
            "The result in this folder is of another version of the product, and its tables may "
            "mean something else. Run sla run once more, then try the draft."
        )
        raise UsageError(message)
    return load_terms(None, {file.removesuffix(".yaml"): content for file, content in kept})


def _check_time_zone(in_force: Terms, draft: Terms) -> None:
    if in_force.timezone != draft.timezone:
        message = (
            f"service_hours.yaml: the draft's timezone is {draft.timezone}, that in force is "
            f"{in_force.timezone}. Times were read from the exports in the zone in force, so a "
            "draft cannot change it here. Leave the timezone as it is, or judge the exports anew: "
            "sla run --terms DRAFT --out ANOTHER."
        )
        raise UsageError(message)


def compare_terms(
    con: duckdb.DuckDBPyConnection,
    in_force: Terms,
    draft: Terms,
    name: str,
    note: Callable[[str], None] = lambda _: None,
) -> WhatIf:
    """What the draft would change in the run in ``con``, which may be read-only."""
    (as_of, tickets) = con.execute(
        "select (select as_of from meta.run), (select count(*) from staging.tickets)"
    ).fetchall()[0]
    with beside(con, (in_force, draft), _TABLES, note) as home:
        _pair_promises(con, home)
        _pair_charges(con, home)
        found = WhatIf(
            name=name,
            as_of=as_of,
            timezone=in_force.timezone,
            tickets=tickets,
            version=product_version(),
            differences=tuple(
                (one.clause, one.days, one.sentence) for one in differences(in_force, draft)
            ),
            compliance=_compliance(con),
            money=_money(con),
            verdicts=_rows(con, "promises", "was is distinct from would", "kind, subject_id"),
            charges=_rows(con, "charges", _CHARGE_DIFFERS, "charge_id"),
        )
    con.execute("drop table whatif_promises; drop table whatif_charges")
    return found


def write(found: WhatIf, folder: Path) -> None:
    """Write the page in each language and the rows as CSV into a new ``folder``."""
    folder.mkdir(parents=True)
    for language in LANGUAGES:
        (folder / f"whatif.{language}.html").write_text(
            page.document(found, language), encoding="utf-8", newline=""
        )
    for name, frame in files(found).items():
        (folder / name).write_text(safe.csv_frame(frame), encoding="utf-8", newline="")


def files(found: WhatIf) -> Mapping[str, pl.DataFrame]:
    """The frames by the name of their file."""
    return {
        "compliance.csv": found.compliance,
        "money.csv": found.money,
        "verdicts.csv": found.verdicts,
        "charges.csv": found.charges,
    }


def _catalogs(home: str) -> Mapping[str, str]:
    return {"was": f'"{home}"', "would": BESIDE}


def _pair_promises(con: duckdb.DuckDBPyConnection, home: str) -> None:
    """Every promise of either side, with both verdicts and what each side groups it by."""
    sides = {
        side: f"""
        select
            promise.kind, promise.subject_id, promise.ticket_id, promise.responsible,
            promise.customer_type, promise.verdict, promise.clause, promise.month,
            response.fault_level, response.city_tier,
            coalesce(ticket.customer_id, inspection.customer_id) as customer_id
        from {catalog}.marts.obligations as promise
        left join {catalog}.facts.responses as response
            on promise.kind = 'response' and response.ticket_id = promise.ticket_id
        left join "{home}".staging.tickets as ticket on ticket.ticket_id = promise.ticket_id
        left join (
            select concat(contract_id, '/', quarter_no) as subject_id, customer_id
            from {catalog}.facts.inspections
        ) as inspection
            on promise.kind = 'inspection' and inspection.subject_id = promise.subject_id
        """
        for side, catalog in _catalogs(home).items()
    }
    con.execute(
        f"""
        create or replace temp table whatif_promises as
        select coalesce(was.kind, would.kind) as kind,
            coalesce(was.subject_id, would.subject_id) as subject_id,
            {_both(_PROMISE_FIELDS)}, was.verdict as was, would.verdict as would
        from ({sides["was"]}) as was
        full join ({sides["would"]}) as would
            on would.kind = was.kind and would.subject_id = was.subject_id
        """
    )


def _pair_charges(con: duckdb.DuckDBPyConnection, home: str) -> None:
    """Every charge of either side, with both findings and amounts."""
    amounts = ", ".join(
        f"cast(coalesce(charge.{amount}_amount, 0) as decimal(18, 2)) as {amount}"
        for amount in AMOUNTS
    )
    sides = {
        side: f"""
        select
            charge.charge_id, charge.ticket_id, charge.charge_type, charge.customer_type,
            charge.customer_id, charge.agent_id, charge.month, charge.clause, charge.finding,
            charge.is_unbilled, charge.currency, {amounts}, response.fault_level, response.city_tier
        from {catalog}.facts.charges as charge
        left join {catalog}.facts.responses as response on response.ticket_id = charge.ticket_id
        """
        for side, catalog in _catalogs(home).items()
    }
    con.execute(
        f"""
        create or replace temp table whatif_charges as
        select coalesce(was.charge_id, would.charge_id) as charge_id,
            {_both(_CHARGE_FIELDS)},
            was.finding as was, would.finding as would,
            {_both(("is_unbilled", "currency", *AMOUNTS))}
        from ({sides["was"]}) as was
        full join ({sides["would"]}) as would on would.charge_id = was.charge_id
        """
    )


def _both(names: tuple[str, ...]) -> str:
    return ", ".join(f"{side}.{name} as {name}_{side}" for name in names for side in _SIDES)


_CHARGE_DIFFERS: Final = " or ".join(
    [
        "was is distinct from would",
        *(f"{name}_was is distinct from {name}_would" for name in ("currency", *AMOUNTS)),
    ]
)


def _rows(con: duckdb.DuckDBPyConnection, kind: str, condition: str, order: str) -> pl.DataFrame:
    """The rows the draft changes; what they are grouped by as the draft has it, else as it was."""
    fields = _PROMISE_FIELDS if kind == "promises" else _CHARGE_FIELDS
    shown = ", ".join(f"coalesce({name}_would, {name}_was) as {name}" for name in fields)
    key = "kind, subject_id" if kind == "promises" else "charge_id"
    rest = "was, would"
    if kind == "charges":
        money = [f"{name}_{side}" for name in AMOUNTS for side in _SIDES]
        rest = ", ".join([rest, "coalesce(currency_would, currency_was) as currency", *money])
    return _frame(
        con, f"select {key}, {shown}, {rest} from whatif_{kind} where {condition} order by {order}"
    )


def _frame(con: duckdb.DuckDBPyConnection, sql: str) -> pl.DataFrame:
    frame: pl.DataFrame = con.sql(sql).pl()
    return frame


def _long(kind: str, fields: tuple[str, ...], is_changed: str) -> str:
    """Both sides one below the other, each with its own groups; a change is counted once."""
    sides = [
        f"select '{side}' as side, {', '.join(f'{name}_{side} as {name}' for name in fields)}, "
        f"{side} as word, {'kind, ' if kind == 'promises' else ''}"
        f"({is_changed}) and {'true' if side == 'was' else 'was is null'} as is_changed "
        f"from whatif_{kind} where {side} is not null"
        for side in _SIDES
    ]
    return " union all ".join(sides)


def _compliance(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The verdicts of both sides by dimension, its value, and kind of promise."""
    long = _long("promises", _PROMISE_FIELDS, "was is distinct from would")
    counts = ", ".join(
        f"count(case when side = '{side}' and word = '{verdict}' then 1 end) as {verdict}_{side}"
        for verdict in _VERDICTS
        for side in _SIDES
    )
    rates = ", ".join(
        f"round(100.0 * met_{side} / nullif(met_{side} + breached_{side}, 0), 2) "
        f"as compliance_pct_{side}"
        for side in _SIDES
    )
    grouped = " union all ".join(
        f"select {place} as place, '{dimension}' as dimension, {value} as value, kind, {counts}, "
        f"count(case when is_changed then 1 end) as flipped from sides where {condition} "
        "group by value, kind"
        for place, (dimension, (value, condition)) in enumerate(_PROMISE_DIMENSIONS.items())
    )
    return _frame(
        con,
        f"with sides as ({long}), grouped as ({grouped}) select * exclude (place), {rates} "
        "from grouped order by place, value nulls last, kind",
    )


def _money(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """The money of both sides by dimension, its value, and currency."""
    fields = (*_CHARGE_FIELDS, "is_unbilled", "currency", *AMOUNTS)
    long = _long("charges", fields, _CHARGE_DIFFERS)
    sums = ", ".join(
        f"cast(coalesce(sum(case when side = '{side}' then {amount} end), 0) as decimal(18, 2)) "
        f"as {amount}_{side}"
        for amount in AMOUNTS
        for side in _SIDES
    )
    missing = ", ".join(
        f"count(case when side = '{side}' and is_unbilled then 1 end) as not_billed_{side}"
        for side in _SIDES
    )
    grouped = " union all ".join(
        f"select {place} as place, '{dimension}' as dimension, {value} as value, currency, {sums}, "
        f"{missing}, count(case when is_changed then 1 end) as changed from sides "
        f"where {condition} group by value, currency"
        for place, (dimension, (value, condition)) in enumerate(_CHARGE_DIMENSIONS.items())
    )
    return _frame(
        con,
        f"with sides as ({long}), grouped as ({grouped}) select * exclude (place) "
        "from grouped order by place, value nulls last, currency nulls last",
    )
