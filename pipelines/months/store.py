"""The store of closed months, ``OUT/published``: versions are added, never changed.

A version is a folder, ``2025-06/v1``, with whatever closing a month puts in it and a
``manifest.json`` that holds the SHA-256 of each of its files and of the manifest published just
before it, whatever month that was. ``chain.sha256`` lists the manifests in the order of
publishing, as ``sha256sum`` writes and checks it. So nothing in the store can be changed, removed
or put in the place of something else without breaking a link. A copy of the list is kept beside
the store (``OUT/.closed.sha256``): it tells when the whole store went back to an earlier state.

A version is built in ``published/.building`` and comes into being by one rename. A process killed
before it leaves no version; killed after it, the list lacks its last line, and the next one to
add a version writes that first.

Belongs here: adding, listing and checking versions. Does not belong here: what a closed month
holds (``closing``), or the result of a run and its lock (``publish``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from dashboards.language import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STORE: Final = "published"
CHAIN: Final = "chain.sha256"
WITNESS: Final = ".closed.sha256"
MANIFEST: Final = "manifest.json"
_BUILDING: Final = ".building"
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_VERSION: Final = re.compile(r"v([1-9]\d*)")
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\d{4}-\d{2}/v\d+)/manifest\.json")


@dataclass(frozen=True)
class Version:
    """One published version of a month: its folder, and what its manifest says."""

    month: date
    number: int
    folder: Path
    manifest: Mapping[str, Any]
    seal: str
    """The SHA-256 of its manifest: what the next version in the chain names."""

    @property
    def name(self) -> str:
        """Its place in the store: ``2025-06/v1``."""
        return f"{self.month:%Y-%m}/v{self.number}"


@dataclass(frozen=True)
class Problem:
    """Something in the store that is not as it was published.

    ``version`` is the version it concerns (``2025-06/v1``); None when it is the list itself.
    """

    place: Path
    version: str | None
    what: Text
    remedy: Text

    @property
    def message(self) -> str:
        """What, where and what to do, in one sentence or two."""
        return f"{self.place}: {self.what.en}. {self.remedy.en}"


_RESTORE: Final = Text(
    "请从备份恢复这个版本的文件夹；没有备份时，把整个 published 文件夹移到别处留作凭据，删除 "
    ".closed.sha256，再重新发布各月",
    "Put the folder of this version back from a backup; without one, move the whole folder "
    "published elsewhere as evidence, delete .closed.sha256 beside it, and publish the months anew",
)
_RESTORE_LIST: Final = Text(
    "请从备份恢复 published 文件夹；若确实要从头开始，请删除旁边的 .closed.sha256",
    "Put the folder published back from a backup; if starting anew was meant, delete "
    ".closed.sha256 beside it",
)


def is_used(out: Path) -> bool:
    """Whether anything was ever published in OUT."""
    return (out / STORE).is_dir() or (out / WITNESS).is_file()


def versions(out: Path) -> list[Version]:
    """Every version whose manifest can be read, in order of month and number."""
    found = []
    for folder in _folders(out):
        manifest = _read_manifest(folder)
        if manifest is not None:
            content, seal = manifest
            found.append(Version(_month_of(folder), _number_of(folder), folder, content, seal))
    return found


def latest(out: Path) -> dict[date, Version]:
    """The version in force of each closed month: the one with the highest number."""
    return {version.month: version for version in versions(out)}


@contextmanager
def new_version(out: Path, month: date, about: Mapping[str, Any]) -> Iterator[Path]:
    """Add a version of ``month``; the block fills the folder it is given.

    The caller holds OUT (``publish.only_run``) and has checked the store (``check``). The
    manifest holds ``about``, then the files. When the block raises, there is no new version.
    """
    root = out / STORE
    root.mkdir(exist_ok=True)
    building = root / _BUILDING
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        chain = complete_chain(out)
        numbers = [_number_of(folder) for folder in _folders(out) if _month_of(folder) == month]
        number = max(numbers, default=0) + 1
        yield building
        manifest = {
            "month": f"{month:%Y-%m}",
            "version": number,
            "place": len(chain) + 1,
            "previous": chain[-1][0] if chain else None,
            **about,
            "files": {
                path.relative_to(building).as_posix(): {
                    "sha256": sha256(path),
                    "bytes": path.stat().st_size,
                }
                for path in sorted(building.rglob("*"))
                if path.is_file()
            },
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, default=str)
        (building / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")
        _sync_folder(building)
        target = root / f"{month:%Y-%m}" / f"v{number}"
        target.parent.mkdir(exist_ok=True)
        building.rename(target)  # from here on the version is there
        _sync(target.parent)
        _sync(root)
        complete_chain(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def complete_chain(out: Path) -> list[tuple[str, str]]:
    """Add to the list the version that a killed process left unlisted; the list.

    Each entry is the SHA-256 of a manifest and the version it is of, in order of publishing.
    """
    chain = _read_chain(out / STORE / CHAIN)
    unlisted = _next_in_line(out, chain)
    if unlisted is not None:
        chain.append((unlisted.seal, unlisted.name))
        _write_chain(out / STORE / CHAIN, chain)
    if chain and _read_chain(out / WITNESS) != chain:
        _write_chain(out / WITNESS, chain)
    return chain


def check(out: Path, seal: str | None = None) -> list[Problem]:
    """Everything in the store that is not as it was published; nothing is changed.

    Args:
        out: the folder a run writes to.
        seal: a seal noted elsewhere (in a mail, in minutes) that the chain must still hold.
    """
    if not is_used(out):
        return _seal_problems(out, [], seal)
    chain = _read_chain(out / STORE / CHAIN)
    unlisted = _next_in_line(out, chain)
    whole = [*chain, *([(unlisted.seal, unlisted.name)] if unlisted else [])]
    problems = _list_problems(out, chain, whole)
    previous = None
    listed = set()
    for entry, name in whole:
        problems += _version_problems(out / STORE / name, entry, previous)
        previous = entry
        listed.add(name)
    for folder in _folders(out):
        name = f"{folder.parent.name}/{folder.name}"
        if name not in listed:
            what = Text(f"列表 {CHAIN} 中没有这个版本", f"this version is not in the list {CHAIN}")
            problems.append(Problem(folder, name, what, _RESTORE_LIST))
    return problems + _seal_problems(out, whole, seal)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _list_problems(
    out: Path, chain: list[tuple[str, str]], whole: list[tuple[str, str]]
) -> list[Problem]:
    """Whether the list itself is there, readable, and no shorter than it was."""
    path = out / STORE / CHAIN
    witness = _read_chain(out / WITNESS)
    problems = []
    if path.is_file():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) != len(chain):
            what = Text("有无法辨认的行", "holds lines that are not those of the list")
            problems.append(Problem(path, None, what, _RESTORE_LIST))
    elif witness:
        what = Text("已发布版本的列表不见了", "the list of published versions is gone")
        problems.append(Problem(path, None, what, _RESTORE_LIST))
    for place, (seal, name) in enumerate(witness):
        if place >= len(whole):
            what = Text(
                f"已发布的 {name} 被移除，列表到此为止",
                f"{name} was published and is gone, and the list ends before it",
            )
            problems.append(Problem(path, name, what, _RESTORE_LIST))
        elif whole[place] != (seal, name):
            what = Text(
                f"第 {place + 1} 行本应是 {name}（{seal[:12]}…）",
                f"line {place + 1} was {name} ({seal[:12]}…) and is not any more",
            )
            problems.append(Problem(path, name, what, _RESTORE_LIST))
            break
    return problems


def _version_problems(folder: Path, seal: str, previous: str | None) -> list[Problem]:
    """Whether a listed version is there, its manifest the sealed one, and its files as sealed."""
    name = f"{folder.parent.name}/{folder.name}"

    def problem(place: Path, zh: str, en: str) -> Problem:
        return Problem(place, name, Text(zh, en), _RESTORE)

    path = folder / MANIFEST
    if not path.is_file():
        return [problem(path, "这个版本不见了", "this version is gone")]
    if sha256(path) != seal:
        return [
            problem(
                path,
                "发布之后被改动，或被换成了另一个版本",
                "was changed after it was published, or is another version's",
            )
        ]
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    problems = []
    if manifest["previous"] != previous:
        problems.append(
            problem(
                path,
                "与前一个发布的版本对不上",
                "does not follow on the version published before it",
            )
        )
    for file, sealed in manifest["files"].items():
        target = folder / file
        if not target.is_file():
            problems.append(problem(target, "文件不见了", "this file is gone"))
        elif sha256(target) != sealed["sha256"]:
            problems.append(problem(target, "发布之后被改动", "was changed after it was published"))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    problems += [
        problem(folder / file, "发布时没有这个文件", "was not there when it was published")
        for file in sorted(there - set(manifest["files"]) - {MANIFEST})
    ]
    return problems


def _seal_problems(out: Path, chain: list[tuple[str, str]], seal: str | None) -> list[Problem]:
    if seal is None or any(seal.strip().lower() == entry for entry, _ in chain):
        return []
    what = Text(
        f"没有封印为 {seal} 的版本：它被移除或被替换，或封印抄错了",
        f"holds no version with the seal {seal}: it was removed or replaced, or the seal was "
        "copied wrongly",
    )
    return [Problem(out / STORE, None, what, _RESTORE_LIST)]


def _folders(out: Path) -> list[Path]:
    """The folders of versions, in order of month and number."""
    root = out / STORE
    if not root.is_dir():
        return []
    return sorted(
        (
            folder
            for month in root.iterdir()
            if _MONTH.fullmatch(month.name) and month.is_dir()
            for folder in month.iterdir()
            if _VERSION.fullmatch(folder.name) and folder.is_dir()
        ),
        key=lambda folder: (folder.parent.name, _number_of(folder)),
    )


def _month_of(folder: Path) -> date:
    return date.fromisoformat(f"{folder.parent.name}-01")


def _number_of(folder: Path) -> int:
    return int(folder.name[1:])


def _read_manifest(folder: Path) -> tuple[dict[str, Any], str] | None:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    needed = {"month", "version", "place", "previous", "files"}
    if not isinstance(content, dict) or needed - content.keys():
        return None
    return content, sha256(path)


def _next_in_line(out: Path, chain: list[tuple[str, str]]) -> Version | None:
    """The one version that follows on the end of the list and is not in it."""
    listed = {name for _, name in chain}
    last = chain[-1][0] if chain else None
    found = [
        version
        for version in versions(out)
        if version.name not in listed
        and version.manifest["previous"] == last
        and version.manifest["place"] == len(chain) + 1
    ]
    return found[0] if len(found) == 1 else None


def _read_chain(path: Path) -> list[tuple[str, str]]:
    """The lines that have the form of the list; none when it is not there."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = [_LINE.fullmatch(line) for line in lines]
    return [(line[1], line[2]) for line in found if line]


def _write_chain(path: Path, chain: list[tuple[str, str]]) -> None:
    draft = path.with_name(f"{path.name}.draft")
    with draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{seal}  {name}/{MANIFEST}\n" for seal, name in chain)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the disk hold every file of a folder before its rename makes it count."""
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    if os.name == "nt":
        return  # Windows syncs only what is open for writing
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
