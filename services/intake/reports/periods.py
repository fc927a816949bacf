"""Open and find reporting periods."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.reports.errors import OUTSIDE_REPORTING_WINDOW, PERIOD_NOT_FOUND
from services.intake.reports.schemas import PeriodIn, PeriodOut, PeriodPage
from shared import audit, calendar
from shared.errors import Problem
from shared.models.intake import ReportingPeriod
from shared.reference.province import province
from shared.security.actor import Actor


async def open_period(session: AsyncSession, actor: Actor, period_in: PeriodIn) -> PeriodOut:
    """Store a period on which members of the province's pool report (四(三) 跟踪监测)."""
    period = ReportingPeriod(**period_in.model_dump(), pool_code=province().pool_code, opened_by=actor.subject)
    session.add(period)
    await session.flush()
    await audit.record(
        session, service="intake", actor=actor, action="reporting_period.open", subject=("reporting_period", period.id)
    )
    return period_shown(period)


async def period_page(session: AsyncSession, *, after: uuid.UUID | None, limit: int) -> PeriodPage:
    """Up to `limit` periods, newest first, and the cursor of the next page."""
    statement = select(ReportingPeriod).order_by(ReportingPeriod.id.desc()).limit(limit + 1)
    if after is not None:
        statement = statement.where(ReportingPeriod.id < after)
    rows = (await session.execute(statement)).scalars().all()
    items = [period_shown(row) for row in rows[:limit]]
    return PeriodPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def period_or_refuse(session: AsyncSession, code: str) -> ReportingPeriod:
    """The period with this code; Problem `period_not_found`."""
    statement = select(ReportingPeriod).where(ReportingPeriod.code == code)
    period = (await session.execute(statement)).scalar_one_or_none()
    if period is None:
        raise Problem(PERIOD_NOT_FOUND)
    return period


def refuse_outside_window(period: ReportingPeriod) -> None:
    """Problem `outside_reporting_window`, naming the window."""
    if not period.opens_at <= calendar.now() < period.closes_at:
        window = f"{calendar.local_minute(period.opens_at)} – {calendar.local_minute(period.closes_at)} (UTC+8)"
        raise Problem(OUTSIDE_REPORTING_WINDOW, detail_en=window, detail_zh=window)


def period_shown(period: ReportingPeriod) -> PeriodOut:
    return PeriodOut(
        id=period.id,
        code=period.code,
        title=period.title,
        pool=period.pool_code,
        covers_from=period.covers_from,
        covers_to=period.covers_to,
        opens_at=period.opens_at,
        closes_at=period.closes_at,
    )
