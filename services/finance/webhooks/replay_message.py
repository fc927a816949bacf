"""Send a message again that was delivered or given up: its receiver lost it, or was away for days."""

from __future__ import annotations

import uuid

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.webhooks.errors import MESSAGE_PENDING
from services.finance.webhooks.queries import endpoint_of, message_of, message_told
from services.finance.webhooks.schemas import MessageOut
from shared import audit, outbox
from shared.errors import Problem
from shared.events import WebhooksDue
from shared.security.actor import Actor


async def replay_message(session: AsyncSession, actor: Actor, message_id: uuid.UUID) -> MessageOut:
    """Due now, its attempts counted anew and the earlier ones kept.

    Problem `webhook_message_pending` where it is being tried anyway, `not_found` also for a removed address.
    """
    message = await message_of(session, actor, message_id, lock=True)
    await endpoint_of(session, actor, message.endpoint_id)
    if message.status == "pending":
        raise Problem(MESSAGE_PENDING)
    message.status, message.settled_at, message.attempts, message.due_at = "pending", None, 0, func.now()
    await session.flush()
    await session.refresh(message)
    subject = ("webhook_message", message.id)
    await audit.record(session, service="finance", actor=actor, action="webhook.replay", subject=subject, detail={})
    await outbox.wake(session, WebhooksDue())
    return await message_told(session, message)
