"""Patents that universities and institutes have on offer."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import OFFERED_TWICE, OUTSIDE_CITY
from services.finance.matchmaking.money import fen_of, yuan_of
from services.finance.matchmaking.patent_schemas import OfferIn, OfferOut, OfferPage, OffersIn, OffersOut
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem, Violation
from shared.models.base import new_id
from shared.models.matchmaking import PatentOffer
from shared.reference.province import province
from shared.security.actor import Actor


async def offer_patents(session: AsyncSession, actor: Actor, offers_in: OffersIn) -> OffersOut:
    """Record all or none; a refusal names each place. Problems `match_outside_city`, `patent_offered_twice`."""
    given = offers_in.offers
    if any(actor.city_code not in (None, one.city_code) for one in given):
        raise Problem(OUTSIDE_CITY)
    live = select(PatentOffer.patent_no).where(
        PatentOffer.patent_no.in_([one.patent_no for one in given]), PatentOffer.withdrawn_at.is_(None)
    )
    seen = set((await session.execute(live)).scalars())
    kind, wrong = OFFERED_TWICE, list[Violation]()
    for at, one in enumerate(given):
        if one.patent_no in seen:
            wrong.append(Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"/offers/{at}/patent_no"))
        seen.add(one.patent_no)
    if wrong:
        raise Problem(kind, violations=wrong[:200])
    rows = [_row(actor, one) for one in given]
    session.add_all(rows)
    await session.flush()
    acts = [(("patent_offer", row.id), {"patent_no": row.patent_no}) for row in rows]
    await audit.record_each(session, service="finance", actor=actor, action="patent_offer.record", acts=acts)
    return OffersOut(offers=[offer_out(row) for row in rows])


def _row(actor: Actor, one: OfferIn) -> PatentOffer:
    profile = {
        "ipc": list(dict.fromkeys(one.ipc)),
        "industries": list(dict.fromkeys(one.industries)),
        "least": fen_of(one.least_cny),
        "most": fen_of(one.most_cny),
        # A patent may be used anywhere in the province.
        "regions": [province().code],
        "stages": [],
        "text": one.text,
    }
    return PatentOffer(
        id=new_id(),
        patent_no=one.patent_no,
        title=one.title,
        holder=one.holder,
        city_code=one.city_code,
        profile=profile,
        recorded_by=actor.subject,
    )


def offer_out(row: PatentOffer) -> OfferOut:
    """As HTTP shows an offer."""
    profile = row.profile
    return OfferOut(
        id=row.id,
        patent_no=row.patent_no,
        title=row.title,
        holder=row.holder,
        city_code=row.city_code,
        ipc=profile["ipc"],
        industries=profile["industries"],
        least_cny=yuan_of(profile["least"]),
        most_cny=yuan_of(profile["most"]),
        text=profile["text"],
        withdrawn=row.withdrawn_at is not None,
    )


async def offer_page(session: AsyncSession, *, after: uuid.UUID | None, limit: int) -> OfferPage:
    """In the order of recording, withdrawn ones too: what is on offer is on offer to the whole province."""
    statement = select(PatentOffer).order_by(PatentOffer.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(PatentOffer.id > after)
    rows = list((await session.execute(statement)).scalars())
    items = [offer_out(row) for row in rows[:limit]]
    return OfferPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def withdraw_offer(session: AsyncSession, actor: Actor, offer_id: uuid.UUID) -> OfferOut:
    """It is pushed to nobody any more; withdrawing again changes nothing. Problems `not_found`, `match_outside_city`."""
    row = await session.get(PatentOffer, offer_id, with_for_update=True)
    if row is None:
        raise Problem(NOT_FOUND)
    if actor.city_code not in (None, row.city_code):
        raise Problem(OUTSIDE_CITY)
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by = calendar.now(), actor.subject
        await session.flush()
        detail = {"patent_no": row.patent_no}
        subject = ("patent_offer", row.id)
        await audit.record(
            session, service="finance", actor=actor, action="patent_offer.withdraw", subject=subject, detail=detail
        )
    return offer_out(row)
