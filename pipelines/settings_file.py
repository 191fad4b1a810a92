"""The settings file of a deployment: folders, schedule, notifications, privacy, audiences.

One YAML file, named by ``--settings`` or ``SLA_SETTINGS``. Everything in it may be left out; what
the command line or an ``SLA_*`` variable says goes before it. Folders are relative to the file.
No secret stands in it: those come from the environment alone (``notifications``).

Belongs here: the shape of the file and its reading. Does not belong here: what follows from it.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from yaml import YAMLError

from pipelines.errors import UsageError
from pipelines.yaml_files import problem, read_yaml

Channel = Literal["email", "dingtalk", "wecom", "feishu", "webhook"]
Event = Literal["run_failed", "records_owed"]
Treatment = Literal["keep", "pseudonyms", "omit"]

KEY_FILE = "privacy.key"
"""Where the key of the pseudonyms lies unless the file names another place: beside the file."""

_LAST_HOUR = 23
_LAST_DAY = 28  # the last one that every month has


class Part(BaseModel):
    """A mapping that refuses keys it does not know and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _path(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value.strip():
        message = "must be the name of a file or folder"
        raise ValueError(message)
    folder = (info.context or {}).get("folder", Path())
    return Path(folder) / Path(value).expanduser()


def _mapping(value: object, info: ValidationInfo) -> Path:
    """A mapping is a file or the name of a built-in one, which is no path."""
    if isinstance(value, str) and value.startswith("preset:"):
        return Path(value)
    return _path(value, info)


def _month(value: object) -> date:
    try:
        return datetime.strptime(str(value), "%Y-%m").date()  # noqa: DTZ007 - a month, no instant
    except ValueError as error:
        message = 'must be a month, such as "2024-01"'
        raise ValueError(message) from error


Place = Annotated[Path, BeforeValidator(_path)]


class Paths(Part):
    """Where a run reads and writes; the options of ``sla run`` of the same names."""

    exports: Place | None = None
    out: Place | None = None
    terms: Place | None = None
    mapping: Annotated[Path, BeforeValidator(_mapping)] | None = None


class Schedule(Part):
    """When ``sla serve`` runs by itself; local time of the terms' zone.

    On ``day`` at ``hour`` of each month everything is run and the month before gets its edition,
    which must be there on ``deadline_day`` at the same hour. With ``watch_exports`` a run also
    starts once new or changed exports have stopped changing for ``settle_seconds``.
    ``first_month`` is the first month an edition can be made of.
    """

    day: int = Field(default=3, ge=1, le=_LAST_DAY)
    hour: int = Field(default=6, ge=0, le=_LAST_HOUR)
    deadline_day: int = Field(default=5, ge=1, le=_LAST_DAY)
    first_month: Annotated[date, BeforeValidator(_month)] = date(2020, 1, 1)
    watch_exports: bool = True
    settle_seconds: int = Field(default=60, ge=1, le=3600)
    busy_minutes: int = Field(default=10, ge=0, le=720)

    @model_validator(mode="after")
    def _deadline_after(self) -> Schedule:
        if self.deadline_day < self.day:
            message = (
                f"deadline_day {self.deadline_day} comes before day {self.day}; "
                "the edition cannot be late before it is made"
            )
            raise ValueError(message)
        return self


class Email(Part):
    """The mail server; user and password come from SLA_SMTP_USER and SLA_SMTP_PASSWORD."""

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(min_length=3)
    recipients: list[str] = Field(min_length=1)


class Notifications(Part):
    """Who is told of what; nobody of nothing unless ``through`` names a channel."""

    through: list[Channel] = []
    about: list[Event] = ["run_failed", "records_owed"]
    email: Email | None = None

    @model_validator(mode="after")
    def _has_server(self) -> Notifications:
        if "email" in self.through and self.email is None:
            message = "through names email; add email with host, sender and recipients"
            raise ValueError(message)
        return self


class Privacy(Part):
    """What the report says in place of names of people and firms, and of free text.

    ``names`` holds for all three kinds of them: ``customers``, ``agents`` and ``people``
    (engineers); each may have a treatment of its own. ``texts`` are descriptions, results and
    reasons of pauses. ``ids`` are those of customers and agents: kept, unless one looks like a
    name or is one that is hidden; ``pseudonyms`` replaces them all. Pseudonyms are made with the
    key of SLA_PRIVACY_KEY or of ``key_file``. The warehouse keeps everything.
    """

    names: Treatment = "keep"
    customers: Treatment | None = None
    agents: Treatment | None = None
    people: Treatment | None = None
    texts: Treatment = "keep"
    ids: Literal["keep", "pseudonyms"] = "keep"
    key_file: Place | None = None

    @property
    def treatments(self) -> dict[str, Treatment]:
        """What becomes of each class of values."""
        return {
            "agents": self.agents or self.names,
            "customers": self.customers or self.names,
            "people": self.people or self.names,
            "texts": self.texts,
        }

    @property
    def hides_anything(self) -> bool:
        """Whether anything at all is not shown as it is."""
        return self.ids != "keep" or {*self.treatments.values()} != {"keep"}


class SettingsFile(Part):
    """The whole file."""

    paths: Paths = Paths()
    memory_limit: str | None = None
    schedule: Schedule = Schedule()
    notifications: Notifications = Notifications()
    privacy: Privacy = Privacy()
    audiences: bool = False


def read_settings(path: Path | None) -> SettingsFile:
    """Read the settings file; the defaults without one.

    Raises:
        UsageError: it cannot be read or says what cannot be, all problems at once.
    """
    if path is None:
        return SettingsFile()
    if not path.is_file():
        what = "is no plain file" if path.exists() else "does not exist"
        message = (
            f"The settings file {path} {what}. Name one that is there (--settings, SLA_SETTINGS)."
        )
        raise UsageError(message)
    try:
        document = read_yaml(path.read_bytes())
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        message = f"The settings file {path} cannot be read as YAML: {' '.join(str(error).split())}"
        raise UsageError(message) from error
    try:
        given = SettingsFile.model_validate(
            {} if document is None else document, context={"folder": path.parent}
        )
    except ValidationError as error:
        problems = [f"{path}: {problem(item)}" for item in error.errors()]
        head = (
            "The settings cannot be used:" if len(problems) > 1 else "The settings cannot be used."
        )
        raise UsageError("\n  ".join([head, *problems])) from error
    if given.privacy.key_file is not None or not given.privacy.hides_anything:
        return given
    beside = given.privacy.model_copy(update={"key_file": path.parent / KEY_FILE})
    return given.model_copy(update={"privacy": beside})


def folders(exports: Path | None, out: Path | None) -> tuple[Path, Path]:
    """The folders a run needs, from wherever they were named.

    Raises:
        UsageError: one is named nowhere, or the exports are no folder.
    """
    if exports is None:
        message = "Where are the exports? Give --exports DIR, or paths.exports in a settings file."
        raise UsageError(message)
    if out is None:
        message = "Where is the result to go? Give --out DIR, or paths.out in a settings file."
        raise UsageError(message)
    if not exports.is_dir():
        what = "is a file" if exports.exists() else "does not exist"
        message = f"--exports {exports} {what}. Name the folder that holds the export files."
        raise UsageError(message)
    return exports, out
