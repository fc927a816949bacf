"""Every small change of a rulebook: each comparison, threshold, fact, option, disjunct, part, criterion and setting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias, get_args

from services.evaluation.rulebooks.catalogue import Fact, catalogue
from services.evaluation.rulebooks.conditions import AllOf, AnyOf, Comparison, Condition, Flag, Membership, Operator
from services.evaluation.rulebooks.linear import Atom, Linear
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from services.evaluation.rulebooks.parameters import Parameter
from services.evaluation.rulebooks.rulebook import Criterion, Part, PartKind, Rulebook, Transition

Change: TypeAlias = tuple[str, Condition]
# The finest share that an expression can write (nine decimals), and the smallest step of a count or of money (1 分).
_SHARE_STEP, _WHOLE_STEP = Fraction(1, 10**9), Fraction(1)


def mutants(rulebook: Rulebook, text: str) -> Iterator[tuple[str, Rulebook]]:
    """(what was changed, the rulebook with that change alone)."""
    for criterion in rulebook.criteria:
        asks_nothing = replace(criterion, parts=tuple(_not_asked(part) for part in criterion.parts))
        yield f"criterion {criterion.number} dropped", _with(rulebook, criterion, asks_nothing)
        for part in criterion.parts:
            for what, changed in _part_changes(part):
                parts = tuple(changed if one is part else one for one in criterion.parts)
                yield f"{part.id}: {what}", _with(rulebook, criterion, replace(criterion, parts=parts))
    for transition in rulebook.transitions:
        for what, changed in _transition_changes(transition):
            others = tuple(changed if one is transition else one for one in rulebook.transitions)
            yield f"transition {transition.key}: {what}", replace(rulebook, transitions=others)
        rest = tuple(one for one in rulebook.transitions if one is not transition)
        yield f"transition {transition.key} dropped", replace(rulebook, transitions=rest)
    yield from _changed_settings(rulebook, text)


def _with(rulebook: Rulebook, old: Criterion, new: Criterion) -> Rulebook:
    return replace(rulebook, criteria=tuple(new if one is old else one for one in rulebook.criteria))


def _not_asked(part: Part) -> Part:
    return replace(part, kind="hard", sql="TRUE")


def _changed_settings(rulebook: Rulebook, text: str) -> Iterator[tuple[str, Rulebook]]:
    """Each setting that a test or derivation reads, given its other values in the file itself."""
    read = {name for part in rulebook.parts for name in part.settings}
    read |= {name for derivation in rulebook.derivations for name in derivation.settings}
    for name, parameter in rulebook.parameters.items():
        if f":{name}" in read:
            old = _written(parameter.value)
            for value in _other_values(parameter):
                head, header, rest = text.partition(f"[parameters.{name}]")
                assert f"value = {old}" in rest
                turned = head + header + rest.replace(f"value = {old}", f"value = {_written(value)}", 1)
                yield f"parameter {name} = {value}", load_rulebook(turned, origin="changed")


def _other_values(parameter: Parameter) -> list[str | int | bool]:
    if isinstance(parameter.value, bool):
        return [not parameter.value]
    if parameter.options:
        return [option for option in parameter.options if option != parameter.value]
    if isinstance(parameter.value, int):
        return [parameter.value + 1, parameter.value - 1]
    return [f"{Decimal(parameter.value) + step:.9f}" for step in (Decimal("1e-9"), Decimal("-1e-9"))]


def _written(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _transition_changes(transition: Transition) -> Iterator[tuple[str, Transition]]:
    for what, condition in _changes(transition.condition):
        yield what, replace(transition, condition=condition, sql=to_sql(condition, POLARS))
    for step in (timedelta(days=1), timedelta(days=-1)):
        if transition.first is not None:
            yield f"first day {step.days:+}", replace(transition, first=transition.first + step)
        if transition.last is not None:
            yield f"last day {step.days:+}", replace(transition, last=transition.last + step)


def _part_changes(part: Part) -> Iterator[tuple[str, Part]]:
    yield "not asked", _not_asked(part)
    for kind in get_args(PartKind):
        if kind != part.kind and part.sql is not None:
            yield f"kind {kind}", replace(part, kind=kind)
    if part.condition is not None:
        for what, condition in _changes(part.condition):
            yield what, replace(part, condition=condition, sql=to_sql(condition, POLARS))


def _changes(condition: Condition) -> Iterator[Change]:
    if isinstance(condition, Flag):
        yield f"{condition.fact} turned over", replace(condition, wanted=not condition.wanted)
        for other in _like(condition.fact):
            yield f"{condition.fact} became {other}", replace(condition, fact=other)
    elif isinstance(condition, Membership):
        yield from _of_options(condition)
    elif isinstance(condition, Comparison):
        yield from _of_comparison(condition)
    else:
        yield from _of_join(condition)


def _of_options(leaf: Membership) -> Iterator[Change]:
    yield "options turned over", replace(leaf, wanted=not leaf.wanted)
    for option in catalogue()[leaf.fact].options:
        there = option in leaf.options
        options = tuple(one for one in leaf.options if one != option) if there else (*leaf.options, option)
        if options:
            yield f"option {option} {'dropped' if there else 'added'}", replace(leaf, options=options)


def _of_join(join: AllOf | AnyOf) -> Iterator[Change]:
    opposite = AnyOf if isinstance(join, AllOf) else AllOf
    yield f"{type(join).__name__} became {opposite.__name__}", opposite(join.members)
    for at, member in enumerate(join.members):
        rest = join.members[:at] + join.members[at + 1 :]
        yield f"member {at + 1} dropped", rest[0] if len(rest) == 1 else type(join)(rest)
        for what, changed in _changes(member):
            yield f"member {at + 1}: {what}", type(join)((*join.members[:at], changed, *join.members[at + 1 :]))


def _of_comparison(leaf: Comparison) -> Iterator[Change]:
    for operator in get_args(Operator):
        if operator != leaf.operator:
            yield f"{leaf.operator} became {operator}", replace(leaf, operator=operator)
    for what, left in _of_side(leaf.left):
        yield f"left {what}", replace(leaf, left=left)
    for what, right in _of_side(leaf.right):
        yield f"right {what}", replace(leaf, right=right)


def _of_side(side: Linear) -> Iterator[tuple[str, Linear]]:
    steps = (_WHOLE_STEP, -_WHOLE_STEP)
    for step in steps if side.constant or not side.terms else ():
        yield f"{side.constant} {float(step):+}", replace(side, constant=side.constant + step)
    for atom, coefficient in side.terms.items():
        for step in (_SHARE_STEP, -_SHARE_STEP) if coefficient != 1 else ():
            yield f"{atom.fact} × {coefficient} {float(step):+}", _term(side, atom, atom, coefficient + step)
        zero = replace(atom, zero_is_unknown=not atom.zero_is_unknown)
        yield f"{atom.fact}: zero {'counts' if atom.zero_is_unknown else 'is unknown'}", _term(side, atom, zero)
        for other in _like(atom.fact):
            yield f"{atom.fact} became {other}", _term(side, atom, replace(atom, fact=other))


def _term(side: Linear, old: Atom, new: Atom, coefficient: Fraction | None = None) -> Linear:
    terms = {new if atom == old else atom: value for atom, value in side.terms.items()}
    return replace(side, terms=terms if coefficient is None else terms | {new: coefficient})


def _like(name: str) -> Iterator[str]:
    """Other facts that could stand in its place without a type error."""
    fact: Fact = catalogue()[name]
    for other in catalogue().values():
        if other.name != name and (other.type, other.unit) == (fact.type, fact.unit):
            yield other.name
