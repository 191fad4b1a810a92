"""The exports as the data contract names them: columns, types, keys and accepted spellings.

Belongs here: what an export *is*. Does not belong here: how a file is read (``exports``)
or what the values mean for a promise (``models``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a column's text must be read as; each kind has one staged type.

    An ``ID`` refers to something and is compared with others: it is folded and a word for
    "nothing" is none; ``TEXT`` is free text and stays as written.
    """

    TEXT = "text"
    ID = "id"
    CITY = "city"
    CODE = "code"
    CHOICE = "choice"
    ISSUER = "issuer"
    YES_NO = "yes_no"
    INSTANT = "instant"
    DATE = "date"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"

    @property
    def sql_type(self) -> str:
        """The type of the staged column."""
        return _SQL_TYPES.get(self, "VARCHAR")


_SQL_TYPES = {
    Kind.YES_NO: "BOOLEAN",
    Kind.INSTANT: "TIMESTAMP",
    Kind.DATE: "DATE",
    Kind.INTEGER: "INTEGER",
    Kind.DECIMAL: "DECIMAL(9,2)",
    Kind.MONEY: "DECIMAL(18,2)",
}


@dataclass(frozen=True)
class Column:
    """One column of an export.

    ``choices`` maps each canonical value to the other spellings accepted for it.
    ``is_event`` marks instants that record what happened: the latest of them over all
    exports is the default as-of. Plans (a due time, the end of a coverage) are not events.
    A number is no less than ``least``, and its size stays below ``below``. ``is_prose`` marks texts
    that hardly two rows share.
    """

    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] | None = None
    default: str | None = None
    is_event: bool = False
    least: int | None = None
    below: int | None = None
    is_prose: bool = False


