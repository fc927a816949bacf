"""Record and withdraw an enterprise's consent to one purpose."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.consents.errors import (
    CONSENT_GIVEN,
    DOCUMENT_MISSING,
    DOCUMENT_NOT_MEANT,
    GIVEN_IN_FUTURE,
    PURPOSE_UNKNOWN,
    WITHDRAWN_ALREADY,
)
from services.finance.consents.queries import consent_in_reach, enterprise_in_reach, shown
from services.finance.consents.schemas import ConsentIn, ConsentOut, WithdrawalIn
from shared import audit, calendar
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.finance import ListConsent
from shared.reference.province import province
from shared.security.actor import Actor

# The same consent sent twice at once is one, not a refusal.
_CONSENTING = text("SELECT pg_advisory_xact_lock(hashtextextended('consents of ' || :id, 0))")


async def record_consent(session: AsyncSession, actor: Actor, consent_in: ConsentIn) -> ConsentOut:
    """The consent; the same again by the same person changes nothing, another one while it counts is refused."""
    enterprise = await enterprise_in_reach(session, actor, consent_in.uscc)
    _check(actor, consent_in)
    await session.execute(_CONSENTING, {"id": str(enterprise.id)})
    statement = select(ListConsent).where(
        func.holder_of_code(ListConsent.uscc) == func.holder_of_code(enterprise.uscc),
        ListConsent.purpose == consent_in.purpose,
        ListConsent.withdrawn_at.is_(None),
    )
    earlier = (await session.execute(statement)).scalars().first()
    if earlier is not None:
        same = (earlier.recorded_by, earlier.given_on, earlier.document)
        if same != (actor.subject, consent_in.given_on, consent_in.document):
            raise Problem(CONSENT_GIVEN)
        return shown(earlier)
    consent = ListConsent(
        id=new_id(),
        uscc=enterprise.uscc,
        city_code=enterprise.city_code,
        purpose=consent_in.purpose,
        source="paper" if actor.uscc is None else "enterprise",
        document=consent_in.document,
        given_on=consent_in.given_on,
        recorded_by=actor.subject,
        recorded_at=calendar.now(),
    )
    session.add(consent)
    await session.flush()
    await _audit(session, actor, "consent.record", consent)
    return shown(consent)


async def withdraw_consent(
    session: AsyncSession, actor: Actor, consent_id: uuid.UUID, withdrawal_in: WithdrawalIn
) -> ConsentOut:
    """Withdrawn from now on: the next edition leaves the enterprise out, with this as the reason.

    Problems `not_found`, `consent_withdrawn_already`; the same again by the same person changes nothing.
    """
    consent = await consent_in_reach(session, actor, consent_id)
    if consent.withdrawn_at is not None:
        if (consent.withdrawn_by, consent.withdrawal_reason) != (actor.subject, withdrawal_in.reason):
            raise Problem(WITHDRAWN_ALREADY)
        return shown(consent)
    consent.withdrawn_at, consent.withdrawn_by = calendar.now(), actor.subject
    consent.withdrawal_reason = withdrawal_in.reason
    await session.flush()
    await _audit(session, actor, "consent.withdraw", consent)
    return shown(consent)


def _check(actor: Actor, consent_in: ConsentIn) -> None:
    if consent_in.purpose not in province().programmes.purposes:
        raise Problem(PURPOSE_UNKNOWN)
    if actor.uscc is None and consent_in.document is None:
        raise Problem(DOCUMENT_MISSING)
    if actor.uscc is not None and consent_in.document is not None:
        raise Problem(DOCUMENT_NOT_MEANT)
    if consent_in.given_on > calendar.business_date(calendar.now()):
        raise Problem(GIVEN_IN_FUTURE)


async def _audit(session: AsyncSession, actor: Actor, action: str, consent: ListConsent) -> None:
    detail = {"uscc": consent.uscc, "purpose": consent.purpose}
    if consent.withdrawal_reason is not None:
        detail["reason"] = consent.withdrawal_reason
    subject = ("list_consent", consent.id)
    await audit.record(session, service="finance", actor=actor, action=action, subject=subject, detail=detail)
