# ruff: noqa: S608 -- the SQL is put together from names this package declares, never from data
"""What a check is: a form, a severity, whom it guards, a sentence in two languages.

Belongs here: the forms a check may take and the SQL that finds the rows that break it.
Does not belong here: which checks there are (the suites beside this module) and how Great
Expectations judges them (``on_duckdb``). Nothing here imports Great Expectations, whose
import takes seconds: a list of checks can be read without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning"]


class CheckFailedToRunError(Exception):
    """A check could not be judged at all: it, or its table, is not what it should be."""


@dataclass(frozen=True)
class NotNull:
    """``column`` has a value in every row."""

    column: str


@dataclass(frozen=True)
class OneOf:
    """``column``, where it has a value, has one of ``values``."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """``column``, where it has a value, lies between the bounds given, both allowed."""

    column: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class InOrder:
    """``later`` is not before ``earlier`` where both have a value."""

    earlier: str
    later: str


@dataclass(frozen=True)
class Unique:
    """No two rows share the values of ``columns`` (rows with a null in them do not count)."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class NoRows:
    """``query`` finds nothing: whatever it selects is a failing row.

    The query names its tables itself and holds no braces and no colons, which Great
    Expectations and SQLAlchemy read as parameters.

    ``alike``: two queries of one column of keys. Where both select the same keys, each as often,
    ``query`` finds nothing; an engine that can tell so from sums need not run it.
    """

    query: str
    alike: tuple[str, str] | None = None


Form = NotNull | OneOf | Between | InOrder | Unique | NoRows


@dataclass(frozen=True)
class Check:
    """One promise about a table.

    ``severity``: a failing ``critical`` check stops the run, a ``warning`` is shown.
    ``guards``: the clause, the line of the data contract or the house rule it stands for.
    ``reads``: further tables it needs; where one of them is missing, the check does not run.
    """

    name: str
    form: Form
    severity: Severity
    guards: str
    en: str
    zh: str
    reads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """The checks of one table; ``shown`` are the columns that lead a person to a row.

    ``same_rows``: a table that has as many rows, as a check says, and is quicker to count.
    """

    table: str
    shown: tuple[str, ...]
    checks: tuple[Check, ...]
    same_rows: str = ""

    def check(self, name: str) -> Check:
        """The check called ``name``; KeyError when the suite has none."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)


def critical(  # noqa: PLR0913, PLR0917 -- a check's six parts, the same in every suite
    name: str, form: Form, guards: str, en: str, zh: str, reads: tuple[str, ...] = ()
) -> Check:
    """A check whose failure stops the run."""
    return Check(name, form, "critical", guards, en, zh, reads)


def warning(  # noqa: PLR0913, PLR0917 -- a check's six parts, the same in every suite
    name: str, form: Form, guards: str, en: str, zh: str, reads: tuple[str, ...] = ()
) -> Check:
    """A check whose failure is shown and stops nothing."""
    return Check(name, form, "warning", guards, en, zh, reads)


def failing_rows(suite: Suite, check: Check) -> str:
    """SQL that selects the rows which break ``check``, with the columns that identify them."""
    form = check.form
    if isinstance(form, NoRows):
        return form.query
    shown = ", ".join(dict.fromkeys((*suite.shown, *_columns(form))))
    return f"select {shown} from {suite.table} {_breaks(form)}"


def _columns(form: NotNull | OneOf | Between | InOrder | Unique) -> tuple[str, ...]:
    match form:
        case NotNull(column) | OneOf(column) | Between(column):
            return (column,)
        case InOrder(earlier, later):
            return (earlier, later)
        case Unique(columns):
            return columns


def _breaks(form: NotNull | OneOf | Between | InOrder | Unique) -> str:
    """The rest of a select that keeps the rows which break ``form``."""
    match form:
        case NotNull(column):
            return f"where {column} is null"
        case OneOf(column, values):
            return f"where {column} not in ({quoted(values)})"
        case Between(column, low, high):
            bounds = [f"{column} < {low}"] if low is not None else []
            bounds += [f"{column} > {high}"] if high is not None else []
            return f"where {' or '.join(bounds)}"
        case InOrder(earlier, later):
            return f"where {later} < {earlier}"
        case Unique(columns):
            known = " and ".join(f"{column} is not null" for column in columns)
            return f"where {known} qualify count(*) over (partition by {', '.join(columns)}) > 1"


def quoted(values: tuple[str, ...]) -> str:
    """``values`` as a list of SQL string literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def has_columns(table: str, types: dict[str, str]) -> Check:
    """The table has the columns of the contract, each with one of the types given.

    ``types``: column name to the types allowed, separated by ``|``; ``any`` allows all.
    """
    schema, name = table.split(".")
    wanted = ", ".join(f"('{column}', '{allowed}')" for column, allowed in types.items())
    query = (
        "select w.column_name, w.allowed as expected_type, c.data_type as found_type "
        f"from (values {wanted}) as w(column_name, allowed) "
        "left join information_schema.columns as c on c.column_name = w.column_name "
        f"and c.table_schema = '{schema}' and c.table_name = '{name}' "
        "and c.table_catalog = current_database() "
        "where c.data_type is null or (w.allowed <> 'any' "
        "and not contains('|' || w.allowed || '|', '|' || c.data_type || '|'))"
    )
    return critical(
        "columns",
        NoRows(query),
        "contract: tables",
        "The table has the contract's columns, with their types.",
        "表中具备数据约定的各列，且类型相符。",
    )


