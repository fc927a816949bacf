"""The arms of a condition that is not met: what would have to be so, each arm sufficient by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import ceil
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.conditions import AnyOf, Comparison, Condition, Flag, Leaf, evaluate
from services.evaluation.rulebooks.linear import FEN_PER_YUAN
from services.evaluation.rulebooks.percentages import percent_figure
from services.evaluation.rulebooks.thresholds import Bound, Threshold, thresholds
from services.evaluation.rulebooks.wording import decimal, quantity

HintKind: TypeAlias = Literal["amount", "share", "answer"]
# The plan's tests have two arms at most; a rulebook that nests 或 in 且 could have millions.
_MOST_ARMS = 16
_PERCENT_PLACES = 2
_BOUNDS: Mapping[Bound, str] = {"at_least": "不低于", "at_most": "不高于", "exactly": "等于"}


@dataclass(frozen=True, slots=True)
class Hint:
    """One change that makes one step hold, all other facts unchanged.

    `amount`: bring `fact` to `needed`, `gap` away from `now`; exact decimal texts, money in 元 (unit CNY).
    `share`: the same as the share of `of`, in percent; `gap` in percentage points of two decimals, rounded up so that
    it suffices, and `now` as every share is shown (see `percentages`), so that they may add up to a hundredth more.
    `answer`: `fact` has to be one of `options`. `now` and `gap` are None where the fact is missing.
    """

    kind: HintKind
    fact: str
    title: str
    needed: str | None
    now: str | None
    gap: str | None
    unit: str | None
    of: str | None
    options: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A leaf that does not hold (`value` False) or is open (None), and what would make it hold."""

    leaf: Leaf
    value: bool | None
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """All of `steps` together satisfy the condition."""

    steps: tuple[Step, ...]

    @property
    def value(self) -> bool | None:
        return False if any(step.value is False for step in self.steps) else None

    @property
    def text(self) -> str:
        """Empty where no step can be told in words."""
        told = ("，即".join(hint.text for hint in step.hints) for step in self.steps)
        return "，且".join(filter(None, told))


def arms(condition: Condition, facts: Mapping[str, FactValue]) -> list[Arm]:
    """The ways to satisfy a condition that does not hold, in the order written; empty for one that does."""
    if evaluate(condition, facts):
        return []
    return [Arm(steps) for steps in islice(_ways(condition, facts), _MOST_ARMS)]


def _ways(condition: Condition, facts: Mapping[str, FactValue]) -> Iterator[tuple[Step, ...]]:
    if (value := evaluate(condition, facts)) is True:
        yield ()
    elif isinstance(condition, Leaf):
        yield (Step(condition, value, _hints(condition, facts)),)
    elif isinstance(condition, AnyOf):
        for member in condition.members:
            yield from islice(_ways(member, facts), _MOST_ARMS)
    else:
        each = [list(islice(_ways(member, facts), _MOST_ARMS)) for member in condition.members]
        for chosen in product(*each):
            yield tuple(step for steps in chosen for step in steps)


def _hints(leaf: Leaf, facts: Mapping[str, FactValue]) -> tuple[Hint, ...]:
    if isinstance(leaf, Comparison):
        return tuple(hint for one in thresholds(leaf, facts) for hint in _of_threshold(one, facts))
    return (_answer(leaf, facts),)


def _answer(leaf: Leaf, facts: Mapping[str, FactValue]) -> Hint:
    assert not isinstance(leaf, Comparison)  # noqa: S101 (told apart by the caller)
    fact, now = catalogue()[leaf.fact], facts.get(leaf.fact)
    if isinstance(leaf, Flag):
        options: tuple[str, ...] = ("true" if leaf.wanted else "false",)
        text = f"须{fact.yes if leaf.wanted else fact.no}"
        current = None if now is None else "true" if now else "false"
    else:
        options = tuple(name for name in fact.options if (name in leaf.options) is leaf.wanted)
        *others, last = (fact.options[name] for name in options)
        text = f"{fact.title}须为{'、'.join(others)}{'或' if others else ''}{last}"
        current = None if now is None else str(now)
    return Hint("answer", leaf.fact, fact.title, None, current, None, None, None, options, text)


def _of_threshold(threshold: Threshold, facts: Mapping[str, FactValue]) -> Iterator[Hint]:
    yield _amount(threshold)
    if threshold.of is None or threshold.share is None:
        return
    whole = facts.get(threshold.of)
    if threshold.now is not None and whole:
        yield _share(threshold, threshold.of, threshold.share, Fraction(threshold.now, int(whole)))


def _amount(threshold: Threshold) -> Hint:
    title, needed, now = catalogue()[threshold.fact].title, threshold.needed, threshold.now
    if now is None:
        text = f"{title}须{_BOUNDS[threshold.bound]} {quantity(Fraction(needed), threshold.dimension)}"
    else:
        word = "再增加" if needed > now else "再减少"
        text = f"{title}{word} {quantity(Fraction(abs(needed - now)), threshold.dimension)}"
    return Hint(
        kind="amount",
        fact=threshold.fact,
        title=title,
        needed=_plain(needed, threshold.dimension),
        now=None if now is None else _plain(now, threshold.dimension),
        gap=None if now is None else _plain(abs(needed - now), threshold.dimension),
        unit="CNY" if threshold.dimension == "money" else threshold.dimension,
        of=None,
        options=(),
        text=text,
    )


def _plain(value: int, dimension: str | None) -> str:
    """A whole number; 分 as 元 with two decimals."""
    if dimension != "money":
        return str(value)
    yuan, fen = divmod(value, FEN_PER_YUAN)
    return f"{yuan}.{fen:02d}"


def _share(threshold: Threshold, of: str, share: Fraction, now: Fraction) -> Hint:
    titles = catalogue()[threshold.fact].title, catalogue()[of].title
    # Rounded up, so that adding the gap always suffices.
    gap = Fraction(ceil((share - now) * 100 * 10**_PERCENT_PLACES), 10**_PERCENT_PLACES)
    needed = share * 100
    return Hint(
        kind="share",
        fact=threshold.fact,
        title=f"{titles[0]}占{titles[1]}的比重",
        needed=_percent(needed),
        now=percent_figure(now, (share,)).replace(",", ""),
        gap=_percent(gap),
        unit="%",
        of=of,
        options=(),
        text=f"{titles[0]}占{titles[1]}的比重再提高 {decimal(gap)} 个百分点",
    )


def _percent(value: Fraction) -> str:
    return decimal(value, _PERCENT_PLACES).replace(",", "")
