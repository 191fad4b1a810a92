"""One agent's sheet: what it owes, since when, for which ticket; fit to be sent to the agent.

Belongs here: the words and the page of a sheet, one file in both languages that needs nothing
beside it. Does not belong here: which rows an agent is given
(``pipelines.reporting.agent_sheets``) or the workbook of the same rows. Nothing of another agent,
no ranking and no link into the report stands on a sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

from dashboards import language as lang
from dashboards import safe, words
from dashboards.language import LANGUAGES, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

FOLDER = "agents"
#: Rows of one table on the page; the workbook beside it has the rest.
ROWS_SHOWN = 200


@dataclass(frozen=True)
class AgentSheet:
    """One agent's own rows, and nobody else's.

    ``totals`` are counts by finding; ``has_other_limits``: other terms gave
    other hours; ``owed`` the records outstanding and still to come, oldest
    due first; ``not_counted`` its records that prove no service; ``months`` counts by month.
    """

    agent_id: str
    agent_name: str | None
    as_of: datetime
    timezone: str
    due_hours: int
    has_other_limits: bool
    fields: Mapping[str, Sequence[str]]
    totals: Mapping[str, int]
    owed: Sequence[Mapping[str, Any]]
    not_counted: Sequence[Mapping[str, Any]]
    months: Sequence[Mapping[str, Any]]

    @property
    def time_limit(self) -> str:
        """Hours to file in, as the terms write whole days: 7×24."""
        days, rest = divmod(self.due_hours, 24)
        return f"{self.due_hours}" if rest else f"{days}×24"

    @property
    def outstanding(self) -> int:
        """Records that are overdue."""
        return sum(self.totals[name] for name in ("missing", "incomplete", "wrong_form"))


def sheet_path(agent_id: str) -> str:
    """Where an agent's sheet stands within the report, without its ending."""
    return f"{FOLDER}/{safe.file_name(agent_id)}"


def sheet_html(sheet: AgentSheet) -> str:
    """The sheet as one HTML file, Chinese first, then English."""
    return (
        _environment()
        .get_template("agent_sheet.html.j2")
        .render(sheet=sheet, languages=LANGUAGES, t=WORDS, fields=FIELDS, rows_shown=ROWS_SHOWN)
    )


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("dashboards", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        count=lang.count,
        month=lang.month,
        instant=lang.instant,
        word=_word,
        form=_form,
        finding=_finding,
        field_names=field_names,
        to_do=to_do,
    )
    return made


def to_do(row: Mapping[str, Any], language: lang.Language) -> str:
    """What the agent has to do about one record owed, in words."""
    if row["form"] is None and not row["record_id"]:
        return WORDS["file_some"].in_language(language)
    form = _form(row["form"], language)
    form = form if language == "zh" else f" {form.lower()}"
    if not row["record_id"]:
        return f"{WORDS['file'].in_language(language)}{form}"
    if row["missing_fields"]:
        text = WORDS["complete"].in_language(language).format(record=row["record_id"])
        return text + field_names(row["missing_fields"], language)
    return f"{WORDS['refile'].in_language(language).format(record=row['record_id'])}{form}"


def _word(text: Text, language: lang.Language) -> str:
    return text.in_language(language)


def _form(code: str | None, language: lang.Language) -> str:
    return lang.NOTHING if code is None else words.FORMS[code].in_language(language)


def _finding(code: str, language: lang.Language) -> str:
    return words.FINDINGS[code].in_language(language)


def field_names(fields: str | Sequence[str] | None, language: lang.Language) -> str:
    """Names of record fields in words; takes them separated by commas as well."""
    if not fields:
        return ""
    names = fields.split(", ") if isinstance(fields, str) else fields
    shown = [words.label(FIELDS, name).in_language(language) for name in names]
    return ("、" if language == "zh" else ", ").join(shown)


