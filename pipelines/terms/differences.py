"""What two sets of terms say differently: clause by clause, value by value, with its days.

Belongs here: comparing checked ``Terms`` and putting a difference in words. Does not belong here:
what keys are called (``wording``) or what a difference would do to a verdict (``beside``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from dashboards.language import Language, Text, both
from pipelines.terms import schema
from pipelines.terms.wording import NOTHING, item, label, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import date

    from pipelines.terms.load import Terms

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """One value that two sets of terms give differently.

    ``path`` leads to it within its file (or within a dated value of it). It holds for the days
    ``[valid_from, valid_to)``; both are None where a file has no dates, ``valid_to`` also where
    there is no end.
    """

    file: str
    path: Path
    clause: str
    what: Text
    was: Text
    now: Text
    change: Text
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def sentence(self) -> Text:
        """What changed, without its days."""
        return Text(f"{self.what.zh}：{self.change.zh}", f"{self.what.en}: {self.change.en}")

    @property
    def days(self) -> Text | None:
        """From when until when; None where there are no dates."""
        if self.valid_from is None:
            return None
        if self.valid_to is None:
            return Text(f"自 {self.valid_from} 起", f"from {self.valid_from}")
        return Text(
            f"{self.valid_from} 至 {self.valid_to} 之前",
            f"from {self.valid_from} to before {self.valid_to}",
        )


def differences(then: Terms, now: Terms) -> list[Difference]:
    """Everything ``now`` says differently from ``then``, in order of clause, file and day."""
    found: list[Difference] = []
    for name in schema.FILES:
        found += _undated(name, then, now)
        found += _dated(name, then, now)
    order = {clause: place for place, clause in enumerate(schema.CLAUSES)}
    return sorted(found, key=lambda one: order[one.clause])


def differences_on(
    then: Terms, now: Terms, day: date, wanted: Mapping[str, Collection[str] | None]
) -> list[Difference]:
    """What the terms in force on ``day`` say differently.

    ``wanted`` names the files to compare, and of each the keys of its dated values that count
    (None: all of them).
    """
    found = []
    for name, keys in wanted.items():
        before, after = _in_force(then, name, day), _in_force(now, name, day)
        for path, was, is_now in _walk(before, after, ()):
            if keys is None or path[0] in keys:
                found.append(_difference(name, path, (was, is_now), (then, now)))
    return found


def in_words(then: Terms, now: Terms, names: tuple[str, str], language: Language) -> str:
    """What changes from ``then`` to ``now``, as text: a heading per clause, a line per value."""
    found = differences(then, now)
    was, is_now = names
    if not found:
        same = Text(
            f"{was} 与 {is_now} 的条款没有差别。", f"The terms of {was} and {is_now} say the same."
        )
        return same.in_language(language)
    values = "value differs" if len(found) == 1 else "values differ"
    head = Text(
        f"从 {was} 到 {is_now}，有 {len(found)} 处不同：",
        f"From {was} to {is_now} {len(found)} {values}:",
    )
    lines = [head.in_language(language)]
    titles = now.file(schema.Clauses).clauses
    for clause, group in groupby(found, key=lambda one: one.clause):
        title = titles[clause].title
        lines += ["", f"{clause} {title.zh if language == 'zh' else title.en}"]
        lines += [f"  {_line(one).in_language(language)}" for one in group]
    return "\n".join(lines)


def _line(found: Difference) -> Text:
    """A difference with its days in front and its file behind."""
    days, sentence = found.days, found.sentence
    zh = f"{days.zh}，" if days else ""
    en = f"{days.en}, " if days else ""
    return Text(f"{zh}{sentence.zh}（{found.file}.yaml）", f"{en}{sentence.en} ({found.file}.yaml)")


def _undated(name: str, then: Terms, now: Terms) -> Iterator[Difference]:
    """The keys of a file that have no day: what it says of itself, and the texts."""
    before, after = _of_no_day(then, name), _of_no_day(now, name)
    for path, was, is_now in _walk(before, after, ()):
        yield _difference(name, path, (was, is_now), (then, now))


def _dated(name: str, then: Terms, now: Terms) -> Iterator[Difference]:
    """The dated values of a file, stretch by stretch; equal stretches that touch are one."""
    starts = sorted({value.valid_from for terms in (then, now) for value in _values(terms, name)})
    open_ones: dict[tuple[Path, str], Difference] = {}
    done: list[Difference] = []
    for start, end in pairwise([*starts, None]):
        if start is None:
            continue
        before, after = _in_force(then, name, start), _in_force(now, name, start)
        going_on = {}
        for path, was, is_now in _walk(before, after, ()):
            key = (path, repr((was, is_now)))
            earlier = open_ones.pop(key, None)
            if earlier is None:
                earlier = replace(
                    _difference(name, path, (was, is_now), (then, now)), valid_from=start
                )
            going_on[key] = replace(earlier, valid_to=end)
        done += open_ones.values()
        open_ones = going_on
    yield from [*done, *open_ones.values()]


def _of_no_day(terms: Terms, name: str) -> dict[str, Any]:
    plain = terms.files[name].model_dump(by_alias=True, exclude={"values"})
    if "house_rules" in plain:
        plain["house_rules"] = {rule["number"]: rule for rule in plain["house_rules"]}
    return plain


def _values(terms: Terms, name: str) -> list[schema.Dated]:
    return list(getattr(terms.files[name], "values", []))


def _in_force(terms: Terms, name: str, day: date) -> dict[str, Any]:
    """The value of a file on a day, as plain data; empty before the file starts."""
    values = [value for value in _values(terms, name) if value.valid_from <= day]
    if not values:
        return {}
    plain = values[-1].model_dump(exclude={"valid_from"})
    if "rates" in plain:
        plain["rates"] = _rates(plain["rates"])
    return plain


def _rates(rates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Prices by what they are for, so that a changed amount shows as a change."""
    found: dict[str, Any] = {}
    for rate in rates:
        names = ("charge_type", "service_code", "product_type", "currency")
        key = " ".join(str(rate[name]) for name in names if rate[name] is not None)
        while key in found:
            key += " +"
        found[key] = str(rate["amount"])
    return found


