# ruff: noqa: S608 - the SQL is put together from our own names
"""What became of closed months: each against its published version, figure by figure.

The figures of a run are always the current ones. Where a closed month's differ from what was
published, both stand side by side: which ticket, record or charge changed, came late or is gone,
and why (``causes``).

Belongs here: comparing the run with the store, and the tables that hold what was found. Does not
belong here: the store (``store``), what a closed month holds (``closing``), or the page.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from dashboards import words
from dashboards.language import Text, counted
from pipelines.checks import effects
from pipelines.exports.quoting import parquet_rows
from pipelines.months import causes, store
from pipelines.months.causes import Causes, Subject
from pipelines.warehouse import lineage, models, open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from pipelines.months.store import Problem, Version
    from pipelines.terms import Terms

TABLES: Final = {
    "marts.closed_months": "The published versions of months, and whether the last one still holds",
    "marts.closed_rates": "Each promise of a closed month, as published and as it is now",
    "marts.closed_money": "The money of a closed month, as published and as it is now",
    "marts.restatements": "What changed in closed months since they were published, and why",
    "meta.closed_problems": "What in the store of closed months is not as it was published",
}

_VERDICTS: Final = ("met", "breached", "pending", "unmeasurable")
_AMOUNTS: Final = ("billed", "overbilled", "unexplained", "unbilled")


def _twice(names: Iterable[str], kind: pl.DataType | type[pl.DataType]) -> dict[str, Any]:
    return {f"{name}_{when}": kind for name in names for when in ("was", "now")}


_MONEY = pl.Decimal(18, 2)
_SCHEMAS: Final[Mapping[str, Mapping[str, Any]]] = {
    "marts.closed_months": {
        "month": pl.Date,
        "version": pl.Int32,
        "is_latest": pl.Boolean,
        "published_at": pl.Datetime("us"),
        "reason": pl.String,
        "as_of": pl.Datetime("us"),
        "product_version": pl.String,
        "seal": pl.String,
        "state": pl.String,
        "changed": pl.Int64,
        "late": pl.Int64,
        "vanished": pl.Int64,
        "why_not": pl.String,
        "why_not_zh": pl.String,
    },
    "marts.closed_rates": {
        "month": pl.Date,
        "version": pl.Int32,
        "kind": pl.String,
        **_twice(_VERDICTS, pl.Int64),
    },
    "marts.closed_money": {
        "month": pl.Date,
        "version": pl.Int32,
        "currency": pl.String,
        **_twice(_AMOUNTS, _MONEY),
    },
    "marts.restatements": {
        "month": pl.Date,
        "version": pl.Int32,
        "kind": pl.String,
        "subject_id": pl.String,
        "ticket_id": pl.String,
        "change": pl.String,
        "was": pl.String,
        "is_now": pl.String,
        "detail": pl.String,
        "detail_zh": pl.String,
        "cause_code": pl.String,
        "cause": pl.String,
        "cause_zh": pl.String,
        "currency": pl.String,
        **_twice(_AMOUNTS, _MONEY),
    },
    "meta.closed_problems": {
        "version": pl.String,
        "place": pl.String,
        "problem": pl.String,
        "problem_zh": pl.String,
        "remedy": pl.String,
        "remedy_zh": pl.String,
    },
}

# Both sides of the comparison: what is judged, its anchor (``evidence``), the word that says how
# it stands, whether time alone may decide it, and whether nothing was done yet. ``{facts.x}`` is
# the table now, or its published rows.
_FIGURES: Final = """
select 'response' as kind, ticket_id as subject_id, ticket_id, 'ticket' as anchor_kind,
    ticket_id as anchor, verdict as word, verdict = 'pending' as is_open, is_open as is_undone,
    cast(to_json({{'fault_level': fault_level, 'city_tier': city_tier}}) as varchar) as cell,
    clock, cast(null as varchar) as currency,
    cast(null as decimal(18, 2)) as billed, cast(null as decimal(18, 2)) as overbilled,
    cast(null as decimal(18, 2)) as unexplained, cast(null as decimal(18, 2)) as unbilled
from {responses}
union all
select 'filing', ticket_id, ticket_id, 'ticket', ticket_id, coalesce(finding, verdict),
    finding = 'pending', record_id is null,
    cast(to_json({{'agent_id': agent_id}}) as varchar), null, null, null, null, null, null
