"""What test folders share: the one browser of a test process (Playwright allows no second)."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# No test is timed: machines are noisy, and a deadline would fail whatever ran beside another.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A worker of pytest-xdist has a main module without a file, which PySpark's Connect, imported by
# Great Expectations, takes for its own doctests: it ends the process.
sys.modules["__main__"].__dict__.setdefault("__file__", None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install chromium to run the browser tests")
    with sync_api.sync_playwright() as playwright:
        # A sandbox needs rights that containers and CI runners often withhold.
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield running
        running.close()
