"""Chinese text as weighted words: jieba's tokens, TF-IDF, unit length."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import rjieba

Vector = Mapping[str, float]
_SHORTEST = 2


def words(text: str, common: frozenset[str]) -> list[str]:
    """Words of two characters and more, compounds with their parts; those that everybody uses are left out."""
    tokens = (token.strip().lower() for token in rjieba.cut_for_search(text))
    return [one for one in tokens if len(one) >= _SHORTEST and one.isalnum() and one not in common]


@dataclass(frozen=True, slots=True)
class Corpus:
    """How rare words are among the texts of an event, both sides together."""

    rarity: Mapping[str, float]
    common: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str], common: frozenset[str]) -> Corpus:
        """Smoothed inverse document frequencies: a word in every text still weighs one."""
        counted: Counter[str] = Counter()
        size = 0
        for text in texts:
            size += 1
            counted.update(set(words(text, common)))
        rarity = {word: math.log((1 + size) / (1 + count)) + 1 for word, count in counted.items()}
        return cls(rarity, common)

    def vector(self, text: str) -> Vector:
        """Unit length, in order of words; empty where no word counts."""
        return _unit(sorted(Counter(words(text, self.common)).items()), self.rarity)


def _unit(counts: Sequence[tuple[str, int]], rarity: Mapping[str, float]) -> Vector:
    weights = {word: (1 + math.log(count)) * rarity[word] for word, count in counts if word in rarity}
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {word: weight / length for word, weight in weights.items()}


def shared_words(one: Vector, other: Vector, most: int = 5) -> list[str]:
    """The words in common that weigh most in the likeness of two texts."""
    products = {word: one[word] * other[word] for word in one.keys() & other.keys()}
    return sorted(products, key=lambda word: (-products[word], word))[:most]
