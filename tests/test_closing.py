"""``sla publish`` and ``sla verify`` on the sample company, and a run after the closing."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pytest
from click.testing import CliRunner

from pipelines import cli, publish
from pipelines.errors import DataError, UsageError
from pipelines.months import store
from pipelines.months.closing import close_month
from pipelines.terms.load import BUILT_IN
from tests.test_restatements import CLOSED, built, terms_in
from tests.test_run import SAMPLE, start

if TYPE_CHECKING:
    from pathlib import Path

JUNE = date(2025, 6, 1)
NOW = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)

# GD25060005: level 1, 北京, 14 h 32 min 39 s of 12. Paused for three hours it is in time.
PAUSE = "GD25060005,2025-06-02 13:00:00,2025-06-02 16:00:00,等客户\n"
# 13 hours of 12
LATE = (
    "ticket_id,customer_id,customer_type,city,service_code,fault_level,provider,channel,"
    "opened_at,responded_at,category,expert_team\n"
    "GD25069001,C078,key_account,北京,SASR008,1,company,phone,"
    "2025-06-20 09:00:00,2025-06-20 22:00:00,fault,yes\n"
)
# GD25050028: level 2 in a city of the first tier, 28 h 5 min 44 s of 24
TERMS = ("2: {tier1: 24, other: 72}", "2: {tier1: 30, other: 72}")


def sla(*arguments: object) -> tuple[int, str]:
    """Exit status and all that was said."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    return result.exit_code, result.output


class Closed(NamedTuple):
    """May and June published from the sample, and a later run on what came since."""

    out: Path
    published: str
    later: str


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    folder = tmp_path_factory.mktemp("closed")
    exports, terms, out = folder / "exports", folder / "terms", folder / "out"
    shutil.copytree(SAMPLE, exports, ignore=shutil.ignore_patterns("boston", "*.py", "*.yaml"))
    assert start("run", "--exports", exports, "--out", out, "--quiet").returncode == 0
    said = [sla("publish", month, "--out", out) for month in ("2025-05", "2025-06")]
    assert [status for status, _ in said] == [0, 0]
    with (exports / "pauses.csv").open("a", encoding="utf-8") as pauses:
        pauses.write(PAUSE)
    (exports / "tickets_late.csv").write_text(LATE, encoding="utf-8")
    terms.mkdir()
    text = (BUILT_IN / "response_targets.yaml").read_text(encoding="utf-8")
    (terms / "response_targets.yaml").write_text(text.replace(*TERMS), encoding="utf-8")
    later = start("run", "--exports", exports, "--terms", terms, "--out", out)
    assert later.returncode == 0, later.stderr
    return Closed(out, said[1][1], later.stdout)


def test_publishing_tells_where_it_is_and_its_seal(closed: Closed) -> None:
    version = store.latest(closed.out)[JUNE]
    assert f"2025-06 is published as version 1: {version.folder}" in closed.published
    assert f"sla verify --out {closed.out} --seal {version.seal}" in closed.published


def test_a_version_holds_figures_inputs_terms_and_pages(closed: Closed) -> None:
    version = store.latest(closed.out)[JUNE]
    names = set(version.manifest["files"])
    assert {
        "tables/facts.responses.parquet",
        "tables/facts.charges.parquet",
        "tables/facts.filings.parquet",
        "tables/marts.obligations.parquet",
        "tables/marts.response_monthly.parquet",
        "inputs/rows.parquet",
        "inputs/edges.parquet",
        "terms/response_targets.yaml",
        "report/management.zh.html",
        "report/management.en.html",
        "report/management.xlsx",
        "report/finance.xlsx",
        "report/quality.xlsx",
    } <= names
    place = version.folder / "tables/facts.responses.parquet"
    months = duckdb.read_parquet(str(place)).unique("month").fetchall()
    assert months == [(JUNE,)]
    built_in = {path.name: path.read_bytes() for path in BUILT_IN.glob("*.yaml")}
    kept = {path.name: path.read_bytes() for path in (version.folder / "terms").iterdir()}
    assert kept == built_in
    inputs = {one["file"]: one["sha256"] for one in version.manifest["inputs"]}
    invoices = (SAMPLE / "invoices_company.csv").read_bytes()
    assert inputs["invoices_company.csv"] == hashlib.sha256(invoices).hexdigest()
    assert version.manifest["product_version"] == "0.1.0"
    figures = version.manifest["figures"]
    assert figures["fault_tickets"] == sum(
        figures[verdict] for verdict in ("met", "breached", "pending", "unmeasurable")
    )


def test_the_pages_open_by_themselves_on_the_month(closed: Closed) -> None:
    page = (
        store.latest(closed.out)[date(2025, 5, 1)].folder / "report/management.en.html"
    ).read_text(encoding="utf-8")
    assert "<h1>Management · 2025-05</h1>" in page
    assert "met 33 / decided 37" in page
    assert "<script" not in page
    assert 'src="' not in page
    assert 'rel="stylesheet"' not in page


