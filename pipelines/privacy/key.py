"""The key pseudonyms are made with: from the environment, or from a file of its own.

Whoever has the key can tell which pseudonym stands for a name they know, so it never lies in the
folder that is handed out, and no message shows it. The same key gives the same pseudonyms, run
after run; another key gives others.

Belongs here: finding the key, and making one where there is none. Does not belong here: what is
hidden (``settings_file``) or how (``veil``).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipelines.settings_file import Privacy

VARIABLE: Final = "SLA_PRIVACY_KEY"
SHORTEST: Final = 16
"""Characters of a key; a shorter one could be found by trying."""

_BYTES: Final = 32


@dataclass(frozen=True)
class Discretion:
    """What is hidden, and the key it is hidden with."""

    privacy: Privacy
    key: bytes

    def __repr__(self) -> str:
        """Without the key: this may end up in a log."""
        return f"Discretion({self.privacy!r})"


def discretion(
    privacy: Privacy, out: Path, environment: Mapping[str, str] = os.environ
) -> Discretion | None:
    """What a run into ``out`` has to hide and how; None where nothing is hidden.

    The variable goes before the file. A file that is not there is made, readable by its owner
    alone, with a random key.

    Raises:
        UsageError: there is no key, it is too short, it lies in ``out``, or its file cannot be
            read or made.
    """
    if not privacy.hides_anything:
        return None
    given = environment.get(VARIABLE, "").strip()
    return Discretion(privacy, _long_enough(given, VARIABLE) if given else _of_file(privacy, out))


def _of_file(privacy: Privacy, out: Path) -> bytes:
    path = privacy.key_file
    if path is None:
        message = (
            "The settings hide names or texts, but there is no key to make pseudonyms with. Set "
            f"{VARIABLE}, or name a file as privacy.key_file: it is made when it is not there."
        )
        raise UsageError(message)
    if path.resolve().is_relative_to(out.resolve()):
        message = (
            f"The key {path} lies in the result folder {out}, so whoever gets the folder could "
            "undo the pseudonyms. Name a privacy.key_file outside of it, and move the key there."
        )
        raise UsageError(message)
    try:
        if not path.exists():
            _make(path)
        return _long_enough(path.read_text(encoding="utf-8").strip(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"The key file {path} cannot be read or made ({error}). Name a privacy.key_file "
            f"where this account may write, or set {VARIABLE}."
        )
        raise UsageError(message) from error


def _make(path: Path) -> None:
    """Write a random key that only the owner can read; one somebody else just made stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - of a descriptor
            stream.write(f"{secrets.token_hex(_BYTES)}\n")
        os.link(draft, path)  # whole or not at all, and never in place of another
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _long_enough(text: str, source: str) -> bytes:
    if len(text) < SHORTEST:
        message = (
            f"The key of {source} has {len(text)} characters; at least {SHORTEST} are needed, or "
            "names could be found again by trying. Make one with: openssl rand -hex 32"
        )
        raise UsageError(message)
    return text.encode()