from {filings}
union all
select 'charge', charge_id, ticket_id,
    case when ticket_id is null or finding = 'orphan_charge' then 'charge' else 'ticket' end,
    case when ticket_id is null or finding = 'orphan_charge' then charge_id else ticket_id end,
    finding, finding = 'not_yet_due', coalesce(billed_amount, 0) = 0, null, null, currency,
    cast(coalesce(billed_amount, 0) as decimal(18, 2)),
    cast(coalesce(overbilled_amount, 0) as decimal(18, 2)),
    cast(coalesce(unexplained_amount, 0) as decimal(18, 2)),
    cast(coalesce(unbilled_amount, 0) as decimal(18, 2))
from {charges}
union all
select kind, subject_id, ticket_id,
    case when kind = 'inspection' then 'contract' else 'ticket' end,
    case
        when kind = 'inspection' then regexp_replace(subject_id, '/[0-9]+$', '')
        else coalesce(ticket_id, subject_id)
    end,
    verdict, verdict = 'pending', done_at is null,
    cast(to_json({{'responsible': responsible}}) as varchar), null, null, null, null, null, null
from {obligations}
where kind not in ('response', 'filing')
"""

_SOURCES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "responses": (
        "facts.responses",
        ("ticket_id", "verdict", "is_open", "fault_level", "city_tier", "clock"),
    ),
    "filings": ("facts.filings", ("ticket_id", "verdict", "finding", "record_id", "agent_id")),
    "charges": (
        "facts.charges",
        (
            *("charge_id", "ticket_id", "finding", "currency", "billed_amount"),
            *("overbilled_amount", "unexplained_amount", "unbilled_amount"),
        ),
    ),
    "obligations": (
        "marts.obligations",
        ("kind", "subject_id", "ticket_id", "responsible", "done_at", "verdict"),
    ),
}
"""The tables compared, and the columns of each that are."""


@dataclass
class Restated:
    """The rows of the tables of ``TABLES``."""

    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {name: [] for name in TABLES}
    )

    def add(self, table: str, **row: object) -> None:
        """One row more of ``table``; what is not given is null."""
        self.rows[table].append({name: row.get(name) for name in _SCHEMAS[table]})


def find_restatements(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    terms: Terms,
    promises: Sequence[effects.Promise] | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Restated:
    """Hold the run in ``con``, which may be read-only, against every month published in OUT.

    ``promises`` are read from the models when they are not given. Without a store this is nothing.
    """
    restated = Restated()
    if not store.is_used(out):
        return restated
    note("closed months")
    problems = store.check(out)
    for problem in problems:
        restated.add(
            "meta.closed_problems",
            version=problem.version,
            place=str(problem.place.relative_to(out)),
            problem=problem.what.en,
            problem_zh=problem.what.zh,
            remedy=problem.remedy.en,
            remedy_zh=problem.remedy.zh,
        )
    latest = store.latest(out)
    by_place = sorted(latest.values(), key=lambda one: -one.manifest["place"])
    months = _Months(con, terms, promises, [one for one in by_place if _is_whole(one, problems)])
    for version in store.versions(out):
        is_latest = latest[version.month] == version
        found: dict[str, Any] = {"state": "superseded"}
        if is_latest and _is_whole(version, problems):
            note(f"closed month {version.month:%Y-%m}")
            found = months.compare(version, restated)
        elif is_latest:
            found = _not_compared(
                "这个版本不是发布时的样子，无法比较",
                "this version is not as it was published, so nothing is compared with it",
            )
        restated.add(
            "marts.closed_months",
            month=version.month,
            version=version.number,
            is_latest=is_latest,
            published_at=_local(version.manifest["published_at"], terms.timezone),
            reason=version.manifest["reason"],
            as_of=datetime.fromisoformat(version.manifest["as_of"]),
            product_version=version.manifest["product_version"],
            seal=version.seal,
            **found,
        )
    return restated


def keep_restatements(con: duckdb.DuckDBPyConnection, restated: Restated) -> None:
    """Write the tables of ``TABLES``; without closed months they are empty."""
    for table, schema in _SCHEMAS.items():
        frame = pl.DataFrame(restated.rows[table], schema=dict(schema), orient="row")
        con.register("restated_frame", frame.to_arrow())
        con.execute(f"create or replace table {table} as select * from restated_frame")
        con.unregister("restated_frame")


def told(out: Path) -> tuple[str | None, list[str]]:
    """What the last result in OUT says of closed months: ``summary``, without a store nothing."""
    if not store.is_used(out):
        return None, []
    with closing(open_reader(out / "warehouse.duckdb")) as con:
        return summary(con)


def summary(con: duckdb.DuckDBPyConnection) -> tuple[str | None, list[str]]:
    """What a run says of closed months at its end: a sentence, and what is wrong in the store."""
    months, restated, changes = con.execute(
        "select count(*), count(case when state = 'restated' then 1 end), "
        "cast(coalesce(sum(changed + late + vanished), 0) as bigint) "
        "from marts.closed_months where is_latest"
    ).fetchall()[0]
    problems = con.execute(
        "select place || ': ' || problem || '. ' || remedy from meta.closed_problems order by all"
    ).fetchall()
    said = None
    if months:
        said = f"{months} closed, " + (
            f"{restated} of them restated since ({counted(changes, 'figure', 'figures')}): "
            "report/en/closed.html"
            if restated
            else "all as published"
        )
    return said, [line for (line,) in problems]


class _Months:
    """Compares one published version after the other with the same run."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        terms: Terms,
        promises: Sequence[effects.Promise] | None,
        whole: Sequence[Version],
    ) -> None:
        self._con = con
        self._terms = terms
        self._promises = promises
        self._whole = whole
        self._run = causes.run_of(con)

    def compare(self, version: Version, restated: Restated) -> dict[str, Any]:
        """Add what changed in a month; how the month stands, for ``marts.closed_months``."""
        place = {
            name: _published(self._con, version, table, columns)
            for name, (table, columns) in _SOURCES.items()
        }
        missing = [name for name, query in place.items() if query is None]
        if missing:
            names = ", ".join(_SOURCES[name][0] for name in missing)
            return _not_compared(
                f"这个版本中没有 {names}，或缺少可比的列",
                f"it does not hold {names}, or not the columns to compare",
            )
        month = f"date '{version.month}'"
        now = {
            name: f"(select {', '.join(columns)} from {table} where month = {month})"
            for name, (table, columns) in _SOURCES.items()
        }
        self._con.execute(f"create or replace temp table closed_then as {_FIGURES.format(**place)}")
        self._con.execute(f"create or replace temp table closed_now as {_FIGURES.format(**now)}")
        self._add_rates(version, place["obligations"] or "", now["obligations"], restated)
        self._add_money(version, restated)
        return self._add_changes(version, restated)

    def _add_rates(self, version: Version, then: str, now: str, restated: Restated) -> None:
        counts = ", ".join(
            f"count(case when is_then = {is_then} and verdict = '{verdict}' then 1 end)"
            f" as {verdict}_{when}"
            for verdict in _VERDICTS
            for when, is_then in (("was", "true"), ("now", "false"))
        )
        found = self._con.execute(
            f"select kind, {counts} from (select kind, verdict, true as is_then from {then} "
            f"union all select kind, verdict, false from {now}) group by kind order by kind"
        )
        for row in _dicts(found):
            restated.add("marts.closed_rates", month=version.month, version=version.number, **row)

    def _add_money(self, version: Version, restated: Restated) -> None:
        sums = ", ".join(
            f"cast(coalesce(sum(case when is_then = {is_then} then {amount} end), 0)"
            f" as decimal(18, 2)) as {amount}_{when}"
            for amount in _AMOUNTS
            for when, is_then in (("was", "true"), ("now", "false"))
        )
        found = self._con.execute(
            f"select currency, {sums} from (select *, true as is_then from closed_then "
            "union all select *, false from closed_now) where kind = 'charge' "
            "group by currency order by currency"
        )
        for row in _dicts(found):
            restated.add("marts.closed_money", month=version.month, version=version.number, **row)

    def _add_changes(self, version: Version, restated: Restated) -> dict[str, Any]:
        self._con.execute(_CHANGES)
        changes = _dicts(
            self._con.execute("select * from closed_changes order by kind, subject_id")
        )
        counts = {"changed": 0, "late": 0, "vanished": 0}
        if not changes:
            return {"state": "unchanged", **counts}
        others = [one for one in self._whole if one.month != version.month]
        why = Causes(self._con, version, self._run, self._terms, self._kinds(), others)
        self._con.execute(
            "create or replace temp table evidence_anchors as "
            "select distinct anchor_kind as kind, anchor from closed_changes"
        )
        why.look()
        for change in changes:
            counts[change["change"]] += 1
            cause, detail = why.of(_subject(change)), _detail(change)
            restated.add(
                "marts.restatements",
                **{
                    **change,
                    "month": version.month,
                    "version": version.number,
                    "detail": detail and detail.en,
                    "detail_zh": detail and detail.zh,
                    "cause_code": cause.code,
                    "cause": cause.text.en,
                    "cause_zh": cause.text.zh,
                },
            )
        return {"state": "restated", **counts}

    def _kinds(self) -> Sequence[effects.Promise]:
        """What decides each kind of promise, read from the models once it is needed."""
        if self._promises is None:
            schema = lineage.warehouse_schema(self._con)
            self._promises = effects.promises(effects.draw_lineage(models.load_models(), schema))
        return self._promises