def test_a_run_leaves_the_store_alone_and_says_what_changed(closed: Closed) -> None:
    assert store.check(closed.out) == []
    status, said = sla("verify", "--out", closed.out)
    assert status == 0
    assert "2 versions of 2 months, " in said
    # a pause; a late ticket with its response, charge and three rules of conduct; a target
    assert "Months     2 closed, 2 of them restated since (7 figures)" in closed.later
    with duckdb.connect(str(closed.out / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute(
            "select month, subject_id, was, is_now, cause_code from marts.restatements "
            "where kind = 'response' order by subject_id"
        ).fetchall()
        rates = con.execute(
            "select month, met_was, breached_was, met_now, breached_now "
            "from marts.closed_rates where kind = 'response' order by month"
        ).fetchall()
    assert found == [
        (date(2025, 5, 1), "GD25050028", "breached", "met", "terms"),
        (JUNE, "GD25060005", "breached", "met", "pause"),
        (JUNE, "GD25069001", None, "breached", "row_new"),
    ]
    # May 33 of 37 and 34 of 37; June 51 of 54, then one more met and one more ticket
    assert rates == [(date(2025, 5, 1), 33, 4, 34, 3), (JUNE, 51, 3, 52, 3)]


def test_the_report_shows_both_figures_and_the_way_to_the_ticket(closed: Closed) -> None:
    english = (closed.out / "report/en/closed.html").read_text(encoding="utf-8")
    chinese = (closed.out / "report/zh/closed.html").read_text(encoding="utf-8")
    assert "Response compliance was 94.4% (51/54) as published and is 94.5% (52/55) now" in english
    assert "发布时响应及时率 94.4% (51/54)，现在 94.5% (52/55)" in chinese
    assert "ticket.html#id=GD25069001" in english
    management = (closed.out / "report/en/management.html").read_text(encoding="utf-8")
    assert "This month was published on" in management
    assert 'href="../en/closed.html#at=closed-2025-06"' in management
    kept = (closed.out / "report/data").glob("tickets-*.js")
    assert any('"GD25069001"' in part.read_text(encoding="utf-8") for part in kept)


def test_explain_says_whether_the_month_is_closed_and_what_changed(closed: Closed) -> None:
    _, paused = sla("explain", "GD25060005", "--out", closed.out)
    assert "Month 2025-06 · published on " in paused
    assert "response · breached as published, met now · 2025-06, version 1" in paused
    assert "why      pause was not part of it at closing (pauses.csv row 20)" in paused
    _, same = sla("explain", "GD25060001", "--out", closed.out)
    assert "since      nothing of this ticket has changed" in same
    _, other = sla("explain", "GD25040020", "--out", closed.out)
    assert "Month 2025-04" not in other, "it is not published"


def test_a_second_publishing_needs_its_reason_and_stands_beside_the_first(
    closed: Closed, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(closed.out, out, ignore=shutil.ignore_patterns(".dagster"))
    first = {
        path: path.read_bytes()
        for path in (out / "published/2025-06/v1").rglob("*")
        if path.is_file()
    }
    status, said = sla("publish", "2025-06", "--out", out)
    assert status == 2
    assert "as version 1. A further version stands beside it and needs its reason" in said
    assert f"sla publish 2025-06 --out {out} --reason" in said
    status, said = sla("publish", "2025-06", "--out", out, "--reason", "a ticket came late")
    assert status == 0
    assert {path: path.read_bytes() for path in first} == first
    version = store.latest(out)[JUNE]
    assert (version.number, version.manifest["reason"]) == (2, "a ticket came late")
    assert version.manifest["figures"]["met"] == 52
    _, explained = sla("explain", "GD25060005", "--out", out)
    assert "published from this result" in explained


def test_a_tampered_figure_is_told_by_verify_and_by_publish(closed: Closed, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(closed.out, out, ignore=shutil.ignore_patterns(".dagster"))
    page = out / "published/2025-05/v1/report/management.zh.html"
    page.write_text(page.read_text(encoding="utf-8").replace("89.2%", "98.2%"), encoding="utf-8")
    status, said = sla("verify", "--out", out)
    assert status == 1
    assert (
        f"{page}: was changed after it was published. Put the folder of this version back" in said
    )
    status, said = sla("publish", "2025-04", "--out", out)
    assert status == 1
    assert "Nothing was published" in said
    assert not (out / "published/2025-04").exists()


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OUT with a small result, nothing published yet."""
    out = tmp_path_factory.mktemp("june")
    terms = terms_in(out / "terms_in_force")
    built(CLOSED["exports"], terms, CLOSED["as_of"], out / "warehouse.duckdb").close()
    return out


def own(june: Path, tmp_path: Path, as_of: str | None = None) -> Path:
    out = tmp_path / "out"
    shutil.copytree(june, out)
    if as_of:
        with duckdb.connect(str(out / "warehouse.duckdb")) as con:
            con.execute("update meta.run set as_of = $1::timestamp", [as_of])
    return out


@pytest.mark.parametrize(
    ("as_of", "is_over"),
    [("2025-06-29 23:59:59", False), ("2025-06-30 00:00:00", True), ("2025-07-01 00:00:00", True)],
)
def test_a_month_is_over_from_its_last_day_on(
    june: Path, tmp_path: Path, as_of: str, *, is_over: bool
) -> None:
    out = own(june, tmp_path, as_of)
    if is_over:
        assert close_month(out, JUNE, now=NOW).number == 1
    else:
        with pytest.raises(UsageError, match=r"2025-06 cannot be published: it is not over"):
            close_month(out, JUNE, now=NOW)
        assert not (out / "published").exists()


def test_a_month_without_tickets_is_refused(june: Path) -> None:
    with pytest.raises(UsageError, match=r"no ticket was opened in it.*from 2025-05 to 2025-06"):
        close_month(june, date(2025, 4, 1), now=NOW)
    assert not (june / "published").exists()


def test_the_same_result_published_twice_has_the_same_bytes(june: Path, tmp_path: Path) -> None:
    out = own(june, tmp_path)
    one = close_month(out, JUNE, now=NOW)
    two = close_month(out, JUNE, "again", now=NOW)
    assert one.manifest["files"] == two.manifest["files"]


def test_an_empty_reason_is_none(june: Path, tmp_path: Path) -> None:
    out = own(june, tmp_path)
    close_month(out, JUNE, now=NOW)
    with pytest.raises(UsageError, match="needs its reason"):
        close_month(out, JUNE, "  ", now=NOW)


def test_a_result_of_an_older_product_is_to_be_made_anew(june: Path, tmp_path: Path) -> None:
    out = own(june, tmp_path)
    with duckdb.connect(str(out / "warehouse.duckdb")) as con:
        con.execute("alter table meta.run drop column models_sha256")
    with pytest.raises(UsageError, match="Run sla run once more"):
        close_month(out, JUNE, now=NOW)


def test_while_a_run_is_at_work_nothing_is_published(june: Path, tmp_path: Path) -> None:
    out = own(june, tmp_path)
    with publish.only_run(out), pytest.raises(DataError, match="Another run is working"):
        close_month(out, JUNE, now=NOW)


def test_a_run_that_clears_its_own_files_away_leaves_published_ones(
    june: Path, tmp_path: Path
) -> None:
    out = own(june, tmp_path)
    close_month(out, JUNE, now=NOW)
    before = {path: path.read_bytes() for path in (out / "published").rglob("*") if path.is_file()}
    for names in (["report/index.html", "report/old.html"], ["report/index.html"]):
        with publish.only_run(out) as building:
            for name in names:
                (building / name).parent.mkdir(exist_ok=True)
                (building / name).write_text("page", encoding="utf-8")
            publish.publish(out)
    assert not (out / "report/old.html").exists()
    assert {path: path.read_bytes() for path in before} == before
    assert store.check(out) == []


@pytest.mark.parametrize("month", ["2025-13", "June", "2025-6", ""])
def test_a_month_that_is_none_is_wrong_usage(june: Path, month: str) -> None:
    status, said = sla("publish", month, "--out", june)
    assert status == 2
    assert "2025-06" in said


def test_there_must_be_a_result_to_publish(tmp_path: Path) -> None:
    status, said = sla("publish", "2025-06", "--out", tmp_path / "nowhere")
    assert status == 2
    assert "sla run --exports DIR" in said
    assert not (tmp_path / "nowhere").exists()
    status, said = sla("verify", "--out", tmp_path / "nowhere")
    assert status == 2
    assert f"--out {tmp_path / 'nowhere'} does not exist" in said
    status, said = sla("verify", "--out", tmp_path)
    assert (status, said.split(";")[0]) == (0, f"No month is published in {tmp_path}")


def test_the_manifest_is_readable_by_itself(june: Path, tmp_path: Path) -> None:
    version = close_month(own(june, tmp_path), JUNE, now=NOW)
    manifest = json.loads((version.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == "2025-06-30 18:00:00"
    assert manifest["published_at"] == "2025-07-01T01:00:00+00:00"
    # T1 met, T2 breached, T3 pending
    assert manifest["figures"] == {
        "fault_tickets": 3,
        "met": 1,
        "breached": 1,
        "pending": 1,
        "unmeasurable": 0,
    }
