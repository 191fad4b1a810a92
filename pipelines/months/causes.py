# ruff: noqa: S608 - the SQL is put together from our own names
"""Why a figure of a closed month is not what it was: which of the things it stands on changed.

Nothing is tried out: a cause is named because an input the figure hangs on is another now, and
where several are, all are named and none is picked. Where none is, that is said too.

Belongs here: comparing inputs then and now, and the words for it. Does not belong here: which
figures changed (``restatements``) and which rows a figure stands on (``evidence``) and on which
terms (``concerns``).
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from dashboards.language import Text, money
from pipelines.contract import EXPORTS, Kind
from pipelines.errors import UsageError
from pipelines.exports.quoting import parquet_rows
from pipelines.months import evidence, store
from pipelines.months.concerns import TERMS, concerns
from pipelines.terms import load_terms, schema
from pipelines.terms.differences import differences_on

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import duckdb

    from pipelines.checks.effects import Promise
    from pipelines.terms import Terms
    from pipelines.terms.differences import Difference

#: Changed inputs named one by one; of more, how many more.
_MOST_NAMED: Final = 4

ROLES: Final[Mapping[str, Text]] = {
    "ticket": Text("工单", "ticket"),
    "pause": Text("暂停", "pause"),
    "record": Text("服务记录", "service record"),
    "invoice": Text("发票行", "invoice line"),
    "period": Text("维护期发票行", "invoice line of a maintenance period"),
    "unit": Text("装机产品", "unit"),
    "agent": Text("代理商", "agent"),
    "parent": Text("关联工单", "parent ticket"),
    "follow_up": Text("后续工单", "ticket that follows it"),
    "visit": Text("巡检工单", "inspection ticket"),
}
"""What an input row is to what is judged by it."""

_STANDS_ON: Final[Mapping[str, tuple[str, ...]]] = {
    "response": ("ticket", "pause"),
    "filing": ("ticket", "record"),
    "training": ("ticket", "follow_up"),
    "inspection": ("visit", "unit"),
    "charge": ("ticket", "invoice", "period", "unit", "agent"),
    "expert_team": ("ticket",),
    "service_catalogue": ("ticket",),
    "trial_contract": ("ticket",),
    "assessment_consent": ("ticket",),
    "provider_routing": ("ticket", "parent"),
    "phone_before_onsite": ("ticket", "parent"),
}
_RELATED: Final = frozenset({"parent", "follow_up", "unit", "agent", "period"})

_ONCE_FINISHED: Final = frozenset({"filing", "training", "maintenance_fee"})
"""Kinds, and the charge, that there is a figure of only once the service is finished."""

_ABOUT: Final = (
    "fault_level",
    "service_code",
    "customer_type",
    "stage",
    "mode",
    "service_level",
    "product_type",
)
"""What of a ticket narrows the terms."""

_LINKS: Final = {"parent": "parent_ticket_id", "unit": "serial_no", "agent": "agent_id"}
"""The column of the ticket that names the row of a role."""


@dataclass(frozen=True)
class Cause:
    """Why, in a code and in words.

    The codes: ``row_new``, ``row_gone``, ``row_changed`` (the figure's own rows), ``pause``,
    ``related`` (rows it depends on), ``terms``, ``as_of``, ``product``, ``several``, ``unknown``.
    """

    code: str
    text: Text


@dataclass(frozen=True)
class Subject:
    """What changed: its kind, its anchor (``evidence``), and what is known of its state.

    ``is_late`` and ``is_gone``: in one of the two results only. ``was_open``: time alone could
    decide it. ``is_undone``: still nothing was done. ``hints``: columns that narrow the terms.
    """

    kind: str
    anchor_kind: str
    anchor: str
    is_late: bool
    is_gone: bool
    was_open: bool
    is_undone: bool
    hints: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """What a result was judged by, as ``meta.run`` and ``meta.files`` say."""

    as_of: datetime
    first_ticket_on: date | None
    product_version: str
    models_sha256: str
    files: Mapping[str, str]
    """The SHA-256 of each input file by its name."""


@dataclass(frozen=True)
class _Input:
    """An input row that is not what it was."""

    role: str
    export: str
    row_key: str
    then: Mapping[str, Any] | None
    now: Mapping[str, Any] | None
    place: tuple[str, int]
    old_place: tuple[str, int] | None


@dataclass
class Causes:
    """The causes of the changes of one closed month.

    ``now`` is what the run in ``con`` was judged by, ``terms`` included. ``promises`` tell which
    columns decide which kind; without them every column counts. ``others`` are the versions in
    force of other months, the last published first: a ticket that moved from one of them is no
    new one.
    """

    con: duckdb.DuckDBPyConnection
    version: store.Version
    now: Run
    terms: Terms
    promises: Sequence[Promise] = ()
    others: Sequence[store.Version] = ()
    _inputs: dict[tuple[str, str], list[_Input]] = field(default_factory=dict)
    _terms_found: dict[tuple[str, int, int], list[Difference]] = field(default_factory=dict)
    _days: dict[tuple[str, str], date] = field(default_factory=dict)
    _tickets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def _then(self) -> Run:
        return run_then(self.version.manifest)

    @cached_property
    def _columns(self) -> dict[str, dict[str, set[str]]]:
        return _deciding(self.promises)

    def look(self) -> None:
        """Read the inputs of every anchor in the temporary table ``evidence.ANCHORS``."""
        folder = self.version.folder / "inputs"
        con = self.con
        for name in ("edges", "rows"):
            con.execute(
                f"create or replace temp table evidence_{name}_then as "
                f"select * from {parquet_rows(folder / f'{name}.parquet')}"
            )
        evidence.find_edges(con)
        con.execute(
            """
            create or replace temp table evidence_links as
            select kind, anchor, role, export, row_key,
                bool_or(is_then) as is_then, bool_or(not is_then) as is_now
            from (
                select *, false as is_then from evidence_edges
                union all
                select edge.*, true from evidence_edges_then as edge
                semi join evidence_anchors as wanted
                    on wanted.kind = edge.kind and wanted.anchor = edge.anchor
            ) as both_edges
            group by all
            """
        )
        con.execute(
            "create or replace temp table evidence_edges as "
            "select kind, anchor, role, export, row_key from evidence_links"
        )
        evidence.find_rows(con)
        for other in self.others:
            self._add_rows_of(other)
        found = con.execute(
            """
            select link.kind, link.anchor, link.role, link.export, link.row_key,
                was.content, now.content,
                coalesce(now.source_file, was.source_file),
                coalesce(now.source_row, was.source_row),
                was.source_file, was.source_row
            from evidence_links as link
            left join evidence_rows_then as was
                on was.export = link.export and was.row_key = link.row_key
            left join evidence_rows as now
                on now.export = link.export and now.row_key = link.row_key
            where was.content is distinct from now.content
            order by all
            """
        ).fetchall()
        for kind, anchor, role, export, key, was, now, file, row, old_file, old_row in found:
            one = _Input(
                role,
                export,
                key,
                json.loads(was) if was else None,
                json.loads(now) if now else None,
                (file, row),
                (old_file, old_row) if old_file else None,
            )
            self._inputs.setdefault((kind, anchor), []).append(one)
        self._days = self._opening_days()
        self._tickets = self._tickets_of_anchors()

    def _add_rows_of(self, other: store.Version) -> None:
        """Take from another month what a row said that this month did not have."""
        rows = parquet_rows(other.folder / "inputs" / "rows.parquet")
        self.con.execute(
            f"""
            insert into evidence_rows_then
            select * from {rows} as other
            semi join evidence_links as link
                on link.export = other.export and link.row_key = other.row_key
            anti join evidence_rows_then as known
                on known.export = other.export and known.row_key = other.row_key
            """
        )

    def of(self, subject: Subject) -> Cause:
        """Why ``subject`` is not what it was."""
        found = self._of_rows(subject)
        # A visit belongs to a window or not by the terms; any other row came or went by itself.
        is_whole = any(code in ("row_new", "row_gone") for code, _ in found)
        if subject.kind == "inspection" or not is_whole:
            found += self._of_terms(subject)
        if self._as_of_moved and self._hangs_on_time(subject, found):
            found.append(("as_of", self._as_of_text))
        if subject.kind == "inspection" and self._then.first_ticket_on != self.now.first_ticket_on:
            then, now = self._then.first_ticket_on, self.now.first_ticket_on
            found.append(
                (
                    "related",
                    Text(
                        f"导出数据的第一张工单由 {then} 变为 {now}",
                        f"the exports begin on {now}, they began on {then}",
                    ),
                )
            )
        if not found:
            found = [self._of_the_run()]
        codes = {code for code, _ in found}
        texts = [text for _, text in found]
        return Cause(codes.pop() if len(codes) == 1 else "several", _joined(texts))

    def _hangs_on_time(self, subject: Subject, found: Sequence[tuple[str, Text]]) -> bool:
        """Whether another as-of alone could have made the change.

        It decides what is still open, of a figure that was open and whose rows are the same, and
        which services are finished, without which there is no figure of some kinds.
        """
        rows = {code for code, _ in found} - {"terms"}
        if subject.is_late or subject.is_gone:
            return self._finished_between(subject)
        if subject.is_undone and self.now.as_of < self._then.as_of:
            return True
        return subject.was_open and (subject.is_undone or not rows)

    def _finished_between(self, subject: Subject) -> bool:
        """Whether the service was finished by the later as-of and not by the other one."""
        ticket = self._tickets.get(subject.anchor) if subject.anchor_kind == "ticket" else None
        finished_at = ticket["finished_at"] if ticket else None
        what = subject.hints.get("charge_type") if subject.kind == "charge" else subject.kind
        if what not in _ONCE_FINISHED or finished_at is None:
            return False
        first, last = self._then.as_of, self.now.as_of
        if subject.is_gone:
            first, last = last, first
        return bool(first < finished_at <= last)

    def _of_rows(self, subject: Subject) -> list[tuple[str, Text]]:
        inputs = self._inputs.get((subject.anchor_kind, subject.anchor), [])
        roles = _STANDS_ON.get(subject.kind)
        own = next((one for one in inputs if one.role == "ticket"), None)
        found = []
        for one in inputs:
            if roles is not None and one.role not in roles:
                continue
            if self._is_another_link(one, own) or self._was_there(subject, one):
                continue
            text = self._row_text(one, self._columns.get(subject.kind, {}).get(one.export))
            if text is None:
                continue
            if one.role == "pause":
                code = "pause"
            elif one.role in _RELATED:
                code = "related"
            else:
                code = (
                    "row_new"
                    if one.then is None
                    else "row_gone"
                    if one.now is None
                    else "row_changed"
                )
            found.append((code, text))
        appeared = {code for code, _ in found} & {"row_new", "row_gone"}
        if own is not None and appeared and (subject.is_late or subject.is_gone):
            # A whole ticket came or went: what came or went with it says no more.
            whole = self._row_text(own, None)
            if whole is not None and (own.then is None or own.now is None):
                return [("row_new" if own.then is None else "row_gone", whole)]
        return found

    def _was_there(self, subject: Subject, one: _Input) -> bool:
        """Whether a row that a closed inspection did not stand on was in the exports then."""
        file = one.place[0]
        sealed = self._then.files.get(file)
        is_same_file = sealed is not None and sealed == self.now.files.get(file)
        return subject.kind == "inspection" and one.then is None and is_same_file

    @staticmethod
    def _is_another_link(one: _Input, own: _Input | None) -> bool:
        """Whether the ticket itself names another row now: that says why, not what the row says."""
        column = _LINKS.get(one.role)
        if column is None or own is None or own.then is None or own.now is None:
            return False
        return bool(own.then.get(column) != own.now.get(column))

    def _row_text(self, one: _Input, columns: Collection[str] | None) -> Text | None:
        """What became of a row; None when nothing that counts did."""
        role = ROLES[one.role]
        key = "" if one.role == "pause" else f" {one.row_key}"
        file, row = one.place
        place = Text(f"（{file} 第 {row} 行）", f" ({file} row {row})")
        if one.then is None:
            # Closed months keep the rows they stood on: it may have been there, for something else.
            month = one.role == "ticket"
            return Text(
                f"结账时不在{'本月' if month else '其依据'}之中的{role.zh}{key}{place.zh}",
                f"{role.en}{key} was not {'in this month' if month else 'part of it'} at closing"
                f"{place.en}",
            )
        if one.now is None:
            return Text(
                f"{role.zh}{key}已不在导出数据中{place.zh}",
                f"{role.en}{key} is in no export any more{place.en}",
            )
        changed = [
            name
            for name in {**one.then, **one.now}
            if one.then.get(name) != one.now.get(name) and (columns is None or name in columns)
        ]
        if not changed:
            return None
        export = EXPORTS[one.export]
        zh, en = [], []
        for name in changed:
            column = export.column(name)
            was, now = (_value(row_.get(name), column.kind) for row_ in (one.then, one.now))
            zh.append(f"{column.aliases[0] if column.aliases else name} {was.zh} → {now.zh}")
            en.append(f"{name} {was.en} → {now.en}")
        note = self._reading_note(one)
        return Text(
            f"{role.zh}{key}有改动{place.zh}：{'，'.join(zh)}{note.zh}",
            f"{role.en}{key} changed{place.en}: {', '.join(en)}{note.en}",
        )

    def _reading_note(self, one: _Input) -> Text:
        """Where the file is the same to the byte, it is the reading of it that changed."""
        file = one.place[0]
        is_same = one.old_place is not None and one.old_place[0] == file
        sealed = self._then.files.get(file)
        if is_same and sealed is not None and sealed == self.now.files.get(file):
            return Text(
                "；文件本身没有变，是读法变了（映射或产品版本）",
                "; the file itself is the same, it is read differently (mapping or product)",
            )
        return Text("", "")

    def _of_terms(self, subject: Subject) -> list[tuple[str, Text]]:
        day = self._days.get((subject.anchor_kind, subject.anchor))
        then = self._terms_then
        if day is None:
            return []
        if then is None:
            return [("terms", text) for text in self._files_of_terms]
        if then.timezone != self.terms.timezone:
            was, now = then.timezone, self.terms.timezone
            return [
                ("terms", Text(f"条款更正：时区 {was} → {now}", f"terms: time zone {was} → {now}"))
            ]
        key = (
            subject.kind,
            bisect_right(then.starts(), day),
            bisect_right(self.terms.starts(), day),
        )
        if key not in self._terms_found:
            every = (name for name, file in self.terms.files.items() if hasattr(file, "values"))
            wanted = TERMS.get(subject.kind, dict.fromkeys(every))
            self._terms_found[key] = differences_on(then, self.terms, day, wanted)
        about = self._about(subject, day, then)
        return [
            (
                "terms",
                Text(
                    f"条款更正：{one.sentence.zh}（{one.clause}）",
                    f"terms: {one.sentence.en} ({one.clause})",
                ),
            )
            for one in self._terms_found[key]
            if concerns(subject.kind, one.file, one.path, about)
        ]

    def _about(self, subject: Subject, day: date, then: Terms) -> dict[str, Any]:
        """What is known of a figure and did not change."""
        inputs = self._inputs.get((subject.anchor_kind, subject.anchor), ())
        moved = {name for one in inputs for name in self._moved(one)}
        ticket = self._tickets.get(subject.anchor, {}) if subject.anchor_kind == "ticket" else {}
        level = subject.hints.get("fault_level")
        always = all(_is_around_the_clock(terms, level, day) for terms in (then, self.terms))
        about = {**ticket, **subject.hints, "is_around_the_clock": always}
        # Stage, mode and level follow from the service and who asked, the product from the unit.
        if moved & {"service_code", "customer_type", "serial_no", "product_type"}:
            for name in _ABOUT:
                about.pop(name, None)
        return about

    @staticmethod
    def _moved(one: _Input) -> set[str]:
        then, now = one.then or {}, one.now or {}
        return {name for name in {**then, **now} if then.get(name) != now.get(name)}

    @cached_property
    def _terms_then(self) -> Terms | None:
        """The terms as they were; None when this version of the product cannot read them."""
        try:
            return load_terms(self.version.folder / "terms")
        except UsageError:
            return None

    @cached_property
    def _files_of_terms(self) -> list[Text]:
        """The terms files that are others now, for want of anything closer."""
        now = {source.file: source.sha256 for source in self.terms.sources}
        then = {one["file"]: one["sha256"] for one in self.version.manifest["terms"]}
        names = ", ".join(sorted(name for name in then if then[name] != now.get(name)))
        if not names:
            return []
        return [Text(f"条款文件有改动：{names}", f"the terms files {names} changed")]

    def _of_the_run(self) -> tuple[str, Text]:
        """What is left when no row and no term that is known to count has changed."""
        then, now = self._then, self.now
        if then.models_sha256 != now.models_sha256 or then.product_version != now.product_version:
            return (
                "product",
                Text(
                    f"产品的模型有变（{then.product_version} → {now.product_version}）",
                    f"the product's models changed ({then.product_version} → "
                    f"{now.product_version})",
                ),
            )
        others = sorted(
            name
            for name in {**then.files, **now.files}
            if then.files.get(name) != now.files.get(name)
        )
        if self._as_of_moved and not others:
            return ("as_of", self._as_of_text)
        moved_zh = f"；{self._as_of_text.zh}" if self._as_of_moved else ""
        moved_en = f"; {self._as_of_text.en}" if self._as_of_moved else ""
        shown = ", ".join(others[:_MOST_NAMED]) + (" …" if len(others) > _MOST_NAMED else "")
        return (
            "unknown",
            Text(
                f"已知依据的行与条款都没有变；有变动的输入文件：{shown or '无'}{moved_zh}",
                f"no row or term it is known to stand on changed; input files that did: "
                f"{shown or 'none'}{moved_en}",
            ),
        )

    @property
    def _as_of_moved(self) -> bool:
        return self._then.as_of != self.now.as_of

    @cached_property
    def _as_of_text(self) -> Text:
        then, now = self._then.as_of, self.now.as_of
        back = "移" if then < now else "退回"
        went_on = "time went on: the as-of moved" if then < now else "the as-of was set back"
        return Text(
            f"截至时间由 {then:%Y-%m-%d %H:%M} {back}到 {now:%Y-%m-%d %H:%M}",
            f"{went_on} from {then:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M}",
        )

    def _opening_days(self) -> dict[tuple[str, str], date]:
        """The day whose terms hold for an anchor: opening, of a contract the purchase."""
        found = self.con.execute(
            """
            select wanted.kind, wanted.anchor, cast(min(ticket.opened_at) as date)
            from evidence_anchors as wanted
            join staging.tickets as ticket on ticket.ticket_id = wanted.anchor
            where wanted.kind = 'ticket'
            group by all
            union all
            select wanted.kind, wanted.anchor, min(unit.purchased_at)
            from evidence_anchors as wanted
            join staging.installed_base as unit on unit.contract_id = wanted.anchor
            where wanted.kind = 'contract'
            group by all
            union all
            select wanted.kind, wanted.anchor, cast(min(line.issued_on) as date)
            from evidence_anchors as wanted
            join steps.invoice_lines as line on line.charge_id = wanted.anchor
            where wanted.kind = 'charge'
            group by all
            """
        ).fetchall()
        return {(kind, anchor): day for kind, anchor, day in found if day is not None}

    def _tickets_of_anchors(self) -> dict[str, dict[str, Any]]:
        """What narrows the terms for each ticket, and when it was finished, whatever the as-of."""
        found = self.con.execute(
            f"""
            select ticket.ticket_id, raw.finished_at, ticket.form,
                {", ".join(f"ticket.{name}" for name in _ABOUT)}
            from steps.tickets as ticket
            semi join evidence_anchors as wanted
                on wanted.kind = 'ticket' and wanted.anchor = ticket.ticket_id
            join staging.tickets as raw on raw.ticket_id = ticket.ticket_id
            """
        ).fetchall()
        names = ("finished_at", "form", *_ABOUT)
        return {ticket: dict(zip(names, row, strict=True)) for ticket, *row in found}


def run_of(con: duckdb.DuckDBPyConnection) -> Run:
    """What the run in ``con`` was judged by."""
    ((as_of, first_ticket_on, version, models),) = con.execute(
        "select as_of, first_ticket_on, product_version, models_sha256 from meta.run"
    ).fetchall()
    files = con.execute("select source_file, sha256 from meta.files").fetchall()
    return Run(as_of, first_ticket_on, version, models, dict(files))


def run_then(manifest: Mapping[str, Any]) -> Run:
    """What a closed month was judged by."""
    first = manifest["first_ticket_on"]
    return Run(
        datetime.fromisoformat(manifest["as_of"]),
        date.fromisoformat(first) if first else None,
        manifest["product_version"],
        manifest["models_sha256"],
        {one["file"]: one["sha256"] for one in manifest["inputs"]},
    )


def _deciding(promises: Sequence[Promise]) -> dict[str, dict[str, set[str]]]:
    """By kind and export: the columns its verdicts hang on."""
    found: dict[str, dict[str, set[str]]] = {}
    for promise in promises:
        by_export = found.setdefault(promise.kind, {name: set() for name in EXPORTS})
        for table, column in promise.decided_by:
            schema, _, export = table.partition(".")
            if schema == "staging" and export in by_export:
                by_export[export].add(column)
        if promise.kind not in ("response", "charge"):
            by_export["tickets"] |= {"provider", "agent_id"}  # whose it is, whatever the verdict
        if promise.kind == "charge":
            by_export["invoices"] |= {"amount", "currency"}  # the finding need not move with them
    return found


def _is_around_the_clock(terms: Terms, level: int | None, day: date) -> bool:
    """Whether a fault level is served around the clock, whatever reading 1 is."""
    values = [one for one in terms.file(schema.FaultLevels).values if one.valid_from <= day]
    return (
        bool(values)
        and level in values[-1].levels
        and (values[-1].levels[level].clock == "around_the_clock")
    )


def _value(value: object, kind: Kind) -> Text:
    if value is None:
        return Text("空白", "blank")
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    shown = money(float(str(value))) if kind is Kind.MONEY else str(value)
    return Text(shown, shown)


def _joined(texts: Sequence[Text]) -> Text:
    """The causes one after the other; of many, the first and how many more."""
    named = texts[:_MOST_NAMED]
    zh, en = "；".join(one.zh for one in named), "; ".join(one.en for one in named)
    rest = len(texts) - len(named)
    return Text(f"{zh}；另有 {rest} 项", f"{en}; and {rest} more") if rest else Text(zh, en)
