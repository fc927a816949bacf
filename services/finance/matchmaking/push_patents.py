"""Push the patents that suit an enterprise best, outside any event (精准推送): the affinity of events, top-k."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.consents.queries import enterprise_in_reach
from services.finance.matchmaking.affinity import best_partners
from services.finance.matchmaking.errors import NOTHING_SUITS
from services.finance.matchmaking.explanation import part_scores
from services.finance.matchmaking.gathering import Gathering, Scoring
from services.finance.matchmaking.money import fen_of
from services.finance.matchmaking.patent_schemas import PushIn, PushOut, PushPage, PushShown, SuitedOut
from services.finance.matchmaking.plan_schemas import PartOut
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import match_terms
from shared import audit, calendar, outbox
from shared.errors import Problem
from shared.events import MatchRecorded
from shared.models.base import new_id
from shared.models.matchmaking import PatentOffer, PatentPush
from shared.models.reads import pushed_as
from shared.security.actor import Actor


async def push_patents(session: AsyncSession, actor: Actor, push_in: PushIn, *, validate_only: bool) -> PushOut:
    """The best `count` of what is on offer and was not pushed to this enterprise before; into the ledger of support.

    Problems `not_found`, `patent_nothing_suits`.
    """
    enterprise = await enterprise_in_reach(session, actor, push_in.uscc)
    # One push to an enterprise after the other: the second knows what the first has pushed.
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"push:{enterprise.id}", 0))
    await session.execute(select(lock))
    offers = await _not_yet_pushed(session, enterprise.uscc)
    asked = _asked(push_in, enterprise.city_code)
    entries = await asyncio.to_thread(_best, asked, offers, push_in.count)
    today = calendar.business_date(calendar.now())
    shown = PushOut(id=None, uscc=enterprise.uscc, pushed_on=today, compared=len(offers), entries=entries)
    if validate_only:
        return shown
    if not entries:
        raise Problem(NOTHING_SUITS)
    push = PatentPush(
        id=new_id(),
        uscc=enterprise.uscc,
        city_code=enterprise.city_code,
        by_city=actor.city_code,
        asked=push_in.model_dump(mode="json"),
        entries=[one.model_dump(mode="json") for one in entries],
        found=len(entries),
        pushed_on=today,
        pushed_by=actor.subject,
    )
    session.add(push)
    await session.flush()
    subject, detail = ("patent_push", push.id), {"uscc": push.uscc, "found": push.found}
    await audit.record(
        session, service="finance", actor=actor, action="patent_push.make", subject=subject, detail=detail
    )
    await outbox.publish(session, MatchRecorded(names=[pushed_as(push.id)]))
    return shown.model_copy(update={"id": push.id})


async def _not_yet_pushed(session: AsyncSession, uscc: str) -> list[PatentOffer]:
    before = select(PatentPush.entries).where(func.holder_of_code(PatentPush.uscc) == func.holder_of_code(uscc))
    pushed = {entry["patent_no"] for entries in (await session.execute(before)).scalars() for entry in entries}
    statement = select(PatentOffer).where(PatentOffer.withdrawn_at.is_(None)).order_by(PatentOffer.id)
    return [one for one in (await session.execute(statement)).scalars() if one.patent_no not in pushed]


def _asked(push_in: PushIn, city_code: str) -> Profile:
    return Profile(
        id="enterprise",
        name="",
        capacity=1,
        ipc=tuple(dict.fromkeys(push_in.ipc)),
        industries=tuple(dict.fromkeys(push_in.industries)),
        most=fen_of(push_in.most_cny),
        regions=(city_code,),
        text=push_in.text,
    )


def _offered(one: PatentOffer) -> Profile:
    facts: dict[str, Any] = one.profile
    return Profile(
        id=str(one.id),
        name=one.title,
        capacity=1,
        ipc=tuple(facts["ipc"]),
        industries=tuple(facts["industries"]),
        least=facts["least"],
        most=facts["most"],
        regions=tuple(facts["regions"]),
        stages=(),
        # The title is the best summary of a patent.
        text=f"{one.title} {facts['text']}",
    )


def _best(asked: Profile, offers: Sequence[PatentOffer], count: int) -> list[SuitedOut]:
    if not offers:
        return []
    terms = match_terms()
    kind = terms.kinds[terms.push_kind]
    side = tuple(_offered(one) for one in offers)
    scoring = Scoring(Gathering(kind.code, 1, 1, (asked,), side, {}, {}, {}), kind, terms)
    scored = scoring.of(asked)
    found: list[SuitedOut] = []
    for place, points in best_partners(scoring.affinity, asked, count):
        if points < kind.floor:
            continue
        parts = part_scores(scoring, asked, side[place], scored, place)
        one = offers[place]
        found.append(
            SuitedOut(
                offer_id=one.id,
                patent_no=one.patent_no,
                title=one.title,
                holder=one.holder,
                points=points,
                parts=[PartOut.model_validate(part, from_attributes=True) for part in parts],
            )
        )
    return found


async def push_page(session: AsyncSession, actor: Actor, *, before: uuid.UUID | None, limit: int) -> PushPage:
    """Within reach, the newest first: an enterprise's own, those to a city's enterprises, all."""
    statement = select(PatentPush).order_by(PatentPush.id.desc()).limit(limit + 1)
    if actor.uscc is not None:
        statement = statement.where(func.holder_of_code(PatentPush.uscc) == func.holder_of_code(actor.uscc))
    elif actor.city_code is not None:
        statement = statement.where(PatentPush.city_code == actor.city_code)
    if before is not None:
        statement = statement.where(PatentPush.id < before)
    rows = list((await session.execute(statement)).scalars())
    items = [PushShown.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return PushPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)
