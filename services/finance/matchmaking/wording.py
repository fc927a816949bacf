"""Figures of affinity in Chinese."""

from __future__ import annotations

from services.finance.matchmaking.affinity import NATION
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import FULL, Part
from shared.reference.divisions import divisions
from shared.reference.province import province

_FEN_PER_WAN = 1_000_000
PART_NAMES: dict[Part, str] = {
    "ipc": "专利分类",
    "industry": "行业",
    "amount": "金额",
    "region": "地域",
    "stage": "阶段",
    "text": "文字",
}


def wan(fen: int) -> str:
    """分 as 万元, without needless zeros: `3000万元`, `0.5万元`."""
    return f"{fen / _FEN_PER_WAN:.6f}".rstrip("0").rstrip(".") + "万元"


def ticket(profile: Profile) -> str:
    """A partner's range: `票面3000万元起`, `票面500万元以内`, `票面500万元至3000万元`."""
    if profile.least is None and profile.most is None:
        return "票面未填"
    if profile.most is None:
        return f"票面{wan(profile.least or 0)}起"
    if not profile.least:
        return f"票面{wan(profile.most)}以内"
    return f"票面{wan(profile.least)}至{wan(profile.most)}"


def need(profile: Profile) -> str:
    """An enterprise's amount: `需求500万元`."""
    if profile.most is None and profile.least is None:
        return "需求未填"
    least, most = profile.least, profile.most
    if least == most and least is not None:
        return f"需求{wan(least)}"
    return f"需求{wan(least or 0)}{'起' if most is None else '至' + wan(most)}"


def is_place(code: str) -> bool:
    """Whether regions may name it: a city of the province, the province, or the country."""
    return code in {NATION, province().code} or (code in divisions() and divisions()[code].is_city)


def places(codes: tuple[str, ...]) -> str:
    """Names of cities; a code of nowhere stands for itself."""
    whole = {NATION: "全国", province().code: f"全{province().short_name}"}
    known = divisions()
    return "、".join(whole.get(code) or (known[code].name if code in known else code) for code in codes)


def decimal(points: int) -> str:
    """Thousandths as a share: `0.64`."""
    return f"{points / FULL:.2f}"
