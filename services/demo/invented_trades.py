"""The lines of business that invented enterprises are in, and the words their names are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Intensity = Literal["listed", "candidate", "not_listed"]


@dataclass(frozen=True, slots=True)
class Trade:
    """`industry_class` by GB/T 4754; `intensity`: whether it counts as patent-intensive (附件3).

    `most_employees` keeps the enterprise a small or medium one whatever its revenue (附件1).
    """

    industry_class: str
    word: str
    products: tuple[str, ...]
    ipc: tuple[str, ...]
    intensity: Intensity
    most_employees: int = 620


TRADES: tuple[Trade, ...] = (
    Trade("3976", "光电子", ("高速光收发模块", "窄线宽激光器", "光纤阵列组件"), ("G02B 6/42", "H01S 5/022"), "listed"),
    Trade(
        "3973", "微电子", ("电源管理芯片", "车规级驱动芯片", "存储控制芯片"), ("H01L 21/336", "H02M 3/158"), "listed"
    ),
    Trade("3983", "传感", ("压力传感器", "激光测距传感器", "气体传感模组"), ("G01L 1/22", "G01S 17/08"), "listed"),
    Trade("3921", "通信", ("卫星授时终端", "工业基站", "自组网电台"), ("H04W 56/00", "H04B 7/185"), "listed"),
    Trade("3963", "无人机", ("巡检无人机", "植保无人机", "系留无人机"), ("B64U 10/13", "B64C 39/02"), "listed"),
    Trade("2770", "医疗用品", ("可吸收止血敷料", "无菌手术包", "抗菌伤口贴"), ("A61L 15/22", "A61F 13/02"), "listed"),
    Trade("2761", "生物", ("重组蛋白试剂", "细胞培养基", "诊断用抗体"), ("C12N 15/85", "A61K 39/395"), "listed"),
    Trade("2740", "中药", ("颗粒剂", "口服液", "外用贴膏"), ("A61K 36/185", "A61K 9/16"), "listed"),
    Trade("3562", "半导体装备", ("晶圆清洗设备", "激光退火设备", "真空腔体"), ("H01L 21/67", "C23C 16/455"), "listed"),
    Trade("3591", "环保装备", ("膜法水处理装置", "烟气脱硝装置", "污泥干化机"), ("C02F 1/44", "B01D 53/56"), "listed"),
    Trade("6513", "软件", ("质量管理软件", "设备运维平台", "视觉检测软件"), ("G06F 9/451", "G06T 7/00"), "listed", 240),
)
CANDIDATE_TRADES: tuple[Trade, ...] = (
    Trade("4011", "自动化", ("可编程控制器", "伺服驱动器", "远程测控终端"), ("G05B 19/05", "H02P 21/00"), "candidate"),
    Trade(
        "3670", "汽车零部件", ("电子驻车制动器", "热管理阀组", "轻量化摆臂"), ("B60T 13/74", "F16K 11/00"), "candidate"
    ),
    Trade("3829", "电气", ("智能环网柜", "固态断路器", "电能质量装置"), ("H02B 1/20", "H01H 9/54"), "candidate"),
    Trade("2651", "新材料", ("聚酰亚胺树脂", "可降解母粒", "导热塑料"), ("C08G 73/10", "C08L 67/04"), "candidate"),
)
UNLISTED_TRADES: tuple[Trade, ...] = (
    Trade("1353", "食品", ("冷鲜肉制品", "低盐腊味", "即食卤味"), ("A23L 13/00", "A23B 4/06"), "not_listed"),
    Trade("1711", "纺织", ("功能混纺纱", "再生棉纱", "阻燃纱线"), ("D02G 3/04", "D01H 5/00"), "not_listed"),
    Trade("2110", "木业", ("装配式木家具", "无醛板家具", "适老家具"), ("A47B 88/40", "B27M 3/18"), "not_listed"),
)

_FIRST = "澄岚骁屹霁朗沐砺珩晟"
_SECOND = "研越恒启朔维森拓羿弈"
_THIRD = ("", "新", "创", "源", "和", "正", "达", "润", "合", "同")
PARTNERS = ("【虚构】云帆理工大学", "【虚构】澄湖工程学院", "【虚构】砺石材料研究所", "【虚构】远岫医学院")
PEOPLE = ("赵某", "钱某", "孙某", "李某", "周某", "吴某", "郑某", "王某", "冯某", "陈某")


def city_short_name(name: str) -> str:
    """武汉 for 武汉市, 恩施 for 恩施土家族苗族自治州, 神农架 for 神农架林区."""
    match = re.fullmatch(r"(.{2,3}?)(?:市|地区|林区|盟|.*自治州)", name)
    return match.group(1) if match else name


def invented_name(city: str, trade: Trade, number: int) -> str:
    """The full name of the `number`-th enterprise, marked as invented; a thousand numbers give a thousand names."""
    rest, second = divmod(number, len(_SECOND))
    third, first = divmod(rest, len(_FIRST))
    brand = _FIRST[first] + _SECOND[second] + _THIRD[third % len(_THIRD)]
    return f"【虚构】{city_short_name(city)}{brand}{trade.word}有限公司"
