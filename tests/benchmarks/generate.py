"""Benchmark exports of any size, made by DuckDB in SQL, the same for the same size and seed.

    python tests/benchmarks/generate.py --tickets 1000000 --out DIR

Writes tickets.csv, service_records.csv (about 0.4 rows per ticket), invoices.csv (0.6, or as
``--lines`` says), installed_base.csv (0.05) and agents.csv: two years up to 2025-06-30, with
believable shares of services, levels and late answers, and few rows with something wrong.
Belongs here: size and shape. Planted and listed defects belong to the sample company.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

SEED = 11
LINES = 0.6
# Invoice lines a ticket has by the terms, and the share of tickets that end by the as-of.
_OF_THE_TERMS = 0.41
_FINISHED = 0.97

# Chance is a hash of the row, the question and the seed: no state, so any order of work will do.
_SETTINGS = """
-- Hashed twice: the hash of several values merely combines theirs, so that its low bits would
-- answer two questions alike.
create macro dice(id, question) as hash(hash(id, question, getvariable('seed')));
create macro chance(id, question) as (dice(id, question) % 1000003) / 1000003.0;
create macro pick(id, question, choices) as
    choices[1 + (dice(id, question) % len(choices))::integer];
set variable as_of = timestamp '2025-06-30 18:00:00';
set variable first_day = timestamp '2023-07-01 00:00:00';
set variable cities = [
    '北京', '北京', '北京', '上海', '上海', '上海', '广州', '广州', '深圳', '深圳', '深圳',
    '成都', '成都', '武汉', '武汉', '西安', '杭州', '杭州', '南京', '重庆', '天津', '苏州',
    '长沙', '郑州', '青岛', '厦门', '沈阳', '昆明', '合肥', '福州'
];
set variable symptoms = [
    '业务网段无法访问外网', '主备切换后不回切', '升级特征库失败',
    '管理界面登录缓慢', '处理器占用过高并丢包',
    '分支隧道反复中断', '日志服务器收不到日志', '策略下发后不生效',
    '电源指示灯熄灭', '高峰时转发时延大'
];
set variable circumstances = [
    '首次出现在早高峰', '机房断电恢复之后开始', '同网段其他设备正常', '重启后暂时恢复又复现',
    '仅影响分支机构访问', '变更窗口之后发现', '值班员电话报修', '夜间备份任务期间发生',
    '版本升级后出现', '只在启用热备时出现', '无人操作过配置', '近一周内多次出现'
];
set variable causes = [
    '对端更改了协商参数', '上联端口协商为半双工', '日志分区写满',
    '路由调整后形成环路', '电源模块老化',
    '旧版本固件内存泄漏', '宽泛规则排在前面', '授权文件与序列号不一致'
];
set variable actions = [
    '重新协商隧道参数并保存', '强制端口为全双工', '清理历史日志并循环覆盖',
    '删除冗余静态路由', '更换电源模块',
    '升级固件补丁', '调整策略位置后下发', '重新签发授权文件'
];
set variable controls = [
    '现场测试业务正常', '连续测试无丢包', '观察一个业务高峰',
    '与值班员确认后离场', '提交配置备份', '远程复查告警清零'
];
"""

_AGENTS = """
create table agents as
select
    format('A{:05d}', i) as agent_id,
    format('第{}代理商', i) as agent_name,
    pick(i, 'agent city', getvariable('cities')) as city,
    date '2020-01-01' + (chance(i, 'from') * 700)::integer as active_from,
    case when chance(i, 'retired') < 0.03
        then date '2025-01-01' + (chance(i, 'to') * 120)::integer end as active_to
from range(getvariable('agents')) as numbers(i);
"""

_CUSTOMERS = """
create table customers as
select
    i as customer_no,
    format('C{:06d}', i) as customer_id,
    format('客户{}', i) as customer_name,
    case
        when chance(i, 'type') < 0.45 then 'end_customer'
        when chance(i, 'type') < 0.85 then 'key_account'
        else 'agent'
    end as customer_type,
    pick(i, 'city', getvariable('cities')) as city,
    format('A{:05d}', dice(i, 'agent') % getvariable('agents')) as agent_id
