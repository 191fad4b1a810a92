"""A report on disk and a real browser to open it with; skipped where there is no Chromium.

The company behind the report is made of a fixed seed. Some of its texts are hostile: a page
that ran one of them would set ``window.hacked``.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.reporting.report import build_report
from tests.harness import build, give_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    from playwright.sync_api import Browser, Page

AS_OF = "2025-12-19 16:30:00"
HOSTILE = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'&'
_CITIES = ("北京", "上海", "广州", "深圳", "成都", "武汉", "西安", "")
_HOURS = {1: (12, 48), 2: (24, 72), 3: (48, 120), 4: (120, 168)}
_LONG = "国家高性能网络与信息安全联合实验室暨华南地区灾备运营管理办公室" * 3


def tickets(count: int = 400) -> list[dict[str, Any]]:
    """Faults of fourteen months: all levels and tiers, some late, some open, some unmeasurable."""
    chance = random.Random(7)  # noqa: S311 - a fixed company, not a secret
    rows = []
    for number in range(count):
        opened = datetime(2024, 11, 4) + timedelta(minutes=chance.randrange(60 * 24 * 410))  # noqa: DTZ001 - local time, as exports have it
        level = chance.choices((1, 2, 3, 4), (1, 2, 4, 3))[0]
        city = chance.choice(_CITIES)
        hours = _HOURS[level][city not in _CITIES[:4]] * (1 if level <= 2 else 3)
        used = chance.betavariate(2, 3) * hours * 1.2
        row = {
            "ticket_id": f"T{opened:%y%m}-{number:04d}",
            "customer_id": f"C{number % 40:03d}",
            "customer_name": HOSTILE
            if number % 20 == 0
            else _LONG
            if number % 20 == 1
            else "成都软件园",
            "customer_type": "end_customer",
            "city": city or None,
            "service_code": chance.choice(("SASR008", "SASR009", "SASL012")),
            "fault_level": None if number % 50 == 3 else level,
            "provider": "agent",
            "agent_id": f"A{number % 12 + 1:02d}",
            "channel": "phone",
            "category": "fault",
            "opened_at": str(opened),
            "description": HOSTILE,
        }
        if number % 40:
            row["responded_at"] = str(opened + timedelta(hours=used))
        rows.append(row)
    rows[0]["ticket_id"] = f"T&{HOSTILE}"
    return rows


@pytest.fixture(scope="session")
def warehouse() -> duckdb.DuckDBPyConnection:
    """The company's warehouse, every table built."""
    rows = tickets()
    pauses = [
        {
            "ticket_id": row["ticket_id"],
            "paused_at": row["opened_at"],
            "resumed_at": str(datetime.fromisoformat(row["opened_at"]) + timedelta(hours=4)),
            "reason": HOSTILE,
        }
        for row in rows[::9]
    ]
    con = build({"tickets": rows, "pauses": pauses}, None, AS_OF)
    give_files(con, ["tickets"])
    return con


@pytest.fixture(scope="session")
def report_dir(
    warehouse: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The report of ``warehouse``, on disk."""
    folder = tmp_path_factory.mktemp("report")
    build_report(warehouse, folder)
    return folder


class Opened:
    """A page with what it said and asked for while it was open."""

    def __init__(self, page: Page) -> None:
        """Listen to ``page`` from now on."""
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: self.said.append(dialog.message))
        page.on("request", lambda request: self.asked.append(request.url))

    def go(self, folder: Path, path: str) -> Page:
        """Open ``path`` of the report from disk and wait until its script is done."""
        file, _, state = path.partition("#")
        address = (folder / file).as_uri() + (f"#{state}" if state else "")
        self.page.goto(address)
        self.page.wait_for_selector("body[data-drawn]")
        return self.page


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """A fresh page, 1440 pixels wide; afterwards: nothing said, nothing asked of a network."""
    with _page(browser, 1440) as page:
        watched = Opened(page)
        yield watched
        remote = [url for url in watched.asked if not url.startswith(("file:", "data:", "blob:"))]
        assert remote == []
        assert watched.said == []
        assert page.evaluate("window.hacked") is None


@contextmanager
def _page(browser: Browser, width: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
    try:
        yield context.new_page()
    finally:
        context.close()
