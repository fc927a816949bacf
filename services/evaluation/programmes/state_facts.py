"""What a list's rule may use beside the catalogued facts: the state of an enterprise in the pool, and its patents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from services.evaluation.rulebooks.catalogue import Fact, catalogue
from shared.reference.divisions import cities

_FLAGS = {
    "in_pool": ("在库", "有未结束的在库期间"),
    "exit_pending": ("有待决的退库告知", "已发退库告知而未作出“不退库”的决定；不在库的为否"),
    "open_incident": ("有未结的违法违规线索", "被举报或已确认、尚未排除或整改的二（六）12(3)情形"),
    "pledgeable_patent": (
        "有可质押的专利",
        "专利登记簿副本载明：企业为专利权人，专利有效且未届满，年费已缴至评判日，未被中止或保全，未质押",
    ),
    "single_champion": ("单项冠军资格有效", "申报表所载国家级或省级单项冠军资格，评判日在有效期内"),
    "key_industrial_enterprise": ("重点工业企业", "经信部门的名录；本系统没有来源，始终未知"),
    "consent": ("企业同意在案", "对本名单所需用途的同意，未撤回；由名单的 consent 设定，不写入 rule"),
}


@cache
def rule_facts() -> Mapping[str, Fact]:
    """The catalogue with the facts of state: all names that a rule may use."""
    flags = {
        name: Fact(name=name, type="boolean", unit=None, title=title, meaning=meaning, options={}, as_of="评判日")
        for name, (title, meaning) in _FLAGS.items()
    }
    city = Fact(
        name="city",
        type="text",
        unit=None,
        title="所在市州",
        meaning="企业登记所在的市州",
        options=MappingProxyType({one.code: one.name for one in cities()}),
        as_of="评判日",
    )
    return MappingProxyType({**catalogue(), **flags, "city": city})
