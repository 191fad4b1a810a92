"""Rows as cells: canonical columns and values, and their Chinese spellings.

Belongs here: how a row of the world looks in an export. Does not belong here: file formats.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sample_data.world import Agent, Copy, Line, Pause, Record, Row, Ticket, Unit

Cell = str | int | Decimal | date | datetime | bool | None
Cells = dict[str, Cell]

HEADERS_ZH = {
    "ticket_id": "工单号", "customer_id": "客户编号", "customer_name": "客户名称",
    "customer_type": "客户类型", "city": "城市", "service_code": "服务编码",
    "fault_level": "故障等级", "serial_no": "产品序列号", "contract_id": "合同编号",
    "provider": "服务方", "agent_id": "代理商编号", "channel": "渠道",
    "parent_ticket_id": "关联工单号", "opened_at": "受理时间", "responded_at": "响应时间",
    "arrived_at": "到场时间", "finished_at": "完成时间", "agreed_due_at": "约定时限",
    "dispatch_city": "派出城市", "expert_team": "专家小组", "training_hours": "培训课时",
    "trial_contract_id": "试用合同编号", "customer_consent": "客户许可",
    "report_channel": "报告送达方式", "category": "类别", "description": "描述",
    "record_id": "记录编号", "form": "表单", "submitted_at": "提交时间", "engineer": "工程师",
    "service_started_at": "服务开始时间", "service_finished_at": "服务完成时间",
    "fault_description": "故障描述", "resolution": "处理结果", "customer_confirmed": "客户确认",
    "invoice_id": "发票号", "line_no": "行号", "issued_at": "开票日期", "issuer": "开票方",
    "charge_type": "收费类型", "amount": "金额", "currency": "币种", "payment_method": "付款方式",
    "coverage_start": "服务期起", "coverage_end": "服务期止", "agent_name": "代理商名称",
    "active_from": "启用日期", "active_to": "停用日期",
}  # fmt: skip
VALUES_ZH: dict[str, dict[Cell, str]] = {
    "customer_type": {"agent": "代理商", "end_customer": "最终客户", "key_account": "大客户"},
    "provider": {"company": "公司", "agent": "代理商"},
    "channel": {"phone": "电话", "web": "网络", "email": "邮件", "fax": "传真", "nearby": "就近"},
    "report_channel": {"email": "邮件", "fax": "传真", "post": "邮寄", "visit": "上门"},
    "category": {"fault": "故障", "delivery_damage": "运送损坏", "other": "其他"},
    "form": {"presales_report": "售前报告", "fault_record": "故障记录表"},
    "charge_type": {
        "service_fee": "服务费", "repair_replacement": "维修更换费",
        "maintenance_fee": "维护成本费", "other": "其他",
    },
    "issuer": {"company": "公司"},
    "fault_level": {1: "一级", 2: "二级", 3: "三级", 4: "四级"},
}  # fmt: skip


def in_chinese(column: str, value: Cell) -> Cell:
    """The Chinese spelling of a canonical value; other values as they are."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return VALUES_ZH.get(column, {}).get(value, value)


def cells_of(row: Row) -> Cells:
    """The cells of a row by canonical column, planted texts included."""
    if isinstance(row, Copy):
        return {**cells_of(row.of), **row.changes}
    if isinstance(row, Ticket):
        return _ticket(row)
    if isinstance(row, Record):
        return _record(row)
    if isinstance(row, Line):
        return _line(row)
    if isinstance(row, Unit):
        return _unit(row)
    return _agent(row) if isinstance(row, Agent) else _pause(row)


def key_of(row: Row) -> str:
    """What names a row in its export; empty when its key is what is missing."""
    cells = cells_of(row)
    if isinstance(row, Copy):
        row = row.of
    columns = {
        Ticket: ("ticket_id",),
        Record: ("record_id",),
        Line: ("invoice_id", "line_no"),
        Unit: ("serial_no",),
        Agent: ("agent_id",),
        Pause: ("ticket_id",),
    }[type(row)]
    return " / ".join(str(cells[column]) for column in columns if cells[column] != "")


def _ticket(row: Ticket) -> Cells:
    return {
        "ticket_id": row.ticket_id,
        "customer_id": row.customer.customer_id,
        "customer_name": row.customer.name,
        "customer_type": row.customer.customer_type,
        "city": row.city,
        "service_code": row.service_code,
        "fault_level": row.fault_level,
        "serial_no": row.unit.serial_no if row.unit else None,
        "contract_id": row.unit.contract_id if row.unit else None,
        "provider": row.provider,
        "agent_id": row.agent.agent_id if row.agent else None,
        "channel": row.channel,
        "parent_ticket_id": row.parent.ticket_id if row.parent else None,
        "opened_at": row.opened_at,
        "responded_at": row.responded_at,
        "arrived_at": row.arrived_at,
        "finished_at": row.finished_at,
        "agreed_due_at": row.agreed_due_at,
        "dispatch_city": row.dispatch_city,
        "expert_team": row.expert_team,
        "training_hours": row.training_hours,
        "trial_contract_id": row.trial_contract_id,
        "customer_consent": row.customer_consent,
        "report_channel": row.report_channel,
        "category": row.category,
        "description": row.description,
        **row.overrides,
    }


def _record(row: Record) -> Cells:
    return {
        "record_id": row.record_id,
        "ticket_id": row.ticket.ticket_id if row.ticket else row.stray_ticket_id,
        "agent_id": row.agent.agent_id,
        "form": row.form,
        "submitted_at": row.submitted_at,
        "engineer": row.engineer,
        "service_started_at": row.started_at,
        "service_finished_at": row.finished_at,
        "fault_description": row.fault_description,
        "resolution": row.resolution,
        "customer_confirmed": row.customer_confirmed,
        **row.overrides,
    }


def _line(row: Line) -> Cells:
    return {
        "invoice_id": row.invoice_id,
        "line_no": row.line_no,
        "issued_at": row.issued_on,
        "issuer": row.agent.agent_id if row.agent else "company",
        "customer_id": row.customer.customer_id,
        "ticket_id": row.ticket.ticket_id if row.ticket else row.stray_ticket_id,
        "serial_no": row.unit.serial_no if row.unit else None,
        "contract_id": row.contract_id,
        "charge_type": row.charge_type,
        "amount": row.amount,
        "currency": "" if row.agent else "CNY",
        "payment_method": row.payment_method,
        "coverage_start": row.coverage_start,
        "coverage_end": row.coverage_end,
        **row.overrides,
    }


def _unit(row: Unit) -> Cells:
    return {
        "serial_no": row.serial_no,
        "product_type": row.product_type,
        "customer_id": row.customer.customer_id,
        "customer_type": row.customer.customer_type,
        "contract_id": row.contract_id,
        "purchased_at": row.purchased_on,
        "warranty_months": row.warranty_months if row.states_warranty else None,
        **row.overrides,
    }


def _agent(row: Agent) -> Cells:
    return {
        "agent_id": row.agent_id,
        "agent_name": row.name,
        "city": row.city,
        "active_from": row.active_from,
        "active_to": row.active_to,
    }


def _pause(row: Pause) -> Cells:
    return {
        "ticket_id": row.ticket.ticket_id,
        "paused_at": row.paused_at,
        "resumed_at": row.resumed_at,
        "reason": row.reason,
    }
