"""Progress reports that a city has accepted."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, Select, Text, and_, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Enterprise, ProgressReport, ProgressReportSnapshot, ReportingPeriod


@dataclass(frozen=True, slots=True)
class AcceptedReport:
    """The newest form of an accepted report, with its period. `uscc` is the present code, `city_code` that of then."""

    id: uuid.UUID
    enterprise_id: uuid.UUID
    uscc: str
    city_code: str
    revision: int
    accepted_at: datetime
    period: str
    covers_from: date
    covers_to: date
    form: dict[str, Any]


async def accepted_report(session: AsyncSession, report_id: uuid.UUID) -> AcceptedReport | None:
    """The report with this id while it is accepted."""
    row = (await session.execute(_accepted().where(ProgressReport.id == report_id))).one_or_none()
    return None if row is None else AcceptedReport(*row)


async def accepted_reports_of(session: AsyncSession, uscc: str) -> list[AcceptedReport]:
    """Accepted reports of the enterprise with this present code, by day of acceptance."""
    statement = _accepted().where(Enterprise.uscc == uscc).order_by(ProgressReport.decided_at)
    return [AcceptedReport(*row) for row in await session.execute(statement)]


async def accepted_reports_on(session: AsyncSession, periods: Collection[str]) -> list[AcceptedReport]:
    """Accepted reports on the periods with these codes."""
    statement = _accepted().where(ReportingPeriod.code.in_(periods)).order_by(Enterprise.uscc)
    return [AcceptedReport(*row) for row in await session.execute(statement)]


async def accepted_reports_until(
    session: AsyncSession, pool_code: str, usccs: Collection[str], until: date
) -> dict[str, list[AcceptedReport]]:
    """Accepted reports on a pool's periods that ended by a day, by present code in the order of their days."""
    statement = (
        _accepted()
        .where(
            Enterprise.uscc == any_(cast(list(usccs), ARRAY(Text))),
            ReportingPeriod.pool_code == pool_code,
            ReportingPeriod.covers_to <= until,
        )
        .order_by(Enterprise.uscc, ReportingPeriod.covers_to, ReportingPeriod.covers_from, ReportingPeriod.code)
    )
    found: dict[str, list[AcceptedReport]] = defaultdict(list)
    for row in await session.execute(statement):
        report = AcceptedReport(*row)
        found[report.uscc].append(report)
    return found


@dataclass(frozen=True, slots=True)
class PeriodOnRecord:
    """A period that members of a pool report on; its days are inclusive."""

    code: str
    title: str
    pool_code: str
    covers_from: date
    covers_to: date


async def reporting_periods(session: AsyncSession, codes: Collection[str]) -> dict[str, PeriodOnRecord]:
    """The reporting periods by the codes asked for; a code of none is left out."""
    statement = select(
        ReportingPeriod.code,
        ReportingPeriod.title,
        ReportingPeriod.pool_code,
        ReportingPeriod.covers_from,
        ReportingPeriod.covers_to,
    ).where(ReportingPeriod.code.in_(codes))
    return {row.code: PeriodOnRecord(*row) for row in await session.execute(statement)}


def _accepted() -> Select[uuid.UUID, uuid.UUID, str, str, int, datetime | None, str, date, date, dict[str, Any]]:
    newest = and_(
        ProgressReportSnapshot.report_id == ProgressReport.id,
        ProgressReportSnapshot.revision == ProgressReport.revision,
    )
    return (
        select(
            ProgressReport.id,
            Enterprise.id,
            Enterprise.uscc,
            ProgressReportSnapshot.city_code,
            ProgressReport.revision,
            ProgressReport.decided_at,
            ReportingPeriod.code,
            ReportingPeriod.covers_from,
            ReportingPeriod.covers_to,
            ProgressReportSnapshot.payload,
        )
        .join(Enterprise, Enterprise.id == ProgressReport.enterprise_id)
        .join(ReportingPeriod, ReportingPeriod.id == ProgressReport.period_id)
        .join(ProgressReportSnapshot, newest)
        .where(ProgressReport.status == "accepted")
    )
