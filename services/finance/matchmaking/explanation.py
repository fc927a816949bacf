"""A score explained by its parts."""

from __future__ import annotations

from dataclasses import dataclass

from services.finance.matchmaking.affinity import UNKNOWN
from services.finance.matchmaking.classes import industry_chain, ipc_chain
from services.finance.matchmaking.gathering import Scored, Scoring
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import PARTS, Part
from services.finance.matchmaking.texts import shared_words
from services.finance.matchmaking.wording import PART_NAMES, need, places, ticket


@dataclass(frozen=True, slots=True)
class PartScore:
    """One part: `score` in thousandths, None where a side does not tell; `counted` is what it counts as."""

    part: Part
    name: str
    weight: int
    score: int | None
    counted: int
    text: str


def part_scores(
    scoring: Scoring, enterprise: Profile, partner: Profile, scored: Scored, column: int
) -> list[PartScore]:
    """The parts of a pair's affinity, which is their mean weighted by `weight`, rounded down."""
    found: list[PartScore] = []
    for number, part in enumerate(PARTS):
        score = int(scored.row.parts[number, column])
        known = score != UNKNOWN
        text = _words(scoring, part, enterprise, partner) if known else "一方未填，按未知计"
        counted = score if known else scoring.terms.affinity.unknown
        found.append(
            PartScore(part, PART_NAMES[part], scoring.kind.weights[part], score if known else None, counted, text)
        )
    return found


def _words(scoring: Scoring, part: Part, enterprise: Profile, partner: Profile) -> str:
    if part == "ipc":
        return _common([ipc_chain(one) for one in enterprise.ipc], [ipc_chain(one) for one in partner.ipc])
    if part == "industry":
        mine = [industry_chain(one) for one in enterprise.industries]
        return _common(mine, [industry_chain(one) for one in partner.industries])
    if part == "amount":
        return f"{ticket(partner)}，{need(enterprise)}"
    if part == "region":
        return f"投向{places(partner.regions)}，企业在{places(enterprise.regions)}"
    if part == "stage":
        titles = scoring.terms.stages
        named = ["、".join(titles.get(one, one) for one in side.stages) for side in (partner, enterprise)]
        return f"投向{named[0]}，企业处于{named[1]}"
    vectors = scoring.affinity.vectors
    common = shared_words(vectors[enterprise.id], vectors[partner.id])
    return f"共同的词：{'、'.join(common)}" if common else "没有共同的词"


def _common(mine: list[tuple[str, ...]], theirs: list[tuple[str, ...]]) -> str:
    """The narrowest class in common; the first of the widest used where several are as narrow."""
    shared = {code: depth for chain in mine for depth, code in enumerate(chain)}
    others = {code for chain in theirs for code in chain}
    both = [(-depth, code) for code, depth in shared.items() if code in others]
    return f"共同的最细分类：{min(both)[1]}" if both else "没有共同的分类"
