"""Documents that an act rests on: one that names an attachment names evidence of this enterprise, which then stays."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.attachments.references import require_referable_at
from services.intake.incidents.schemas import SourceDocument
from shared.security.actor import Actor


async def stored_document(
    session: AsyncSession, actor: Actor, enterprise_id: uuid.UUID, document: SourceDocument | None, *, pointer: str
) -> dict[str, Any] | None:
    """The document as JSON, its attachment held from now on; Problem `attachment_not_referable` at `pointer`."""
    if document is None:
        return None
    if document.attachment_id is not None:
        places = {f"{pointer}/attachment_id": document.attachment_id}
        await require_referable_at(session, actor, enterprise_id, places)
    return document.model_dump(mode="json")
