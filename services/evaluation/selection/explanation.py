"""A score and a place in Chinese: what each indicator gave and why, and why somebody is in or out."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any

from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.percentages import percent
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.rulebooks.scoring import GroupScore, IndicatorScore, Score, Scoring, ScoringIndicator
from shared.reference.divisions import divisions

_SHOWN_DECIMALS = 2
_OUT = {
    "already_member": "已在库，不重复入选",
    "objection": "公示期间的异议经核查成立，本批次不予入选；经复核重新评判后可再参选",
    "pool_cap": "培育库可用名额已用完",
    "reserved": "可用名额中有预留名额，剩余共享名额已用完；没有预留名额时可以入选",
    "minimum": "名额先用于保证各市州的最低名额，剩余共享名额已用完；没有最低名额时可以入选",
}


def rounded(value: Fraction, decimals: int) -> str:
    """A decimal with exactly `decimals` digits, rounded half up; never through binary floating point."""
    scaled = floor(abs(value) * 10**decimals + Fraction(1, 2))
    whole, part = divmod(scaled, 10**decimals)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{part:0{decimals}d}" if decimals else f"{sign}{whole}"


def score_explained(scoring: Scoring, score: Score, facts: Mapping[str, FactValue]) -> dict[str, Any]:
    """The JSON of `ScoreOut`: total (rounded half up), the same exactly, and every indicator and capped group."""
    return {
        "total": rounded(score.total, scoring.decimals),
        "exact": str(score.total),
        "most": str(scoring.total),
        "rounding": f"显示时四舍五入到 {scoring.decimals} 位小数，排序按精确值",
        "indicators": [_indicator(one, scoring, facts) for one in score.indicators],
        "groups": [_group(one, scoring) for one in score.groups],
    }


def _indicator(one: IndicatorScore, scoring: Scoring, facts: Mapping[str, FactValue]) -> dict[str, Any]:
    indicator = one.indicator
    names = [name for name in (indicator.numerator, indicator.denominator) if name is not None]
    missing = [catalogue()[name].title for name in names if facts.get(name) is None]
    return {
        "key": indicator.key,
        "title": indicator.title,
        "value": None if one.value is None else str(one.value),
        "value_text": "未知" if one.value is None else _quantity(one.value, indicator),
        "points": rounded(one.points, scoring.decimals),
        "points_exact": str(one.points),
        "most": str(indicator.weight),
        "segment": one.segment,
        "text": _told(one, scoring, missing),
        "basis": indicator.basis if one.value is not None else scoring.unknown_basis,
    }


def _told(one: IndicatorScore, scoring: Scoring, missing: list[str]) -> str:
    points = f"得 {rounded(one.points, scoring.decimals)} 分（满分 {one.indicator.weight} 分）"
    if one.value is None or one.segment is None:
        why = f"缺少：{'、'.join(missing)}" if missing else "分母为零，无法计算"
        return f"{one.indicator.title}未知（{why}），按规则取满分的 {percent(scoring.unknown_share)}，{points}"
    return (
        f"{one.indicator.title} {_quantity(one.value, one.indicator)}，{_segment(one.indicator, one.segment)}，{points}"
    )


def _segment(indicator: ScoringIndicator, segment: int) -> str:
    scale = indicator.scale
    if segment == 0:
        return f"低于 {_quantity(scale[0].at, indicator)}，按最低一档计"
    low = _quantity(scale[segment - 1].at, indicator)
    if segment == len(scale):
        return f"达到 {low}，按最高一档计"
    return f"在 {low} 至 {_quantity(scale[segment].at, indicator)} 之间按直线计"


def _quantity(value: Fraction, indicator: ScoringIndicator) -> str:
    """A share in percent; anything else in its unit, whole numbers without decimals."""
    if indicator.denominator is not None and not indicator.unit:
        return percent(value, [point.at for point in indicator.scale])
    return f"{rounded(value, 0 if value.denominator == 1 else _SHOWN_DECIMALS)} {indicator.unit}".rstrip()


def _group(one: GroupScore, scoring: Scoring) -> dict[str, Any]:
    reached, cap = rounded(one.reached, scoring.decimals), str(one.group.cap)
    text = f"{one.group.title}各项合计 {reached} 分，{'以' if one.reached > one.group.cap else '未超过'} {cap} 分封顶"
    return {
        "key": one.group.key,
        "title": one.group.title,
        "reached": reached,
        "cap": cap,
        "points": rounded(one.points, scoring.decimals),
        "text": text,
        "basis": one.group.basis,
    }


def reason_told(rulebook: Rulebook, city_code: str, reason: str, seat: str | None, condition: str | None) -> str:
    """Why a candidate is in (by which kind of place) or out."""
    city = divisions()[city_code].name if city_code in divisions() else "所在市州"
    if seat is None:
        return f"{city}名额已用完" if reason == "city_quota" else _OUT[reason]
    if seat == "reserved":
        return f"按预留名额入选：{next(one.title for one in rulebook.reserves if one.key == condition)}"
    return f"按{city}最低名额入选" if seat == "minimum" else "按共享名额入选"
