"""What is to be told: rows written once, taken in lots, settled one by one; every attempt is kept."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.webhooks.sending import Letter, Sent
from shared import calendar, outbox
from shared.events import WebhooksDue
from shared.models.base import new_id
from shared.models.webhooks import WebhookAttempt, WebhookEndpoint, WebhookMessage
from shared.settings import Settings

EDITION_PUBLISHED, PING = "list.edition_published", "ping"
_JITTER = random.SystemRandom()
_PENDING = WebhookMessage.status == "pending"


def payload_of(kind: str, at: datetime, data: dict[str, Any]) -> str:
    """The body, as Standard Webhooks shapes it; the same bytes at every attempt."""
    stamp = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": stamp, "data": data}, ensure_ascii=False, separators=(",", ":"))


async def write_messages(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> list[uuid.UUID]:
    """Store each once and have them sent; ids of the new ones."""
    if not rows:
        return []
    statement = insert(WebhookMessage).values([{"id": new_id(), "due_at": func.now(), **row} for row in rows])
    added = await session.execute(statement.on_conflict_do_nothing().returning(WebhookMessage.id))
    ids = list(added.scalars())
    if ids:
        await outbox.wake(session, WebhooksDue())
    return ids


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message taken for one attempt; `claim` tells whether it is still ours when its answer comes."""

    message_id: uuid.UUID
    claim: uuid.UUID
    attempts: int
    letter: Letter


async def claim_due(session: AsyncSession, settings: Settings) -> list[Claimed]:
    """A lot of what is due. It is due again when this attempt must have died; addresses removed since get nothing."""
    due = (
        select(WebhookMessage.id)
        .where(_PENDING, WebhookMessage.due_at <= func.now())
        .order_by(WebhookMessage.due_at, WebhookMessage.id)
        .limit(settings.webhook_batch)
        .with_for_update(skip_locked=True)
    )
    claim = new_id()
    taken = (
        update(WebhookMessage)
        .where(WebhookMessage.id.in_(due.scalar_subquery()))
        .values(
            claim=claim,
            attempts=WebhookMessage.attempts + 1,
            due_at=func.now() + timedelta(seconds=settings.webhook_timeout_seconds * 5),
        )
        .returning(WebhookMessage.id)
    )
    ids = list((await session.execute(taken)).scalars())
    statement = (
        select(WebhookMessage, WebhookEndpoint)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookMessage.endpoint_id)
        .where(WebhookMessage.id.in_(ids))
        .order_by(WebhookMessage.id)
    )
    now = calendar.now()
    return [
        Claimed(message.id, claim, message.attempts, _letter(message, endpoint, now))
        for message, endpoint in await session.execute(statement)
    ]


def _letter(message: WebhookMessage, endpoint: WebhookEndpoint, now: datetime) -> Letter:
    secrets = [endpoint.secret]
    if endpoint.earlier_secret is not None and endpoint.earlier_until is not None and now < endpoint.earlier_until:
        secrets.append(endpoint.earlier_secret)
    return Letter(f"msg_{message.id.hex}", endpoint.url, message.payload, tuple(secrets))


async def settle(session: AsyncSession, settings: Settings, claimed: Claimed, sent: Sent) -> None:
    """Keep what came of an attempt: delivered, due again after its pause, or exhausted after the last one."""
    session.add(
        WebhookAttempt(
            id=new_id(),
            message_id=claimed.message_id,
            status_code=sent.status_code,
            error=sent.error,
            milliseconds=sent.milliseconds,
        )
    )
    await session.flush()
    pauses = settings.webhook_retry_seconds
    if sent.is_delivered:
        values: dict[str, Any] = {"status": "delivered", "settled_at": func.now(), "claim": None}
    elif claimed.attempts > len(pauses):
        values = {"status": "exhausted", "settled_at": func.now(), "claim": None}
    else:
        # What failed together does not come back together.
        pause = pauses[claimed.attempts - 1] * _JITTER.uniform(0.9, 1.1)
        values = {"due_at": func.now() + timedelta(seconds=pause), "claim": None}
    ours = (WebhookMessage.id == claimed.message_id) & (WebhookMessage.claim == claimed.claim)
    await session.execute(update(WebhookMessage).where(ours, _PENDING).values(values))


async def next_due(session: AsyncSession) -> datetime | None:
    """When something is due next; None where all is settled."""
    return (await session.execute(select(func.min(WebhookMessage.due_at)).where(_PENDING))).scalar_one()


async def give_up(session: AsyncSession, endpoint_id: uuid.UUID) -> None:
    """Nothing more goes to an address that was removed: what waited is exhausted, and says so in the log."""
    waiting = update(WebhookMessage).where(WebhookMessage.endpoint_id == endpoint_id, _PENDING)
    await session.execute(waiting.values(status="exhausted", settled_at=func.now(), claim=None))
