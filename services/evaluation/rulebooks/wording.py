"""A condition's leaves in Chinese, with the figures: 万元 for money, thousands separated, exact to the last digit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from services.evaluation.rulebooks.catalogue import Fact, FactValue
from services.evaluation.rulebooks.conditions import Comparison, Flag, Leaf, Membership, Operator
from services.evaluation.rulebooks.linear import Atom, Linear
from services.evaluation.rulebooks.percentages import percent

_FEN_PER_WAN = 1_000_000

# operator: (words when it holds, words when it does not)
_WORDS: Mapping[Operator, tuple[str, str]] = {
    ">=": ("不低于", "低于"),
    ">": ("高于", "不高于"),
    "<=": ("不高于", "高于"),
    "<": ("低于", "不低于"),
    "=": ("等于", "不等于"),
    "<>": ("不等于", "等于"),
}


def decimal(value: Fraction, places: int = 0) -> str:
    """Exact, thousands separated, at least `places` decimals; cut off after 12 (figures from decimals never are)."""
    return _pointed(floor(abs(value) * 10**12), 12, places, "-" if value < 0 else "")


def _pointed(digits: int, shift: int, places: int, sign: str = "") -> str:
    """`digits` with the decimal point `shift` places from the right."""
    whole, part = divmod(digits, 10**shift)
    decimals = f"{part:0{shift}d}".rstrip("0").ljust(places, "0")
    return f"{sign}{whole:,}.{decimals}" if decimals else f"{sign}{whole:,}"


def quantity(value: Fraction, dimension: str | None) -> str:
    """`value` in its dimension: 分 as 万元 with at least two decimals, a count with its unit."""
    if dimension == "money":
        return f"{decimal(value / _FEN_PER_WAN, 2)} 万元"
    return f"{decimal(value)} {dimension or ''}".rstrip()


def fact_value(fact: Fact, value: FactValue) -> str:
    """A fact's value as people read it; 未知 when missing."""
    if value is None:
        return "未知"
    if fact.type == "money":
        return f"{_pointed(int(value), 6, 2)} 万元"
    if fact.type == "integer":
        return f"{value:,} {fact.unit}"
    return fact.options[str(value)] if fact.type == "text" else "是" if value else "否"


@dataclass(frozen=True, slots=True)
class Wording:
    """Words for leaves over one application's facts."""

    catalogue: Mapping[str, Fact]
    facts: Mapping[str, FactValue]

    def leaf(self, leaf: Leaf, *, holds: bool, after: Leaf | None = None) -> str:
        """What decided. `after` is the leaf told just before: the same left side is not told twice."""
        if isinstance(leaf, Comparison):
            same = isinstance(after, Comparison) and after.left == leaf.left
            words = _WORDS[leaf.operator][0 if holds else 1]
            subject = "也" if same else f"{self._side(leaf.left)}，"
            return (
                f"{subject}{words} {self._side(leaf.right)}{self._share(leaf)}{'' if holds else self._distance(leaf)}"
            )
        told = f"{self.title(leaf.fact)}：{fact_value(self.catalogue[leaf.fact], self.facts.get(leaf.fact))}"
        return told if isinstance(leaf, Flag) else f"{told}，{self._options(leaf, holds=holds)}"

    def title(self, fact: str) -> str:
        return self.catalogue[fact].title

    def missing(self, facts: Collection[str]) -> Iterator[str]:
        """Figures are missing (缺少); a yes or no is not established (未知), which may be for want of a rule."""
        figures = [self.title(name) for name in facts if self.catalogue[name].is_number]
        others = [self.title(name) for name in facts if not self.catalogue[name].is_number]
        if figures:
            yield "缺少：" + "、".join(figures)
        if others:
            yield "未知：" + "、".join(others)

    def named_value(self, fact: str) -> str:
        """Such as: 有效专利 0 件."""
        return f"{self.title(fact)} {fact_value(self.catalogue[fact], self.facts.get(fact))}"

    def _options(self, leaf: Membership, *, holds: bool) -> str:
        inside = holds is leaf.wanted
        options = self.catalogue[leaf.fact].options
        return ("属于 " if inside else "不属于 ") + "、".join(options[option] for option in leaf.options)

    def _side(self, side: Linear) -> str:
        """Such as: 500.00 万元; 研发投入 80.00 万元; 营业收入 1,000.00 万元 的 10%（100.00 万元）; or a sum."""
        told = [self._term(atom, coefficient) for atom, coefficient in side.terms.items()]
        if side.constant or not told:
            told.append(quantity(side.constant, side.dimension))
        value = side.value(self.facts)
        if value is None or (len(told) == 1 and set(side.terms.values()) <= {1}):
            return told[0]
        return f"{' 加 '.join(told)}（{quantity(value, side.dimension)}）"

    def _term(self, atom: Atom, coefficient: Fraction) -> str:
        named = " 与 ".join(map(self.named_value, atom.facts)) + (" 之和" if atom.added else "")
        return named if coefficient == 1 else f"{named} 的 {decimal(coefficient * 100)}%"

    def _share(self, leaf: Comparison) -> str:
        """The actual share where one fact is held against a share of another, never shown on the wrong side of it."""
        whole = [atom.value(self.facts) for atom in leaf.right.terms]
        left = leaf.left.value(self.facts)
        if leaf.left.constant or leaf.right.constant or len(whole) != 1 or not whole[0] or left is None:
            return ""
        return f"，占 {percent(left / whole[0], tuple(leaf.right.terms.values()))}"

    def _distance(self, leaf: Comparison) -> str:
        """How far a comparison is from holding, in whole 分 or heads: what would have to change at least."""
        left, right = leaf.left.value(self.facts), leaf.right.value(self.facts)
        if left is None or right is None or leaf.operator in ("=", "<>"):
            return ""
        lacking = right - left if leaf.operator in (">", ">=") else left - right
        least = ceil(lacking) if leaf.operator in (">=", "<=") else floor(lacking) + 1
        word = "还差" if leaf.operator in (">", ">=") else "超出"
        return f"，{word} {quantity(Fraction(least), leaf.left.dimension)}"
