"""Words every page shares: verdicts, levels, tiers, customer types, navigation.

Belongs here: texts used by more than one page. Does not belong here: a page's own texts.
"""

from __future__ import annotations

from dashboards.language import Text, both
from dashboards.tables import NO_ROWS

VERDICTS = {
    "met": Text("达标", "Met"),
    "breached": Text("超时", "Breached"),
    "pending": Text("未到期", "In time, open"),
    "unmeasurable": Text("无法判定", "Unmeasurable"),
}
#: The same of any promise: most are broken otherwise than by being late.
PROMISE_VERDICTS = {**VERDICTS, "breached": Text("未达标", "Breached")}
LEVELS = {
    "1": Text("一级", "Level 1"),
    "2": Text("二级", "Level 2"),
    "3": Text("三级", "Level 3"),
    "4": Text("四级", "Level 4"),
    "none": Text("未定级", "No level"),
}
TIERS = {
    "tier1": Text("一级城市", "Tier-1 cities"),
    "other": Text("其它城市", "Other cities"),
    "none": Text("城市不明", "City unknown"),
}
CUSTOMER_TYPES = {
    "agent": Text("代理商", "Agent"),
    "end_customer": Text("最终客户", "End customer"),
    "key_account": Text("大客户", "Key account"),
}
PROVIDERS = {"company": Text("公司", "Company"), "agent": Text("代理商", "Agent")}
CLOCKS = {
    "service_hours": Text("服务时间", "Service hours"),
    "calendar": Text("自然时间", "Calendar"),
}
CATEGORIES = {
    "fault": Text("故障", "Fault"),
    "delivery_damage": Text("运送损坏", "Delivery damage"),
    "other": Text("其他", "Other"),
    "none": Text("未分类", "No category"),
}
KINDS = {
    "response": Text("故障响应", "Fault response"),
    "filing": Text("记录提交", "Record filing"),
    "inspection": Text("季度巡检", "Quarterly inspection"),
    "training": Text("现场培训", "On-site training"),
    "expert_team": Text("专家小组", "Expert team"),
    "provider_routing": Text("服务方与客户类型相符", "Provider fits the customer"),
    "service_catalogue": Text("服务目录", "Service catalogue"),
    "phone_before_onsite": Text("先电话后现场", "Phone before on-site"),
    "trial_contract": Text("试用合同", "Trial contract"),
    "assessment_consent": Text("评估须经许可", "Consent to assessment"),
}
CHARGE_TYPES = {
    "service_fee": Text("服务费", "Service fee"),
    "repair_replacement": Text("维修更换费", "Repair or replacement"),
    "maintenance_fee": Text("维护成本费", "Maintenance fee"),
    "other": Text("其他", "Other"),
}
EXPECTED = {
    "billable": Text("应收费", "Billable"),
    "free": Text("免费", "Free"),
    "not_provided": Text("不提供", "Not provided"),
    "undetermined": Text("无法确定", "Undetermined"),
}
FINDINGS = {
    "billed_as_due": Text("按约收费", "Billed as due"),
    "free_as_due": Text("按约免费", "Free as due"),
    "billed_but_free": Text("免费却收费", "Billed but free"),
    "billed_under_warranty": Text("担保期内收费", "Billed under warranty"),
    "billed_not_provided": Text("不提供却收费", "Billed, not provided"),
    "not_billed": Text("应收未收", "Not billed"),
    "not_yet_due": Text("未到开票期", "Not yet due"),
    "agent_business": Text("代理商自营", "Agent's own business"),
    "duplicate_charge": Text("重复收费", "Duplicate charge"),
    "orphan_charge": Text("无主收费", "Orphan charge"),
    "wrong_biller": Text("开票方不符", "Wrong biller"),
    "not_audited": Text("不审计", "Not audited"),
    "undetermined": Text("无法确定", "Undetermined"),
    "filed_on_time": Text("按时提交", "Filed on time"),
    "filed_late": Text("迟交", "Filed late"),
    "missing": Text("未提交", "Missing"),
    "wrong_form": Text("表单不符", "Wrong form"),
    "incomplete": Text("不完整", "Incomplete"),
    "pending": Text("未到期", "Pending"),
}
FORMS = {
    "presales_report": Text("《售前报告》", "Presales report"),
    "fault_record": Text("《故障记录表》", "Fault record"),
}
CHANNELS = {
    "phone": Text("电话", "Phone"),
    "web": Text("网络", "Web"),
    "email": Text("邮件", "E-mail"),
    "fax": Text("传真", "Fax"),
    "nearby": Text("就近", "Nearby"),
}
EXPORTS = {
    "tickets": Text("工单", "Tickets"),
    "service_records": Text("服务记录", "Service records"),
    "invoices": Text("发票", "Invoices"),
    "installed_base": Text("装机清单", "Installed base"),
    "agents": Text("代理商", "Agents"),
    "pauses": Text("暂停", "Pauses"),
    "ticket_events": Text("工单变更记录", "Changes of tickets"),
}

