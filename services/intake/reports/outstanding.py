"""Who has not reported: members during a period without a submitted report."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.reports.periods import period_or_refuse
from services.intake.reports.queries import enterprises_within_reach
from services.intake.reports.schemas import OutstandingOut, OutstandingPage
from shared.models.intake import Enterprise, ProgressReport
from shared.models.reads import usccs_of_members_during
from shared.security.actor import Actor


async def outstanding_page(
    session: AsyncSession, actor: Actor, code: str, *, after: str | None, limit: int
) -> OutstandingPage:
    """Up to `limit` members within reach who owe a report, by 统一社会信用代码; a returned one is owed again."""
    period = await period_or_refuse(session, code)
    members = usccs_of_members_during(period.pool_code, period.covers_from, period.covers_to)
    reported = select(ProgressReport.enterprise_id).where(
        ProgressReport.period_id == period.id, ProgressReport.status.in_(("submitted", "accepted"))
    )
    returned = select(ProgressReport.enterprise_id).where(
        ProgressReport.period_id == period.id, ProgressReport.status == "returned"
    )
    owing = enterprises_within_reach(
        select(Enterprise.uscc, Enterprise.name, Enterprise.city_code, Enterprise.id.in_(returned).label("returned")),
        actor,
    ).where(Enterprise.uscc.in_(members), Enterprise.id.not_in(reported))
    total = (await session.execute(select(func.count()).select_from(owing.subquery()))).scalar_one()
    page = owing.order_by(Enterprise.uscc).limit(limit + 1)
    if after is not None:
        page = page.where(Enterprise.uscc > after)
    rows = (await session.execute(page)).all()
    items = [
        OutstandingOut(uscc=row.uscc, name=row.name, city_code=row.city_code, returned=row.returned)
        for row in rows[:limit]
    ]
    return OutstandingPage(total=total, items=items, next_cursor=items[-1].uscc if len(rows) > limit else None)
