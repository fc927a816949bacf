"""A client's addresses: registered, given another secret, tried, removed."""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.webhooks.errors import TARGET_REFUSED, TOO_MANY_ENDPOINTS
from services.finance.webhooks.messages import PING, give_up, payload_of, write_messages
from services.finance.webhooks.queries import endpoint_of
from services.finance.webhooks.schemas import EndpointIn, EndpointSecret
from services.finance.webhooks.targets import TargetError, checked_target
from shared import audit, calendar
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.models.webhooks import WebhookEndpoint
from shared.security.actor import Actor
from shared.settings import Settings

_SECRET_BYTES = 32
_TOLD = {
    "target_malformed": ("地址格式有误", "The address is malformed"),
    "target_unresolved": ("无法解析该主机名", "The host cannot be resolved"),
    "target_not_public": ("该主机指向内网或保留地址", "The host is not a public address"),
    "target_not_https": ("须使用 https", "Only https is used"),
}


async def refuse_target(url: str, settings: Settings) -> None:
    """Problem `webhook_target_refused` for an address that nothing is ever sent to. Outside any transaction."""
    try:
        await checked_target(url, settings.webhook_allowed_networks, settings.webhook_timeout_seconds)
    except TargetError as error:
        zh, en = _TOLD[str(error)]
        raise Problem(TARGET_REFUSED, violations=[Violation(str(error), zh, en, pointer="/url")]) from None


async def register(session: AsyncSession, actor: Actor, settings: Settings, given: EndpointIn) -> EndpointSecret:
    """One more address of the client. Problem `webhook_endpoint_exists`, `too_many_webhook_endpoints`."""
    # One at a time for a client, or two would each find room.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"webhooks {actor.subject}", 0))))
    live = select(func.count()).where(WebhookEndpoint.client_id == actor.subject, WebhookEndpoint.removed_at.is_(None))
    if (await session.execute(live)).scalar_one() >= settings.webhook_endpoints_each:
        raise Problem(TOO_MANY_ENDPOINTS)
    endpoint = WebhookEndpoint(id=new_id(), client_id=actor.subject, url=given.url, secret=_new_secret())
    session.add(endpoint)
    await session.flush()
    await _record(session, actor, endpoint, "register")
    return _told(endpoint)


async def rotate(session: AsyncSession, actor: Actor, settings: Settings, endpoint_id: uuid.UUID) -> EndpointSecret:
    """A new secret; the one before signs beside it for the settings' hours. Problem `not_found`."""
    endpoint = await endpoint_of(session, actor, endpoint_id, lock=True)
    endpoint.earlier_secret = endpoint.secret
    endpoint.earlier_until = calendar.now() + timedelta(hours=settings.webhook_earlier_secret_hours)
    endpoint.secret = _new_secret()
    await session.flush()
    await _record(session, actor, endpoint, "rotate")
    return _told(endpoint)


async def ping(session: AsyncSession, actor: Actor, endpoint_id: uuid.UUID) -> uuid.UUID:
    """A message that says nothing but that it came; its id. Problem `not_found`."""
    endpoint = await endpoint_of(session, actor, endpoint_id)
    payload = payload_of(PING, calendar.now(), {"endpoint": str(endpoint.id)})
    (message_id,) = await write_messages(session, [{"endpoint_id": endpoint.id, "type": PING, "payload": payload}])
    return message_id


async def remove(session: AsyncSession, actor: Actor, endpoint_id: uuid.UUID) -> None:
    """Nothing more goes there; its log stays. Problem `not_found`."""
    endpoint = await endpoint_of(session, actor, endpoint_id, lock=True)
    endpoint.removed_at = calendar.now()
    await session.flush()
    await give_up(session, endpoint.id)
    await _record(session, actor, endpoint, "remove")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _told(endpoint: WebhookEndpoint) -> EndpointSecret:
    return EndpointSecret(
        id=endpoint.id, url=endpoint.url, secret=endpoint.secret, earlier_secret_until=endpoint.earlier_until
    )


async def _record(session: AsyncSession, actor: Actor, endpoint: WebhookEndpoint, act: str) -> None:
    subject, detail = ("webhook_endpoint", endpoint.id), {"url": endpoint.url}
    await audit.record(session, service="finance", actor=actor, action=f"webhook.{act}", subject=subject, detail=detail)