from range(getvariable('customers')) as numbers(i);
"""

_UNITS = """
create table units as
select
    i as unit_no,
    format('SN{:08d}', i) as serial_no,
    pick(i, 'product', ['防火墙', '防火墙', '入侵检测系统', 'VPN网关', 'Web应用防火墙',
                        '安全审计系统', '防病毒网关']) as product_type,
    customer_no,
    customer_id,
    customer_type,
    format('HT{:07d}', i // 2) as contract_id,
    date '2020-01-01' + (chance(i // 2, 'bought') * 1277)::integer as purchased_at,
    case when chance(i, 'warranty') < 0.3 then pick(i, 'months', [12, 24, 36]) end
        as warranty_months,
    agent_id,
    city
from range(getvariable('units')) as numbers(i)
join customers on customer_no = (i // 2) % getvariable('customers')
order by i;
"""

# Of ten tickets in a row six are two chains of phone, visit and training; the others stand alone.
_TICKETS = """
create table stories as
with numbered as (
    select i, case when i % 10 < 6 then i - i % 10 % 3 else i end as story,
        case when i % 10 < 6 then i % 10 % 3 else 3 end as step
    from range(getvariable('tickets')) as numbers(i)
),
placed as (
    select *,
        (dice(story, 'unit') % getvariable('units'))::bigint as unit_no,
        case
            when chance(story, 'level') < 0.08 then 1
            when chance(story, 'level') < 0.28 then 2
            when chance(story, 'level') < 0.68 then 3
            else 4
        end as level,
        getvariable('first_day') + to_seconds((chance(story, 'opened') * 63072000)::bigint)
            as story_opened_at
    from numbered
),
targets as (
    select placed.*, customer_no, customer_id, customer_type, contract_id, serial_no, agent_id,
        city, purchased_at,
        case when city in ('北京', '上海', '广州', '深圳') then [12, 24, 161, 403]
            else [48, 72, 403, 564] end[level] * 3600.0 as target_seconds
    from placed join units using (unit_no)
),
shares as (
    select *,
        case when chance(story, 'late') < 0.05 then 1.02 + chance(story, 'share')
            else 0.02 + 0.85 * pow(chance(story, 'share'), 2) end as phone_share,
        case when chance(story, 'site late') < 0.05 then 1.02 + chance(story, 'site share')
            else 0.02 + 0.85 * pow(chance(story, 'site share'), 2) end as site_share
    from targets
),
phones as (
    select *,
        story_opened_at + to_seconds((target_seconds * phone_share)::bigint) as phone_answered_at,
        to_seconds(900 + (chance(story, 'phone') * 6000)::bigint) as phone_took
    from shares
),
sites as (
    select *,
        phone_answered_at + phone_took + to_seconds(600) as site_opened_at,
        phone_answered_at + phone_took
            + to_seconds(600 + (target_seconds * site_share)::bigint) as site_answered_at,
        to_seconds(1800 + (chance(story, 'drive') * 9000)::bigint) as drive,
        to_seconds(3600 + (chance(story, 'site') * 14400)::bigint) as site_took
    from phones
),
timed as (
    select *,
        site_answered_at + drive + site_took as site_finished_at,
        to_seconds(case when chance(story, 'training late') < 0.03 then 100000
            else 9000 + (chance(story, 'training') * 75000)::bigint end) as training_took
    from sites
)
select *,
    case step
        when 0 then 'SASR008' when 1 then 'SASL012' when 2 then 'SASL014'
        else pick(i, 'code', ['SASR008', 'SASR009', 'SASR009', 'SASR009', 'SASR009', 'SASR010',
                              'SASR010', 'SASL011', 'SASL011', 'SPSR001', 'SPSR002', 'SPSR003',
                              'SPSR004', 'SPSL005', 'SPSR006', 'SPSL007',
                              case customer_type when 'agent' then 'SASL013' else 'SASR009' end])
    end as service_code,
    case step when 0 then story_opened_at when 1 then site_opened_at
        when 2 then site_finished_at + to_seconds(300) else story_opened_at end as opened_at,
    case step when 1 then site_answered_at when 2 then site_finished_at + to_seconds(900)
        else phone_answered_at end as responded_at,
    case step when 1 then site_answered_at + drive
        when 2 then site_finished_at + training_took - to_seconds(7200) end as arrived_at,
    case step when 1 then site_finished_at when 2 then site_finished_at + training_took
        else phone_answered_at + phone_took end as finished_at
from timed;

create table clean as
with coded as (
    select *,
        customer_type = 'end_customer' and chance(story, 'provider') < 0.99 as is_agents,
        step < 2 or service_code like 'SASR%' as is_fault
    from stories
    where opened_at <= getvariable('as_of')
)
select
    i, customer_no, unit_no, purchased_at, is_agents,
    format('T{:09d}', i) as ticket_id,
    customer_id, format('客户{}', customer_no) as customer_name, customer_type, city, service_code,
    case when is_fault then level end as fault_level, serial_no, contract_id,
    case when is_agents then 'agent' else 'company' end as provider,
    case when is_agents or (customer_type = 'key_account' and chance(story, 'partner') < 0.1)
        then agent_id end as agent_id,
    case service_code when 'SASR009' then 'web' when 'SASR010' then 'email'
        when 'SPSR003' then 'nearby' else 'phone' end as channel,
    case when step in (1, 2) and chance(i, 'orphan') > 0.01
        then format('T{:09d}', i - 1) end as parent_ticket_id,
    opened_at,
    case when responded_at <= getvariable('as_of') then responded_at end as responded_at,
    case when arrived_at <= getvariable('as_of') then arrived_at end as arrived_at,
    case when finished_at <= getvariable('as_of') then finished_at end as finished_at,
    case when chance(i, 'agreed') < 0.01 then date_trunc('hour', responded_at) + to_hours(2) end
        as agreed_due_at,
    null::varchar as dispatch_city,
    case when is_fault and level < 3 then chance(i, 'expert') < 0.97 end as expert_team,
    case when service_code not in ('SASL014', 'SASL013') then null
        when chance(i, 'too long') < 0.01 then 10
        else pick(i, 'hours', [2, 3, 4, 4, 6, 8]) end as training_hours,
    case when service_code = 'SPSL007' and chance(i, 'trial') < 0.95
        then format('SY{:09d}', i) end as trial_contract_id,
    case when service_code = 'SPSR004' then chance(i, 'consent') < 0.97 end as customer_consent,
    case when service_code = 'SPSR004' then pick(i, 'sent', ['email', 'visit', 'post', 'fax']) end
        as report_channel,
    case when is_fault then 'fault' else 'other' end as category,
    format('{}号设备 {}', unit_no, service_code) as description
from coded;

create table tickets as
with spoilt as (
    select
        case when chance(i, 'no key') < 0.00005 then null else ticket_id end as ticket_id,
        customer_id, customer_name, customer_type,
        case when chance(i, 'no city') < 0.003 then null else city end as city, service_code,
        case when chance(i, 'bad level') < 0.0005 then '五级'
            when chance(i, 'no level') < 0.003 then null else fault_level::varchar end
            as fault_level,
        serial_no, contract_id, provider, agent_id, channel, parent_ticket_id,
        opened_at::varchar as opened_at,
        case when chance(i, 'bad answer') < 0.0005 then '2025-02-30 10:00:00'
            when chance(i, 'early answer') < 0.001 then (opened_at - to_hours(1))::varchar
            else responded_at::varchar end as responded_at,
        arrived_at, finished_at, agreed_due_at, dispatch_city,
        case expert_team when true then 'yes' when false then 'no' end as expert_team,
        training_hours, trial_contract_id,
        case customer_consent when true then 'yes' when false then 'no' end as customer_consent,
        report_channel, category, description, i
    from clean
)
select * exclude (i) from spoilt
union all
select * exclude (i) from spoilt where chance(i, 'again') < 0.0003;
"""

_RECORDS = """
create table service_records as
with owed as (
    select *, case when service_code like 'SP%' then 'presales_report' else 'fault_record' end
        as form,
        finished_at + to_seconds(case when chance(i, 'late record') < 0.06
            then 610000 + (chance(i, 'days') * 2000000)::bigint
            else (chance(i, 'days') * 590000)::bigint end) as submitted_at
    from clean
    where finished_at is not null and (is_agents or agent_id is not null)
)
select
    format('R{:09d}', i) as record_id,
    case when chance(i, 'stray') < 0.001 then 'X' || ticket_id else ticket_id end as ticket_id,
    case when chance(i, 'other agent') < 0.001 then 'A00000' else agent_id end as agent_id,
    case when chance(i, 'form') < 0.005 then 'presales_report' else form end as form,
    submitted_at,
    case when chance(i, 'engineer') < 0.01 then null
        else format('工程师{}', dice(i, 'engineer') % 5000) end as engineer,
    coalesce(arrived_at, responded_at) as service_started_at,
    finished_at as service_finished_at,
    -- One agent in ten hands in the same texts now and then.
    case when agent_id like '%7' and chance(i, 'copied') < 0.03 then '用户报修，现场查看设备故障'
        else format('{}，{}，{}，事件号{}', pick(i, 'seen', getvariable('symptoms')),
                    pick(i, 'when', getvariable('circumstances')),
                    pick(i, 'cause', getvariable('causes')), dice(i, 'event') % 1000003)
        end as fault_description,
    case when chance(i, 'resolution') < 0.01 then null
        when agent_id like '%7' and chance(i, 'copied') < 0.03 then '已处理完毕，设备正常，业务恢复'
        else format('{}，备注{}，{}，{}，复核码{}', pick(i, 'action', getvariable('actions')),
                    dice(i, 'note') % 1000003, pick(i, 'then', getvariable('actions')),
                    pick(i, 'check', getvariable('controls')), dice(i, 'code') % 1000003)
        end as resolution,
    'yes' as customer_confirmed
from owed
where chance(i, 'filed') < 0.95 and submitted_at <= getvariable('as_of');

insert into service_records
select 'Z' || record_id, * exclude (record_id) from service_records
where dice(record_id, 'again') % 500 = 0;
"""

_INVOICES = """
create table invoices as
with done as (
    select *, case when is_agents then agent_id else 'company' end as issuer,
        finished_at::date + 1 + (chance(i, 'bill') * 20)::integer as issued_at,
        -- Past every warranty of the list: three years, and free service for one.
        purchased_at + interval 36 month <= opened_at as is_out
    from clean
    where finished_at is not null
),
fees as (
    select i, 1 as line_no, 'service_fee' as charge_type,
        300 + (dice(i, 'fee') % 900)::integer as amount
    from done
    where service_code[4] = 'L' and chance(i, 'billed') < 0.9 and (
        (customer_type = 'end_customer' and service_code like 'SA%')
        or (customer_type = 'agent' and city <> '深圳' and service_code <> 'SPSL007')
        or chance(i, 'billed free') < 0.01
    )
),
maintenance as (
    select i, 2 as line_no, 'maintenance_fee' as charge_type,
        500 + (dice(i, 'maintenance') % 1500)::integer as amount
    from done
    where service_code in ('SASL011', 'SASL012')
        and (is_out and chance(i, 'maintained') < 0.9 or chance(i, 'too early') < 0.005)
),
repairs as (
    select i, 3 as line_no, 'repair_replacement' as charge_type,
        800 + (dice(i, 'repair') % 6000)::integer as amount
    from done
    where service_code = 'SASL012'
        and (is_out and chance(i, 'repair') < 0.4 or chance(i, 'in warranty') < 0.005)
),
extras as (
    select i, (4 + more)::integer as line_no, 'other' as charge_type,
        60 + (dice(i * 64 + more, 'extra') % 240)::integer as amount
    from done, range(ceil(getvariable('extras'))::bigint) as numbers(more)
    where chance(i * 64 + more, 'extra') < getvariable('extras') / ceil(getvariable('extras'))
),
billed as (
    from fees union all from maintenance union all from repairs union all from extras
),
lines as (
    select format('F{:09d}', i) as invoice_id, line_no, issued_at, issuer, customer_id, ticket_id,
        serial_no, contract_id, charge_type, amount::decimal(18, 2) as amount, i
    from billed join done using (i)
),
credits as (
    select 'K' || invoice_id, line_no, issued_at + 5, issuer, customer_id, ticket_id, serial_no,
        contract_id, charge_type, -amount, i
    from lines where chance(i, 'credit') < 0.01
),
repeats as (
    select 'D' || invoice_id, line_no, issued_at + 9, issuer, customer_id, ticket_id, serial_no,
        contract_id, charge_type, amount, i
    from lines where chance(i, 'repeat') < 0.003
),
coverages as (
    select format('V{:08d}', unit_no) as invoice_id, year as line_no,
        begins + 3 as issued_at,
        case when customer_type = 'end_customer' then agent_id else 'company' end as issuer,
        customer_id, serial_no, begins,
        4000 + (dice(unit_no * 10 + year, 'cover') % 9000)::integer as amount
    from (
        select *, (purchased_at + to_months(24 + 12 * year))::date as begins
        from units, range(1, 4) as years(year)
    )
    where chance(unit_no, 'covered') < 0.6 and begins between date '2023-07-01' and '2025-06-25'
)
select invoice_id, line_no, issued_at, issuer, customer_id, ticket_id, serial_no, contract_id,
    charge_type, amount, 'CNY' as currency, '银行电汇' as payment_method,
    null::date as coverage_start, null::date as coverage_end
from (from lines union all from credits union all from repeats)
where issued_at <= getvariable('as_of')::date
union all
select invoice_id, line_no, issued_at, issuer, customer_id, null, serial_no, null,
    'maintenance_fee', amount, null, '转帐支票', begins, (begins + interval 12 month)::date - 1
from coverages
order by invoice_id, line_no;
"""

_STEPS = (_SETTINGS, _AGENTS, _CUSTOMERS, _UNITS, _TICKETS, _RECORDS, _INVOICES)


def generate(tickets: int, out: Path, seed: int = SEED, lines: float = LINES) -> dict[str, int]:
    """Write the five files for about so many tickets, ``lines`` invoice lines each, into ``out``.

    Returns:
        Rows written per export. Tickets that would open after the as-of are left out, some
        rows come twice: the count of tickets is close to the one asked for.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = {}
    with duckdb.connect() as con:
        for name, value in {
            "seed": seed,
            "tickets": tickets,
            "units": max(tickets // 20, 20),
            "customers": max(tickets // 100, 10),
            "agents": max(tickets // 5000, 12),
        }.items():
            con.execute(f"set variable {name} = {value:d}")
        # What a ticket is billed besides: spare parts, travel, and the like.
        con.execute(f"set variable extras = {max(lines - _OF_THE_TERMS, 0.01) / _FINISHED}::double")
        for step in _STEPS:
            con.execute(step)
        for export in ("tickets", "service_records", "invoices", "installed_base", "agents"):
            rows = con.sql(
                "select serial_no, product_type, customer_id, customer_type, contract_id, "
                "purchased_at, warranty_months from units"
                if export == "installed_base"
                else f"from {export}"
            )
            written[export] = len(rows)
            rows.write_csv(str(out / f"{export}.csv"), header=True)
    return written


def main() -> None:
    """Read the arguments and write."""
    parser = argparse.ArgumentParser(description="Write benchmark exports.")
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--lines", type=float, default=LINES, help="invoice lines for each ticket")
    given = parser.parse_args()
    for export, rows in generate(given.tickets, given.out, given.seed, given.lines).items():
        print(f"{export:16}{rows:>12,} rows")  # noqa: T201 - a script tells what it wrote


if __name__ == "__main__":
    main()
