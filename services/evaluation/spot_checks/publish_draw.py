"""Publish a draw: freeze the pool's members under a digest, with a commitment to a seed that nobody here knows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.spot_checks.errors import COMMITMENT_USED, POOL_EMPTY, REVEAL_TOO_SOON
from services.evaluation.spot_checks.frame import (
    FrameMember,
    Heading,
    Stratum,
    candidates,
    frame_text,
    sealed_members,
    strata_of,
)
from services.evaluation.spot_checks.queries import draw_shown
from services.evaluation.spot_checks.schemas import DrawIn, DrawOut
from services.evaluation.spot_checks.terms import draw_terms
from shared import audit, calendar
from shared.canonical import sha256_hex
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.evaluation import SpotCheck, SpotCheckStratum
from shared.reference.province import province
from shared.security.actor import Actor

_NUMBERING = text("SELECT pg_advisory_xact_lock(hashtextextended('numbering of spot checks', 0))")
# One statement, however many members: the database compares them with the frame when it ends.
_MEMBERS = text(
    "INSERT INTO spot_check_member (spot_check_id, uscc, name, city_code, stratum, signs, salt, seal) "
    "SELECT :id, uscc, name, city_code, stratum, signs, salt, seal FROM jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS row (uscc text, name text, city_code text, stratum int, signs text[], salt text, seal text)"
)


async def publish_draw(session: AsyncSession, actor: Actor, draw_in: DrawIn) -> DrawOut:
    """The draw (四（三） 核查抽查). Publishing the same again by the same person changes nothing.

    Problems `spot_check_reveal_too_soon`, `spot_check_pool_empty`, `spot_check_commitment_used`.
    """
    await session.execute(_NUMBERING)
    if (earlier := await _published(session, draw_in.commitment)) is not None:
        if (earlier.frozen_by, earlier.title, earlier.reveal_from) != (
            actor.subject,
            draw_in.title,
            draw_in.reveal_from,
        ):
            raise Problem(COMMITMENT_USED)
        return await draw_shown(session, actor, earlier)
    terms, moment = draw_terms(), calendar.now()
    if draw_in.reveal_from < moment + timedelta(hours=terms.notice_hours):
        hours = terms.notice_hours
        raise Problem(REVEAL_TOO_SOON, detail_zh=f"须满{hours}小时", detail_en=f"{hours} hours after publishing")
    pool = province().pool_code
    found = await candidates(session, pool, moment, terms)
    if not found:
        raise Problem(POOL_EMPTY)
    strata = strata_of(found, terms)
    members = sealed_members(found, strata)
    year = calendar.business_date(moment).year
    sequence = await _next_sequence(session, year)
    heading = Heading(f"{year}-{sequence:03d}", pool, draw_in.commitment, moment, draw_in.reveal_from)
    frame = frame_text(heading, strata, members)
    draw = SpotCheck(
        id=new_id(),
        number=heading.number,
        year=year,
        sequence=sequence,
        title=draw_in.title,
        pool_code=pool,
        commitment=draw_in.commitment,
        frame=frame,
        digest=sha256_hex(frame),
        members=len(members),
        frozen_by=actor.subject,
        frozen_at=moment,
        reveal_from=draw_in.reveal_from,
    )
    session.add(draw)
    await session.flush()
    await _store(session, draw.id, strata, members)
    await _audit(session, actor, draw, strata)
    return await draw_shown(session, actor, draw)


async def _published(session: AsyncSession, commitment: str) -> SpotCheck | None:
    statement = select(SpotCheck).where(SpotCheck.commitment == commitment)
    return (await session.execute(statement)).scalar_one_or_none()


async def _next_sequence(session: AsyncSession, year: int) -> int:
    newest = select(func.coalesce(func.max(SpotCheck.sequence), 0)).where(SpotCheck.year == year)
    return (await session.execute(newest)).scalar_one() + 1


async def _audit(session: AsyncSession, actor: Actor, draw: SpotCheck, strata: Sequence[Stratum]) -> None:
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="spot_check.publish",
        subject=("spot_check", draw.id),
        detail={
            "number": draw.number,
            "digest": draw.digest,
            "commitment": draw.commitment,
            "members": draw.members,
            "size": sum(one.size for one in strata),
        },
    )


async def _store(
    session: AsyncSession, draw_id: uuid.UUID, strata: Sequence[Stratum], members: Sequence[FrameMember]
) -> None:
    rows = [
        {
            "spot_check_id": draw_id,
            "stratum": one.number,
            "city_code": one.city_code,
            "risk": one.risk,
            "members": one.members,
            "size": one.size,
        }
        for one in strata
    ]
    await session.execute(insert(SpotCheckStratum), rows)
    opened = [
        {
            "uscc": one.candidate.uscc,
            "name": one.candidate.name,
            "city_code": one.candidate.city_code,
            "signs": one.candidate.signs,
            "stratum": one.sealed.stratum,
            "salt": one.salt,
            "seal": one.sealed.seal,
        }
        for one in members
    ]
    await session.execute(_MEMBERS, {"id": draw_id, "rows": json.dumps(opened)})
