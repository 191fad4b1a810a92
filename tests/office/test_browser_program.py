"""Finding a browser, and what is said when there is none or it does not print."""

from __future__ import annotations

import stat
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.errors import UsageError
from pipelines.reporting.browser import (
    BrowserError,
    find_browser,
    font_warning,
    print_pdf,
    take_picture,
    without_chance,
)

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = datetime(2025, 6, 30, 18)  # noqa: DTZ001 - local time of the terms


def _program(path: Path, script: str = "exit 0") -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_browser_is_found_by_name_on_the_path(tmp_path: Path) -> None:
    program = _program(tmp_path / "google-chrome")
    assert find_browser({"PATH": str(tmp_path)}) == program
    better = _program(tmp_path / "chromium")
    assert find_browser({"PATH": str(tmp_path)}) == better


@pytest.mark.parametrize(
    ("script", "said"),
    [("exit 0", "apt install fonts-noto-cjk"), ("echo Noto", ""), ("exit 1", "")],
)
def test_a_machine_without_a_chinese_font_is_told_before_printing(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert font_warning({"PATH": str(tmp_path)}) is None, "nobody can tell"
    _program(tmp_path / "fc-list", script)
    warning = font_warning({"PATH": str(tmp_path)})
    assert bool(warning) == bool(said)
    assert said in (warning or "")


def test_the_variable_comes_before_the_path(tmp_path: Path) -> None:
    _program(tmp_path / "chromium")
    own = _program(tmp_path / "my-browser")
    assert find_browser({"PATH": str(tmp_path), "SLA_CHROMIUM": str(own)}) == own


def test_a_variable_that_names_nothing_is_wrong_usage(tmp_path: Path) -> None:
    _program(tmp_path / "chromium")
    with pytest.raises(UsageError, match="SLA_CHROMIUM is /no/such"):
        find_browser({"PATH": str(tmp_path), "SLA_CHROMIUM": "/no/such"})


def test_none_is_wrong_usage_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.reporting.browser._PLACES", ())
    with pytest.raises(UsageError, match="apt install chromium"):
        find_browser({"PATH": str(tmp_path)})


def test_the_run_stops_before_it_starts_when_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.reporting.browser._PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SLA_CHROMIUM", raising=False)
    (tmp_path / "exports").mkdir()
    out = tmp_path / "out"
    arguments = ["run", "--exports", str(tmp_path / "exports"), "--out", str(out), "--pdf"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--pdf needs Chromium" in result.stderr
    assert not out.exists()


def test_a_browser_that_prints_nothing_is_said_with_its_last_words(tmp_path: Path) -> None:
    program = _program(tmp_path / "chromium", "echo first >&2; echo no display >&2; exit 1")
    with pytest.raises(BrowserError, match=r"did not write report\.pdf \(no display\)"):
        print_pdf(program, "<p>", tmp_path / "report.pdf", AS_OF)


def test_a_browser_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.reporting.browser._PATIENCE_SECONDS", 0.2)
    program = _program(tmp_path / "chromium", "exec sleep 30")
    with pytest.raises(BrowserError, match=r"no answer in 0\.2 s"):
        take_picture(program, tmp_path / "trend.svg", (10, 10))


def test_an_old_picture_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "trend.png").write_bytes(b"old")
    with pytest.raises(BrowserError):
        take_picture(_program(tmp_path / "chromium"), tmp_path / "trend.svg", (10, 10))


def test_it_is_given_a_file_on_disk_and_no_network(tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = _program(
        tmp_path / "chromium",
        f'printf "%s\\n" "$@" > {said}\nfor a; do case "$a" in --screenshot=*) '
        'echo png > "${a#--screenshot=}";; esac; done',
    )
    drawing = tmp_path / "名 a.svg"
    assert take_picture(program, drawing, (920.4, 505)) == tmp_path / "名 a.png"
    given = said.read_text(encoding="utf-8").splitlines()
    assert given[-1] == drawing.as_uri()
    assert {"--window-size=920,505", "--force-device-scale-factor=2"} <= set(given)
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in given


def test_the_times_in_a_pdf_become_the_as_of_and_the_length_stays() -> None:
    pdf = b"/CreationDate (D:20261124002052+00'00')\n/ModDate (D:20261124002052+08'00')>> (D:2026)"
    fixed = without_chance(pdf, AS_OF)
    assert fixed == (
        b"/CreationDate (D:20250630180000+00'00')\n/ModDate (D:20250630180000+00'00')>> (D:2026)"
    )
    assert len(fixed) == len(pdf)


def test_the_nodes_of_a_pdf_are_numbered_from_one_in_their_order() -> None:
    pdf = b"/ID (node00000078) /Headers [(node00000083) (node00000078)] (node1)"
    assert without_chance(pdf, AS_OF) == (
        b"/ID (node00000001) /Headers [(node00000002) (node00000001)] (node1)"
    )
