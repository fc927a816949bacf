"""Reads of consents within the actor's reach."""

from __future__ import annotations

import uuid

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.consents.schemas import ConsentOut, ConsentPage, PurposeOut, PurposesOut
from shared.errors import NOT_FOUND, Problem
from shared.models.finance import ListConsent
from shared.models.reads import EnterpriseOnRecord, enterprises_on_record
from shared.reference.province import province
from shared.security.actor import Actor


def purposes() -> PurposesOut:
    """Every purpose of the province, with the lists that ask for it."""
    data = province().programmes
    return PurposesOut(
        items=[
            PurposeOut(
                code=one.code,
                title=one.title,
                basis=one.basis,
                programmes=[programme.code for programme in data.programmes if programme.consent == one.code],
            )
            for one in data.purposes.values()
        ]
    )


async def enterprise_in_reach(session: AsyncSession, actor: Actor, code: str) -> EnterpriseOnRecord:
    """The enterprise with this code: one's own, one of one's city, any; Problem `not_found` otherwise."""
    found = await enterprises_on_record(session, [code] if actor.uscc is None else [code, actor.uscc])
    enterprise = found.get(code)
    own = actor.uscc is None or found.get(actor.uscc) == enterprise
    if enterprise is None or not own or actor.city_code not in (None, enterprise.city_code):
        raise Problem(NOT_FOUND)
    return enterprise


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """An enterprise reads its own, under whichever code; a city those of its enterprises; the province all."""
    if actor.uscc is not None:
        return func.holder_of_code(ListConsent.uscc) == func.holder_of_code(actor.uscc)
    return true() if actor.city_code is None else ListConsent.city_code == actor.city_code


async def consent_in_reach(session: AsyncSession, actor: Actor, consent_id: uuid.UUID) -> ListConsent:
    """The consent, locked; Problem `not_found` outside reach."""
    statement = select(ListConsent).where(ListConsent.id == consent_id, within_reach(actor)).with_for_update()
    consent = (await session.execute(statement)).scalar_one_or_none()
    if consent is None:
        raise Problem(NOT_FOUND)
    return consent


async def consent_page(
    session: AsyncSession, actor: Actor, *, uscc: str | None, before: uuid.UUID | None, limit: int
) -> ConsentPage:
    """Newest first, withdrawn ones too."""
    statement = select(ListConsent).where(within_reach(actor)).order_by(ListConsent.id.desc()).limit(limit + 1)
    if uscc is not None:
        statement = statement.where(func.holder_of_code(ListConsent.uscc) == func.holder_of_code(uscc))
    if before is not None:
        statement = statement.where(ListConsent.id < before)
    rows = (await session.execute(statement)).scalars().all()
    items = [shown(one) for one in rows[:limit]]
    return ConsentPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def shown(consent: ListConsent) -> ConsentOut:
    """A consent as HTTP tells it."""
    return ConsentOut.model_validate(consent, from_attributes=True)