@dataclass(frozen=True)
class Export:
    """One export: its columns in order, and the columns that make a row's key (may be none).

    ``needed`` are columns without which a file is none of this export. In a log rows may repeat
    the key, which only says what they are about.
    """

    name: str
    title_zh: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    needed: tuple[str, ...] = ()
    is_log: bool = False

    def column(self, name: str) -> Column:
        """The column called ``name``; KeyError when the export has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


CUSTOMER_TYPES = {
    "agent": ("代理商",),
    "end_customer": ("最终客户", "最终用户"),
    "key_account": ("大客户",),
}
PROVIDERS = {"company": ("公司",), "agent": ("代理商",)}
CHANNELS = {
    "phone": ("电话",),
    "web": ("网络",),
    "email": ("邮件", "e-mail"),
    "fax": ("传真",),
    "nearby": ("就近",),
}
REPORT_CHANNELS = {
    "email": ("邮件", "e-mail"),
    "fax": ("传真",),
    "post": ("邮寄",),
    "visit": ("上门",),
}
CATEGORIES = {"fault": ("故障",), "delivery_damage": ("运送损坏",), "other": ("其他", "其它")}
FORMS = {
    "presales_report": ("售前报告", "《售前报告》"),
    "fault_record": ("故障记录表", "《故障记录表》", "产品故障记录表", "《产品故障记录表》"),
}
CHARGE_TYPES = {
    "service_fee": ("服务费",),
    "repair_replacement": ("维修更换费",),
    "maintenance_fee": ("维护费", "维护成本费"),
    "other": ("其他", "其它"),
}
CURRENCIES = {
    "CNY": ("人民币", "人民币元", "人民币(元)", "元", "RMB", "CN¥", "¥", "￥", "156"),
    "USD": ("美元", "US$"),
    "HKD": ("港币", "港元", "HK$"),
    "EUR": ("欧元", "€"),
    "JPY": ("日元",),
    "GBP": ("英镑", "£"),
}
FAULT_LEVELS = {
    "1": ("一级", "1级", "P1", "一"),
    "2": ("二级", "2级", "P2", "二"),
    "3": ("三级", "3级", "P3", "三"),
    "4": ("四级", "4级", "P4", "四"),
}
YES_NO = {
    "yes": ("是", "y", "true", "t", "1"),
    "no": ("否", "n", "false", "f", "0"),
}


def _text(name: str, *aliases: str) -> Column:
    return Column(name, Kind.TEXT, aliases)


def _prose(name: str, *aliases: str) -> Column:
    return Column(name, Kind.TEXT, aliases, is_prose=True)


def _id(name: str, *aliases: str) -> Column:
    return Column(name, Kind.ID, aliases)


def _event(name: str, *aliases: str) -> Column:
    return Column(name, Kind.INSTANT, aliases, is_event=True)


def _choice(name: str, choices: Mapping[str, tuple[str, ...]], *aliases: str) -> Column:
    return Column(name, Kind.CHOICE, aliases, choices)


def _yes_no(name: str, *aliases: str) -> Column:
    return Column(name, Kind.YES_NO, aliases, YES_NO)


TICKETS = Export(
    "tickets",
    "工单",
    ("ticket_id",),
    (
        _id("ticket_id", "工单号"),
        _id("customer_id", "客户编号"),
        _text("customer_name", "客户名称"),
        _choice("customer_type", CUSTOMER_TYPES, "客户类型", "响应对象"),
        Column("city", Kind.CITY, ("城市",)),
        Column("service_code", Kind.CODE, ("服务编码",)),
        Column("fault_level", Kind.INTEGER, ("故障等级",), FAULT_LEVELS),
        _id("serial_no", "产品序列号"),
        _id("contract_id", "合同编号"),
        _choice("provider", PROVIDERS, "服务方"),
        _id("agent_id", "代理商编号"),
        _choice("channel", CHANNELS, "渠道"),
        _id("parent_ticket_id", "关联工单号"),
        _event("opened_at", "受理时间"),
        _event("responded_at", "响应时间"),
        _event("arrived_at", "到场时间"),
        _event("finished_at", "完成时间"),
        Column("agreed_due_at", Kind.INSTANT, ("约定时限",)),
        Column("dispatch_city", Kind.CITY, ("派出城市",)),
        _yes_no("expert_team", "专家小组"),
        Column("training_hours", Kind.DECIMAL, ("培训课时",), least=0),
        _id("trial_contract_id", "试用合同编号"),
        _yes_no("customer_consent", "客户许可"),
        _choice("report_channel", REPORT_CHANNELS, "报告送达方式"),
        _choice("category", CATEGORIES, "类别"),
        _prose("description", "描述"),
    ),
)

SERVICE_RECORDS = Export(
    "service_records",
    "服务记录",
    ("record_id",),
    (
        _id("record_id", "记录编号"),
        _id("ticket_id", "工单号"),
        _id("agent_id", "代理商编号"),
        _choice("form", FORMS, "表单"),
        _event("submitted_at", "提交时间"),
        _text("engineer", "工程师"),
        _event("service_started_at", "服务开始时间"),
        _event("service_finished_at", "服务完成时间"),
        _prose("fault_description", "故障描述"),
        _prose("resolution", "处理结果"),
        _yes_no("customer_confirmed", "客户确认"),
    ),
)

INVOICES = Export(
    "invoices",
    "发票",
    ("invoice_id", "line_no"),
    (
        _id("invoice_id", "发票号"),
        Column("line_no", Kind.INTEGER, ("行号",)),
        _event("issued_at", "开票日期"),
        Column("issuer", Kind.ISSUER, ("开票方",), {"company": ("公司",)}),
        _id("customer_id", "客户编号"),
        _id("ticket_id", "工单号"),
        _id("serial_no", "产品序列号"),
        _id("contract_id", "合同编号"),
        _choice("charge_type", CHARGE_TYPES, "收费类型"),
        # Longer numbers are those of accounts; a few of them could not be added up.
        Column("amount", Kind.MONEY, ("金额",), below=10**13),
        Column("currency", Kind.CODE, ("币种",), CURRENCIES, default="CNY"),
        _text("payment_method", "付款方式"),
        Column("coverage_start", Kind.DATE, ("服务期起",)),
        Column("coverage_end", Kind.DATE, ("服务期止",)),
    ),
)

INSTALLED_BASE = Export(
    "installed_base",
    "装机清单",
    ("serial_no",),
    (
        _id("serial_no", "产品序列号"),
        _text("product_type", "产品类型"),
        _id("customer_id", "客户编号"),
        _choice("customer_type", CUSTOMER_TYPES, "客户类型", "响应对象"),
        _id("contract_id", "合同编号"),
        Column("purchased_at", Kind.DATE, ("购买日期",)),
        Column("warranty_months", Kind.INTEGER, ("担保期月数",), least=0),
    ),
)

AGENTS = Export(
    "agents",
    "代理商",
    ("agent_id",),
    (
        _id("agent_id", "代理商编号"),
        _text("agent_name", "代理商名称"),
        Column("city", Kind.CITY, ("城市",)),
        Column("active_from", Kind.DATE, ("启用日期",)),
        Column("active_to", Kind.DATE, ("停用日期",)),
    ),
)

PAUSES = Export(
    "pauses",
    "暂停",
    (),
    (
        _id("ticket_id", "工单号"),
        _event("paused_at", "暂停时间"),
        _event("resumed_at", "恢复时间"),
        _text("reason", "原因"),
    ),
)

EXPORTS: dict[str, Export] = {
    export.name: export
    for export in (TICKETS, SERVICE_RECORDS, INVOICES, INSTALLED_BASE, AGENTS, PAUSES)
}

TICKET_EVENTS = Export(
    "ticket_events",
    "工单变更记录",
    ("ticket_id",),
    (
        _id("ticket_id", "工单号", "ticket"),
        _event("changed_at", "变更时间", "at"),
        _text("field", "变更字段"),
        _text("old_value", "原值", "old"),
        _text("new_value", "新值", "new"),
        Column("change_no", Kind.INTEGER, ("变更序号",)),
    ),
    ("changed_at", "new_value"),
    is_log=True,
)
"""One row per change of a ticket; a mapping says how they fold into tickets and pauses."""

INPUTS = EXPORTS | {TICKET_EVENTS.name: TICKET_EVENTS}
"""Everything a folder may hold: the exports, and logs that are folded into them."""

REFERENCES: dict[tuple[str, str], str] = {
    ("tickets", "parent_ticket_id"): "tickets",
    ("tickets", "serial_no"): "installed_base",
    ("tickets", "agent_id"): "agents",
    ("service_records", "ticket_id"): "tickets",
    ("service_records", "agent_id"): "agents",
    ("invoices", "ticket_id"): "tickets",
    ("invoices", "serial_no"): "installed_base",
    ("pauses", "ticket_id"): "tickets",
}
"""The export whose row a column names by its key; of one export's, the nearest comes first."""