_DIFFERS: Final = " or ".join(
    f"was.{name} is distinct from now.{name}" for name in ("word", "cell", "currency", *_AMOUNTS)
)
_CHANGES: Final = f"""
create or replace temp table closed_changes as
select
    coalesce(now.kind, was.kind) as kind,
    coalesce(now.subject_id, was.subject_id) as subject_id,
    coalesce(now.ticket_id, was.ticket_id) as ticket_id,
    coalesce(was.anchor_kind, now.anchor_kind) as anchor_kind,
    coalesce(was.anchor, now.anchor) as anchor,
    case when was.kind is null then 'late' when now.kind is null then 'vanished' else 'changed' end
        as change,
    was.word as was,
    now.word as is_now,
    coalesce(was.is_open, false) as was_open,
    coalesce(now.is_undone, false) as is_undone,
    was.cell as cell_was,
    now.cell as cell_now,
    coalesce(now.clock, was.clock) as clock,
    coalesce(now.currency, was.currency) as currency,
    {
    ", ".join(
        f"{side}.{amount} as {amount}_{when}"
        for amount in _AMOUNTS
        for when, side in (("was", "was"), ("now", "now"))
    )
}
from closed_then as was
full join closed_now as now on now.kind = was.kind and now.subject_id = was.subject_id
where {_DIFFERS} or was.kind is null or now.kind is null
"""


