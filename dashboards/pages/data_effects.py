"""What hangs on failing rows, in words: verdicts touched, and the bounds of compliance.

Frame: ``check_effects``. Belongs here: its rows as sentences and tables of the data page. Does not
belong here: how the bounds come about (``pipelines.checks.effects``).
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards import words
from dashboards.language import Text, joined
from dashboards.tables import StaticTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

Rows = list[dict[str, Any]]
KINDS = {**words.KINDS, "charge": Text("收费", "Charge")}
NOTHING = Text("没有判定取决于这些行。", "No verdict hangs on these rows.")


def by_check(effects: pl.DataFrame) -> dict[tuple[str, str], Rows]:
    """The rows of each failing check, by table and check."""
    found: dict[tuple[str, str], Rows] = {}
    for row in _in_order(effects):
        if row["check_name"]:
            found.setdefault((f"staging.{row['export']}", row["check_name"]), []).append(row)
    return found


def by_column(effects: pl.DataFrame) -> dict[tuple[str, str], Rows]:
    """The rows of each column with unread cells, by export and column."""
    found: dict[tuple[str, str], Rows] = {}
    for row in _in_order(effects):
        if not row["check_name"]:
            found.setdefault((row["export"], row["column_name"]), []).append(row)
    return found


def _in_order(effects: pl.DataFrame) -> Rows:
    order = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(effects.iter_rows(named=True), key=lambda row: order.get(row["kind"], len(order)))


def sentence(rows: Rows) -> Text:
    """How many verdicts a check's rows touch, and what compliance could be, most telling first."""
    touched = [row for row in rows if row["touched"]]
    if not rows:
        return NOTHING
    if touched:
        total = sum(row["touched"] for row in touched)
        first = Text(
            f"涉及 {total:,} 项判定：{_listed(touched).zh}。",
            f"Touches {total:,} {'verdict' if total == 1 else 'verdicts'}: {_listed(touched).en}.",
        )
    else:
        kinds = Text(
            "、".join(words.label(KINDS, row["kind"]).zh for row in rows),
            ", ".join(_lower(words.label(KINDS, row["kind"]).en) for row in rows),
        )
        first = Text(
            f"目前没有判定取决于这些行；改正后可能涉及：{kinds.zh}。",
            f"No verdict hangs on these rows now; mended, they could touch: {kinds.en}.",
        )
    bounded = [row for row in touched or rows if row["lowest_pct"] is not None]
    if not bounded:
        return first
    row = bounded[0]
    kind = words.label(KINDS, row["kind"])
    low, high, now = bounds(row)
    return joined(
        [
            first,
            Text(
                f"若改正这些行，{kind.zh}的达标率将在 {low} 与 {high} 之间（现为 {now}）。",
                f"If these rows were mended, compliance of {_lower(kind.en)} would lie between "
                f"{low} and {high} (now {now}).",
            ),
        ]
    )


def brief(rows: Rows) -> Text:
    """The same in a few words, for a cell."""
    touched = [row for row in rows if row["touched"]]
    parts = []
    for row in touched:
        low, high, _ = bounds(row)
        between = "" if row["lowest_pct"] is None else f" ({low}–{high})"
        kind = words.label(KINDS, row["kind"])
        parts.append(
            Text(f"{kind.zh} {row['touched']:,}{between}", f"{kind.en} {row['touched']:,}{between}")
        )
    if not parts:
        return Text(lang.NOTHING, lang.NOTHING)
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def table(rows: Rows) -> StaticTable:
    """Every kind of promise that hangs on the rows."""
    return StaticTable(
        header=(
            Text("承诺", "Promise"),
            Text("涉及判定", "Verdicts touched"),
            Text("至多另有", "More, at most"),
            Text("现达标率", "Compliance now"),
            Text("改正后至少", "If mended, at least"),
            Text("改正后至多", "If mended, at most"),
        ),
        rows=tuple(
            (
                words.label(KINDS, row["kind"]),
                lang.count(row["touched"]),
                _more(row),
                *(bounds(row)[place] for place in (2, 0, 1)),
            )
            for row in rows
        ),
    )


def bounds(row: dict[str, Any]) -> tuple[str, str, str]:
    """The least and the most compliance could be, and what it is; rounded to the safe side."""
    low, high, now = row["lowest_pct"], row["highest_pct"], row["compliance_pct"]
    return (
        lang.NOTHING if low is None else f"{floor(round(low * 10, 6)) / 10:.1f}%",
        lang.NOTHING if high is None else f"{ceil(round(high * 10, 6)) / 10:.1f}%",
        lang.percent(None if now is None else now / 100),
    )


def _more(row: dict[str, Any]) -> str | Text:
    if row["could_add"] is None:
        return Text("数目不明", "not known")
    return lang.count(row["could_add"] + row["could_touch"])


def _listed(rows: Sequence[dict[str, Any]]) -> Text:
    labels = [(words.label(KINDS, row["kind"]), f"{row['touched']:,}") for row in rows]
    return Text(
        "、".join(f"{label.zh} {count}" for label, count in labels),
        ", ".join(f"{_lower(label.en)} {count}" for label, count in labels),
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
