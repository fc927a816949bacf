"""Write a change and what it alters, in one transaction; undoing writes the other way round with the same hand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.belongings import give
from services.intake.enterprises.schemas import ChangeIn, ChangeKind
from services.intake.enterprises.states import CodeState, State
from shared import audit
from shared.models.intake import Application, Enterprise, EnterpriseChange, EnterpriseCode
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Alteration:
    """What a change does to `record`, which the caller holds. `id` is the change's, known to the codes that it makes."""

    id: uuid.UUID
    kind: ChangeKind
    record: Enterprise
    before: State
    after: State


async def make(session: AsyncSession, actor: Actor, alteration: Alteration, change_in: ChangeIn) -> EnterpriseChange:
    """Store the change with its reason, and alter the record."""
    change = EnterpriseChange(
        id=alteration.id,
        kind=alteration.kind,
        enterprise_id=alteration.record.id,
        into_id=alteration.after.merged_into,
        before=alteration.before.stored(),
        after=alteration.after.stored(),
        made_by=actor.subject,
        **change_in.model_dump(include={"reason", "effective_on", "document", "document_digest"}),
    )
    session.add(change)
    await session.flush()
    await write(session, alteration.record, alteration.before, alteration.after)
    await _record(session, actor, change, f"enterprise.{change.kind}", change.reason)
    await session.refresh(change)
    return change


async def unmake(
    session: AsyncSession, actor: Actor, change: EnterpriseChange, record: Enterprise, reason: str
) -> None:
    """Give the record back exactly what the change took; the caller has seen that nothing stands in the way."""
    await write(session, record, State.model_validate(change.after), State.model_validate(change.before))
    change.undone_by, change.undone_at, change.undo_reason = actor.subject, func.clock_timestamp(), reason
    await session.flush()
    await _record(session, actor, change, "enterprise.undo", reason)
    await session.refresh(change)


async def write(session: AsyncSession, record: Enterprise, now: State, then: State) -> None:
    """Make the record, its codes, its applications and its belongings be as `then` where they are as `now`."""
    await _write_codes(session, now.codes, then.codes)
    owner = then.merged_into or record.id
    if now.applications:
        moved = update(Application).where(Application.id.in_(now.applications))
        await session.execute(moved.values(enterprise_id=owner))
    await give(session, now.belongings, owner)
    record.merged_into = then.merged_into
    for part in ("name", "division_code", "city_code", "uscc"):
        value: str | None = getattr(then, part)
        if value is not None:
            setattr(record, part, value)
    record.updated_at = func.now()
    await session.flush()


async def _write_codes(session: AsyncSession, now: list[CodeState], then: list[CodeState]) -> None:
    held = {row.code: row for row in now}
    kept = {row.code for row in then}
    if gone := held.keys() - kept:
        await session.execute(delete(EnterpriseCode).where(EnterpriseCode.code.in_(gone)))
    # The one that becomes current comes last: a record has one current code at every moment.
    for row in sorted(then, key=lambda one: one.kind == "current"):
        if row.code not in held:
            await session.execute(insert(EnterpriseCode).values(**row.model_dump()))
        elif row != held[row.code]:
            changed = update(EnterpriseCode).where(EnterpriseCode.code == row.code)
            await session.execute(changed.values(**row.model_dump(exclude={"code", "scheme"})))


async def _record(session: AsyncSession, actor: Actor, change: EnterpriseChange, action: str, reason: str) -> None:
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action=action,
        subject=("enterprise", change.enterprise_id),
        detail={"change_id": str(change.id), "reason": reason, "before": change.before, "after": change.after},
    )
