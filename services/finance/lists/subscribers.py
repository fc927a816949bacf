"""How far each subscriber of a list is: what it pulled, what it acknowledged, how many editions behind."""

from __future__ import annotations

from sqlalchemy import func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.programmes import readable_programme
from services.finance.lists.schemas import SubscriberOut, SubscriberPage
from shared.models.finance import Edition, EditionAck, EditionPull, ListSubscription
from shared.models.identity import ApiClient
from shared.security.actor import Actor


async def subscriber_page(session: AsyncSession, actor: Actor, code: str, *, after: str, limit: int) -> SubscriberPage:
    """By client; Problem `list_not_found`."""
    programme = await readable_programme(session, actor, code)
    newest = select(func.max(Edition.serial)).where(Edition.programme_code == programme.code)
    latest = (await session.execute(newest)).scalar_one()
    pulled = (
        select(EditionPull.serial, EditionPull.at)
        .where(
            EditionPull.client_id == ListSubscription.client_id,
            EditionPull.programme_code == ListSubscription.programme_code,
        )
        .order_by(EditionPull.serial.desc(), EditionPull.at)
        .limit(1)
        .lateral()
    )
    acknowledged = (
        select(
            EditionAck.serial, EditionAck.acknowledged_at, func.jsonb_array_length(EditionAck.errors).label("errors")
        )
        .where(
            EditionAck.client_id == ListSubscription.client_id,
            EditionAck.programme_code == ListSubscription.programme_code,
        )
        .order_by(EditionAck.serial.desc(), EditionAck.id.desc())
        .limit(1)
        .lateral()
    )
    statement = (
        select(ListSubscription.client_id, ApiClient.name, ListSubscription.created_at, pulled, acknowledged)
        .join(ApiClient, ApiClient.client_id == ListSubscription.client_id)
        .outerjoin(pulled, true())
        .outerjoin(acknowledged, true())
        .where(ListSubscription.programme_code == programme.code, ListSubscription.client_id > after)
        .order_by(ListSubscription.client_id)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).all()
    items = [
        SubscriberOut(
            client_id=client_id,
            name=name,
            granted_at=granted_at,
            pulled_serial=pulled_serial,
            pulled_at=pulled_at,
            acknowledged_serial=serial,
            acknowledged_at=acknowledged_at,
            import_errors=errors,
            serials_behind=(latest or 0) - (serial or 0),
        )
        for client_id, name, granted_at, pulled_serial, pulled_at, serial, acknowledged_at, errors in rows[:limit]
    ]
    return SubscriberPage(
        latest_serial=latest, items=items, next_cursor=items[-1].client_id if len(rows) > limit else None
    )
