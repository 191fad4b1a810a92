"""What two sets of terms say differently, in words a person can check against the files."""

from __future__ import annotations

import typing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from dashboards.language import both
from pipelines import cli
from pipelines.terms import schema
from pipelines.terms.differences import Difference, differences, differences_on, in_words
from pipelines.terms.load import BUILT_IN
from pipelines.terms.wording import label
from tests.harness import terms_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TARGETS = {
    1: {"tier1": 12, "other": 48},
    2: {"tier1": 24, "other": 72},
    3: {"tier1": 48, "other": 120},
    4: {"tier1": 120, "other": 168},
}
DAY = date(2000, 1, 1)


def amended(*amendments: tuple[str, Mapping[int, Mapping[str, int]]]) -> dict[str, Any]:
    """Response targets that change on the days given, each time those levels only."""
    values = [{"from": DAY, "targets": TARGETS}]
    for day, changed in amendments:
        targets = values[-1]["targets"] | changed  # type: ignore[operator]
        values.append({"from": date.fromisoformat(day), "targets": targets})
    return {"response_targets": {"values": values}}


def compared(overrides: Mapping[str, Any]) -> list[Difference]:
    return differences(terms_with(), terms_with(overrides))


def one(overrides: Mapping[str, Any]) -> Difference:
    (found,) = compared(overrides)
    return found


def test_equal_terms_have_no_differences() -> None:
    assert compared({}) == []
    assert "say the same" in in_words(terms_with(), terms_with(), ("a", "b"), "en")
    assert "没有差别" in in_words(terms_with(), terms_with(), ("a", "b"), "zh")


def test_an_amendment_that_repeats_what_holds_already_is_no_difference() -> None:
    assert compared(amended(("2026-01-01", {}))) == []


def test_a_target_changes_from_its_day_on() -> None:
    found = one(amended(("2026-01-01", {3: {"tier1": 48, "other": 96}})))
    assert found.clause == "T4"
    assert found.sentence.en == "response target, Level 3, Other cities: 120 h → 96 h"
    assert found.sentence.zh == "响应时限·三级·其它城市：120 小时 → 96 小时"
    assert (found.valid_from, found.valid_to) == (date(2026, 1, 1), None)


def test_a_change_goes_on_over_later_amendments_of_something_else() -> None:
    found = compared(
        amended(
            ("2026-01-01", {3: {"tier1": 48, "other": 96}}),
            ("2026-07-01", {1: {"tier1": 8, "other": 48}}),
        )
    )
    assert {(d.change.en, d.valid_from, d.valid_to) for d in found} == {
        ("120 h → 96 h", date(2026, 1, 1), None),
        ("12 h → 8 h", date(2026, 7, 1), None),
    }


def test_a_change_taken_back_ends_before_that_day() -> None:
    found = one(
        amended(
            ("2026-01-01", {3: {"tier1": 48, "other": 96}}),
            ("2026-07-01", {3: {"tier1": 48, "other": 120}}),
        )
    )
    assert found.days is not None
    assert found.days.en == "from 2026-01-01 to before 2026-07-01"


@pytest.mark.parametrize(
    ("overrides", "clause", "zh", "en"),
    [
        (
            {"cities": {"tier1": ["北京", "上海", "深圳", "成都"]}},
            "T4",
            "一级城市：增加 成都，去掉 广州",
            "tier-1 cities: added 成都, removed 广州",
        ),
        (
            {"readings": {"strictness": "<="}},
            "T4",
            "解读 4 正好等于时限：算超时（条款写小于）（<） → 算按时（<=）",
            (
                "reading 4, A response at exactly the target: "
                "Is a breach (the table says less than) (<) → Is in time (<=)"
            ),
        ),
        (
            {"readings": {"training_due": "end_of_next_day"}},
            "AS-9",
            (
                "解读 10 一天之内：现场支持完成后 24 小时内（within_24_hours） → "
                "次日结束之前（end_of_next_day）"
            ),
            (
                "reading 10, Within one day: Within 24 hours after the on-site support was "
                "finished (within_24_hours) → By the end of the next calendar day (end_of_next_day)"
            ),
        ),
        (
            {"charges": {"billing_due_days": 45}},
            "AS-1",
            "开票期限：30 天 → 45 天",
            "time to bill: 30 days → 45 days",
        ),
        (
            {"products": {"warranty_months": {"防火墙": 24}}},
            "AS-1",
            "担保期·防火墙：36 个月 → 24 个月",
            "warranty, 防火墙: 36 months → 24 months",
        ),
        (
            {"rate_card": {"rates": [{"charge_type": "maintenance_fee", "amount": 1200}]}},
            "WA-2",
            "价目·维护成本费 CNY：无 → 1200",
            "price, Maintenance fee CNY: none → 1200",
        ),
        (
            {"obligations": {"training": {"max_hours": 6}}},
            "AS-9",
            "现场培训·最多课时：8 小时 → 6 小时",
            "on-site training, most class hours: 8 h → 6 h",
        ),
        (
            {"fault_levels": {"levels": {3: {"expert_team": True}}}},
            "AS-7",
            "故障等级·三级·专家小组：否 → 是",
            "fault level, Level 3, expert team: no → yes",
        ),
        (
            {"service_levels": {"charging": {"S1": {"other_city": "free"}}}},
            "T1",
            "等级的含义·S1·异城：应收费 → 免费",
            "meaning of the level, S1, another city: Billable → Free",
        ),
        (
            {"filing": {"required_fields": {"presales_report": ["engineer", "resolution"]}}},
            "AG",
            "必填字段·《售前报告》：去掉 服务完成时间",
            "required fields, Presales report: removed service finished at",
        ),
        (
            {"service_hours": {"weekly": {"fri": [["08:00", "12:00"], ["13:00", "17:00"]]}}},
            "AS-7",
            "每周服务时间·星期五：08:00–18:00 → 08:00–12:00、13:00–17:00",
            "weekly hours, Friday: 08:00–18:00 → 08:00–12:00, 13:00–17:00",
        ),
        (
            {"service_hours": {"special_days": {date(2026, 2, 15): [["09:00", "12:00"]]}}},
            "AS-7",
            "另行安排的日子·2026-02-15：无 → 09:00–12:00",
            "special days, 2026-02-15: none → 09:00–12:00",
        ),
    ],
)
def test_each_kind_of_value_in_words(
    overrides: Mapping[str, Any], clause: str, zh: str, en: str
) -> None:
    found = one(overrides)
    assert (found.clause, found.sentence.zh, found.sentence.en) == (clause, zh, en)


