"""An enterprise that was left out asks for a second look at its judgement."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.appeal_queries import appeal_shown
from services.evaluation.notices.errors import APPEAL_OPEN, APPEAL_WINDOW_CLOSED, NOT_LEFT_OUT
from services.evaluation.notices.own_judgement import own_assessment
from services.evaluation.notices.record_objection import evidence_or_refuse
from services.evaluation.notices.schemas import AppealIn, AppealOut
from services.evaluation.notices.standing import holds_of, newest_notice_of
from shared import audit, calendar
from shared.errors import Problem
from shared.models.evaluation import Appeal, Assessment, PublicNotice, PublicNoticeEntry
from shared.security.actor import Actor


async def submit_appeal(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID, appeal_in: AppealIn
) -> AppealOut:
    """By the enterprise itself, within the days after its cycle's notice; one open appeal per application."""
    assessment = await own_assessment(session, actor, application_id)
    notice = await newest_notice_of(session, assessment.cycle_id)
    moment = calendar.now()
    if notice is None or calendar.business_date(moment) > notice.appeals_until:
        raise Problem(APPEAL_WINDOW_CLOSED)
    await _refuse_listed(session, notice, application_id)
    standing = select(Appeal.id).where(Appeal.application_id == application_id, Appeal.status == "open")
    if (await session.execute(standing)).first() is not None:
        raise Problem(APPEAL_OPEN)
    appeal = Appeal(
        application_id=application_id,
        assessment_id=assessment.id,
        notice_id=notice.id,
        uscc=assessment.uscc,
        city_code=assessment.city_code,
        grounds=appeal_in.grounds,
        document=appeal_in.document,
        evidence=await evidence_or_refuse(session, {assessment.uscc}, appeal_in),
        status="open",
        submitted_by=actor.subject,
        submitted_at=moment,
    )
    session.add(appeal)
    await session.flush()
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="appeal.submit",
        subject=("appeal", appeal.id),
        detail={"application_id": str(application_id), "notice": notice.number},
    )
    return appeal_shown(appeal, notice.number, actor)


async def _refuse_listed(session: AsyncSession, notice: PublicNotice, application_id: uuid.UUID) -> None:
    statement = (
        select(PublicNoticeEntry.uscc)
        .join(Assessment, Assessment.id == PublicNoticeEntry.assessment_id)
        .where(PublicNoticeEntry.notice_id == notice.id, Assessment.application_id == application_id)
    )
    listed = (await session.execute(statement.with_only_columns(Assessment.id))).scalar_one_or_none()
    # Whoever was listed and then struck is left out as much as anybody.
    if listed is not None and (await holds_of(session, notice.plan_id)).get(listed) != "struck":
        raise Problem(NOT_LEFT_OUT)
