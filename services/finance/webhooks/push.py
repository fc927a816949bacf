"""Send what is due, many at once, and say when to come again."""

from __future__ import annotations

import asyncio
import uuid

import httpx
import structlog

from services.finance.webhooks.messages import Claimed, claim_due, next_due, settle
from services.finance.webhooks.sending import open_client, send
from shared import outbox
from shared.db import Database
from shared.events import WebhooksDue
from shared.settings import Settings

logger = structlog.get_logger(__name__)


async def push_due(database: Database, settings: Settings, event_id: uuid.UUID) -> None:
    """Until nothing is due. Nothing is sent inside a transaction; each answer is kept as it comes."""
    async with open_client(settings) as client:
        while claimed := await _lot(database, settings):
            await asyncio.gather(*(_attempt(database, settings, client, one) for one in claimed))
    async with database.sessions.begin() as session:
        due = await next_due(session)
        if due is not None:
            await outbox.wake(session, WebhooksDue(), due, other_than=event_id)


async def _lot(database: Database, settings: Settings) -> list[Claimed]:
    async with database.sessions.begin() as session:
        return await claim_due(session, settings)


async def _attempt(database: Database, settings: Settings, client: httpx.AsyncClient, one: Claimed) -> None:
    sent = await send(client, one.letter, settings)
    if not sent.is_delivered:
        logger.warning("webhook_failed", message=one.letter.id, status=sent.status_code, error=sent.error)
    async with database.sessions.begin() as session:
        await settle(session, settings, one, sent)
