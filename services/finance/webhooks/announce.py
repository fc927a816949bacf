"""Tell every address of a list's subscribers that an edition is there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.webhooks.messages import EDITION_PUBLISHED, payload_of, write_messages
from shared.models.finance import Edition, ListSubscription
from shared.models.identity import ApiClient
from shared.models.webhooks import WebhookEndpoint


async def announce(session: AsyncSession, programme: str, serial: int) -> int:
    """Messages to addresses of clients that may pull it now, once each; how many were new.

    The message names the edition and its digest and nobody on it: what is on a list is pulled, with credentials.
    """
    columns = (Edition.issued_at, Edition.digest, Edition.entry_count)
    edition = (
        await session.execute(select(*columns).where(Edition.programme_code == programme, Edition.serial == serial))
    ).one()
    data = {
        "programme": programme,
        "serial": serial,
        "count": edition.entry_count,
        "digest": edition.digest,
        "path": f"/v1/lists/{programme}/editions/{serial}",
    }
    payload = payload_of(EDITION_PUBLISHED, edition.issued_at, data)
    addresses = (
        select(WebhookEndpoint.id)
        .join(ListSubscription, ListSubscription.client_id == WebhookEndpoint.client_id)
        .join(ApiClient, ApiClient.client_id == WebhookEndpoint.client_id)
        .where(
            ListSubscription.programme_code == programme,
            WebhookEndpoint.removed_at.is_(None),
            ApiClient.disabled_at.is_(None),
        )
        .order_by(WebhookEndpoint.id)
    )
    rows = [
        {
            "endpoint_id": endpoint_id,
            "type": EDITION_PUBLISHED,
            "programme_code": programme,
            "serial": serial,
            "payload": payload,
        }
        for endpoint_id in (await session.execute(addresses)).scalars()
    ]
    return len(await write_messages(session, rows))
