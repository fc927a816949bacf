"""A subscriber says that it has taken in an edition, and which entries it could not."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import ACK_COUNTS, DIGEST_DIFFERS, ENTRY_NOT_LISTED, NOT_PULLED
from services.finance.lists.history import standing_in
from services.finance.lists.queries import edition_for
from services.finance.lists.schemas import AckIn, AckOut, EntryFault
from shared import audit
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.models.finance import Edition, EditionAck, EditionPull
from shared.security.actor import Actor


async def acknowledge(session: AsyncSession, actor: Actor, code: str, serial: int, ack_in: AckIn) -> AckOut:
    """What is on record now; saying the same again changes nothing, saying something else is a later word.

    Problems `edition_not_found`, `edition_not_pulled`, `digest_differs`, `ack_counts`, `entry_not_listed`.
    """
    edition = await edition_for(session, actor, code, serial)
    if not await _has_pulled(session, actor, edition):
        raise Problem(NOT_PULLED)
    if ack_in.digest != edition.digest:
        raise Problem(DIGEST_DIFFERS)
    if ack_in.imported + len({one.uscc for one in ack_in.errors}) > edition.entry_count:
        raise Problem(ACK_COUNTS)
    await _check_listed(session, edition, ack_in.errors)
    errors = [one.model_dump() for one in ack_in.errors]
    latest = await _newest_ack(session, actor, edition)
    if latest is None or (latest.imported, latest.errors) != (ack_in.imported, errors):
        latest = await _store(session, actor, edition, ack_in.imported, errors)
    newest = select(func.max(Edition.serial)).where(Edition.programme_code == edition.programme_code)
    behind = (await session.execute(newest)).scalar_one() - serial
    return AckOut(
        serial=serial,
        imported=latest.imported,
        errors=[EntryFault.model_validate(one) for one in latest.errors],
        acknowledged_at=latest.acknowledged_at,
        serials_behind=behind,
    )


async def _has_pulled(session: AsyncSession, actor: Actor, edition: Edition) -> bool:
    statement = select(EditionPull.id).where(
        EditionPull.client_id == actor.subject,
        EditionPull.programme_code == edition.programme_code,
        EditionPull.serial == edition.serial,
    )
    return (await session.execute(statement.limit(1))).first() is not None


async def _check_listed(session: AsyncSession, edition: Edition, errors: Sequence[EntryFault]) -> None:
    listed = await standing_in(session, edition.programme_code, edition.serial, {one.uscc for one in errors})
    kind = ENTRY_NOT_LISTED
    wrong = [
        Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"/errors/{number}/uscc")
        for number, one in enumerate(errors)
        if one.uscc not in listed
    ]
    if wrong:
        raise Problem(kind, violations=wrong[:200], violations_left_out=max(0, len(wrong) - 200))


async def _newest_ack(session: AsyncSession, actor: Actor, edition: Edition) -> EditionAck | None:
    statement = (
        select(EditionAck)
        .where(
            EditionAck.programme_code == edition.programme_code,
            EditionAck.client_id == actor.subject,
            EditionAck.serial == edition.serial,
        )
        .order_by(EditionAck.id.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def _store(
    session: AsyncSession, actor: Actor, edition: Edition, imported: int, errors: list[dict[str, str]]
) -> EditionAck:
    ack = EditionAck(
        id=new_id(),
        programme_code=edition.programme_code,
        serial=edition.serial,
        client_id=actor.subject,
        imported=imported,
        errors=errors,
    )
    session.add(ack)
    await session.flush()
    await session.refresh(ack)
    detail = {"programme": ack.programme_code, "serial": ack.serial, "imported": imported, "errors": len(errors)}
    subject = ("edition_ack", ack.id)
    await audit.record(
        session, service="finance", actor=actor, action="edition.acknowledge", subject=subject, detail=detail
    )
    return ack
