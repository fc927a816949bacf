"""Let other records rest on attachments: only on those of the same enterprise, which then cannot be removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.attachments.errors import ATTACHMENT_NOT_REFERABLE
from services.intake.attachments.queries import attachments_within_reach
from services.intake.attachments.schemas import AttachmentOut
from shared.errors import Problem, Violation
from shared.models.intake import Application, Attachment
from shared.security.actor import Actor


async def require_referable(
    session: AsyncSession,
    actor: Actor,
    enterprise_id: uuid.UUID,
    attachment_ids: Sequence[uuid.UUID],
    *,
    pointer: str = "/attachment_ids",
) -> list[AttachmentOut]:
    """The attachments in the order given, held from now on, in the transaction of the record that refers to them.

    Problem `attachment_not_referable`, at `pointer` and the index, for each that is removed, of another enterprise or
    outside the actor's reach, all alike.
    """
    places = {f"{pointer}/{index}": id_ for index, id_ in enumerate(attachment_ids)}
    return await require_referable_at(session, actor, enterprise_id, places)


async def require_referable_at(
    session: AsyncSession, actor: Actor, enterprise_id: uuid.UUID, places: Mapping[str, uuid.UUID]
) -> list[AttachmentOut]:
    """The same for attachments that are named one by one: `places` are their JSON pointers."""
    held = await _hold(session, enterprise_id, set(places.values()))
    seen = await attachments_within_reach(session, actor, list(held))
    refused = [pointer for pointer, id_ in places.items() if id_ not in seen]
    if refused:
        raise Problem(ATTACHMENT_NOT_REFERABLE, violations=[_at(pointer) for pointer in refused])
    return [seen[id_] for id_ in places.values()]


async def _hold(session: AsyncSession, enterprise_id: uuid.UUID, ids: set[uuid.UUID]) -> set[uuid.UUID]:
    own_applications = select(Application.id).where(Application.enterprise_id == enterprise_id)
    # In one order for all who hold several, or two of them could wait for each other.
    lock = (
        select(Attachment.id)
        .where(
            Attachment.id.in_(ids),
            Attachment.removed_at.is_(None),
            or_(Attachment.enterprise_id == enterprise_id, Attachment.application_id.in_(own_applications)),
        )
        .order_by(Attachment.id)
        .with_for_update()
    )
    found = set((await session.execute(lock)).scalars())
    await session.execute(
        update(Attachment).where(Attachment.id.in_(found), Attachment.held_at.is_(None)).values(held_at=func.now())
    )
    return found


def _at(pointer: str) -> Violation:
    kind = ATTACHMENT_NOT_REFERABLE
    return Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)
