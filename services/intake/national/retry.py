"""Send a delivery again that was refused or has died."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.deliveries import wake
from services.intake.national.errors import DELIVERY_STATUS
from services.intake.national.schemas import DeliveryOut
from shared import audit
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import NationalDelivery
from shared.security.actor import Actor
from shared.settings import Settings


async def retry_delivery(
    session: AsyncSession, actor: Actor, settings: Settings, delivery_id: uuid.UUID
) -> DeliveryOut:
    """Due now, with its counts at zero. Problem `delivery_status` unless it is rejected or dead."""
    statement = select(NationalDelivery).where(NationalDelivery.id == delivery_id).with_for_update()
    delivery = (await session.execute(statement)).scalar_one_or_none()
    if delivery is None:
        raise Problem(NOT_FOUND)
    if delivery.status not in ("rejected", "dead"):
        raise Problem(DELIVERY_STATUS)
    detail = {"status": delivery.status, "last_error": delivery.last_error, "result": delivery.result}
    delivery.status, delivery.settled_at, delivery.due_at = "pending", None, func.now()
    delivery.attempts = delivery.failures = 0
    delivery.result = delivery.last_error = None
    await session.flush()
    await session.refresh(delivery)
    subject = ("national_delivery", delivery.id)
    await audit.record(session, service="intake", actor=actor, action="national.retry", subject=subject, detail=detail)
    if settings.national_adapter == "http":
        await wake(session)
    return DeliveryOut.model_validate(delivery, from_attributes=True)
