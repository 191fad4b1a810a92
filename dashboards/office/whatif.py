"""What a draft of the terms would change: in a few lines for a terminal, and as a page to mail.

Belongs here: the words, and which rows are shown. Does not belong here: the comparison
(``pipelines.other_terms.whatif``) or the shell of a page to mail (``mail``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from markupsafe import Markup

from dashboards import language as lang
from dashboards import words
from dashboards.language import HTML_LANGUAGE, Language, Text, both
from dashboards.office import mail
from dashboards.pages.closed import difference, population, share
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from decimal import Decimal

Row = dict[str, Any]

ROWS_SHOWN: Final = 20
"""Rows of a list on the page; the files beside it have them all."""

_DIMENSIONS: Final = {
    "level": (Text("按故障等级", "By fault level"), words.LEVELS),
    "city_tier": (Text("按城市级别", "By city tier"), words.TIERS),
    "customer_type": (Text("按客户类型", "By kind of customer"), words.CUSTOMER_TYPES),
    "customer": (Text("按客户", "By customer"), {}),
    "agent": (Text("按代理商", "By agent"), {}),
}
_AMOUNTS: Final = {
    "overbilled": Text("多收", "Overbilled"),
    "unexplained": Text("待查", "Unexplained"),
    "unbilled": Text("漏收", "Unbilled"),
}
_NOT_BILLED: Final = Text("应收未收的项数", "Charges not billed")
_UNKNOWN: Final = Text("不明", "Unknown")


@dataclass(frozen=True)
class WhatIf:
    """A draft beside the terms in force.

    Attributes:
        name: of the draft, as it was given.
        differences: what it says differently: clause, days, sentence.
        compliance: by dimension, value and kind: counts and rates ``_was`` and ``_would``.
        money: by dimension, value and currency: amounts ``_was`` and ``_would``.
        verdicts: the promises whose verdict would flip.
        charges: the charges whose finding or money would change.
    """

    name: str
    as_of: datetime
    timezone: str
    tickets: int
    version: str
    differences: tuple[tuple[str, Text | None, Text], ...]
    compliance: pl.DataFrame
    money: pl.DataFrame
    verdicts: pl.DataFrame
    charges: pl.DataFrame

    @property
    def changes_nothing(self) -> bool:
        """Whether no verdict and no charge would be another."""
        return self.verdicts.is_empty() and self.charges.is_empty()


def sentence(found: WhatIf) -> Text:
    """The whole answer in a sentence."""
    if not found.differences:
        return Text(
            "草案与现行条款没有差别，什么都不会变。",
            "The draft says the same as the terms in force; nothing would change.",
        )
    if found.changes_nothing:
        return Text(
            "草案与现行条款不同，但在这段历史上不会改变任何判定和收费。",
            "The draft differs from the terms in force, but over this history it would change no "
            "verdict and no charge.",
        )
    flips, charges = found.verdicts.height, found.charges.height
    return Text(
        f"按草案，{flips:,} 项判定和 {charges:,} 项收费会不同。",
        f"Under the draft {flips:,} {'verdict' if flips == 1 else 'verdicts'} and {charges:,} "
        f"{'charge' if charges == 1 else 'charges'} would differ.",
    )


def told(found: WhatIf, language: Language, folder: str) -> str:
    """The summary for a terminal."""
    lines = [
        Text(
            f"草案 {found.name} 与现行条款相比，{found.tickets:,} 张工单，"
            f"截至 {lang.instant(found.as_of)}",
            f"The draft {found.name} beside the terms in force, "
            f"{lang.counted(found.tickets, 'ticket', 'tickets')}, "
            f"as of {lang.instant(found.as_of)}",
        ),
        sentence(found),
    ]
    if found.differences:
        lines += [both(""), _HEADS["differences"]]
        lines += [_indented(_difference(one)) for one in found.differences]
    if not found.verdicts.is_empty():
        lines += [both(""), _HEADS["promises"], *map(_indented, _rate_lines(found))]
    if not found.charges.is_empty():
        lines += [both(""), _HEADS["money"], *map(_indented, _money_lines(found))]
    lines += [
        both(""),
        Text(f"页面  {folder}/whatif.zh.html", f"Page  {folder}/whatif.en.html"),
        Text(
            f"明细  {folder}/verdicts.csv, charges.csv, compliance.csv, money.csv",
            f"Rows  {folder}/verdicts.csv, charges.csv, compliance.csv, money.csv",
        ),
    ]
    return "\n".join(line.in_language(language) for line in lines)


def _indented(line: Text) -> Text:
    return Text(f"  {line.zh}", f"  {line.en}")


def _difference(one: tuple[str, Text | None, Text]) -> Text:
    clause, days, said = one
    if days is None:
        return Text(f"{clause}：{said.zh}", f"{clause}: {said.en}")
    return Text(f"{clause}：{days.zh}，{said.zh}", f"{clause}: {days.en}, {said.en}")


def _rate_lines(found: WhatIf) -> Iterator[Text]:
    """Each kind of promise that moves; under the responses, each level and tier that does."""
    for row in _moved(found.compliance, "all"):
        name = words.label(words.KINDS, row["kind"])
        flips = _flips(found.verdicts.filter(pl.col("kind") == row["kind"]))
        line = _rate_line(name, row)
        yield Text(f"{line.zh}（{flips.zh}）", f"{line.en} ({flips.en})")
        if row["kind"] == "response":
            for dimension in ("level", "city_tier"):
                for one in _moved(found.compliance, dimension):
                    yield _indented(_rate_line(_value(dimension, one["value"]), one))


def _rate_line(name: Text, row: Row) -> Text:
    was, would = population([row], "was"), population([row], "would")
    step = difference(was, would)
    zh = "" if step is None else f"，{lang.points(step)} 个百分点"
    en = "" if step is None else f", {lang.points(step)} points"
    shown = f"{share(was)} → {share(would)}"
    return Text(f"{name.zh}：{shown}{zh}", f"{name.en}: {shown}{en}")


def _flips(verdicts: pl.DataFrame) -> Text:
    """How many flip from which verdict to which: ``3 Met → Breached``."""
    counted = verdicts.group_by("was", "would").len().sort("len", "was", "would", descending=True)
    parts = [(count, _verdict(was), _verdict(would)) for was, would, count in counted.iter_rows()]
    return Text(
        "，".join(f"{count:,} 项{was.zh} → {would.zh}" for count, was, would in parts),
        ", ".join(f"{count:,} {was.en} → {would.en}" for count, was, would in parts),
    )


def _verdict(verdict: str | None) -> Text:
    if verdict is None:
        return Text("无此项", "not owed")
    return words.label(words.PROMISE_VERDICTS, verdict)


def _money_lines(found: WhatIf) -> Iterator[Text]:
    for name, was, would, change in _money_rows(_of(found.money, "all")):
        shown = f"{was} → {would} ({change})"
        yield Text(f"{name.zh}：{shown}", f"{name.en}: {shown}")
    counted = found.charges.group_by("was", "would").len()
    for was, would, count in counted.sort("len", "was", "would", descending=True).iter_rows():
        before, after = (_finding(word) for word in (was, would))
        yield Text(f"{count:,} 项{before.zh} → {after.zh}", f"{count:,} {before.en} → {after.en}")


def _finding(finding: str | None) -> Text:
    if finding is None:
        return Text("无此项", "no such charge")
    return words.label(words.FINDINGS, finding)


def _of(frame: pl.DataFrame, dimension: str) -> list[Row]:
    return frame.filter(pl.col("dimension") == dimension).to_dicts()


def _moved(frame: pl.DataFrame, dimension: str) -> list[Row]:
    """The rows of a dimension whose counts move."""
    return [
        row
        for row in _of(frame, dimension)
        if row["flipped"] or population([row], "was") != population([row], "would")
    ]


def _value(dimension: str, value: str | None) -> Text:
    if value is None and not _DIMENSIONS[dimension][1]:
        return _UNKNOWN
    return words.label(_DIMENSIONS[dimension][1], value)


def _money_rows(rows: Iterable[Row]) -> Iterator[tuple[Text, str, str, str]]:
    """The amounts and counts that move: name with its currency, before, after, difference."""
    for row in rows:
        currency = row["currency"] or lang.NOTHING
        for key, name in _AMOUNTS.items():
            was, would = row[f"{key}_was"], row[f"{key}_would"]
            if was != would:
                label = Text(f"{name.zh}（{currency}）", f"{name.en} ({currency})")
                yield label, lang.money(was), lang.money(would), _signed(lang.money(would - was))
        was, would = row["not_billed_was"], row["not_billed_would"]
        if was != would:
            yield _NOT_BILLED, f"{was:,}", f"{would:,}", _signed(f"{would - was:,}")


def _signed(shown: str) -> str:
    shown = shown.replace("-", "−")
    return shown if shown.startswith("−") else f"+{shown}"


def document(found: WhatIf, language: Language) -> str:
    """The page in ``language``: one file, no script, no link out."""
    context = {
        "language": language,
        "found": found,
        "sentence": sentence(found),
        "promises": promises_table(found),
        "money": money_table(_of(found.money, "all")),
        "dimensions": _dimensions(found),
        "verdicts": verdicts_table(found),
        "charges": charges_table(found),
        "t": _WORDS,
    }
    html = Markup(mail.printer().get_template("whatif.html.j2").render(context))  # noqa: S704 - autoescaped
    bodies = [{"html_language": HTML_LANGUAGE[language], "html": html}]
    return mail.shell(bodies, _WORDS["title"], found.name, language)


def _dimensions(found: WhatIf) -> list[Row]:
    """Levels, tiers, customers and agents: the rates and the money of each that moves."""
    parts = []
    for dimension, (title, _) in _DIMENSIONS.items():
        rates = rates_table(found, dimension)
        money = dimension_money_table(found, dimension)
        if rates or money:
            parts.append({"title": title, "rates": rates, "money": money})
    return parts


_SIDES: Final = (
    Text("现行", "In force"),
    Text("草案", "Draft"),
    Text("百分点", "Points"),
    Text("改变", "Flip"),
)


def _rate_cells(row: Row) -> tuple[str, str, str, str]:
    was, would = population([row], "was"), population([row], "would")
    step = difference(was, would)
    moved = lang.NOTHING if step is None else lang.points(step)
    return share(was), share(would), moved, f"{row['flipped']:,}"


def promises_table(found: WhatIf) -> StaticTable | None:
    """Each kind of promise that moves, and from which verdict to which."""
    rows = [
        (
            words.label(words.KINDS, row["kind"]),
            *_rate_cells(row),
            _flips(found.verdicts.filter(pl.col("kind") == row["kind"])),
        )
        for row in _moved(found.compliance, "all")
    ]
    if not rows:
        return None
    return StaticTable(
        header=(Text("承诺", "Promise"), *_SIDES, Text("从何到何", "From what to what")),
        rows=tuple(rows),
        numeric=frozenset({1, 2, 3, 4}),
        caption=Text(
            "达标率（达标/已判定），在现行条款与草案之下",
            "Rate (met of decided) under the terms in force and under the draft",
        ),
    )


def rates_table(found: WhatIf, dimension: str) -> StaticTable | None:
    """The values of a dimension that move, those with the most flips first."""
    moved = _moved(found.compliance, dimension)
    if not _DIMENSIONS[dimension][1]:
        moved.sort(key=lambda row: (-row["flipped"], row["value"] or "", row["kind"]))
    if not moved:
        return None
    rows = tuple(
        (_value(dimension, row["value"]), words.label(words.KINDS, row["kind"]), *_rate_cells(row))
        for row in moved[:ROWS_SHOWN]
    )
    return StaticTable(
        header=(Text("", ""), Text("承诺", "Promise"), *_SIDES),
        rows=rows,
        numeric=frozenset({2, 3, 4, 5}),
        caption=_caption(Text("达标率", "Rates"), len(moved), "compliance.csv"),
    )


_MONEY_SIDES: Final = (
    Text("现行", "In force"),
    Text("草案", "Draft"),
    Text("相差", "Difference"),
)


def money_table(rows: list[Row]) -> StaticTable | None:
    """The amounts that move, by currency."""
    found = tuple(_money_rows(rows))
    if not found:
        return None
    return StaticTable(header=(Text("金额", "Amount"), *_MONEY_SIDES), rows=found)


def dimension_money_table(found: WhatIf, dimension: str) -> StaticTable | None:
    """The amounts of a dimension that move, those with the most changed charges first."""
    changed = [row for row in _of(found.money, dimension) if row["changed"]]
    if not _DIMENSIONS[dimension][1]:
        changed.sort(key=lambda row: (-row["changed"], row["value"] or "", row["currency"] or ""))
    rows = [
        (_value(dimension, row["value"]), *cells) for row in changed for cells in _money_rows([row])
    ]
    if not rows:
        return None
    return StaticTable(
        header=(Text("", ""), Text("金额", "Amount"), *_MONEY_SIDES),
        rows=tuple(rows[:ROWS_SHOWN]),
        numeric=frozenset({2, 3, 4}),
        caption=_caption(Text("收费", "Money"), len(rows), "money.csv"),
    )


def _caption(what: Text, total: int, file: str) -> Text:
    if total <= ROWS_SHOWN:
        return what
    return Text(
        f"{what.zh}：前 {ROWS_SHOWN} 行，共 {total:,} 行，全部见 {file}",
        f"{what.en}: the first {ROWS_SHOWN} of {total:,} rows; {file} has them all",
    )


def verdicts_table(found: WhatIf) -> StaticTable | None:
    """The verdicts that would flip, one by one."""
    if found.verdicts.is_empty():
        return None
    rows = tuple(
        (
            row["ticket_id"] or row["subject_id"],
            words.label(words.KINDS, row["kind"]),
            lang.month(row["month"]),
            row["customer_id"] or lang.NOTHING,
            row["responsible"] if row["responsible"] != "company" else words.PROVIDERS["company"],
            _verdict(row["was"]),
            _verdict(row["would"]),
            row["clause"],
        )
        for row in found.verdicts.head(ROWS_SHOWN).iter_rows(named=True)
    )
    return StaticTable(
        header=(
            Text("工单或合同", "Ticket or contract"),
            Text("承诺", "Promise"),
            words.WORDS["month"],
            Text("客户", "Customer"),
            Text("责任方", "Responsible"),
            *_SIDES[:2],
            Text("条款", "Clause"),
        ),
        rows=rows,
        numeric=frozenset(),
        caption=_caption(Text("逐项", "One by one"), found.verdicts.height, "verdicts.csv"),
    )


def charges_table(found: WhatIf) -> StaticTable | None:
    """The charges that would change, one by one."""
    if found.charges.is_empty():
        return None
    rows = tuple(
        (
            row["ticket_id"] or row["charge_id"],
            words.label(words.CHARGE_TYPES, row["charge_type"]),
            row["customer_id"] or lang.NOTHING,
            _finding(row["was"]),
            _finding(row["would"]),
            row["clause"],
            row["currency"] or lang.NOTHING,
            *(
                _change(row[f"{name}_was"], row[f"{name}_would"])
                for name in ("overbilled", "unbilled")
            ),
        )
        for row in found.charges.head(ROWS_SHOWN).iter_rows(named=True)
    )
    return StaticTable(
        header=(
            Text("工单或收费", "Ticket or charge"),
            Text("收费类型", "Charge"),
            Text("客户", "Customer"),
            *_SIDES[:2],
            Text("条款", "Clause"),
            Text("币种", "Currency"),
            _AMOUNTS["overbilled"],
            _AMOUNTS["unbilled"],
        ),
        rows=rows,
        numeric=frozenset({7, 8}),
        caption=_caption(Text("逐项", "One by one"), found.charges.height, "charges.csv"),
    )


def _change(was: Decimal | None, would: Decimal | None) -> str:
    """Before and after; one amount where they are the same, nothing for nothing."""
    if (was or 0) == (would or 0):
        return lang.money(was) if was else lang.NOTHING
    return f"{lang.money(was or 0)} → {lang.money(would or 0)}"


_HEADS: Final = {
    "differences": Text("草案改了什么", "What the draft says differently"),
    "promises": Text("判定", "Verdicts"),
    "money": Text("收费", "Money"),
}
_WORDS: Final = {
    "title": Text("条款草案试算", "A draft of the terms, tried out"),
    "in_force": Text("与现行条款并列", "beside the terms in force"),
    "tickets": Text("张工单", "tickets"),
    **_HEADS,
    "charges_head": Text("会改变的收费", "Charges that would change"),
    "verdicts_head": Text("会改变的判定", "Verdicts that would flip"),
    "no_verdicts": Text("没有判定会改变。", "No verdict would flip."),
    "no_charges": Text("没有收费会改变。", "No charge would change."),
    "no_amounts": Text("金额不变，只有结论不同。", "The amounts stay; only findings change."),
    "method": Text(
        "同一批导出数据、同一截止时间，分别按现行条款与草案判定。草案只替换同名的条款文件，其余沿用"
        "现行条款；工单适用受理当日的条款。达标率 = 达标 ÷（达标 + 超时）。"
        "无法判定的不计入，也不推测。",
        "The same exports as of the same instant, judged by the terms in force and by the draft. "
        "The draft replaces files of the same name and no others; a ticket follows the terms of "
        "the day it was opened. Rate = met ÷ (met + breached). What cannot be measured does not "
        "count and is not guessed.",
    ),
}
