"""What tells whether the exports of a folder are still the same.

Belongs here: a quick look (names, sizes, times) and the fingerprint of the contents. Does not
belong here: when to look and what follows (``session``, ``deployment.watching``).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipelines.exports.finding import find_exports

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipelines.exports.mapping import Mapping

Signature = tuple[tuple[str, int, int, int], ...]
"""For each file its name, size, and when content and entry were last changed (nanoseconds).

The times are only ever compared for equality: no clock has to be right.
"""


def signature(exports_dir: Path, mapping: Mapping | None = None) -> Signature:
    """A quick look at the files a run would read; equal as long as nobody writes to them.

    Raises:
        SlaError: what ``find_exports`` raises.
    """
    found, _ = find_exports(exports_dir, mapping)
    return tuple(
        (file.path.name, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for files in found.values()
        for file in files
        if (status := file.path.stat())
    )


def fingerprint(exports_dir: Path, mapping: Mapping | None = None) -> str:
    """The fingerprint of the names and contents of the files a run would read."""
    found, _ = find_exports(exports_dir, mapping)
    files = []
    for one in found.values():
        for file in one:
            with file.path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            files.append((file.path.name, digest))
    return fingerprint_of(files)


def fingerprint_of(files: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of files given by name and SHA-256 (as ``meta.files`` has them)."""
    lines = (f"{digest}  {name}\n" for name, digest in sorted(set(files)))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
