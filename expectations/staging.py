# ruff: noqa: S608 -- the SQL is put together from names this module declares, never from data
"""Suites of the staged exports, of what was set aside, and of the count of rows.

Belongs here: what holds for a row as it was exported, and ``rows in = staged + rejected``.
Does not belong here: what a row means for a promise (``facts``). Critical here is what
staging itself promises; what people wrote into their systems is shown, and stops nothing
unless it leaves no report to make.
"""

from __future__ import annotations

from expectations import vocabulary as words
from expectations.checks import (
    Between,
    Check,
    NoRows,
    Suite,
    critical,
    expected,
    has_columns,
    in_order,
    key,
    quoted,
    refers,
    required,
    vocabulary,
    warning,
)

CONTRACT = "contract: exports"
BAD_ROWS = "contract: what happens to a bad row"
_TOTALS = ("合计", "总计", "小计", "共计", "累计")
_TOTALS_IN_ENGLISH = ("total", "totals", "grandtotal", "subtotal", "sum")


def _types(**columns_by_type: str) -> dict[str, str]:
    names = {
        "text": "VARCHAR",
        "integer": "INTEGER",
        "instant": "TIMESTAMP",
        "date": "DATE",
        "yes_no": "BOOLEAN",
        "hours": "DECIMAL(9,2)",
        "money": "DECIMAL(18,2)",
        "line": "BIGINT",
    }
    return {
        column: names[kind]
        for kind, columns in columns_by_type.items()
        for column in columns.split()
    }


STAGED_TYPES = {
    "staging.tickets": _types(
        text="ticket_id customer_id customer_name customer_type city service_code serial_no"
        " contract_id provider agent_id channel parent_ticket_id dispatch_city"
        " trial_contract_id report_channel category description source_file",
        integer="fault_level",
        instant="opened_at responded_at arrived_at finished_at agreed_due_at",
        yes_no="expert_team customer_consent",
        hours="training_hours",
        line="source_row",
    ),
    "staging.service_records": _types(
        text="record_id ticket_id agent_id form engineer fault_description resolution source_file",
        instant="submitted_at service_started_at service_finished_at",
        yes_no="customer_confirmed",
        line="source_row",
    ),
    "staging.invoices": _types(
        text="invoice_id issuer customer_id ticket_id serial_no contract_id charge_type currency"
        " payment_method source_file",
        integer="line_no",
        instant="issued_at",
        money="amount",
        date="coverage_start coverage_end",
        line="source_row",
    ),
    "staging.installed_base": _types(
        text="serial_no product_type customer_id customer_type contract_id source_file",
        date="purchased_at",
        integer="warranty_months",
        line="source_row",
    ),
    "staging.agents": _types(
        text="agent_id agent_name city source_file",
        date="active_from active_to",
        line="source_row",
    ),
    "staging.pauses": _types(
        text="ticket_id reason source_file",
        instant="paused_at resumed_at",
        line="source_row",
    ),
}


def _no_total(table: str, keys: tuple[str, ...]) -> Check:
    return warning(
        "no_row_of_totals",
        NoRows(
            f"select source_file, source_row, {', '.join(keys)} from {table} "
            # the last two letters tell, without blanks and colons
            f"where length({keys[0]}) < 20 and ("
            f"right(replace(replace(replace({keys[0]}, ' ', ''), chr(58), ''), chr(65306), ''), 2) "
            f"in ({quoted(_TOTALS)}) "
            f"or replace(replace(lower({keys[0]}), ' ', ''), chr(58), '') "
            f"in ({quoted(_TOTALS_IN_ENGLISH)}))"
        ),
        BAD_ROWS,
        f"No row adds up the others: no {keys[0]} says total.",
        f"没有合计行：{keys[0]} 不写“合计”。",
    )


def _not_cut_short(table: str, keys: tuple[str, ...]) -> Check:
    return warning(
        "key_not_cut_short",
        NoRows(
            f"select source_file, source_row, {', '.join(keys)} from {table} "
            f"where contains(upper({keys[0]}), 'E+') "
            f"and regexp_matches(upper({keys[0]}), '^[0-9]([.][0-9]+)?E[+][0-9]+')"
        ),
        BAD_ROWS,
        f"No {keys[0]} is a number a spreadsheet has cut short (2.54E+19): of several such rows"
        " only one is left. Export it as text.",
        f"{keys[0]} 没有被电子表格截短（2.54E+19）：多行会并成一行，请按文本导出。",
    )


