"""The frame: the pool's members with what is known of their risk, sealed for the public."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.spot_checks.conflicts import in_conflict
from services.evaluation.spot_checks.draw import Sealed, sample_size, seal_of
from services.evaluation.spot_checks.terms import DrawTerms, Risk, Sign
from shared.calendar import business_date, iso_utc
from shared.canonical import canonical_text
from shared.models.reads import (
    enterprises_on_record,
    listed_members,
    with_open_incidents,
    with_overdue_reports,
)

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member by its present code and name, in the city where it is registered, with the signs of its risk."""

    uscc: str
    name: str
    city_code: str
    signs: tuple[Sign, ...]

    @property
    def risk(self) -> Risk:
        return "elevated" if self.signs else "ordinary"


@dataclass(frozen=True, slots=True)
class Stratum:
    """A city's members of one risk. Its number tells the public nothing."""

    number: int
    city_code: str
    risk: Risk
    members: int
    size: int


@dataclass(frozen=True, slots=True)
class FrameMember:
    """A candidate with its salt and its place in the frame."""

    candidate: Candidate
    salt: str
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class Heading:
    """What a frame says of itself; the commitment to a seed is part of what its digest covers."""

    number: str
    pool: str
    commitment: str
    frozen_at: datetime
    reveal_from: datetime


async def candidates(session: AsyncSession, pool_code: str, moment: datetime, terms: DrawTerms) -> list[Candidate]:
    """Every live member of a pool; an enterprise is in the city of its registration, where its officers check it."""
    members = [one.uscc for one in await listed_members(session, pool_code)]
    on_record = await enterprises_on_record(session, members)
    since = moment - timedelta(days=terms.overdue_within_days)
    having: dict[Sign, set[str]] = {
        "open_incident": await with_open_incidents(session),
        "overdue_report": await with_overdue_reports(session, pool_code, after=since, by=moment),
        "conflicting_sources": await in_conflict(session, members, business_date(moment)),
    }
    found: list[Candidate] = []
    for uscc in sorted(set(members)):
        one = on_record[uscc]
        signs: list[Sign] = [sign for sign, bearers in having.items() if sign in terms.signs and uscc in bearers]
        found.append(Candidate(one.uscc, one.name, one.city_code, tuple(signs)))
    return found


def strata_of(found: Sequence[Candidate], terms: DrawTerms) -> list[Stratum]:
    """The strata that have members, numbered at random: a number tells neither city nor risk."""
    keys: list[tuple[str, Risk]] = [(one.city_code, one.risk) for one in found]
    counted = Counter(keys)
    order = list(counted)
    secrets.SystemRandom().shuffle(order)
    return [
        Stratum(number, city, risk, counted[city, risk], _size(counted[city, risk], risk, terms))
        for number, (city, risk) in enumerate(order, start=1)
    ]


def _size(members: int, risk: Risk, terms: DrawTerms) -> int:
    share = terms.strata[risk]
    return sample_size(members, share_percent=share.share_percent, minimum=share.minimum)


def sealed_members(found: Sequence[Candidate], strata: Sequence[Stratum]) -> list[FrameMember]:
    """Each candidate with a fresh salt. The salts come after the commitment, so that no seed could be chosen by them."""
    numbers = {(one.city_code, one.risk): one.number for one in strata}
    return [_sealed(one, secrets.token_hex(32), numbers[one.city_code, one.risk]) for one in found]


def _sealed(one: Candidate, salt: str, stratum: int) -> FrameMember:
    seal = seal_of(salt=salt, uscc=one.uscc, city_code=one.city_code, name=one.name)
    return FrameMember(one, salt, Sealed(seal, stratum))


def frame_text(heading: Heading, strata: Sequence[Stratum], members: Sequence[FrameMember]) -> str:
    """The published frame as canonical JSON: no names, whatever the order in which members were read."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "kind": "spot_check_frame",
        "number": heading.number,
        "pool": heading.pool,
        "commitment": heading.commitment,
        "frozen_at": iso_utc(heading.frozen_at),
        "reveal_from": iso_utc(heading.reveal_from),
        "strata": [
            {"stratum": one.number, "members": one.members, "size": one.size}
            for one in sorted(strata, key=lambda one: one.number)
        ],
        "members": [
            {"seal": one.seal, "stratum": one.stratum}
            for one in sorted((member.sealed for member in members), key=lambda one: one.seal)
        ],
    }
    return canonical_text(content)
