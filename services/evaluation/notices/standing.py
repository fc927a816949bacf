"""Where a notice stands: whether its window is open, which entries objections hold or have struck."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Literal

from sqlalchemy import and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from services.evaluation.notices.errors import NOTICE_REPLACED, NOTICE_REQUIRED, NOTICE_RUNNING
from services.evaluation.notices.terms import NoticeTerms
from shared import calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import (
    Appeal,
    Assessment,
    KeptPlace,
    Objection,
    PublicNotice,
    SelectionPlan,
    SelectionPlanEntry,
)

Hold = Literal["held", "struck"]


def is_open(notice: PublicNotice, today: date) -> bool:
    """Whether objections are taken: from its first day to its last, both included, unless it was ended."""
    return notice.ended_at is None and notice.starts_on <= today <= notice.ends_on


async def notice_by_number(session: AsyncSession, number: str) -> PublicNotice:
    statement = select(PublicNotice).where(PublicNotice.number == number)
    notice = (await session.execute(statement)).scalar_one_or_none()
    if notice is None:
        raise Problem(NOT_FOUND)
    return notice


async def notice_of_plan(session: AsyncSession, plan_id: uuid.UUID) -> PublicNotice | None:
    return (await session.execute(select(PublicNotice).where(PublicNotice.plan_id == plan_id))).scalar_one_or_none()


async def newest_notice_of(session: AsyncSession, cycle_id: uuid.UUID) -> PublicNotice | None:
    """The notice that counts for a cycle: a later one takes the place of those before."""
    statement = (
        select(PublicNotice)
        .where(PublicNotice.cycle_id == cycle_id)
        .order_by(PublicNotice.year.desc(), PublicNotice.sequence.desc())
        .limit(1)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def is_replaced(session: AsyncSession, notice: PublicNotice) -> bool:
    newest = await newest_notice_of(session, notice.cycle_id)
    return newest is not None and newest.id != notice.id


async def wait_for_plan(session: AsyncSession, notice: PublicNotice) -> SelectionPlan:
    """The notice's plan, not to be committed before this transaction ends; whoever commits it is waited for.

    What is read afterwards is therefore what the commit left, or what it will find. The notice is read again.
    """
    statement = select(SelectionPlan).where(SelectionPlan.id == notice.plan_id).with_for_update(read=True)
    plan = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()
    await session.refresh(notice)
    return plan


async def refuse_before_notice_is_over(session: AsyncSession, plan: SelectionPlan, terms: NoticeTerms) -> None:
    """For a commit that holds the plan: Problem unless its public notice is over, or none is asked for."""
    notice = await notice_of_plan(session, plan.id)
    if notice is None:
        if terms.working_days > 0:
            raise Problem(NOTICE_REQUIRED)
        return
    if await is_replaced(session, notice):
        raise Problem(NOTICE_REPLACED)
    if is_open(notice, calendar.business_date(calendar.now())):
        last = notice.ends_on.isoformat()
        raise Problem(
            NOTICE_RUNNING, detail_en=f"Its last day is {last}", detail_zh=f"公示期最后一日为{last}，次日起可办理入库"
        )


async def holds_of(session: AsyncSession, plan_id: uuid.UUID) -> dict[uuid.UUID, Hold]:
    """By assessment id, the entries of a plan that objections keep out: held by an open one, struck by an upheld one.

    Of whichever notice the objection is: it concerns the application until an accepted appeal reopens its judgement.
    """
    chosen, about = aliased(Assessment), aliased(Assessment)
    statement = (
        select(chosen.id, func.bool_or(Objection.status == "upheld"))
        .join(SelectionPlanEntry, SelectionPlanEntry.assessment_id == chosen.id)
        .join(about, _same_judgement(about, chosen))
        .join(Objection, Objection.assessment_id == about.id)
        .where(SelectionPlanEntry.plan_id == plan_id, SelectionPlanEntry.admitted, Objection.status != "dismissed")
        .group_by(chosen.id)
    )
    return {row[0]: "struck" if row[1] else "held" for row in await session.execute(statement)}


async def struck_in(session: AsyncSession, cycle_id: uuid.UUID) -> set[str]:
    """Current assessments of a cycle that an upheld objection keeps out of every plan, as text."""
    return {one for one, hold in (await objected_in(session, cycle_id)).items() if hold == "struck"}


async def objected_in(session: AsyncSession, cycle_id: uuid.UUID) -> dict[str, Hold]:
    """Current assessments of a cycle that objections keep out, as text: held by an open one, struck by an upheld one."""
    chosen, about = aliased(Assessment), aliased(Assessment)
    statement = (
        select(chosen.id, func.bool_or(Objection.status == "upheld"))
        .join(about, _same_judgement(about, chosen))
        .join(Objection, Objection.assessment_id == about.id)
        .where(chosen.cycle_id == cycle_id, chosen.current, Objection.status != "dismissed")
        .group_by(chosen.id)
    )
    return {str(row[0]): "struck" if row[1] else "held" for row in await session.execute(statement)}


def _same_judgement(about: type[Assessment], chosen: type[Assessment]) -> ColumnElement[bool]:
    return and_(about.application_id == chosen.application_id, about.reopening >= chosen.reopening)


async def has_accepted_appeal(session: AsyncSession, plan_id: uuid.UUID) -> bool:
    """Whether an appeal that a plan's notice caused reopened an assessment: the plan is then out of date."""
    statement = (
        select(Appeal.id)
        .join(PublicNotice, PublicNotice.id == Appeal.notice_id)
        .where(PublicNotice.plan_id == plan_id, Appeal.status == "accepted")
        .limit(1)
    )
    return (await session.execute(statement)).first() is not None


async def keep_places(session: AsyncSession, plan: SelectionPlan, assessment_ids: Sequence[uuid.UUID]) -> None:
    """Keep the places of held entries while the rest of their plan is committed; the pool counts them as taken."""
    moment = calendar.now()
    session.add_all(
        KeptPlace(plan_id=plan.id, assessment_id=one, pool_code=plan.pool_code, kept_at=moment)
        for one in assessment_ids
    )
    await session.flush()


async def places_to_give(session: AsyncSession, plan_id: uuid.UUID) -> list[uuid.UUID]:
    """Assessments whose places are kept though no objection holds them any more."""
    holds = await holds_of(session, plan_id)
    statement = (
        select(KeptPlace.assessment_id)
        .where(KeptPlace.plan_id == plan_id, KeptPlace.released_at.is_(None))
        .order_by(KeptPlace.assessment_id)
    )
    return [one for one in (await session.execute(statement)).scalars() if one not in holds]


async def give_places(session: AsyncSession, plan_id: uuid.UUID, assessment_ids: Sequence[uuid.UUID]) -> None:
    """Give a plan's kept places up to the entries themselves; those not kept are left alone."""
    await _release(session, "admitted", KeptPlace.plan_id == plan_id, KeptPlace.assessment_id.in_(assessment_ids))


async def give_up_places(session: AsyncSession, objection: Objection) -> None:
    """Give up to nobody what any plan keeps for the entry that an upheld objection has struck."""
    chosen, about = aliased(Assessment), aliased(Assessment)
    struck = select(chosen.id).join(about, _same_judgement(about, chosen)).where(about.id == objection.assessment_id)
    await _release(session, "struck", KeptPlace.assessment_id.in_(struck))


async def _release(session: AsyncSession, outcome: Literal["admitted", "struck"], *which: ColumnElement[bool]) -> None:
    statement = update(KeptPlace).where(*which, KeptPlace.released_at.is_(None))
    await session.execute(statement.values(outcome=outcome, released_at=calendar.now()))