def required(column: str, guards: str) -> Check:
    """``column`` may never be empty."""
    return critical(
        f"{column}_given",
        NotNull(column),
        guards,
        f"Every row has a {column}.",
        f"每一行都有 {column}。",
    )


def key(columns: tuple[str, ...], guards: str) -> Check:
    """No two rows share the key."""
    names = " + ".join(columns)
    return critical(
        "key_unique",
        Unique(columns),
        guards,
        f"No two rows share {names}.",
        f"{names} 不重复。",
    )


def vocabulary(column: str, values: tuple[str, ...], guards: str) -> Check:
    """``column`` has only the words the contract names."""
    return critical(
        f"{column}_known",
        OneOf(column, values),
        guards,
        f"{column} is one of {', '.join(values)}.",
        f"{column} 只能是 {'、'.join(values)}。",
    )


def expected(column: str, guards: str, en: str, zh: str) -> Check:
    """``column`` should have a value; what its absence costs is said in the sentences."""
    return warning(f"{column}_given", NotNull(column), guards, en, zh)


def in_order(earlier: str, later: str, guards: str) -> Check:
    """Two instants of a row should be in order; a row where they are not is shown."""
    return warning(
        f"{later}_not_before_{earlier}",
        InOrder(earlier, later),
        guards,
        f"{later} is not before {earlier}.",
        f"{later} 不早于 {earlier}。",
    )


def refers(  # noqa: PLR0913, PLR0917 -- both ends of a reference, and what it guards
    table: str, keys: str, column: str, target: str, target_column: str, guards: str
) -> Check:
    """``column`` should name a row of ``target``; nothing is said where ``target`` is empty.

    ``keys``: columns that identify a row of ``table``, as SQL writes a list.
    """
    # A table that was not given is empty: every reference into it would be flagged.
    query = (
        f"select source_file, source_row, {keys}, {column} from {table} as refers "
        f"anti join {target} as target on target.{target_column} = refers.{column} "
        f"where {column} is not null and exists (select 1 from {target})"
    )
    return warning(
        f"{column}_in_{target.split('.')[1]}",
        NoRows(query),
        guards,
        f"{column} names a row of {target}.",
        f"{column} 能在 {target} 中找到。",
        (target,),
    )
