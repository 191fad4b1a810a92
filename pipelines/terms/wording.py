"""What the terms files' keys and codes are called, in both languages.

Belongs here: words for keys, codes and units. Does not belong here: comparing terms
(``differences``) or what the report calls its own columns (``dashboards.words``).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from dashboards import words
from dashboards.agent_sheet import FIELDS as RECORD_FIELDS
from dashboards.language import Text, both

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOTHING: Final = Text("无", "none")
_MOST_CHARACTERS: Final = 60

LABELS: Final[Mapping[str, Text]] = {
    # what every file has
    "description": Text("说明", "description"),
    "clause": Text("条款", "clause"),
    "unit": Text("单位", "unit"),
    "timezone": Text("时区", "time zone"),
    "zh": Text("中文", "in Chinese"),
    "en": Text("英文", "in English"),
    "title": Text("标题", "title"),
    # codes of several files
    "presales": Text("售前", "presales"),
    "aftersales": Text("售后", "aftersales"),
    "onsite": Text("现场", "on site"),
    "remote": Text("远程", "remote"),
    "same_city": Text("同城", "same city"),
    "other_city": Text("异城", "another city"),
    "mon": Text("星期一", "Monday"),
    "tue": Text("星期二", "Tuesday"),
    "wed": Text("星期三", "Wednesday"),
    "thu": Text("星期四", "Thursday"),
    "fri": Text("星期五", "Friday"),
    "sat": Text("星期六", "Saturday"),
    "sun": Text("星期日", "Sunday"),
    "around_the_clock": Text("7×24", "around the clock"),
    "service_code": Text("服务编码", "service"),
    "due_hours": Text("时限", "time limit"),
    # file by file
    "response_targets.targets": Text("响应时限", "response target"),
    "fault_levels.levels": Text("故障等级", "fault level"),
    "fault_levels.clock": Text("时钟", "clock"),
    "fault_levels.expert_team": Text("专家小组", "expert team"),
    "service_hours.weekly": Text("每周服务时间", "weekly hours"),
    "service_hours.closed_days": Text("停止服务的日子", "closed days"),
    "service_hours.special_days": Text("另行安排的日子", "special days"),
    "cities.tier1": Text("一级城市", "tier-1 cities"),
    "cities.service_centre": Text("服务中心所在城市", "city of the service centre"),
    "service_levels.levels": Text("服务等级", "service level"),
    "service_levels.charging": Text("等级的含义", "meaning of the level"),
    "services.services": Text("服务目录", "service catalogue"),
    "services.stage": Text("阶段", "stage"),
    "services.mode": Text("方式", "mode"),
    "services.only_for": Text("只提供给", "only for"),
    "charges.free_service_months": Text("免费服务期", "free service"),
    "charges.maintenance_fee_services": Text(
        "须收维护成本费的服务", "services that need a maintenance fee"
    ),
    "charges.billing_due_days": Text("开票期限", "time to bill"),
    "charges.duplicate_window_days": Text("重复收费的窗口", "window of duplicates"),
    "charges.renewal_notice_days": Text("担保到期前的提示期", "notice before a warranty ends"),
    "charges.payment_methods": Text("付款方式", "payment methods"),
    "rate_card.tolerance_pct": Text("价目容差", "tolerance of the rate card"),
    "rate_card.rates": Text("价目", "price"),
    "products.warranty_months": Text("担保期", "warranty"),
    "filing.due_hours": Text("提交记录的时限", "time to file a record"),
    "filing.forms": Text("应交表单", "form owed"),
    "filing.required_fields": Text("必填字段", "required fields"),
    "filing.silence_days": Text("停交多久算沉默", "days without a record that count as silence"),
    "filing.batch_min_records": Text("批量补交的最少份数", "records that make a batch"),
    "filing.batch_window_minutes": Text("批量补交的窗口", "window of a batch"),
    "filing.batch_last_days": Text("月末的天数", "last days of a month"),
    "filing.copied_text_similarity_pct": Text("文本雷同的相似度", "likeness of copied texts"),
    "filing.copied_text_min_characters": Text(
        "参与比较的最少字数", "characters a text needs to be compared"
    ),
    "filing.copied_text_min_records": Text("雷同的最少份数", "records that make copied text"),
    "obligations.inspection": Text("季度巡检", "quarterly inspection"),
    "obligations.training": Text("现场培训", "on-site training"),
    "obligations.assessment": Text("安全评估", "security assessment"),
    "obligations.trial": Text("产品试用", "product trial"),
    "obligations.phone_first": Text("先电话后现场", "phone before on-site"),
    "obligations.windows": Text("巡检次数", "number of inspections"),
    "obligations.months": Text("每次的周期", "length of a window"),
    "obligations.after": Text("在哪项服务之后", "after which service"),
    "obligations.max_hours": Text("最多课时", "most class hours"),
    "obligations.phone_service_code": Text("电话服务的编码", "phone service"),
    "clauses.clauses": Text("条款文字", "text of the clause"),
    "clauses.original": Text("原文", "original"),
    "clauses.rule": Text("规则", "rule"),
    "reading_texts.readings": Text("解读的文字", "text of the reading"),
    "reading_texts.house_rules": Text("内部规定的文字", "text of the house rule"),
    "reading_texts.number": Text("编号", "number"),
    "reading_texts.choices": Text("选项", "choice"),
}
"""Words for keys, by ``file.key`` where a key means different things, else by key."""

_CODES: Final[Mapping[str, Text]] = {
    **words.CUSTOMER_TYPES,
    **words.CLOCKS,
    **words.EXPECTED,
    **words.FORMS,
    **words.CHARGE_TYPES,
    **RECORD_FIELDS,
}

_UNITS: Final[Sequence[tuple[str, Text]]] = (
    ("response_targets.tier1", Text(" 小时", " h")),
    ("response_targets.other", Text(" 小时", " h")),
    ("obligations.months", Text(" 个月", " months")),
    ("products.", Text(" 个月", " months")),
    ("_months", Text(" 个月", " months")),
    ("_days", Text(" 天", " days")),
    ("_hours", Text(" 小时", " h")),
    ("_minutes", Text(" 分钟", " minutes")),
    ("_pct", Text("%", "%")),
)


def label(file: str, key: object) -> Text:
    """What a key of ``file`` is called; the key itself when it has no word (a city, a product)."""
    code = key.isoformat() if isinstance(key, date) else str(key)
    if file == "rate_card" and " " in code:
        parts = [_CODES.get(part) or both(part) for part in code.split()]
        return Text(" ".join(part.zh for part in parts), " ".join(part.en for part in parts))
    if file in ("response_targets", "fault_levels") and code in words.LEVELS:
        return words.LEVELS[code]
    if file == "response_targets" and code in words.TIERS:
        return words.TIERS[code]
    return LABELS.get(f"{file}.{code}") or LABELS.get(code) or _CODES.get(code) or both(code)


def shown(file: str, key: str, value: object) -> Text:
    """A value as a person reads it, with the unit of its key."""
    if value is None or value in ([], {}):
        return NOTHING
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, dict):
        parts = [
            (label(file, name), shown(file, str(name), part))
            for name, part in value.items()
            if part is not None
        ]
        return Text(
            "，".join(f"{name.zh} {part.zh}" for name, part in parts),
            ", ".join(f"{name.en} {part.en}" for name, part in parts),
        )
    if isinstance(value, (list, tuple)):
        items = [item(file, one) for one in value]
        return Text("、".join(one.zh for one in items), ", ".join(one.en for one in items))
    unit = _unit(file, key) if isinstance(value, (int, float)) else both("")
    text = item(file, value)
    return Text(text.zh + unit.zh, text.en + unit.en)


def item(file: str, value: object) -> Text:
    """One value without its unit: an interval, a day, a code, a text cut to a line."""
    match value:
        case (str(start), str(end)):
            return both(f"{start}–{end}")
        case date():
            return both(value.isoformat())
        case str():
            line = " ".join(value.split())
            cut = line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1]}…"
            return label(file, value) if cut == value else both(cut)
        case _:
            return both(str(value))


def _unit(file: str, key: str) -> Text:
    name = f"{file}.{key}"
    for ending, unit in _UNITS:
        if name.endswith(ending) or (ending.endswith(".") and name.startswith(ending)):
            return unit
    return both("")
