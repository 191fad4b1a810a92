"""The words of the sample company's people: symptoms, causes, what was done about them.

Belongs here: texts alone. They differ enough from each other that a copied one stands out.
"""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

SYMPTOMS = (
    "业务网段无法访问外网，{p}会话数持续为零", "{p}主备切换后不回切，心跳口告警", "升级特征库失败，{p}提示校验错误",
    "管理界面登录缓慢，约{s}秒才出现页面", "{p}CPU占用长期在九成以上，丢包明显", "分支隧道每隔{n}分钟中断一次",
    "{p}日志服务器收不到日志，磁盘写满", "策略下发后不生效，第{n}条规则被跳过", "{p}面板电源灯熄灭，单电源运行",
    "夜间流量高峰时{p}转发时延达{n}毫秒", "误报频繁，正常网页被{p}拦截{n}次", "{p}时间与服务器相差{n}分钟，审计记录错位",
    "光口{s}频繁闪断，更换跳线无改善", "{p}重启后配置丢失，恢复为出厂设置", "报表导出为空，{p}数据库连接超时",
    "新增VLAN {n}后终端得不到地址", "{p}证书将于{n}天后到期，客户端提示不可信", "双机状态不同步，会话表相差{n}条",
)  # fmt: skip
CIRCUMSTANCES = (
    "首次出现在早高峰", "机房断电恢复之后开始", "同网段其他设备正常", "重启后暂时恢复，{n}分钟后复现",
    "近一周内已出现{s}次", "仅影响分支机构访问", "变更窗口之后发现", "值班员{who}电话报修", "夜间备份任务期间发生",
    "版本升级后第{s}天出现", "只在启用双机热备时出现", "无人操作过配置",
)  # fmt: skip
CAUSES = (
    "现场抓包确认对端网关更改了协商参数", "核查发现上联交换机端口协商为半双工", "日志分区被历史审计数据占满",
    "客户自行调整路由后形成环路", "电源模块老化，电压低于额定值", "旧版本固件存在内存泄漏", "策略顺序颠倒，宽泛规则在前",
    "授权文件与序列号不一致", "机房空调停机导致板卡过热", "光模块批次不良，收光功率偏低", "时钟源配置指向已停用的服务器",
    "数据库索引损坏，查询长时间等待", "备机软件版本落后主机两个小版本", "出口地址被运营商临时更换",
)  # fmt: skip
ACTIONS = (
    "重新协商隧道参数并保存配置", "强制端口为千兆全双工", "清理{n}GB历史日志并设置循环覆盖", "删除冗余静态路由，恢复默认路径",
    "更换电源模块一只", "升级固件到新补丁版本并观察{s}小时", "调整第{n}条策略位置后重新下发", "重新签发授权文件并导入",
    "拆机除尘，更换风扇{s}只", "更换光模块并清洁光纤端面", "改指内网时钟服务器，校时误差在{n}毫秒内",
    "重建索引，查询耗时降到{n}毫秒", "备机升级后做切换演练{s}次", "登记新出口地址并更新白名单",
)  # fmt: skip
CHECKS = (
    "客户现场测试各业务系统正常", "连续ping测{n}分钟无丢包", "观察一个业务高峰，占用率降至两成以下", "与客户值班员{who}共同确认后离场",
    "提交配置备份给{who}留存", "远程复查告警清零", "{who}签字确认", "切换测试{s}次均成功", "次日电话回访{who}，运行平稳",
)  # fmt: skip
PRESALES_RESULTS = (
    "已向{who}提交书面方案，含拓扑{s}页", "讲解功能{s}项，{who}关注吞吐与授权方式", "评估资产{n}台，列出高危项并附整改建议",
    "答复询价，报送型号对照表{n}行", "试用设备上线运行{s}天，记录拦截统计", "交流会到场{n}人，会后补充接口说明",
    "梳理边界区域{s}个，建议分期部署", "按{who}要求补充等保对照清单{n}项", "确认机柜空间与供电，预留{s}个端口",
)  # fmt: skip
PRESALES_NEEDS = (
    "计划扩容出口带宽到{s}百兆，咨询选型", "等保测评前需要补齐边界防护", "新办公楼{s}个楼层接入，要求统一审计",
    "门户网站遭遇扫描{n}次，想了解防护办法", "现有设备已用{s}年，考虑替换", "分支机构{n}家需要加密互联",
    "招标参数请协助核对{n}条", "希望评估内网终端约{n}台的风险", "远程办公{n}人并发，了解授权费用",
)  # fmt: skip
CONSULTATIONS = {
    "SPSR001": ("电话咨询产品选型与报价", "电话咨询授权升级办法"),
    "SPSR002": ("网站留言咨询边界防护产品", "网上咨询等保配套方案"),
    "SPSR003": ("到当地服务点咨询设备替换", "就近咨询入侵检测部署方式"),
    "SPSR004": ("网络系统安全检测和评估，出具书面报告", "等保测评前的安全评估"),
    "SPSL005": ("上门讲解防火墙与审计产品功能", "派技术人员介绍新版产品功能"),
    "SPSR006": ("依评估结果提供网络安全解决方案", "提供分支互联解决方案"),
    "SPSL007": ("Web应用防火墙试用", "入侵检测系统试用"),
    "SASL013": ("代理商工程师产品认证培训", "代理商新版本实施培训"),
}
PAUSE_REASONS = (
    "等待客户提供远程权限",
    "客户要求业务时段后再操作",
    "等待客户机房门禁审批",
    "等待客户确认现场时间",
)


def _fill(rng: Random, text: str, product: str = "设备", who: str = "") -> str:
    """Put in the product, a number up to two digits (n) or one (s), and a person."""
    return text.format(p=product, n=rng.randrange(11, 98), s=rng.randrange(2, 10), who=who)


def symptom(rng: Random, product: str) -> str:
    """What the customer says is wrong."""
    return _fill(rng, rng.choice(SYMPTOMS), product)


def fault_texts(rng: Random, product: str, who: str, used: set[frozenset[str]]) -> tuple[str, str]:
    """Fault description and resolution of a fault record."""
    described = _unused(rng, (SYMPTOMS, CIRCUMSTANCES, CAUSES), used)
    solved = _unused(rng, (ACTIONS, ACTIONS, CHECKS), used)
    return _join(rng, described, product, who), _join(rng, solved, product, who)


def presales_texts(rng: Random, who: str, used: set[frozenset[str]]) -> tuple[str, str]:
    """The customer's need and the result, for a presales report."""
    needs = _unused(rng, (PRESALES_NEEDS,) * 3, used)
    results = _unused(rng, (PRESALES_RESULTS,) * 3, used)
    return _join(rng, needs, "设备", who), _join(rng, results, "设备", who)


def _unused(
    rng: Random, lists: tuple[tuple[str, ...], ...], used: set[frozenset[str]]
) -> list[str]:
    """One text of each list, all different, in a combination no record has yet."""
    while True:
        parts = [rng.choice(texts) for texts in lists]
        combination = frozenset(parts)
        if len(combination) == len(parts) and combination not in used:
            used.add(combination)
            return parts


def _join(rng: Random, parts: list[str], product: str, who: str) -> str:
    return "；".join(_fill(rng, part, product, who) for part in parts)
