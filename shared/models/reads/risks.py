"""What may make a member of a pool worth a second look: incidents not settled, reports not handed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Enterprise, Incident, ProgressReport, ReportingPeriod
from shared.models.reads.pool import usccs_of_members_during


async def with_open_incidents(session: AsyncSession) -> set[str]:
    """Present codes of enterprises of which something is alleged or confirmed, and neither dismissed nor cured."""
    statement = (
        select(Enterprise.uscc)
        .join(Incident, Incident.enterprise_id == Enterprise.id)
        .where(Incident.status.in_(("alleged", "confirmed")))
    )
    return set((await session.execute(statement)).scalars())


async def with_overdue_reports(session: AsyncSession, pool_code: str, *, after: datetime, by: datetime) -> set[str]:
    """Present codes of members who owe a report on a period that closed between two moments; a returned one is owed."""
    periods = select(ReportingPeriod.id, ReportingPeriod.covers_from, ReportingPeriod.covers_to).where(
        ReportingPeriod.pool_code == pool_code, ReportingPeriod.closes_at > after, ReportingPeriod.closes_at <= by
    )
    owing: set[str] = set()
    for period in (await session.execute(periods)).all():
        handed_in = select(ProgressReport.enterprise_id).where(
            ProgressReport.period_id == period.id, ProgressReport.status.in_(("submitted", "accepted"))
        )
        members = usccs_of_members_during(pool_code, period.covers_from, period.covers_to)
        statement = select(Enterprise.uscc).where(Enterprise.uscc.in_(members), Enterprise.id.not_in(handed_in))
        owing |= set((await session.execute(statement)).scalars())
    return owing
