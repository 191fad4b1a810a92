"""Which product made a result: its version and the fingerprint of its models.

Belongs here: the two answers. Does not belong here: anything that follows from them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata

from pipelines.warehouse.models import MODELS


def product_version() -> str:
    """The version of the product as installed."""
    try:
        return metadata.version("sla-audit")
    except metadata.PackageNotFoundError:
        return "not installed"


@cache
def models_sha256() -> str:
    """One fingerprint of all model files, names and contents, in alphabetic order."""
    digest = hashlib.sha256()
    for path in sorted(MODELS.glob("*/*.sql")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {path.relative_to(MODELS).as_posix()}\n".encode())
    return digest.hexdigest()
