"""Reads of editions; every fetch of one by a client is recorded."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.finance.lists.errors import EDITION_NOT_FOUND, NO_EDITION
from services.finance.lists.programmes import readable_programme
from services.finance.lists.schemas import EditionSummary
from shared.errors import Problem
from shared.models.finance import Edition, EditionPull
from shared.security.actor import Actor


async def edition_for(session: AsyncSession, actor: Actor, code: str, serial: int | None) -> Edition:
    """The edition with `serial`, or the newest, with its bytes; refuses lists out of the actor's reach."""
    programme = await readable_programme(session, actor, code)
    statement = select(Edition).where(Edition.programme_code == programme.code).options(undefer(Edition.body))
    statement = (
        statement.order_by(Edition.serial.desc()).limit(1)
        if serial is None
        else statement.where(Edition.serial == serial)
    )
    edition = (await session.execute(statement)).scalar_one_or_none()
    if edition is None:
        raise Problem(NO_EDITION if serial is None else EDITION_NOT_FOUND)
    return edition


async def record_pull(session: AsyncSession, actor: Actor, edition: Edition) -> None:
    await session.execute(
        insert(EditionPull).values(
            programme_code=edition.programme_code, serial=edition.serial, client_id=actor.subject
        )
    )


async def editions_of(session: AsyncSession, actor: Actor, code: str) -> list[EditionSummary]:
    """All editions of a programme, newest first, without their entries."""
    programme = await readable_programme(session, actor, code)
    statement = select(Edition).where(Edition.programme_code == programme.code).order_by(Edition.serial.desc())
    rows = (await session.execute(statement)).scalars()
    return [EditionSummary.model_validate(row, from_attributes=True) for row in rows]
