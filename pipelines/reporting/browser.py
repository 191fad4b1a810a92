"""An installed Chromium, Chrome or Edge: finding it, printing to PDF, taking pictures.

Belongs here: the one program the report may start, and only when asked to (``--pdf``). Does not
belong here: what is printed (``office``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import SlaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: Where people have said which browser to use.
BROWSER_VARIABLE: Final = "SLA_CHROMIUM"
_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
#: Where the installers put it outside the PATH.
_PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
#: A browser that has not printed by then never will.
_PATIENCE_SECONDS: Final = 90
_FONTS_SECONDS: Final = 10
_SWITCHES: Final = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_NODE_IN_PDF: Final = re.compile(rb"\(node(\d{8})\)")
_TIME_IN_PDF: Final = re.compile(rb"/(CreationDate|ModDate) \(D:(\d{14})[+-]\d\d'\d\d'\)")


class BrowserError(SlaError):
    """The browser was there and did not do its work (exit status 1)."""


def find_browser(environment: Mapping[str, str] = os.environ) -> Path:
    """The installed Chromium (or Chrome, or Edge): ``SLA_CHROMIUM`` if set, else by name.

    Raises:
        UsageError: there is none, or ``SLA_CHROMIUM`` names none.
    """
    given = environment.get(BROWSER_VARIABLE)
    if given:
        found = shutil.which(given)
        if found is None:
            message = (
                f"--pdf: {BROWSER_VARIABLE} is {given}, which is no program. Set it to the path "
                "of Chromium, Chrome or Edge, or leave it unset to have it looked for."
            )
            raise UsageError(message)
        return Path(found)
    search = environment.get("PATH")
    places = [shutil.which(name, path=search) for name in _NAMES]
    places += [place for place in _PLACES if Path(place).is_file()]
    browser = next((place for place in places if place), None)
    if browser is None:
        message = (
            "--pdf needs Chromium, Chrome or Edge, and none is on the PATH. Install one (Debian: "
            f"apt install chromium), or set {BROWSER_VARIABLE} to its path; without --pdf the "
            "report prints from any browser."
        )
        raise UsageError(message)
    return Path(browser)


def font_warning(environment: Mapping[str, str] = os.environ) -> str | None:
    """What is said before printing on a machine without a Chinese font, where that can be told.

    Only Linux comes without one; its ``fc-list`` names the fonts there are.
    """
    program = shutil.which("fc-list", path=environment.get("PATH"))
    if program is None or not sys.platform.startswith("linux"):
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the one found on the PATH
            [program, ":lang=zh", "family"], check=True, capture_output=True, timeout=_FONTS_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.stdout.strip():
        return None
    return (
        "--pdf: this machine has no Chinese font, so Chinese is printed as boxes. Install one "
        "(Debian: apt install fonts-noto-cjk) and run again."
    )


def print_pdf(browser: Path, html: str, target: Path, as_of: datetime) -> Path:
    """Print a document to ``target``, as if at ``as_of``; without header, with bookmarks.

    Raises:
        BrowserError: the browser did not write it.
    """
    with tempfile.TemporaryDirectory(prefix="sla-print-") as folder:
        page = Path(folder) / "report.html"
        page.write_text(html, encoding="utf-8", newline="")
        return print_page(browser, page, target, as_of)


def print_page(browser: Path, page: Path, target: Path, as_of: datetime) -> Path:
    """Print a page from disk, with what stands beside it, as ``print_pdf`` prints a document.

    Raises:
        BrowserError: the browser did not write it.
    """
    options = ("--no-pdf-header-footer", "--generate-pdf-document-outline")
    _run(browser, [*options, f"--print-to-pdf={target}"], page, target)
    target.write_bytes(without_chance(target.read_bytes(), as_of))
    return target


def without_chance(pdf: bytes, as_of: datetime) -> bytes:
    """The PDF as if printed at ``as_of``, its nodes numbered from 1: same report, same bytes.

    The browser stamps the clock and numbers the nodes of the tagged text from wherever it was.
    The length stays: a PDF lists the places of its parts in bytes.
    """
    stamp = f"{as_of:%Y%m%d%H%M%S}".encode()
    timed = _TIME_IN_PDF.sub(rb"/\1 (D:" + stamp + rb"+00'00')", pdf)
    places = {
        node: place for place, node in enumerate(sorted(set(_NODE_IN_PDF.findall(timed))), start=1)
    }
    return _NODE_IN_PDF.sub(lambda found: b"(node%08d)" % places[found[1]], timed)


def take_picture(browser: Path, drawing: Path, size: tuple[float, float]) -> Path:
    """A PNG beside an SVG file, at twice its ``size`` in pixels.

    Raises:
        BrowserError: the browser did not write it.
    """
    target = drawing.with_suffix(".png")
    width, height = (round(side) for side in size)
    options = [
        "--force-device-scale-factor=2",
        f"--window-size={width},{height}",
        f"--screenshot={target}",
    ]
    _run(browser, options, drawing, target)
    return target


def _run(browser: Path, options: list[str], page: Path, target: Path) -> None:
    """Run the browser on a file from disk, with a profile of its own that goes afterwards."""
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="sla-browser-", ignore_cleanup_errors=True) as profile:
        command = [
            str(browser),
            *_SWITCHES,
            *(["--no-sandbox"] if _is_root() else []),
            f"--user-data-dir={profile}",
            *options,
            page.resolve().as_uri(),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - the program the user has installed, no shell
                command, capture_output=True, timeout=_PATIENCE_SECONDS, check=False
            )
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        except subprocess.TimeoutExpired:
            said = [f"no answer in {_PATIENCE_SECONDS} s"]
        except OSError as error:
            said = [str(error)]
    if not target.is_file():
        message = (
            f"--pdf: {browser} did not write {target.name} ({' '.join(said) or 'no message'}). "
            f"Try another one by setting {BROWSER_VARIABLE}, or run without --pdf; what --out "
            "held before is untouched."
        )
        raise BrowserError(message)


def _is_root() -> bool:
    """Whether the sandbox would refuse to start: it does for root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
