"""Publish an edition: the next serial of a programme, rendered and signed once, caused by one event."""

from __future__ import annotations

import uuid
from datetime import timedelta

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.edition import digest_of, edition_body, sign
from shared import audit, calendar
from shared.models.finance import Edition, ListProgramme
from shared.models.reads import live_members


async def publish_edition(
    session: AsyncSession, programme: ListProgramme, *, cause_event_id: uuid.UUID, key: OKPKey
) -> int:
    """The serial published for this event; the same event never publishes twice.

    The caller has locked the programme's row, so serials have no gaps and no twins.
    """
    done = select(Edition.serial).where(
        Edition.programme_code == programme.code, Edition.cause_event_id == cause_event_id
    )
    existing = (await session.execute(done)).scalar_one_or_none()
    if existing is not None:
        return existing
    newest = (
        select(Edition.serial, Edition.digest)
        .where(Edition.programme_code == programme.code)
        .order_by(Edition.serial.desc())
        .limit(1)
    )
    previous = (await session.execute(newest)).one_or_none()
    serial = 1 if previous is None else previous.serial + 1
    members = await live_members(session, programme.pool_code)
    issued_at = calendar.now().replace(microsecond=0)
    expires_at = issued_at + timedelta(days=programme.valid_days)
    body = edition_body(
        programme=programme.code,
        title=programme.title,
        serial=serial,
        issued_at=issued_at,
        expires_at=expires_at,
        previous_digest=None if previous is None else previous.digest,
        members=members,
    )
    session.add(
        Edition(
            programme_code=programme.code,
            serial=serial,
            issued_at=issued_at,
            expires_at=expires_at,
            entry_count=len(members),
            digest=digest_of(body),
            body=body,
            signature=sign(body, key),
            cause_event_id=cause_event_id,
        )
    )
    await audit.record(
        session,
        service="finance",
        actor=audit.SYSTEM,
        action="edition.publish",
        subject=("event", cause_event_id),
        detail={"programme": programme.code, "serial": serial, "count": len(members), "digest": digest_of(body)},
    )
    return serial