def test_a_file_that_starts_on_another_day_differs_for_those_days() -> None:
    later = date(2010, 1, 1)
    then = terms_with(
        {"cities": {"values": [{"from": DAY, "tier1": ["北京"], "service_centre": "深圳"}]}}
    )
    now = terms_with(
        {
            "cities": {
                "values": [
                    {"from": DAY, "tier1": ["北京"], "service_centre": "深圳"},
                    {"from": later, "tier1": ["北京"], "service_centre": "广州"},
                ]
            }
        }
    )
    (found,) = differences(then, now)
    assert (found.change.en, found.valid_from) == ("深圳 → 广州", later)
    cities = {"cities": None}
    assert differences_on(then, now, date(2009, 12, 31), cities) == []
    assert [d.change.en for d in differences_on(then, now, later, cities)] == ["深圳 → 广州"]


def test_on_a_day_only_the_files_and_keys_asked_for_count() -> None:
    now = terms_with(
        {"readings": {"strictness": "<=", "charge_day": "finished"}, "cities": {"tier1": ["成都"]}}
    )
    wanted = {"charges": None, "readings": {"strictness"}}
    found = differences_on(terms_with(), now, date(2025, 1, 1), wanted)
    assert [d.path for d in found] == [("strictness",)]


def _fields(kind: object) -> Iterator[str]:
    """Every field of a shape and of the shapes inside it."""
    for inner in typing.get_args(kind):
        yield from _fields(inner)
    if isinstance(kind, type) and issubclass(kind, schema.Part):
        for name, field in kind.model_fields.items():
            yield name
            yield from _fields(field.annotation)


@pytest.mark.parametrize("name", schema.FILES)
def test_every_key_of_every_file_has_words_in_both_languages(name: str) -> None:
    keys = set(_fields(schema.FILES[name])) - {"values", "valid_from"}
    keys -= {"charge_type", "amount", "currency", "product_type", "service_code"}  # in rates' names
    if name == "readings":
        keys -= set(schema.SWITCHES)  # their words are the terms' own
    unworded = {key for key in keys if label(name, key) == both(key)}
    assert unworded == set()


def test_the_command_prints_a_heading_for_each_clause(tmp_path: Path) -> None:
    text = (BUILT_IN / "charges.yaml").read_text(encoding="utf-8")
    (tmp_path / "charges.yaml").write_text(
        text.replace("billing_due_days: 30", "billing_due_days: 45"), encoding="utf-8"
    )
    said = CliRunner().invoke(cli.main, ["terms", "diff", str(tmp_path), "--lang", "zh"])
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        f"从 built-in 到 {tmp_path}，有 1 处不同：",
        "",
        "AS-1 质量保证与一年免费服务",
        "  自 2000-01-01 起，开票期限：30 天 → 45 天（charges.yaml）",
    ]
    back = CliRunner().invoke(cli.main, ["terms", "diff", str(tmp_path), "built-in"])
    assert "45 days → 30 days (charges.yaml)" in back.output


def test_what_a_file_says_of_itself_differs_like_any_other_text(tmp_path: Path) -> None:
    text = (BUILT_IN / "readings.yaml").read_text(encoding="utf-8")
    (tmp_path / "readings.yaml").write_text(
        text.replace("leaves room:", "leaves some room:"), encoding="utf-8"
    )
    said = CliRunner().invoke(cli.main, ["terms", "diff", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert "1 value differs" in said.output
    assert "leaves some room" in said.output


def test_a_folder_that_is_not_there_is_wrong_usage() -> None:
    said = CliRunner().invoke(cli.main, ["terms", "diff", "nowhere"])
    assert said.exit_code == 2
    assert "nowhere: no such folder" in said.output
