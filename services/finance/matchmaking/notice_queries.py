"""Reads of notices, and taking notice."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.event_queries import within_reach
from services.finance.matchmaking.record_schemas import NoticeOut, NoticePage
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.matchmaking import MatchEvent, MatchNotice, MatchParticipant
from shared.security.actor import Actor


def _notices(actor: Actor) -> Select[MatchNotice, MatchParticipant, MatchEvent]:
    """An enterprise reads its own; officers those of events within reach."""
    statement = (
        select(MatchNotice, MatchParticipant, MatchEvent)
        .join(MatchParticipant, MatchParticipant.id == MatchNotice.participant_id)
        .join(MatchEvent, MatchEvent.id == MatchNotice.event_id)
        .where(within_reach(actor))
    )
    if actor.uscc is not None:
        mine = func.holder_of_code(MatchParticipant.uscc) == func.holder_of_code(actor.uscc)
        statement = statement.where(mine, MatchParticipant.side == "enterprise")
    return statement


def _out(notice: MatchNotice, participant: MatchParticipant, event: MatchEvent) -> NoticeOut:
    return NoticeOut.model_validate(
        {
            "id": notice.id,
            "event_id": event.id,
            "title": event.title,
            "participant_id": participant.id,
            "name": participant.name,
            "version": notice.version,
            "changes": notice.changes,
            "told_at": notice.told_at,
            "seen_at": notice.seen_at,
        }
    )


async def notice_page(
    session: AsyncSession, actor: Actor, *, event_id: uuid.UUID | None, before: uuid.UUID | None, limit: int
) -> NoticePage:
    """Within reach, the newest first."""
    statement = _notices(actor).order_by(MatchNotice.id.desc()).limit(limit + 1)
    if event_id is not None:
        statement = statement.where(MatchNotice.event_id == event_id)
    if before is not None:
        statement = statement.where(MatchNotice.id < before)
    rows = list(await session.execute(statement))
    items = [_out(*row) for row in rows[:limit]]
    return NoticePage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def take_notice(session: AsyncSession, actor: Actor, notice_id: uuid.UUID) -> NoticeOut:
    """The enterprise has read it, or an officer has told the participant; the first time counts. Problem `not_found`."""
    statement = _notices(actor).where(MatchNotice.id == notice_id).with_for_update(of=MatchNotice)
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    notice, participant, event = found
    if notice.seen_at is None:
        notice.seen_at, notice.seen_by = calendar.now(), actor.subject
        await session.flush()
        subject, detail = ("match_notice", notice.id), {"event": str(event.id), "version": notice.version}
        await audit.record(
            session, service="finance", actor=actor, action="match_notice.seen", subject=subject, detail=detail
        )
    return _out(notice, participant, event)
