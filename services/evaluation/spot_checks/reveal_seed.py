"""Reveal the seed of a draw, which draws: once, not before its time, and no other seed than was committed to."""

from __future__ import annotations

import json

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.spot_checks.draw import Sealed, commitment_of, drawn_seals
from services.evaluation.spot_checks.errors import NOT_YET, OTHER_SEED
from services.evaluation.spot_checks.queries import draw_by_number, draw_shown, reveal_of
from services.evaluation.spot_checks.schemas import DrawOut, RevealIn
from shared import audit, calendar
from shared.errors import Problem
from shared.models.evaluation import SpotCheck, SpotCheckDrawn, SpotCheckMember, SpotCheckReveal
from shared.security.actor import Actor

_REVEALING = text("SELECT pg_advisory_xact_lock(hashtextextended('seed of spot check ' || :id, 0))")


async def reveal_seed(session: AsyncSession, actor: Actor, number: str, reveal_in: RevealIn) -> DrawOut:
    """The drawn draw; revealing the same seed again changes nothing.

    Problems `not_found`, `spot_check_not_yet`, `spot_check_other_seed`.
    """
    draw = await draw_by_number(session, number)
    await session.execute(_REVEALING, {"id": str(draw.id)})
    moment = calendar.now()
    if moment < draw.reveal_from:
        at = calendar.local_minute(draw.reveal_from)
        raise Problem(NOT_YET, detail_zh=f"{at}后方可揭示", detail_en=f"from {at} (UTC+8)")
    if commitment_of(reveal_in.seed, reveal_in.nonce) != draw.commitment:
        raise Problem(OTHER_SEED)
    if await reveal_of(session, draw.id) is not None:
        return await draw_shown(session, actor, draw)
    reveal = SpotCheckReveal(
        spot_check_id=draw.id,
        seed=reveal_in.seed,
        nonce=reveal_in.nonce,
        revealed_by=actor.subject,
        revealed_at=moment,
    )
    session.add(reveal)
    await session.flush()
    drawn = await _draw(session, draw, reveal_in.seed)
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="spot_check.reveal",
        subject=("spot_check", draw.id),
        detail={"number": number, "seed": reveal_in.seed, "drawn": drawn},
    )
    return await draw_shown(session, actor, draw)


async def _draw(session: AsyncSession, draw: SpotCheck, seed: str) -> int:
    """Draw from the published frame; one statement, which the database checks by drawing itself."""
    frame = json.loads(draw.frame)
    members = [Sealed(one["seal"], one["stratum"]) for one in frame["members"]]
    sizes = {one["stratum"]: one["size"] for one in frame["strata"]}
    seals = drawn_seals(members, sizes, seed, draw.digest)
    chosen = select(SpotCheckMember.spot_check_id, SpotCheckMember.uscc).where(
        SpotCheckMember.spot_check_id == draw.id, SpotCheckMember.seal.in_(seals)
    )
    await session.execute(insert(SpotCheckDrawn).from_select(["spot_check_id", "uscc"], chosen))
    return len(seals)