def _walk(was: Any, now: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:  # noqa: ANN401 - plain data of any shape
    if isinstance(was, dict) and isinstance(now, dict):
        for key in {**was, **now}:
            yield from _walk(was.get(key), now.get(key), (*path, key))
    elif was != now:
        yield path, was, now


def _difference(
    file: str, path: Path, values: tuple[Any, Any], terms: tuple[Terms, Terms]
) -> Difference:
    was, now = (_shown(file, path, value, terms[1]) for value in values)
    change = Text(f"{was.zh} → {now.zh}", f"{was.en} → {now.en}")
    if all(isinstance(value, list) and value for value in values):
        change = _of_lists(file, *values) or change
    names = [_label(file, path, place, terms[1]) for place in range(len(path))]
    what = Text("·".join(name.zh for name in names), ", ".join(name.en for name in names))
    return Difference(file, path, _clause(file, path, terms), what, was, now, change)


def _of_lists(file: str, was: Sequence[Any], now: Sequence[Any]) -> Text | None:
    """What came and what went; None when only the order is another."""
    if isinstance(was[0], tuple):
        return None  # hours of a day: which stretch became which is not known
    added = [item(file, one) for one in now if one not in was]
    removed = [item(file, one) for one in was if one not in now]
    zh, en = [], []
    for verb, items in ((Text("增加", "added"), added), (Text("去掉", "removed"), removed)):
        if items:
            zh.append(f"{verb.zh} {'、'.join(one.zh for one in items)}")
            en.append(f"{verb.en} {', '.join(one.en for one in items)}")
    return Text("，".join(zh), ", ".join(en)) if zh else None


def _reading(file: str, path: Path, terms: Terms) -> schema.Reading | None:
    """The reading a value of ``readings.yaml`` chooses; None for what it says of itself."""
    if file != "readings":
        return None
    return terms.file(schema.ReadingTexts).readings.get(str(path[0]))


def _label(file: str, path: Path, place: int, terms: Terms) -> Text:
    key = path[place]
    reading = _reading(file, path, terms)
    if reading and place == 0:
        return Text(
            f"解读 {reading.number} {reading.title.zh}",
            f"reading {reading.number}, {reading.title.en}",
        )
    if file == "services" and place == 1:
        return both(str(key))
    return label(file, key)


def _shown(file: str, path: Path, value: object, terms: Terms) -> Text:
    reading = _reading(file, path, terms)
    if reading and isinstance(value, str):
        texts = reading.choices.get(value)
        return Text(f"{texts.zh}（{value}）", f"{texts.en} ({value})") if texts else both(value)
    return shown(file, str(path[-1]), value) if value is not None else NOTHING


def _clause(file: str, path: Path, terms: tuple[Terms, Terms]) -> str:
    """The clause a value follows: its own where it has one, else that of its file."""
    texts = terms[1].file(schema.ReadingTexts)
    reading = _reading(file, path, terms[1])
    if reading:
        return reading.clause
    if file == "clauses" and len(path) > 1 and path[0] == "clauses":
        return str(path[1])
    if file == "reading_texts" and len(path) > 1:
        if path[0] == "readings" and path[1] in texts.readings:
            return texts.readings[path[1]].clause
        rules = {rule.number: rule.clause for rule in texts.house_rules}
        return rules.get(path[1], terms[1].files[file].clause)
    if file == "obligations" and path:
        value = terms[1].file(schema.Obligations).values[-1]
        part = getattr(value, str(path[0]), None)
        return str(getattr(part, "clause", terms[1].files[file].clause))
    return terms[1].files[file].clause
