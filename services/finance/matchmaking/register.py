"""Register who takes part, with what they need or offer."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import (
    CALL_CLOSED,
    MAY_NOT_TAKE_PART,
    NOT_OF_KIND,
    TWICE,
    USCC_MISSING,
)
from services.finance.matchmaking.event_queries import event_by_id, hours_of
from services.finance.matchmaking.money import fen_of
from services.finance.matchmaking.participant_queries import participant_out
from services.finance.matchmaking.schemas import ParticipantIn, ParticipantsIn, ParticipantsOut
from services.finance.matchmaking.terms import KindTerms, match_terms
from shared import audit, calendar
from shared.errors import ErrorKind, Problem, Violation
from shared.models.base import new_id
from shared.models.matchmaking import MatchParticipant
from shared.models.reads import enterprises_on_record, listed_members
from shared.reference.province import province
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Standing:
    """Present codes by codes asked for, of enterprises on record; and of those who are members of the pool."""

    on_record: dict[str, str]
    members: frozenset[str]

    def may_take_part(self, uscc: str, kind: KindTerms) -> bool:
        """Whether the kind's rule lets this enterprise in."""
        if kind.who == "anyone":
            return True
        present = self.on_record.get(uscc)
        return present is not None and (kind.who == "on_record" or present in self.members)


async def register(
    session: AsyncSession, actor: Actor, event_id: uuid.UUID, participants_in: ParticipantsIn
) -> ParticipantsOut:
    """Register all or none; a refusal names each place.

    Problems `not_found`, `match_call_closed`, `match_not_of_kind`, `match_uscc_missing`, `match_may_not_take_part`,
    `match_participant_twice`.
    """
    event = await event_by_id(session, actor, event_id, lock=True)
    await still_open(session, event_id)
    given = participants_in.participants
    kind = match_terms().kinds[event.kind]
    standing = await _standing(session, kind, [one.uscc for one in given if one.uscc])
    faults = [fault for at, one in enumerate(given) for fault in _faults(at, one, kind, standing)]
    faults += _repeated(given)
    if faults:
        raise Problem(faults[0][0], violations=[violation for _, violation in faults[:200]])
    rows = [_row(event_id, actor, one) for one in given]
    session.add_all(rows)
    await session.flush()
    acts = [(("match_participant", row.id), {"event": str(event_id), "side": row.side}) for row in rows]
    await audit.record_each(session, service="finance", actor=actor, action="match_participant.register", acts=acts)
    return ParticipantsOut(participants=[participant_out(row) for row in rows])


async def still_open(session: AsyncSession, event_id: uuid.UUID) -> None:
    """Problem `match_call_closed` once the first slot has begun."""
    hours = await hours_of(session, event_id)
    if hours[0].starts_at <= calendar.now():
        raise Problem(CALL_CLOSED)


async def _standing(session: AsyncSession, kind: KindTerms, usccs: Sequence[str]) -> Standing:
    if kind.who == "anyone" or not usccs:
        return Standing({}, frozenset())
    on_record = {code: one.uscc for code, one in (await enterprises_on_record(session, usccs)).items()}
    if kind.who == "on_record":
        return Standing(on_record, frozenset())
    members = await listed_members(session, province().pool_code)
    return Standing(on_record, frozenset(one.uscc for one in members))


def _faults(at: int, one: ParticipantIn, kind: KindTerms, standing: Standing) -> Iterator[tuple[ErrorKind, Violation]]:
    kinds = ("enterprise",) if one.side == "enterprise" else kind.partner_kinds
    if one.kind not in kinds:
        yield _fault(NOT_OF_KIND, at, "kind")
    if one.side == "enterprise" and one.uscc is None:
        yield _fault(USCC_MISSING, at, "uscc")
    elif one.side == "enterprise" and one.uscc is not None and not standing.may_take_part(one.uscc, kind):
        yield _fault(MAY_NOT_TAKE_PART, at, "uscc")


def _repeated(given: Sequence[ParticipantIn]) -> list[tuple[ErrorKind, Violation]]:
    faults: list[tuple[ErrorKind, Violation]] = []
    seen: set[str] = set()
    for at, one in enumerate(given):
        names = {f"name:{name_key(one.name)}", *([f"uscc:{one.uscc}"] if one.uscc else [])}
        if names & seen:
            faults.append(_fault(TWICE, at, "name"))
        seen |= names
    return faults


def _fault(kind: ErrorKind, at: int, field: str) -> tuple[ErrorKind, Violation]:
    return kind, Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"/participants/{at}/{field}")


def name_key(name: str) -> str:
    """The name as it is told apart: without spaces, width and case."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _row(event_id: uuid.UUID, actor: Actor, one: ParticipantIn) -> MatchParticipant:
    profile = {
        "ipc": list(dict.fromkeys(one.ipc)),
        "industries": list(dict.fromkeys(one.industries)),
        "least": fen_of(one.least_cny),
        "most": fen_of(one.most_cny),
        "regions": list(dict.fromkeys(one.regions)),
        "stages": list(dict.fromkeys(one.stages)),
        "text": one.text,
    }
    return MatchParticipant(
        id=new_id(),
        event_id=event_id,
        side=one.side,
        kind=one.kind,
        uscc=one.uscc,
        name=one.name,
        name_key=name_key(one.name),
        capacity=one.capacity,
        profile=profile,
        contact=one.contact,
        registered_by=actor.subject,
    )
