"""What is wrong with a finding before it is stored: each fault at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from services.evaluation.facts.errors import CONTRADICTS_ITSELF, FACT_UNKNOWN, FACT_VALUE
from services.evaluation.facts.schemas import FactKnown, FactsKnown, ShownValue
from services.evaluation.facts.values import read_value, shown_value, value_violation
from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.spot_checks.errors import (
    CHECKED_IN_FUTURE,
    CHECKED_TOO_EARLY,
    NOTHING_CLAIMED,
    OUTCOME_NOT_OF_VALUE,
)
from services.evaluation.spot_checks.schemas import FactFoundIn, FindingIn
from shared.errors import ErrorKind, Problem, Violation

Fault = tuple[ErrorKind, Violation]


def refuse_faulty(finding_in: FindingIn, known: FactsKnown, *, drawn_on: date, today: date) -> None:
    """Raise a Problem of the first fault's kind with every fault at its place."""
    by_name = {one.fact: one for one in known.facts}
    faults = [*_faults_of_days(finding_in, drawn_on, today), *_faults_of_facts(finding_in.facts, by_name)]
    if faults:
        raise Problem(faults[0][0], violations=[violation for _, violation in faults])


def claimed_value(known: FactsKnown, fact: str) -> ShownValue:
    """What the enterprise's form says of a fact; None where it says nothing."""
    told = next((one.self_reported for one in known.facts if one.fact == fact), None)
    return None if told is None else told.value


def found_value(given: FactFoundIn) -> ShownValue:
    """What was found, written as the API writes it: `"1200.5"` 元 as `"1200.50"`. ValueError for another type."""
    fact = catalogue()[given.fact]
    return shown_value(fact, read_value(fact, given.value))


def _faults_of_days(finding_in: FindingIn, drawn_on: date, today: date) -> Iterator[Fault]:
    if finding_in.checked_on > today:
        yield _fault(CHECKED_IN_FUTURE, "/checked_on")
    if finding_in.checked_on < drawn_on:
        yield _fault(CHECKED_TOO_EARLY, "/checked_on")


def _faults_of_facts(facts: Sequence[FactFoundIn], known: Mapping[str, FactKnown]) -> Iterator[Fault]:
    seen: set[str] = set()
    for at, given in enumerate(facts):
        place = f"/facts/{at}"
        if given.fact not in known:
            yield _fault(FACT_UNKNOWN, f"{place}/fact")
            continue
        if given.fact in seen:
            yield _fault(CONTRADICTS_ITSELF, f"{place}/fact")
        seen.add(given.fact)
        yield from _faults_of_value(given, known[given.fact], place)


def _faults_of_value(given: FactFoundIn, known: FactKnown, place: str) -> Iterator[Fault]:
    try:
        found = found_value(given)
    except ValueError:
        found = None
    if found is None:
        yield FACT_VALUE, value_violation(catalogue()[given.fact], f"{place}/value")
        return
    claimed = None if known.self_reported is None else known.self_reported.value
    if claimed is None:
        # Who told nothing has told nothing false: missing is neither zero nor a lie.
        yield _fault(NOTHING_CLAIMED, f"{place}/fact")
    elif (found == claimed) != (given.outcome == "verified"):
        yield _fault(OUTCOME_NOT_OF_VALUE, f"{place}/outcome")


def _fault(kind: ErrorKind, pointer: str) -> Fault:
    return kind, Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)
