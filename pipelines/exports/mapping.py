"""Mapping files: how a layout that is not the contract's becomes the contract's columns.

Belongs here: the YAML, its rules and their checks. Does not belong here: reading with them.
A mapping is data: it is loaded safely, names columns and values and can do nothing else.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import yaml
from rapidfuzz import process

from pipelines.contract import EXPORTS, INPUTS, Kind
from pipelines.errors import UsageError
from pipelines.exports import conventions
from pipelines.exports.presets import PREFIX, laid_over, load_preset
from pipelines.yaml_files import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.contract import Column, Export


@dataclass(frozen=True)
class ColumnRule:
    """Where one contract column comes from: without ``sources`` it is not read at all.

    ``instead`` are the headers that are read where ``header`` is None, blank or not there, the
    first that says something; several in one entry are read as one text. An optional column may
    be missing from the file.
    """

    header: str | None
    values: dict[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    way: str | None = None
    timezone: str | None = None
    instead: tuple[tuple[str, ...], ...] = ()
    is_optional: bool = False

    @property
    def sources(self) -> tuple[tuple[str, ...], ...]:
        """All headers it may come from, in the order they are asked."""
        return self.instead if self.header is None else ((self.header,), *self.instead)


class Fold(StrEnum):
    """What a log says of a column of its tickets."""

    CELL = "from"
    """the last cell below a header"""
    LAST_VALUE = "last_value"
    """the last value of a field"""
    FIRST_ENTRY = "first_entry"
    """when the ticket first came into one of some states"""
    SINCE = "since"
    """since when it has been in one of them without a break; blank when it is not"""


@dataclass(frozen=True)
class TicketRule:
    """How a column of the tickets comes out of a log: ``of`` is a field, or states.

    ``rule`` says how the texts are read; for ``Fold.CELL`` its headers as well.
    """

    fold: Fold
    of: tuple[str, ...]
    rule: ColumnRule


@dataclass(frozen=True)
class LogRules:
    """How a log folds into tickets and pauses.

    ``state`` is what its ``field`` says where the state changed; None: every row tells the
    state. In ``pauses`` the clock stands still.
    """

    state: str | None = None
    pauses: tuple[str, ...] = ()
    tickets: dict[str, TicketRule] = field(default_factory=dict)


@dataclass(frozen=True)
class ExportMapping:
    """The rules of one export; everything left out is found as without a mapping."""

    files: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    columns: dict[str, ColumnRule] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    null_values: tuple[str, ...] = ()
    timezone: str | None = None
    log: LogRules | None = None


@dataclass(frozen=True)
class Mapping:
    """A mapping file: rules by export."""

    path: str
    exports: dict[str, ExportMapping]
    sha256: str = ""
    description: str = ""


_EXPORT_KEYS = (
    *("files", "encoding", "delimiter", "sheet", "header_row"),
    *("columns", "constants", "null_values", "timezone"),
)
_LOG_KEYS = ("state", "pauses", "tickets")
_READING_KEYS = ("values", "format", "timezone")
_COLUMN_KEYS = ("from", *_READING_KEYS, "optional")
_TICKET_KEYS = (*Fold, *_READING_KEYS, "optional")
_TOP_KEYS = ("description", "preset", "timezone", *INPUTS)


def load_mapping(path: Path) -> Mapping:
    """Load and check a mapping file, or a preset where ``path`` is ``preset:NAME``.

    A file that says ``preset: NAME`` changes that preset by its own rules.

    Columns that ``columns`` and ``constants`` do not name are still found by the contract's
    own names; ``column: null`` says that one shall not be.

    Raises:
        UsageError: the file cannot be read, or any rule in it is wrong; all of them at once.
    """
    if str(path).startswith(PREFIX):
        return _checked(path, load_preset(str(path).removeprefix(PREFIX)))
    try:
        data = read_yaml(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        message = f"The mapping file {path} cannot be read: {error.strerror}. Check its path."
        raise UsageError(message) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        message = f"The mapping file {path} is not YAML in UTF-8: {error}. Correct it there."
        raise UsageError(message) from error
    if isinstance(data, dict) and "preset" in data:
        own = {key: value for key, value in data.items() if key != "preset"}
        data = laid_over(load_preset(str(data["preset"])), own)
    return _checked(path, data)


def _checked(path: Path, data: Any) -> Mapping:  # noqa: ANN401 - YAML may be anything
    checker = _Checker(path)
    mapping = checker.mapping(data)
    if checker.problems:
        listed = "\n".join(f"- {problem}" for problem in checker.problems)
        message = f"The mapping file {path} cannot be used:\n{listed}"
        raise UsageError(message)
    return mapping


def _cells_of(log: LogRules | None) -> dict[str, ColumnRule]:
    """The headers of a log that columns of its tickets are read from."""
    return {
        name: ColumnRule(
            ticket.rule.header, instead=ticket.rule.instead, is_optional=ticket.rule.is_optional
        )
        for name, ticket in (log.tickets if log else {}).items()
        if ticket.fold is Fold.CELL and ticket.rule.sources
    }


class _Checker:
    """Turns YAML into rules and collects what is wrong instead of stopping at it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def mapping(self, data: Any) -> Mapping:  # noqa: ANN401 - YAML may be anything
        exports = {}
        if not isinstance(data, dict):
            self.problems.append(f"it must name exports ({', '.join(INPUTS)}), each with rules")
            data = {}
        self._keys("the file", data, _TOP_KEYS)
        zone = self._timezone("timezone", data.get("timezone"))
        for name, export in INPUTS.items():
            if name in data:
                exports[name] = self._export(export, data[name], zone)
        if not exports and not self.problems:
            self.problems.append(f"it names no export; name at least one of {', '.join(INPUTS)}")
        description = self._text("description", data.get("description")) or ""
        return Mapping(str(self.path), exports, description=" ".join(description.split()))

    def _export(self, export: Export, data: Any, zone: str | None) -> ExportMapping:  # noqa: ANN401 - YAML
        where = export.name
        if not isinstance(data, dict):
            self.problems.append(f"{where}: must be keys such as {', '.join(_EXPORT_KEYS)}")
            return ExportMapping()
        self._keys(where, data, (*_EXPORT_KEYS, *(_LOG_KEYS if export.is_log else ())))
        log = self._log(where, data) if export.is_log else None
        rules = ExportMapping(
            files=self._files(f"{where}.files", data.get("files")),
            encoding=self._encoding(f"{where}.encoding", data.get("encoding")),
            delimiter=self._delimiter(f"{where}.delimiter", data.get("delimiter")),
            sheet=self._text(f"{where}.sheet", data.get("sheet")),
            header_row=self._row(f"{where}.header_row", data.get("header_row")),
            columns=self._columns(export, data.get("columns")) | _cells_of(log),
            constants=self._constants(export, data.get("constants")),
            null_values=self._texts(f"{where}.null_values", data.get("null_values")),
            timezone=self._timezone(f"{where}.timezone", data.get("timezone")) or zone,
            log=log,
        )
        self._check_sources(where, rules)
        return rules

    def _log(self, where: str, data: dict[Any, Any]) -> LogRules:
        log = LogRules(
            self._text(f"{where}.state", data.get("state")),
            self._texts(f"{where}.pauses", data.get("pauses")),
            self._tickets(f"{where}.tickets", data.get("tickets")),
        )
        if "files" not in data:
            self.problems.append(f"{where}.files: is missing; write the names of the logs")
        if not log.pauses and not log.tickets:
            self.problems.append(
                f"{where}: folds into nothing; say under tickets or pauses what comes of it"
            )
        for name, rule in log.tickets.items():
            if rule.fold is Fold.LAST_VALUE and log.state is None:
                self.problems.append(
                    f"{where}.tickets.{name}: last_value is of a field; say under state which"
                    " field holds the state, or write from"
                )
        return log

    def _tickets(self, where: str, data: Any) -> dict[str, TicketRule]:  # noqa: ANN401 - YAML
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.problems.append(f"{where}: must be columns of tickets, each with its source")
            return {}
        columns = [c for c in EXPORTS["tickets"].columns if c.name not in EXPORTS["tickets"].key]
        self._keys(where, data, [column.name for column in columns])
        return {
            column.name: self._ticket_rule(f"{where}.{column.name}", column, data[column.name])
            for column in columns
            if column.name in data
        }

    def _ticket_rule(self, where: str, column: Column, data: Any) -> TicketRule:  # noqa: ANN401 - YAML
        if not isinstance(data, dict):
            return TicketRule(Fold.CELL, (), self._column(where, column, data))
        self._keys(where, data, _TICKET_KEYS)
        folds = [fold for fold in Fold if fold in data]
        if len(folds) != 1:
            self.problems.append(f"{where}: must say one of {', '.join(Fold)}")
            return TicketRule(Fold.CELL, (), ColumnRule(None))
        fold = folds[0]
        if fold is Fold.CELL:
            return TicketRule(fold, (), self._column(where, column, data))
        of = self._texts(f"{where}.{fold}", data[fold])
        is_entry = fold in (Fold.FIRST_ENTRY, Fold.SINCE)
        if not of or (len(of) > 1 and not is_entry):
            self.problems.append(f"{where}.{fold}: must be {'states' if is_entry else 'a field'}")
        if is_entry and column.kind not in (Kind.INSTANT, Kind.DATE):
            self.problems.append(f"{where}.{fold}: is a time, which {column.name} is not")
        rest = {key: value for key, value in data.items() if key in _READING_KEYS}
        return TicketRule(fold, of, self._column(where, column, {"from": column.name, **rest}))

    def _check_sources(self, where: str, rules: ExportMapping) -> None:
        for name in sorted(rules.columns.keys() & rules.constants.keys()):
            self.problems.append(
                f"{where}.constants.{name}: is a column as well; keep one of the two"
            )
        taken: dict[str, str] = {}
        for name, rule in rules.columns.items():
            for header in chain.from_iterable(rule.sources):
                if taken.get(header, name) != name:
                    self.problems.append(
                        f"{where}.columns.{name}: {header!r} is already {taken[header]};"
                        " a header can be one column"
                    )
                taken[header] = name

    def _columns(self, export: Export, data: Any) -> dict[str, ColumnRule]:  # noqa: ANN401 - YAML
        where = f"{export.name}.columns"
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.problems.append(f"{where}: must be contract columns, each with a source header")
            return {}
        self._keys(where, data, [column.name for column in export.columns])
        rules = {}
        for column in export.columns:
            if column.name in data:
                rules[column.name] = self._column(
                    f"{where}.{column.name}", column, data[column.name]
                )
        return rules

    def _column(self, where: str, column: Column, data: Any) -> ColumnRule:  # noqa: ANN401 - YAML
        if not isinstance(data, dict):
            header, instead = self._sources(where, data)
            return ColumnRule(header, instead=instead)
        self._keys(where, data, _COLUMN_KEYS)
        header, instead = self._sources(f"{where}.from", data.get("from"))
        if header is None and not instead:
            self.problems.append(f"{where}.from: is missing; write the header of the source column")
        formats, way = self._formats(f"{where}.format", column, data.get("format"))
        if data.get("timezone") and column.kind not in (Kind.INSTANT, Kind.DATE):
            self.problems.append(f"{where}.timezone: is for times and dates only")
        return ColumnRule(
            header,
            self._values(f"{where}.values", column, data.get("values")),
            formats,
            way,
            self._timezone(f"{where}.timezone", data.get("timezone")),
            instead,
            self._flag(f"{where}.optional", data.get("optional")),
        )

    def _sources(self, where: str, data: Any) -> tuple[str | None, tuple[tuple[str, ...], ...]]:  # noqa: ANN401 - YAML
        """A header, or a list of them: the first that says something; a list in it is joined."""
        if not isinstance(data, list):
            return self._text(where, data), ()
        groups = [self._texts(where, entry) for entry in data]
        if not groups or any(not group for group in groups):
            self.problems.append(f"{where}: must be a header, or a list of headers")
            return "", ()
        if len(groups[0]) > 1:
            return None, tuple(groups)
        return groups[0][0], tuple(groups[1:])

    def _flag(self, where: str, value: Any) -> bool:  # noqa: ANN401 - YAML
        if value not in (None, True, False):
            self.problems.append(f"{where}: {value!r} must be true or false")
        return value is True

    def _values(self, where: str, column: Column, data: Any) -> dict[str, str]:  # noqa: ANN401 - YAML
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.problems.append(f"{where}: must be pairs, source value: contract value")
            return {}
        values = {}
        for source, target in data.items():
            key = self._text(where, source)
            value = self._text(f"{where}.{source}", target)
            if key is None or value is None:
                self.problems.append(
                    f"{where}: {source!r}: {target!r} has an empty side; list values that mean"
                    " nothing under null_values"
                )
                continue
            self._choice(f"{where}.{source}", column, value)
            values[key] = value
        return values

    def _constants(self, export: Export, data: Any) -> dict[str, str]:  # noqa: ANN401 - YAML
        where = f"{export.name}.constants"
        if data is None:
            return {}
        if not isinstance(data, dict):
            self.problems.append(f"{where}: must be pairs, contract column: value")
            return {}
        self._keys(where, data, [column.name for column in export.columns])
        constants = {}
        for column in export.columns:
            value = self._text(f"{where}.{column.name}", data.get(column.name))
            if value is not None:
                self._choice(f"{where}.{column.name}", column, value)
                constants[column.name] = value
        return constants

    def _choice(self, where: str, column: Column, value: str) -> None:
        if not column.choices or column.kind not in (Kind.CHOICE, Kind.YES_NO, Kind.INTEGER):
            return
        known = {s.lower() for v, others in column.choices.items() for s in (v, *others)}
        if value.lower() not in known:
            self.problems.append(
                f"{where}: {value!r} is no {column.name}; write one of {', '.join(column.choices)}"
            )

    def _keys(self, where: str, data: dict[Any, Any], known: tuple[str, ...] | list[str]) -> None:
        for key in data:
            if key in known:
                continue
            near = process.extractOne(str(key), known, score_cutoff=60)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            self.problems.append(f"{where}: {key!r} is not known{hint}")

    def _text(self, where: str, value: Any) -> str | None:  # noqa: ANN401 - YAML
        if value is None:
            return None
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, (str, int, float)):
            text = str(value)
            if "\0" in text:
                self.problems.append(f"{where}: holds a NUL character; take it out")
                return None
            return text
        self.problems.append(f"{where}: {value!r} is not one text; put it in quotes")
        return None

    def _texts(self, where: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - YAML
        items = value if isinstance(value, list) else [value]
        texts = [self._text(where, item) for item in items]
        return tuple(text for text in texts if text is not None)

    def _files(self, where: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - YAML
        patterns = self._texts(where, value)
        for pattern in patterns:
            if "/" in pattern or "\\" in pattern or pattern in ("", ".", ".."):
                self.problems.append(
                    f"{where}: {pattern!r} leads out of the exports folder; write a file name or"
                    " a pattern such as 'incidents*.csv'"
                )
        return patterns

    def _encoding(self, where: str, value: Any) -> str | None:  # noqa: ANN401 - YAML
        text = self._text(where, value)
        if text is None:
            return None
        try:
            if not codecs.lookup(text)._is_text_encoding:  # noqa: SLF001 - no public way to ask
                raise LookupError  # noqa: TRY301 - same outcome as an unknown name
        except LookupError:
            self.problems.append(
                f"{where}: {text!r} is no encoding; write for example utf-8, gb18030 or cp1252"
            )
            return None
        return text

    def _delimiter(self, where: str, value: Any) -> str | None:  # noqa: ANN401 - YAML
        text = self._text(where, value)
        if text is None:
            return None
        text = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}.get(text, text)
        if len(text) != 1 or not text.isascii() or text in '"\r\n' or text.isalnum():
            self.problems.append(f"{where}: {text!r} must be one sign, such as ';' or 'tab'")
            return None
        return text

    def _row(self, where: str, value: Any) -> int | None:  # noqa: ANN401 - YAML
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.problems.append(f"{where}: {value!r} must be the header's line, 1 or more")
            return None
        return value

    def _timezone(self, where: str, value: Any) -> str | None:  # noqa: ANN401 - YAML
        text = self._text(where, value)
        if text is None:
            return None
        try:
            ZoneInfo(text)
        except (ValueError, OSError, KeyError):
            self.problems.append(
                f"{where}: {text!r} is no time zone; write a name such as Asia/Shanghai"
            )
            return None
        return text

    def _formats(
        self,
        where: str,
        column: Column,
        data: Any,  # noqa: ANN401 - YAML
    ) -> tuple[tuple[str, ...], str | None]:
        """Time formats, or the way the column goes."""
        formats = self._texts(where, data)
        ways = conventions.ways_of(column.kind)
        if len(formats) == 1 and formats[0] in ways:
            return (), formats[0]
        if formats and column.kind not in (Kind.INSTANT, Kind.DATE):
            hint = f"write {' or '.join(ways)}" if ways else "it is for times, dates and numbers"
            self.problems.append(f"{where}: {', '.join(map(repr, formats))} does not fit; {hint}")
            return (), None
        for form in formats:
            self._format(where, form)
        return formats, None

    def _format(self, where: str, form: str) -> None:
        try:
            duckdb.execute("select try_strptime('', ?)", [form]).fetchall()
            is_format = "%" in form
        except duckdb.Error:
            is_format = False
        if not is_format:
            self.problems.append(
                f"{where}: {form!r} is no time format; write one such as '%d.%m.%Y %H:%M',"
                f" or {', '.join(conventions.TIME_WAYS)}"
            )
