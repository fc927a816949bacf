"""What is published of a draw: its result as canonical JSON, and what the public page tells."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.spot_checks.queries import draw_by_number, draw_summary, reveal_of
from services.evaluation.spot_checks.schemas import PublicDraw, PublicMember
from shared.calendar import iso_utc
from shared.canonical import canonical_text, sha256_hex
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import SpotCheck, SpotCheckDrawn, SpotCheckMember
from shared.reference.divisions import division

FORMAT = 1


async def published_frame(session: AsyncSession, number: str) -> str:
    """The frame's text, byte for byte what its digest is of; Problem `not_found`."""
    return (await draw_by_number(session, number)).frame


async def published_result(session: AsyncSession, number: str) -> str:
    """The result as canonical JSON with its own digest; Problem `not_found` before the seed is revealed.

    `drawn` has seals and `enterprises` names and cities, each in an order of its own: which name belongs to which seal,
    and so to which stratum, is told to officers only.
    """
    draw = await draw_by_number(session, number)
    reveal = await reveal_of(session, draw.id)
    if reveal is None:
        raise Problem(NOT_FOUND)
    drawn = await _drawn(session, draw)
    content = {
        "format": FORMAT,
        "kind": "spot_check_result",
        "number": draw.number,
        "frame_digest": draw.digest,
        "seed": reveal.seed,
        "nonce": reveal.nonce,
        "revealed_at": iso_utc(reveal.revealed_at),
        "drawn": sorted(one.seal for one in drawn),
        "enterprises": [one.model_dump() for one in _named(drawn)],
    }
    return canonical_text(content | {"digest": sha256_hex(canonical_text(content))})


async def public_draw(session: AsyncSession, number: str) -> PublicDraw:
    """What the public page tells; Problem `not_found`."""
    draw = await draw_by_number(session, number)
    summary, reveal = await draw_summary(session, draw), await reveal_of(session, draw.id)
    return PublicDraw(
        **summary.model_dump(),
        seed=None if reveal is None else reveal.seed,
        nonce=None if reveal is None else reveal.nonce,
        enterprises=None if reveal is None else _named(await _drawn(session, draw)),
    )


async def _drawn(session: AsyncSession, draw: SpotCheck) -> list[SpotCheckMember]:
    drawn = select(SpotCheckDrawn.uscc).where(SpotCheckDrawn.spot_check_id == draw.id)
    statement = select(SpotCheckMember).where(SpotCheckMember.spot_check_id == draw.id, SpotCheckMember.uscc.in_(drawn))
    return list((await session.execute(statement)).scalars())


def _named(drawn: list[SpotCheckMember]) -> list[PublicMember]:
    return [
        PublicMember(name=one.name, city=division(one.city_code).name)
        for one in sorted(drawn, key=lambda one: (one.city_code, one.name))
    ]
