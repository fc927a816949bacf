"""The tests of graduation in Chinese for one member: its figures, what is asked, and what it still lacks."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any, TypeAlias

from services.evaluation.adjustment.figures import growth, number_text, percent_text, rate, share_text, yuan_text
from services.evaluation.adjustment.rules import Graduation
from services.evaluation.rulebooks.conditions import AllOf, AnyOf, Condition, Flag, evaluate
from services.evaluation.rulebooks.wording import decimal

MemberRow: TypeAlias = Mapping[str, Any]
Tests: TypeAlias = Mapping[str, bool | None]

_AMOUNTS = {"sales": "年销售额", "profit": "年利润"}
_WHEN = {"baseline": "入库时", "latest": "最近"}
_VERDICTS = {True: "达到", False: "未达到", None: "无法判断"}


def told(graduation: Graduation, member: MemberRow, tests: Tests) -> dict[str, str]:
    """Each test in one sentence: figures, what is asked, and whether it is met."""
    return {
        "rate_improved": f"{_rate_told(member)}；要求{_rate_asked(graduation)}，{_VERDICTS[tests['rate_improved']]}",
        "new_product": f"{_products_told(member)}；要求 {graduation.new_products} 件以上，"
        f"{_VERDICTS[tests['new_product']]}",
        **{
            f"{what}_growth": f"{_growth_told(member, what)}；"
            f"要求增长 {decimal(_asked(graduation, what))}% 以上，{_VERDICTS[tests[f'{what}_growth']]}"
            for what in _AMOUNTS
        },
    }


def lacking(graduation: Graduation, member: MemberRow, tests: Tests) -> list[str]:
    """What must still come for graduation, each to be fulfilled; empty where nothing is."""
    return _lacking(graduation.grouping.condition, graduation, member, tests)


def _lacking(condition: Condition, graduation: Graduation, member: MemberRow, tests: Tests) -> list[str]:
    if evaluate(condition, tests):
        return []
    if isinstance(condition, AllOf):
        return [one for inner in condition.members for one in _lacking(inner, graduation, member, tests)]
    if isinstance(condition, AnyOf):
        ways = ["，且".join(_lacking(inner, graduation, member, tests)) for inner in condition.members]
        return ["以下有其一：" + "；或".join(ways)]
    assert isinstance(condition, Flag)  # noqa: S101 (a grouping joins tests only: the loader sees to it)
    return _demands(condition.fact, graduation, member, tests)


def _demands(test: str, graduation: Graduation, member: MemberRow, tests: Tests) -> list[str]:
    if test == "rate_improved":
        return [_rate_demand(graduation, member)]
    if test == "new_product":
        known = member["new_intensive_products"]
        if known is None:
            return ["补报入库后新获认定的专利密集型产品件数"]
        return [f"再新增专利密集型产品 {graduation.new_products - known} 件"]
    wanted = ("sales", "profit") if test == "product_growth" else (test.removesuffix("_growth"),)
    return [_growth_demand(graduation, member, what) for what in wanted if tests[f"{what}_growth"] is not True]


def _rate_asked(graduation: Graduation) -> str:
    points = f"提高 {decimal(graduation.rate_points)} 个百分点以上"
    relative = f"相对提高 {decimal(graduation.rate_relative_percent)}% 以上"
    joined = {"either": f"{points}或{relative}", "both": f"{points}且{relative}"}
    return {"points": points, "relative": relative, **joined}[graduation.rate_needs]


def _rates(member: MemberRow) -> tuple[Fraction | None, Fraction | None]:
    was, now = (rate(member[f"{which}_industrialised"], member[f"{which}_valid"]) for which in _WHEN)
    return was, now


def _rate_told(member: MemberRow) -> str:
    was, now = _rates(member)
    sides = "，".join(f"{title} {_rate_side(member, which)}" for which, title in _WHEN.items())
    if was is None or now is None:
        return sides
    change = f"{'下降' if now < was else '提高'} {number_text(abs(now - was) * 100)} 个百分点"
    if was > 0:
        change += f"（相对 {percent_text((now / was - 1) * 100)}）"
    return f"{sides}，{change}"


def _rate_side(member: MemberRow, which: str) -> str:
    industrialised, valid = member[f"{which}_industrialised"], member[f"{which}_valid"]
    known = rate(industrialised, valid)
    if known is not None:
        return f"{industrialised:,}/{valid:,} 件，{share_text(known)}"
    if industrialised is None or valid is None:
        return "未知"
    return "有效专利为零，无法计算" if valid == 0 else f"产业化 {industrialised:,} 件多于有效 {valid:,} 件，自相矛盾"


def _rate_demand(graduation: Graduation, member: MemberRow) -> str:
    was, now = _rates(member)
    if was is None or now is None:
        return f"核实产业化率（入库时 {_rate_side(member, 'baseline')}；最近 {_rate_side(member, 'latest')}）"
    if not was and graduation.rate_needs in ("relative", "both"):
        return "人工核定产业化率的提升（入库时为零，相对提高无从计算）"
    valid, have = member["latest_valid"], member["latest_industrialised"]
    wanted = ceil(_rate_wanted(graduation, was) * valid)
    if wanted > valid:
        return f"产业化率须达到 {percent_text(_rate_wanted(graduation, was) * 100)}，高于 100%，按本规则无从达到"
    return f"有效专利件数不变时，再产业化 {wanted - have:,} 件（达到 {wanted:,}/{valid:,} 件）"


def _rate_wanted(graduation: Graduation, was: Fraction) -> Fraction:
    """The least rate that counts as improved. From nothing only points can tell."""
    points = was + graduation.rate_points / 100
    relative = was * (1 + graduation.rate_relative_percent / 100)
    if graduation.rate_needs == "points" or not was:
        return points
    choose = {"relative": lambda: relative, "either": lambda: min(points, relative)}
    return choose.get(graduation.rate_needs, lambda: max(points, relative))()


def _products_told(member: MemberRow) -> str:
    known = member["new_intensive_products"]
    return f"入库后新获认定 {'未知' if known is None else f'{known:,} 件'}"


def _asked(graduation: Graduation, what: str) -> Fraction:
    return graduation.sales_growth_percent if what == "sales" else graduation.profit_growth_percent


def _growth_told(member: MemberRow, what: str) -> str:
    before, after = (member[f"{which}_{what}"] for which in _WHEN)
    sides = "，".join(
        f"{title} {'未知' if value is None else yuan_text(value)}"
        for title, value in zip(_WHEN.values(), (before, after), strict=True)
    )
    by = growth(before, after)
    if by is not None:
        return f"{sides}，{'下降' if by < 0 else '增长'} {percent_text(abs(by))}"
    return sides + ("，基线为零或亏损，增幅无从计算" if before is not None and before <= 0 else "")


def _growth_demand(graduation: Graduation, member: MemberRow, what: str) -> str:
    before, after = (member[f"{which}_{what}"] for which in _WHEN)
    title = f"已获认定产品{_AMOUNTS[what]}"
    if before is None or after is None:
        missing = "、".join(name for name, value in zip(_WHEN.values(), (before, after), strict=True) if value is None)
        return f"补报{title}（缺{missing}）"
    if before <= 0:
        return f"人工核定{title}的增长（入库时 {yuan_text(before)}，增幅无从计算）"
    wanted = ceil(before * (1 + _asked(graduation, what) / 100))
    return f"{title}再增加 {yuan_text(wanted - after)}（达到 {yuan_text(wanted)}）"