def _staged(table: str, keys: tuple[str, ...], *checks: Check) -> Suite:
    """A staged export's suite: columns, key and the way back to file and line come first."""
    common = [has_columns(table, STAGED_TYPES[table])]
    common += [required(column, BAD_ROWS) for column in keys]
    if keys:
        common.append(key(keys, BAD_ROWS))
        common += [_no_total(table, keys), _not_cut_short(table, keys)]
    common += [
        required("source_file", BAD_ROWS),
        required("source_row", BAD_ROWS),
        critical(
            "source_row_is_a_line",
            Between("source_row", low=1),
            BAD_ROWS,
            "source_row is a line of a file, counted from 1.",
            "source_row 是文件中的行号，从 1 数起。",
        ),
    ]
    return Suite(table, ("source_file", "source_row", *keys), (*common, *checks))


TICKETS = _staged(
    "staging.tickets",
    ("ticket_id",),
    critical(
        "has_rows",
        NoRows("select count(*) as tickets from staging.tickets having count(*) = 0"),
        CONTRACT,
        "There is at least one ticket.",
        "至少有一张工单。",
    ),
    critical(
        "has_opening_times",
        NoRows(
            "select count(*) as tickets, count(opened_at) as opened_at_read from staging.tickets "
            "having count(*) > 0 and count(opened_at) = 0"
        ),
        CONTRACT,
        "At least one ticket has an opened_at that could be read; without any, nothing can be"
        " measured and the column is most likely mapped wrongly.",
        "至少有一张工单的 opened_at（受理时间）可以读出；一张都没有则无从计量，多半是列映射有误。",
    ),
    vocabulary("customer_type", words.CUSTOMER_TYPES, "OB"),
    vocabulary("provider", words.PROVIDERS, CONTRACT),
    vocabulary("channel", words.CHANNELS, CONTRACT),
    vocabulary("report_channel", words.REPORT_CHANNELS, "PS-1"),
    vocabulary("category", words.CATEGORIES, CONTRACT),
    critical(
        "fault_level_known",
        Between("fault_level", low=1, high=4),
        "T4",
        "fault_level is 1, 2, 3 or 4.",
        "故障等级只能是 1、2、3、4。",
    ),
    expected(
        "opened_at",
        CONTRACT,
        "Every ticket has an opened_at; without it nothing of the ticket can be measured.",
        "每张工单都有受理时间；缺了它，这张工单什么都无法计量。",
    ),
    warning(
        "opening_has_a_time_of_day",
        NoRows(
            "select source_file, source_row, ticket_id, opened_at from staging.tickets "
            "where (select count(opened_at) > 9 and "
            "bool_and(opened_at is null or opened_at = cast(cast(opened_at as date) as timestamp)) "
            "from staging.tickets)"
        ),
        "AS-7",
        "Not every ticket is opened at midnight: then the column has days alone, and the times of"
        " day stand in another.",
        "工单并非都在零点受理：若全是零点，该列只有日期，时刻在另一列。",
    ),
    expected(
        "customer_type",
        "T1",
        "Every ticket has a customer_type; without it its service level is unknown.",
        "每张工单都有客户类型；缺了它，服务等级无从得知。",
    ),
    expected(
        "service_code",
        "CAT",
        "Every ticket has a service_code; without it stage, mode and service level are unknown.",
        "每张工单都有服务编码；缺了它，阶段、方式和服务等级都无从得知。",
    ),
    warning(
        "service_code_in_catalogue",
        NoRows(
            "select t.source_file, t.source_row, t.ticket_id, t.service_code "
            "from staging.tickets as t anti join terms.services as s "
            "on s.service_code = t.service_code where t.service_code is not null"
        ),
        "CAT",
        "service_code is a code of the catalogue.",
        "服务编码在服务目录之内。",
        ("terms.services",),
    ),
    warning(
        "fault_has_level",
        NoRows(
            "select source_file, source_row, ticket_id, category, fault_level "
            "from staging.tickets where category = 'fault' and fault_level is null "
            "and agreed_due_at is null"
        ),
        "T4",
        "A fault has a fault level or a due time agreed for it; with neither it is unmeasurable.",
        "故障工单填有故障等级或约定时限；两者皆无则无法计量。",
    ),
    warning(
        "fault_has_city",
        NoRows(
            "select source_file, source_row, ticket_id, fault_level, city from staging.tickets "
            "where fault_level is not null and city is null and agreed_due_at is null"
        ),
        "T4",
        "A fault has a city or a due time agreed for it; with neither it is unmeasurable.",
        "故障工单填有城市或约定时限；两者皆无则无法计量。",
    ),
    warning(
        "agent_named",
        NoRows(
            "select source_file, source_row, ticket_id, provider, agent_id "
            "from staging.tickets where provider = 'agent' and agent_id is null"
        ),
        "AG",
        "A ticket an agent provided names the agent.",
        "由代理商服务的工单写明是哪一家代理商。",
    ),
    warning(
        "city_as_the_terms_name_it",
        NoRows(
            "select t.source_file, t.source_row, t.ticket_id, t.city, t.dispatch_city "
            "from staging.tickets as t inner join (select given.city from "
            "(select city from staging.tickets union select dispatch_city from staging.tickets) "
            "as given inner join (select city from terms.tier1_cities union "
            "select service_centre_city from terms.rules) as named "
            "on contains(given.city, named.city) and given.city <> named.city "
            "group by given.city) as longer on longer.city in (t.city, t.dispatch_city)"
        ),
        "T4",
        "A city is written as the terms name it: one that only contains the name of a city of"
        " theirs is taken for another city.",
        "城市按条款中的名称书写：仅包含条款城市名的写法会被当作另一个城市。",
        ("terms.tier1_cities", "terms.rules"),
    ),
    in_order("opened_at", "responded_at", "T4"),
    in_order("opened_at", "arrived_at", "T4"),
    in_order("opened_at", "finished_at", CONTRACT),
    in_order("responded_at", "finished_at", CONTRACT),
    in_order("arrived_at", "finished_at", CONTRACT),
    in_order("opened_at", "agreed_due_at", CONTRACT),
    refers("staging.tickets", "ticket_id", "agent_id", "staging.agents", "agent_id", "AG"),
    refers(
        "staging.tickets", "ticket_id", "serial_no", "staging.installed_base", "serial_no", "WA-1"
    ),
    warning(
        "parent_ticket_in_tickets",
        NoRows(
            "select t.source_file, t.source_row, t.ticket_id, t.parent_ticket_id "
            "from staging.tickets as t anti join staging.tickets as p "
            "on p.ticket_id = t.parent_ticket_id where t.parent_ticket_id is not null"
        ),
        CONTRACT,
        "parent_ticket_id names a ticket.",
        "关联工单号能在工单中找到。",
    ),
    warning(
        "parent_ticket_is_another",
        NoRows(
            "select source_file, source_row, ticket_id, parent_ticket_id "
            "from staging.tickets where parent_ticket_id = ticket_id"
        ),
        CONTRACT,
        "No ticket is its own parent.",
        "工单不以自己为关联工单。",
    ),
)

