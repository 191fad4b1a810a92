"""The command itself: hiding with PDF and folders, closing a month, and turned off again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pipelines import cli
from pipelines.errors import UsageError
from pipelines.reporting.browser import find_browser
from tests.privacy.planted import free_texts, names, write_exports
from tests.privacy.searching import search

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


def sla(*arguments: object) -> str:
    done = CliRunner(env={"SLA_PRIVACY_KEY": "", "SLA_SETTINGS": ""}).invoke(
        cli.main, [str(argument) for argument in arguments]
    )
    assert done.exit_code == 0, done.output
    return done.output


def test_a_run_hides_prints_and_forgets_its_folders_when_told_to(tmp_path: Path) -> None:
    try:
        find_browser()
    except UsageError:
        pytest.skip("no Chromium on this machine: install chromium to print the PDF")
    exports, out, settings = (
        write_exports(tmp_path / "exports"),
        tmp_path / "out",
        tmp_path / "s.yaml",
    )
    run = ("run", "--exports", exports, "--out", out, "--settings", settings)
    settings.write_text(
        "privacy: {names: pseudonyms, texts: omit, key_file: keys/k}\naudiences: true\n",
        encoding="utf-8",
    )
    sla(*run, "--pdf")
    assert (tmp_path / "keys" / "k").is_file()
    forbidden = names(out) | free_texts(out)
    for folder in ("report", "audiences"):
        assert search(out / folder, forbidden) == []
    assert len([*out.glob("audiences/*/*.pdf")]) == 5
    first = {path: path.read_bytes() for path in out.glob("audiences/**/*.html")}

    refused = CliRunner(env={"SLA_SETTINGS": None}).invoke(
        cli.main, ["publish", "2025-05", "--out", str(out)]
    )
    assert refused.exit_code == 2
    assert "--settings FILE, or SLA_SETTINGS" in refused.output
    sla("publish", "2025-05", "--out", out, "--settings", settings)
    (pages,) = out.glob("published/2025-05/v1/report")
    assert search(pages, forbidden) == []

    sla(*run)  # the same key, the same pseudonyms; now with a closed month
    assert search(out / "audiences", forbidden) == []
    assert (out / "audiences" / "management" / "zh" / "closed.html").is_file()
    same = "audiences/agents/A05/A05.html"
    assert (out / same).read_bytes() == first[out / same]

    settings.write_text("audiences: false\n", encoding="utf-8")
    sla(*run)
    assert not (out / "audiences").exists()
    assert not (out / "mend").exists()
    assert search(out / "report", forbidden)
    sla("publish", "2025-04", "--out", out)
