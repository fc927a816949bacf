"""Substantive progress (实质性进展, 二(六)12(3)): whether figures made any since the last on record, and what would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from services.evaluation.adjustment.figures import growth, rate, share_text, yuan_text
from services.evaluation.adjustment.rule_sections import ProgressKind, ProgressRule
from services.evaluation.adjustment.rules import Rules
from services.evaluation.rulebooks.wording import decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """What is on record on a day; `product_sales` in 分 a year, of products recognised then. None is unknown."""

    industrialised: int | None
    valid: int | None
    intensive_products: int | None
    product_sales: int | None


def progress_made(rules: Rules, before: Figures, after: Figures) -> Mapping[ProgressKind, bool | None]:
    """For each kind that counts whether `after` is that much more than `before`; None is unknown.

    Any that is True makes progress; there is certainly none only where all are False.
    """
    return {rule.kind: _made(rule, before, after) for rule in rules.exit.progress}


def _made(rule: ProgressRule, before: Figures, after: Figures) -> bool | None:
    more = {
        "industrialised_patents": _difference(before.industrialised, after.industrialised),
        "intensive_products": _difference(before.intensive_products, after.intensive_products),
        "industrialisation_rate": _points(before, after),
        "product_sales": growth(before.product_sales, after.product_sales),
    }[rule.kind]
    if more is None and rule.kind == "product_sales" and _has_not_grown(before, after):
        return False
    return None if more is None else more >= rule.at_least


def _has_not_grown(before: Figures, after: Figures) -> bool:
    """From zero no share of growth can be told, but that there was none can."""
    was, now = before.product_sales, after.product_sales
    return was is not None and now is not None and now <= was


def _points(before: Figures, after: Figures) -> Fraction | None:
    was, now = rate(before.industrialised, before.valid), rate(after.industrialised, after.valid)
    return None if was is None or now is None else (now - was) * 100


def _difference(before: int | None, after: int | None) -> Fraction | None:
    return None if before is None or after is None else Fraction(after - before)


def would_count(rules: Rules, latest: Figures) -> list[str]:
    """In Chinese, for an enterprise with these figures: each way of making progress, in the order of the rules."""
    return [_would_count(rule, latest) for rule in rules.exit.progress]


def _would_count(rule: ProgressRule, latest: Figures) -> str:
    by = decimal(rule.at_least)
    if rule.kind == "industrialised_patents":
        known = "目前件数未知" if latest.industrialised is None else f"目前 {latest.industrialised:,} 件"
        return f"{rule.title}：产业化专利再增加 {by} 件以上（{known}）"
    if rule.kind == "intensive_products":
        return f"{rule.title}：再有 {by} 件以上专利产品获认定为专利密集型产品"
    if rule.kind == "industrialisation_rate":
        return f"{rule.title}：再提高 {by} 个百分点以上（{_rate_told(rule, latest)}）"
    sales = latest.product_sales
    told = "目前数额未知" if sales is None else f"目前 {yuan_text(sales)}"
    if sales:
        told += f"，须达到 {yuan_text(ceil(sales * (1 + rule.at_least / 100)))}"
    return f"{rule.title}：再增长 {by}% 以上（{told}）"


def _rate_told(rule: ProgressRule, latest: Figures) -> str:
    now = rate(latest.industrialised, latest.valid)
    if now is None or latest.valid is None:
        return "目前产业化率未知"
    wanted = ceil((now + rule.at_least / 100) * latest.valid)
    told = f"目前 {latest.industrialised:,}/{latest.valid:,} 件，{share_text(now)}"
    if wanted > latest.valid:
        return f"{told}，已无从再提高这一幅度"
    return f"{told}；有效专利件数不变时须达到 {wanted:,} 件"
