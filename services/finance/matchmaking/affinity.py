"""Affinity of one profile to every profile of the other side, by parts; all scores in thousandths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.finance.matchmaking.classes import industry_chain, ipc_chain
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import FULL, PARTS, AffinityTerms, KindTerms
from services.finance.matchmaking.texts import Corpus, Vector
from shared.reference.province import province

Scores: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]
UNKNOWN = -1
NATION = "000000"
_Chain: TypeAlias = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """One profile against the other side: `parts` one row per part (`UNKNOWN` where a side does not tell)."""

    parts: Scores
    points: Scores
    barred: Flags


class _Membership:
    """Which profiles of the side have which code: one row of flags per code."""

    def __init__(self, codes_of: Sequence[Iterable[str]]) -> None:
        found = [set(codes) for codes in codes_of]
        names = sorted(set[str]().union(*found))
        self._rows = {name: number for number, name in enumerate(names)}
        self._flags: Flags = np.zeros((len(names), len(found)), dtype=np.bool_)
        for column, codes in enumerate(found):
            self._flags[[self._rows[code] for code in codes], column] = True
        self.known: Flags = np.array([bool(codes) for codes in found], dtype=np.bool_)

    def having(self, codes: Iterable[str]) -> Flags:
        """Who has at least one of `codes`."""
        rows = [self._rows[code] for code in codes if code in self._rows]
        found: Flags = np.zeros(len(self.known), dtype=np.bool_)
        for row in rows:
            found |= self._flags[row]
        return found


class _Classes:
    """Class overlap by hierarchy: the score of the narrowest class in common."""

    def __init__(self, side: Sequence[tuple[str, ...]], chain: _Chain, levels: tuple[int, ...]) -> None:
        self._chain, self._levels = chain, levels
        self._members = _Membership([[code for one in codes for code in chain(one)] for codes in side])

    def scores(self, codes: tuple[str, ...]) -> Scores:
        found = np.where(self._members.known, 0, UNKNOWN).astype(np.int32)
        if not codes:
            return np.full_like(found, UNKNOWN)
        chains = [self._chain(one) for one in codes]
        for level, score in enumerate(self._levels):
            at_level = {chain[level] for chain in chains if len(chain) > level}
            found[self._members.having(at_level)] = score
        return found


class _Amounts:
    """Ranges of money that meet, or nearly."""

    def __init__(self, side: Sequence[Profile], terms: AffinityTerms) -> None:
        self._known: Flags = np.array([one.amount_known for one in side], dtype=np.bool_)
        self._least = np.array([one.least or 0 for one in side], dtype=np.float64)
        self._most = np.array([np.inf if one.most is None else one.most for one in side], dtype=np.float64)
        self._terms = terms

    def scores(self, profile: Profile) -> Scores:
        if not profile.amount_known:
            return np.full(len(self._known), UNKNOWN, dtype=np.int32)
        least, most = float(profile.least or 0), np.inf if profile.most is None else float(profile.most)
        wider = 1 + self._terms.near_percent / 100
        # Both directions, so that it does not matter which side asks.
        within = (least <= self._most) & (self._least <= most)
        near = (least <= self._most * wider) & (self._least <= most * wider)
        scores = np.where(within, FULL, np.where(near, self._terms.near_score, 0))
        return np.where(self._known, scores, UNKNOWN).astype(np.int32)


class _Words:
    """Cosines of TF-IDF vectors: a row of weights per word."""

    def __init__(self, vectors: Sequence[Vector], asked: Iterable[Vector]) -> None:
        # Words that nobody on the other side uses add nothing.
        wanted = set[str]().union(*(vector.keys() for vector in asked))
        names = sorted(wanted & set[str]().union(*(vector.keys() for vector in vectors)))
        self._rows = {name: number for number, name in enumerate(names)}
        self._weights = np.zeros((len(names), len(vectors)), dtype=np.float32)
        for column, vector in enumerate(vectors):
            for word, weight in vector.items():
                if (row := self._rows.get(word)) is not None:
                    self._weights[row, column] = weight
        self._known: Flags = np.array([bool(vector) for vector in vectors], dtype=np.bool_)

    def scores(self, vector: Vector) -> Scores:
        if not vector:
            return np.full(len(self._known), UNKNOWN, dtype=np.int32)
        rows = [self._rows[word] for word in vector if word in self._rows]
        weights = np.array([vector[word] for word in vector if word in self._rows], dtype=np.float32)
        cosines = weights @ self._weights[rows]
        scores = np.minimum(np.rint(cosines * FULL), FULL)
        return np.where(self._known, scores, UNKNOWN).astype(np.int32)


class Affinity:
    """Scores profiles of one side against a whole other side, which is indexed once."""

    def __init__(
        self, asking: Sequence[Profile], side: Sequence[Profile], kind: KindTerms, terms: AffinityTerms
    ) -> None:
        self._kind, self._terms = kind, terms
        corpus = Corpus.of((one.text for one in (*asking, *side)), terms.common_words)
        self.vectors = {one.id: corpus.vector(one.text) for one in (*asking, *side)}
        self._ipc = _Classes([one.ipc for one in side], ipc_chain, terms.ipc_levels)
        self._industries = _Classes([one.industries for one in side], industry_chain, terms.industry_levels)
        self._amounts = _Amounts(side, terms)
        self._regions = _Membership([one.regions for one in side])
        self._stages = _Membership([one.stages for one in side])
        self._words = _Words([self.vectors[one.id] for one in side], [self.vectors[one.id] for one in asking])
        self._weights = np.array([kind.weights[part] for part in PARTS], dtype=np.int32)[:, None]

    def row(self, profile: Profile) -> Row:
        """The parts, their weighted mean, and whether a part that the kind insists on is a known misfit."""
        parts = np.stack(
            [
                self._ipc.scores(profile.ipc),
                self._industries.scores(profile.industries),
                self._amounts.scores(profile),
                self._region_scores(profile),
                _same(self._stages, profile.stages),
                self._words.scores(self.vectors[profile.id]),
            ]
        )
        valued = np.where(parts == UNKNOWN, self._terms.unknown, parts)
        points = (valued * self._weights).sum(axis=0) // int(self._weights.sum())
        insisted = [number for number, part in enumerate(PARTS) if part in self._kind.bars]
        return Row(parts, points.astype(np.int32), (parts[insisted] == 0).any(axis=0))

    def _region_scores(self, profile: Profile) -> Scores:
        whole = {NATION, province().code}
        if whole & set(profile.regions):
            return np.where(self._regions.known, FULL, UNKNOWN).astype(np.int32)
        return _same(self._regions, profile.regions, tuple(whole))


def _same(members: _Membership, codes: tuple[str, ...], whole: tuple[str, ...] = ()) -> Scores:
    if not codes:
        return np.full(len(members.known), UNKNOWN, dtype=np.int32)
    scores = np.where(members.having((*codes, *whole)), FULL, 0)
    return np.where(members.known, scores, UNKNOWN).astype(np.int32)


def best_partners(affinity: Affinity, profile: Profile, count: int) -> list[tuple[int, int]]:
    """(place on the side, points) of the `count` best that are not barred: best first, equals in order of place."""
    row = affinity.row(profile)
    points = np.where(row.barred, UNKNOWN, row.points)
    # A key that no two share: `argpartition` then leaves nothing to chance.
    keys = points.astype(np.int64) * len(points) - np.arange(len(points))
    first = np.argpartition(-keys, min(count, len(keys)) - 1)[:count] if count < len(keys) else np.arange(len(keys))
    places = first[np.argsort(-keys[first])]
    return [(int(place), int(points[place])) for place in places if points[place] != UNKNOWN]
