"""Progress reports that a city has accepted: the figures that graduation, exit and the radar go by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Text, any_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Enterprise, ProgressReport, ProgressReportSnapshot, ReportingPeriod


@dataclass(frozen=True, slots=True)
class AcceptedReport:
    """One accepted report on the days `covers_from` to `covers_to`; `form` is what was accepted, with its digest."""

    period: str
    covers_from: date
    covers_to: date
    form: dict[str, Any]
    digest: str


async def accepted_reports(
    session: AsyncSession, pool_code: str, usccs: Collection[str], *, until: date
) -> dict[str, list[AcceptedReport]]:
    """Reports on periods that ended by `until`, by present code, each in the order of its days; none: left out."""
    statement = (
        select(
            Enterprise.uscc,
            ReportingPeriod.code,
            ReportingPeriod.covers_from,
            ReportingPeriod.covers_to,
            ProgressReportSnapshot.payload,
            ProgressReportSnapshot.digest,
        )
        .join(ProgressReport, ProgressReport.enterprise_id == Enterprise.id)
        .join(ReportingPeriod, ReportingPeriod.id == ProgressReport.period_id)
        .join(
            ProgressReportSnapshot,
            (ProgressReportSnapshot.report_id == ProgressReport.id)
            & (ProgressReportSnapshot.revision == ProgressReport.revision),
        )
        .where(
            Enterprise.uscc == any_(cast(list(usccs), ARRAY(Text))),
            ProgressReport.status == "accepted",
            ReportingPeriod.pool_code == pool_code,
            ReportingPeriod.covers_to <= until,
        )
        .order_by(Enterprise.uscc, ReportingPeriod.covers_to, ReportingPeriod.covers_from, ReportingPeriod.code)
    )
    found: dict[str, list[AcceptedReport]] = defaultdict(list)
    for uscc, *report in await session.execute(statement):
        found[uscc].append(AcceptedReport(*report))
    return found
