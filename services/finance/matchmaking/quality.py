"""How well affinity ranks: labelled pairs that were judged by hand, and nDCG against chance and classes alone."""

from __future__ import annotations

import math
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any

from services.finance.matchmaking.affinity import Affinity
from services.finance.matchmaking.classes import industry_chain, ipc_symbol
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import PARTS, KindTerms, MatchTerms

_FILE = Path(__file__).with_name("labelled_pairs.toml")
_GRADES = range(4)
_CLASSES = ("ipc", "industry")
_SHUFFLES = 200


@dataclass(frozen=True, slots=True)
class Labelled:
    """`judged` by need and offer: 3 solves the need, 2 with changes, 1 of the same field, 0 unrelated."""

    needs: tuple[Profile, ...]
    offers: tuple[Profile, ...]
    judged: Mapping[str, Mapping[str, int]]

    @property
    def pairs(self) -> int:
        return sum(len(one) for one in self.judged.values())


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean nDCG at `cut` over all needs: of affinity, of its class parts alone, of its text alone, and of chance."""

    cut: int
    affinity: float
    classes: float
    text: float
    chance: float


def labelled_pairs() -> Labelled:
    """The pairs that are shipped; ValueError where they contradict themselves."""
    content: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    offers = tuple(_profile(one) for one in content["offer"])
    known = {one.id for one in offers}
    judged: dict[str, Mapping[str, int]] = {}
    for need in content["need"]:
        pairs = [pair.split(":") for pair in need["judged"].split()]
        grades = {offer: int(grade) for offer, grade in pairs}
        if len(grades) < len(pairs) or not known.issuperset(grades) or not set(grades.values()) <= set(_GRADES):
            raise ValueError(f"labelled_pairs.toml: {need['id']}: known offers, each once, graded 0 to 3")
        judged[need["id"]] = MappingProxyType(grades)
    if len(judged) < len(content["need"]) or len(known) < len(offers):
        raise ValueError("labelled_pairs.toml: an id is there twice")
    return Labelled(tuple(_profile(one) for one in content["need"]), offers, MappingProxyType(judged))


def _profile(one: Mapping[str, Any]) -> Profile:
    return Profile(
        id=one["id"],
        name=one["id"],
        capacity=1,
        ipc=tuple(ipc_symbol(each) for each in one.get("ipc", ())),
        industries=tuple(industry_chain(each)[-1] for each in one.get("industries", ())),
        text=one["text"],
    )


def measured(labelled: Labelled, kind: KindTerms, terms: MatchTerms, *, cut: int = 10) -> Quality:
    """nDCG at `cut` of the kind's affinity on the labelled pairs; chance is the mean of many shuffles."""
    return Quality(
        cut,
        _mean(labelled, kind, terms, cut),
        _mean(labelled, _only(kind, _CLASSES), terms, cut),
        _mean(labelled, _only(kind, ("text",)), terms, cut),
        _by_chance(labelled, cut),
    )


def _only(kind: KindTerms, parts: Sequence[str]) -> KindTerms:
    return replace(kind, weights={part: kind.weights[part] if part in parts else 0 for part in PARTS})


def _mean(labelled: Labelled, kind: KindTerms, terms: MatchTerms, cut: int) -> float:
    affinity = Affinity(labelled.needs, labelled.offers, kind, terms.affinity)
    places = {one.id: at for at, one in enumerate(labelled.offers)}
    gains: list[float] = []
    for need in labelled.needs:
        points, judged = affinity.row(need).points, labelled.judged[need.id]
        gains.append(ndcg(judged, {offer: float(points[places[offer]]) for offer in judged}, cut))
    return fmean(gains)


def _by_chance(labelled: Labelled, cut: int) -> float:
    source = random.Random(14)  # noqa: S311 (a measurement that repeats)
    return fmean(
        ndcg(judged, {offer: source.random() for offer in judged}, cut)
        for _ in range(_SHUFFLES)
        for judged in labelled.judged.values()
    )


def ndcg(judged: Mapping[str, int], scores: Mapping[str, float], cut: int) -> float:
    """Normalised discounted cumulative gain, gain 2^grade − 1; equals share the mean gain of their places."""
    best = sorted((2**grade - 1 for grade in judged.values()), reverse=True)
    ideal = sum(gain / math.log2(at + 2) for at, gain in enumerate(best[:cut]))
    if not ideal:
        return 1.0
    by_score: dict[float, list[int]] = {}
    for offer, score in scores.items():
        by_score.setdefault(score, []).append(2 ** judged[offer] - 1)
    # Whoever breaks ties would decide what chance decides: neither helps nor harms.
    ranked = [fmean(by_score[score]) for score in sorted(by_score, reverse=True) for _ in by_score[score]]
    return sum(gain / math.log2(at + 2) for at, gain in enumerate(ranked[:cut])) / ideal