SERVICE_RECORDS = _staged(
    "staging.service_records",
    ("record_id",),
    vocabulary("form", words.FORMS, "AG"),
    expected(
        "submitted_at",
        "AG",
        "Every record says when it was submitted; without it, it cannot count as filed in time.",
        "每条记录都有提交时间；缺了它就不能算按时提交。",
    ),
    in_order("service_started_at", "service_finished_at", CONTRACT),
    in_order("service_finished_at", "submitted_at", "AG"),
    refers(
        "staging.service_records", "record_id", "ticket_id", "staging.tickets", "ticket_id", "AG"
    ),
    refers("staging.service_records", "record_id", "agent_id", "staging.agents", "agent_id", "AG"),
)

INVOICES = _staged(
    "staging.invoices",
    ("invoice_id", "line_no"),
    required("currency", CONTRACT),
    vocabulary("charge_type", words.CHARGE_TYPES, CONTRACT),
    expected(
        "charge_type",
        CONTRACT,
        "Every invoice line says what was charged; without it nothing can be said of it.",
        "每一行发票都有收费类型；缺了它就无从审核。",
    ),
    expected(
        "amount",
        CONTRACT,
        "Every invoice line has an amount; without one it counts as zero.",
        "每一行发票都有金额；缺了它按零计。",
    ),
    expected(
        "issued_at",
        CONTRACT,
        "Every invoice line has an issue date.",
        "每一行发票都有开票日期。",
    ),
    expected(
        "issuer",
        "reading 15",
        "Every invoice line says who issued it.",
        "每一行发票都有开票方。",
    ),
    in_order("coverage_start", "coverage_end", "WA-2"),
    refers(
        "staging.invoices",
        "invoice_id, line_no",
        "ticket_id",
        "staging.tickets",
        "ticket_id",
        CONTRACT,
    ),
    refers(
        "staging.invoices",
        "invoice_id, line_no",
        "serial_no",
        "staging.installed_base",
        "serial_no",
        "WA-1",
    ),
    warning(
        "issuer_in_agents",
        NoRows(
            "select i.source_file, i.source_row, i.invoice_id, i.line_no, i.issuer "
            "from staging.invoices as i anti join "
            "(select agent_id from staging.agents union all select agent_id from staging.tickets "
            "where not exists (select 1 from staging.agents)) as a on a.agent_id = i.issuer "
            "where i.issuer <> 'company'"
        ),
        "reading 15",
        "issuer is the company or one of the agents; without an export of agents, one that the"
        " tickets name.",
        "开票方是公司或代理商清单中的代理商；没有清单时，是工单中出现过的代理商。",
        ("staging.agents", "staging.tickets"),
    ),
    warning(
        "currency_is_a_code",
        NoRows(
            "select source_file, source_row, invoice_id, line_no, currency from staging.invoices "
            "where length(currency) <> 3 or not regexp_matches(currency, '[A-Z][A-Z][A-Z]')"
        ),
        CONTRACT,
        "currency is a code of three letters; any other spelling is taken for a currency of its"
        " own.",
        "币种是三个字母的代码；其他写法都当作另一种货币。",
    ),
)

