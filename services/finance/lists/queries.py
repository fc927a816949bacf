"""Reads of editions; every fetch of one by a client is recorded."""

from __future__ import annotations

import asyncio
from collections import Counter

import asyncpg
import orjson
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_new
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import EDITION_NOT_FOUND, NO_EDITION
from services.finance.lists.programmes import readable_programme
from services.finance.lists.recalls import recalls_of
from services.finance.lists.rendering import StoredFormat, rendered
from services.finance.lists.schemas import EditionSummary
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.finance import Edition, EditionFile, EditionPull
from shared.security.actor import Actor


async def edition_for(session: AsyncSession, actor: Actor, code: str, serial: int | None) -> Edition:
    """The edition with `serial`, or the newest, without its bytes; refuses lists out of the actor's reach."""
    programme = await readable_programme(session, actor, code)
    statement = select(Edition).where(Edition.programme_code == programme.code)
    statement = (
        statement.order_by(Edition.serial.desc()).limit(1)
        if serial is None
        else statement.where(Edition.serial == serial)
    )
    edition = (await session.execute(statement)).scalar_one_or_none()
    if edition is None:
        raise Problem(NO_EDITION if serial is None else EDITION_NOT_FOUND)
    return edition


async def signed_bytes(session: AsyncSession, edition: Edition) -> bytes:
    """The exact bytes that were signed."""
    statement = select(Edition.body).where(
        Edition.programme_code == edition.programme_code, Edition.serial == edition.serial
    )
    return (await session.execute(statement)).scalar_one()


async def stored_file(session: AsyncSession, edition: Edition, wanted: StoredFormat) -> bytes:
    """The edition in one format, as it was rendered once; now, where nobody has done so yet."""
    statement = select(EditionFile.content).where(
        EditionFile.programme_code == edition.programme_code,
        EditionFile.serial == edition.serial,
        EditionFile.format == wanted,
    )
    stored = (await session.execute(statement)).scalar_one_or_none()
    return await render_file(session, edition, wanted) if stored is None else stored


async def render_file(session: AsyncSession, edition: Edition, wanted: StoredFormat) -> bytes:
    """Render and keep the edition in one format, beside the event loop: a large workbook takes seconds."""
    content = orjson.loads(await signed_bytes(session, edition))
    data = await asyncio.to_thread(rendered, content, edition.digest, edition.signature, wanted)
    values = {
        "programme_code": edition.programme_code,
        "serial": edition.serial,
        "format": wanted,
        "content": data,
    }
    await session.execute(insert_new(EditionFile).values(values).on_conflict_do_nothing())
    return data


async def record_pull(session: AsyncSession, actor: Actor, programme_code: str, serial: int) -> None:
    """Note that the client has this edition now, whole or by its changes."""
    values = {"programme_code": programme_code, "serial": serial, "client_id": actor.subject}
    await session.execute(insert(EditionPull).values(values))


async def record_repeats(connection: asyncpg.Connection, counted: Counter[tuple[str, int, str]]) -> None:
    """Note pulls of what the client had already pulled: (programme, serial, client) → times."""
    await connection.executemany(
        "INSERT INTO edition_pull (id, programme_code, serial, client_id, times) VALUES ($1, $2, $3, $4, $5)",
        [(new_id(), *pulled, times) for pulled, times in counted.items()],
    )


async def editions_of(session: AsyncSession, actor: Actor, code: str) -> list[EditionSummary]:
    """All editions of a programme, newest first, without their entries."""
    programme = await readable_programme(session, actor, code)
    statement = select(Edition).where(Edition.programme_code == programme.code).order_by(Edition.serial.desc())
    rows = (await session.execute(statement)).scalars().all()
    recalled = await recalls_of(session, programme.code)
    shown = [EditionSummary.model_validate(row, from_attributes=True) for row in rows]
    return [one.model_copy(update={"recalled": recalled.get(one.serial)}) for one in shown]
