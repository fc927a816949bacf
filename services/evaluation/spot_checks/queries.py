"""Reads of draws: a city's officers see the members that the frame has in their city, once the seed is revealed."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, Select, and_, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.spot_checks.errors import NOT_REVEALED
from services.evaluation.spot_checks.schemas import DrawOut, DrawPage, DrawSummary, MemberOut, MemberPage, StratumOut
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import (
    SpotCheck,
    SpotCheckDrawn,
    SpotCheckFact,
    SpotCheckFinding,
    SpotCheckMember,
    SpotCheckReveal,
    SpotCheckStratum,
)
from shared.security.actor import Actor


async def draw_by_number(session: AsyncSession, number: str) -> SpotCheck:
    """The draw; Problem `not_found`."""
    statement = select(SpotCheck).where(SpotCheck.number == number)
    draw = (await session.execute(statement)).scalar_one_or_none()
    if draw is None:
        raise Problem(NOT_FOUND)
    return draw


async def reveal_of(session: AsyncSession, draw_id: uuid.UUID) -> SpotCheckReveal | None:
    statement = select(SpotCheckReveal).where(SpotCheckReveal.spot_check_id == draw_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def revealed_draw(session: AsyncSession, number: str) -> SpotCheck:
    """The draw; Problems `not_found`, `spot_check_not_revealed`."""
    draw = await draw_by_number(session, number)
    if await reveal_of(session, draw.id) is None:
        raise Problem(NOT_REVEALED)
    return draw


async def strata_of_draw(session: AsyncSession, draw_id: uuid.UUID) -> list[SpotCheckStratum]:
    statement = select(SpotCheckStratum).where(SpotCheckStratum.spot_check_id == draw_id)
    return list((await session.execute(statement.order_by(SpotCheckStratum.stratum))).scalars())


def _summaries() -> Select[SpotCheck, SpotCheckReveal, int]:
    size = (
        select(func.sum(SpotCheckStratum.size)).where(SpotCheckStratum.spot_check_id == SpotCheck.id).scalar_subquery()
    )
    return select(SpotCheck, SpotCheckReveal, size).outerjoin(
        SpotCheckReveal, SpotCheckReveal.spot_check_id == SpotCheck.id
    )


def _summary(draw: SpotCheck, reveal: SpotCheckReveal | None, size: int) -> DrawSummary:
    return DrawSummary(
        number=draw.number,
        title=draw.title,
        digest=draw.digest,
        commitment=draw.commitment,
        members=draw.members,
        size=size,
        frozen_at=draw.frozen_at,
        reveal_from=draw.reveal_from,
        revealed_at=None if reveal is None else reveal.revealed_at,
    )


async def draw_summary(session: AsyncSession, draw: SpotCheck) -> DrawSummary:
    """What everybody may see of a draw."""
    row = (await session.execute(_summaries().where(SpotCheck.id == draw.id))).one()
    return _summary(*row)


async def draw_page(session: AsyncSession, *, before: str | None, limit: int) -> DrawPage:
    """Draws, the newest first, revealed or not: a draw that was never revealed stays in sight."""
    statement = _summaries().order_by(SpotCheck.year.desc(), SpotCheck.sequence.desc()).limit(limit + 1)
    if before is not None:
        year, _, sequence = before.partition("-")
        at = (int(year), int(sequence))
        statement = statement.where(
            (SpotCheck.year < at[0]) | ((SpotCheck.year == at[0]) & (SpotCheck.sequence < at[1]))
        )
    rows = (await session.execute(statement)).all()
    items = [_summary(*row) for row in rows[:limit]]
    return DrawPage(items=items, next_cursor=items[-1].number if len(rows) > limit else None)


async def draw_shown(session: AsyncSession, actor: Actor, draw: SpotCheck) -> DrawOut:
    """A draw as officers see it: what its strata are is told with the seed."""
    summary, reveal = await draw_summary(session, draw), await reveal_of(session, draw.id)
    strata = [] if reveal is None else await strata_of_draw(session, draw.id)
    checked, contradicted = await _counts(session, actor, draw.id)
    return DrawOut(
        **summary.model_dump(),
        pool=draw.pool_code,
        seed=None if reveal is None else reveal.seed,
        nonce=None if reveal is None else reveal.nonce,
        strata=[
            StratumOut.model_validate({name: getattr(one, name) for name in StratumOut.model_fields})
            for one in strata
            if actor.city_code in (None, one.city_code)
        ],
        checked=checked,
        contradicted=contradicted,
    )


async def _counts(session: AsyncSession, actor: Actor, draw_id: uuid.UUID) -> tuple[int, int]:
    contradicts = (
        select(SpotCheckFact.finding_id)
        .where(SpotCheckFact.finding_id == SpotCheckFinding.id, SpotCheckFact.outcome == "contradicted")
        .exists()
    )
    statement = select(func.count(), func.count().filter(contradicts)).where(
        SpotCheckFinding.spot_check_id == draw_id, in_reach(actor, SpotCheckFinding.city_code)
    )
    row = (await session.execute(statement)).one()
    return row[0], row[1]


def in_reach(actor: Actor, city: ColumnElement[str] | object) -> ColumnElement[bool]:
    """A city's officers reach what is in their city, everybody else with the scope all of it."""
    return true() if actor.city_code is None else city == actor.city_code  # pyright: ignore[reportReturnType] (a column)


