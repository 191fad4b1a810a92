"""Who the sample company deals with: agents, customers and the units they bought.

All names are invented. Belongs here: what is there before the first ticket.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sample_data.world import Agent, Customer, Unit

if TYPE_CHECKING:
    from random import Random

    from sample_data.world import World

AGENT_CITIES = (
    ("北京", "京朔安信"), ("北京", "岚序网安"), ("上海", "沪霁信联"), ("上海", "知樾数盾"),
    ("广州", "粤栖网络"), ("深圳", "鹏砚信息"), ("成都", "蜀禾安全"), ("成都", "锦墨网安"),
    ("武汉", "楚澈科技"), ("西安", "秦峪信安"), ("杭州", "钱屿数安"), ("南京", "宁霭网络"),
)  # fmt: skip
SILENT_AGENT, RETIRED_AGENT, BATCH_AGENT, COPYING_AGENT = "A11", "A08", "A05", "A09"
RETIRED_ON = date(2025, 2, 28)
CITIES = ("北京", "上海", "广州", "深圳", "成都", "武汉", "西安", "杭州", "南京")
END_CUSTOMER_BRANDS = (
    "霁川", "砚舟", "栖石", "澈原", "朔岭", "沅木", "墨汀", "霭禾", "樾山", "屿桥",
    "峪光", "岑溪", "蔚泽", "桁远", "砺岩", "汀兰", "穗禾", "翊程", "旻和", "钧韵",
    "珣泰", "璟昇", "澍宁", "瀚禾", "昀启", "朗屹", "槿和", "檀越", "泓毅", "祁峰",
    "苒川", "笙远", "筠竹", "绥和", "缦云", "羲和", "翎羽", "芃泽", "芷蓝", "荇川",
    "菀禾", "葳蕤", "蓼原", "蔺石", "衡岳", "觅禾", "谧川", "赫朗", "跃屿", "轩砚",
    "逸樾", "遥岑", "鄞川", "钰辰",
)  # fmt: skip
END_CUSTOMER_TRADES = (
    "精密制造有限公司", "物流有限公司", "医药连锁有限公司", "外国语学校", "软件技术有限公司",
    "食品股份有限公司", "建筑设计院有限公司", "律师事务所", "商贸有限公司", "职业技术学院",
    "电子有限公司", "纺织有限公司", "酒店管理有限公司", "口腔医院", "能源科技有限公司",
)  # fmt: skip
KEY_ACCOUNTS = (
    ("北京", "北京昊穹商业银行股份有限公司"), ("北京", "北京祺汇财产保险有限公司"),
    ("上海", "上海澜序证券有限责任公司"), ("上海", "上海浦樾航运集团有限公司"),
    ("广州", "广州岭穗电力建设集团有限公司"), ("深圳", "深圳湾砚通信集团有限公司"),
    ("深圳", "深圳前澈供应链集团有限公司"), ("成都", "成都岷禾轨道交通集团有限公司"),
    ("成都", "成都天屿航空工业有限公司"), ("武汉", "武汉江霭光电股份有限公司"),
    ("西安", "西安渭朔航天装备有限公司"), ("杭州", "杭州湖翊云计算有限公司"),
    ("南京", "南京钟璟农村商业银行股份有限公司"), ("武汉", "武汉昙珞中心医院"),
)  # fmt: skip
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
GIVEN_NAMES = (
    "志远", "晓彤", "建国", "海涛", "雨桐", "子墨", "文博", "丽华", "俊杰", "思敏", "国栋",
    "雪梅", "浩然", "佳宁", "明辉", "春燕", "立新", "欣怡", "永强", "静雯",
)  # fmt: skip
PRODUCTS = {
    "防火墙": ("FW", 36), "入侵检测系统": ("IDS", 36), "VPN网关": ("VPN", 24),
    "Web应用防火墙": ("WAF", 24), "安全审计系统": ("SAS", 24), "防病毒网关": ("AVG", 12),
}  # fmt: skip
FREE_YEAR_MONTHS = 12


def add_months(day: date, months: int) -> date:
    """The same day so many months later, kept within a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