def _subject(change: Mapping[str, Any]) -> Subject:
    cells = [json.loads(change[name]) for name in ("cell_was", "cell_now") if change[name]]
    hints = {
        name: cells[-1][name]
        for name in (cells[-1] if cells else {})
        if all(cell.get(name) == cells[-1][name] for cell in cells)
    }
    return Subject(
        change["kind"],
        change["anchor_kind"],
        change["anchor"],
        is_late=change["change"] == "late",
        is_gone=change["change"] == "vanished",
        was_open=change["was_open"],
        is_undone=change["is_undone"],
        hints={**hints, "clock": change["clock"], "charge_type": _charge_type(change)},
    )


def _charge_type(change: Mapping[str, Any]) -> str | None:
    """The charge type in the id of a charge on a ticket (``ticket|type|currency``)."""
    _, *rest = change["subject_id"].split("|")
    return next((part for part in rest if part in words.CHARGE_TYPES), None)


_CELLS: Final[Mapping[str, Text]] = {
    "fault_level": Text("故障等级", "fault level"),
    "city_tier": Text("城市级别", "city tier"),
    "agent_id": Text("代理商", "agent"),
    "responsible": Text("责任方", "responsible"),
}


def _detail(change: Mapping[str, Any]) -> Text | None:
    """Where it was counted, if that moved: ``fault level 3 → 2``."""
    if not change["cell_was"] or not change["cell_now"]:
        return None
    was, now = json.loads(change["cell_was"]), json.loads(change["cell_now"])
    moved = [name for name in now if was.get(name) != now[name]]
    if not moved:
        return None
    steps = {name: f"{_word(was.get(name))} → {_word(now[name])}" for name in moved}
    return Text(
        "，".join(f"{_CELLS[name].zh} {step}" for name, step in steps.items()),
        ", ".join(f"{_CELLS[name].en} {step}" for name, step in steps.items()),
    )


def _word(value: object) -> str:
    return "–" if value is None else str(value)


def _published(
    con: duckdb.DuckDBPyConnection, version: Version, table: str, columns: Sequence[str]
) -> str | None:
    """A query for the published rows of a table; None when they are not there to compare."""
    path = version.folder / "tables" / f"{table}.parquet"
    if not path.is_file():
        return None
    rows = parquet_rows(path)
    known = {row[0] for row in con.execute(f"describe from {rows}").fetchall()}
    if not set(columns) <= known:
        return None
    return f"(select {', '.join(columns)} from {rows})"


def _is_whole(version: Version, problems: Sequence[Problem]) -> bool:
    return all(problem.version != version.name for problem in problems)


def _not_compared(zh: str, en: str) -> dict[str, Any]:
    return {"state": "not_compared", "why_not": en, "why_not_zh": zh}


def _local(instant: str, timezone: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def _dicts(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
