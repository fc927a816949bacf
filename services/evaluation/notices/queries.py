"""Reads of notices, entries and objections, within the officer's reach: a city's officer sees its city's entries."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.deciding import content_open_to, refuse_unfit
from services.evaluation.notices.schemas import (
    UNSEEN,
    EntryOut,
    EntryPage,
    EntryState,
    EvidenceOut,
    NoticeOut,
    NoticePage,
    ObjectionOut,
    ObjectionPage,
    ObjectorOut,
)
from services.evaluation.notices.standing import holds_of, is_open, is_replaced, notice_by_number
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import KeptPlace, Objection, Objector, PublicNotice, PublicNoticeEntry, SelectionPlan
from shared.models.reads import pinned_cycle
from shared.security.actor import Actor
from shared.working_days import working_days_left

Rows = Select[Objection, PublicNoticeEntry, PublicNotice, bool]


async def notice_shown(session: AsyncSession, actor: Actor, notice: PublicNotice) -> NoticeOut:
    cycle = await pinned_cycle(session, cycle_id=notice.cycle_id)
    today = calendar.business_date(calendar.now())
    open_now, replaced = is_open(notice, today), await is_replaced(session, notice)
    statement = _entries(actor, notice).with_only_columns(PublicNoticeEntry.assessment_id)
    states = await _states(session, notice, list((await session.execute(statement)).scalars()))
    counts = Counter(states.values())
    return NoticeOut(
        number=notice.number,
        title=notice.title,
        starts_on=notice.starts_on,
        ends_on=notice.ends_on,
        is_open=open_now and not replaced,
        plan_id=notice.plan_id,
        cycle="" if cycle is None else cycle.code,
        working_days=notice.working_days,
        basis=notice.basis,
        working_days_left=working_days_left(today, notice.ends_on) if open_now else 0,
        appeals_until=notice.appeals_until,
        replaced=replaced,
        ended_at=notice.ended_at,
        digest=notice.digest,
        listed=len(states),
        held=counts["held"],
        struck=counts["struck"],
        admitted=counts["admitted"],
    )


async def notice_page(session: AsyncSession, actor: Actor, *, before: str | None, limit: int) -> NoticePage:
    """Notices, the newest first."""
    rows = await newest_notices(session, before=before, limit=limit)
    items = [await notice_shown(session, actor, one) for one in rows[:limit]]
    return NoticePage(items=items, next_cursor=items[-1].number if len(rows) > limit else None)


async def newest_notices(session: AsyncSession, *, before: str | None, limit: int) -> Sequence[PublicNotice]:
    """At most one more than `limit`, so that the caller knows whether there are more."""
    statement = select(PublicNotice).order_by(PublicNotice.year.desc(), PublicNotice.sequence.desc()).limit(limit + 1)
    if before is not None:
        year, _, sequence = before.partition("-")
        statement = statement.where(tuple_(PublicNotice.year, PublicNotice.sequence) < (int(year), int(sequence)))
    return (await session.execute(statement)).scalars().all()


async def entry_page(session: AsyncSession, actor: Actor, number: str, *, after: str, limit: int) -> EntryPage:
    """Entries in order of 统一社会信用代码, with the objections to each."""
    notice = await notice_by_number(session, number)
    statement = (
        _entries(actor, notice).where(PublicNoticeEntry.uscc > after).order_by(PublicNoticeEntry.uscc).limit(limit + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    shown = rows[:limit]
    ids = [one.assessment_id for one in shown]
    states, objections = await _states(session, notice, ids), defaultdict[uuid.UUID, list[ObjectionOut]](list)
    found = _objections(actor).where(Objection.notice_id == notice.id, Objection.assessment_id.in_(ids))
    for objection, entry, _, seen in await session.execute(found.order_by(Objection.id)):
        objections[entry.assessment_id].append(objection_shown(objection, notice.number, entry, seen=seen))
    items = [
        EntryOut(
            uscc=one.uscc,
            name=one.name,
            city_code=one.city_code,
            state=states[one.assessment_id],
            objections=objections[one.assessment_id],
        )
        for one in shown
    ]
    return EntryPage(items=items, next_cursor=items[-1].uscc if len(rows) > limit else None)


async def objection_page(
    session: AsyncSession, actor: Actor, number: str, *, status: str | None, after: uuid.UUID | None, limit: int
) -> ObjectionPage:
    """Objections within reach, in the order in which they were recorded."""
    notice = await notice_by_number(session, number)
    statement = _objections(actor).where(Objection.notice_id == notice.id).order_by(Objection.id).limit(limit + 1)
    if status is not None:
        statement = statement.where(Objection.status == status)
    if after is not None:
        statement = statement.where(Objection.id > after)
    rows = (await session.execute(statement)).all()
    items = [objection_shown(row[0], notice.number, row[1], seen=row[3]) for row in rows[:limit]]
    return ObjectionPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def objection_row(
    session: AsyncSession, actor: Actor, objection_id: uuid.UUID
) -> tuple[Objection, PublicNoticeEntry, PublicNotice]:
    """An objection with its entry and notice; Problem `not_found` outside reach."""
    row = (await session.execute(_objections(actor).where(Objection.id == objection_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return row[0], row[1], row[2]


async def objection_declared(session: AsyncSession, actor: Actor, objection_id: uuid.UUID) -> ObjectionOut:
    """An objection as the actor may see it now."""
    row = (await session.execute(_objections(actor).where(Objection.id == objection_id))).one()
    return objection_shown(row[0], row[2].number, row[1], seen=row[3])


async def read_objector(session: AsyncSession, actor: Actor, objection_id: uuid.UUID) -> ObjectorOut:
    """Who objected, to whoever may decide; that somebody looked is audited."""
    objection, _, notice = await objection_row(session, actor, objection_id)
    await refuse_unfit(session, actor, objection, notice)
    objector = (await session.execute(select(Objector).where(Objector.objection_id == objection_id))).scalar_one()
    await audit.record(
        session, service="evaluation", actor=actor, action="objector.read", subject=("objection", objection_id)
    )
    return ObjectorOut(name=objector.name, contact=objector.contact)


def objection_shown(objection: Objection, number: str, entry: PublicNoticeEntry, *, seen: bool = True) -> ObjectionOut:
    """`seen`: with what it is about; a reviewer sees that only after declaring."""
    shown = ObjectionOut(
        id=objection.id,
        notice=number,
        uscc=entry.uscc,
        name=entry.name,
        city_code=entry.city_code,
        grounds=objection.grounds,
        document=objection.document,
        evidence=[EvidenceOut.model_validate(one) for one in objection.evidence],
        status=objection.status,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        recorded_by=objection.recorded_by,
        recorded_at=objection.recorded_at,
        decided_by=objection.decided_by,
        decided_at=objection.decided_at,
        decision_reason=objection.decision_reason,
    )
    return shown if seen else shown.model_copy(update=UNSEEN)


def _entries(actor: Actor, notice: PublicNotice) -> Select[PublicNoticeEntry]:
    statement = select(PublicNoticeEntry).where(PublicNoticeEntry.notice_id == notice.id)
    return statement if actor.city_code is None else statement.where(PublicNoticeEntry.city_code == actor.city_code)


def _objections(actor: Actor) -> Rows:
    entry = (PublicNoticeEntry.notice_id == Objection.notice_id) & (
        PublicNoticeEntry.assessment_id == Objection.assessment_id
    )
    statement = (
        select(
            Objection, PublicNoticeEntry, PublicNotice, content_open_to(actor, Objection.assessment_id).label("seen")
        )
        .join(PublicNoticeEntry, entry)
        .join(PublicNotice, PublicNotice.id == Objection.notice_id)
    )
    return statement if actor.city_code is None else statement.where(PublicNoticeEntry.city_code == actor.city_code)


async def _states(
    session: AsyncSession, notice: PublicNotice, assessment_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, EntryState]:
    """Every entry of a committed plan is admitted, held or struck; before that it may be merely listed."""
    holds = await holds_of(session, notice.plan_id)
    plan = select(SelectionPlan.status).where(SelectionPlan.id == notice.plan_id)
    committed = (await session.execute(plan)).scalar_one() == "committed"
    waiting = select(KeptPlace.assessment_id).where(
        KeptPlace.plan_id == notice.plan_id, KeptPlace.released_at.is_(None)
    )
    # Dismissed after the commit, and not committed again yet: its place is kept, nobody holds it.
    listed = set((await session.execute(waiting)).scalars()) if committed else set(assessment_ids)
    return {one: holds.get(one, "listed" if one in listed else "admitted") for one in assessment_ids}