INSTALLED_BASE = _staged(
    "staging.installed_base",
    ("serial_no",),
    vocabulary("customer_type", words.CUSTOMER_TYPES, "OB"),
    expected(
        "purchased_at",
        "AS-1",
        "Every unit has a purchase date; without it its warranty is unknown.",
        "每台设备都有购买日期；缺了它，担保期无从得知。",
    ),
    warning(
        "warranty_in_months",
        NoRows(
            "select source_file, source_row, serial_no, warranty_months "
            "from staging.installed_base where warranty_months > 0 "
            "and (select max(warranty_months) < 12 from staging.installed_base)"
        ),
        "WA-1",
        "warranty_months are months: where none reaches twelve they may be years.",
        "担保月数以月为单位：若都不到十二，可能填的是年数。",
    ),
    warning(
        "product_type_in_terms",
        NoRows(
            "select u.source_file, u.source_row, u.serial_no, u.product_type "
            "from staging.installed_base as u anti join terms.products as p "
            "on p.product_type = u.product_type "
            "where u.product_type is not null and u.warranty_months is null"
        ),
        "AS-1",
        "A unit without warranty months of its own is of a product type the terms know.",
        "未写明担保期月数的设备，其产品类型在条款之内。",
        ("terms.products",),
    ),
)

AGENTS = _staged(
    "staging.agents",
    ("agent_id",),
    in_order("active_from", "active_to", CONTRACT),
)

PAUSES = _staged(
    "staging.pauses",
    (),
    expected(
        "ticket_id",
        "contract: pauses",
        "Every pause names its ticket.",
        "每条暂停都写明工单号。",
    ),
    expected(
        "paused_at",
        "contract: pauses",
        "Every pause says when it began.",
        "每条暂停都有暂停时间。",
    ),
    in_order("paused_at", "resumed_at", "contract: pauses"),
    refers(
        "staging.pauses",
        "paused_at",
        "ticket_id",
        "staging.tickets",
        "ticket_id",
        "contract: pauses",
    ),
)