async def member_page(
    session: AsyncSession, actor: Actor, number: str, *, drawn: bool | None, after: str | None, limit: int
) -> MemberPage:
    """Members of a revealed draw's frame within reach, by code; Problems `not_found`, `spot_check_not_revealed`."""
    draw = await revealed_draw(session, number)
    statement = _members(draw.id).where(in_reach(actor, SpotCheckMember.city_code)).limit(limit + 1)
    if drawn is not None:
        is_drawn = SpotCheckDrawn.uscc.is_not(None)
        statement = statement.where(is_drawn if drawn else ~is_drawn)
    if after is not None:
        statement = statement.where(SpotCheckMember.uscc > after)
    rows = (await session.execute(statement)).all()
    items = [_member(*row) for row in rows[:limit]]
    return MemberPage(number=number, items=items, next_cursor=items[-1].uscc if len(rows) > limit else None)


def _members(draw_id: uuid.UUID) -> Select[SpotCheckMember, str, str, uuid.UUID]:
    drawn = and_(
        SpotCheckDrawn.spot_check_id == SpotCheckMember.spot_check_id, SpotCheckDrawn.uscc == SpotCheckMember.uscc
    )
    stratum = and_(
        SpotCheckStratum.spot_check_id == SpotCheckMember.spot_check_id,
        SpotCheckStratum.stratum == SpotCheckMember.stratum,
    )
    finding = and_(
        SpotCheckFinding.spot_check_id == SpotCheckMember.spot_check_id,
        SpotCheckFinding.uscc == SpotCheckMember.uscc,
    )
    return (
        select(SpotCheckMember, SpotCheckStratum.risk, SpotCheckDrawn.uscc, SpotCheckFinding.id)
        .join(SpotCheckStratum, stratum)
        .outerjoin(SpotCheckDrawn, drawn)
        .outerjoin(SpotCheckFinding, finding)
        .where(SpotCheckMember.spot_check_id == draw_id)
        .order_by(SpotCheckMember.uscc)
    )


def _member(member: SpotCheckMember, risk: str, drawn: str | None, finding_id: uuid.UUID | None) -> MemberOut:
    own = ("uscc", "name", "city_code", "stratum", "signs", "salt", "seal")
    return MemberOut.model_validate(
        {name: getattr(member, name) for name in own}
        | {"risk": risk, "drawn": drawn is not None, "finding_id": finding_id}
    )
