"""One ticket down to the ground: its timeline, promises, charges, records and source row.

Frames: ``ticket_rows`` (needed), ``ticket_pauses``, ``ticket_promises``, ``ticket_charges``,
``ticket_records``, ``open_hours``. The page is one; its link names the ticket
(``ticket.html#id=…``), whose data it loads from ``data/``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import language as lang
from dashboards import words
from dashboards.language import LANGUAGES, Text
from dashboards.report import Page, Report
from dashboards.tickets import part_count

if TYPE_CHECKING:
    from collections.abc import Mapping

_LABELS = {
    "verdict": words.PROMISE_VERDICTS,
    "fault_level": words.LEVELS,
    "city_tier": words.TIERS,
    "customer_type": words.CUSTOMER_TYPES,
    "provider": words.PROVIDERS,
    "clock": words.CLOCKS,
    "category": words.CATEGORIES,
    "kind": words.KINDS,
    "charge_type": words.CHARGE_TYPES,
    "finding": words.FINDINGS,
    "expected": words.EXPECTED,
    "form": words.FORMS,
    "channel": words.CHANNELS,
}

#: Words the page's script writes.
_SCRIPT = {
    "title": Text("工单 {id}", "Ticket {id}"),
    "no_id": Text(
        "请从报告中的工单号打开这一页。", "Open this page from a ticket number in the report."
    ),
    "not_kept": Text(
        "报告只保留最需要看的 {kept} 张工单的明细，{id} 不在其中。用 sla explain 查看它。",
        "The report keeps the details of {kept} tickets, those most in need of a look; {id} is "
        "not among them. Use sla explain to see it.",
    ),
    "no_file": Text(
        "没有找到数据文件 {file}。请把整个报告文件夹一起移动。",
        "The data file {file} is not there. Keep the report's folder together.",
    ),
    "met": Text(
        "{did}用时 {used}，时限 {target}（{clock}），达标。",
        "{did} in {used} of {target} ({clock}): met.",
    ),
    "breached": Text(
        "{did}用时 {used}，时限 {target}（{clock}），超时 {over}。",
        "{did} in {used} against {target} ({clock}): breached by {over}.",
    ),
    "at_target": Text(
        "{did}用时 {used}，恰好用完时限 {target}（{clock}），须少于时限：超时。",
        "{did} in {used}, all of the target of {target} ({clock}); less is promised: breached.",
    ),
    "open_late": Text(
        "仍{did_not}，已用 {used}，时限 {target}（{clock}），已超时 {over}。",
        "Still {did_not} after {used} against {target} ({clock}): breached by {over}.",
    ),
    "pending": Text(
        "仍{did_not}，已用 {used}，时限 {target}（{clock}），到期 {due}。",
        "Still {did_not}; {used} of {target} used ({clock}), due {due}.",
    ),
    "open_at_target": Text(
        "仍{did_not}，恰好用完时限 {target}（{clock}），须少于时限：超时。",
        "Still {did_not}, and all of the target of {target} is used ({clock}); less is promised: "
        "breached.",
    ),
    "under_a_second": Text(
        "{did}用时 {used}，时限 {target}（{clock}），超时不到一秒。",
        "{did} in {used} against {target} ({clock}): breached by less than a second.",
    ),
    "not_opened": Text(
        "受理时间晚于截止时间，时限 {target}（{clock}），到期 {due}。",
        "Opened after the as-of; {target} to come ({clock}), due {due}.",
    ),
    # What stops the clock (reading 3), done and not done.
    "did_responded_at": Text("响应", "Answered"),
    "did_arrived_at": Text("到场", "On site"),
    "did_finished_at": Text("完成", "Finished"),
    "did_not_responded_at": Text("未响应", "unanswered"),
    "did_not_arrived_at": Text("未到场", "waiting for somebody on site"),
    "did_not_finished_at": Text("未完成", "unfinished"),
    "fault_unknown": Text(
        "故障等级或类别读不出来，无法判断是否故障，因此没有判定响应时限。",
        "The fault level or the category cannot be read, so whether it is a fault is not known, "
        "and no response target was applied.",
    ),
    "unmeasurable": Text("无法判定：{reason}。", "Cannot be judged: {reason}."),
    "no_response": Text(
        "这张工单不是故障，没有响应时限。", "Not a fault: no response target applies."
    ),
    "timeline": Text("时间线", "Timeline"),
    "opened_at": Text("受理", "Opened"),
    "responded_at": Text("响应", "Responded"),
    "arrived_at": Text("到场", "Arrived"),
    "finished_at": Text("完成", "Finished"),
    "due_at": Text("到期", "Due"),
    "agreed_due_at": Text("约定时限", "Agreed due"),
    "as_of": Text("截至", "As of"),
    "open_hours": Text("计时的时间", "Time that counts"),
    "closed_hours": Text("不计时", "Does not count"),
    "paused": Text("暂停", "Paused"),
    "used": Text("用时", "Time used"),
    "facts": Text("工单内容", "The ticket"),
    "customer": Text("客户", "Customer"),
    "customer_type": Text("客户类型", "Customer type"),
    "city": Text("城市", "City"),
    "service": Text("服务", "Service"),
    "fault_level": Text("故障等级", "Fault level"),
    "provider": Text("服务方", "Provider"),
    "agent_id": Text("代理商", "Agent"),
    "serial_no": Text("产品序列号", "Serial no"),
    "contract_id": Text("合同", "Contract"),
    "parent_ticket_id": Text("关联工单", "Parent ticket"),
    "category": Text("类别", "Category"),
    "channel": Text("渠道", "Channel"),
    "description": Text("描述", "Description"),
    "calendar_seconds": Text("自然时间用时", "Elapsed, calendar"),
    "service_seconds": Text("服务时间用时", "Elapsed, service hours"),
    "paused_seconds": Text("扣除的暂停", "Pauses taken out"),
    "clause": Text("条款", "Clause"),
    "source": Text("来源", "Source"),
    "row": Text("第 {row} 行", "row {row}"),
    "promises": Text("承诺", "Promises"),
    "kind": Text("承诺", "Promise"),
    "responsible": Text("责任方", "Responsible"),
    "done_at": Text("做到", "Done"),
    "verdict": Text("判定", "Verdict"),
    "reason": Text("原因", "Reason"),
    "charges": Text("收费", "Charges"),
    "charges_only": Text(
        "收费（没有发票导出，是否已收不得而知）",
        "Charges (without an invoices export; whether they were billed is not known)",
    ),
    "charge_type": Text("收费类型", "Charge"),
    "expected": Text("应当", "Expected"),
    "finding": Text("结论", "Finding"),
    "billed_amount": Text("已开金额", "Billed"),
    "invoice_ids": Text("发票", "Invoices"),
    "records": Text("服务记录", "Service records"),
    "record_id": Text("记录", "Record"),
    "form": Text("表单", "Form"),
    "submitted_at": Text("提交", "Submitted"),
    "engineer": Text("工程师", "Engineer"),
    "pauses": Text("暂停", "Pauses"),
    "paused_at": Text("开始", "From"),
    "resumed_at": Text("恢复", "Until"),
    "company": Text("公司", "Company"),
}


def build(report: Report) -> Mapping[str, Any]:
    """What ``ticket.html.j2`` prints; the ticket itself comes from its data file."""
    return {
        "ticket_data": {
            language: {
                "parts": part_count(report),
                "kept": lang.count(report.frame("ticket_rows").height),
                "has_invoices": "invoices" in report.exports,
                "as_of": f"{report.as_of:%Y-%m-%d %H:%M:%S}",
                "words": {key: text.in_language(language) for key, text in _SCRIPT.items()},
                "labels": {
                    name: {code: text.in_language(language) for code, text in labels.items()}
                    for name, labels in _LABELS.items()
                },
            }
            for language in LANGUAGES
        }
    }


PAGE = Page(
    name="ticket",
    title=Text("工单", "Ticket"),
    template="ticket.html.j2",
    build=build,
    needs=("ticket_rows",),
    uses=("ticket_pauses", "ticket_promises", "ticket_charges", "ticket_records", "open_hours"),
    exports=("tickets",),
    promise=Text(
        "一张工单的时间线、承诺、收费与记录。",
        "one ticket's timeline, promises, charges and records.",
    ),
    in_navigation=False,
)