FIELDS = {
    "form": Text("表单", "form"),
    "engineer": Text("工程师", "engineer"),
    "service_started_at": Text("服务开始时间", "service started at"),
    "service_finished_at": Text("服务完成时间", "service finished at"),
    "fault_description": Text("故障描述", "fault description"),
    "resolution": Text("处理结果", "resolution"),
    "customer_confirmed": Text("客户确认", "customer confirmed"),
}

WORDS = {
    "title": Text("服务记录提交情况", "Service records filed and owed"),
    "agent": Text("代理商", "Agent"),
    "as_of": Text("截至", "As of"),
    "local_time": Text("当地时间", "local time"),
    "all_filed": Text("没有欠交的服务记录。", "No service record is outstanding."),
    "known_filed": Text(
        "没有已知欠交的服务记录。", "No service record is known to be outstanding."
    ),
    "undecided_some": Text("份无法判定。", "cannot be judged."),
    "outstanding": Text("份服务记录已到期而未按要求提交。", "service records are overdue."),
    "outstanding_one": Text("份服务记录已到期而未按要求提交。", "service record is overdue."),
    "pending": Text("份尚未到期。", "more still to come, not yet due."),
    "rule": Text("要交什么", "What is owed"),
    "rule_who": Text(
        "代理商对用户提供服务后须向公司提交服务记录：售前交《售前报告》，售后交《故障记录表》；"
        "参与大客户服务的同样须交（条款 AG、KA）。",
        "After serving, an agent files a record with the company: the presales report for "
        "presales, the fault record for aftersales; also after taking part in a key account's "
        "service (clauses AG, KA).",
    ),
    "rule_due": Text(
        "内部规定：服务完成后 {hours} 小时内提交，正好到时也算按时；"
        "几份记录中以最早一份完整、表单相符的为准。",
        "House rule: within {hours} hours after the service was finished, that instant "
        "included; of several records the earliest complete one on the right form counts.",
    ),
    "rule_other": Text(
        "其他时期的条款时限不同，以表中“到期”为准。",
        "The terms of other days gave other hours; what stands under “Due” counts.",
    ),
    "rule_fields": Text("必填：", "Required: "),
    "owed": Text("欠交与待交的记录", "Records outstanding and to come"),
    "state": Text("状态", "State"),
    "ticket": Text("工单号", "Ticket"),
    "customer": Text("客户", "Customer"),
    "service": Text("服务", "Service"),
    "finished": Text("服务完成", "Finished"),
    "form": Text("应交表单", "Form owed"),
    "due": Text("到期", "Due"),
    "overdue": Text("逾期天数", "Days overdue"),
    "to_do": Text("需要做什么", "What to do"),
    "file": Text("提交", "File the"),
    "file_some": Text(
        "提交服务记录（应交表单不明）", "File a service record (which form is unknown)"
    ),
    "refile": Text("已交 {record}，表单不对，请改交", "{record} has the wrong form; file the"),
    "complete": Text("已交 {record}，请补全：", "{record} was filed; add: "),
    "more": Text(
        "这里只列前 {shown} 份，共 {all} 份；全部见同名的 Excel 文件。",
        "The first {shown} of {all} are listed; the workbook of the same name has all.",
    ),
    "more_of_many": Text(
        "这里只列前 {shown} 份，共 {all} 份；同名的 Excel 文件列有前 {kept} 份。",
        "The first {shown} of {all} are listed; the workbook of the same name has the first "
        "{kept}.",
    ),
    "cut": Text("只列前 {shown} 份，共 {all} 份。", "The first {shown} of {all} are listed."),
    "not_counted": Text("已提交但不能计入的记录", "Records filed that do not count"),
    "record": Text("记录编号", "Record"),
    "submitted": Text("提交时间", "Submitted"),
    "reason": Text("原因", "Reason"),
    "months": Text("各月情况（按工单受理月）", "By month (in which the ticket was opened)"),
    "month": Text("月份", "Month"),
    "records_due": Text("应交", "Owed"),
    "undecided": Text("无法判定", "Unmeasurable"),
    "closing": Text(
        "如有不符，请凭工单号与我们核对。",
        "If anything is not as you know it, please come back to us with the ticket number.",
    ),
}
