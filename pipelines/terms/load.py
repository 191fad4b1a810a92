"""Reading the terms files: every problem of every file in one refusal.

Belongs here: from a folder of YAML to checked ``Terms``. Does not belong here: what a file
may say (``schema``) and the tables for SQL (``tables``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import yaml
from pydantic import ValidationError

from pipelines.errors import UsageError
from pipelines.terms import schema
from pipelines.yaml_files import problem, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date


BUILT_IN = Path(__file__).resolve().parents[2] / "models" / "terms"

File = TypeVar("File", bound=schema.TermsFile)


@dataclass(frozen=True)
class Source:
    """Where one terms file came from, and what stands in it to the byte."""

    file: str
    origin: str
    sha256: str
    description: str
    content: bytes = b""


@dataclass(frozen=True)
class Terms:
    """The checked terms files by their name without suffix, and where each came from."""

    files: Mapping[str, schema.TermsFile]
    sources: tuple[Source, ...]

    @property
    def timezone(self) -> str:
        """The time zone of every local time (``service_hours.yaml``)."""
        return self.file(schema.ServiceHoursFile).timezone

    def file(self, kind: type[File]) -> File:
        """The file of that shape; KeyError when there is none."""
        for value in self.files.values():
            if isinstance(value, kind):
                return value
        raise KeyError(kind.__name__)

    def starts(self) -> list[date]:
        """Every day on which any term changes, in order."""
        days = {
            value.valid_from
            for file in self.files.values()
            for value in getattr(file, "values", [])
        }
        return sorted(days)


def load_terms(directory: Path | None = None, in_force: Mapping[str, bytes] | None = None) -> Terms:
    """Read the terms: the built-in files, each replaced by the one of that name in ``directory``.

    Args:
        directory: the folder with the files that replace others.
        in_force: files by their name without suffix that stand in the place of the built-in ones
            (those a run judged by, say); ``directory`` replaces these as well.

    Raises:
        UsageError: anything is wrong, all problems at once: file, key, why, what to write.
    """
    problems: list[str] = []
    paths = {name: BUILT_IN / f"{name}.yaml" for name in schema.FILES}
    if directory is not None:
        problems += _replace(paths, directory)
    kept = {
        name: content
        for name, content in (in_force or {}).items()
        if name in paths and paths[name].parent == BUILT_IN
    }
    documents: dict[str, object] = {}
    sources = []
    for name, path in paths.items():
        try:
            content = kept[name] if name in kept else path.read_bytes()
            documents[name] = read_yaml(content)
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}")
            continue
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            problems.append(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}")
            continue
        document = documents[name]
        text = document.get("description", "") if isinstance(document, dict) else ""
        origin = "built-in" if path.parent == BUILT_IN else "given"
        origin = "in force" if name in kept else origin
        digest = hashlib.sha256(content).hexdigest()
        sources.append(Source(path.name, origin, digest, str(text).strip(), content))
    files, found = check_documents(documents, {name: str(path) for name, path in paths.items()})
    problems += found
    if problems:
        head = "The terms cannot be used:" if len(problems) > 1 else "The terms cannot be used."
        raise UsageError("\n  ".join([head, *problems]))
    return Terms(files, tuple(sources))


def _replace(paths: dict[str, Path], directory: Path) -> list[str]:
    """Put the files of ``directory`` in the place of the built-in ones; say what cannot be."""
    if not directory.is_dir():
        return [f"{directory}: no such folder; give the folder that holds the terms files"]
    problems = []
    given = sorted(p for p in directory.iterdir() if p.suffix in {".yaml", ".yml"})
    for path in given:
        if path.stem in paths and path.suffix == ".yaml":
            paths[path.stem] = path
        else:
            known = ", ".join(f"{name}.yaml" for name in paths)
            problems.append(f"{path}: not a terms file; the names are {known}")
    if not given:
        problems.append(f"{directory}: holds no terms files; copy those of models/terms to start")
    return problems


def check_documents(
    documents: Mapping[str, object], places: Mapping[str, str]
) -> tuple[dict[str, schema.TermsFile], list[str]]:
    """Check parsed documents against their shapes and against each other.

    Returns:
        The files that are right, and a sentence for each problem.
    """
    files: dict[str, schema.TermsFile] = {}
    problems: list[str] = []
    for name, document in documents.items():
        try:
            files[name] = schema.FILES[name].model_validate(document)
        except ValidationError as error:
            problems += [f"{places[name]}: {problem(item)}" for item in error.errors()]
    if not problems:
        problems += _gaps(files, places) + _unknown_codes(files, places)
    return files, problems


def _gaps(files: Mapping[str, schema.TermsFile], places: Mapping[str, str]) -> list[str]:
    """Refuse a file that starts after another: the days between would have no value."""
    starts = {
        name: file.values[0].valid_from for name, file in files.items() if hasattr(file, "values")
    }
    first = min(starts.values())
    return [
        f"{places[name]}: values.0.from: starts on {start}, but other terms start on {first}; "
        f"the days between have no value. Write a value from {first}, or start there"
        for name, start in starts.items()
        if start > first
    ]


def _unknown_codes(files: Mapping[str, schema.TermsFile], places: Mapping[str, str]) -> list[str]:
    """Service codes used by other files must be in the catalogue of that day."""
    services = files["services"]
    if not isinstance(services, schema.Services):
        return []
    used: list[tuple[str, str, date, str]] = []
    for name, file in files.items():
        for value in getattr(file, "values", []):
            used += [(name, key, value.valid_from, code) for key, code in _codes_of(value)]
    problems = []
    for name, key, day, code in used:
        in_force = [v for v in services.values if v.valid_from <= day][-1]
        if code not in in_force.services:
            problems.append(
                f"{places[name]}: {key}: {code} is not in the catalogue of {day} "
                "(services.yaml); write one of its codes or add it there"
            )
    return problems


def _codes_of(value: schema.Dated) -> list[tuple[str, str]]:
    if isinstance(value, schema.ChargeRules):
        return [("maintenance_fee_services", code) for code in value.maintenance_fee_services]
    if isinstance(value, schema.Rates):
        return [("rates.service_code", r.service_code) for r in value.rates if r.service_code]
    if isinstance(value, schema.Promises):
        return [
            ("inspection.service_code", value.inspection.service_code),
            ("training.service_code", value.training.service_code),
            ("training.after", value.training.after),
            ("assessment.service_code", value.assessment.service_code),
            ("trial.service_code", value.trial.service_code),
            ("phone_first.service_code", value.phone_first.service_code),
            ("phone_first.phone_service_code", value.phone_first.phone_service_code),
        ]
    return []