WORDS: dict[str, Text] = {
    "product": Text("服务条款核对", "Service Terms Audit"),
    "skip": Text("跳到正文", "Skip to content"),
    "pages": Text("页面", "Pages"),
    "language": Text("English", "中文"),
    "language_label": Text("Switch to English", "切换到中文"),
    "month": Text("月份", "Month"),
    "all_months": Text("全部月份", "All months"),
    "earlier": Text("上一个月", "Earlier month"),
    "later": Text("下一个月", "Later month"),
    "as_of": Text("截至", "As of"),
    "to_date": Text("月内累计", "month to date"),
    "numbers": Text("数字表", "The numbers as a table"),
    "png": Text("下载图片", "Save as PNG"),
    "all": Text("全部", "All"),
    "whole_file": Text("完整数据文件", "Complete data file"),
    "too_few": Text("数量太少，不足以下结论", "too few to say"),
    "needs_script": Text(
        "图表和可筛选的表格需要浏览器允许本页面的脚本。",
        "Charts and filtered tables need the scripts beside this page.",
    ),
    "missing_title": Text("这一页还没有数据", "This page has no data yet"),
    "missing_would": Text("有了数据，这里会显示：", "With the data, this page shows:"),
    "missing_bring": Text(
        "请把以下导出文件放进导出文件夹：", "Put these exports in the exports folder:"
    ),
    "missing_again": Text("然后重新运行 sla run。", "Then run sla run again."),
    "missing_tables": Text(
        "数据仓库中还没有这一页所需的表；请重新运行 sla run。",
        "The warehouse does not have this page's tables yet; run sla run again.",
    ),
    "footer": Text(
        "本报告的每个数字都来自数据仓库中的同一组表；口径见",
        "Every number comes from one set of tables in the warehouse; definitions under",
    ),
    "version": Text("版本", "Version"),
    "local_time": Text("当地时间", "local time"),
    "terms_page": Text("条款与方法", "Terms and method"),
    "full_stop": Text("。", "."),
    "points": Text("个百分点", "points"),
}

#: Words the page's script writes itself.
SCRIPT_WORDS: dict[str, Text] = {
    "search": Text("搜索", "Search"),
    "all": Text("全部", "All"),
    "csv": Text("下载 CSV", "Save as CSV"),
    "rows": Text("{shown} / {all} 行", "{shown} of {all} {rows}"),
    "rows_of_month": Text("{month}：{shown} / {all} 行", "{month}: {shown} of {all} {rows}"),
    "kept": Text("本页只有 {all} 行中的 {here} 行", "this page has {here} of {all} {rows}"),
    "one_row": Text("行", "row"),
    "many_rows": Text("行", "rows"),
    "no_match": NO_ROWS,
    "none_in_month": Text(
        "{month} 没有；全部月份共 {all} 行。", "No rows in {month}; {all} in all months."
    ),
    "none_kept": Text(
        "{month} 有 {all} 行，都不在本页的行之中；见完整数据文件。",
        "{month} has {all}, none of them among the rows on this page: see the complete data file.",
    ),
    "this_month": Text("只看 {month}", "{month} only"),
    "all_months": Text("全部月份", "All months"),
    "none": Text("–", "–"),
    "no_chart": Text(
        "图表脚本没有载入；数字在下面的表里。",
        "The chart script did not load; the numbers are in the table below.",
    ),
    "more_in_print": Text(
        "打印只含前 {shown} 行，共 {all} 行", "Printed: the first {shown} of {all} rows"
    ),
}


def code_or_none(value: object) -> str:
    """The code of a value that may be missing, as tables and links write it."""
    return "none" if value is None else str(value)


def label(labels: dict[str, Text], value: object) -> Text:
    """The words for a coded value; the value itself when it has none."""
    code = code_or_none(value)
    return labels.get(code, both(code))