REJECTS = Suite(
    "staging.rejects",
    ("export", "source_file", "source_row"),
    (
        has_columns(
            "staging.rejects",
            {
                "export": "VARCHAR",
                "source_file": "VARCHAR",
                "source_row": "BIGINT",
                "reason": "VARCHAR",
                "record": "any",
            },
        ),
        required("source_file", BAD_ROWS),
        required("source_row", BAD_ROWS),
        required("reason", BAD_ROWS),
        vocabulary("export", words.INPUTS, BAD_ROWS),
    ),
)

PROBLEMS = Suite(
    "staging.problems",
    ("export", "source_file", "source_row"),
    (
        has_columns(
            "staging.problems",
            {
                "export": "VARCHAR",
                "source_file": "VARCHAR",
                "source_row": "BIGINT",
                "column": "VARCHAR",
                "value": "VARCHAR",
                "reason": "VARCHAR",
            },
        ),
        required("source_file", BAD_ROWS),
        required("reason", BAD_ROWS),
        vocabulary("export", words.INPUTS, BAD_ROWS),
    ),
)


def _counted(column: str, tables: str, reads: tuple[str, ...], en: str, zh: str) -> Check:
    """The count ``meta.files`` states is the count of rows that lie there, file by file."""
    query = (
        f"with counted as (select export, source_file, count(*) as counted from ({tables}) "
        "group by export, source_file), "
        f"stated as (select export, source_file, sum({column}) as stated from meta.files "
        "group by export, source_file) "
        "select export, source_file, coalesce(s.stated, 0) as stated, "
        "coalesce(c.counted, 0) as counted from stated as s "
        "full join counted as c using (export, source_file) "
        "where coalesce(s.stated, 0) <> coalesce(c.counted, 0)"
    )
    return critical(f"{column}_counted", NoRows(query), BAD_ROWS, en, zh, reads)


_STAGED_ROWS = " union all ".join(
    f"select '{export}' as export, source_file from staging.{export}" for export in words.INPUTS
)

FILES = Suite(
    "meta.files",
    ("export", "source_file"),
    (
        has_columns(
            "meta.files",
            {
                "export": "VARCHAR",
                "source_file": "VARCHAR",
                "rows_in": "BIGINT|INTEGER",
                "staged": "BIGINT|INTEGER",
                "rejected": "BIGINT|INTEGER",
                "problems": "BIGINT|INTEGER",
            },
        ),
        vocabulary("export", words.INPUTS, CONTRACT),
        critical(
            "rows_in_accounted_for",
            NoRows(
                "select export, source_file, rows_in, staged, rejected from meta.files "
                "where rows_in is distinct from staged + rejected"
            ),
            BAD_ROWS,
            "Of every file, rows in = staged + rejected.",
            "每个文件：读入行数 = 入库行数 + 拒收行数。",
        ),
        _counted(
            "staged",
            _STAGED_ROWS,
            tuple(f"staging.{export}" for export in words.INPUTS),
            "Of every file, as many rows lie in the staging tables as were counted as staged.",
            "每个文件：入库表中的行数与登记的入库行数一致。",
        ),
        _counted(
            "rejected",
            "select export, source_file from staging.rejects",
            ("staging.rejects",),
            "Of every file, as many rows lie in staging.rejects as were counted as rejected.",
            "每个文件：staging.rejects 中的行数与登记的拒收行数一致。",
        ),
        _counted(
            "problems",
            "select export, source_file from staging.problems",
            ("staging.problems",),
            "Of every file, as many problems lie in staging.problems as were counted.",
            "每个文件：staging.problems 中的问题数与登记的问题数一致。",
        ),
    ),
)

SUITES = (
    TICKETS,
    SERVICE_RECORDS,
    INVOICES,
    INSTALLED_BASE,
    AGENTS,
    PAUSES,
    REJECTS,
    PROBLEMS,
    FILES,
)
