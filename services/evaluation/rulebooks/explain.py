"""Why each part is met, not met or unknown: reasons in Chinese from the same tree that is judged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.conditions import Leaf, facts_of
from services.evaluation.rulebooks.grounds import UNGROUNDED, Grounds, grounds
from services.evaluation.rulebooks.rulebook import Criterion, Part, PartKind, Rulebook, Verdict
from services.evaluation.rulebooks.wording import Wording, fact_value

ReasonCode: TypeAlias = Literal[
    "met",
    "threshold_not_met",
    "condition_not_met",
    "missing_facts",
    "zero_denominator",
    "needs_finding",
    "found_met",
    "found_not_met",
    "excused",
]


@dataclass(frozen=True, slots=True)
class FactUsed:
    """A fact a part reads; `text` is its value as people read it, 未知 when missing."""

    name: str
    title: str
    value: FactValue
    text: str


@dataclass(frozen=True, slots=True)
class PartExplanation:
    """One part's verdict and why. `missing` and `zero_denominators` name facts that left it undecided.

    `transition` is the key of the transitional clause it was judged under; `clause` is then that clause's.
    """

    part_id: str
    number: int
    key: str
    clause: str
    title: str
    kind: PartKind
    verdict: Verdict
    reason_code: ReasonCode
    reason: str
    facts: tuple[FactUsed, ...]
    missing: tuple[str, ...]
    zero_denominators: tuple[str, ...]
    transition: str | None = None


def explain(
    rulebook: Rulebook,
    facts: Mapping[str, FactValue],
    parts: Mapping[str, bool | None],
    *,
    deviations: Collection[str] = (),
) -> list[PartExplanation]:
    """Every part explained, in order. `facts` hold money in 分; `parts` are `judge`'s values, or `settle`'s
    with a reviewer's findings filled in; `deviations` name the 原则上 parts excused.

    A rulebook with transitional clauses must have been told the day (`Rulebook.on`), as for `judge`.
    Raises ValueError otherwise, and when a part's value contradicts the facts.
    """
    if rulebook.transitions:
        raise ValueError(f"{rulebook.id} has transitional clauses: explain by rulebook.on(assessed_on)")
    return [
        _explained(criterion, part, facts, parts[part.id], excused=part.id in deviations)
        for criterion in rulebook.criteria
        for part in criterion.parts
    ]


def _explained(
    criterion: Criterion, part: Part, facts: Mapping[str, FactValue], value: bool | None, *, excused: bool
) -> PartExplanation:
    basis = _grounds(part, facts)
    code = _code(part, basis, value, excused=excused)
    return PartExplanation(
        part_id=part.id,
        number=criterion.number,
        key=part.key,
        clause=criterion.clause if part.transition is None else part.transition.clause,
        title=part.title,
        kind=part.kind,
        verdict="deviation" if excused else "unknown" if value is None else "met" if value else "not_met",
        reason_code=code,
        reason=_governing(part) + _reason(part, facts, basis, value, code),
        facts=() if part.condition is None else tuple(_used(name, facts) for name in facts_of(part.condition)),
        missing=basis.missing,
        zero_denominators=basis.zero_denominators,
        transition=None if part.transition is None else part.transition.key,
    )


def _governing(part: Part) -> str:
    """The transitional clause, where one applies."""
    if (transition := part.transition) is None:
        return ""
    return f"适用过渡条款（{transition.clause} {transition.title}，{transition.period}）："


def reason_code(part: Part, facts: Mapping[str, FactValue], value: bool | None, *, excused: bool = False) -> ReasonCode:
    """Why `value` is the part's verdict on these facts. Raises ValueError when it cannot be."""
    return _code(part, _grounds(part, facts), value, excused=excused)


def _grounds(part: Part, facts: Mapping[str, FactValue]) -> Grounds:
    return UNGROUNDED if part.condition is None else grounds(part.condition, facts)


def _computed(part: Part, basis: Grounds) -> bool | None:
    """What `judge` says of one part: a judgement's test can fail it but never meet it."""
    return None if part.kind == "judgement" and basis.value else basis.value


def _code(part: Part, basis: Grounds, value: bool | None, *, excused: bool) -> ReasonCode:
    computed = _computed(part, basis)
    if computed is not None and value is not computed:
        raise ValueError(f"{part.id} is {computed} on these facts, not {value}")
    if excused and (part.kind != "in_principle" or value is not False):
        raise ValueError(f"{part.id} cannot be excused: a deviation is for what is asked in principle and not met")
    if excused:
        return "excused"
    if value is None:
        return _unknown_code(part, basis)
    if computed is None:
        return "found_met" if value else "found_not_met"
    if value:
        return "met"
    return "threshold_not_met" if basis.by_threshold else "condition_not_met"


def _unknown_code(part: Part, basis: Grounds) -> ReasonCode:
    if part.kind == "judgement":
        return "needs_finding"
    return "missing_facts" if basis.missing else "zero_denominator"


def _reason(part: Part, facts: Mapping[str, FactValue], basis: Grounds, value: bool | None, code: ReasonCode) -> str:
    told = "；".join(_told(basis, Wording(catalogue(), facts)))
    if code == "needs_finding":
        return f"需人工认定：{part.title}" + (f"（{told}）" if told else "")
    if value is not None and _computed(part, basis) is None:
        told = f"人工认定：{'符合' if value else '不符合'}" + (f"（{told}）" if told else "")
    return f"按“原则上”认可偏离：{told}" if code == "excused" else told


def _told(basis: Grounds, words: Wording) -> Iterator[str]:
    """The leaves that decided, then what is missing, then denominators of zero."""
    before: Leaf | None = None
    for leaf, holds in basis.deciding:
        yield words.leaf(leaf, holds=holds, after=before)
        before = leaf
    yield from words.missing(basis.missing)
    if basis.zero_denominators:
        yield "分母为零：" + "、".join(map(words.named_value, basis.zero_denominators))


def _used(name: str, facts: Mapping[str, FactValue]) -> FactUsed:
    fact, value = catalogue()[name], facts.get(name)
    return FactUsed(name, fact.title, value, fact_value(fact, value))
