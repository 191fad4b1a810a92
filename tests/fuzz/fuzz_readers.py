"""Let a fuzzer make up what the readers read.

    make fuzz FUZZ_SECONDS=600
    python -m tests.fuzz.fuzz_readers TARGET -max_total_time=600

TARGET is a name of ``targets.TARGETS``; what follows goes to libFuzzer. What it finds is written
to a file ``crash-…`` here: put it into ``tests/exports/hostile/files`` with the suffix of its
kind, so that every run of the tests reads it, and mend what it shows.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipelines.exports", "pipelines.yaml_files"]):
    from tests.fuzz import targets

CORPUS = Path(__file__).parents[1] / "exports" / "hostile" / "files"


def main() -> None:
    """Fuzz the target that the command line names."""
    name, *options = sys.argv[1:] or [""]
    if name not in targets.TARGETS:
        sys.exit(f"{name!r} is no target. Name one of: {', '.join(targets.TARGETS)}")
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(targets.seeds(name)):
            (Path(corpus) / f"seed{number}").write_bytes(seed)
        folders = [corpus, *([str(CORPUS)] if name in ("lines", "text") else [])]
        atheris.Setup([sys.argv[0], *folders, *options], targets.TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
