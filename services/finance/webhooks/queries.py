"""Reads of addresses and of the log, always a client's own; those who watch the lists see every client's."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.webhooks.schemas import AttemptOut, EndpointList, EndpointOut, MessageOut, MessagePage
from shared.errors import NOT_FOUND, Problem
from shared.models.webhooks import WebhookAttempt, WebhookEndpoint, WebhookMessage
from shared.security.actor import Actor


def _within_reach(statement: Select[WebhookEndpoint], actor: Actor) -> Select[WebhookEndpoint]:
    if actor.role == "bank":
        statement = statement.where(WebhookEndpoint.client_id == actor.subject)
    return statement


async def endpoint_of(
    session: AsyncSession, actor: Actor, endpoint_id: uuid.UUID, *, lock: bool = False, removed: bool = False
) -> WebhookEndpoint:
    """An address within reach; Problem `not_found`, also for one that was removed unless those are asked for."""
    statement = _within_reach(select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id), actor)
    if not removed:
        statement = statement.where(WebhookEndpoint.removed_at.is_(None))
    if lock:
        statement = statement.with_for_update()
    endpoint = (await session.execute(statement)).scalar_one_or_none()
    if endpoint is None:
        raise Problem(NOT_FOUND)
    return endpoint


async def endpoint_list(session: AsyncSession, actor: Actor) -> EndpointList:
    """Addresses within reach that were not removed, by client, with what waits and what was given up."""
    counts = (
        select(
            WebhookMessage.endpoint_id,
            func.count().filter(WebhookMessage.status == "pending").label("pending"),
            func.count().filter(WebhookMessage.status == "exhausted").label("exhausted"),
            func.max(WebhookMessage.settled_at).filter(WebhookMessage.status == "delivered").label("delivered"),
        )
        .group_by(WebhookMessage.endpoint_id)
        .subquery()
    )
    statement = (
        _within_reach(select(WebhookEndpoint), actor)
        .where(WebhookEndpoint.removed_at.is_(None))
        .outerjoin(counts, counts.c.endpoint_id == WebhookEndpoint.id)
        .order_by(WebhookEndpoint.client_id, WebhookEndpoint.id)
        .add_columns(counts.c.pending, counts.c.exhausted, counts.c.delivered)
    )
    return EndpointList(
        items=[
            EndpointOut(
                id=endpoint.id,
                client_id=endpoint.client_id,
                url=endpoint.url,
                created_at=endpoint.created_at,
                earlier_secret_until=endpoint.earlier_until,
                pending=pending or 0,
                exhausted=exhausted or 0,
                last_delivered_at=delivered,
            )
            for endpoint, pending, exhausted, delivered in await session.execute(statement)
        ]
    )


async def message_page(
    session: AsyncSession, actor: Actor, endpoint_id: uuid.UUID, *, before: uuid.UUID | None, limit: int
) -> MessagePage:
    """The log of an address, the newest first, of a removed one, too; Problem `not_found`."""
    endpoint = await endpoint_of(session, actor, endpoint_id, removed=True)
    statement = (
        select(WebhookMessage)
        .where(WebhookMessage.endpoint_id == endpoint.id)
        .order_by(WebhookMessage.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(WebhookMessage.id < before)
    rows = list((await session.execute(statement)).scalars())
    attempts = await _attempts(session, [row.id for row in rows[:limit]])
    items = [message_shown(row, attempts[row.id]) for row in rows[:limit]]
    return MessagePage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def message_of(
    session: AsyncSession, actor: Actor, message_id: uuid.UUID, *, lock: bool = False
) -> WebhookMessage:
    """A message to an address within reach; Problem `not_found`."""
    statement = select(WebhookMessage).where(WebhookMessage.id == message_id)
    if lock:
        statement = statement.with_for_update()
    message = (await session.execute(statement)).scalar_one_or_none()
    if message is None:
        raise Problem(NOT_FOUND)
    await endpoint_of(session, actor, message.endpoint_id, removed=True)
    return message


async def message_told(session: AsyncSession, message: WebhookMessage) -> MessageOut:
    return message_shown(message, (await _attempts(session, [message.id]))[message.id])


async def _attempts(session: AsyncSession, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[WebhookAttempt]]:
    statement = select(WebhookAttempt).where(WebhookAttempt.message_id.in_(ids)).order_by(WebhookAttempt.id)
    found: dict[uuid.UUID, list[WebhookAttempt]] = defaultdict(list)
    for one in (await session.execute(statement)).scalars():
        found[one.message_id].append(one)
    return found


def message_shown(message: WebhookMessage, attempts: Collection[WebhookAttempt]) -> MessageOut:
    return MessageOut(
        id=message.id,
        webhook_id=f"msg_{message.id.hex}",
        endpoint_id=message.endpoint_id,
        type=message.type,
        programme=message.programme_code,
        serial=message.serial,
        status=message.status,  # type: ignore[arg-type] (the table's own check)
        created_at=message.created_at,
        due_at=message.due_at if message.status == "pending" else None,
        settled_at=message.settled_at,
        attempts=[
            AttemptOut(at=one.at, status_code=one.status_code, error=one.error, milliseconds=one.milliseconds)
            for one in attempts
        ],
    )
