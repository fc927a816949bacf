"""What is wrong with statements before any of them is stored: each fault at its place."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.evaluation.facts.errors import (
    APPLICATION_UNKNOWN,
    AS_OF_FUTURE,
    CONTRADICTS_ITSELF,
    EVIDENCE_UNKNOWN,
    FACT_NOT_STATABLE,
    FACT_UNKNOWN,
    FACT_VALUE,
    SOURCE_NOT_ALLOWED,
    SOURCE_NOT_YOURS,
)
from services.evaluation.facts.schemas import StatementIn
from services.evaluation.facts.values import read_value, value_violation
from services.evaluation.rulebooks.catalogue import catalogue
from shared.errors import NOT_FOUND, ErrorKind, Problem, Violation
from shared.models.reads import EnterpriseOnRecord
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One statement as sent, at `place` (a JSON pointer); `enterprise` is None where none has that code."""

    place: str
    given: StatementIn
    enterprise: EnterpriseOnRecord | None


@dataclass(frozen=True, slots=True)
class Known:
    """What statements may refer to: present code by application, (present code, SHA-256) by file."""

    today: date
    applications: Mapping[uuid.UUID, str]
    evidence: Mapping[uuid.UUID, tuple[str, str]]


Fault = tuple[ErrorKind, Violation]


def refuse_faulty(actor: Actor, entries: Sequence[Entry], known: Known) -> None:
    """Raise a Problem of the first fault's kind with every fault of every entry at its place."""
    faults = [fault for entry in entries for fault in _faults(actor, entry, known)]
    faults = faults or list(_contradictions(entries))
    if faults:
        raise Problem(faults[0][0], violations=[violation for _, violation in faults])


def _faults(actor: Actor, entry: Entry, known: Known) -> Iterator[Fault]:
    given, enterprise = entry.given, entry.enterprise
    if enterprise is None or actor.city_code not in (None, enterprise.city_code):
        yield _fault(NOT_FOUND, entry, "uscc")
        return
    if actor.city_code is not None and given.source != "city_verified":
        yield _fault(SOURCE_NOT_YOURS, entry, "source")
    yield from _faults_of_fact(entry)
    if given.as_of > known.today:
        yield _fault(AS_OF_FUTURE, entry, "as_of")
    if given.application_id is not None and known.applications.get(given.application_id) != enterprise.uscc:
        yield _fault(APPLICATION_UNKNOWN, entry, "application_id")
    whose, _ = known.evidence.get(given.attachment_id, (None, None)) if given.attachment_id else (enterprise.uscc, None)
    if whose != enterprise.uscc:
        yield _fault(EVIDENCE_UNKNOWN, entry, "attachment_id")


def _faults_of_fact(entry: Entry) -> Iterator[Fault]:
    fact = catalogue().get(entry.given.fact)
    if fact is None:
        yield _fault(FACT_UNKNOWN, entry, "fact")
        return
    if not fact.statable:
        yield _fault(FACT_NOT_STATABLE, entry, "fact")
    elif entry.given.source not in fact.sources:
        yield _fault(SOURCE_NOT_ALLOWED, entry, "source")
    try:
        read_value(fact, entry.given.value)
    except ValueError:
        yield FACT_VALUE, value_violation(fact, f"{entry.place}/value")


def _contradictions(entries: Sequence[Entry]) -> Iterator[Fault]:
    """Of one fact, source and day there is one value in one request; the later entry is at fault."""
    said: dict[tuple[Any, ...], object] = {}
    for entry in entries:
        given, enterprise = entry.given, entry.enterprise
        about = (enterprise and enterprise.id, given.application_id, given.fact, given.source, given.as_of)
        value = read_value(catalogue()[given.fact], given.value)
        if said.setdefault(about, value) != value:
            yield _fault(CONTRADICTS_ITSELF, entry, "value")


def _fault(kind: ErrorKind, entry: Entry, field: str) -> Fault:
    return kind, Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"{entry.place}/{field}")
