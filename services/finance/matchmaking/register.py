"""Register who takes part, with what they need or offer."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import select
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
from services.finance.matchmaking.participant_schemas import ParticipantIn, ParticipantsIn, ParticipantsOut
from services.finance.matchmaking.standing import who_may
from services.finance.matchmaking.terms import KindTerms, match_terms
from shared import audit, calendar
from shared.errors import ErrorKind, Problem, Violation
from shared.models.base import new_id
from shared.models.matchmaking import MatchParticipant
from shared.models.reads import present_codes
from shared.security.actor import Actor


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
    present = await present_codes(session, {one.uscc for one in given if one.uscc})
    given = [one.model_copy(update={"uscc": present.get(one.uscc or "", one.uscc)}) for one in given]
    may = await who_may(session, event.who, {one.uscc for one in given if one.uscc})
    faults = [fault for at, one in enumerate(given) for fault in _faults(at, one, kind, may)]
    faults += _repeated(given, await _codes_there(session, event_id))
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


def _faults(
    at: int, one: ParticipantIn, kind: KindTerms, may: Collection[str]
) -> Iterator[tuple[ErrorKind, Violation]]:
    kinds = ("enterprise",) if one.side == "enterprise" else kind.partner_kinds
    if one.kind not in kinds:
        yield _fault(NOT_OF_KIND, at, "kind")
    if one.side == "enterprise" and one.uscc is None:
        yield _fault(USCC_MISSING, at, "uscc")
    elif one.side == "enterprise" and one.uscc not in may:
        yield _fault(MAY_NOT_TAKE_PART, at, "uscc")


async def _codes_there(session: AsyncSession, event_id: uuid.UUID) -> set[str]:
    """Present codes of who is registered: an enterprise whose code has changed since does not come twice."""
    statement = select(MatchParticipant.uscc).where(
        MatchParticipant.event_id == event_id, MatchParticipant.uscc.is_not(None)
    )
    codes = {code for code in (await session.execute(statement)).scalars() if code is not None}
    present = await present_codes(session, codes)
    return {f"uscc:{present.get(code, code)}" for code in codes}


def _repeated(given: Sequence[ParticipantIn], there: Collection[str]) -> list[tuple[ErrorKind, Violation]]:
    faults: list[tuple[ErrorKind, Violation]] = []
    seen = set(there)
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