def person(rng: Random) -> str:
    """An invented name."""
    return rng.choice(SURNAMES) + rng.choice(GIVEN_NAMES)


def found_company(world: World) -> None:
    """Fill in agents, 80 customers and their units."""
    _appoint_agents(world)
    _sign_customers(world)
    for customer in world.customers:
        if customer.customer_type != "key_account":
            sell(world, customer, _some_day(world.rng, date(2021, 3, 1), date(2024, 6, 20)))
            if world.rng.random() < 0.4:  # noqa: PLR2004 - two in five buy again
                sell(world, customer, _some_day(world.rng, date(2022, 3, 1), date(2025, 4, 30)))
    _sign_key_accounts(world)


def sell(world: World, customer: Customer, bought: date, contract_id: str | None = None) -> Unit:
    """Sell a unit; without a contract of its own it gets one."""
    rng = world.rng
    product_type = rng.choice(list(PRODUCTS))
    prefix, months = PRODUCTS[product_type]
    states_warranty = rng.random() < 0.3  # noqa: PLR2004 - three in ten contracts say it
    if states_warranty:
        months = rng.choice((12, 24, 36))
    number = len(world.units) + 1
    ends = add_months(bought, months)
    unit = Unit(
        serial_no=f"{prefix}-{bought:%y%m}-{number:04d}",
        product_type=product_type,
        customer=customer,
        contract_id=contract_id or f"HT{bought:%Y%m}{number:03d}",
        purchased_on=bought,
        warranty_months=months,
        states_warranty=states_warranty,
        warranty_ends=ends,
        maintenance_from=max(ends, add_months(bought, FREE_YEAR_MONTHS)),
    )
    world.units.append(unit)
    customer.units.append(unit)
    return unit


def _appoint_agents(world: World) -> None:
    for number, (city, brand) in enumerate(AGENT_CITIES, start=1):
        agent_id = f"A{number:02d}"
        engineers = tuple(person(world.rng) for _ in range(3))
        world.agents.append(
            Agent(
                agent_id=agent_id,
                name=f"{city}{brand}技术有限公司",
                city=city,
                active_from=_some_day(world.rng, date(2018, 1, 1), date(2022, 12, 31)),
                active_to=RETIRED_ON if agent_id == RETIRED_AGENT else None,
                engineers=engineers,
            )
        )


def _sign_customers(world: World) -> None:
    rng = world.rng
    for agent in world.agents:
        _add_customer(world, agent.name, "agent", agent.city, None)
    brands = list(END_CUSTOMER_BRANDS)
    for number, brand in enumerate(brands):
        # Four end customers for each agent, then a fifth for the first six.
        agent = world.agents[number % len(world.agents)]
        name = f"{agent.city}{brand}{rng.choice(END_CUSTOMER_TRADES)}"
        _add_customer(world, name, "end_customer", agent.city, agent)
    for city, name in KEY_ACCOUNTS:
        partners = [each for each in world.agents if each.city == city and not each.active_to]
        _add_customer(world, name, "key_account", city, rng.choice(partners))


def _add_customer(
    world: World, name: str, customer_type: str, city: str, agent: Agent | None
) -> None:
    number = len(world.customers) + 1
    world.customers.append(Customer(f"C{number:03d}", name, customer_type, city, agent))


def _sign_key_accounts(world: World) -> None:
    """An old contract out of warranty or a new one in its first year, for some both."""
    rng = world.rng
    for number, customer in enumerate(world.of_type("key_account")):
        if number % 2 == 0 or number == 1:
            old = _some_day(rng, date(2021, 2, 1), date(2022, 5, 31))
            unit = sell(world, customer, old)
            sell(world, customer, old, unit.contract_id)
        if number % 2 == 1 or number in (4, 8, 12):
            sell(world, customer, _some_day(rng, date(2024, 2, 1), date(2025, 4, 30)))


def _some_day(rng: Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randrange((last - first).days + 1))
